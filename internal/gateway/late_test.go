package gateway_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// late is a payment that was reported as failed, and succeeded after all.
func (w *world) late(f *fake, r provider.Request) pay.Transaction {
	w.Helper()
	r.Connection = w.connections[f.name].ID
	f.on(submit, said(declined))
	tx := w.create(w.live, r)
	w.status(tx, pay.StatusFailed)
	w.proved(f, tx)
	if now := w.status(tx, pay.StatusSucceeded); !now.Late {
		w.Fatal("not flagged late")
	}
	return tx
}

// proved brings the provider's word that the transaction was paid.
func (w *world) proved(f *fake, tx pay.Transaction) {
	w.Helper()
	w.hook(f, notice{Reference: w.attempts(tx)[0].Reference, Verified: true, Hint: pay.OutcomeSucceeded, Result: paid}.text())
}

func (w *world) refundsLate() {
	w.Helper()
	if err := w.SetPolicy(w.Context(), w.merchant, gateway.Policy{RefundLate: true}); err != nil {
		w.Fatal(err)
	}
}

// giveBack does what is owed for late payments now, and returns how many owed.
func (w *world) giveBack(g *gateway.Gateway) int {
	w.Helper()
	list := w.owedBack(g)
	for _, c := range list {
		if err := g.RefundLate(w.Context(), c); err != nil {
			w.Errorf("refund %s: %v", c.ID, err)
		}
	}
	return len(list)
}

func (w *world) owedBack(g *gateway.Gateway) []store.Claimed {
	w.Helper()
	list, err := g.ClaimLateRefunds(w.Context(), 10)
	if err != nil {
		w.Fatal(err)
	}
	return list
}

// refunds fails the test unless the payment has refunds of these amounts.
func (w *world) refunds(tx pay.Transaction, want ...int64) []pay.Transaction {
	w.Helper()
	list, err := w.Refunds(w.Context(), w.live, tx.ID)
	if err != nil {
		w.Fatal(err)
	}
	if len(list) != len(want) {
		w.Fatalf("%d refunds, want %v", len(list), want)
	}
	// Those of one millisecond are listed in no particular order.
	got := make([]int64, len(list))
	for i, r := range list {
		got[i] = r.Amount.Minor
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		w.Errorf("refunds are of %v, want %v", got, want)
	}
	return list
}

func TestALatePaymentIsGivenBackOnceWhereItsMerchantWantsThat(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		kept := w.late(w.alpha, order("BEFORE"))
		w.refundsLate()
		w.alpha.on(refund, said(paid))
		tx := w.late(w.alpha, order("R1"))
		if n := w.giveBack(w.Gateway); n != 1 {
			t.Errorf("%d payments owed, want the one that succeeded late under the policy", n)
		}
		given := w.refunds(tx, 5000)[0]
		if given.Status != pay.StatusSucceeded || given.Reference != "late-"+tx.ID {
			t.Errorf("refund %s is %s", given.Reference, given.Status)
		}
		w.proved(w.alpha, tx) // told again
		w.clock.Advance(time.Hour)
		w.work()
		if n := w.giveBack(w.Gateway); n != 0 {
			t.Errorf("%d payments still owe a refund", n)
		}
		w.refunds(tx, 5000)
		w.refunds(kept)
		w.holds("alpha", 1_005_000, 0)
		w.balanced()
	})
}

func TestALatePaymentIsKeptUnlessItsMerchantSaysOtherwise(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.late(w.alpha, order("R1"))
		w.clock.Advance(time.Hour)
		if n := w.giveBack(w.Gateway); n != 0 {
			t.Errorf("%d payments owed", n)
		}
		w.refundsLate()
		w.alpha.on(submit, said(paid))
		inTime := w.create(w.live, order("R2"))
		w.alpha.on(payOut, said(declined))
		out := w.create(w.live, payout("P1", 1000))
		w.proved(w.alpha, out) // a late payout is no payment
		if n := w.giveBack(w.Gateway); n != 0 {
			t.Errorf("%d payments owed", n)
		}
		w.refunds(tx)
		w.refunds(inTime)
	})
}

func TestALateRefundSurvivesTheProcessThatMadeIt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.refundsLate()
		before, after := w.late(w.alpha, order("R1")), w.late(w.alpha, order("R2"))
		w.alpha.on(refund, said(waiting))
		// One process dies before the refund, one between it and forgetting the debt.
		if n := len(w.owedBack(w.Gateway)); n != 2 {
			t.Fatalf("%d payments owed, want 2", n)
		}
		if _, err := w.RefundPayment(w.Context(), w.live, refundOf(after, "late-"+after.ID, 0), nil); err != nil {
			t.Fatal(err)
		}
		other := w.newGateway()
		if n := w.giveBack(other); n != 0 {
			t.Fatal("taken from a process that may still be at it")
		}
		w.clock.Advance(61 * time.Second)
		w.giveBack(other)
		w.refunds(before, 5000)
		w.refunds(after, 5000)
		w.clock.Advance(time.Hour)
		if n := w.giveBack(other); n != 0 {
			t.Errorf("%d payments still owe", n)
		}
		if n := w.alpha.count(refund); n != 2 {
			t.Errorf("%d refunds reached the provider, want one each", n)
		}
		w.balanced()
	})
}

func TestALatePaymentIsGivenBackOnceByTwoNodesAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.refundsLate()
		tx := w.late(w.alpha, order("R1"))
		w.alpha.on(refund, said(paid))
		c := w.owedBack(w.Gateway)[0]
		var nodes sync.WaitGroup
		for range 4 {
			g := w.newGateway()
			nodes.Go(func() {
				if err := g.RefundLate(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
		w.refunds(tx, 5000)
		if n := w.alpha.count(refund); n != 1 {
			t.Errorf("%d refunds reached the provider", n)
		}
		w.clock.Advance(time.Hour)
		if n := w.giveBack(w.Gateway); n != 0 {
			t.Errorf("%d payments still owe", n)
		}
		w.balanced()
	})
}

func TestOnlyWhatIsLeftOfALatePaymentIsGivenBack(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.refundsLate()
		w.alpha.on(refund, said(paid))
		part, whole := w.late(w.alpha, order("R1")), w.late(w.alpha, order("R2"))
		for tx, minor := range map[string]int64{part.ID: 2000, whole.ID: 5000} {
			r := refundOf(pay.Transaction{ID: tx}, "by hand "+tx, minor)
			if _, err := w.RefundPayment(w.Context(), w.live, r, nil); err != nil {
				t.Fatal(err)
			}
		}
		w.giveBack(w.Gateway)
		w.refunds(part, 2000, 3000)
		w.refunds(whole, 5000)
		w.clock.Advance(time.Hour)
		if n := w.giveBack(w.Gateway); n != 0 {
			t.Errorf("%d payments still owe", n)
		}
		w.holds("alpha", 1_000_000, 0)
	})
}

func TestALateRefundWaitsForTheBalance(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.refundsLate()
		w.alpha.on(refund, said(paid))
		w.alpha.on(payOut, said(waiting))
		tx := w.late(w.alpha, order("R1"))
		out := w.create(w.live, payout("P1", 1_004_000))
		w.giveBack(w.Gateway)
		w.refunds(tx)
		w.clock.Advance(59 * time.Minute)
		if n := w.giveBack(w.Gateway); n != 0 {
			t.Fatal("tried again within the hour")
		}
		w.hook(w.alpha, notice{Reference: w.attempts(out)[0].Reference, Verified: true, Hint: pay.OutcomeFailed, Result: declined}.text())
		w.clock.Advance(2 * time.Minute)
		w.giveBack(w.Gateway)
		w.refunds(tx, 5000)
		w.holds("alpha", 1_000_000, 0)
	})
}

func TestALatePaymentThatCanNotBeGivenBackIsLeftToAPerson(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.refundsLate()
		r := order("R1")
		r.Method = pay.Method{Type: pay.CardMethod} // beta has no refunds, and a card no phone
		r.Card = &pay.Card{Number: "4242424242424242", Expiry: "12/29", CVV: "123"}
		tx := w.late(w.beta, r)
		c := w.owedBack(w.Gateway)[0]
		for range 2 {
			if err := w.RefundLate(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		const want = "it succeeded late and can't be given back automatically"
		if now := w.read(tx); now.Alert != want {
			t.Errorf("the alert says %q, want %q", now.Alert, want)
		}
		w.clock.Advance(24 * time.Hour)
		if n := w.giveBack(w.Gateway); n != 0 {
			t.Error("it is tried again")
		}
		w.refunds(tx)
	})
}
