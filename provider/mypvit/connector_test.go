package mypvit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// plugIn connects to an upstream, with settings changed as name, value, ...
func plugIn(t testing.TB, u *upstream, changes ...string) (provider.Connector, *providertest.Surroundings) {
	t.Helper()
	values := maps.Clone(connection())
	values["base_url"] = u.URL
	for i := 0; i < len(changes); i += 2 {
		values[changes[i]] = changes[i+1]
	}
	s := providertest.NewSurroundings(t, Provider(), values)
	c, err := connect(s.Environment)
	if err != nil {
		t.Fatal(err)
	}
	core(c).secrets.pause = func(ctx context.Context, d time.Duration) error {
		s.Advance(d)
		return ctx.Err()
	}
	return c, s
}

func core(c provider.Connector) *connector {
	if q, ok := c.(quotingConnector); ok {
		return q.connector
	}
	return c.(*connector)
}

func TestAPaymentIsPromptedOnThePhone(t *testing.T) {
	u := newUpstream(t, always(200, transcript(t, "rest_payment.json")))
	c, _ := plugIn(t, u)
	o := paymentOrder()
	o.Description = "Café n°5 + thé, une longue description"
	got, err := c.Submit(t.Context(), o)
	if err != nil || got.Outcome != pay.OutcomePending || got.NextAction.Type != pay.ApproveOnPhone || !got.Prompted ||
		got.ProviderReference != "PAY171124000170" || got.Reference != "REF181127517" || got.Operator != "moov_ga" {
		t.Errorf("%+v %v", got, err)
	}
	sent := object(t, []byte(u.all()[0].body))
	for name, want := range map[string]any{
		"amount": 200.0, "customer_account_number": "060000100", "transaction_type": "PAYMENT", "service": "RESTFUL",
		"callback_url_code": "1B9LW", "owner_charge": "MERCHANT", "free_info": "Caf n5  th une", "reference": "REF000000001",
	} {
		if sent[name] != want {
			t.Errorf("%s is %v, want %v", name, sent[name], want)
		}
	}
}

func TestACardIsSentToMyPVitsPage(t *testing.T) {
	for method, service := range map[pay.MethodType]string{pay.CardMethod: "VISA_MASTERCARD", pay.MobileMoney: "WEB"} {
		u := newUpstream(t, always(200, transcript(t, "link.json")))
		c, _ := plugIn(t, u)
		o := paymentOrder()
		o.Method = pay.Method{Type: method}
		o.Card = &pay.Card{Number: "4111111111111111", CVV: "123"}
		got, err := c.Submit(t.Context(), o)
		if err != nil || got.Outcome != pay.OutcomePending || got.NextAction.Type != pay.Redirect ||
			got.NextAction.URL != "https://api.mypvit.pro/transaction-link/QUNDXzAxMjM0NTY3ODlBQkM/payment" {
			t.Errorf("%+v %v", got, err)
		}
		sent := object(t, []byte(u.all()[0].body))
		if sent["service"] != service || sent["success_redirection_url_code"] != "TKO7A" || sent["failed_redirection_url_code"] != "JDCEY" {
			t.Errorf("%v", sent)
		}
		if strings.Contains(u.all()[0].body, "4111") {
			t.Error("the card number was sent")
		}
	}
}

// The document's sample repeats REF050125000356, which no request of it sends
// (wire: mypvit §5, decision 13).
func TestALinksAnswerNamesNoReference(t *testing.T) {
	c, _ := plugIn(t, newUpstream(t, always(200, transcript(t, "link.json"))))
	o := paymentOrder()
	o.Method = pay.Method{Type: pay.CardMethod}
	got, err := c.Submit(t.Context(), o)
	if err != nil || got.Reference != "" || got.Outcome != pay.OutcomePending ||
		got.NextAction.URL != "https://api.mypvit.pro/transaction-link/QUNDXzAxMjM0NTY3ODlBQkM/payment" {
		t.Errorf("%+v %v", got, err)
	}
}

// wire: mypvit §4.3: keep unknown, alert an operator, never re-send.
func TestAPayoutInDoubtIsToldToAPerson(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		alerts int
	}{
		"done":            {200, `{"status":"SUCCESS","status_code":"200"}`, 0},
		"failed":          {200, `{"status":"FAILED","status_code":"200"}`, 0},
		"refused":         {402, `{"status_code":2000,"error":"OPERATION_ACCOUNT_INSUFFICIENT_BALANCE"}`, 0},
		"ambiguous":       {200, `{"status":"AMBIGUOUS","status_code":"200"}`, 1},
		"ambiguous, 5001": {409, `{"status_code":5001,"error":"AMBIGUOUS_TRANSACTION"}`, 1},
		"unavailable":     {503, `{"status_code":10001,"error":"UNAVAILABLE_SERVICE"}`, 1},
		"a page":          {502, `<html>`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUpstream(t, always(c.status, c.body))
			conn, s := plugIn(t, u)
			got, err := conn.(provider.PaysOut).PayOut(t.Context(), payoutOrder())
			if alerts := s.Alerts(); len(alerts) != c.alerts || c.alerts == 1 && !strings.Contains(alerts[0], "REF000000002") {
				t.Errorf("alerts %q of %+v %v", alerts, got, err)
			}
			if (got.Outcome == pay.OutcomeUnknown) != (c.alerts == 1) || len(u.all()) != 1 {
				t.Errorf("%+v %v after %d requests", got, err, len(u.all()))
			}
		})
	}
	conn, s := plugIn(t, newUpstream(t, always(502, "<html>")))
	if _, err := conn.Submit(t.Context(), paymentOrder()); err == nil || len(s.Alerts()) != 0 {
		t.Errorf("a payment, which is asked for: %v %q", err, s.Alerts())
	}
}

func TestAPayoutThatIsNotFoundIsToldToAPersonOnce(t *testing.T) {
	c, s := plugIn(t, newUpstream(t, always(404, `{"status_code":4006,"error":"TRANSACTION_NOT_FOUND"}`)))
	for _, o := range []provider.Order{paymentOrder(), payoutOrder()} {
		for range 3 {
			got, err := c.Status(t.Context(), provider.Ref{Kind: o.Kind, Reference: o.Reference})
			if err != nil || got.Outcome != pay.OutcomeUnknown || !got.Absent {
				t.Errorf("%s: %+v %v", o.Kind, got, err)
			}
		}
	}
	if alerts := s.Alerts(); len(alerts) != 1 || !strings.Contains(alerts[0], "REF000000002") {
		t.Errorf("alerts %q", alerts)
	}
}

// wire: mypvit §4.2: by error first, then by status_code.
func TestNotFoundIsReadByCodeWhereTheNameSaysNothing(t *testing.T) {
	for body, found := range map[string]bool{
		`{"status_code":4006}`:                                       false,
		`{"status_code":"4006","error":"SOMETHING_NEW"}`:             false,
		`{"status_code":1,"error":"TRANSACTION_NOT_FOUND"}`:          false,
		`{"status_code":4006,"error":"OPERATION_ACCOUNT_NOT_FOUND"}`: true,
	} {
		c, _ := plugIn(t, newUpstream(t, always(404, body)))
		got, err := c.Status(t.Context(), provider.Ref{Kind: pay.Payment, Reference: "REF1"})
		if got.Outcome != pay.OutcomeUnknown || got.Absent == found || (err != nil) != found {
			t.Errorf("%s: %+v %v", body, got, err)
		}
	}
	c, _ := plugIn(t, newUpstream(t, always(502, `{"status_code":4006}`)))
	if got, err := c.Status(t.Context(), provider.Ref{Kind: pay.Payment, Reference: "REF1"}); err == nil || got.Absent {
		t.Errorf("behind a 5xx: %+v %v", got, err)
	}
	for body, nobody := range map[string]bool{
		`{"status_code":4007}`: true, `{"status_code":3023,"error":"SOMETHING_NEW"}`: true, `{"status_code":4007,"error":"API_NOT_FOUND"}`: false,
	} {
		c, _ := plugIn(t, newUpstream(t, always(404, body)))
		if _, err := c.(provider.LooksUp).LookUp(t.Context(), "+24160000100"); err == nil || errors.Is(err, pay.ErrNotFound) != nobody {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestAPayoutIsFinalInTheAnswer(t *testing.T) {
	for body, want := range map[string]pay.Outcome{
		transcript(t, "rest_give_change.json"):                  pay.OutcomeSucceeded,
		`{"status":"FAILED","status_code":"200"}`:               pay.OutcomeFailed,
		`{"status":"PENDING","status_code":"200"}`:              pay.OutcomePending,
		`{"status":"AMBIGUOUS","status_code":"200"}`:            pay.OutcomeUnknown,
		`{"status":"SOMETHING_NEW","status_code":"200"}`:        pay.OutcomeUnknown,
		`{"status":"FAILED","status_code":"400","message":"x"}`: pay.OutcomeFailed,
	} {
		status := 200
		if strings.Contains(body, `"400"`) {
			status = 400
		}
		c, _ := plugIn(t, newUpstream(t, always(status, body)))
		got, err := c.(provider.PaysOut).PayOut(t.Context(), payoutOrder())
		if err != nil || got.Outcome != want {
			t.Errorf("%s: %+v %v", body, got, err)
		}
	}
}

func TestEveryRowOfTheErrorTableIsReadAsDocumented(t *testing.T) {
	for _, row := range errorRows {
		t.Run(fmt.Sprint(row.code, " ", row.name), func(t *testing.T) {
			body := fmt.Sprintf(`{"date":"01012025-141750","status_code":%d,"error":%q,"message":"text","path":"/X/rest"}`, row.code, row.name)
			u := newUpstream(t, func(_ int, r seen) (int, string) {
				if strings.HasSuffix(r.path, "/status") {
					return 404, `{"status_code":4006,"error":"TRANSACTION_NOT_FOUND"}`
				}
				return row.http, body
			})
			c, _ := plugIn(t, u, "renewal_password", "")
			got, err := c.Submit(t.Context(), paymentOrder())
			switch {
			case row.unknown && (got.Outcome != pay.OutcomeUnknown || err == nil):
				t.Errorf("%+v %v, want unknown", got, err)
			case !row.unknown && (err != nil || got.Outcome != pay.OutcomeFailed || got.Failure.Reason != row.reason || got.Prompted):
				t.Errorf("%+v %v, want failed(%s) before any prompt", got, err, row.reason)
			}
		})
	}
}

// The classes of the table's own rows, read from the wire contract.
func TestTheTableItselfIsTheDocumentedOne(t *testing.T) {
	want := `1000 auth_failed,1001 bad_request,1009 invalid_phone,2000 insufficient_funds,2001 limit_reached,3000 auth_failed,` +
		`3004 operator_unavailable,3014 declined,3016 auth_failed,3017 invalid_phone,3018 amount_too_low,3019 amount_too_high,` +
		`3022 declined,3023 invalid_phone,3100 auth_failed,4001 auth_failed,4007 invalid_phone,5000 duplicate_reference,6000 expired,` +
		`9000 provider_error,9001 provider_error,9002 provider_error,10000 operator_unavailable,10008 provider_error`
	for _, pair := range strings.Split(want, ",") {
		var code int
		var reason string
		_, _ = fmt.Sscan(pair, &code, &reason)
		if row, ok := rowByCode(code); !ok || row.unknown || string(row.reason) != reason {
			t.Errorf("%d: %+v", code, row)
		}
	}
	for _, code := range []int{500, 4006, 5001, 5002, 10001} {
		if row, _ := rowByCode(code); !row.unknown {
			t.Errorf("%d is not unknown", code)
		}
	}
	if len(errorRows) != 63 {
		t.Errorf("%d rows", len(errorRows))
	}
}

func TestWhatMyPVitWouldRefuseIsNeverSent(t *testing.T) {
	u := newUpstream(t, always(200, "{}"))
	for name, c := range map[string]struct {
		change func(*provider.Order)
		reason pay.Reason
		set    []string
	}{
		"150 francs":          {func(o *provider.Order) { o.Amount.Minor = 150 }, pay.AmountTooLow, nil},
		"below 500 on v2":     {func(o *provider.Order) { o.Amount.Minor = 499 }, pay.AmountTooLow, []string{"api_version", "2"}},
		"XOF":                 {func(o *provider.Order) { o.Amount.Currency = money.XOF }, pay.BadRequest, nil},
		"a number of Benin":   {func(o *provider.Order) { o.Method.Phone = "+2290161000000" }, pay.InvalidPhone, nil},
		"a long reference":    {func(o *provider.Order) { o.Reference = strings.Repeat("A", 16) }, pay.BadRequest, nil},
		"a card, nowhere to":  {func(o *provider.Order) { o.Method = pay.Method{Type: pay.CardMethod} }, pay.BadRequest, []string{"success_redirection_url_code", ""}},
		"a card, no customer": {func(o *provider.Order) { o.Method, o.Customer = pay.Method{Type: pay.CardMethod}, pay.Customer{} }, pay.InvalidPhone, nil},
	} {
		t.Run(name, func(t *testing.T) {
			conn, _ := plugIn(t, u, c.set...)
			o := paymentOrder()
			c.change(&o)
			if err := conn.(provider.Validates).Validate(o); pay.KindOf(err) == pay.KindInternal {
				t.Errorf("validate: %v", err)
			}
			got, err := conn.Submit(t.Context(), o)
			if err != nil || got.Outcome != pay.OutcomeFailed || got.Failure.Reason != c.reason || got.Prompted {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
	if len(u.all()) != 0 {
		t.Errorf("%d requests left", len(u.all()))
	}
}

func TestAPlannedOrderNeedsNoReferenceYet(t *testing.T) {
	c, _ := plugIn(t, newUpstream(t, always(500, "")))
	o := paymentOrder()
	o.Reference = ""
	if err := c.(provider.Validates).Validate(o); err != nil {
		t.Error(err)
	}
}

func TestStatusReadsTheDocumentedAnswer(t *testing.T) {
	u := newUpstream(t, always(200, transcript(t, "status.json")))
	c, _ := plugIn(t, u)
	got, err := c.Status(t.Context(), provider.Ref{Kind: pay.Payment, Reference: "REF13090141"})
	if err != nil || got.Outcome != pay.OutcomeFailed || got.Failure.Reason != pay.Declined || got.Amount != providertest.XAF(200) ||
		got.Fees != providertest.XAF(2) || got.Reference != "REF13090141" || got.Phone != "+24160000100" || got.Operator != "moov_ga" {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := c.Status(t.Context(), provider.Ref{Kind: pay.Payout, Reference: "REF1"}); err != nil || u.all()[1].query.Get("transactionOperation") != "GIVE_CHANGE" {
		t.Errorf("payout asked as %v", u.all()[1].query)
	}
}

func TestARefusedStatusQuestionSaysNothingOfTheTransaction(t *testing.T) {
	for _, body := range []string{`{"status_code":4002,"error":"OPERATION_ACCOUNT_NOT_FOUND"}`, `{"status_code":4000,"error":"API_NOT_FOUND"}`} {
		c, _ := plugIn(t, newUpstream(t, always(404, body)))
		got, err := c.Status(t.Context(), provider.Ref{Kind: pay.Payment, Reference: "REF1"})
		if err == nil || got.Outcome != pay.OutcomeUnknown || got.Absent {
			t.Errorf("%+v %v", got, err)
		}
	}
}

func TestAnAmountWithAFractionIsNotBelieved(t *testing.T) {
	c, _ := plugIn(t, newUpstream(t, always(200, strings.Replace(transcript(t, "status.json"), "200.0", "200.5", 1))))
	if got, err := c.Status(t.Context(), provider.Ref{Kind: pay.Payment, Reference: "REF1"}); err == nil || got.Outcome != pay.OutcomeUnknown {
		t.Errorf("%+v %v", got, err)
	}
}

func TestADuplicateReferenceIsAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		kind         pay.Kind
		status       int
		body         string
		outcome      pay.Outcome
		wantDoubtErr bool
	}{
		"our own, succeeded":       {pay.Payment, 200, `{"status":"SUCCESS","amount":200.0}`, pay.OutcomeSucceeded, false},
		"our own, pending":         {pay.Payment, 200, `{"status":"PENDING","amount":200.0}`, pay.OutcomePending, false},
		"another's":                {pay.Payment, 200, `{"status":"SUCCESS","amount":700.0}`, pay.OutcomeFailed, false},
		"not this account's":       {pay.Payment, 404, `{"status_code":4006,"error":"TRANSACTION_NOT_FOUND"}`, pay.OutcomeFailed, false},
		"a payout not found":       {pay.Payout, 404, `{"status_code":4006,"error":"TRANSACTION_NOT_FOUND"}`, pay.OutcomeUnknown, true},
		"a payout that can't tell": {pay.Payout, 502, `<html>`, pay.OutcomeUnknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUpstream(t, func(_ int, r seen) (int, string) {
				if strings.HasSuffix(r.path, "/status") {
					return c.status, c.body
				}
				return 409, `{"status_code":5000,"error":"TRANSACTION_REFERENCE_ALREADY_EXISTS"}`
			})
			conn, _ := plugIn(t, u)
			o := paymentOrder()
			o.Kind = c.kind
			send := conn.Submit
			if c.kind == pay.Payout {
				send = conn.(provider.PaysOut).PayOut
			}
			got, err := send(t.Context(), o)
			if got.Outcome != c.outcome || (err != nil) != c.wantDoubtErr {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
}

func TestTheSideQuestions(t *testing.T) {
	u := newUpstream(t, func(_ int, r seen) (int, string) {
		switch {
		case strings.HasSuffix(r.path, "/kyc") && r.query.Get("customerAccountNumber") == "060000100":
			return 200, transcript(t, "kyc.json")
		case strings.HasSuffix(r.path, "/kyc"):
			return 404, `{"status_code":4007,"error":"UNKNOWN_CUSTOMER"}`
		case strings.HasSuffix(r.path, "/get-fees"):
			return 200, `{"amount":1000.0,"fees":25.0,"totalAmount":1025.0,"operator":"MOOV_MONEY","transactionType":"PAYMENT"}`
		}
		return 200, transcript(t, "balance.json")
	})
	c, _ := plugIn(t, u)
	if h, err := c.(provider.LooksUp).LookUp(t.Context(), "+24160000100"); err != nil || h.Name != "John Doe" || h.Operator != "moov_ga" || !h.Active {
		t.Errorf("%+v %v", h, err)
	}
	if _, err := c.(provider.LooksUp).LookUp(t.Context(), "+24160000999"); !errors.Is(err, pay.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if b, err := c.(provider.Balances).Balances(t.Context()); err != nil || len(b) != 1 || b[0] != providertest.XAF(1000) {
		t.Errorf("%v %v", b, err)
	}
	if _, ok := c.(provider.Quotes); ok {
		t.Error("version 5.5 has no fees to ask for")
	}
	c, _ = plugIn(t, u, "api_version", "2")
	fee, err := c.(provider.Quotes).Quote(t.Context(), provider.QuoteOrder{Kind: pay.Payment, Amount: providertest.XAF(1000), Operator: "moov_ga"})
	if err != nil || fee != providertest.XAF(25) {
		t.Errorf("%v %v", fee, err)
	}
}

func TestARefusedAddressIsToldToAPerson(t *testing.T) {
	c, s := plugIn(t, newUpstream(t, always(400, `{"status_code":1000,"error":"INVALID_MERCHANT_IP_ADDRESS"}`)))
	got, err := c.Submit(t.Context(), paymentOrder())
	if err != nil || got.Failure.Reason != pay.AuthFailed || len(s.Alerts()) != 1 {
		t.Errorf("%+v %v %v", got, err, s.Alerts())
	}
}

func hook(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://passerelle.test/hooks/mypvit/token", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func TestACallbackIsAHintAndItsCodeIsEchoed(t *testing.T) {
	c, _ := plugIn(t, newUpstream(t, always(500, "")))
	for _, k := range []struct {
		name, body, ack string
		hint            pay.Outcome
	}{
		{"the document's", transcript(t, "callback.json"), `{"responseCode":200,"transactionId":"PAY0601250139681"}`, pay.OutcomeSucceeded},
		{"a failed one", `{"transactionId":"PAY1","merchantReferenceId":"REF1","status":"FAILED","code":400}`, `{"responseCode":400,"transactionId":"PAY1"}`, pay.OutcomeFailed},
		{"a sparse one", `{"transactionId":"PAY1","status":"SUCCESS"}`, `{"responseCode":200,"transactionId":"PAY1"}`, pay.OutcomeSucceeded},
		{"an ambiguous one", `{"transactionId":"PAY1","status":"AMBIGUOUS","unknown":{"a":1}}`, `{"responseCode":200,"transactionId":"PAY1"}`, pay.OutcomeUnknown},
		{
			"an XML one", `<?xml version="1.0"?><anything><transactionId>PAY1</transactionId><status>SUCCESS</status><code>200</code></anything>`,
			`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<response><responseCode>200</responseCode><transactionId>PAY1</transactionId></response>`, pay.OutcomeSucceeded,
		},
	} {
		n, err := c.(provider.Notified).ReadNotification(hook(k.body))
		if err != nil || n.Verified || n.Hint != k.hint || n.Answer.Status != 200 || string(n.Answer.Body) != k.ack {
			t.Errorf("%s: %+v %s %v", k.name, n, n.Answer.Body, err)
		}
	}
	n, _ := c.(provider.Notified).ReadNotification(hook(transcript(t, "callback.json")))
	if n.Reference != "REF338717361" || n.ProviderReference != "PAY0601250139681" {
		t.Errorf("%+v", n)
	}
}

func TestOtherRequestsToTheHookAreRefused(t *testing.T) {
	c, s := plugIn(t, newUpstream(t, always(500, "")), "allowed_senders", "198.51.100.0/24")
	from := func(r *http.Request, address string) *http.Request {
		r.RemoteAddr = address
		return r
	}
	callback := transcript(t, "callback.json")
	for name, r := range map[string]*http.Request{
		"another sender": from(hook(callback), "203.0.113.9:1000"),
		"no body":        from(hook(""), "198.51.100.1:1000"),
		"a list":         from(hook("[]"), "198.51.100.1:1000"),
		"no id":          from(hook(`{"status":"SUCCESS"}`), "198.51.100.1:1000"),
		"a GET":          from(httptest.NewRequest(http.MethodGet, "/", nil), "198.51.100.1:1000"),
		"a long body":    from(hook(`{"a":"`+strings.Repeat("x", 1<<20)+`"}`), "198.51.100.1:1000"),
		"XML tricks":     from(hook(`<!DOCTYPE a [<!ENTITY x "y">]><a><transactionId>&x;</transactionId><status>SUCCESS</status></a>`), "198.51.100.1:1000"),
	} {
		_, err := c.(provider.Notified).ReadNotification(r)
		var e *pay.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.(provider.Notified).ReadNotification(from(hook(callback), "198.51.100.1:1000")); err != nil || len(s.Alerts()) != 0 {
		t.Errorf("%v %v", err, s.Alerts())
	}
}

func TestABadConfigurationIsRefused(t *testing.T) {
	for name, v := range map[string]string{"api_version": "3", "v2_min_amount": "much", "allowed_senders": "everyone"} {
		values := maps.Clone(connection())
		values[name] = v
		s := providertest.NewSurroundings(t, Provider(), values)
		if _, err := connect(s.Environment); err == nil {
			t.Errorf("%s=%s is taken", name, v)
		}
	}
}
