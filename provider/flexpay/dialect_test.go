package flexpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// front is a dialect on a fake gateway with the demo merchant's account. As in
// the sandbox, the customer pays a fee of 2 %.
type front struct {
	*testing.T
	gw *providertest.Gateway
	d  provider.Dialect
}

func newFront(t *testing.T, options map[string]string) *front {
	t.Helper()
	gw := providertest.NewGateway()
	gw.FeeBasisPoints = 200
	gw.OnCreate = func(tx *pay.Transaction) { tx.FeeBearer = pay.CustomerBears }
	f := &front{t, gw, speak(gw)}
	f.issue(provider.IssueOrder{MerchantID: "demo0001", Mode: pay.Test, Demo: true, Options: options})
	return f
}

func (f *front) issue(o provider.IssueOrder) map[string]string {
	f.Helper()
	issued, err := providertest.Issue(context.Background(), f.d, o)
	if err != nil {
		f.Fatal(err)
	}
	return issued
}

func (f *front) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	f.d.ServeHTTP(w, r)
	return w
}

// do sends a request and reads its JSON.
func (f *front) do(r *http.Request) (int, map[string]any) {
	f.Helper()
	w := f.send(r)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		f.Fatalf("HTTP %d %q is not JSON: %v", w.Code, w.Body, err)
	}
	return w.Code, answer
}

func request(path, contentType, accept, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	return r
}

func (f *front) post(path, body string) (int, map[string]any) {
	f.Helper()
	r := request(path, "application/json", "", body)
	r.Header.Set("Authorization", "Bearer demo-flexpay-token")
	return f.do(r)
}

// example is the seed's request with the demo credentials and changes; "-" drops
// a field.
func example(t *testing.T, changes map[string]any) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(read(t, "card_request.json")), &fields); err != nil {
		t.Fatal(err)
	}
	fields["authorization"], fields["merchant"] = demoToken, demoMerchant
	return changed(fields, changes)
}

func mobileFields(changes map[string]any) map[string]any {
	return changed(map[string]any{
		"merchant": "DEMO", "type": "1", "reference": "ORD1001", "phone": "243810000100", "amount": "50",
		"currency": "CDF", "callbackUrl": "https://abcd.efgh.cd/callback",
	}, changes)
}

func changed(fields, changes map[string]any) map[string]any {
	for name, value := range changes {
		if fields[name] = value; value == "-" {
			delete(fields, name)
		}
	}
	return fields
}

func asJSON(fields map[string]any) string {
	b, _ := json.Marshal(fields)
	return string(b)
}

func asForm(fields map[string]any) string {
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value.(string))
	}
	return form.Encode()
}

// last is the newest transaction.
func (f *front) last() pay.Transaction {
	f.Helper()
	list := f.gw.Transactions()
	if len(list) == 0 {
		f.Fatal("there is no transaction")
	}
	return list[len(list)-1]
}

func TestCardPaymentAnswersThePublishedRequest(t *testing.T) {
	f := newFront(t, nil)
	status, answer := f.post("//v1//pay", asJSON(example(t, nil)))
	tx := f.last()
	page := "http://passerelle.test/pay/" + tx.Checkout.Token
	want := map[string]any{"code": "0", "message": "Redirection en cours", "orderNumber": tx.FrontReference, "url": page}
	if status != 200 || !sameJSON(answer, want) {
		t.Errorf("HTTP %d %v", status, answer)
	}
	if tx.Reference != "MM0000XXFFR159" || tx.Amount != money.New(10000, money.USD) || tx.Account != "DEMO" ||
		tx.Description != "payment transaction description" || !documentedOrder.MatchString(tx.FrontReference) {
		t.Errorf("transaction %+v", tx)
	}
	if m := tx.Checkout.Methods; len(m) != 1 || m[0] != pay.CardMethod || tx.Method.Type != "" {
		t.Errorf("the page offers %v", m)
	}
	for status, way := range map[pay.Status]string{
		pay.StatusSucceeded: "approve", pay.StatusCanceled: "cancel", pay.StatusFailed: "decline", pay.StatusExpired: "decline",
	} {
		if back, _ := tx.Checkout.ReturnFor(status); back.URL != "https://abcd.efgh.cd/"+way || len(back.Fields) != 0 {
			t.Errorf("%s returns to %+v", status, back)
		}
	}
}

func sameJSON(a, b map[string]any) bool { return asJSON(a) == asJSON(b) }

func TestCardCodesHaveTheTypesOfTheirOperation(t *testing.T) {
	for _, tt := range []struct {
		path, codeType string
		want           any
	}{
		{"/v1/pay", "as_seen", "0"},
		{"/v2/pay", "as_seen", "0"},
		{"/api/rest/v1/vpos/ask", "as_seen", "0"},
		{"/v1.1/pay", "as_seen", 0.0},
		{"/v1.1/pay", "string", "0"},
	} {
		f := newFront(t, map[string]string{optCardCodeType: tt.codeType})
		if _, answer := f.post(tt.path, asJSON(example(t, nil))); answer["code"] != tt.want {
			t.Errorf("%s %s: %v", tt.path, tt.codeType, answer)
		}
		if _, answer := f.post(tt.path, asJSON(example(t, nil))); answer["code"] != "1" {
			t.Errorf("%s %s refused: %v", tt.path, tt.codeType, answer)
		}
	}
}

func TestV1AnswersByAcceptThenByTheRequestsType(t *testing.T) {
	multi, boundary := multipartBody(t, example(t, nil))
	bodies := map[string]string{
		"application/json": asJSON(example(t, nil)), "application/x-www-form-urlencoded": asForm(example(t, nil)), boundary: multi,
	}
	for _, tt := range []struct {
		contentType, accept string
		html                bool
	}{
		{"application/json", "", false},
		{"application/json", "*/*", false},
		{"application/json", "image/png", false},
		{"application/json", "text/html", true},
		{"application/x-www-form-urlencoded", "", true},
		{"application/x-www-form-urlencoded", "*/*", true},
		{"application/x-www-form-urlencoded", "application/json", false},
		{"application/x-www-form-urlencoded", "application/json, text/html;q=0.5", false},
		{"application/x-www-form-urlencoded", "text/html,application/xhtml+xml,*/*;q=0.8", true},
		{boundary, "*/*", true},
		{boundary, "Application/JSON", false},
	} {
		for _, path := range []string{"/v1/pay", "/v2/pay", "/api/rest/v1/v1/pay"} {
			f := newFront(t, nil)
			w := f.send(request(path, tt.contentType, tt.accept, bodies[tt.contentType]))
			isHTML := strings.HasPrefix(w.Header().Get("Content-Type"), "text/html")
			if w.Code != 200 || isHTML != tt.html || !isHTML && w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s %s accept %q: HTTP %d %v", path, tt.contentType, tt.accept, w.Code, w.Header())
			}
			if len(f.gw.Transactions()) != 1 {
				t.Errorf("%s %s: nothing was made", path, tt.contentType)
			}
		}
	}
	f := newFront(t, nil)
	w := f.send(request("/v1.1/pay", "application/json", "text/html", asJSON(example(t, nil))))
	if w.Header().Get("Content-Type") != "application/json" {
		t.Error("v1.1 answers HTML")
	}
}

func multipartBody(t *testing.T, fields map[string]any) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range fields {
		if err := w.WriteField(name, value.(string)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestTheHTMLAnswerLeadsToTheCardPage(t *testing.T) {
	f := newFront(t, nil)
	w := f.send(request("/v1/pay", mediaForm, "text/html", asForm(example(t, nil))))
	page := "http://passerelle.test/pay/" + f.last().Checkout.Token
	body := w.Body.String()
	if strings.Count(body, `<a href="`+page+`">`) != 1 || !strings.Contains(body, `http-equiv="refresh" content="0;url=`+page+`"`) {
		t.Errorf("page %s", body)
	}
	if got := pageAddress(w.Body.Bytes(), []string{"passerelle.test"}); got != page {
		t.Errorf("the client reads %q", got)
	}
	if strings.Contains(body, demoToken) {
		t.Error("the token is on the page")
	}
	redirect := newFront(t, map[string]string{optV1HTML: htmlRedirect})
	w = redirect.send(request("/v1/pay", mediaForm, "text/html", asForm(example(t, nil))))
	if w.Code != 302 || w.Header().Get("Location") != "http://passerelle.test/pay/"+redirect.last().Checkout.Token {
		t.Errorf("redirect: HTTP %d %v", w.Code, w.Header())
	}
	w = f.send(request("/v1/pay", mediaForm, "text/html", asForm(example(t, map[string]any{"reference": "-"}))))
	if w.Code != 400 || !strings.Contains(w.Body.String(), "Le champ reference est obligatoire") {
		t.Errorf("refusal: HTTP %d %s", w.Code, w.Body)
	}
}

func TestRedirectParamsOrderAppendsBothNames(t *testing.T) {
	f := newFront(t, map[string]string{optRedirectParams: paramsOrder})
	f.post("/v1/pay", asJSON(example(t, nil)))
	tx := f.last()
	back, _ := tx.Checkout.ReturnFor(pay.StatusSucceeded)
	if back.Fields["reference"] != "MM0000XXFFR159" || back.Fields["orderNumber"] != tx.FrontReference {
		t.Errorf("returns with %v", back.Fields)
	}
}

func TestAnOutcomeNeverBorrowsAnothersAddress(t *testing.T) {
	f := newFront(t, nil)
	f.post("/v1/pay", asJSON(example(t, map[string]any{"cancel_url": "-", "decline_url": "-"})))
	for _, s := range []pay.Status{pay.StatusFailed, pay.StatusCanceled, pay.StatusExpired} {
		if back, _ := f.last().Checkout.ReturnFor(s); isWebAddress(back.URL) {
			t.Errorf("%s returns to %s", s, back.URL)
		}
	}
	f.post("/v1.1/pay", asJSON(example(t, map[string]any{
		"reference": "R2", "approve_url": "-", "decline_url": "-", "homeUrl": "https://abcd.efgh.cd/home",
	})))
	for status, want := range map[pay.Status]string{
		pay.StatusSucceeded: "home", pay.StatusFailed: "home", pay.StatusCanceled: "cancel",
	} {
		if back, _ := f.last().Checkout.ReturnFor(status); back.URL != "https://abcd.efgh.cd/"+want {
			t.Errorf("%s returns to %s", status, back.URL)
		}
	}
}

func TestTheTokenMayBeInHeaderOrBodyWithOrWithoutBearer(t *testing.T) {
	for _, tt := range []struct {
		header, body string
		status       int
	}{
		{"", demoToken, 200},
		{"", "Bearer " + demoToken, 200},
		{"", "bearer  " + demoToken, 200},
		{demoToken, "-", 200},
		{"BEARER " + demoToken, "-", 200},
		{"Bearer " + demoToken, "wrong", 200},
		{"Bearer wrong", demoToken, 401},
		{"Bearer bearer " + demoToken, "-", 200},
		{"Bearer", "-", 401},
		{"", "-", 401},
		{"", "wrong", 401},
	} {
		f := newFront(t, nil)
		r := request("/v1/pay", "application/json", "", asJSON(example(t, map[string]any{"authorization": tt.body})))
		if tt.header != "" {
			r.Header.Set("Authorization", tt.header)
		}
		status, answer := f.do(r)
		if status != tt.status {
			t.Errorf("header %q, body %q: HTTP %d %v", tt.header, tt.body, status, answer)
		}
		want := map[string]any{"error": "Unauthorized", "message": "Token invalide", "status": 401.0}
		if status == 401 && (!sameJSON(answer, want) || len(f.gw.Transactions()) != 0) {
			t.Errorf("refused as %v", answer)
		}
	}
	f := newFront(t, nil)
	html := request("/v1/pay", mediaForm, "text/html", asForm(example(t, map[string]any{"authorization": "wrong"})))
	if status, answer := f.do(html); status != 401 || answer["message"] != "Token invalide" {
		t.Errorf("HTTP %d %v", status, answer)
	}
}

func TestCardRefusals(t *testing.T) {
	for _, tt := range []struct {
		name    string
		changes map[string]any
		message string
	}{
		{"no merchant", map[string]any{"merchant": "-"}, "Le champ merchant est obligatoire"},
		{"an empty reference", map[string]any{"reference": "  "}, "Le champ reference est obligatoire"},
		{"a null amount", map[string]any{"amount": nil}, "Le champ amount est obligatoire"},
		{"no currency", map[string]any{"currency": "-"}, "Le champ currency est obligatoire"},
		{"another merchant", map[string]any{"merchant": "ZANDO"}, "Marchand inconnu"},
		{"zero", map[string]any{"amount": 0}, "Montant invalide"},
		{"a negative amount", map[string]any{"amount": -100}, "Montant invalide"},
		{"three decimals", map[string]any{"amount": "50.005"}, "Montant invalide"},
		{"three decimals as a number", map[string]any{"amount": json.Number("50.005")}, "Montant invalide"},
		{"a comma", map[string]any{"amount": "5 000,5"}, "Montant invalide"},
		{"an exponent", map[string]any{"amount": json.Number("1e2")}, "Montant invalide"},
		{"an object", map[string]any{"amount": map[string]int{"a": 1}}, "Montant invalide"},
		{"an overflowing amount", map[string]any{"amount": json.Number("99999999999999999999")}, "Montant invalide"},
		{"centimes of CDF", map[string]any{"amount": "100.5", "currency": "CDF"}, "Montant invalide"},
		{"another currency", map[string]any{"currency": "XAF"}, "Devise non prise en charge"},
		{"a reference of 26", map[string]any{"reference": strings.Repeat("R", 26)}, "Le champ reference est invalide"},
		{"an object as reference", map[string]any{"reference": []int{1}}, "Le champ reference est invalide"},
		{"a callback of no web", map[string]any{"callback_url": "ftp://x.cd/"}, "URL invalide"},
		{"a script to return to", map[string]any{"approve_url": "javascript:alert(1)"}, "URL invalide"},
	} {
		for _, path := range []string{"/v1/pay", "/v1.1/pay", "/vpos/ask"} {
			f := newFront(t, nil)
			status, answer := f.post(path, asJSON(example(t, tt.changes)))
			want := map[string]any{"code": "1", "message": tt.message, "orderNumber": nil, "url": nil}
			if status != 200 || !sameJSON(answer, want) {
				t.Errorf("%s %s: HTTP %d %v", path, tt.name, status, answer)
			}
			if len(f.gw.Requests()) != 0 {
				t.Errorf("%s %s reached the gateway", path, tt.name)
			}
		}
	}
}

func TestAmountsAreReadExactlyInEveryForm(t *testing.T) {
	for _, tt := range []struct {
		amount   any
		currency string
		minor    int64
	}{
		{100, "CDF", 10000},
		{"100", "CDF", 10000},
		{"100.0", "CDF", 10000},
		{"100.00", "CDF", 10000},
		{json.Number("100.0"), "CDF", 10000},
		{"12.5", "USD", 1250},
		{json.Number("12.55"), "USD", 1255},
		{"0.01", "USD", 1},
	} {
		f := newFront(t, nil)
		f.post("/v1/pay", asJSON(example(t, map[string]any{"amount": tt.amount, "currency": tt.currency})))
		if got := f.last().Amount; got != money.New(tt.minor, money.Currency(tt.currency)) {
			t.Errorf("%v %s is %s", tt.amount, tt.currency, got)
		}
	}
}

func TestAReferenceIsTakenOnceAcrossOperations(t *testing.T) {
	f := newFront(t, nil)
	paths := []string{"/paymentService", "/merchantPayOutService", "/v1/pay"}
	f.post(paths[0], asJSON(mobileFields(nil)))
	for _, path := range paths {
		status, answer := f.post(path, asJSON(mobileFields(nil)))
		if status != 200 || answer["code"] != "1" || answer["message"] != "La référence existe déjà" || answer["orderNumber"] != nil {
			t.Errorf("%s: HTTP %d %v", path, status, answer)
		}
	}
	if len(f.gw.Transactions()) != 1 {
		t.Error("a refused reference was recorded")
	}
	f.post("/merchantPayOutService", asJSON(mobileFields(map[string]any{"reference": "OUT1"})))
	if _, answer := f.post("/v1/pay", asJSON(mobileFields(map[string]any{"reference": "OUT1"}))); answer["message"] != "La référence existe déjà" {
		t.Errorf("a payout's reference: %v", answer)
	}
	other := f.issue(provider.IssueOrder{MerchantID: "other001", Mode: pay.Test})
	r := request("/paymentService", "application/json", "", asJSON(mobileFields(map[string]any{"merchant": other[fieldMerchant]})))
	r.Header.Set("Authorization", other[fieldToken])
	if _, answer := f.do(r); answer["code"] != "0" {
		t.Errorf("another merchant's same reference: %v", answer)
	}
}

func TestTheGatewaysRefusalsHaveAnswers(t *testing.T) {
	for _, tt := range []struct {
		err     error
		status  int
		message string
	}{
		{pay.InvalidAs(pay.CodeAmountTooLow, "amount", "too low"), 200, "Montant invalide"},
		{pay.Invalid("amount", "not a multiple"), 200, "Montant invalide"},
		{pay.InvalidAs(pay.CodeInvalidPhone, "phone", "wrong"), 200, "Numéro de téléphone invalide"},
		{pay.Invalid("reference", "control characters"), 200, "Le champ reference est invalide"},
		{pay.Conflict("closed", "closed"), 200, "Le champ reference est invalide"},
		{pay.Capability("currency", "no rail"), 200, "Devise ou moyen de paiement non pris en charge (capability)"},
		{&pay.Error{Kind: pay.KindFunds}, 200, "Solde insuffisant"},
		{&pay.Error{Kind: pay.KindForbidden}, 403, "Opération non autorisée"},
		{&pay.Error{Kind: pay.KindTooMany}, 429, "Limite de requêtes atteinte"},
		{&pay.Error{Kind: pay.KindUnavailable}, 503, "Service indisponible"},
		{errors.New("the database is on fire"), 500, "Erreur interne"},
	} {
		f := newFront(t, nil)
		f.gw.Refuse = tt.err
		for _, path := range []string{"/v1/pay", "/paymentService", "/merchantPayOutService"} {
			status, answer := f.post(path, asJSON(mobileFields(nil)))
			if status != tt.status || answer["message"] != tt.message || status == 200 && answer["code"] != "1" {
				t.Errorf("%v at %s: HTTP %d %v", tt.err, path, status, answer)
			}
		}
	}
}

func TestACallbackAddressThatCanNeverBeCalledIsRefused(t *testing.T) {
	f := newFront(t, nil)
	f.gw.RefuseURL = pay.Invalid("url", "a private address")
	for _, path := range []string{"/v1/pay", "/paymentService"} {
		if _, answer := f.post(path, asJSON(mobileFields(nil))); answer["code"] != "1" || answer["message"] != "URL invalide" {
			t.Errorf("%s: %v", path, answer)
		}
	}
	if _, answer := f.post("/v1/pay", asJSON(example(t, map[string]any{"callback_url": "-"}))); answer["code"] != "0" {
		t.Errorf("without one: %v", answer)
	}
}
