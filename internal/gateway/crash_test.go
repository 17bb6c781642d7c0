package gateway_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// kill creates a payment whose process dies between commit 1 and the answer:
// its call never comes back while the test runs.
func (w *world) kill(r provider.Request) pay.Transaction {
	w.Helper()
	w.alpha.on(submit, w.alpha.blocked)
	w.alpha.on(payOut, w.alpha.blocked)
	calls := func() int { return w.alpha.count(submit) + w.alpha.count(payOut) }
	before := calls()
	tx := w.create(w.live, wait(r, time.Millisecond))
	w.eventually("the call has left", func() bool { return calls() > before })
	return tx
}

func TestAnotherNodeSettlesWhatADeadOneLeftAfterItsLease(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.kill(order("R1"))
		other := w.newGateway()
		w.alpha.on(status, said(paid))
		w.clock.Advance(9 * time.Second)
		w.workOn(other)
		w.status(tx, pay.StatusPending)
		if n := w.alpha.count(status); n != 0 {
			t.Fatal("asked while the submitting process may still be at it")
		}
		w.clock.Advance(2 * time.Second)
		w.workOn(other)
		w.status(tx, pay.StatusSucceeded)
		w.clock.Advance(time.Hour)
		if n := w.workOn(other); n != 0 {
			t.Error("a settled payment owes work")
		}
		if s, q := w.alpha.count(submit), w.alpha.count(status); s != 1 || q != 1 {
			t.Errorf("submitted %d times and asked %d times, want once each", s, q)
		}
		w.events(tx, "payment.created", "payment.succeeded")
	})
}

func TestManyNodesSettleADeadOnesPaymentOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		var list []pay.Transaction
		for _, reference := range []string{"R1", "R2", "R3", "R4", "R5", "R6"} {
			list = append(list, w.kill(order(reference)))
		}
		w.alpha.on(status, said(paid))
		w.clock.Advance(16 * time.Second)
		var nodes sync.WaitGroup
		for range 4 {
			g := w.newGateway()
			nodes.Go(func() { w.workOn(g) })
		}
		nodes.Wait()
		for _, tx := range list {
			w.status(tx, pay.StatusSucceeded)
			w.events(tx, "payment.created", "payment.succeeded")
		}
		if n := w.alpha.count(status); n != len(list) {
			t.Errorf("asked %d times about %d payments", n, len(list))
		}
		w.balanced()
	})
}

func TestALostSubmissionIsNotRepeatedUnlessThatIsSafe(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx, out := w.kill(order("R1")), w.kill(payout("P1", 1000))
		w.alpha.on(status, said(nobody))
		for range 8 {
			w.after(25 * time.Hour)
		}
		w.status(tx, pay.StatusPending)
		w.status(out, pay.StatusPending)
		if s, p := w.alpha.count(submit), w.alpha.count(payOut); s != 1 || p != 1 {
			t.Errorf("submitted %d times and paid out %d times, want once each", s, p)
		}
	})
}

func TestALostSubmissionIsRepeatedUnderItsReferenceWhereThatIsSafe(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.ResubmitSafe = true
		tx := w.kill(order("R1"))
		w.alpha.on(status, said(nobody))
		w.alpha.on(submit, said(paid))
		w.after(16 * time.Second)
		w.status(tx, pay.StatusSucceeded)
		calls := w.alpha.got(submit)
		if len(calls) != 2 || calls[0].reference != calls[1].reference {
			t.Fatalf("submissions %+v, want two under one reference", calls)
		}
		if n := len(w.attempts(tx)); n != 1 {
			t.Errorf("%d attempts, want the one", n)
		}
	})
}

func TestAResubmissionThatDoesNotGetThroughProvesNothingOfTheFirst(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.ResubmitSafe = true
		tx := w.kill(order("R1"))
		w.alpha.on(status, said(nobody))
		for _, res := range []provider.Result{
			down,
			{Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: pay.DuplicateReference}},
			{Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: pay.AuthFailed}},
		} {
			w.alpha.on(submit, said(res))
			w.after(25 * time.Hour)
			w.status(tx, pay.StatusPending)
		}
		if a := w.attempts(tx); len(a) != 1 || w.beta.count(submit) != 0 {
			t.Errorf("a resubmission failed over: %d attempts", len(a))
		}
		w.alpha.on(status, said(paid)) // the first had arrived after all
		w.after(25 * time.Hour)
		w.status(tx, pay.StatusSucceeded)
	})
}

func TestResubmissionsKeepTheirDistance(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.ResubmitSafe = true
		tx := w.kill(order("R1"))
		w.alpha.on(status, said(nobody))
		w.alpha.on(submit, lost)
		w.after(16 * time.Second)
		for i, d := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
			due := w.read(tx).NextCheckAt.Sub(w.clock.Now())
			if due < d {
				t.Errorf("resubmission %d comes after %v, want %v", i+2, due, d)
			}
			w.after(due)
		}
	})
}

func TestACardIsNotKeptForAResubmission(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.ResubmitSafe = true
		r := order("R1")
		r.Method = pay.Method{Type: pay.CardMethod}
		r.Card = &pay.Card{Number: "4242424242424242", Expiry: "12/29", CVV: "123"}
		tx := w.kill(r)
		w.alpha.on(status, said(nobody))
		w.after(25 * time.Hour)
		w.status(tx, pay.StatusPending)
		if n := w.alpha.count(submit); n != 1 {
			t.Errorf("a card payment was submitted %d times", n)
		}
	})
}

func TestCloseWaitsForSubmissionsAtWork(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		open := make(chan struct{})
		w.alpha.on(submit, held(open, paid))
		tx := w.create(w.live, wait(order("R1"), time.Millisecond))
		closed := make(chan error, 1)
		go func() { closed <- w.Close(context.Background()) }()
		select {
		case err := <-closed:
			t.Error("closed", err, "while a submission was at work")
		case <-time.After(20 * time.Millisecond):
		}
		close(open)
		if err := <-closed; err != nil {
			t.Error(err)
		}
		w.status(tx, pay.StatusSucceeded)
	})
}

func TestAnAnswerOutlivesAShortOutageOfTheDatabase(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		var journal logbook
		w.Gateway.Log = slog.New(slog.NewTextHandler(&journal, nil))
		open := make(chan struct{})
		w.alpha.on(submit, held(open, paid))
		tx := w.create(w.live, wait(order("R1"), time.Millisecond))
		rename := func(from, to string) {
			t.Helper()
			err := w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Raw().ExecContext(ctx, "ALTER TABLE "+from+" RENAME TO "+to)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		rename("events", "events_away")
		close(open)
		w.eventually("the answer was refused once", func() bool { return strings.Contains(journal.text(), "could not be recorded yet") })
		rename("events_away", "events")
		w.eventually("the answer is recorded", func() bool { return w.read(tx).Status == pay.StatusSucceeded })
		if n := w.alpha.count(status); n != 0 {
			t.Errorf("the provider was asked %d times for what it had answered", n)
		}
		w.events(tx, "payment.created", "payment.succeeded")
	})
}

// logbook keeps what is logged.
type logbook struct {
	mu   sync.Mutex
	kept strings.Builder
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.Write(p)
}

func (l *logbook) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.String()
}
