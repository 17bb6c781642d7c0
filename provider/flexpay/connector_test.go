package flexpay

import (
	"context"
	"fmt"
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

const orderNumber = "Zx8LmQ2pRt5K000000000001"

// connected is a connector of a server that answers by the handler.
func connected(t *testing.T, h http.HandlerFunc, more map[string]string) (*connector, *providertest.Surroundings) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	values := map[string]string{
		fieldToken: testToken, fieldMerchant: "ZANDO", fieldCardBase: server.URL, fieldPayBase: server.URL + "/api/rest/v1",
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

// refOf names an order that was submitted as the clock stood.
func refOf(o provider.Order, s *providertest.Surroundings) provider.Ref {
	return provider.Ref{
		Kind: o.Kind, Reference: o.Reference, ProviderReference: orderNumber, Amount: o.Amount, Method: o.Method, SubmittedAt: s.Time(),
	}
}

// checkedAs is a check's answer about the mobile order, or what changes make of it.
func checkedAs(status string, changes ...string) string {
	body := `{"code":"0","message":"Une transaction trouvée","transaction":{"orderNumber":"` + orderNumber +
		`","reference":"PS0123456789ABCDEFGH","amount":"50.0","amountCustomer":"51.0","currency":"CDF",` +
		`"createdAt":"06-02-2025 17:32:46","status":` + status + `}}`
	return strings.NewReplacer(changes...).Replace(body)
}

func TestSubmitPromptsThePhoneOrLeadsToTheCardPage(t *testing.T) {
	c, _ := connected(t, answers(200, read(t, "mobile.json")), nil)
	r, err := c.Submit(context.Background(), mobileOrder())
	if err != nil || r.Outcome != pay.OutcomePending || r.NextAction.Type != pay.ApproveOnPhone ||
		r.ProviderReference != "Hb7RyW2nXc4D243810000100" || !r.Prompted {
		t.Errorf("mobile: %+v, %v", r, err)
	}
	c, _ = connected(t, answers(200, read(t, "card_v1.json")), nil)
	r, err = c.Submit(context.Background(), cardOrder())
	if err != nil || r.Outcome != pay.OutcomePending || r.ProviderReference != orderNumber ||
		r.NextAction != (pay.NextAction{Type: pay.Redirect, URL: "https://sandbox.example.test/checkout/" + orderNumber}) {
		t.Errorf("card: %+v, %v", r, err)
	}
	c, _ = connected(t, answers(200, read(t, "payout.json")), nil)
	r, err = c.PayOut(context.Background(), payoutOrder())
	if err != nil || r.Outcome != pay.OutcomePending || r.NextAction.Type != "" || r.ProviderReference != "Ku5Jd9sVeA6F243810000100" {
		t.Errorf("payout: %+v, %v", r, err)
	}
	c, _ = connected(t, answers(200, read(t, "payout_refused.json")), nil)
	r, err = c.PayOut(context.Background(), payoutOrder())
	if err != nil || r.Outcome != pay.OutcomeFailed || r.Failure.Reason != pay.InsufficientFunds || r.Failure.ProviderCode != "1" {
		t.Errorf("refused payout: %+v, %v", r, err)
	}
}

func TestSubmitSendsOurOwnAddressesAndExactAmounts(t *testing.T) {
	var got sent
	c, _ := connected(t, recording(&got, read(t, "card_v11.json")), map[string]string{fieldCardAPI: CardV11})
	o := cardOrder()
	o.Amount = money.New(1250, money.USD)
	if _, err := c.Submit(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"amount":"12.50"`, `"callback_url":"https://passerelle.test/hooks/flexpay/1"`, `"merchant":"ZANDO"`,
		`"approve_url":"https://passerelle.test/pay/token/return"`, `"cancel_url":"https://passerelle.test/pay/token/return"`,
		`"decline_url":"https://passerelle.test/pay/token/return"`, `"home_url":"https://passerelle.test/pay/token/return"`,
	} {
		if !strings.Contains(got.body, want) {
			t.Errorf("%s is not in %s", want, got.body)
		}
	}
	c, _ = connected(t, recording(&got, read(t, "mobile.json")), nil)
	if _, err := c.Submit(context.Background(), mobileOrder()); err != nil || !strings.Contains(got.body, `"phone":"243810000100","amount":"50"`) {
		t.Errorf("sent %s, %v", got.body, err)
	}
}

func TestSubmitRefusesBeforeAnyCallWhatDoesNotFit(t *testing.T) {
	c, _ := connected(t, func(http.ResponseWriter, *http.Request) { t.Error("a call was made") }, nil)
	for name, tt := range map[string]struct {
		change func(*provider.Order)
		reason pay.Reason
	}{
		"centimes of CDF":  {func(o *provider.Order) { o.Amount.Minor++ }, pay.BadRequest},
		"XAF":              {func(o *provider.Order) { o.Amount = money.New(100, money.XAF) }, pay.BadRequest},
		"a Gabonese phone": {func(o *provider.Order) { o.Method.Phone = "+24174000100" }, pay.InvalidPhone},
		"no phone":         {func(o *provider.Order) { o.Method.Phone = "" }, pay.InvalidPhone},
	} {
		o := mobileOrder()
		tt.change(&o)
		r, err := c.Submit(context.Background(), o)
		if err != nil || r.Outcome != pay.OutcomeFailed || r.Failure.Reason != tt.reason || r.Prompted {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if r, err := c.PayOut(context.Background(), o); err != nil || r.Outcome != pay.OutcomeFailed {
			t.Errorf("payout, %s: %+v, %v", name, r, err)
		}
	}
	if err := c.Validate(provider.Order{Kind: pay.Payment, Amount: money.New(1, money.USD), Method: pay.Method{Type: pay.CardMethod}}); err != nil {
		t.Errorf("a cent by card: %v", err)
	}
}

func TestACardInitiationWithoutAPageIsUnknown(t *testing.T) {
	c, _ := connected(t, answers(200, `{"code":"0","orderNumber":"`+orderNumber+`","url":null}`), nil)
	r, err := c.Submit(context.Background(), cardOrder())
	if err != nil || r.Outcome != pay.OutcomeUnknown || r.ProviderReference != orderNumber {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestStatusReadsEachStatusInBothProfiles(t *testing.T) {
	for _, tt := range []struct {
		status, profile string
		outcome         pay.Outcome
		reason          pay.Reason
		alerts          int
	}{
		{`"0"`, profileStrict, pay.OutcomeSucceeded, "", 0},
		{`0`, profileStrict, pay.OutcomeSucceeded, "", 0},
		{`"1"`, profileStrict, pay.OutcomePending, "", 0},
		{`1`, profileExtended, pay.OutcomeFailed, pay.Declined, 0},
		{`"2"`, profileStrict, pay.OutcomePending, "", 0},
		{`2`, profileExtended, pay.OutcomePending, "", 0},
		{`"3"`, profileStrict, pay.OutcomeSucceeded, "", 1},
		{`"4"`, profileExtended, pay.OutcomeSucceeded, "", 1},
		{`"5"`, profileStrict, pay.OutcomeFailed, pay.CustomerCanceled, 0},
		{`"9"`, profileExtended, pay.OutcomeUnknown, "", 0},
		{`null`, profileStrict, pay.OutcomeUnknown, "", 0},
	} {
		c, s := connected(t, answers(200, checkedAs(tt.status)), map[string]string{fieldStatusProfile: tt.profile})
		r, err := c.Status(context.Background(), refOf(mobileOrder(), s))
		if err != nil || r.Outcome != tt.outcome || r.Failure.Reason != tt.reason || len(s.Alerts()) != tt.alerts {
			t.Errorf("%s %s: %+v, %v, %v", tt.status, tt.profile, r, err, s.Alerts())
		}
		if tt.outcome == pay.OutcomeSucceeded && (r.Amount != cdf(50) || r.ProviderReference != orderNumber || r.Reference != "PS0123456789ABCDEFGH") {
			t.Errorf("%s: %+v", tt.status, r)
		}
		if tt.outcome == pay.OutcomeFailed && r.Failure.ProviderCode != strings.Trim(tt.status, `"`) {
			t.Errorf("%s: %+v", tt.status, r.Failure)
		}
	}
}

func TestStrictStatusOneIsReadByTheCallbackAndTheClock(t *testing.T) {
	for _, tt := range []struct {
		name    string
		order   provider.Order
		age     time.Duration
		hint    bool
		outcome pay.Outcome
		reason  pay.Reason
	}{
		{"a phone that is young", mobileOrder(), 15*time.Minute - time.Second, false, pay.OutcomePending, ""},
		{"a phone that is late", mobileOrder(), 15 * time.Minute, false, pay.OutcomeFailed, pay.Expired},
		{"a phone after a callback", mobileOrder(), time.Second, true, pay.OutcomeFailed, pay.Declined},
		{"a phone long after a callback", mobileOrder(), time.Hour, true, pay.OutcomeFailed, pay.Declined},
		{"a card that is young", cardOrder(), 30*time.Minute - time.Second, false, pay.OutcomePending, ""},
		{"a card that is late", cardOrder(), 30 * time.Minute, false, pay.OutcomeFailed, pay.Expired},
		{"a payout that is late", payoutOrder(), 24 * time.Hour, false, pay.OutcomePending, ""},
		{"a payout after a callback", payoutOrder(), time.Second, true, pay.OutcomeFailed, pay.Declined},
	} {
		c, s := connected(t, answers(200, checkedAs(`"1"`)), nil)
		ref := refOf(tt.order, s)
		ref.HintFailed = tt.hint
		s.Advance(tt.age)
		r, err := c.Status(context.Background(), ref)
		if err != nil || r.Outcome != tt.outcome || r.Failure.Reason != tt.reason {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
	}
	if Provider().Recheck[pay.Expired] != 24*time.Hour {
		t.Error("an expired payment is not asked about for another day")
	}
}

func TestStatusHoldsTheAnswerAgainstTheOrder(t *testing.T) {
	for _, tt := range []struct {
		name    string
		body    string
		outcome pay.Outcome
		alerts  int
	}{
		{"customer_amount", checkedAs(`"0"`, "51.0", "60.0"), pay.OutcomeSucceeded, 0},
		{"a plain amount", checkedAs(`"0"`, `"50.0"`, "50"), pay.OutcomeSucceeded, 0},
		{"no orderNumber", checkedAs(`"0"`, `"orderNumber":"`+orderNumber+`",`, ""), pay.OutcomeSucceeded, 0},
		{"another amount", checkedAs(`"0"`, "50.0", "49.0"), pay.OutcomeUnknown, 1},
		{"an unreadable amount", checkedAs(`"0"`, "50.0", "5e1"), pay.OutcomeUnknown, 1},
		{"another currency", checkedAs(`"0"`, "CDF", "USD"), pay.OutcomeUnknown, 1},
		{"no amount", checkedAs(`"0"`, `"amount":"50.0",`, ""), pay.OutcomeUnknown, 1},
		{"a null currency", checkedAs(`"0"`, `"CDF"`, "null"), pay.OutcomeUnknown, 1},
		{"reference_mismatch", checkedAs(`"0"`, "PS0123456789ABCDEFGH", "MMO00012"), pay.OutcomeUnknown, 1},
		{"no reference", checkedAs(`"0"`, `"reference":"PS0123456789ABCDEFGH",`, ""), pay.OutcomeUnknown, 1},
		{"another's failure", checkedAs(`"5"`, "PS0123456789ABCDEFGH", "MMO00012"), pay.OutcomeUnknown, 1},
	} {
		c, s := connected(t, answers(200, tt.body), nil)
		r, err := c.Status(context.Background(), refOf(mobileOrder(), s))
		if err != nil || r.Outcome != tt.outcome || len(s.Alerts()) != tt.alerts {
			t.Errorf("%s: %+v, %v, %v", tt.name, r, err, s.Alerts())
		}
	}
}

func TestAbsenceIsNeverAFailure(t *testing.T) {
	c, s := connected(t, answers(200, read(t, "check_not_found.json")), nil)
	s.Advance(0)
	ref := refOf(mobileOrder(), s)
	s.Advance(48 * time.Hour)
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeUnknown || !r.Absent {
		t.Errorf("%+v, %v", r, err)
	}
	c, s = connected(t, answers(404, `{"error":"Not Found"}`), nil)
	r, err := c.Status(context.Background(), refOf(mobileOrder(), s))
	if err != nil || r.Outcome != pay.OutcomeUnknown || r.Absent || len(s.Alerts()) != 1 {
		t.Errorf("check_host_moved: %+v, %v, %v", r, err, s.Alerts())
	}
	if len(Provider().Abandon) != 0 {
		t.Error("absence counts for something")
	}
}

func notify(t *testing.T, c *connector, body string) provider.Notification {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/hooks/flexpay/1", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	n, err := c.ReadNotification(r)
	if err != nil {
		t.Fatal(err)
	}
	if n.Answer.Status != 200 || string(n.Answer.Body) != `{"received":true}` || n.Verified {
		t.Errorf("notification %+v", n)
	}
	return n
}

func callbackOf(code, number string) string {
	return fmt.Sprintf(`{"code":%s,"reference":"PS0123456789ABCDEFGH","provider_reference":"","orderNumber":%q}`, code, number)
}

func TestCallbacksAreHints(t *testing.T) {
	c, _ := connected(t, answers(500, ""), nil)
	for code, hint := range map[string]pay.Outcome{`"0"`: pay.OutcomeSucceeded, `0`: pay.OutcomeSucceeded, `"1"`: pay.OutcomeFailed, `7`: pay.OutcomeFailed, `null`: ""} {
		n := notify(t, c, callbackOf(code, orderNumber))
		if n.Reference != "PS0123456789ABCDEFGH" || n.ProviderReference != orderNumber || n.Hint != hint {
			t.Errorf("%s: %+v", code, n)
		}
	}
	for name, r := range map[string]*http.Request{
		"broken": httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"code":`)),
		"long":   httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"code":"`+strings.Repeat("0", maxBody)+`"}`)),
	} {
		if _, err := c.ReadNotification(r); pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := c.ReadNotification(httptest.NewRequest(http.MethodGet, "/", nil)); err != nil || n.Reference != "" || n.Answer.Status != 200 {
		t.Errorf("a visit: %+v, %v", n, err)
	}
}

// flexpay is a server with one page that has no orderNumber, and one payment.
func flexpay(checks *[]string, found string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		number, isCheck := strings.CutPrefix(r.URL.Path, "/api/rest/v1/check/")
		switch {
		case !isCheck:
			answers(200, `{"code":"0","url":"https://gwvisa.flexpay.cd/page/Qm3vT8kLpZ21000000000009"}`)(w, r)
		case number == orderNumber:
			*checks = append(*checks, number)
			answers(200, found)(w, r)
		default:
			*checks = append(*checks, number)
			answers(200, `{"code":"1","message":"Aucune transaction trouvée","transaction":null}`)(w, r)
		}
	}
}

func TestWithoutAnOrderNumberTheCallbackBringsIt(t *testing.T) {
	var checks []string
	o := mobileOrder()
	o.Method = pay.Method{Type: pay.CardMethod}
	c, s := connected(t, flexpay(&checks, checkedAs(`"0"`)), nil)
	r, err := c.Submit(context.Background(), o)
	if err != nil || r.Outcome != pay.OutcomePending || r.ProviderReference != "" || r.Data[dataHint] != "Qm3vT8kLpZ21000000000009" {
		t.Fatalf("%+v, %v", r, err)
	}
	ref := refOf(o, s)
	ref.ProviderReference, ref.Data = "", r.Data
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeUnknown || r.Absent {
		t.Errorf("by the hint: %+v, %v", r, err)
	}
	notify(t, c, callbackOf(`"0"`, orderNumber))
	r, err = c.Status(context.Background(), ref)
	if err != nil || r.Outcome != pay.OutcomeSucceeded || r.ProviderReference != orderNumber {
		t.Errorf("after the callback: %+v, %v", r, err)
	}
	if want := "Qm3vT8kLpZ21000000000009 " + orderNumber; strings.Join(checks, " ") != want {
		t.Errorf("checks %v", checks)
	}
	if len(s.Alerts()) != 0 {
		t.Errorf("alerts %v", s.Alerts())
	}
}

func TestTheHintOfThePageIsTriedAndVerified(t *testing.T) {
	var checks []string
	c, s := connected(t, flexpay(&checks, checkedAs(`"0"`)), nil)
	ref := refOf(mobileOrder(), s)
	ref.ProviderReference, ref.Data = "", map[string]string{dataHint: orderNumber}
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeSucceeded || r.ProviderReference != orderNumber {
		t.Errorf("%+v, %v", r, err)
	}
	c, s = connected(t, flexpay(&checks, checkedAs(`"0"`, "PS0123456789ABCDEFGH", "MMO00012")), nil)
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeUnknown || r.ProviderReference != "" || len(s.Alerts()) != 0 {
		t.Errorf("a wrong guess: %+v, %v, %v", r, err, s.Alerts())
	}
}

func TestNobodyCanAskWithoutANumberAndAPersonHearsOfItOnce(t *testing.T) {
	c, s := connected(t, func(http.ResponseWriter, *http.Request) { t.Error("a call was made") }, nil)
	ref := refOf(mobileOrder(), s)
	ref.ProviderReference = ""
	for range 5 {
		if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeUnknown || r.Absent {
			t.Errorf("%+v, %v", r, err)
		}
		s.Advance(14 * time.Minute)
	}
	if len(s.Alerts()) != 1 {
		t.Errorf("alerts %v", s.Alerts())
	}
}

func TestABoundOrderNumberIsNotReplacedByACallback(t *testing.T) {
	c, s := connected(t, answers(200, read(t, "card_v1.json")), nil)
	if _, err := c.Submit(context.Background(), cardOrder()); err != nil {
		t.Fatal(err)
	}
	if n := notify(t, c, callbackOf(`"1"`, "Forged000000000000000001")); n.Reference != "" || n.ProviderReference != "" || n.Hint != "" {
		t.Errorf("another number: %+v", n)
	}
	if len(s.Alerts()) != 1 {
		t.Errorf("alerts %v", s.Alerts())
	}
	if n := notify(t, c, callbackOf(`"0"`, orderNumber)); n.Reference == "" || n.Hint != pay.OutcomeSucceeded {
		t.Errorf("the right number: %+v", n)
	}
	if n := notify(t, c, `{"code":"0","reference":"SOMEBODY1","orderNumber":"N1"}`); n.Reference != "SOMEBODY1" {
		t.Errorf("an unknown reference: %+v", n)
	}
	if _, found, _ := c.recall(context.Background(), "SOMEBODY1"); found {
		t.Error("a foreign reference is kept")
	}
}

func TestFlexPaysAnswerWinsOverACallbackThatCameBefore(t *testing.T) {
	c, s := connected(t, answers(200, read(t, "card_v1.json")), nil)
	notify(t, c, callbackOf(`"0"`, "Forged000000000000000001"))
	if _, err := c.Submit(context.Background(), cardOrder()); err != nil {
		t.Fatal(err)
	}
	if kept, _, _ := c.recall(context.Background(), cardOrder().Reference); kept.Number != orderNumber || len(s.Alerts()) != 1 {
		t.Errorf("kept %v, alerts %v", kept, s.Alerts())
	}
}

func TestANumberFromACallbackThatIsAnothersIsDropped(t *testing.T) {
	var checks []string
	c, s := connected(t, flexpay(&checks, checkedAs(`"0"`, "PS0123456789ABCDEFGH", "MMO00012")), nil)
	notify(t, c, callbackOf(`"0"`, orderNumber))
	ref := refOf(mobileOrder(), s)
	ref.ProviderReference = ""
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeUnknown || len(s.Alerts()) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if n := notify(t, c, callbackOf(`"0"`, "Truly0000000000000000001")); n.ProviderReference != "Truly0000000000000000001" {
		t.Errorf("the true callback: %+v", n)
	}
}

func TestConnectRefusesSettingsThatCouldOnlyFailLater(t *testing.T) {
	good := map[string]string{
		fieldToken: testToken, fieldMerchant: "ZANDO", fieldCardBase: "https://cardpayment.flexpay.cd",
		fieldPayBase: "https://backend.flexpay.cd/api/rest/v1",
	}
	for field, value := range map[string]string{
		fieldToken: "Bearer ", fieldMerchant: "", fieldCardBase: "http://cardpayment.flexpay.cd", fieldPayBase: "",
		fieldCheckBase: "apicheck.flexpaie.com", fieldCardAPI: "v3", fieldV1Body: "xml", fieldStatusProfile: "loose",
	} {
		values := map[string]string{field: value}
		for name, v := range good {
			if name != field {
				values[name] = v
			}
		}
		s := providertest.NewSurroundings(t, Provider(), values)
		if _, err := connect(s.Environment); pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("%s=%q: %v", field, value, err)
		}
	}
	if _, err := connect(providertest.NewSurroundings(t, Provider(), good).Environment); err != nil {
		t.Error(err)
	}
}
