package mypvit

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func transcript(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// upstream is a server that answers what a test says and keeps what it got.
type upstream struct {
	*httptest.Server
	mu       sync.Mutex
	requests []seen
	reply    func(n int, r seen) (int, string)
}

type seen struct {
	method, path, secret, contentType, body string
	query                                   url.Values
}

func newUpstream(t testing.TB, reply func(n int, r seen) (int, string)) *upstream {
	t.Helper()
	u := &upstream{reply: reply}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s := seen{r.Method, r.URL.Path, r.Header.Get("X-Secret"), r.Header.Get("Content-Type"), string(body), r.URL.Query()}
		u.mu.Lock()
		u.requests = append(u.requests, s)
		n := len(u.requests)
		u.mu.Unlock()
		status, text := u.reply(n, s)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(u.Close)
	return u
}

func always(status int, body string) func(int, seen) (int, string) {
	return func(int, seen) (int, string) { return status, body }
}

func (u *upstream) all() []seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]seen(nil), u.requests...)
}

func (u *upstream) client(version string) *Client {
	return New(Config{
		BaseURL: u.URL, Codes: URLCodes{Any: "YZKELHFNIIUNK3GI", Status: "02S57GKG1BQIE3RF"}, Account: "ACC_0123456789ABC",
		Secret: "sk_live_11111111-2222-4333-8444-555555555555", Version: version, HTTP: u.Client(),
	})
}

func TestTheClientReadsTheDocumentedAnswers(t *testing.T) {
	ctx := t.Context()
	t.Run("rest PAYMENT", func(t *testing.T) {
		got, err := newUpstream(t, always(200, transcript(t, "rest_payment.json"))).client(Version55).Rest(ctx, Order{Amount: "200"})
		if err != nil || got.Status != "PENDING" || got.StatusCode != "200" || got.ReferenceID != "PAY171124000170" || got.Operator != "MOOV_MONEY" {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("rest GIVE_CHANGE", func(t *testing.T) {
		got, err := newUpstream(t, always(200, transcript(t, "rest_give_change.json"))).client(Version55).Rest(ctx, Order{Amount: "200"})
		if err != nil || got.Status != "SUCCESS" || got.MerchantReferenceID != "REF181127519" {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("link", func(t *testing.T) {
		got, err := newUpstream(t, always(200, transcript(t, "link.json"))).client(Version55).Link(ctx, Order{Amount: "200"})
		if err != nil || got.URL != "https://api.mypvit.pro/transaction-link/QUNDXzAxMjM0NTY3ODlBQkM/payment" {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("status", func(t *testing.T) {
		got, err := newUpstream(t, always(200, transcript(t, "status.json"))).client(Version55).Status(ctx, "REF13090141", TypePayment)
		if amount, e := got.Amount.XAF(); err != nil || e != nil || got.Status != "FAILED" || amount.Minor != 200 || got.Fees != "2.0" {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("balance", func(t *testing.T) {
		got, err := newUpstream(t, always(200, transcript(t, "balance.json"))).client(Version55).Balance(ctx)
		if amount, e := got.Balance.XAF(); err != nil || e != nil || amount.Minor != 1000 {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("kyc", func(t *testing.T) {
		got, err := newUpstream(t, always(200, transcript(t, "kyc.json"))).client(Version55).KYC(ctx, "060000100")
		if err != nil || got.FullName != "John Doe" || !got.IsActive {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("renew-secret", func(t *testing.T) {
		key, inline, err := newUpstream(t, always(200, transcript(t, "renew.json"))).client(Version55).Renew(ctx, "renewal-password", "T0FHF")
		if err != nil || inline || !key.Secret.IsZero() {
			t.Errorf("inline %v, %v", inline, err)
		}
	})
	t.Run("renew-secret of v2", func(t *testing.T) {
		key, inline, err := newUpstream(t, always(200, `{"operation_account_code":"ACC_0123456789ABC","secret":"sk_test_00000000-0000-4000-8000-000000000001","expires_in":3600}`)).
			client(Version2).Renew(ctx, "renewal-password", "")
		if err != nil || !inline || key.Secret.Reveal() != "sk_test_00000000-0000-4000-8000-000000000001" || key.ExpiresIn != time.Hour {
			t.Errorf("inline %v, %v %v", inline, key.ExpiresIn, err)
		}
	})
	t.Run("the error sample", func(t *testing.T) {
		_, err := newUpstream(t, always(400, transcript(t, "error.json"))).client(Version55).Balance(ctx)
		var e *Error
		if !errors.As(err, &e) || e.Code != 10003 || e.Name != "MISSING_REQUEST_PARAM" || !strings.Contains(e.Message, "accountOperationCode") {
			t.Errorf("%v", err)
		}
	})
}

func TestTheClientSendsTheDocumentedRequests(t *testing.T) {
	u := newUpstream(t, always(200, transcript(t, "rest_payment.json")))
	_, err := u.client(Version55).Rest(t.Context(), Order{
		Agent: "AGENT-1", Amount: "200", Product: "PRODUIT-1", Reference: "REF08190271", CallbackURLCode: "1B9LW",
		CustomerAccountNumber: "060000100", TransactionType: TypePayment, OwnerCharge: OwnerMerchant,
		OwnerChargeOperator: OwnerMerchant, FreeInfo: "Info libre", OperatorCode: OperatorMoov,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := seen{
		method: "POST", path: "/YZKELHFNIIUNK3GI/rest", secret: "sk_live_11111111-2222-4333-8444-555555555555", contentType: "application/json",
		body: `{"agent":"AGENT-1","amount":200,"product":"PRODUIT-1","reference":"REF08190271","service":"RESTFUL","callback_url_code":"1B9LW",` +
			`"customer_account_number":"060000100","merchant_operation_account_code":"ACC_0123456789ABC","transaction_type":"PAYMENT",` +
			`"owner_charge":"MERCHANT","owner_charge_operator":"MERCHANT","free_info":"Info libre"}`,
	}
	got := u.all()[0]
	if got.method != want.method || got.path != want.path || got.secret != want.secret || got.contentType != want.contentType || got.body != want.body {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
	_, _, _ = u.client(Version55).Renew(t.Context(), "renewal-password", "T0FHF")
	got = u.all()[1]
	if got.secret != "" || got.contentType != "application/x-www-form-urlencoded" ||
		got.body != "operationAccountCode=ACC_0123456789ABC&password=renewal-password&receptionUrlCode=T0FHF" {
		t.Errorf("renewal %+v", got)
	}
	_, _ = u.client(Version55).Status(t.Context(), "REF13090141", TypePayment)
	got = u.all()[2]
	if got.path != "/02S57GKG1BQIE3RF/status" ||
		got.query.Encode() != "accountOperationCode=ACC_0123456789ABC&transactionId=REF13090141&transactionOperation=PAYMENT" {
		t.Errorf("status %+v", got)
	}
}

func TestVersion2PutsThreeOperationsUnderV2(t *testing.T) {
	u := newUpstream(t, always(500, ""))
	c := u.client(Version2)
	_, _ = c.Rest(t.Context(), Order{Amount: "500", OperatorCode: OperatorMoov})
	_, _ = c.KYC(t.Context(), "060000100")
	_, _, _ = c.Renew(t.Context(), "renewal-password", "")
	_, _ = c.Link(t.Context(), Order{Amount: "500"})
	_, _ = c.Balance(t.Context())
	var paths []string
	for _, r := range u.all() {
		paths = append(paths, r.path)
	}
	want := "/v2/YZKELHFNIIUNK3GI/rest /v2/YZKELHFNIIUNK3GI/kyc /v2/YZKELHFNIIUNK3GI/renew-secret /YZKELHFNIIUNK3GI/link /YZKELHFNIIUNK3GI/balance"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("%s", got)
	}
	if !strings.Contains(u.all()[0].body, `"operator_code":"MOOV_MONEY"`) {
		t.Error("rest of v2 names no operator")
	}
}

func TestARefusalIsMatchedByNameThenCodeThenHTTP(t *testing.T) {
	for _, c := range []struct {
		status  int
		body    string
		outcome pay.Outcome
		reason  pay.Reason
	}{
		{400, `{"status_code":10003,"error":"MISSING_REQUEST_PARAM"}`, pay.OutcomeFailed, pay.BadRequest},
		{500, `{"status_code":1009,"error":"CUSTOMER_BLOCKED"}`, pay.OutcomeFailed, pay.Declined},
		{403, `{"status_code":"3018","error":"SOMETHING_NEW"}`, pay.OutcomeFailed, pay.AmountTooLow},
		{400, `{"status_code":10004,"error":"SOMETHING_NEW"}`, pay.OutcomeFailed, pay.BadRequest},
		{503, `{"status_code":10004,"error":"SOMETHING_NEW"}`, pay.OutcomeUnknown, ""},
		{403, `{"status_code":3015,"error":"X"}`, pay.OutcomeUnknown, ""},
		{403, `{"status_code":3015,"error":"CUSTOMER_BLOCKED"}`, pay.OutcomeFailed, pay.Declined},
		{503, `{"status_code":1009,"error":"SOMETHING_NEW"}`, pay.OutcomeUnknown, ""},
		{503, `{"status_code":10000,"error":"API_MAINTENANCE_MODE"}`, pay.OutcomeFailed, pay.OperatorUnavailable},
		{408, `{"status_code":408,"error":"TIMEOUT"}`, pay.OutcomeUnknown, ""},
		{200, `{"status_code":3014,"error":"CUSTOMER_BLOCKED"}`, pay.OutcomeFailed, pay.Declined},
		{200, `{"status_code":10005,"error":"SOMETHING_NEW"}`, pay.OutcomeUnknown, ""},
	} {
		_, err := newUpstream(t, always(c.status, c.body)).client(Version55).Rest(t.Context(), Order{Amount: "200"})
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		if outcome, reason := e.Outcome(); outcome != c.outcome || reason != c.reason {
			t.Errorf("%d %s: %s %s", c.status, c.body, outcome, reason)
		}
	}
}

// wire: mypvit §2.2 (200 or 400) and §4.3 (5xx without a known error).
func TestAFailedTransactionCountsBehind200And4xxAlone(t *testing.T) {
	for _, c := range []struct {
		status  int
		body    string
		outcome pay.Outcome
		reason  pay.Reason
	}{
		{200, `{"status":"FAILED","status_code":"200"}`, pay.OutcomeFailed, pay.Declined},
		{400, `{"status":"FAILED","status_code":"400"}`, pay.OutcomeFailed, pay.Declined},
		{402, `{"status":"FAILED","status_code":"402"}`, pay.OutcomeFailed, pay.Declined},
		{500, `{"status":"FAILED","status_code":"500"}`, pay.OutcomeUnknown, ""},
		{500, `{"status":"FAILED","status_code":"400"}`, pay.OutcomeUnknown, ""},
		{502, `{"status":"FAILED","status_code":1009}`, pay.OutcomeUnknown, ""},
		{503, `{"status":"FAILED","status_code":3100}`, pay.OutcomeUnknown, ""},
		{503, `{"status":"FAILED"}`, pay.OutcomeUnknown, ""},
		{500, `{"status":"FAILED","status_code":500,"error":"CUSTOMER_BLOCKED"}`, pay.OutcomeFailed, pay.Declined},
	} {
		u := newUpstream(t, always(c.status, c.body))
		conn, _ := plugIn(t, u)
		got, err := conn.(provider.PaysOut).PayOut(t.Context(), payoutOrder())
		if got.Outcome != c.outcome || got.Failure.Reason != c.reason || (err != nil) != (c.outcome == pay.OutcomeUnknown) || len(u.all()) != 1 {
			t.Errorf("%d %s: %+v %v after %d requests", c.status, c.body, got, err, len(u.all()))
		}
	}
}

func TestOperatorsAreReadByTheirCodes(t *testing.T) {
	const body = `[{"code":"AIRTEL_MONEY","name":"Airtel Money","countryCode":"GA"},{"code":"MOOV_MONEY","name":"Moov Money","countryCode":"GA"}]`
	u := newUpstream(t, always(200, body))
	for _, version := range []string{Version55, Version2} {
		got, err := u.client(version).Operators(t.Context(), "GA")
		if err != nil || len(got) != 2 || got[0] != (Operator{Code: "AIRTEL_MONEY", Name: "Airtel Money", CountryCode: "GA"}) || got[1].Code != "MOOV_MONEY" {
			t.Errorf("%+v %v", got, err)
		}
	}
	if r := u.all()[0]; r.method != "GET" || r.path != "/v2/YZKELHFNIIUNK3GI/get-operators" || r.query.Encode() != "countryCode=GA" || r.secret == "" {
		t.Errorf("sent %+v", r)
	}
	for _, body := range []string{`{}`, `null`, ``, `[{"name":"Airtel Money"}]`, `[{"code":"A","code":"B"}]`, `["AIRTEL_MONEY"]`, `[] []`} {
		var doubt *UncertainError
		if got, err := newUpstream(t, always(200, body)).client(Version2).Operators(t.Context(), "GA"); !errors.As(err, &doubt) {
			t.Errorf("%s: %+v %v", body, got, err)
		}
	}
	if got, err := newUpstream(t, always(200, `[]`)).client(Version2).Operators(t.Context(), "FR"); err != nil || len(got) != 0 {
		t.Errorf("none: %+v %v", got, err)
	}
}

func TestTheClientReadsTheOperatorsOfOurOwnServer(t *testing.T) {
	s := openShop(t)
	server := httptest.NewServer(s.dialect)
	defer server.Close()
	c := New(Config{
		BaseURL: server.URL, Codes: URLCodes{Any: demoCodeURL}, Account: demoAccount, Secret: demoSecret, HTTP: server.Client(),
	})
	got, err := c.Operators(t.Context(), "GA")
	if err != nil || len(got) != 2 || got[0].Code != "AIRTEL_MONEY" || got[1].Code != "MOOV_MONEY" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestBothFormsOfAConstraintMessageAreRead(t *testing.T) {
	_, err := newUpstream(t, always(422, `{"status_code":8000,"error":"CONSTRAINT_VIOLATION","messages":["free_info: too long","agent: too long"]}`)).
		client(Version55).Rest(t.Context(), Order{Amount: "200"})
	var e *Error
	if !errors.As(err, &e) || len(e.Messages) != 2 || !strings.Contains(err.Error(), "free_info: too long") {
		t.Errorf("%v", err)
	}
}

func TestErrorsHoldNeitherAddressNorNumberNorKey(t *testing.T) {
	c := New(Config{
		BaseURL: "http://127.0.0.1:1", Codes: URLCodes{Any: "YZKELHFNIIUNK3GI"}, Account: "ACC_0123456789ABC",
		Secret: "sk_live_11111111-2222-4333-8444-555555555555",
	})
	_, err := c.KYC(t.Context(), "060000100")
	if err == nil || strings.Contains(err.Error(), "060000100") || strings.Contains(err.Error(), "YZKELHFNIIUNK3GI") {
		t.Errorf("%v", err)
	}
	if text := fmt.Sprintf("%+v %v", c.WithSecret("sk_live_secret-in-a-struct").config.Secret, err); strings.Contains(text, "sk_live") {
		t.Error(text)
	}
}

func TestKeysAreReadInEveryShapeSeen(t *testing.T) {
	const key = "sk_live_66666666-7777-4888-8999-aaaaaaaaaaaa"
	for _, body := range []string{
		transcript(t, "pushed_secret.json"), `{"merchant_operation_account_code":"ACC_0123456789ABC","secret":"` + key + `","expires_in":"3600"}`,
		`{"secretKey":"` + key + `"}`, `{"key":"` + key + `"}`, `"` + key + `"`, key, "  " + key + "\n",
		`<renewal><secret_key>` + key + `</secret_key></renewal>`,
	} {
		if got, ok := parseSecret([]byte(body)); !ok || got.Secret.Reveal() != key {
			t.Errorf("not read: %d bytes", len(body))
		}
	}
	for _, body := range []string{"", "null", "{}", "hello world", `{"secret_key":"a b"}`, `{"secret_key":"short"}`, `"hello-world"`, `{"secret_key":["` + key + `"]}`, "sk_live_\r\nX-Evil: 1"} {
		if _, ok := parseSecret([]byte(body)); ok {
			t.Errorf("taken for a key: %q", body)
		}
	}
	if got, _ := parseSecret([]byte(`{"key":"` + key + `","expires_in":9223372036854775807}`)); got.ExpiresIn <= 0 || got.ExpiresIn > maxExpiry {
		t.Errorf("life %v", got.ExpiresIn)
	}
}
