package gateway_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestConcurrentPayoutsNeverExceedTheBalance(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(payOut, said(paid))
		var accepted, refused atomic.Int64
		var callers sync.WaitGroup
		for i := range 50 {
			callers.Go(func() {
				_, err := w.Create(w.Context(), w.live, payout(fmt.Sprint("P", i), 70_000))
				switch {
				case err == nil:
					accepted.Add(1)
				case asError(err) != nil && asError(err).Code == pay.CodeInsufficientBalance:
					refused.Add(1)
				default:
					t.Errorf("payout %d: %v", i, err)
				}
			})
		}
		callers.Wait()
		// 1,000,000 pays fourteen times 70,000.
		if a, r := accepted.Load(), refused.Load(); a != 14 || r != 36 {
			t.Errorf("%d payouts were accepted and %d refused, want 14 and 36", a, r)
		}
		if n := w.alpha.count(payOut); n != 14 {
			t.Errorf("%d payouts reached the provider", n)
		}
		w.holds("alpha", 20_000, 0)
		w.balanced()
	})
}

func TestAPayoutHoldsItsMoneyUntilItsOutcome(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, payout("P1", 400_000))
		w.holds("alpha", 600_000, 400_000)
		w.after(12 * time.Second)
		w.holds("alpha", 600_000, 400_000) // unknown releases nothing
		w.alpha.on(status, said(declined))
		w.after(time.Minute)
		w.status(tx, pay.StatusFailed)
		w.holds("alpha", 1_000_000, 0)
		w.alpha.on(payOut, said(paid))
		w.create(w.live, payout("P2", 400_000))
		w.holds("alpha", 600_000, 0)
		b, err := w.Balance(w.Context(), w.live, money.XAF)
		if err != nil || b.Available.Minor != 600_000 || b.Pending.Minor != 0 {
			t.Errorf("balance %+v, %v", b, err)
		}
		if b, err = w.Balance(w.Context(), w.live, money.USD); err != nil || b.Available != money.New(0, money.USD) {
			t.Errorf("balance in a currency never seen: %+v, %v", b, err)
		}
		w.balanced()
	})
}

func TestAConnectionThatCanNotPayOutIsNotAskedTo(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.Takes = []provider.Capability{{Kind: pay.Payment, Method: pay.MobileMoney}}
		w.beta.desc.Takes = w.alpha.desc.Takes
		_, err := w.Create(w.Context(), w.live, payout("P1", 1000))
		w.refused(err, pay.KindCapability, pay.CodeCapability)
	})
}

// refundOf gives back part of a payment.
func refundOf(tx pay.Transaction, reference string, minor int64) provider.Request {
	return provider.Request{Kind: pay.Refund, Reference: reference, Parent: tx.ID, Amount: money.New(minor, money.XAF)}
}

func (w *world) paidPayment(reference, connection string) pay.Transaction {
	w.Helper()
	w.alpha.on(submit, said(paid))
	w.beta.on(submit, said(paid))
	r := order(reference)
	r.Connection = w.connections[connection].ID
	return w.create(w.live, r)
}

func TestConcurrentRefundsNeverExceedWhatWasCaptured(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.paidPayment("R1", "alpha")
		w.alpha.on(refund, func(_ context.Context, c call) (provider.Result, error) {
			if c.order.Metadata["fails"] != "" {
				return declined, nil
			}
			return paid, nil
		})
		var accepted atomic.Int64
		var callers sync.WaitGroup
		for i := range 100 {
			callers.Go(func() {
				r := refundOf(tx, fmt.Sprint("F", i), 300)
				if i%10 == 0 {
					r.Metadata = map[string]string{"fails": "yes"}
				}
				got, err := w.RefundPayment(w.Context(), w.live, r, nil)
				switch {
				case err == nil && got.Status == pay.StatusSucceeded:
					accepted.Add(300)
				case err != nil && asError(err) == nil:
					t.Errorf("refund %d: %v", i, err)
				}
			})
		}
		callers.Wait()
		now := w.read(tx)
		if now.Refunded != accepted.Load() || now.Refunded > 5000 || now.Refunded == 0 {
			t.Errorf("%d of 5000 counts as refunded, %d was", now.Refunded, accepted.Load())
		}
		w.holds("alpha", 1_005_000-accepted.Load(), 0)
		rest := refundOf(tx, "REST", 5000-accepted.Load()) // what failed is free again
		if got := w.create(w.live, rest); got.Status != pay.StatusSucceeded {
			t.Errorf("the rest: %s", got.Status)
		}
		w.balanced()
	})
}

func TestARefundGoesByTheProvidersOwnCall(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.paidPayment("R1", "alpha")
		w.alpha.on(refund, said(paid))
		part, err := w.RefundPayment(w.Context(), w.live, refundOf(tx, "F1", 2000), nil)
		if err != nil || part.Status != pay.StatusSucceeded || part.Kind != pay.Refund || part.Parent != tx.ID {
			t.Fatalf("got %+v, %v", part, err)
		}
		rest, err := w.RefundPayment(w.Context(), w.live, provider.Request{Reference: "F2", Parent: tx.ID}, nil)
		if err != nil || rest.Amount != money.New(3000, money.XAF) {
			t.Fatalf("all the rest is %s, %v", rest.Amount, err)
		}
		c := w.alpha.got(refund)[0]
		if c.payment.Reference != w.attempts(tx)[0].Reference || c.order.Amount.Minor != 2000 || c.payment.Amount.Minor != 5000 {
			t.Errorf("the provider got %+v", c)
		}
		_, err = w.RefundPayment(w.Context(), w.live, refundOf(tx, "F3", 1), nil)
		w.refused(err, pay.KindConflict, pay.CodeNotRefundable)
		list, err := w.Refunds(w.Context(), w.live, tx.ID)
		if err != nil || len(list) != 2 || w.read(tx).Refunded != 5000 {
			t.Errorf("%d refunds of %d in all, %v", len(list), w.read(tx).Refunded, err)
		}
		w.holds("alpha", 1_000_000, 0)
		w.balanced()
	})
}

func TestARefundIsAPayoutToThePayerWhereTheProviderHasNoCallForIt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.paidPayment("R1", "beta")
		w.beta.on(payOut, said(paid))
		got, err := w.RefundPayment(w.Context(), w.live, refundOf(tx, "F1", 5000), nil)
		if err != nil || got.Status != pay.StatusSucceeded {
			t.Fatalf("got %s, %v", got.Status, err)
		}
		if got.PaidVia != pay.ViaPayout {
			t.Errorf("the refund says it goes via %q, want a payout", got.PaidVia)
		}
		if o := w.beta.got(payOut)[0].order; o.Method.Phone != payer || o.Amount.Minor != 5000 || o.Kind != pay.Payout {
			t.Errorf("paid out %+v, want 5000 to the payer", o)
		}
		w.holds("beta", 0, 0)
	})
}

func TestADialectsRefundIsHeldToTheSameRules(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.paidPayment("R1", "alpha")
		w.alpha.on(refund, said(paid))
		if got := w.create(w.live, refundOf(tx, "F1", 4000)); got.Status != pay.StatusSucceeded {
			t.Errorf("got %s", got.Status)
		}
		_, err := w.Create(w.Context(), w.live, refundOf(tx, "F2", 1001))
		w.refused(err, pay.KindInvalid, pay.CodeAmountTooHigh)
		_, err = w.Create(w.Context(), w.test, refundOf(tx, "F3", 1))
		w.refused(err, pay.KindNotFound, "")
		if n := w.alpha.count(refund); n != 1 {
			t.Errorf("%d refunds reached the provider", n)
		}
	})
}

func TestWhatCanNotBeRefundedIsRefused(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.paidPayment("R1", "alpha")
		w.alpha.on(submit, said(waiting))
		pending, out := w.create(w.live, order("R2")), w.create(w.live, payout("P1", 1000))
		foreign, _, elsewhere := w.newMerchant("Elsewhere")
		for name, c := range map[string]struct {
			caller provider.Caller
			r      provider.Request
			kind   pay.ErrorKind
			code   string
		}{
			"a pending payment":  {w.live, refundOf(pending, "F1", 1), pay.KindConflict, pay.CodeNotRefundable},
			"a payout":           {w.live, refundOf(out, "F1", 1), pay.KindConflict, pay.CodeNotRefundable},
			"another merchant's": {elsewhere, refundOf(tx, "F1", 1), pay.KindNotFound, ""},
			"nothing":            {w.live, refundOf(pay.Transaction{ID: "pay_" + foreign + "x"}, "F1", 1), pay.KindNotFound, ""},
			"too much":           {w.live, refundOf(tx, "F1", 5001), pay.KindInvalid, pay.CodeAmountTooHigh},
			"less than nothing":  {w.live, refundOf(tx, "F1", -1), pay.KindInvalid, ""},
			"another currency": {
				w.live, provider.Request{Reference: "F1", Parent: tx.ID, Amount: money.New(1, money.XOF)}, pay.KindInvalid, "",
			},
		} {
			_, err := w.RefundPayment(w.Context(), c.caller, c.r, nil)
			if e := asError(err); e == nil || e.Kind != c.kind || c.code != "" && e.Code != c.code {
				t.Errorf("%s: got %v, want %s %s", name, err, c.kind, c.code)
			}
		}
		if w.read(tx).Refunded != 0 {
			t.Error("a refused refund counts as refunded")
		}
	})
}

func TestAFailedRefundGivesBackAndALateOneTakesAgain(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.paidPayment("R1", "alpha")
		w.alpha.on(refund, said(declined))
		failed := w.create(w.live, refundOf(tx, "F1", 5000))
		if failed.Status != pay.StatusFailed || w.read(tx).Refunded != 0 {
			t.Fatalf("got %s, %d refunded", failed.Status, w.read(tx).Refunded)
		}
		w.holds("alpha", 1_005_000, 0)
		w.hook(w.alpha, notice{Reference: w.attempts(failed)[0].Reference, Verified: true, Hint: pay.OutcomeSucceeded, Result: paid}.text())
		w.status(failed, pay.StatusSucceeded)
		if w.read(tx).Refunded != 5000 {
			t.Errorf("%d refunded after the late success", w.read(tx).Refunded)
		}
		w.holds("alpha", 1_000_000, 0)
		w.balanced()
	})
}

func TestABatchPaysOutWhatItCanAndSaysWhatItCouldNot(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(payOut, said(paid))
		list := []provider.Request{payout("P1", 600_000), payout("P1", 5), payout("P2", 1_000_001), payout("", 5)}
		b, err := w.CreateBatch(w.Context(), w.live, "B1", list, nil)
		if err != nil {
			t.Fatal(err)
		}
		now := w.worked(b)
		codes := map[int]string{}
		for _, r := range now.Refused {
			codes[r.Index] = r.Code
		}
		want := map[int]string{1: pay.CodeDuplicateReference, 2: pay.CodeInsufficientBalance, 3: pay.CodeInvalid}
		if len(now.Payouts) != 1 || now.Payouts[0].Reference != "P1" || !maps.Equal(codes, want) {
			t.Errorf("paid out %d and refused %v, want P1 and %v", len(now.Payouts), codes, want)
		}
		_, err = w.CreateBatch(w.Context(), w.live, "B1", list, nil)
		w.refused(err, pay.KindConflict, pay.CodeDuplicateReference)
		_, err = w.FindBatch(w.Context(), w.test, b.Row.ID)
		w.refused(err, pay.KindNotFound, "")
		w.holds("alpha", 400_000, 0)
		w.balanced()
	})
}

// worked waits until nothing of a batch is left to do.
func (w *world) worked(b gateway.Batch) (now gateway.Batch) {
	w.Helper()
	w.eventually("the batch is worked", func() bool {
		var err error
		now, err = w.FindBatch(w.Context(), w.live, b.Row.ID)
		return err == nil && now.Row.NextWorkAt == 0
	})
	return now
}

func TestABatchThatItsProcessLeftIsTakenUpByAnotherWithoutPayingTwice(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		var calls atomic.Int64
		w.alpha.on(payOut, func(ctx context.Context, c call) (provider.Result, error) {
			if calls.Add(1) <= 8 { // all that the first process has at work at once
				return w.alpha.blocked(ctx, c)
			}
			return paid, nil
		})
		var list []provider.Request
		for i := range 12 {
			list = append(list, payout(fmt.Sprint("P", i), 1000))
		}
		b, err := w.CreateBatch(w.Context(), w.live, "B1", list, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.eventually("the first process is stuck", func() bool { return calls.Load() == 8 })
		other := w.newGateway()
		if due, err := other.ClaimBatches(w.Context(), 10); err != nil || len(due) != 0 {
			t.Fatalf("%d batches were due while the first may be at work, %v", len(due), err)
		}
		w.clock.Advance(6 * time.Minute)
		due, err := other.ClaimBatches(w.Context(), 10)
		if err != nil || len(due) != 1 {
			t.Fatalf("%d batches are due, %v", len(due), err)
		}
		if err := other.WorkBatch(w.Context(), due[0]); err != nil {
			t.Fatal(err)
		}
		now := w.worked(b)
		if len(now.Payouts) != 12 || len(now.Refused) != 0 || calls.Load() != 12 {
			t.Errorf("%d payouts, %d refusals, %d calls; want 12, none and 12", len(now.Payouts), len(now.Refused), calls.Load())
		}
		w.holds("alpha", 988_000, 8000)
	})
}
