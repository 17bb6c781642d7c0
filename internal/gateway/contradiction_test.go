package gateway_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// hinting answers with r, once a notification has said that the money moved.
func (w *world) hinting(r provider.Result) answer {
	return func(_ context.Context, c call) (provider.Result, error) {
		if code := w.hook(w.alpha, notice{Reference: c.reference, Hint: pay.OutcomeSucceeded}.text()); code != 202 {
			w.Errorf("the hook answered %d", code)
		}
		return r, nil
	}
}

// A request that the network repeated is paid by its first copy, and its second
// copy is refused.
func TestARefusalThatANotificationContradictsFailsOverToNobody(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, w.hinting(down))
		tx := w.create(w.live, order("R1"))
		w.status(tx, pay.StatusPending)
		w.events(tx, "payment.created")
		w.alpha.on(status, said(paid))
		w.after(time.Second)
		if now := w.status(tx, pay.StatusSucceeded); now.PaidAttempt != 1 || now.Late {
			t.Errorf("paid by attempt %d, late %t", now.PaidAttempt, now.Late)
		}
		if n := w.beta.count(submit); n != 0 {
			t.Errorf("the customer was asked %d times more", n)
		}
	})
}

func TestAFailureThatANotificationOvertookIsNotTold(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.refundsLate()
		tx := w.create(w.live, order("R1"))
		for _, stale := range []provider.Result{declined, {Outcome: pay.OutcomeCanceled, Prompted: true}} {
			w.alpha.on(status, w.hinting(stale))
			w.after(time.Minute)
			w.status(tx, pay.StatusPending)
		}
		w.alpha.on(status, said(paid))
		w.after(time.Second)
		if now := w.status(tx, pay.StatusSucceeded); now.Late {
			t.Error("a success that nobody had denied is late")
		}
		w.events(tx, "payment.created", "payment.succeeded")
		if n := w.giveBack(w.Gateway); n != 0 {
			t.Error("a good payment is given back")
		}
	})
}

func TestAFailureThatItsNotificationAnnouncedIsToldAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		w.alpha.on(status, func(_ context.Context, c call) (provider.Result, error) {
			w.hook(w.alpha, notice{Reference: c.reference, Hint: pay.OutcomeFailed}.text())
			return declined, nil
		})
		w.after(time.Minute)
		w.status(tx, pay.StatusFailed)
	})
}

func TestAHintIsLaterThanWhateverWasCommittedBeforeIt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		before := w.attempts(tx)[0]
		if err := w.store.Update(t.Context(), func(ctx context.Context, q *store.Tx) error {
			return q.MarkHinted(ctx, sqlgen.MarkHintedParams{ // by a clock that stands behind
				HintedAt: before.UpdatedAt.Add(-time.Second).UnixMilli(), MerchantID: tx.MerchantID, TransactionID: tx.ID, Number: 1,
			})
		}); err != nil {
			t.Fatal(err)
		}
		if a := w.attempts(tx)[0]; !a.HintedAt.After(a.UpdatedAt) {
			t.Errorf("hinted at %s, updated at %s", a.HintedAt, a.UpdatedAt)
		}
	})
}

func TestARefusedPayerIsNotAskedAgainWhileANotificationSaysThatHePaid(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", true))
		w.alpha.on(submit, said(declined))
		if _, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer)); err != nil {
			t.Fatal(err)
		}
		w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomeSucceeded}.text())
		_, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer))
		w.refused(err, pay.KindConflict, pay.CodeCheckoutUsed)
		if n := w.alpha.count(submit); n != 1 {
			t.Errorf("submitted %d times, want once", n)
		}
		w.alpha.on(status, said(paid))
		w.after(time.Second)
		w.status(tx, pay.StatusSucceeded)
	})
}

// The node at work on the second attempt dies while the first turns out to have
// taken the money.
func TestASecondAttemptIsAskedAboutThoughTheFirstHasEndedThePayment(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(down))
		w.beta.on(submit, w.beta.blocked)
		tx := w.create(w.live, wait(order("R1"), time.Millisecond))
		w.eventually("the second call has left", func() bool { return w.beta.count(submit) == 1 })
		w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomeSucceeded, Verified: true, Result: paid}.text())
		w.status(tx, pay.StatusSucceeded)
		w.beta.on(status, said(paid))
		other := w.newGateway()
		for range 4 {
			w.clock.Advance(12 * time.Second)
			w.workOn(other)
		}
		if n := w.beta.count(status); n != 1 {
			t.Errorf("the second attempt was asked about %d times, want once", n)
		}
		if now := w.read(tx); now.Alert == "" {
			t.Error("nobody hears of the second payment")
		}
	})
}

func TestNewsBringsQuestionsBackToShortIntervals(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		for range 9 {
			w.after(30 * time.Hour)
		}
		w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomeSucceeded}.text())
		w.work() // the status is unknown just now
		w.alpha.on(status, said(paid))
		w.after(time.Minute)
		w.status(tx, pay.StatusSucceeded)
	})
}

func TestASignedNotificationThatCouldNotBeAppliedIsLookedInto(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(declined))
		tx := w.create(w.live, order("R1"))
		w.status(tx, pay.StatusFailed)
		w.exec("ALTER TABLE events RENAME TO elsewhere")
		if code := w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomeSucceeded, Verified: true, Result: paid}.text()); code != 503 {
			t.Errorf("the hook answered %d", code)
		}
		w.exec("ALTER TABLE elsewhere RENAME TO events")
		w.status(tx, pay.StatusFailed)
		w.alpha.on(status, said(paid))
		w.after(time.Minute)
		w.status(tx, pay.StatusSucceeded)
	})
}

func TestACommitWhoseAnswerWasLostIsFoundWhileItsLeaseRuns(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		broken := errors.New("commit: connection reset")
		tx := w.kill(order("R1"))
		a := w.attempts(tx)[0]
		if !w.Landed(t.Context(), tx, &a, broken) {
			t.Error("what was recorded is taken for lost")
		}
		if w.Landed(t.Context(), tx, &a, pay.Conflict("any", "a refusal")) {
			t.Error("a refusal is taken for a lost answer")
		}
		other, unknown := a, tx
		other.Reference, unknown.ID = "PSOMEOTHER", "pay_unknown"
		if w.Landed(t.Context(), tx, &other, broken) || w.Landed(t.Context(), unknown, &a, broken) {
			t.Error("another attempt, or another transaction, is taken for it")
		}
		if !w.Landed(t.Context(), w.create(w.live, page("R2", false)), nil, broken) {
			t.Error("a page that was recorded is taken for lost")
		}
		w.clock.Advance(time.Minute)
		if w.Landed(t.Context(), tx, &a, broken) {
			t.Error("it is submitted though another node may be asking already")
		}
	})
}

func TestTwinBatchesOfOneIdempotencyKeyAreOne(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		for i, want := range []error{nil, gateway.ErrIdempotencyTaken} {
			claim := w.NewClaim(w.live, "key-1", "POST", "/v1/payout_batches", []byte("{}"))
			reference := []string{"B1", "B2"}[i]
			_, err := w.CreateBatch(w.Context(), w.live, reference, []provider.Request{payout(reference, 1000)}, claim)
			if !errors.Is(err, want) {
				t.Errorf("batch %s: %v, want %v", reference, err, want)
			}
		}
	})
}

func TestABatchStopsWhereItsProcessIsAboutToEndAndGoesOnElsewhere(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		open := make(chan struct{})
		w.alpha.on(payOut, held(open, paid))
		var list []provider.Request
		for i := range 20 {
			list = append(list, payout(string(rune('A'+i)), 1000))
		}
		b, err := w.CreateBatch(w.Context(), w.live, "B1", list, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.eventually("as many are at work as may be", func() bool { return w.alpha.count(payOut) == 8 })
		w.Drain()
		close(open)
		w.eventually("the batch is left to another", func() bool {
			now, err := w.FindBatch(w.Context(), w.live, b.Row.ID)
			return err == nil && now.Row.NextWorkAt == w.clock.Now().UnixMilli()
		})
		if n := w.alpha.count(payOut); n != 8 {
			t.Errorf("%d payouts were sent, want the 8 that were begun", n)
		}
		other := w.newGateway()
		due, err := other.ClaimBatches(w.Context(), 10)
		if err != nil || len(due) != 1 {
			t.Fatalf("%d batches are due, %v", len(due), err)
		}
		if err := other.WorkBatch(w.Context(), due[0]); err != nil {
			t.Fatal(err)
		}
		if now := w.worked(b); len(now.Payouts) != 20 || w.alpha.count(payOut) != 20 {
			t.Errorf("%d payouts were made and %d sent, want 20", len(now.Payouts), w.alpha.count(payOut))
		}
		w.balanced()
	})
}

// Some providers notify of nothing but a reference, before they answer.
func TestAHintThatSaysNothingHoldsUpNoFailure(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, func(_ context.Context, c call) (provider.Result, error) {
			w.hook(w.alpha, notice{Reference: c.reference}.text())
			return declined, nil
		})
		tx := w.create(w.live, order("R1"))
		w.status(tx, pay.StatusFailed)
		w.alpha.on(status, said(declined))
		w.after(time.Second)
		w.status(tx, pay.StatusFailed)
		w.events(tx, "payment.created", "payment.failed")
	})
}
