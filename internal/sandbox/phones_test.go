package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/sandbox"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestAManualCustomerAnswersOnTheVirtualPhone(t *testing.T) {
	t.Parallel()
	o := start(t, "manual")
	first, second := o.order("+24166000100"), o.order("+24166000100")
	o.submit(first)
	o.clock.advance(time.Second)
	o.submit(second)
	o.after(24 * time.Hour)
	o.wantOutcome(o.status(first), pending, "")

	p, err := o.Phone(t.Context(), "+24166000100")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Prompts) != 2 || p.Prompts[0].Payment != second.TransactionID || !strings.Contains(p.Prompts[0].Text, "200\u00a0F\u00a0CFA") {
		t.Fatalf("prompts are %+v", p.Prompts)
	}
	e, err := o.Approve(t.Context(), "+24166000100")
	if err != nil || e.Payment != second.TransactionID {
		t.Fatalf("approved %+v, %v; want the newest prompt", e, err)
	}
	o.wantOutcome(o.status(second), succeeded, "")
	if e, err = o.Decline(t.Context(), "+24166000100"); err != nil || e.Payment != first.TransactionID {
		t.Fatalf("declined %+v, %v", e, err)
	}
	o.wantOutcome(o.status(first), failed, pay.Declined)
	if heard := o.heard(); !slices.Equal(heard, []pay.Outcome{succeeded, failed}) {
		t.Errorf("news is %v", heard)
	}
	if _, err := o.Approve(t.Context(), "+24166000100"); !errors.Is(err, &pay.Error{Kind: pay.KindConflict, Code: "no_prompt"}) {
		t.Errorf("a third answer: %v", err)
	}
	p, err = o.Phone(t.Context(), "+24166000100")
	if err != nil || len(p.Messages) != 2 || len(p.Operations) != 2 {
		t.Errorf("phone is %+v, %v", p, err)
	}
}

func TestAPersonCanLetAPromptTimeOut(t *testing.T) {
	t.Parallel()
	o := start(t, "manual")
	order := o.order("+24166000100")
	o.submit(order)
	if _, err := o.Expire(t.Context(), "066000100"); err != nil {
		t.Fatal(err)
	}
	o.wantOutcome(o.status(order), failed, pay.Expired)
	if heard := o.heard(); !slices.Equal(heard, []pay.Outcome{failed}) {
		t.Errorf("news is %v", heard)
	}
	if _, err := o.Expire(t.Context(), "066000100"); !errors.Is(err, &pay.Error{Kind: pay.KindConflict, Code: "no_prompt"}) {
		t.Errorf("a second time: %v", err)
	}
}

func TestTheNumberStillDecidesWhenAPersonApproves(t *testing.T) {
	t.Parallel()
	o := start(t, "manual")
	poor := o.order("+24166000001")
	o.submit(poor)
	if _, err := o.Approve(t.Context(), "+24166000001"); err != nil {
		t.Fatal(err)
	}
	o.wantOutcome(o.status(poor), failed, pay.InsufficientFunds)

	slow := o.order("+24166000004")
	o.submit(slow)
	if _, err := o.Approve(t.Context(), "+24166000004"); err != nil {
		t.Fatal(err)
	}
	o.wantOutcome(o.status(slow), succeeded, "")
	o.after(time.Hour)
	o.wantOutcome(o.status(slow), succeeded, "")

	coded := o.order("+24166000011")
	o.submit(coded)
	p, err := o.Phone(t.Context(), "+24166000011")
	if err == nil && len(p.Prompts) == 1 && (strings.Contains(p.Prompts[0].Text, "marchand") || !strings.Contains(p.Prompts[0].Text, "page de paiement")) {
		t.Errorf("the customer is asked %q, and told to give the code to nobody", p.Prompts[0].Text)
	}
	if err != nil || len(p.Prompts) != 1 || p.Prompts[0].OTP != "1234" || !strings.Contains(p.Messages[0].Text, "1234") {
		t.Fatalf("phone is %+v, %v; the one-time password should be on it", p, err)
	}
	if _, err := o.Approve(t.Context(), "+24166000011"); err != nil {
		t.Fatal(err)
	}
	o.wantOutcome(o.status(coded), succeeded, "")
}

func TestAPhoneIsFoundByAnyFormOfItsNumber(t *testing.T) {
	t.Parallel()
	o := start(t, "manual")
	for _, c := range []struct{ e164, forms string }{
		{"+24166000100", "+24166000100 24166000100 0024166000100 066000100 66000100"},
		{"+243812345678", "+243812345678 243812345678 0812345678 812345678"},
		{"+2250707123456", "+2250707123456 0707123456"},
		{"+22788123456", "22788123456 88123456"},
	} {
		for form := range strings.FieldsSeq(c.forms) {
			o.submit(o.order(c.e164))
			if _, err := o.Approve(t.Context(), form); err != nil {
				t.Errorf("%s as %s: %v", c.e164, form, err)
			}
		}
	}
	for _, form := range []string{"+24177999999", "077999999", "nobody", ""} {
		if _, err := o.Approve(t.Context(), form); !errors.Is(err, pay.ErrNotFound) {
			t.Errorf("%q: %v", form, err)
		}
	}
}

func TestAnUnansweredPromptCanBeWithdrawn(t *testing.T) {
	t.Parallel()
	o := start(t, "1s")
	order := o.order("+24166000100")
	o.submit(order)
	for range 2 { // withdrawing again changes nothing
		res, err := o.conn.Cancel(t.Context(), ref(order))
		if err != nil || res.Outcome != pay.OutcomeCanceled {
			t.Fatalf("cancel gives %+v, %v", res, err)
		}
	}
	o.after(time.Hour)
	if res := o.status(order); res.Outcome != pay.OutcomeCanceled {
		t.Errorf("status is %+v", res)
	}
	if heard := o.heard(); len(heard) != 0 {
		t.Errorf("news is %v", heard)
	}

	paid := o.order("+24166000200")
	o.submit(paid)
	o.after(time.Second)
	res, err := o.conn.Cancel(t.Context(), ref(paid))
	if err != nil {
		t.Fatal(err)
	}
	o.wantOutcome(res, succeeded, "")
}

func TestAReferenceIsTakenOnce(t *testing.T) {
	t.Parallel()
	o := start(t, "manual")
	order := o.order("+24166000100")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { o.submit(order) })
	}
	wg.Wait()
	p, err := o.Phone(t.Context(), "+24166000100")
	if err != nil || len(p.Prompts) != 1 {
		t.Errorf("phone is %+v, %v; want one prompt", p, err)
	}
	if o.Violations() != 0 {
		t.Errorf("%d violations", o.Violations())
	}
}

func TestTwoLivePromptsForOneTransactionAreCounted(t *testing.T) {
	t.Parallel()
	o := start(t, "manual")
	first, second, third := o.order("+24166000100"), o.order("+24166000100"), o.order("+24166000100")
	second.TransactionID, third.TransactionID = first.TransactionID, first.TransactionID
	o.submit(first)
	if _, err := o.Decline(t.Context(), "+24166000100"); err != nil {
		t.Fatal(err)
	}
	o.submit(second)
	if o.Violations() != 0 {
		t.Error("a second try after a refusal is no violation")
	}
	o.submit(third)
	if o.Violations() != 1 {
		t.Errorf("%d violations, want 1", o.Violations())
	}
}

// One operation meets an approval, a refusal, a withdrawal and a time-out at
// the same moment: one of them ends it, and only that one is told.
func TestAnswersRaceSafely(t *testing.T) {
	t.Parallel()
	o := start(t, "1s")
	for i := range 15 {
		number := fmt.Sprintf("+241660%05d", 1000+i)
		order := o.order(number)
		o.submit(order)
		o.clock.advance(time.Second)
		claimed, err := o.Claim(t.Context(), 10)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claimed %v, %v", claimed, err)
		}
		var wg sync.WaitGroup
		var canceled provider.Result
		race := func(f func(context.Context) error) {
			wg.Go(func() {
				if err := f(t.Context()); err != nil && pay.KindOf(err) != pay.KindConflict {
					t.Error(err)
				}
			})
		}
		race(func(ctx context.Context) error { return o.Work(ctx, claimed[0]) })
		race(func(ctx context.Context) error { _, err := o.Approve(ctx, number); return err })
		race(func(ctx context.Context) error { _, err := o.Decline(ctx, number); return err })
		race(func(ctx context.Context) (err error) { canceled, err = o.conn.Cancel(ctx, ref(order)); return err })
		wg.Wait()
		end := o.status(order)
		heard := o.heard()
		if canceled.Outcome != end.Outcome {
			t.Fatalf("the withdrawal heard %s, the operation ended %s", canceled.Outcome, end.Outcome)
		}
		if end.Outcome == pay.OutcomeCanceled && len(heard) != 0 || end.Outcome != pay.OutcomeCanceled && len(slices.Compact(heard)) != 1 {
			t.Fatalf("ended %s, told %v", end.Outcome, heard)
		}
	}
}

func TestANotificationIsSentAgainUntilItIsTaken(t *testing.T) {
	t.Parallel()
	o := start(t, "1s")
	order := o.order("+24166000100")
	o.submit(order)
	o.deaf = true
	o.after(time.Second)
	o.wantOutcome(o.status(order), succeeded, "")
	o.deaf = false
	o.after(30 * time.Second)
	if heard := o.heard(); !slices.Equal(heard, []pay.Outcome{succeeded}) {
		t.Errorf("news is %v", heard)
	}
	o.after(time.Hour)
	if heard := o.heard(); len(heard) != 0 {
		t.Errorf("more news: %v", heard)
	}
}

func TestAnAccountHasAHolder(t *testing.T) {
	t.Parallel()
	o := start(t, "0")
	look := func(number string) (provider.Holder, error) { return o.conn.LookUp(t.Context(), number) }
	h, err := look("+24177000100")
	if err != nil || h.Name == "" || h.Operator != "airtel_ga" || h.Phone != "+24177000100" || !h.Active {
		t.Errorf("holder is %+v, %v", h, err)
	}
	if again, _ := look("24177000100"); again != h {
		t.Errorf("the holder changes: %+v", again)
	}
	if h, err := look("+24177000006"); err != nil || h.Active {
		t.Errorf("0006 is %+v, %v; want an inactive account", h, err)
	}
	if _, err := look("+24177000000"); !errors.Is(err, pay.ErrNotFound) {
		t.Errorf("0000: %v", err)
	}
	if _, err := look("12"); pay.KindOf(err) != pay.KindInvalid {
		t.Errorf("no number: %v", err)
	}
}

func TestTheDescriptorIsOfARailThatTakesEverything(t *testing.T) {
	t.Parallel()
	p := sandbox.New(sandbox.Config{}).Provider()
	for _, c := range p.Currencies {
		for _, m := range []pay.MethodType{pay.MobileMoney, pay.CardMethod, pay.Wallet} {
			if !p.Can(pay.Payment, m, c, false) || !p.Can(pay.Refund, m, c, false) {
				t.Errorf("no payment or refund by %s in %s", m, c)
			}
		}
		if !p.Can(pay.Payout, pay.MobileMoney, c, false) || p.Can(pay.Payout, pay.CardMethod, c, false) {
			t.Errorf("payouts in %s are wrong", c)
		}
	}
	if len(p.Currencies) != 5 || len(p.Credentials) != 0 || !p.ResubmitSafe {
		t.Errorf("descriptor is %+v", p)
	}
}
