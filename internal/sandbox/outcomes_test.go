package sandbox_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/sandbox"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	failed    = pay.OutcomeFailed
	pending   = pay.OutcomePending
	succeeded = pay.OutcomeSucceeded
)

// refusals are the numbers of the contract that simply fail, by last four digits.
var refusals = map[string]pay.Reason{
	"0001": pay.InsufficientFunds,
	"0002": pay.Declined,
	"0003": pay.WrongPINOrOTP,
	"0005": pay.LimitReached,
}

func TestTheLastFourDigitsDecideInEveryCountry(t *testing.T) {
	t.Parallel()
	o := start(t, "0")
	for _, head := range []string{"+2416600", "+22507070", "+24381000", "+2278800"} {
		for last, reason := range refusals {
			o.wantOutcome(o.submit(o.order(head+last)), failed, reason)
		}
		o.wantOutcome(o.submit(o.order(head+"0100")), succeeded, "")
	}
	o.after(time.Hour)
	if heard := o.heard(); len(heard) != 0 {
		t.Errorf("the answers told everything, and yet there is news: %v", heard)
	}
}

func TestACustomerAnswersAfterTheDelay(t *testing.T) {
	t.Parallel()
	o := start(t, "1s")
	for last, reason := range refusals {
		order := o.order("+2416600" + last)
		res := o.submit(order)
		o.wantOutcome(res, pending, "")
		if res.NextAction.Type != pay.ApproveOnPhone || !res.Prompted || res.ProviderReference == "" {
			t.Errorf("a prompt is shown, but the answer is %+v", res)
		}
		o.after(999 * time.Millisecond)
		o.wantOutcome(o.status(order), pending, "")
		o.after(time.Millisecond)
		res = o.status(order)
		o.wantOutcome(res, failed, reason)
		if res.Failure.Message == "" || res.Failure.ProviderCode == "" {
			t.Errorf("the operator's own words are missing: %+v", res.Failure)
		}
		if heard := o.heard(); !slices.Equal(heard, []pay.Outcome{failed}) {
			t.Errorf("%s: news is %v", last, heard)
		}
	}
}

func Test0004NeverAnswersAndTheOperatorReportsExpiryAfterAMinute(t *testing.T) {
	t.Parallel()
	for _, delay := range []string{"1s", "manual"} {
		o := start(t, delay)
		order := o.order("+24166000004")
		o.wantOutcome(o.submit(order), pending, "")
		o.after(59 * time.Second)
		o.wantOutcome(o.status(order), pending, "")
		o.after(time.Second)
		o.wantOutcome(o.status(order), failed, pay.Expired)
		if heard := o.heard(); !slices.Equal(heard, []pay.Outcome{failed}) {
			t.Errorf("news is %v", heard)
		}
	}
	o := start(t, "0")
	o.wantOutcome(o.submit(o.order("+24166000004")), failed, pay.Expired)
}

func Test0006IsRefusedBeforeAnybodyIsAsked(t *testing.T) {
	t.Parallel()
	for _, delay := range []string{"0", "1s", "manual"} {
		o := start(t, delay)
		res := o.submit(o.order("+24166000006"))
		o.wantOutcome(res, failed, pay.OperatorUnavailable)
		if res.Prompted {
			t.Error("nobody was asked, but the result says so; failover would be lost")
		}
	}
}

func Test0007IsAnsweredWithATimeOutAlthoughTheMoneyMoved(t *testing.T) {
	t.Parallel()
	for _, delay := range []string{"0", "1s"} {
		o := start(t, delay)
		order := o.order("+24166000007")
		if _, err := o.conn.Submit(o.Context(), order); err == nil {
			t.Fatal("the submission was answered")
		}
		o.wantOutcome(o.status(order), succeeded, "")
		o.after(time.Second)
		if heard := o.heard(); !slices.Equal(heard, []pay.Outcome{succeeded}) {
			t.Errorf("delay %s: news is %v", delay, heard)
		}
		// The same reference again is answered and moves nothing.
		o.wantOutcome(o.submit(order), succeeded, "")
	}
}

func Test0008IsReportedFailedFirst(t *testing.T) {
	t.Parallel()
	o := start(t, "1s")
	order := o.order("+24166000008")
	o.wantOutcome(o.submit(order), pending, "")
	o.after(time.Second)
	o.wantOutcome(o.status(order), failed, pay.ProviderError)
	o.after(time.Second)
	o.wantOutcome(o.status(order), succeeded, "")
	if heard := o.heard(); !slices.Equal(heard, []pay.Outcome{failed, succeeded}) {
		t.Errorf("news is %v", heard)
	}

	o = start(t, "0")
	res := o.submit(o.order("+24166000008"))
	o.wantOutcome(res, failed, pay.ProviderError)
	if !res.Prompted {
		t.Error("the customer was asked, but the result denies it: failover could ask again")
	}
	o.after(0)
	if heard := o.heard(); !slices.Equal(heard, []pay.Outcome{succeeded}) {
		t.Errorf("news is %v", heard)
	}
}

func TestNotificationsAreDoubledAndLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		last   string
		copies int
	}{{"0009", 3}, {"0010", 0}} {
		t.Run("natively "+c.last+" concerns the operator's own", func(t *testing.T) {
			o := start(t, "1s")
			order := o.order("+2416600" + c.last)
			o.submit(order)
			o.after(time.Second)
			res := o.status(order)
			o.wantOutcome(res, succeeded, "")
			if heard := o.heard(); len(heard) != c.copies || res.NoticeCopies != nil {
				t.Errorf("%d news, copies %v", len(heard), res.NoticeCopies)
			}
		})
		t.Run("through a dialect "+c.last+" concerns the merchant's", func(t *testing.T) {
			o := start(t, "1s")
			order := o.order("+2416600" + c.last)
			order.Front = "shopfront"
			res := o.submit(order)
			if res.NoticeCopies == nil || *res.NoticeCopies != c.copies {
				t.Fatalf("copies are %v, want %d", res.NoticeCopies, c.copies)
			}
			o.after(time.Second)
			if heard := o.heard(); len(heard) != 1 {
				t.Errorf("%d news, want 1", len(heard))
			}
		})
	}
	t.Run("0009 is told three times with an answer at once too", func(t *testing.T) {
		o := start(t, "0")
		o.wantOutcome(o.submit(o.order("+24166000009")), succeeded, "")
		o.after(0)
		if heard := o.heard(); len(heard) != 3 {
			t.Errorf("%d news, want 3", len(heard))
		}
	})
}

func Test0011NeedsAOneTimePassword(t *testing.T) {
	t.Parallel()
	o := start(t, "0")
	confirm := func(order provider.Order, otp pay.Secret) provider.Result {
		res, err := o.conn.Confirm(t.Context(), ref(order), otp)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	right, wrong, late := o.order("+24166000011"), o.order("+24166010011"), o.order("+24166020011")
	res := o.submit(right)
	o.wantOutcome(res, pending, "")
	if res.NextAction.Type != pay.EnterOTP {
		t.Errorf("next action is %+v", res.NextAction)
	}
	if again := o.status(right); again.NextAction != res.NextAction {
		t.Errorf("a status check changes the next action to %+v", again.NextAction)
	}
	o.wantOutcome(confirm(right, "1234"), succeeded, "")
	o.wantOutcome(confirm(right, "9999"), succeeded, "")

	o.submit(wrong)
	o.wantOutcome(confirm(wrong, "4321"), failed, pay.WrongPINOrOTP)
	o.wantOutcome(confirm(wrong, "1234"), failed, pay.WrongPINOrOTP)

	o.submit(late)
	o.after(15 * time.Minute)
	o.wantOutcome(o.status(late), failed, pay.Expired)
}

func TestCardsAreAuthorisedAtOnce(t *testing.T) {
	t.Parallel()
	for _, delay := range []string{"0", "1s", "manual"} {
		o := start(t, delay)
		o.wantOutcome(o.submit(o.card("4000 0000 0000 0002")), failed, pay.Declined)
		o.wantOutcome(o.submit(o.card("4000 0000 0000 9995")), failed, pay.InsufficientFunds)
		o.wantOutcome(o.submit(o.card("5555 5555 5555 4444")), succeeded, "")
	}
}

func TestACardWith3DSecureWaitsForItsHolder(t *testing.T) {
	t.Parallel()
	o := start(t, "0")
	for _, approve := range []bool{true, false} {
		order := o.card("4000 0000 0000 3220")
		res := o.submit(order)
		want := pay.NextAction{Type: pay.Redirect, URL: "https://pay.example/pay/token/challenge"}
		if res.Outcome != pending || res.NextAction != want || o.status(order).NextAction != want {
			t.Fatalf("result is %+v", res)
		}
		res, err := o.conn.Challenge(t.Context(), ref(order), approve)
		if err != nil {
			t.Fatal(err)
		}
		if approve {
			o.wantOutcome(res, succeeded, "")
		} else {
			o.wantOutcome(res, failed, pay.Declined)
		}
	}
}

// documented is a provider's test data: one number, one card, one amount rule.
func documented(t provider.Trial) provider.Verdict {
	switch {
	case t.Phone == "+24166000001":
		return provider.Verdict{Exact: &provider.Scripted{Outcome: succeeded, Message: "Transaction effectuée"}}
	case t.Card == "5555555555554444":
		return provider.Verdict{Exact: &provider.Scripted{Outcome: failed, Failure: pay.Failure{Reason: pay.LimitReached}, Message: "Plafond"}}
	case t.Amount.Minor > 1000:
		return provider.Verdict{Amount: &provider.Scripted{Outcome: failed, Failure: pay.Failure{Reason: pay.Declined}}}
	}
	return provider.Verdict{}
}

func TestDocumentedDataPrecedesTheGenericAndAmountsFollowIt(t *testing.T) {
	t.Parallel()
	o := start(t, "0", documented)
	through := func(order provider.Order, minor int64) provider.Order {
		order.Front, order.Amount = "shopfront", money.New(minor, money.XAF)
		return order
	}
	res := o.submit(through(o.order("+24166000001"), 5000))
	o.wantOutcome(res, succeeded, "")
	if res.Data["message"] != "Transaction effectuée" {
		t.Errorf("the documented message is %q", res.Data["message"])
	}
	o.wantOutcome(o.submit(through(o.order("+24177000001"), 5000)), failed, pay.InsufficientFunds)
	o.wantOutcome(o.submit(through(o.order("+24177000100"), 1000)), succeeded, "")
	o.wantOutcome(o.submit(through(o.order("+24177000100"), 1001)), failed, pay.Declined)
	res = o.submit(through(o.card("5555 5555 5555 4444"), 500))
	o.wantOutcome(res, failed, pay.LimitReached)
	if res.Failure.Message != "Plafond" {
		t.Errorf("the documented message is %q", res.Failure.Message)
	}
	// Natively none of it counts.
	o.wantOutcome(o.submit(o.order("+24166000001")), failed, pay.InsufficientFunds)
}

func TestPayoutsAskNobody(t *testing.T) {
	t.Parallel()
	payout := func(o *operators, phone string) provider.Order {
		order := o.order(phone)
		order.Kind = pay.Payout
		return order
	}
	for _, delay := range []string{"0", "manual"} {
		o := start(t, delay)
		res := o.submit(payout(o, "+24166000100"))
		o.wantOutcome(res, succeeded, "")
		if res.Prompted {
			t.Error("a payout prompted somebody")
		}
		o.wantOutcome(o.submit(payout(o, "+24166000001")), failed, pay.InsufficientFunds)
		o.wantOutcome(o.submit(payout(o, "+24166000011")), succeeded, "")
	}
	o := start(t, "1s")
	order := payout(o, "+24166000100")
	res := o.submit(order)
	o.wantOutcome(res, pending, "")
	if res.NextAction.Type != "" {
		t.Errorf("a payout has the next action %+v", res.NextAction)
	}
	if _, err := o.Approve(t.Context(), "+24166000100"); !errors.Is(err, pay.Conflict("no_prompt", "")) {
		t.Errorf("a payout can be approved on the phone: %v", err)
	}
	o.after(time.Second)
	o.wantOutcome(o.status(order), succeeded, "")
}

func TestARefundGivesBackWhatWasPaid(t *testing.T) {
	t.Parallel()
	o := start(t, "0")
	paid, unpaid := o.order("+24166000100"), o.order("+24166000001")
	o.submit(paid)
	o.submit(unpaid)
	refund := func(payment provider.Order, minor int64) provider.Result {
		order := o.order(payment.Method.Phone)
		order.Kind, order.Amount = pay.Refund, money.New(minor, money.XAF)
		res, err := o.conn.Refund(t.Context(), provider.RefundOrder{Order: order, Payment: ref(payment)})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	o.wantOutcome(refund(paid, 150), succeeded, "")
	o.wantOutcome(refund(paid, 201), failed, pay.AmountTooHigh)
	o.wantOutcome(refund(unpaid, 200), failed, pay.BadRequest)
	o.wantOutcome(refund(o.order("+24166000100"), 200), failed, pay.BadRequest)
}

func TestAnUnknownReferenceIsAbsent(t *testing.T) {
	t.Parallel()
	o := start(t, "0")
	if res := o.status(o.order("+24166000100")); !res.Absent || res.Outcome != pay.OutcomeUnknown {
		t.Errorf("status is %+v", res)
	}
}

func TestTheDelayIsReadFromText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]sandbox.Delay{
		"0": {}, "0s": {}, "1s": {After: time.Second}, "manual": {Manual: true}, "250ms": {After: 250 * time.Millisecond},
	} {
		if got, err := sandbox.ParseDelay(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "soon", "-1s", "5"} {
		if got, err := sandbox.ParseDelay(text); err == nil {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}
