package mypayga

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// front is a dialect on a fake gateway with the demo merchant's account.
type front struct {
	*testing.T
	gw *providertest.Gateway
	d  provider.Dialect
}

func newFront(t *testing.T, options map[string]string) *front {
	t.Helper()
	gw := providertest.NewGateway()
	gw.FeeBasisPoints = sandboxFee
	f := &front{t, gw, speak(gw)}
	f.issue(provider.IssueOrder{
		MerchantID: "demo0001", MerchantName: "BOUTIQUE TEST", Mode: pay.Test, Demo: true, Options: options,
		CallbackURL: "http://shop.test/hooks", ReturnURL: "http://shop.test/return",
	})
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

func (f *front) do(r *http.Request) (*httptest.ResponseRecorder, answer) {
	f.Helper()
	w := httptest.NewRecorder()
	f.d.ServeHTTP(w, r)
	var a answer
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		decoder := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
		decoder.UseNumber()
		if err := decoder.Decode(&a); err != nil {
			f.Fatalf("HTTP %d %q: %v", w.Code, w.Body, err)
		}
	}
	return w, a
}

func (f *front) post(path, form string) answer {
	f.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", mediaForm)
	_, a := f.do(r)
	return a
}

func (f *front) get(target string) answer {
	f.Helper()
	_, a := f.do(httptest.NewRequest(http.MethodGet, target, nil))
	return a
}

// paid makes a payment of 144 by a number and settles it.
func (f *front) paid(token, number string) pay.Transaction {
	f.Helper()
	a := f.post(pathRequest, "apikey=stest_demo&amount=144&client_phone="+number+"&payment_token="+token)
	if a.at("statusRequest") != "200" {
		f.Fatalf("%v", a)
	}
	return f.gw.Settle(f.last().ID, pay.OutcomeSucceeded, pay.Failure{})
}

func (f *front) last() pay.Transaction {
	f.Helper()
	list := f.gw.Transactions()
	if len(list) == 0 {
		f.Fatal("nothing was created")
	}
	return list[len(list)-1]
}

func TestEveryDocumentedScenePlaysOnTheDialectAlone(t *testing.T) {
	f := newFront(t, nil)
	f.gw.OnCreate = func(tx *pay.Transaction) {
		if tx.Method.Type != "" || tx.Kind == pay.Refund {
			settleByRules(tx, provider.Trial{Kind: tx.Kind, Method: tx.Method.Type, Phone: tx.Method.Phone})
		}
	}
	server := httptest.NewServer(http.StripPrefix("/mypayga", f.d))
	t.Cleanup(server.Close)
	f.gw.Base = server.URL
	shop := &fakeShop{f: f}
	count := 0
	stage := &provider.Stage{
		Base: server.URL + "/mypayga",
		HTTP: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Credentials: map[string]string{
			fieldAPIKey: demoSecretKey, fieldPublicKey: demoPublicKey, fieldCallbackSecret: demoCallbackSecret,
		},
		Callback: "http://shop.test/hooks/mypayga", Received: shop.received, Pay: shop.pay, Store: map[string]string{},
		Unique: func() string { count++; return fmt.Sprintf("REF%06d", count) }, Now: time.Now,
	}
	for _, s := range Provider().Scenes {
		t.Run(s.Operation, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if _, _, err := s.Play(ctx, stage); err != nil {
				t.Error(err)
			}
		})
	}
}

func settleByRules(tx *pay.Transaction, trial provider.Trial) {
	tx.Status = pay.StatusSucceeded
	if v := rules(trial); v.Exact != nil && v.Exact.Outcome == pay.OutcomeFailed {
		tx.Status, tx.Failure = pay.StatusFailed, v.Exact.Failure
	}
}

// fakeShop is the merchant's server and its customers.
type fakeShop struct{ f *front }

func (s *fakeShop) received(ctx context.Context, mark string) (provider.Received, error) {
	for _, tx := range s.f.gw.Transactions() {
		n, err := s.f.d.Notice(ctx, tx, string(tx.Status))
		if err == nil && n != nil && bytes.Contains(n.Call.Body, []byte(mark)) {
			s.f.d.Acknowledged(n, http.StatusOK, nil)
			return provider.Received{Method: n.Call.Method, Header: n.Call.Header, Body: n.Call.Body}, nil
		}
	}
	return provider.Received{}, errors.New("no callback")
}

func (s *fakeShop) pay(_ context.Context, page string, choice map[string]string) error {
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	token := u.Query().Get("token_url") // a link's address in MyPayGa's form
	if token == "" {
		token = strings.TrimPrefix(u.Path, "/pay/")
	}
	card := pay.Card{Number: pay.Secret(choice["number"])}
	trial := provider.Trial{Kind: pay.Payment, Method: pay.MethodType(choice["method"]), Phone: choice["phone"], Card: card.Number}
	tx := s.f.gw.Pay(token, pay.Method{Type: trial.Method, Phone: trial.Phone, Card: card.Mask()})
	settleByRules(&tx, trial)
	outcome := pay.OutcomeSucceeded
	if tx.Status == pay.StatusFailed {
		outcome = pay.OutcomeFailed
	}
	s.f.gw.Settle(tx.ID, outcome, tx.Failure)
	return nil
}

func TestParametersAreReadHoweverTheyCome(t *testing.T) {
	fields := map[string]string{"apikey": "stest_demo", "amount": "100", "client_phone": "074000100", "payment_token": "T1"}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	query, text := url.Values{}, []string{}
	for name, value := range fields {
		_ = w.WriteField(name, value)
		query.Set(name, value)
		text = append(text, fmt.Sprintf("%q:%q", name, value))
	}
	_ = w.Close()
	object := "{" + strings.Join(text, ",") + "}"
	request := func(target, contentType, body string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		return r
	}
	for name, r := range map[string]*http.Request{
		"query":                   request(pathRequest+"?"+query.Encode(), "", ""),
		"urlencoded":              request(pathRequest, mediaForm, query.Encode()),
		"multipart":               request(pathRequest, w.FormDataContentType(), form.String()),
		"JSON":                    request(pathRequest, mediaJSON, object),
		"JSON as curl -d":         request(pathRequest, mediaForm, object),
		"text/plain":              request(pathRequest, "text/plain", query.Encode()),
		"numbers in JSON":         request(pathRequest, mediaJSON, strings.Replace(object, `"100"`, "100", 1)),
		"line breaks and tabs":    request(pathRequest+"?apikey=stest_demo%0A&%0A%20client_phone=%09074000100&amount=100%20&payment_token=T1", "", ""),
		"body wins":               request(pathRequest+"?amount=5&client_phone=1&apikey=x", mediaForm, query.Encode()),
		"doubled slashes":         request("//mpayment//payment-request?"+query.Encode(), "", ""),
		"phone as alias":          request(pathRequest+"?"+strings.Replace(query.Encode(), "client_phone", "phone", 1), "", ""),
		"unique id without token": request(pathRequest+"?"+strings.Replace(query.Encode(), "payment_token", "mpga_uniqueId", 1), "", ""),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFront(t, nil)
			_, a := f.do(r)
			if a.at("statusRequest") != "200" || a.at("description") != "Paiement - BOUTIQUE TEST" {
				t.Fatalf("%v", a)
			}
			tx := f.last()
			if tx.Reference != "T1" || tx.Amount != providertest.XAF(100) || tx.Method.Phone != "+24174000100" || !f.gw.Requests()[0].Push {
				t.Errorf("%+v", tx)
			}
		})
	}
}

func TestBadPaymentRequestsLeaveNothing(t *testing.T) {
	const good = "apikey=stest_demo&amount=100&client_phone=074000100&payment_token=T1"
	for name, tt := range map[string]struct{ form, status, message string }{
		"no apikey":       {strings.Replace(good, "stest_demo", "", 1), "401", "Invalid API key"},
		"unknown apikey":  {strings.Replace(good, "stest_demo", "stest_x", 1), "401", "Invalid API key"},
		"public apikey":   {strings.Replace(good, "stest_demo", "ptest_demo", 1), "401", "Invalid API key"},
		"typo family":     {strings.Replace(good, "stest_demo", "spub_demo", 1), "401", "Invalid API key"},
		"no amount":       {strings.Replace(good, "amount=100", "", 1), "400", "Missing parameter : amount"},
		"no phone":        {strings.Replace(good, "074000100", "", 1), "400", "Missing parameter : client_phone"},
		"no token":        {strings.Replace(good, "T1", "", 1), "400", "Missing parameter : payment_token"},
		"zero":            {strings.Replace(good, "=100", "=0", 1), "400", "Invalid amount"},
		"negative":        {strings.Replace(good, "=100", "=-5", 1), "400", "Invalid amount"},
		"fraction":        {strings.Replace(good, "=100", "=100.5", 1), "400", "Invalid amount"},
		"French fraction": {strings.Replace(good, "=100", "=5+000,5", 1), "400", "Invalid amount"},
		"exponent":        {strings.Replace(good, "=100", "=1e3", 1), "400", "Invalid amount"},
		"overflow":        {strings.Replace(good, "=100", "=99999999999999999999", 1), "400", "Invalid amount"},
		"phone":           {strings.Replace(good, "074000100", "12345", 1), "400", "Invalid phone number"},
		"no CFA country":  {strings.Replace(good, "074000100", "243810000100", 1), "400", "Invalid phone number"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFront(t, nil)
			a := f.post(pathRequest, tt.form)
			if a.at("statusRequest") != tt.status || a.at("message") != tt.message || len(f.gw.Transactions()) != 0 {
				t.Errorf("%v", a)
			}
		})
	}
}

func TestFailuresKeepHTTP200UnlessMirrored(t *testing.T) {
	for option, want := range map[string]int{"body_only": 200, "mirror": 401} {
		f := newFront(t, map[string]string{optErrorStatus: option})
		// Only an account has options: the key is known, and of the wrong kind.
		w, a := f.do(httptest.NewRequest(http.MethodPost, pathRequest+"?apikey=ptest_demo", nil))
		if w.Code != want || w.Body.String() != `{"message":"Invalid API key","statusRequest":"401"}` {
			t.Errorf("%s: HTTP %d %v", option, w.Code, a)
		}
	}
	f := newFront(t, nil)
	f.gw.Refuse = errors.New("the database is gone")
	w, a := f.do(httptest.NewRequest(http.MethodPost, pathRequest+"?apikey=stest_demo&amount=1&client_phone=074000100&payment_token=T", nil))
	if w.Code != 500 || strings.Contains(a.at("message"), "database") {
		t.Errorf("our own fault: HTTP %d %v", w.Code, a)
	}
}

func TestRefusalsOfTheGatewayAreToldInMyPayGasWords(t *testing.T) {
	for _, tt := range []struct {
		err             error
		status, message string
	}{
		{pay.Capability("currency", "no connection can carry it"), "400", "Operator unavailable : no connection can carry it"},
		{&pay.Error{Kind: pay.KindFunds}, "400", "Echec-solde ins."},
		{pay.InvalidAs(pay.CodeInvalidPhone, "phone", "x"), "400", "Invalid phone number"},
		{pay.InvalidAs(pay.CodeAmountTooLow, "amount", "x"), "400", "Amount too low"},
		{pay.Invalid("amount", "x"), "400", "Invalid amount"},
		{pay.Conflict(pay.CodeDuplicateReference, "x"), "409", "Transaction already exists"},
		{&pay.Error{Kind: pay.KindTooMany}, "429", "Too many requests"},
		{&pay.Error{Kind: pay.KindUnavailable}, "503", "Service unavailable"},
	} {
		f := newFront(t, nil)
		f.gw.Refuse = tt.err
		a := f.post(pathRequest, "apikey=stest_demo&amount=100&client_phone=074000100&payment_token=T1")
		if a.at("statusRequest") != tt.status || a.at("message") != tt.message {
			t.Errorf("%v: %v", tt.err, a)
		}
	}
}

func TestReferencesAreGivenOutOncePerUniqueID(t *testing.T) {
	f := newFront(t, nil)
	const form = "apikey=ptest_demo&uniqueID=1234A&amount=1500&phone=074000100"
	first, again := f.post(pathHash, form), f.post(pathHash, form)
	if first.at("code") != "200" || first.at("payment_token") != again.at("payment_token") || first.at("hash") != again.at("hash") {
		t.Fatalf("%v, then %v", first, again)
	}
	if a := f.post(pathHash, strings.Replace(form, "1500", "1501", 1)); a.at("code") != "409" {
		t.Errorf("another amount: %v", a)
	}
	token := first.at("payment_token")
	pays := "apikey=stest_demo&client_phone=074000100&payment_token=" + token + "&amount="
	if a := f.post(pathRequest, pays+"1501"); a.at("message") != "Invalid amount" {
		t.Errorf("paid with another amount: %v", a)
	}
	if a := f.post(pathRequest, pays+"1500&mpga_uniqueId=OTHER"); a.at("message") != "Invalid payment_token" {
		t.Errorf("paid with another unique id: %v", a)
	}
	if a := f.post(pathRequest, pays+"1500"); a.at("payment_token") != token || f.last().Reference != "1234A" || f.last().FrontReference != token {
		t.Errorf("paid: %v", a)
	}
	if a := f.post(pathRequest, pays+"1500"); a.at("statusRequest") != "409" || len(f.gw.Transactions()) != 1 {
		t.Errorf("paid twice: %v", a)
	}
	if a := f.post(pathHash, form); a.at("payment_token") != token {
		t.Errorf("again while unpaid: %v", a)
	}
	f.gw.Settle(f.last().ID, pay.OutcomeSucceeded, pay.Failure{})
	if a := f.post(pathHash, form); a.at("code") != "409" || a.at("message") != "Transaction already exists" {
		t.Errorf("again once paid: %v", a)
	}
}

func TestATokenOfAnotherMerchantIsRefused(t *testing.T) {
	for _, check := range []string{"lenient", "strict"} {
		f := newFront(t, map[string]string{optTokenCheck: check})
		other := f.issue(provider.IssueOrder{MerchantID: "other001", Mode: pay.Test})
		theirs := f.post(pathHash, "apikey="+other[fieldAPIKey]+"&uniqueID=1&amount=100&phone=074000100").at("payment_token")
		a := f.post(pathRequest, "apikey=stest_demo&amount=100&client_phone=074000100&payment_token="+theirs)
		if a.at("message") != "Invalid payment_token" || len(f.gw.Transactions()) != 0 {
			t.Errorf("%s: %v", check, a)
		}
		a = f.post(pathRequest, "apikey=stest_demo&amount=100&client_phone=074000100&payment_token=MINE")
		if accepted := a.at("statusRequest") == "200"; accepted != (check == "lenient") {
			t.Errorf("%s, a token of its own: %v", check, a)
		}
	}
}

func TestKeysOfOneEnvironmentDoNotSeeTheOther(t *testing.T) {
	f := newFront(t, nil)
	f.paid("T1", "074000100")
	live := f.issue(provider.IssueOrder{MerchantID: "demo0001", Mode: pay.Live})
	if !strings.HasPrefix(live[fieldAPIKey], "sprod_") || !strings.HasPrefix(live[fieldPublicKey], "pprod_") {
		t.Errorf("live keys %v", live)
	}
	if a := f.get(pathDetail + "?payment_ref=T1&apikey=" + live[fieldPublicKey]); a.at("code") != "404" || a.at("environnement") != "production" {
		t.Errorf("%v", a)
	}
	if a := f.get(pathDetail + "?payment_ref=T1&apikey=ptest_demo"); a.at("code") != "200" {
		t.Errorf("%v", a)
	}
	again := f.issue(provider.IssueOrder{MerchantID: "demo0001", Mode: pay.Live})
	if a := f.get(pathDetail + "?payment_ref=T1&apikey=" + live[fieldPublicKey]); a.at("code") != "401" || again[fieldPublicKey] == live[fieldPublicKey] {
		t.Errorf("a replaced key still works: %v", a)
	}
}

func TestTheCurrencyFollowsTheNumbersCountry(t *testing.T) {
	for number, want := range map[string]money.Amount{
		"074000100": money.New(100, money.XAF), "650121212": money.New(100, money.XAF),
		"242056549200": money.New(100, money.XAF), "09306316": money.New(100, money.XOF),
	} {
		f := newFront(t, nil)
		f.post(pathRequest, "apikey=stest_demo&amount=100&client_phone="+number+"&payment_token=T1")
		if f.last().Amount != want {
			t.Errorf("%s: %s", number, f.last().Amount)
		}
	}
}
