package mypayga

import (
	"context"
	"encoding/json"
	"io"
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

// script answers by path; what is not in it is a mistake of the test.
type script map[string]string

func (s script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := s[r.URL.Path]
	switch {
	case !ok && givesReferences(w, r):
	case !ok:
		http.Error(w, "not scripted: "+r.URL.Path, http.StatusTeapot)
	case body == "HANG UP":
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.Close()
		}
	default:
		_, _ = io.WriteString(w, body)
	}
}

func connected(t *testing.T, h http.Handler, more map[string]string) (*connector, *providertest.Surroundings) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	values := connection()
	values[fieldBaseURL] = server.URL
	for name, value := range more {
		values[name] = value
	}
	s := providertest.NewSurroundings(t, Provider(), values)
	c, err := connect(s.Environment)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*connector), s
}

const token = "AbCdEfGhIjKlMnOpQrStUvWx1"

func paymentRef() provider.Ref {
	o := paymentOrder()
	return provider.Ref{
		Kind: pay.Payment, Reference: o.Reference, ProviderReference: token, Amount: o.Amount, Method: o.Method,
		Data: map[string]string{dataToken: token},
	}
}

func TestSubmitPromptsByTheReferencesOfGethash(t *testing.T) {
	var sent url.Values
	c, _ := connected(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if givesReferences(w, r) {
			return
		}
		_ = r.ParseForm()
		sent = r.PostForm
		_, _ = io.WriteString(w, `{"message":"Request Sent.Please Wait.","payment_token":"eagE7x1884MLgyj9MqIAAy4yb","statusRequest":200}`)
	}), nil)
	r, err := c.Submit(context.Background(), paymentOrder())
	if err != nil || r.Outcome != pay.OutcomePending || r.NextAction.Type != pay.ApproveOnPhone || !r.Prompted ||
		r.ProviderReference != token || r.Data[dataToken] != token || r.Data[dataAnswerToken] != "eagE7x1884MLgyj9MqIAAy4yb" {
		t.Fatalf("%+v, %v", r, err)
	}
	for name, want := range map[string]string{
		"payment_token": token, "client_phone": "074000100", "amount": "100", "email": "client@example.test",
		"firstname": "Jacob", "lastname": "Larry", "description": "Panier",
	} {
		if sent.Get(name) != want {
			t.Errorf("%s is %q", name, sent.Get(name))
		}
	}
	t.Run("and a callback may name either token", func(t *testing.T) {
		callback := Callback{OrderStatus: "200", UniqueID: "other", Amount: "100", PaymentToken: "eagE7x1884MLgyj9MqIAAy4yb", PaymentMethod: "Mobile Money", Message: "Payment success", ClientPhone: "074000100"}
		n, err := c.ReadNotification(callbackRequest(callback, "callback-secret-0001"))
		if err != nil || n.Reference != "PS0123456789ABCDEFGH" || !n.Verified {
			t.Errorf("%+v, %v", n, err)
		}
	})
}

func TestSubmitTellsRefusalFromDoubt(t *testing.T) {
	for name, tt := range map[string]struct {
		script  script
		outcome pay.Outcome // "" is an error
		reason  pay.Reason
	}{
		"gethash refused":           {script{pathHash: `{"message":"Transaction already exists","code":"409"}`}, pay.OutcomeFailed, pay.DuplicateReference},
		"gethash lost":              {script{pathHash: "HANG UP"}, pay.OutcomeFailed, pay.OperatorUnavailable},
		"payment-request refused":   {script{pathRequest: `{"message":"Invalid phone number","statusRequest":"400"}`}, pay.OutcomeFailed, pay.InvalidPhone},
		"payment-request duplicate": {script{pathRequest: `{"message":"Transaction already exists","statusRequest":"409"}`}, pay.OutcomeFailed, pay.DuplicateReference},
		"payment-request not found": {script{pathRequest: `{"message":"Transaction not found","statusRequest":"404"}`}, pay.OutcomeFailed, pay.BadRequest},
		"payment-request lost":      {script{pathRequest: "HANG UP"}, pay.OutcomeUnknown, ""},
		"payment-request HTML":      {script{pathRequest: "<html>"}, pay.OutcomeUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := connected(t, tt.script, nil)
			r, err := c.Submit(context.Background(), paymentOrder())
			if err != nil || r.Outcome != tt.outcome || r.Failure.Reason != tt.reason || r.Prompted != (tt.outcome == pay.OutcomeUnknown) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// wire: mypayga §7, init_timeout: unknown, and the detail is asked by token.
func TestASubmissionWhoseAnswerIsLostKeepsItsToken(t *testing.T) {
	var asked url.Values
	c, _ := connected(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == pathDetail {
			asked = r.URL.Query()
			_, _ = io.WriteString(w, detailAnswer("200", `"200"`, "Success", "100"))
			return
		}
		script{pathRequest: "HANG UP"}.ServeHTTP(w, r)
	}), nil)
	o := paymentOrder()
	r, err := c.Submit(context.Background(), o)
	if err != nil || r.Outcome != pay.OutcomeUnknown || !r.Prompted || r.ProviderReference != token ||
		r.Data[dataToken] != token || r.NextAction != (pay.NextAction{}) {
		t.Fatalf("%+v, %v", r, err)
	}
	ref := provider.Ref{Kind: pay.Payment, Reference: o.Reference, ProviderReference: r.ProviderReference, Amount: o.Amount, Method: o.Method, Data: r.Data}
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeSucceeded || asked.Get("payment_ref") != token {
		t.Errorf("asked for %s: %+v, %v", asked.Get("payment_ref"), r, err)
	}
	newer, _ := connected(t, script{pathPay: "HANG UP"}, map[string]string{fieldAPI: apiV1})
	if r, err := newer.Submit(context.Background(), o); err == nil {
		t.Errorf("without a token there is nothing to keep: %+v", r)
	}
}

func TestSubmitByTheNewerAPI(t *testing.T) {
	var sent PaymentOrder
	answer := `{"request_status":200,"message":"Request Sent.Please Wait.","payment_token":"` + token + `"}`
	c, _ := connected(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&sent)
		_, _ = io.WriteString(w, answer)
	}), map[string]string{fieldAPI: apiV1})
	r, err := c.Submit(context.Background(), paymentOrder())
	if err != nil || r.Outcome != pay.OutcomePending || r.NextAction.Type != pay.ApproveOnPhone || r.ProviderReference != token {
		t.Fatalf("%+v, %v", r, err)
	}
	want := PaymentOrder{
		APIKey: "sprod_0123456789abcdefghij", ClientPhone: "074000100", Amount: "100", Country: "GA", Network: "AM",
		Type: "mobile_money", UniqueID: "PS0123456789ABCDEFGH", Currency: "XAF", FirstName: "Jacob", LastName: "Larry",
		Email: "client@example.test", Description: "Panier",
		URLs: PaymentURLs{"https://passerelle.test/hooks/mypayga/1", "https://passerelle.test/pay/x/return", "https://passerelle.test/pay/x/return"},
	}
	if sent != want {
		t.Errorf("sent %+v", sent)
	}
	for field, page := range map[string]string{"checkout_url": "https://p.test/card", "wave_launch_url": "https://wave.test/x"} {
		answer = `{"status":"201","payment_token":"` + token + `","` + field + `":"` + page + `"}`
		o := paymentOrder()
		o.Method = pay.Method{Type: pay.CardMethod}
		r, err := c.Submit(context.Background(), o)
		if err != nil || r.NextAction.URL != page || r.NextAction.Type != pay.Redirect || sent.Type != "card" {
			t.Errorf("%s: %+v, %v", field, r, err)
		}
	}
	answer = `{"request_status":402,"message":"Solde insuffisant"}`
	if r, err := c.Submit(context.Background(), paymentOrder()); err != nil || r.Failure.Reason != pay.InsufficientFunds {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestACardByTheSeedAPIIsAFormThatTheHookShows(t *testing.T) {
	c, _ := connected(t, script{}, map[string]string{fieldCardBaseURL: "https://www.example.test"})
	o := paymentOrder()
	o.Method = pay.Method{Type: pay.CardMethod}
	r, err := c.Submit(context.Background(), o)
	if err != nil || r.NextAction.Type != pay.Redirect || !strings.HasPrefix(r.NextAction.URL, o.HookURL+"?card_form="+token) {
		t.Fatalf("%+v, %v", r, err)
	}
	n, err := c.ReadNotification(httptest.NewRequest(http.MethodGet, r.NextAction.URL, nil))
	page := string(n.Answer.Body)
	if err != nil || n.Reference != "" || n.ProviderReference != "" || !strings.HasPrefix(n.Answer.ContentType, "text/html") {
		t.Fatalf("%+v, %v", n, err)
	}
	for _, part := range []string{
		`action="https://www.example.test/mpgga-form-cbpay"`, `name="payment_token" value="` + token + `"`,
		`name="apikey" value="pprod_0123456789abcdefghij"`, `name="hash" value="00ff"`, "no-referrer",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
	if strings.Contains(page, "sprod_") {
		t.Error("the secret key is on the page")
	}
	for _, query := range []string{"card_form=", "card_form=%3Cscript%3E", "card_form=a&hash=%22"} {
		if _, err := c.ReadNotification(httptest.NewRequest(http.MethodGet, o.HookURL+"?"+query, nil)); pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestValidateRefusesWhatCannotBeCarried(t *testing.T) {
	seed, _ := connected(t, script{}, map[string]string{fieldPublicKey: ""})
	v1, _ := connected(t, script{}, map[string]string{fieldAPI: apiV1})
	with := func(change func(*provider.Order)) provider.Order {
		o := paymentOrder()
		change(&o)
		return o
	}
	card := with(func(o *provider.Order) { o.Method = pay.Method{Type: pay.CardMethod} })
	mtn := with(func(o *provider.Order) {
		o.Method.Phone, o.Method.Operator = "+237670000100", "mtn_cm"
	})
	for name, tt := range map[string]struct {
		c    *connector
		o    provider.Order
		kind pay.ErrorKind // "" is accepted
	}{
		"good":                           {seed, paymentOrder(), ""},
		"dollars":                        {seed, with(func(o *provider.Order) { o.Amount = money.New(100, money.USD) }), pay.KindCapability},
		"the other franc":                {seed, with(func(o *provider.Order) { o.Amount = money.New(100, money.XOF) }), pay.KindCapability},
		"nothing":                        {seed, with(func(o *provider.Order) { o.Amount.Minor = 0 }), pay.KindInvalid},
		"a number elsewhere":             {seed, with(func(o *provider.Order) { o.Method.Phone = "+243810000100" }), pay.KindCapability},
		"Ivorian":                        {seed, with(func(o *provider.Order) { o.Method.Phone, o.Amount = "+2250700000100", money.New(100, money.XOF) }), ""},
		"a card without the public key":  {seed, card, pay.KindCapability},
		"a card by v1":                   {v1, card, ""},
		"an operator that v1 lacks":      {v1, mtn, pay.KindCapability},
		"that operator by the seed's":    {seed, mtn, ""},
		"a payout to it, never by v1":    {v1, with(func(o *provider.Order) { *o = mtn; o.Kind = pay.Payout }), ""},
		"a refund needs no number of it": {seed, with(func(o *provider.Order) { o.Kind, o.Method = pay.Refund, pay.Method{} }), ""},
	} {
		err := tt.c.Validate(tt.o)
		if (err == nil) != (tt.kind == "") || err != nil && pay.KindOf(err) != tt.kind {
			t.Errorf("%s: %v", name, err)
		}
		if tt.kind == "" {
			continue
		}
		if r, err := tt.c.Submit(context.Background(), tt.o); err != nil || r.Outcome != pay.OutcomeFailed || r.Prompted {
			t.Errorf("%s: submitted %+v, %v", name, r, err)
		}
	}
}

func detailAnswer(inner, outer, message, amount string) string {
	return `{"payment":[{"merchand_ref":"PS0123456789ABCDEFGH","payment_token":"` + token + `","paymentMethod":"Mobile Money","OrderStatus":"` + inner +
		`","message_data":"` + message + `","totalAmount":` + amount + `,"frais_transaction":1.75,"montant_net":-10.03,"final_status":"` + inner +
		`"}],"code":"200","final_status":` + outer + `,"merchand_ref":"PS0123456789ABCDEFGH","environnement":"production"}`
}

func TestStatusReadsTheDetail(t *testing.T) {
	for name, tt := range map[string]struct {
		body    string
		outcome pay.Outcome
		reason  pay.Reason
	}{
		"paid":                       {detailAnswer("200", `"200"`, "Success", "100"), pay.OutcomeSucceeded, ""},
		"paid, status as a number":   {detailAnswer("200", `200`, "Success", `"100"`), pay.OutcomeSucceeded, ""},
		"failed":                     {detailAnswer("400", `"400"`, "Dear customer,you have insuffient funds. Thank you.", "100"), pay.OutcomeFailed, pay.InsufficientFunds},
		"200 with a refusal's text":  {detailAnswer("200", `"200"`, "PAYMENT DECLINED, CONTACT YOUR BANK.", "100"), pay.OutcomeFailed, pay.Declined},
		"pending":                    {detailAnswer("100", `"100"`, "Pending", "100"), pay.OutcomePending, ""},
		"inside and outside differ":  {detailAnswer("200", `"400"`, "Success", "100"), pay.OutcomeUnknown, ""},
		"no status outside":          {detailAnswer("200", `null`, "Success", "100"), pay.OutcomeUnknown, ""},
		"another status":             {detailAnswer("300", `"300"`, "Success", "100"), pay.OutcomeUnknown, ""},
		"not final, so not found":    {`{"payment":[],"code":"404","final_status":null,"merchand_ref":null,"environnement":"test","message":"Transaction not found"}`, pay.OutcomeUnknown, ""},
		"an empty list":              {`{"payment":[],"code":"200","final_status":"200","merchand_ref":null}`, pay.OutcomeUnknown, ""},
		"an amount that can't be so": {detailAnswer("200", `"200"`, "Success", `"1e2"`), pay.OutcomeUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := connected(t, script{pathDetail: tt.body}, nil)
			r, err := c.Status(context.Background(), paymentRef())
			if r.Outcome != tt.outcome || r.Failure.Reason != tt.reason || r.Absent {
				t.Errorf("%+v, %v", r, err)
			}
			if tt.outcome == pay.OutcomeSucceeded && (r.Amount != providertest.XAF(100) || r.Fees != providertest.XAF(2)) {
				t.Errorf("amount %s, fees %s", r.Amount, r.Fees)
			}
		})
	}
	for _, status := range []string{"200", "400"} {
		c, _ := connected(t, script{pathDetail: detailAnswer(status, `"`+status+`"`, "Success", "900")}, nil)
		r, err := c.Status(context.Background(), paymentRef())
		if err != nil || r.Amount != providertest.XAF(900) || r.Outcome == pay.OutcomeFailed || !r.Failure.IsZero() {
			t.Errorf("%s of another amount, which the gateway takes for an alert: %+v, %v", status, r, err)
		}
	}
}

func TestStatusByTheNewerAPIFallsBackToTheDetail(t *testing.T) {
	absent := `{"statusRequest":404,"message":"Transaction not found"}`
	gone := `{"payment":[],"code":"404","message":"Transaction not found"}`
	paid := `{"statusRequest":200,"order_status":"200","unique_id":"PS0123456789ABCDEFGH","amount":"100","payment_token":"` + token + `","payment_method":"Mobile Money","message":"Payment success","currency":"XAF"}`
	for name, tt := range map[string]struct {
		script  script
		outcome pay.Outcome
		absent  bool
	}{
		"paid":                    {script{pathVerify: paid}, pay.OutcomeSucceeded, false},
		"pending":                 {script{pathVerify: strings.Replace(paid, `"order_status":"200"`, `"order_status":"100"`, 1)}, pay.OutcomePending, false},
		"not found, detail paid":  {script{pathVerify: absent, pathDetail: detailAnswer("200", `"200"`, "Success", "100")}, pay.OutcomeSucceeded, false},
		"not found by both":       {script{pathVerify: absent, pathDetail: gone}, pay.OutcomeUnknown, true},
		"HTML, detail not found":  {script{pathVerify: "<html>", pathDetail: gone}, pay.OutcomeUnknown, false},
		"hung up, detail refused": {script{pathVerify: "HANG UP", pathDetail: detailAnswer("400", `"400"`, "declined", "100")}, pay.OutcomeFailed, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := connected(t, tt.script, map[string]string{fieldAPI: apiV1})
			r, err := c.Status(context.Background(), paymentRef())
			if r.Outcome != tt.outcome || r.Absent != tt.absent {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestQuoteIsTheMerchantsRateOfTheAmount(t *testing.T) {
	c, _ := connected(t, script{pathFees: read(t, "get_fees.json")}, nil)
	fee, err := c.Quote(context.Background(), provider.QuoteOrder{Amount: providertest.XAF(10_000), Operator: "airtel_ga"})
	if err != nil || fee != providertest.XAF(175) {
		t.Errorf("%s, %v", fee, err)
	}
	if _, err := c.Quote(context.Background(), provider.QuoteOrder{Amount: money.New(100, money.XOF), Operator: "airtel_ga"}); pay.KindOf(err) != pay.KindCapability {
		t.Errorf("another currency: %v", err)
	}
	for _, rate := range []string{"", "-0.1", "1e-2", "x", "2"} {
		if fee, err := rateOf(providertest.XAF(100), rate); err == nil {
			t.Errorf("%q is %s", rate, fee)
		}
	}
}

func TestConnectRefusesSettingsThatCouldOnlyFailLater(t *testing.T) {
	for name, value := range map[string]string{fieldAPI: "v2", fieldConfirmCallbacks: "maybe", fieldAPIKey: ""} {
		values := connection()
		values[name] = value
		if _, err := connect(providertest.NewSurroundings(t, Provider(), values).Environment); pay.KindOf(err) != pay.KindInvalid || err == nil {
			t.Errorf("%s %q: %v", name, value, err)
		}
	}
}
