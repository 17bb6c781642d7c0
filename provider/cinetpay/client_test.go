package cinetpay

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

const (
	testKey      = "cle-secrete-0001"
	testPassword = "mot-de-passe-0001"
)

// testClient is a client of a server that answers by the handler.
func testClient(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return New(Config{
		APIKey: testKey, SiteID: "123456", Password: testPassword,
		BaseURL: s.URL, TransferBaseURL: s.URL + "/v1", HTTP: s.Client(),
	})
}

// answers makes a handler that always gives the same answer.
func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func exampleRequest() PaymentRequest {
	return PaymentRequest{
		TransactionID: "id-de-paiement-unique", Amount: "100", Currency: "XOF", Description: "TRANSACTION DESCRIPTION",
		NotifyURL: "https://www.exemple.com/notify", ReturnURL: "https://www.exemple.com/return",
		CustomerName: "Kouassi", CustomerSurname: "Awa",
	}
}

func TestCreatePaymentSendsThePublishedRequest(t *testing.T) {
	var got map[string]any
	var header http.Header
	c := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		if r.Method != http.MethodPost || r.URL.Path != "/v2/payment" {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		answers(200, read(t, "payment_created.json"))(w, r)
	})
	page, err := c.CreatePayment(context.Background(), exampleRequest())
	if err != nil {
		t.Fatal(err)
	}
	if page.Token != "6f1c0d2e9ab84c55a1b2c3d4e5f60718" ||
		page.URL != "https://checkout.cinetpay.com/payment/6f1c0d2e9ab84c55a1b2c3d4e5f60718" {
		t.Errorf("page is %+v", page)
	}
	if header.Get("User-Agent") == "" || header.Get("Content-Type") != "application/json" {
		t.Errorf("header is %v", header)
	}
	var want map[string]any
	if err := json.Unmarshal([]byte(read(t, "payment_request.json")), &want); err != nil {
		t.Fatal(err)
	}
	want["apikey"], want["site_id"] = testKey, "123456"
	if len(got) != len(want) {
		t.Errorf("sent %v", got)
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
}

func TestCreatePaymentReadsEveryShapeOfSuccess(t *testing.T) {
	for name, body := range map[string]string{
		"a numeric code": `{"code":201,"data":{"payment_token":"t","payment_url":"https://p.test/t"}}`,
		"flat fields":    `{"code":"201","payment_token":"t","payment_url":"https://p.test/t"}`,
	} {
		t.Run(name, func(t *testing.T) {
			page, err := testClient(t, answers(200, body)).CreatePayment(context.Background(), exampleRequest())
			if err != nil || page.URL != "https://p.test/t" || page.Token != "t" {
				t.Errorf("page %+v, %v", page, err)
			}
		})
	}
}

func TestCreatePaymentTellsRefusedFromUnknown(t *testing.T) {
	tests := []struct {
		name    string
		status  int
		body    string
		outcome pay.Outcome // "" when the error carries no code
		code    string
	}{
		{"a refusal with HTTP 400", 400, `{"code":"608","message":"MINIMUM_REQUIRED_FIELDS","description":"amount is required"}`, pay.OutcomeFailed, "608"},
		{"the same with HTTP 200", 200, `{"code":"608","message":"MINIMUM_REQUIRED_FIELDS","description":"amount is required"}`, pay.OutcomeFailed, "608"},
		{"the seed's error", 200, read(t, "payment_error.json"), pay.OutcomeFailed, "ERROR_CODE"},
		{"a success without a page", 200, `{"code":"201","message":"CREATED","data":{}}`, pay.OutcomeUnknown, "201"},
		{"a page that is not on the web", 200, `{"code":"201","data":{"payment_url":"javascript:alert(1)"}}`, pay.OutcomeUnknown, "201"},
		{"an unknown code with HTTP 500", 500, `{"code":"777"}`, pay.OutcomeUnknown, "777"},
		{"HTML from the edge", 403, `<html>error code: 1010</html>`, "", ""},
		{"an empty body", 200, ``, "", ""},
		{"null", 200, `null`, "", ""},
		{"an array", 200, `[]`, "", ""},
		{"no code", 200, `{}`, "", ""},
		{"truncated JSON", 200, `{"code":"201","data":{"payment_`, "", ""},
		{"a redirect", 302, ``, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := testClient(t, answers(tt.status, tt.body)).CreatePayment(context.Background(), exampleRequest())
			var refusal *Error
			switch {
			case err == nil:
				t.Fatal("no error")
			case !errors.As(err, &refusal):
				if tt.code != "" {
					t.Errorf("no code in %v", err)
				}
			case refusal.Code != tt.code || refusal.Outcome != tt.outcome:
				t.Errorf("code %s is %s", refusal.Code, refusal.Outcome)
			}
		})
	}
}

func TestCheckPaymentReadsThePublishedAnswers(t *testing.T) {
	tests := []struct{ file, code, amount, method, operatorID string }{
		{"check_success_seed.json", "00", "", "FLOOZ", "8210400000001"},
		{"check_failure_seed.json", "600", "", "OM", ""},
		{"check_success.json", "00", "100", "FLOOZ", "8210400000001"},
		{"check_failure.json", "600", "100", "OM", ""},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			p, err := testClient(t, answers(200, read(t, tt.file))).CheckPayment(context.Background(), Lookup{TransactionID: "T1"})
			if err != nil {
				t.Fatal(err)
			}
			if p.Code != tt.code || p.Data.Amount.String() != tt.amount || p.Data.PaymentMethod.String() != tt.method ||
				p.Data.OperatorID.String() != tt.operatorID || p.Data.PhonePrefix != "225" {
				t.Errorf("payment is %+v", p)
			}
		})
	}
}

func TestCheckPaymentWithoutDataIsUnknown(t *testing.T) {
	for _, body := range []string{
		`{"code":"608","message":"MINIMUM_REQUIRED_FIELDS"}`,
		`{"code":"00","message":"SUCCES"}`,
		`{"code":"600","message":"PAYMENT_FAILED","data":[]}`,
		`{"code":"600","message":"PAYMENT_FAILED","data":null}`,
		`{"code":"627","message":"TRANSACTION_CANCEL","data":{ }}`,
		`{"code":"609","message":"AUTH_NOT_FOUND","data":"none"}`,
	} {
		_, err := testClient(t, answers(400, body)).CheckPayment(context.Background(), Lookup{TransactionID: "T1"})
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Outcome != pay.OutcomeUnknown {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		text, _ := json.Marshal(string(body) + " " + r.URL.String() + " " + testKey + " " + testPassword)
		_, _ = io.WriteString(w, `{"code":"704","message":"INVALID_PARAM","description":`+string(text)+`}`)
	}
	c := testClient(t, echo)
	gone := New(Config{APIKey: testKey, Password: testPassword, TransferBaseURL: "http://127.0.0.1:1/v1", BaseURL: "http://127.0.0.1:1"})
	token := pay.Secret("jeton-secret-0001")
	_, echoedPayment := c.CreatePayment(context.Background(), exampleRequest())
	_, echoedLogin := c.Login(context.Background())
	_, goneLogin := gone.Login(context.Background())
	_, goneFunds := gone.TransferFunds(context.Background(), token)
	for _, err := range []error{echoedPayment, echoedLogin, goneLogin, goneFunds} {
		if err == nil {
			t.Fatal("no error")
		}
		for _, secret := range []string{testKey, testPassword, token.Reveal()} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("a secret is in %q", err)
			}
		}
	}
}

func TestTimeoutIsNoRefusal(t *testing.T) {
	release := make(chan struct{})
	c := testClient(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := c.CreatePayment(ctx, exampleRequest())
	var refusal *Error
	if err == nil || errors.As(err, &refusal) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

func TestTransferCallsAsDocumented(t *testing.T) {
	var requests []string
	c := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		requests = append(requests, r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery+" "+r.PostForm.Get("data"))
		switch r.URL.Path {
		case "/v1/auth/login":
			if r.PostForm.Get("apikey") != testKey || r.PostForm.Get("password") != testPassword {
				t.Error("credentials are not in the form")
			}
			_, _ = io.WriteString(w, `{"code":0,"message":"OPERATION_SUCCES","data":{"token":"tok1"}}`)
		case "/v1/transfer/check/balance":
			_, _ = io.WriteString(w, `{"code":0,"message":"OPERATION_SUCCES","data":{"amount":663,"inUsing":0,"available":663}}`)
		case "/v1/transfer/contact":
			_, _ = io.WriteString(w, `{"code":0,"message":"OPERATION_SUCCES","data":[[{"prefix":"225","phone":"0700000100","code":0,"status":"success","lot":"L1"}]]}`)
		case "/v1/transfer/money/send/contact":
			_, _ = io.WriteString(w, `{"code":0,"message":"OPERATION_SUCCES","data":[[{"prefix":"225","phone":"0700000100","amount":500,"client_transaction_id":"C1","notify_url":"https://www.exemple.com/n","code":0,"status":"success","treatment_status":"NEW","transaction_id":"EA1","lot":"L1"}]]}`)
		case "/v1/transfer/check/money":
			_, _ = io.WriteString(w, `{"code":0,"message":"OPERATION_SUCCES","data":[{"transaction_id":"EA1","client_transaction_id":"C1","lot":"L1","amount":"500","receiver":"2250700000100","operator":"OM","sending_status":"CONFIRM","transfer_valid":"Y","treatment_status":"VAL","comment":"","validated_at":"2025-04-07 14:07:24"}]}`)
		}
	})
	ctx := context.Background()
	token, err := c.Login(ctx)
	if err != nil || token != "tok1" {
		t.Fatalf("login: %v", err)
	}
	funds, err := c.TransferFunds(ctx, token)
	if err != nil || funds.Available != "663" {
		t.Errorf("funds %+v, %v", funds, err)
	}
	if err := c.AddContact(ctx, token, Contact{Prefix: "225", Phone: "0700000100", Name: "Kouassi", Surname: "Awa"}); err != nil {
		t.Error(err)
	}
	sent, err := c.SendMoney(ctx, token, Transfer{Prefix: "225", Phone: "0700000100", Amount: "500", ClientTransactionID: "C1", NotifyURL: "https://www.exemple.com/n"})
	if err != nil || sent.TransactionID != "EA1" || sent.TreatmentStatus != "NEW" || sent.Lot != "L1" {
		t.Errorf("sent %+v, %v", sent, err)
	}
	state, err := c.CheckTransfer(ctx, token, TransferLookup{ClientTransactionID: "C1"})
	if err != nil || state.TreatmentStatus != "VAL" || state.Amount != "500" {
		t.Errorf("state %+v, %v", state, err)
	}
	want := []string{
		"POST /v1/auth/login?lang=fr ",
		"GET /v1/transfer/check/balance?lang=fr&token=tok1 ",
		`POST /v1/transfer/contact?lang=fr&token=tok1 [{"prefix":"225","phone":"0700000100","name":"Kouassi","surname":"Awa","email":""}]`,
		`POST /v1/transfer/money/send/contact?lang=fr&token=tok1 [{"prefix":"225","phone":"0700000100","amount":500,"client_transaction_id":"C1","notify_url":"https://www.exemple.com/n"}]`,
		"GET /v1/transfer/check/money?client_transaction_id=C1&lang=fr&token=tok1 ",
	}
	if got := strings.Join(requests, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("requests were\n%s", got)
	}
}

func TestTransferDataIsReadInEveryNesting(t *testing.T) {
	item := `{"client_transaction_id":"C1","code":0,"treatment_status":"NEW","transaction_id":"EA1"}`
	for _, data := range []string{"[[" + item + "]]", "[" + item + "]", item} {
		c := testClient(t, answers(200, `{"code":0,"data":`+data+`}`))
		s, err := c.SendMoney(context.Background(), "tok", Transfer{ClientTransactionID: "C1"})
		if err != nil || s.TransactionID != "EA1" {
			t.Errorf("%s: %+v, %v", data, s, err)
		}
	}
}

func TestSendMoneyTellsRefusedFromUnknown(t *testing.T) {
	tests := []struct {
		name, body string
		code       string
		outcome    pay.Outcome
	}{
		{"the documented failure", `{"code":"706","message":"INVALID_TOKEN","description":"Votre token est invalide","data":[]}`, "706", pay.OutcomeFailed},
		{"a refused item", `{"code":0,"data":[[{"code":"724","message":"ERROR_PHONE_NOT_MY_CONTACT"}]]}`, "724", pay.OutcomeFailed},
		{"an execution error", `{"code":"709","message":"EXECUTION_ERROR","data":[]}`, "709", pay.OutcomeUnknown},
		{"a negative number", `{"code":-1,"message":"OPERATION_ERROR","data":[]}`, "-1", pay.OutcomeUnknown},
		{"no item", `{"code":0,"data":[]}`, "", ""},
		{"another transfer", `{"code":0,"data":[{"code":0,"client_transaction_id":"C2","treatment_status":"VAL"}]}`, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := testClient(t, answers(200, tt.body)).SendMoney(context.Background(), "tok", Transfer{ClientTransactionID: "C1"})
			var refusal *Error
			if errors.As(err, &refusal) {
				if refusal.Code != tt.code || refusal.Outcome != tt.outcome {
					t.Errorf("code %s is %s", refusal.Code, refusal.Outcome)
				}
			} else if err == nil || tt.code != "" {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestAddContactTakesAKnownContact(t *testing.T) {
	const whole = `{"code":"726","message":"ERROR_PHONE_ALREADY_MY_CONTACT","data":[]}`
	add := func(status int, body string) error {
		return testClient(t, answers(status, body)).AddContact(context.Background(), "tok", Contact{Prefix: "225", Phone: "0700000100"})
	}
	for _, body := range []string{`{"code":0,"data":[[{"code":726,"status":"ERROR_PHONE_ALREADY_MY_CONTACT"}]]}`, whole} {
		if err := add(200, body); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
	if add(500, whole) == nil {
		t.Error("a server error is believed")
	}
}

func TestTheSeedsTenFieldsAreSentWithoutAName(t *testing.T) {
	var got map[string]any
	c := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&got)
		answers(200, read(t, "payment_created.json"))(w, r)
	})
	r := exampleRequest()
	r.CustomerName, r.CustomerSurname = "", ""
	if _, err := c.CreatePayment(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(`apikey site_id transaction_id amount currency description notify_url return_url customer_name customer_surname`) {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is not sent", name)
		}
	}
	if len(got) != 10 {
		t.Errorf("sent %v", got)
	}
}
