package gateway_test

import (
	"context"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestARailThatIsDownBeforeAnybodyWasAskedIsReplacedByTheNext(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(down))
		w.beta.on(submit, func(_ context.Context, c call) (provider.Result, error) {
			list := w.attempts(pay.Transaction{MerchantID: c.order.MerchantID, ID: c.order.TransactionID})
			if len(list) != 2 || list[0].Status != pay.AttemptFailed || list[1].Status != pay.AttemptSubmitting {
				t.Errorf("beta was called with attempts %+v, want alpha's failed and its own submitting", list)
			}
			return paid, nil
		})
		tx := w.create(w.live, order("R1"))
		if tx.Status != pay.StatusSucceeded || tx.Provider != "beta" || tx.Connection != w.connections["beta"].ID || tx.PaidAttempt != 2 {
			t.Errorf("got %s by %s, attempt %d", tx.Status, tx.Provider, tx.PaidAttempt)
		}
		if a, b := w.alpha.got(submit)[0], w.beta.got(submit)[0]; a.reference == b.reference {
			t.Error("two attempts share one reference")
		}
		w.events(tx, "payment.created", "payment.succeeded")
		w.holds("beta", 5000, 0)
		w.holds("alpha", 1_000_000, 0)
	})
}

func TestNoFailoverAfterAPromptOrInDoubtOrForTheOrdersOwnFault(t *testing.T) {
	failed := func(reason pay.Reason, prompted bool) provider.Result {
		return provider.Result{Outcome: pay.OutcomeFailed, Prompted: prompted, Failure: pay.Failure{Reason: reason}}
	}
	onEachEngine(t, func(t *testing.T, w *world) {
		for name, c := range map[string]struct {
			answer answer
			want   pay.Status
		}{
			"prompted":           {said(failed(pay.OperatorUnavailable, true)), pay.StatusFailed},
			"lost":               {lost, pay.StatusPending},
			"unknown":            {said(provider.Result{Outcome: pay.OutcomeUnknown}), pay.StatusPending},
			"pending":            {said(provider.Result{Outcome: pay.OutcomePending}), pay.StatusPending},
			"insufficient funds": {said(failed(pay.InsufficientFunds, false)), pay.StatusFailed},
			"invalid phone":      {said(failed(pay.InvalidPhone, false)), pay.StatusFailed},
			"bad request":        {said(failed(pay.BadRequest, false)), pay.StatusFailed},
			"of another reference": {said(provider.Result{
				Outcome: pay.OutcomeFailed, Reference: "PSOMEOTHER", Failure: pay.Failure{Reason: pay.OperatorUnavailable},
			}), pay.StatusPending},
		} {
			w.alpha.on(submit, c.answer)
			tx := w.create(w.live, order(name))
			if tx.Status != c.want || tx.Attempts != 1 {
				t.Errorf("%s: got %s after %d attempts, want %s after one", name, tx.Status, tx.Attempts, c.want)
			}
		}
		if n := w.beta.count(submit); n != 0 {
			t.Errorf("beta got %d submissions, want none", n)
		}
	})
}

func TestFailoverEndsWithTheLastRail(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(down))
		w.beta.on(submit, said(down))
		tx := w.create(w.live, order("R1"))
		if tx.Status != pay.StatusFailed || tx.Failure.Reason != pay.OperatorUnavailable || tx.Attempts != 2 {
			t.Errorf("got %s with %+v after %d attempts", tx.Status, tx.Failure, tx.Attempts)
		}
		w.events(tx, "payment.created", "payment.failed")
	})
}

func TestAPayoutDoesNotFailOverAsItsMoneyLiesElsewhere(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(payOut, said(down))
		tx := w.create(w.live, payout("P1", 1000))
		if tx.Status != pay.StatusFailed || w.beta.count(payOut) != 0 {
			t.Errorf("got %s; beta paid out %d times, want a failed payout and no call", tx.Status, w.beta.count(payOut))
		}
		w.holds("alpha", 1_000_000, 0)
		w.holds("beta", 0, 0)
		w.balanced()
	})
}

// failedOver gives a payment whose first attempt failed at alpha and whose
// second waits at beta, with both references.
func (w *world) failedOver() (tx pay.Transaction, first, second string) {
	w.Helper()
	w.alpha.on(submit, said(down))
	tx = w.create(w.live, order("R1"))
	a := w.attempts(tx)
	if len(a) != 2 || tx.Status != pay.StatusPending {
		w.Fatalf("got %s with %d attempts, want pending at the second", tx.Status, len(a))
	}
	return tx, a[0].Reference, a[1].Reference
}

func TestLateFailureOfAnEarlierAttemptDoesNotEndTheOneAtWork(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx, first, _ := w.failedOver()
		for _, res := range []provider.Result{declined, waiting, asksOTP} {
			body := notice{Reference: first, Hint: res.Outcome, Verified: true, Result: res}.text()
			if code := w.hook(w.alpha, body); code != 202 {
				t.Fatalf("the hook answered %d", code)
			}
			now := w.status(tx, pay.StatusPending)
			if now.NextAction != tx.NextAction {
				t.Errorf("%s of the earlier attempt changed the next action to %+v", res.Outcome, now.NextAction)
			}
		}
		w.beta.on(status, said(paid))
		w.after(12 * time.Second)
		if now := w.status(tx, pay.StatusSucceeded); now.PaidAttempt != 2 {
			t.Errorf("paid by attempt %d, want 2", now.PaidAttempt)
		}
	})
}

func TestAnEarlierAttemptThatTookTheMoneyWinsAndTheOtherIsStillWatched(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx, first, _ := w.failedOver()
		w.alpha.on(status, said(paid))
		w.hook(w.alpha, notice{Reference: first, Hint: pay.OutcomeSucceeded}.text())
		w.after(time.Second)
		now := w.status(tx, pay.StatusSucceeded)
		if now.PaidAttempt != 1 || now.Connection != w.connections["alpha"].ID {
			t.Errorf("paid by attempt %d at %s, want the first at alpha", now.PaidAttempt, now.Connection)
		}
		w.holds("alpha", 1_005_000, 0)
		w.beta.on(status, said(paid)) // and the second prompt was approved too
		w.after(time.Hour)
		w.events(tx, "payment.created", "payment.succeeded", "payment.duplicate")
		if w.read(tx).Alert == "" {
			t.Error("a second success raised no alert")
		}
		w.holds("beta", 0, 0)
		if now = w.read(tx); !now.NextCheckAt.IsZero() {
			t.Error("owes work although both attempts are settled")
		}
	})
}

func TestASecondSuccessIsToldOnceAndBookedNever(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx, first, second := w.failedOver()
		for range 3 {
			w.hook(w.beta, notice{Reference: second, Hint: pay.OutcomeSucceeded, Verified: true, Result: paid}.text())
			w.hook(w.alpha, notice{Reference: first, Hint: pay.OutcomeSucceeded, Verified: true, Result: paid}.text())
		}
		now := w.status(tx, pay.StatusSucceeded)
		if now.PaidAttempt != 2 || now.Alert == "" {
			t.Errorf("paid by attempt %d with alert %q, want 2 and an alert", now.PaidAttempt, now.Alert)
		}
		w.events(tx, "payment.created", "payment.succeeded", "payment.duplicate")
		w.holds("alpha", 1_000_000, 0)
		w.holds("beta", 5000, 0)
		w.balanced()
	})
}
