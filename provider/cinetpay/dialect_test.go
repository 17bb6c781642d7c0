package cinetpay

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
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

// do sends a request and reads its JSON.
func (f *front) do(r *http.Request) (int, map[string]any) {
	f.Helper()
	w := httptest.NewRecorder()
	f.d.ServeHTTP(w, r)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		f.Fatalf("HTTP %d %q is not JSON: %v", w.Code, w.Body, err)
	}
	return w.Code, answer
}

func (f *front) post(path, contentType, body string) (int, map[string]any) {
	f.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return f.do(r)
}

// demoExample is the seed's own request with the demo credentials.
func demoExample(t *testing.T, changes map[string]any) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(read(t, "payment_request.json")), &fields); err != nil {
		t.Fatal(err)
	}
	fields["apikey"], fields["site_id"] = demoAPIKey, demoSiteID
	for name, value := range changes {
		if fields[name] = value; value == "-" {
			delete(fields, name)
		}
	}
	body, _ := json.Marshal(fields)
	return string(body)
}

// create posts the example and returns the transaction.
func (f *front) create(changes map[string]any) pay.Transaction {
	f.Helper()
	status, answer := f.post(pathPayment, "application/json", demoExample(f.T, changes))
	if status != 200 || answer["code"] != "201" {
		f.Fatalf("HTTP %d %v", status, answer)
	}
	list := f.gw.Transactions()
	return list[len(list)-1]
}

func (f *front) check(fields string) (int, map[string]any, map[string]any) {
	f.Helper()
	status, answer := f.post(pathCheck, "application/json",
		`{"apikey":"demo-cinetpay-apikey","site_id":"100001",`+fields+`}`)
	data, _ := answer["data"].(map[string]any)
	return status, answer, data
}

func TestPaymentAnswersThePublishedExample(t *testing.T) {
	f := newFront(t, nil)
	status, answer := f.post("//v2//payment", "application/json; charset=utf-8", demoExample(t, nil))
	if status != 200 || answer["code"] != "201" || answer["message"] != "CREATED" ||
		answer["description"] != "Transaction created with success" || answer["api_response_id"] == "" {
		t.Fatalf("HTTP %d %v", status, answer)
	}
	data := answer["data"].(map[string]any)
	tx := f.gw.Transactions()[0]
	token := tx.Checkout.Token
	if data["payment_token"] != token || data["payment_url"] != "http://passerelle.test/pay/"+token {
		t.Errorf("data %v, token %s", data, token)
	}
	r := f.gw.Requests()[0]
	if tx.Reference != "id-de-paiement-unique" || tx.FrontReference != token || tx.Account != "100001" ||
		tx.Amount != xof(100) || tx.Customer.Name != "Kouassi" || tx.Customer.GivenName != "Awa" ||
		r.ExpiresIn != 30*time.Minute || r.Method.Type != "" {
		t.Errorf("transaction %+v", tx)
	}
	for _, s := range pay.Statuses() {
		way, ok := tx.Checkout.ReturnFor(s)
		want := map[string]string{"transaction_id": "id-de-paiement-unique", "token": token}
		if !ok || way.URL != "https://www.exemple.com/return" || way.Method != "POST" || !maps.Equal(way.Fields, want) {
			t.Errorf("%s returns by %+v", s, way)
		}
	}
}

func TestPaymentIsReadInEveryEncoding(t *testing.T) {
	form := url.Values{}
	var fields map[string]any
	_ = json.Unmarshal([]byte(demoExample(t, nil)), &fields)
	colons := url.Values{}
	for name, value := range fields {
		text := strings.Trim(string(must(json.Marshal(value))), `"`)
		form.Set(name, text)
		colons.Set(name+":", text)
	}
	for name, tt := range map[string]struct{ contentType, body string }{
		"urlencoded":           {contentTypeForm, form.Encode()},
		"urlencoded colons":    {contentTypeForm, colons.Encode()},
		"no content type":      {"", demoExample(t, nil)},
		"text amount":          {"application/json", demoExample(t, map[string]any{"amount": "100"})},
		"decimal amount":       {"application/json", demoExample(t, map[string]any{"amount": json.Number("100.0")})},
		"numeric site_id":      {"application/json", demoExample(t, map[string]any{"site_id": 100001})},
		"apiKey":               {"application/json", demoExample(t, map[string]any{"apikey": "-", "apiKey": demoAPIKey})},
		"both apikeys":         {"application/json", demoExample(t, map[string]any{"apiKey": "wrong"})},
		"nulls and more":       {"application/json", demoExample(t, map[string]any{"metadata": nil, "lang": nil, "unheard_of": []int{1}})},
		"a trailing comma":     {"application/json", strings.TrimSuffix(demoExample(t, nil), "}") + " , \n}"},
		"underscores in an id": {"application/json", demoExample(t, map[string]any{"transaction_id": "ORDER_1-2"})},
	} {
		t.Run(name, func(t *testing.T) {
			if status, answer := newFront(t, nil).post(pathPayment, tt.contentType, tt.body); answer["code"] != "201" {
				t.Errorf("HTTP %d %v", status, answer)
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestPaymentKeepsWhatTheMerchantAsked(t *testing.T) {
	f := newFront(t, map[string]string{optAbandonMinutes: "5", optReturnMethod: "GET"})
	tx := f.create(map[string]any{
		"channels": "mobile_money, WALLET", "lang": "EN", "metadata": map[string]any{"cart": 1},
		"invoice_data": map[string]string{"Total": "100"}, "customer_phone_number": "0700000100",
		"customer_country": "ci", "lock_phone_number": true, "alternative_currency": "EUR", "customer_id": "42",
	})
	if !slices.Equal(tx.Checkout.Methods, []pay.MethodType{pay.MobileMoney, pay.Wallet}) ||
		tx.Checkout.LockedPhone != "+2250700000100" || tx.Checkout.Language != "en" {
		t.Errorf("checkout %+v", tx.Checkout)
	}
	if way, _ := tx.Checkout.ReturnFor(pay.StatusSucceeded); way.Method != "GET" {
		t.Errorf("returns by %s", way.Method)
	}
	if f.gw.Requests()[0].ExpiresIn != 5*time.Minute {
		t.Error("abandon_min has no effect")
	}
	want := map[string]string{
		"notify_url": "https://www.exemple.com/notify", "lang": "en", "metadata": `{"cart":1}`,
		"invoice_data": `{"Total":"100"}`, "alternative_currency": "EUR", "customer_id": "42",
	}
	if !maps.Equal(tx.FrontData, want) {
		t.Errorf("front data %v", tx.FrontData)
	}
	_, _, data := f.check(`"transaction_id":"id-de-paiement-unique"`)
	if data["metadata"] != `{"cart":1}` {
		t.Errorf("metadata %v", data["metadata"])
	}
}

func TestPaymentRefusals(t *testing.T) {
	card := map[string]any{
		"channels": "CREDIT_CARD", "customer_email": "client@exemple.com", "customer_phone_number": "+2250700000100",
		"customer_address": "Rue 12", "customer_city": "Abidjan", "customer_country": "CI", "customer_zip_code": "00225",
	}
	with := func(name string, value any) map[string]any {
		m := maps.Clone(card)
		m[name] = value
		return m
	}
	tests := []struct {
		name    string
		changes map[string]any
		status  int
		code    string
		message string
		detail  string
	}{
		{"no amount", map[string]any{"amount": "-"}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "amount is required"},
		{"null currency", map[string]any{"currency": nil}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "currency is required"},
		{"no transaction_id", map[string]any{"transaction_id": ""}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "transaction_id is required"},
		{"no description", map[string]any{"description": "-"}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "description is required"},
		{"no return_url", map[string]any{"return_url": "-"}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "return_url is required"},
		{"no notify_url", map[string]any{"notify_url": "-"}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "notify_url is required"},
		{"a script to return to", map[string]any{"return_url": "javascript:alert(1)"}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "return_url is not valid"},
		{"a notify_url of no web", map[string]any{"notify_url": "ftp://x"}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "notify_url is not valid"},
		{"an object as description", map[string]any{"description": map[string]int{"a": 1}}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "description is not valid"},
		{"a list as amount", map[string]any{"amount": []int{100}}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "amount is not valid"},
		{"a negative amount", map[string]any{"amount": -100}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "amount is not valid"},
		{"a fractional amount", map[string]any{"amount": 100.5}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "amount is not valid"},
		{"cents", map[string]any{"amount": 1.5, "currency": "USD"}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "amount is not valid"},
		{"not a multiple of 5", map[string]any{"amount": 101}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "amount must be a multiple of 5"},
		{"too low", map[string]any{"amount": 95}, 400, "641", "ERROR_AMOUNT_TOO_LOW", ""},
		{"too low in CDF", map[string]any{"amount": 395, "currency": "CDF"}, 400, "641", "ERROR_AMOUNT_TOO_LOW", ""},
		{"too low in GNF", map[string]any{"amount": 995, "currency": "GNF"}, 400, "641", "ERROR_AMOUNT_TOO_LOW", ""},
		{"too high", map[string]any{"amount": 1500005}, 400, "642", "ERROR_AMOUNT_TOO_HIGH", ""},
		{"overflowing", map[string]any{"amount": json.Number("99999999999999999999")}, 400, "642", "ERROR_AMOUNT_TOO_HIGH", ""},
		{"another currency", map[string]any{"currency": "EUR"}, 400, "612", "ERROR_CURRENCY_NOTVALID", ""},
		{"a wrong apikey", map[string]any{"apikey": "x"}, 401, "609", "AUTH_NOT_FOUND", ""},
		{"no apikey", map[string]any{"apikey": "-"}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "apikey is required"},
		{"a wrong site_id", map[string]any{"site_id": "1"}, 400, "613", "ERROR_SITE_ID_NOTVALID", ""},
		{"no site_id", map[string]any{"site_id": "-"}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "site_id is required"},
		{"an unknown channel", map[string]any{"channels": "CASH"}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "channels is not valid"},
		{"a locked phone without number", map[string]any{"lock_phone_number": true}, 400, "624", "UNKNOWN_ERROR", "An error occurred while processing the request"},
		{"a locked phone that is none", map[string]any{"lock_phone_number": true, "customer_phone_number": "12"}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "customer_phone_number is not valid"},
		{"a card without a city", with("customer_city", "-"), 400, "624", "UNKNOWN_ERROR", "An error occurred while processing the request"},
		{"an American card without a state", with("customer_country", "US"), 400, "624", "UNKNOWN_ERROR", ""},
		{"four invoice lines", map[string]any{"invoice_data": map[string]int{"a": 1, "b": 2, "c": 3, "d": 4}}, 400, "608", "MINIMUM_REQUIRED_FIELDS", "invoice_data is not valid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFront(t, nil)
			status, answer := f.post(pathPayment, "application/json", demoExample(t, tt.changes))
			if status != tt.status || answer["code"] != tt.code || answer["message"] != tt.message ||
				tt.detail != "" && answer["description"] != tt.detail {
				t.Errorf("HTTP %d %v", status, answer)
			}
			if err := checkShape(status, http.Header{"Content-Type": {"application/json"}}, must(json.Marshal(answer))); err != nil {
				t.Error(err)
			}
			if len(f.gw.Requests()) != 0 {
				t.Error("the refused request reached the gateway")
			}
		})
	}
	for name, changes := range map[string]map[string]any{
		"a full card": card, "cards beside others": {"channels": "CREDIT_CARD,WALLET"}, "3 USD": {"amount": 3, "currency": "USD"},
	} {
		t.Run(name+" is taken", func(t *testing.T) { newFront(t, nil).create(changes) })
	}
}

func TestOptionsOfPaymentHaveEffect(t *testing.T) {
	tests := []struct {
		option, value string
		changes       map[string]any
		contentType   string
		status        int
		code          string
	}{
		{optStrictCharset, "true", map[string]any{"transaction_id": "A_1"}, "application/json", 400, "608"},
		{optStrictCharset, "true", map[string]any{"description": "A & B"}, "application/json", 400, "608"},
		{optMultipleOf5, "false", map[string]any{"amount": 101}, "application/json", 200, "201"},
		{optErrorStatus, "always_200", map[string]any{"amount": 95}, "application/json", 200, "641"},
		{optContentTypes, "json_only", nil, "", 403, "403"},
		{optContentTypes, "lenient", nil, "text/plain", 403, "403"},
	}
	for _, tt := range tests {
		f := newFront(t, map[string]string{tt.option: tt.value})
		status, answer := f.post(pathPayment, tt.contentType, demoExample(t, tt.changes))
		if status != tt.status || answer["code"] != tt.code {
			t.Errorf("%s %s: HTTP %d %v", tt.option, tt.value, status, answer)
		}
	}
	for code, want := range map[string]string{"608": "MINIMUM_REQUIRED_FIELDS", "620": "ERROR_DOUBLE_PAYEMNT"} {
		f := newFront(t, map[string]string{optDuplicateCode: code})
		f.create(nil)
		status, answer := f.post(pathPayment, "application/json", demoExample(t, nil))
		if status != 400 || answer["code"] != code || answer["message"] != want || answer["description"] != "transaction_id already exists" {
			t.Errorf("duplicate: HTTP %d %v", status, answer)
		}
	}
}

func TestTheGatewaysRefusalsHaveCodes(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		code   string
	}{
		{pay.InvalidAs(pay.CodeAmountTooLow, "amount", "too low"), 400, "641"},
		{pay.InvalidAs(pay.CodeAmountTooHigh, "amount", "too high"), 400, "642"},
		{pay.Invalid("reference", "too long"), 400, "608"},
		{pay.Conflict("closed", "closed"), 400, "608"},
		{pay.Capability("currency", "no rail"), 400, "612"},
		{&pay.Error{Kind: pay.KindForbidden, Message: "not active"}, 403, "403"},
		{&pay.Error{Kind: pay.KindTooMany, Message: "slow down"}, 429, "429"},
		{&pay.Error{Kind: pay.KindUnavailable, Message: "draining"}, 503, "503"},
		{errors.New("disk full at /secret/path"), 500, "500"},
	} {
		f := newFront(t, nil)
		f.gw.Refuse = tt.err
		status, answer := f.post(pathPayment, "application/json", demoExample(t, nil))
		if status != tt.status || answer["code"] != tt.code || answer["message"] == "" {
			t.Errorf("%v: HTTP %d %v", tt.err, status, answer)
		}
		if strings.Contains(answer["description"].(string), "disk") {
			t.Error("our own trouble is told to the merchant")
		}
	}
}

func TestIssue(t *testing.T) {
	f := newFront(t, nil)
	first := f.issue(provider.IssueOrder{MerchantID: "shop0001", Mode: pay.Live})
	second := f.issue(provider.IssueOrder{MerchantID: "shop0001", Mode: pay.Live})
	if first["site_id"] != second["site_id"] || first["apikey"] == second["apikey"] || first["secret_key"] == second["secret_key"] ||
		first["transfer_password"] == second["transfer_password"] {
		t.Errorf("first %v, second %v", first, second)
	}
	body := func(apikey string) string {
		return demoExample(t, map[string]any{"apikey": apikey, "site_id": first["site_id"]})
	}
	if status, _ := f.post(pathPayment, "application/json", body(first["apikey"])); status != 401 {
		t.Errorf("the replaced apikey answers HTTP %d", status)
	}
	if status, _ := f.post(pathPayment, "application/json", body(second["apikey"])); status != 200 {
		t.Errorf("the new apikey answers HTTP %d", status)
	}
	for name, value := range map[string]string{"unheard_of": "1", optReturnMethod: "PUT", optAbandonMinutes: "0", optChecksPerMinute: "x"} {
		_, err := f.d.Issue(context.Background(), provider.IssueOrder{MerchantID: "shop0001", Mode: pay.Live, Options: map[string]string{name: value}})
		if pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("option %s %s: %v", name, value, err)
		}
	}
}

func TestPathsAndMethods(t *testing.T) {
	f := newFront(t, nil)
	token := strings.Repeat("a", 32)
	w := httptest.NewRecorder()
	f.d.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/payment/"+token, nil))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "http://passerelle.test/pay/"+token {
		t.Errorf("guichet: HTTP %d to %s", w.Code, w.Header().Get("Location"))
	}
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/payment/A%2F..%2F", 404},
		{http.MethodGet, "/nowhere", 404},
		{http.MethodGet, "/v1/nowhere", 404},
		{http.MethodGet, "/v2/payment", 405},
		{http.MethodDelete, "/v1/auth/login", 405},
		{http.MethodGet, "/v1/transfer/money/send/contact", 405},
	} {
		status, answer := f.do(httptest.NewRequest(tt.method, tt.path, nil))
		if status != tt.status || answer["code"] == "" {
			t.Errorf("%s %s: HTTP %d %v", tt.method, tt.path, status, answer)
		}
	}
	status, answer := f.post(pathPayment, "application/json", `{"amount":"`+strings.Repeat("1", maxBody)+`"}`)
	if status != http.StatusRequestEntityTooLarge || answer["code"] != "608" {
		t.Errorf("2^20 bytes: HTTP %d %v", status, answer)
	}
}

func TestAnswersHaveIDsOfTheirOwn(t *testing.T) {
	f := newFront(t, nil)
	seen := map[any]bool{}
	for range 200 {
		_, answer := f.post(pathCheck, "application/json", "{}")
		if id := answer["api_response_id"]; seen[id] {
			t.Fatalf("%v was given twice", id)
		} else {
			seen[id] = true
		}
	}
}

func TestLocalNumbersAreReadInTheCountryOfTheCurrency(t *testing.T) {
	for currency, want := range map[money.Currency]string{money.XOF: "+2250700000100", money.CDF: "+243810000100"} {
		local := map[money.Currency]string{money.XOF: "0700000100", money.CDF: "0810000100"}[currency]
		tx := newFront(t, nil).create(map[string]any{"amount": 1000, "currency": string(currency), "customer_phone_number": local})
		if tx.Customer.Phone != want {
			t.Errorf("%s in %s is %s", local, currency, tx.Customer.Phone)
		}
	}
}
