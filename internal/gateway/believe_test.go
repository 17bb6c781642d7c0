package gateway_test

import (
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestASuccessOfAnotherAmountCurrencyOrReferenceIsPendingAndAnAlert(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		for name, change := range map[string]func(*provider.Result){
			"amount":             func(r *provider.Result) { r.Amount = money.New(4999, money.XAF) },
			"zero":               func(r *provider.Result) { r.Amount = money.New(0, money.XAF) },
			"currency":           func(r *provider.Result) { r.Amount = money.New(5000, money.XOF) },
			"no currency at all": func(r *provider.Result) { r.Amount = money.Amount{Minor: 1} },
			"reference":          func(r *provider.Result) { r.Reference = "PANOTHER0000000000" },
		} {
			wrong := paid
			wrong.ProviderReference = "THEIRS-" + name
			change(&wrong)
			w.alpha.on(submit, said(wrong))
			w.alpha.on(status, said(wrong))
			tx := w.create(w.live, order(name))
			w.after(12 * time.Second)
			now := w.status(tx, pay.StatusPending)
			if now.Alert == "" {
				t.Errorf("another %s raised no alert", name)
			}
			if got := now.ProviderReference; name == "reference" && got != "" {
				t.Errorf("kept %s, the provider's reference of something else", got)
			}
			right := paid
			right.Amount, right.Reference = money.New(5000, money.XAF), w.attempts(tx)[0].Reference
			w.alpha.on(status, said(right))
			w.after(time.Hour)
			w.status(tx, pay.StatusSucceeded)
		}
		w.balanced()
	})
}

func TestAFailureOfAnotherReferenceFailsNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		wrong := declined
		wrong.Reference = "PANOTHER0000000000"
		tx := w.create(w.live, order("R1"))
		w.alpha.on(status, said(wrong))
		w.after(12 * time.Second)
		if now := w.status(tx, pay.StatusPending); now.Alert == "" {
			t.Error("no alert")
		}
	})
}

func TestASignedNotificationIsHeldAgainstTheOrderToo(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		wrong := paid
		wrong.Amount = money.New(1, money.XAF)
		w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Verified: true, Result: wrong, Hint: pay.OutcomeSucceeded}.text())
		if now := w.status(tx, pay.StatusPending); now.Alert == "" {
			t.Error("no alert")
		}
		w.holds("alpha", 1_000_000, 0)
	})
}

func TestAProvedPaymentLeavesEveryFinalStatusLate(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(declined))
		failed := w.create(w.live, order("FAILED"))
		w.alpha.on(submit, said(waiting))
		canceled := w.create(w.live, order("CANCELED"))
		w.alpha.on(cancel, said(provider.Result{Outcome: pay.OutcomeCanceled}))
		if _, err := w.Cancel(w.Context(), w.live, canceled.ID); err != nil {
			t.Fatal(err)
		}
		w.status(failed, pay.StatusFailed)
		w.status(canceled, pay.StatusCanceled)
		w.alpha.on(status, said(paid))
		for _, tx := range []pay.Transaction{failed, canceled} {
			w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomeSucceeded}.text())
		}
		w.after(time.Second)
		for _, tx := range []pay.Transaction{failed, canceled} {
			now := w.status(tx, pay.StatusSucceeded)
			if !now.Late || now.Failure != (pay.Failure{}) || !now.NextCheckAt.IsZero() {
				t.Errorf("%s: late %v, failure %+v, next check %v", tx.Reference, now.Late, now.Failure, now.NextCheckAt)
			}
		}
		w.events(failed, "payment.created", "payment.failed", "payment.succeeded")
		w.events(canceled, "payment.created", "payment.canceled", "payment.succeeded")
		w.holds("alpha", 1_010_000, 0)
		w.balanced()
	})
}

func TestAPayoutThatSucceedsLateIsTakenFromWhatIsAvailable(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(payOut, said(declined))
		tx := w.create(w.live, payout("P1", 900_000))
		w.holds("alpha", 1_000_000, 0)
		w.alpha.on(payOut, said(waiting))
		w.create(w.live, payout("P2", 900_000))
		w.holds("alpha", 100_000, 900_000)
		// The operator had paid the first after all: the purse goes below zero.
		w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Verified: true, Hint: pay.OutcomeSucceeded, Result: paid}.text())
		if now := w.status(tx, pay.StatusSucceeded); !now.Late {
			t.Error("not flagged late")
		}
		w.holds("alpha", -800_000, 900_000)
		w.balanced()
		_, err := w.Create(w.Context(), w.live, payout("P3", 1))
		w.refused(err, pay.KindFunds, pay.CodeInsufficientBalance)
	})
}

func TestASuccessIsNeverTakenBackButItsDenialIsAnAlert(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(paid))
		plain, retried := w.create(w.live, order("R1")), w.create(w.live, page("R2", true))
		if _, err := w.PayCheckout(w.Context(), retried.Checkout.Token, byPhone(payer)); err != nil {
			t.Fatal(err)
		}
		for _, tx := range []pay.Transaction{plain, retried} {
			w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Verified: true, Hint: pay.OutcomeFailed, Result: declined}.text())
			if now := w.status(tx, pay.StatusSucceeded); now.Alert == "" {
				t.Errorf("%s: a denied success raised no alert", tx.Reference)
			}
		}
		w.holds("alpha", 1_010_000, 0)
		w.balanced()
	})
}
