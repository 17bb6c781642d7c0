package gateway_test

import (
	"context"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestALostAnswerStaysPendingUntilTheStatusTells(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		for reference, outcome := range map[string]provider.Result{"PAID": paid, "DECLINED": declined} {
			w.alpha.on(submit, lost)
			w.alpha.on(status, lost)
			tx := w.create(w.live, order(reference))
			if tx.Status != pay.StatusPending {
				t.Fatalf("a lost answer is %s, want pending", tx.Status)
			}
			w.after(11 * time.Second)
			w.status(tx, pay.StatusPending)
			w.alpha.on(status, said(outcome))
			w.after(33 * time.Second)
			w.status(tx, map[string]pay.Status{"PAID": pay.StatusSucceeded, "DECLINED": pay.StatusFailed}[reference])
		}
		if n := w.alpha.count(submit); n != 2 {
			t.Errorf("submitted %d times, want once each", n)
		}
	})
}

func TestARefusalOfOurOwnReferenceMeansThatTheOrderIsThere(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: pay.DuplicateReference}}))
		tx := w.create(w.live, order("R1"))
		if tx.Status != pay.StatusPending {
			t.Fatalf("a request that arrived twice is %s, want pending", tx.Status)
		}
		w.alpha.on(status, said(paid))
		w.after(11 * time.Second)
		w.status(tx, pay.StatusSucceeded)
		if n := w.beta.count(submit); n != 0 {
			t.Errorf("it failed over %d times", n)
		}
	})
}

func TestAPanickingConnectorIsAnUnknownOutcome(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, func(context.Context, call) (provider.Result, error) { panic("nil map") })
		if tx := w.create(w.live, order("R1")); tx.Status != pay.StatusPending || w.attempts(tx)[0].Status != pay.AttemptUnknown {
			t.Errorf("got %s, want pending with an unknown attempt", tx.Status)
		}
	})
}

func TestTheStatusIsAskedForOnTheSchedule(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, lost)
		tx := w.create(w.live, order("R1"))
		// 10 s, 30 s, 1 m, 2 m, 5 m, 15 m, 1 h, 6 h, 24 h, each spread by up to a tenth.
		for i, d := range []time.Duration{
			10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute,
			time.Hour, 6 * time.Hour, 24 * time.Hour, 24 * time.Hour,
		} {
			due := w.read(tx).NextCheckAt.Sub(w.clock.Now())
			if due < d || due > d+d/10 {
				t.Fatalf("check %d is due in %v, want %v", i+1, due, d)
			}
			if n := w.after(due - time.Second); n != 0 {
				t.Fatalf("check %d came too early", i+1)
			}
			if n := w.after(time.Second); n != 1 {
				t.Fatalf("check %d was not due", i+1)
			}
		}
		if n := w.alpha.count(status); n != 10 {
			t.Errorf("asked %d times, want 10", n)
		}
	})
}

func TestAProvidersOwnScheduleIsFollowed(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.Polls = []time.Duration{3 * time.Second}
		tx := w.create(w.live, order("R1"))
		for range 3 {
			if due := w.read(tx).NextCheckAt.Sub(w.clock.Now()); due < 3*time.Second || due > 3300*time.Millisecond {
				t.Fatalf("due in %v, want 3 s", due)
			}
			w.after(4 * time.Second)
		}
	})
}

func TestOurClockNeverEndsWhatWasSubmittedButCallsItOverdue(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.PendingTTL = 20 * time.Minute
		r := order("R1")
		r.ExpiresIn = 5 * time.Minute
		tx := w.create(w.live, r)
		w.after(11 * time.Second)
		if w.read(tx).Overdue {
			t.Error("overdue before its provider's time")
		}
		for range 12 {
			w.after(30 * time.Hour)
		}
		now := w.status(tx, pay.StatusPending)
		if !now.Overdue {
			t.Error("not overdue after its provider's time")
		}
		w.alpha.on(status, said(paid))
		w.after(30 * time.Hour)
		if now = w.status(tx, pay.StatusSucceeded); now.Overdue {
			t.Error("still overdue after its success")
		}
	})
}

func TestAbsenceCountsAsFailureOnlyAfterTheAbandonWindow(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.Abandon = map[pay.Kind]provider.Abandon{pay.Payment: {Times: 3, After: 10 * time.Minute}}
		w.alpha.desc.Polls = []time.Duration{time.Minute}
		w.alpha.on(submit, lost)
		w.alpha.on(status, said(nobody))
		tx := w.create(w.live, order("R1"))
		for range 4 { // often enough, and not long enough
			w.after(2 * time.Minute)
		}
		if now := w.status(tx, pay.StatusPending); now.Failure != (pay.Failure{}) {
			t.Errorf("a pending payment has failure %+v", now.Failure)
		}
		w.after(5 * time.Minute)
		if now := w.status(tx, pay.StatusFailed); now.Failure.Reason != pay.ProviderError {
			t.Errorf("abandoned with %+v, want provider_error", now.Failure)
		}
		if a := w.attempts(tx); len(a) != 1 || w.beta.count(submit) != 0 {
			t.Errorf("absence failed over: %d attempts", len(a))
		}
	})
}

func TestALongAbsenceSaidTooSeldomIsNotYetAFailure(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.Abandon = map[pay.Kind]provider.Abandon{pay.Payment: {Times: 3, After: time.Minute}}
		w.alpha.on(submit, lost)
		w.alpha.on(status, said(nobody))
		tx := w.create(w.live, order("R1"))
		w.after(time.Hour)
		w.after(time.Hour)
		w.status(tx, pay.StatusPending)
		w.after(time.Hour)
		w.status(tx, pay.StatusFailed)
	})
}

func TestAnAttemptThatItsProviderHasOnceKnownIsNeverFailedByAbsence(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.Abandon = map[pay.Kind]provider.Abandon{pay.Payment: {Times: 3, After: time.Minute}}
		w.alpha.on(status, said(nobody))
		w.alpha.on(submit, said(waiting))
		answered := w.create(w.live, order("R1"))
		w.alpha.on(submit, lost)
		known := w.create(w.live, order("R2"))
		w.after(time.Hour)
		w.alpha.on(status+" "+w.attempts(known)[0].Reference, said(waiting))
		w.after(time.Hour)
		w.alpha.on(status+" "+w.attempts(known)[0].Reference, said(nobody))
		for range 12 {
			w.after(30 * time.Hour)
		}
		w.status(answered, pay.StatusPending)
		w.status(known, pay.StatusPending)
	})
}

func TestAnAbsentPayoutIsNeverFailedUnlessItsProviderSaysSo(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.Abandon = map[pay.Kind]provider.Abandon{pay.Payment: {Times: 1}}
		w.alpha.on(payOut, lost)
		w.alpha.on(status, said(nobody))
		tx := w.create(w.live, payout("P1", 100_000))
		for range 12 {
			w.after(30 * time.Hour)
		}
		w.status(tx, pay.StatusPending)
		if n := w.alpha.count(payOut); n != 1 {
			t.Errorf("paid out %d times, want once", n)
		}
		w.alpha.desc.Abandon[pay.Payout] = provider.Abandon{Times: 1}
		w.after(30 * time.Hour)
		w.status(tx, pay.StatusFailed)
	})
}

func TestAFailureThatProvidersTakeBackIsAskedAboutAgain(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.Recheck = map[pay.Reason]time.Duration{pay.Expired: 2 * time.Hour}
		w.alpha.on(submit, said(provider.Result{Outcome: pay.OutcomeFailed, Prompted: true, Failure: pay.Failure{Reason: pay.Expired}}))
		w.alpha.on(status, said(provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: pay.Expired}}))
		kept, taken := w.create(w.live, order("R1")), w.create(w.live, order("R2"))
		if n := w.after(6 * time.Minute); n != 2 {
			t.Fatalf("%d payments were asked about, want both", n)
		}
		reference := w.attempts(taken)[0].Reference
		w.alpha.on(status+" "+reference, said(paid))
		w.after(20 * time.Minute)
		w.status(kept, pay.StatusFailed)
		if now := w.status(taken, pay.StatusSucceeded); !now.Late {
			t.Error("the success after a failure is not flagged late")
		}
		for range 4 {
			w.after(3 * time.Hour)
		}
		if now := w.read(kept); !now.NextCheckAt.IsZero() {
			t.Error("asked about beyond the window")
		}
	})
}

func TestAnUnknownRecheckLeavesTheReasonOfAFailure(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.Recheck = map[pay.Reason]time.Duration{pay.Declined: 2 * time.Hour}
		w.alpha.on(submit, said(declined))
		tx := w.create(w.live, order("R1"))
		w.alpha.on(status, said(provider.Result{Outcome: pay.OutcomeUnknown, Failure: pay.Failure{Reason: pay.AuthFailed}}))
		if n := w.after(6 * time.Minute); n != 1 {
			t.Fatalf("asked about %d payments, want one", n)
		}
		if a := w.attempts(tx)[0]; a.Failure.Reason != pay.Declined {
			t.Errorf("the attempt now failed by %q", a.Failure.Reason)
		}
		if now := w.status(tx, pay.StatusFailed); now.Failure.Reason != pay.Declined {
			t.Errorf("the payment now failed by %q", now.Failure.Reason)
		}
	})
}
