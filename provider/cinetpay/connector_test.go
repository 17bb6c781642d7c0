package cinetpay

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// connected is a connector of a server that answers by the handler.
func connected(t *testing.T, h http.HandlerFunc, more map[string]string) (*connector, *providertest.Surroundings) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	values := map[string]string{
		fieldAPIKey: testKey, fieldSiteID: "123456", fieldSecretKey: "SECRET", fieldTransferPassword: testPassword,
		fieldBaseURL: server.URL, fieldTransferBaseURL: server.URL + "/v1",
	}
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

func xof(units int64) money.Amount { return money.New(units, money.XOF) }

func testOrder() provider.Order {
	return provider.Order{
		TransactionID: "pay_demo00010001", MerchantID: "demo0001", Mode: pay.Live, Kind: pay.Payment,
		Reference: "PS0123456789ABCDEFGHIJ", Amount: xof(100), Description: "Panier #1 & 2 $/_",
		Customer:  pay.Customer{Name: "Kouassi", GivenName: "Awa"},
		Method:    pay.Method{Type: pay.MobileMoney, Operator: "orange_ci", Phone: "+2250700000100"},
		ReturnURL: "https://passerelle.test/return", HookURL: "https://passerelle.test/hooks/cinetpay/1",
	}
}

func testRef(data map[string]string) provider.Ref {
	o := testOrder()
	return provider.Ref{
		Kind: pay.Payment, Reference: o.Reference, Amount: o.Amount, Data: data,
		SubmittedAt: time.Date(2025, 1, 6, 13, 0, 0, 0, time.UTC),
	}
}

var paged = map[string]string{dataToken: "tok", dataURL: "https://p.test/tok"}

func TestSubmitRedirectsToTheGuichet(t *testing.T) {
	var got map[string]any
	c, _ := connected(t, func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&got)
		answers(200, read(t, "payment_created.json"))(w, r)
	}, nil)
	r, err := c.Submit(context.Background(), testOrder())
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != pay.OutcomePending || r.NextAction.Type != pay.Redirect ||
		r.NextAction.URL != "https://checkout.cinetpay.com/payment/6f1c0d2e9ab84c55a1b2c3d4e5f60718" ||
		r.Data[dataToken] != "6f1c0d2e9ab84c55a1b2c3d4e5f60718" {
		t.Errorf("result %+v", r)
	}
	for name, want := range map[string]any{
		"transaction_id": "PS0123456789ABCDEFGHIJ", "amount": 100.0, "currency": "XOF",
		"description": "Panier  1   2    ", "channels": "MOBILE_MONEY", "customer_phone_number": "+2250700000100",
		"lock_phone_number": true, "notify_url": "https://passerelle.test/hooks/cinetpay/1",
		"return_url": "https://passerelle.test/return", "customer_name": "Kouassi", "customer_surname": "Awa",
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	for name, value := range got {
		if value == nil {
			t.Errorf("%s is null", name)
		}
	}
}

func TestSubmitAsksForCardsOnlyWithTheFieldsThatTheyNeed(t *testing.T) {
	o := testOrder()
	o.Method = pay.Method{Type: pay.CardMethod}
	o.Customer = pay.Customer{
		Name: "Kouassi", GivenName: "Awa", Email: "client@exemple.com", Phone: "+2250700000100",
		Address: "Rue 12", City: "Abidjan", Country: "CI", PostCode: "00225",
	}
	c, _ := connected(t, answers(500, ""), nil)
	full, _ := c.paymentRequest(o)
	o.Customer.City = ""
	partial, _ := c.paymentRequest(o)
	if full.Channels != "CREDIT_CARD" || partial.Channels != "ALL" || full.LockPhoneNumber {
		t.Errorf("channels %s and %s", full.Channels, partial.Channels)
	}
	o.Customer.City, o.Customer.Name, o.Customer.GivenName = "Abidjan", "", ""
	nameless, _ := c.paymentRequest(o)
	if nameless.Channels != "ALL" || nameless.CustomerName != "Client" || nameless.CustomerSurname != "Client" {
		t.Errorf("without a name: %+v", nameless)
	}
}

func TestPollsGoOnForADayThenEverMoreRarely(t *testing.T) {
	polls := Provider().Polls
	if want := []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute}; !slices.Equal(polls[:3], want) {
		t.Errorf("first %v", polls[:3])
	}
	var total time.Duration
	rest := slices.IndexFunc(polls[3:], func(d time.Duration) bool { return d != 10*time.Minute })
	for _, d := range polls[:3+rest] {
		total += d
	}
	if ttl := Provider().PendingTTL; total < ttl || total > ttl+10*time.Minute {
		t.Errorf("every ten minutes for %v", total)
	}
	if later := polls[3+rest:]; !slices.IsSorted(later) || later[0] < time.Hour || later[len(later)-1] < 24*time.Hour {
		t.Errorf("then %v", later)
	}
}

func TestALateSuccessIsAskedForADayLong(t *testing.T) {
	for _, code := range []string{"600", "604", "625", "627"} {
		_, reason, _ := classify(code, "", "")
		if got := Provider().Recheck[reason]; got != 24*time.Hour {
			t.Errorf("%s is asked about for %v", code, got)
		}
	}
}

func TestSubmitRefusesBeforeAnyCallWhatDoesNotFit(t *testing.T) {
	c, _ := connected(t, func(http.ResponseWriter, *http.Request) { t.Error("a call was made") }, nil)
	for _, tt := range []struct {
		amount money.Amount
		reason pay.Reason
	}{
		{xof(95), pay.AmountTooLow},
		{xof(101), pay.BadRequest},
		{money.New(100_050, money.CDF), pay.BadRequest},
		{money.New(99_500, money.CDF), pay.AmountTooLow},
		{money.New(995, money.GNF), pay.AmountTooLow},
		{money.New(150, money.USD), pay.BadRequest},
		{money.New(100, ""), pay.BadRequest},
	} {
		o := testOrder()
		o.Amount = tt.amount
		r, err := c.Submit(context.Background(), o)
		if err != nil || r.Outcome != pay.OutcomeFailed || r.Failure.Reason != tt.reason || r.Prompted {
			t.Errorf("%s: %+v, %v", tt.amount, r, err)
		}
	}
	if err := c.Validate(provider.Order{Kind: pay.Payment, Amount: money.New(700, money.USD)}); err != nil {
		t.Errorf("7 USD: %v", err)
	}
}

func TestStatusReadsThePublishedAnswers(t *testing.T) {
	for file, outcome := range map[string]pay.Outcome{
		"check_success_seed.json": pay.OutcomeSucceeded, "check_success.json": pay.OutcomeSucceeded,
		"check_failure_seed.json": pay.OutcomeFailed, "check_failure.json": pay.OutcomeFailed,
	} {
		c, s := connected(t, answers(200, read(t, file)), nil)
		r, err := c.Status(context.Background(), testRef(paged))
		if err != nil || r.Outcome != outcome || len(s.Alerts()) != 0 {
			t.Errorf("%s: %+v, %v, %v", file, r, err, s.Alerts())
		}
		if outcome == pay.OutcomeSucceeded && (r.Phone != "+2250100000100" || r.Operator != "moov_ci" || r.PaidVia != "FLOOZ") {
			t.Errorf("%s: paid by %s %s %s", file, r.Phone, r.Operator, r.PaidVia)
		}
	}
}

func TestStatusHazards(t *testing.T) {
	const ok = `{"code":"00","message":"SUCCESS ","data":{"amount":%,"currency":"XOF","status":"ACCEPTED"}}`
	tests := []struct {
		name, body string
		outcome    pay.Outcome
		alerts     int
	}{
		{"success_spelling", strings.Replace(ok, "%", `"100"`, 1), pay.OutcomeSucceeded, 0},
		{"amount 100.0", strings.Replace(ok, "%", `100.0`, 1), pay.OutcomeSucceeded, 0},
		{"wrong_amount", strings.Replace(ok, "%", `"95"`, 1), pay.OutcomeUnknown, 1},
		{"unreadable amount", strings.Replace(ok, "%", `"1e2"`, 1), pay.OutcomeUnknown, 1},
		{"wrong currency", `{"code":"00","data":{"amount":"100","currency":"XAF","status":"ACCEPTED"}}`, pay.OutcomeUnknown, 1},
		{"success that is refused", `{"code":"00","data":{"status":"REFUSED"}}`, pay.OutcomeUnknown, 1},
		{"int_code", `{"code":0,"message":"SUCCES","data":{"amount":"100","currency":"XOF","status":"ACCEPTED"}}`, pay.OutcomeUnknown, 1},
		{"missing_keys", `{"code":"00","data":{"operator_id":"1"}}`, pay.OutcomeSucceeded, 0},
		{"waiting_first", `{"code":"623","message":"WAITING_CUSTOMER_TO_VALIDATE","data":{"status":"WAITING_FOR_CUSTOMER"}}`, pay.OutcomePending, 0},
		{"fraud", `{"code":"664","message":"FRAUD_SUSPECTED","data":{"status":"REFUSED"}}`, pay.OutcomeFailed, 0},
		{"no_data", `{"code":"627","message":"TRANSACTION_CANCEL","data":[]}`, pay.OutcomeUnknown, 0},
		{"an undescribed code", `{"code":"950","message":"SUCCES","data":{"amount":"100"}}`, pay.OutcomeUnknown, 1},
		{"refunded", `{"code":"660","data":{"amount":"100"}}`, pay.OutcomeSucceeded, 1},
		{"refunded of another amount", `{"code":"660","data":{"amount":"95"}}`, pay.OutcomeUnknown, 1},
		{"flat fields", `{"code":"00","amount":"100","currency":"XOF","status":"ACCEPTED","data":{"operator_id":"1"}}`, pay.OutcomeSucceeded, 0},
		{"a wrong flat amount", `{"code":"00","amount":"95","data":{"operator_id":"1"}}`, pay.OutcomeUnknown, 1},
		{"a wrong flat currency", `{"code":"00","currency":"XAF","data":{"amount":"100"}}`, pay.OutcomeUnknown, 1},
		{"data before flat fields", `{"code":"00","amount":"95","data":{"amount":"100"}}`, pay.OutcomeSucceeded, 0},
		{"a flat status", `{"code":"950","status":"REFUSED","data":{"operator_id":"1"}}`, pay.OutcomeFailed, 0},
		{"flat fields alone", `{"code":"00","amount":"100","currency":"XOF","status":"ACCEPTED"}`, pay.OutcomeUnknown, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, s := connected(t, answers(200, tt.body), nil)
			r, err := c.Status(context.Background(), testRef(paged))
			if err != nil || r.Outcome != tt.outcome || len(s.Alerts()) != tt.alerts {
				t.Errorf("%+v, %v, alerts %v", r, err, s.Alerts())
			}
		})
	}
}

func TestAPaymentThatWasGivenBackIsKeptAsSuch(t *testing.T) {
	for code, want := range map[string]string{"660": "done", "661": "pending", "00": ""} {
		c, _ := connected(t, answers(200, `{"code":"`+code+`","data":{"amount":"100","currency":"XOF"}}`), nil)
		r, err := c.Status(context.Background(), testRef(paged))
		if err != nil || r.Outcome != pay.OutcomeSucceeded || r.Data[dataRefund] != want {
			t.Errorf("%s: %+v, %v", code, r, err)
		}
	}
}

func TestStatusSaysWhatTheCustomerHasToDo(t *testing.T) {
	for code, want := range map[string]pay.NextAction{
		"662": {Type: pay.Redirect, URL: "https://p.test/tok"},
		"663": {Type: pay.Redirect, URL: "https://p.test/tok"},
		"664": {Type: pay.Redirect, URL: "https://p.test/tok"},
		"623": {Type: pay.ApproveOnPhone},
	} {
		c, _ := connected(t, answers(200, `{"code":"`+code+`","data":{"amount":"100"}}`), nil)
		r, err := c.Status(context.Background(), testRef(paged))
		if err != nil || r.NextAction != want {
			t.Errorf("%s: %+v, %v", code, r.NextAction, err)
		}
	}
}

// lossy is a CinetPay that loses the answers to the first initialisations and
// has no data on what it does not know.
type lossy struct {
	lose  int
	ids   []string
	asked []string // ids of checks
	known bool     // it got the lost ones
}

func (l *lossy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ID string `json:"transaction_id"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	if r.URL.Path == pathCheck {
		l.asked = append(l.asked, body.ID)
		if l.known {
			_, _ = io.WriteString(w, `{"code":"662","data":{"amount":"100"}}`)
			return
		}
		answers(400, `{"code":"608","description":"transaction_id not found"}`)(w, r)
		return
	}
	l.ids = append(l.ids, body.ID)
	if len(l.ids) <= l.lose {
		answers(502, "<html>Bad Gateway</html>")(w, r)
		return
	}
	_, _ = io.WriteString(w, `{"code":"201","data":{"payment_token":"t2","payment_url":"https://p.test/t2"}}`)
}

func TestALostInitialisationIsMadeAgainUnderANewIDAfterTwoMinutes(t *testing.T) {
	l := &lossy{lose: 1}
	c, s := connected(t, l.ServeHTTP, nil)
	ctx := context.Background()
	if _, err := c.Submit(ctx, testOrder()); err == nil {
		t.Fatal("a lost answer is taken for a result")
	}
	ref := testRef(nil)
	s.Advance(119 * time.Second)
	if r, err := c.Status(ctx, ref); err != nil || r.Outcome != pay.OutcomeUnknown || len(l.ids) != 1 {
		t.Fatalf("before two minutes: %+v, %v, %d initialisations", r, err, len(l.ids))
	}
	s.Advance(2 * time.Second)
	r, err := c.Status(ctx, ref)
	if err != nil || r.Outcome != pay.OutcomePending || r.NextAction.URL != "https://p.test/t2" {
		t.Fatalf("after two minutes: %+v, %v", r, err)
	}
	if len(l.ids) != 2 || l.ids[1] == l.ids[0] || len(l.ids[1]) > 25 || r.Data[dataTransactionID] != l.ids[1] {
		t.Errorf("ids %v, data %v", l.ids, r.Data)
	}
	n, err := c.ReadNotification(notify("cpm_site_id=123456&cpm_trans_id="+l.ids[1], ""))
	if err != nil || n.Reference != ref.Reference {
		t.Errorf("notification of the new id: %+v, %v", n, err)
	}
}

func TestALostInitialisationThatCinetPayHasIsNotMadeAgain(t *testing.T) {
	l := &lossy{lose: 1, known: true}
	c, s := connected(t, l.ServeHTTP, nil)
	_, _ = c.Submit(context.Background(), testOrder())
	s.Advance(time.Hour)
	r, err := c.Status(context.Background(), testRef(nil))
	if err != nil || r.Outcome != pay.OutcomePending || len(l.ids) != 1 {
		t.Errorf("%+v, %v, %d initialisations", r, err, len(l.ids))
	}
}

func TestACrashAfterTheSecondInitialisationDoesNotLoseItsID(t *testing.T) {
	l := &lossy{lose: 1}
	c, s := connected(t, l.ServeHTTP, nil)
	ctx := context.Background()
	_, _ = c.Submit(ctx, testOrder())
	s.Advance(3 * time.Minute)
	if _, err := c.Status(ctx, testRef(nil)); err != nil || len(l.ids) != 2 {
		t.Fatalf("%v, ids %v", err, l.ids)
	}
	l.known = true
	r, err := c.Status(ctx, testRef(nil)) // the result above was never recorded
	if err != nil || l.asked[len(l.asked)-1] != l.ids[1] || r.Data[dataTransactionID] != l.ids[1] {
		t.Errorf("asked %v, initialised %v: %+v, %v", l.asked, l.ids, r, err)
	}
	if _, err := c.Status(ctx, testRef(r.Data)); err != nil || l.asked[len(l.asked)-1] != l.ids[1] {
		t.Errorf("asked %v with recorded data, %v", l.asked, err)
	}
}

func notify(body, token string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks/cinetpay/1", strings.NewReader(body))
	r.Header.Set("Content-Type", contentTypeForm)
	if token != "" {
		r.Header.Set("X-Token", token)
	}
	return r
}

func TestReadNotification(t *testing.T) {
	v := tokenVectors[0]
	form := string(v.n.form())
	isForbidden := func(err error) bool { return pay.KindOf(err) == pay.KindForbidden }
	tests := []struct {
		name, policy, body, token string
		refused                   bool
	}{
		{"a valid token", policyIfPresent, form, v.token, false},
		{"extra legacy fields", policyIfPresent, form + "&cpm_result=00&cpm_payid=1", v.token, false},
		{"no token", policyIfPresent, form, "", false},
		{"a wrong token", policyIfPresent, form, strings.Repeat("0", 64), true},
		{"a changed amount", policyIfPresent, strings.Replace(form, "cpm_amount=100", "cpm_amount=900", 1), v.token, true},
		{"no token where it is required", policyRequire, form, "", true},
		{"a wrong token that is ignored", policyIgnore, form, "0", false},
		{"another site", policyIgnore, strings.Replace(form, "123456", "654321", 1), "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := connected(t, answers(500, ""), map[string]string{fieldTokenPolicy: tt.policy})
			n, err := c.ReadNotification(notify(tt.body, tt.token))
			if tt.refused {
				if !isForbidden(err) {
					t.Errorf("%+v, %v", n, err)
				}
				return
			}
			if err != nil || n.Reference != "T1" || n.Verified || n.Hint != pay.OutcomeSucceeded || n.Answer.Status != 200 {
				t.Errorf("%+v, %v", n, err)
			}
		})
	}
	c, _ := connected(t, answers(500, ""), nil)
	t.Run("the seed's JSON is read", func(t *testing.T) {
		r := notify(`{"cpm_trans_id":"T1","cpm_site_id":"123456"}`, "")
		r.Header.Set("Content-Type", "application/json")
		if n, err := c.ReadNotification(r); err != nil || n.Reference != "T1" || n.Hint != "" {
			t.Errorf("%+v, %v", n, err)
		}
	})
	t.Run("the GET ping is answered", func(t *testing.T) {
		n, err := c.ReadNotification(httptest.NewRequest(http.MethodGet, "/hooks/cinetpay/1", nil))
		if err != nil || n.Reference != "" || n.Answer.Status != 200 || string(n.Answer.Body) != "ok" {
			t.Errorf("%+v, %v", n, err)
		}
	})
	t.Run("a transfer's is a hint", func(t *testing.T) {
		n, err := c.ReadNotification(notify("transaction_id=EA1&client_transaction_id=PS1&treatment_status=REJ", ""))
		if err != nil || n.Reference != "PS1" || n.ProviderReference != "EA1" || n.Hint != pay.OutcomeFailed || n.Verified {
			t.Errorf("%+v, %v", n, err)
		}
	})
	t.Run("rubbish is refused", func(t *testing.T) {
		for _, body := range []string{"", "{", "a=b", strings.Repeat("x", maxBody+1)} {
			if _, err := c.ReadNotification(notify(body, "")); pay.KindOf(err) != pay.KindInvalid {
				t.Errorf("%.20q: %v", body, err)
			}
		}
	})
}

func TestConnectRefusesSettingsThatCouldOnlyFailLater(t *testing.T) {
	good := map[string]string{fieldAPIKey: testKey, fieldSiteID: "123456"}
	for name, value := range map[string]string{
		fieldTokenPolicy: "sometimes", fieldTransferCurrency: "EUR", fieldSiteID: "", fieldAPIKey: "",
	} {
		values := map[string]string{name: value}
		for k, v := range good {
			if k != name {
				values[k] = v
			}
		}
		_, err := connect(providertest.NewSurroundings(t, Provider(), values).Environment)
		if pay.KindOf(err) != pay.KindInvalid || err == nil {
			t.Errorf("%s %q: %v", name, value, err)
		}
	}
	good[fieldTokenPolicy] = policyRequire
	if _, err := connect(providertest.NewSurroundings(t, Provider(), good).Environment); err == nil {
		t.Error("x-token is required without a key to verify it")
	}
}

func TestSubmitTellsTheProvidersRefusal(t *testing.T) {
	c, s := connected(t, answers(400, `{"code":"608","message":"MINIMUM_REQUIRED_FIELDS","description":"amount is required"}`), nil)
	r, err := c.Submit(context.Background(), testOrder())
	want := pay.Failure{Reason: pay.BadRequest, Message: "amount is required", ProviderCode: "608"}
	if err != nil || r.Outcome != pay.OutcomeFailed || r.Failure != want || r.Prompted {
		t.Errorf("%+v, %v", r, err)
	}
	_, err = s.Memory.Get(context.Background(), requestKey(testOrder().Reference))
	if !errors.Is(err, provider.ErrNoItem) {
		t.Error("the refused request is still remembered")
	}
}
