package gateway_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestThePaymentIsRecordedBeforeTheProviderIsCalled(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		var seen pay.Transaction
		var attempts []pay.Attempt
		w.alpha.on(submit, func(_ context.Context, c call) (provider.Result, error) {
			seen = w.read(pay.Transaction{MerchantID: c.order.MerchantID, ID: c.order.TransactionID})
			attempts = w.attempts(seen)
			return paid, nil
		})
		tx := w.create(w.live, order("R1"))
		if seen.ID != tx.ID || seen.Status != pay.StatusPending || !seen.Submitted {
			t.Errorf("the connector saw %+v, want the pending transaction", seen)
		}
		if len(attempts) != 1 || attempts[0].Status != pay.AttemptSubmitting || attempts[0].Reference != w.alpha.got(submit)[0].reference {
			t.Errorf("the connector saw attempts %+v, want one, submitting, with the reference it got", attempts)
		}
		if tx.Status != pay.StatusSucceeded {
			t.Errorf("the caller heard %s, want succeeded", tx.Status)
		}
	})
}

func TestNoDatabaseTransactionIsOpenDuringTheCall(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, func(_ context.Context, c call) (provider.Result, error) {
			// On SQLite, whose writer is one, and on the very rows of the payment.
			ctx, cancel := context.WithTimeout(w.Context(), 5*time.Second)
			defer cancel()
			err := w.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
				return tx.MarkHinted(ctx, sqlgen.MarkHintedParams{
					HintedAt: 1, MerchantID: c.order.MerchantID, TransactionID: c.order.TransactionID, Number: 1,
				})
			})
			if err != nil {
				t.Errorf("a write during the call: %v", err)
			}
			return paid, nil
		})
		w.create(w.live, order("R1"))
	})
}

func TestTheConnectorGetsTheOrderAsItWasAsked(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		r := order("R1")
		r.Description, r.Metadata = "Two chairs", map[string]string{"cart": "7"}
		r.Method.Phone = "00241 77 00 12 34"
		w.create(w.live, r)
		o := w.alpha.got(submit)[0].order
		if o.Amount != money.New(5000, money.XAF) || o.Description != "Two chairs" || o.Metadata["cart"] != "7" ||
			o.Mode != pay.Live || o.Kind != pay.Payment || o.Front != pay.NativeFront {
			t.Errorf("the connector got %+v", o)
		}
		if o.Method.Phone != payer || o.Method.Operator != "airtel_ga" {
			t.Errorf("the connector got method %+v, want the E.164 number and its operator", o.Method)
		}
		if len(o.Reference) != 18 || o.Reference[0] != 'P' {
			t.Errorf("reference %q breaks the provider's rule: prefix P, length 18", o.Reference)
		}
	})
}

func TestASlowProviderIsHeardAsPendingAndItsAnswerIsAppliedLater(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		open := make(chan struct{})
		w.alpha.on(submit, held(open, paid))
		tx := w.create(w.live, wait(order("R1"), 20*time.Millisecond))
		if tx.Status != pay.StatusPending {
			t.Fatalf("the caller heard %s, want pending", tx.Status)
		}
		close(open)
		w.eventually("the late answer is applied", func() bool { return w.read(tx).Status == pay.StatusSucceeded })
		if n := w.alpha.count(submit); n != 1 {
			t.Errorf("submitted %d times, want once", n)
		}
	})
}

func TestACallerThatNamesNoPatienceWaitsTenSeconds(t *testing.T) {
	if gateway.AnswerWithin != 10*time.Second {
		t.Errorf("a caller waits %v", gateway.AnswerWithin)
	}
}

func TestACallerThatGivesUpDoesNotStopTheSubmission(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		open := make(chan struct{})
		ctx, giveUp := context.WithCancel(w.Context())
		w.alpha.on(submit, func(callCtx context.Context, c call) (provider.Result, error) {
			giveUp()
			return held(open, paid)(callCtx, c)
		})
		tx, err := w.Create(ctx, w.live, order("R1"))
		if err != nil || tx.Status != pay.StatusPending {
			t.Fatalf("got %s, %v; want pending", tx.Status, err)
		}
		close(open)
		w.eventually("the answer is applied", func() bool { return w.read(tx).Status == pay.StatusSucceeded })
	})
}

func TestARefusalIsAFailedTransactionAndNotAnError(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(declined))
		tx := w.create(w.live, order("R1"))
		if tx.Status != pay.StatusFailed || tx.Failure.Reason != pay.Declined || tx.CompletedAt.IsZero() {
			t.Errorf("got %s with %+v", tx.Status, tx.Failure)
		}
		if !tx.NextCheckAt.IsZero() {
			t.Error("a failed payment owes a check")
		}
	})
}

func TestWhatIsRefusedIsNotRecorded(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		change := func(f func(*provider.Request)) provider.Request {
			r := order("R1")
			f(&r)
			return r
		}
		for name, c := range map[string]struct {
			request provider.Request
			kind    pay.ErrorKind
			param   string
		}{
			"no reference":        {change(func(r *provider.Request) { r.Reference = "" }), pay.KindInvalid, "reference"},
			"a NUL in it":         {change(func(r *provider.Request) { r.Reference = "a\x00b" }), pay.KindInvalid, "reference"},
			"no amount":           {change(func(r *provider.Request) { r.Amount.Minor = 0 }), pay.KindInvalid, "amount"},
			"a negative amount":   {change(func(r *provider.Request) { r.Amount.Minor = -5 }), pay.KindInvalid, "amount"},
			"an unknown currency": {change(func(r *provider.Request) { r.Amount.Currency = "ZZZ" }), pay.KindInvalid, "currency"},
			"no phone":            {change(func(r *provider.Request) { r.Method.Phone = "" }), pay.KindInvalid, "method.phone"},
			"a wrong phone":       {change(func(r *provider.Request) { r.Method.Phone = "+2417" }), pay.KindInvalid, "method.phone"},
			"a foreign operator":  {change(func(r *provider.Request) { r.Method.Operator = "mpesa_cd" }), pay.KindInvalid, "method.operator"},
			"no card":             {change(func(r *provider.Request) { r.Method.Type = pay.CardMethod }), pay.KindInvalid, "method.card"},
			"XOF on an XAF rail":  {change(func(r *provider.Request) { r.Amount.Currency = money.XOF }), pay.KindCapability, "currency"},
			"a wallet":            {change(func(r *provider.Request) { r.Method.Type = pay.Wallet }), pay.KindCapability, "currency"},
			"another's connection": {
				change(func(r *provider.Request) { r.Connection = w.connections["sandbox"].ID }), pay.KindInvalid, "connection",
			},
		} {
			_, err := w.Create(w.Context(), w.live, c.request)
			if e := asError(err); e == nil || e.Kind != c.kind || e.Param != c.param {
				t.Errorf("%s: got %v, want %s about %s", name, err, c.kind, c.param)
			}
		}
		if n := w.alpha.count(submit); n != 0 {
			t.Errorf("%d refused requests reached the provider", n)
		}
		w.create(w.live, order("R1")) // the reference is still free
	})
}

func TestTestModeGoesToTheSandboxAndLiveModeNever(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		if tx := w.create(w.test, order("R1")); tx.Provider != "sandbox" {
			t.Errorf("a test payment went to %s", tx.Provider)
		}
		if tx := w.create(w.live, order("R1")); tx.Provider != "alpha" {
			t.Errorf("a live payment went to %s", tx.Provider)
		}
		if s, a := w.sandbox.count(submit), w.alpha.count(submit); s != 1 || a != 1 {
			t.Errorf("the sandbox got %d and alpha %d submissions, want one each", s, a)
		}
	})
}

func TestRoutesAndPinsChooseTheConnection(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		pinned := order("R1")
		pinned.Connection = w.connections["beta"].ID
		if tx := w.create(w.live, pinned); tx.Provider != "beta" {
			t.Errorf("the pinned payment went to %s", tx.Provider)
		}
		w.route(1, "beta", "moov_ga")
		w.route(2, "alpha", "")
		moov := order("R2")
		moov.Method.Phone = otherPayer
		if tx := w.create(w.live, moov); tx.Provider != "beta" {
			t.Errorf("the payment of a Moov customer went to %s, want its route's beta", tx.Provider)
		}
		if tx := w.create(w.live, order("R3")); tx.Provider != "alpha" {
			t.Errorf("the payment of an Airtel customer went to %s, want alpha", tx.Provider)
		}
	})
}

// route adds a route of Boutique's live mode.
func (w *world) route(position int64, to, operator string) {
	w.Helper()
	err := w.store.Update(w.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertRoute(ctx, sqlgen.InsertRouteParams{
			MerchantID: w.merchant, ID: pay.NewID("rt", w.merchant, w.clock.Now()), Mode: string(pay.Live),
			Position: position, Operator: operator, ConnectionID: w.connections[to].ID, Enabled: true, CreatedAt: 1,
		})
	})
	if err != nil {
		w.Fatal(err)
	}
}

func TestWaitReturnsAtTheOutcomeAndOtherwiseAtTheCallersEnd(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		short, cancel := context.WithTimeout(w.Context(), 10*time.Millisecond)
		defer cancel()
		if now, err := w.Wait(short, w.live, tx.ID); err != nil || now.Status != pay.StatusPending {
			t.Fatalf("got %s, %v; want pending at the caller's end", now.Status, err)
		}
		answer := make(chan pay.Transaction, 1)
		go func() {
			now, err := w.Wait(w.Context(), w.live, tx.ID)
			if err != nil {
				t.Error(err)
			}
			answer <- now
		}()
		w.alpha.on(status, said(paid))
		w.after(11 * time.Second)
		if now := <-answer; now.Status != pay.StatusSucceeded {
			t.Errorf("waited until %s, want succeeded", now.Status)
		}
		if _, err := w.Wait(w.Context(), w.test, tx.ID); pay.KindOf(err) != pay.KindNotFound {
			t.Errorf("waiting in the other mode gave %v, want not found", err)
		}
	})
}

func TestWhatNoOperatorCarriesIsRefusedSoThatNoSumOverflows(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		for _, minor := range []int64{1_000_000_000_001, 1<<53 - 1, math.MaxInt64} {
			for _, kind := range []pay.Kind{pay.Payment, pay.Payout} {
				r := payout("R1", minor)
				r.Kind = kind
				_, err := w.Create(w.Context(), w.live, r)
				w.refused(err, pay.KindInvalid, pay.CodeAmountTooHigh)
			}
		}
		for i := range 3 {
			r := order(string(rune('A' + i)))
			r.Amount = money.New(1_000_000_000_000, money.XAF)
			w.alpha.on(submit, said(paid))
			w.create(w.live, r)
		}
		w.holds("alpha", 3_000_001_000_000, 0)
		for _, reference := range []string{" ", "\t", "a\uFFFDb"} {
			_, err := w.Create(w.Context(), w.live, order(reference))
			w.refused(err, pay.KindInvalid, "")
		}
	})
}
