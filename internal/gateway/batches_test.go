package gateway_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

var (
	maker    = gateway.Person{UserID: "usr_maker", Email: "awa@example.com"}
	approver = gateway.Person{UserID: "usr_approver", Email: "paul@example.com"}
)

// held makes a batch of three times 1000 XAF above a limit of 2999.
func (w *world) held(reference string) gateway.Batch {
	w.Helper()
	w.alpha.on(payOut, said(paid))
	if err := w.SetPayoutLimit(w.Context(), w.live, money.New(2999, money.XAF)); err != nil {
		w.Fatal(err)
	}
	b := w.batchOf(maker, reference)
	if b.Status() != gateway.BatchAwaiting || b.Row.NextWorkAt != 0 {
		w.Fatalf("the batch is %s", b.Status())
	}
	return b
}

func (w *world) batchOf(by gateway.Person, reference string) gateway.Batch {
	w.Helper()
	var list []provider.Request
	for i := range 3 {
		list = append(list, payout(fmt.Sprint(reference, "-", i), 1000))
	}
	b, err := w.MakeBatch(w.Context(), w.live, gateway.NewBatch{Reference: reference, Payouts: list, Maker: by}, nil)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

// takeUp does the work of batches that is due after an hour.
func (w *world) takeUp() int {
	w.Helper()
	w.clock.Advance(time.Hour)
	due, err := w.ClaimBatches(w.Context(), 10)
	if err != nil {
		w.Fatal(err)
	}
	for _, c := range due {
		if err := w.WorkBatch(w.Context(), c); err != nil {
			w.Fatal(err)
		}
	}
	return len(due)
}

func TestAHeldBatchPaysNothingUntilASecondPersonApproves(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		b := w.held("B1")
		if n := w.takeUp(); n != 0 || w.alpha.count(payOut) != 0 {
			t.Fatalf("%d batches were due and %d payouts sent before approval", n, w.alpha.count(payOut))
		}
		_, err := w.ApproveBatch(w.Context(), w.live, maker, b.Row.ID)
		w.refused(err, pay.KindForbidden, gateway.CodeOwnBatch)
		_, err = w.ApproveBatch(w.Context(), w.live, gateway.Person{}, b.Row.ID)
		w.refused(err, pay.KindForbidden, gateway.CodeOwnBatch)
		_, err = w.ApproveBatch(w.Context(), w.test, approver, b.Row.ID)
		w.refused(err, pay.KindNotFound, "")
		_, _, elsewhere := w.newMerchant("Elsewhere")
		_, err = w.ApproveBatch(w.Context(), elsewhere, approver, b.Row.ID)
		w.refused(err, pay.KindNotFound, "")
		w.holds("alpha", 1_000_000, 0)

		if _, err := w.ApproveBatch(w.Context(), w.live, approver, b.Row.ID); err != nil {
			t.Fatal(err)
		}
		now := w.worked(b)
		if now.Status() != gateway.BatchCompleted || len(now.Payouts) != 3 || now.Row.DeciderEmail != approver.Email || now.Row.DecidedAt == 0 {
			t.Errorf("got %s with %d payouts, decided by %q", now.Status(), len(now.Payouts), now.Row.DeciderEmail)
		}
		_, err = w.ApproveBatch(w.Context(), w.live, approver, b.Row.ID)
		w.refused(err, pay.KindConflict, gateway.CodeAlreadyDecided)
		w.holds("alpha", 997_000, 0)
		w.balanced()
	})
}

func TestConcurrentApprovalsRunABatchOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		b := w.held("B1")
		var approved, late atomic.Int64
		var people sync.WaitGroup
		for i := range 8 {
			people.Go(func() {
				_, err := w.ApproveBatch(w.Context(), w.live, gateway.Person{UserID: fmt.Sprint("usr_", i), Email: "x@example.com"}, b.Row.ID)
				switch {
				case err == nil:
					approved.Add(1)
				case asError(err) != nil && asError(err).Code == gateway.CodeAlreadyDecided:
					late.Add(1)
				default:
					t.Errorf("approval %d: %v", i, err)
				}
			})
		}
		people.Wait()
		w.worked(b)
		if approved.Load() != 1 || late.Load() != 7 || w.alpha.count(payOut) != 3 {
			t.Errorf("%d approved, %d came late, %d payouts sent; want 1, 7 and 3", approved.Load(), late.Load(), w.alpha.count(payOut))
		}
	})
}

func TestAnApprovedBatchWhoseProcessDiedIsTakenUp(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		b := w.held("B1")
		w.alpha.on(payOut, w.alpha.blocked)
		if _, err := w.ApproveBatch(w.Context(), w.live, approver, b.Row.ID); err != nil {
			t.Fatal(err)
		}
		w.eventually("the first process is stuck", func() bool { return w.alpha.count(payOut) == 3 })
		other := w.newGateway()
		w.clock.Advance(6 * time.Minute)
		due, err := other.ClaimBatches(w.Context(), 10)
		if err != nil || len(due) != 1 {
			t.Fatalf("%d batches are due, %v", len(due), err)
		}
		if err := other.WorkBatch(w.Context(), due[0]); err != nil {
			t.Fatal(err)
		}
		if now := w.worked(b); len(now.Payouts) != 3 || len(now.Refused) != 0 || w.alpha.count(payOut) != 3 {
			t.Errorf("%d payouts, refused %v, sent %d times", len(now.Payouts), now.Refused, w.alpha.count(payOut))
		}
	})
}

func TestARejectedBatchNeverPays(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		for i, by := range []gateway.Person{maker, approver} { // its maker withdraws it
			b := w.held(fmt.Sprint("B", i))
			now, err := w.RejectBatch(w.Context(), w.live, by, b.Row.ID)
			if err != nil || now.Status() != gateway.BatchRejected {
				t.Fatalf("%s, %v", now.Status(), err)
			}
			_, err = w.ApproveBatch(w.Context(), w.live, approver, b.Row.ID)
			w.refused(err, pay.KindConflict, gateway.CodeAlreadyDecided)
		}
		if n := w.takeUp(); n != 0 || w.alpha.count(payOut) != 0 {
			t.Errorf("%d rejected batches were due, %d payouts sent", n, w.alpha.count(payOut))
		}
	})
}

func TestOnlyAPersonsBatchAboveItsCurrencysLimitIsHeld(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(payOut, said(paid))
		limit := func(minor int64, c money.Currency) {
			t.Helper()
			if err := w.SetPayoutLimit(t.Context(), w.live, money.New(minor, c)); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(name string, by gateway.Person, held bool) {
			t.Helper()
			b := w.batchOf(by, name)
			if got := b.Row.Approval == "awaiting"; got != held {
				t.Errorf("%s: held is %t", name, got)
			}
			if !held {
				w.worked(b)
			}
		}
		expect("no limit", maker, false)
		limit(100, money.USD)
		expect("a limit of another currency", maker, false)
		limit(3000, money.XAF)
		expect("at the limit", maker, false)
		limit(2999, money.XAF)
		expect("above the limit", maker, true)
		expect("with an API key", gateway.Person{}, false)
		limit(0, money.XAF)
		expect("a limit of zero", maker, true)
		if err := w.RemovePayoutLimit(t.Context(), w.live, money.XAF); err != nil {
			t.Fatal(err)
		}
		expect("the limit removed", maker, false)
		if list, err := w.PayoutLimits(t.Context(), w.test); err != nil || len(list) != 0 {
			t.Errorf("test mode has limits %v, %v", list, err)
		}
		w.refused(w.SetPayoutLimit(t.Context(), w.live, money.New(-1, money.XAF)), pay.KindInvalid, "")
	})
}

func TestABatchConfirmedTwiceIsMadeOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(payOut, said(paid))
		n := gateway.NewBatch{ID: "pob_same", Reference: "B1", Payouts: []provider.Request{payout("P1", 1000)}, Lines: []int{7}, Maker: maker}
		var forms sync.WaitGroup
		for range 6 {
			forms.Go(func() {
				b, err := w.MakeBatch(w.Context(), w.live, n, nil)
				if err != nil || b.Row.ID != "pob_same" {
					t.Errorf("got %s, %v", b.Row.ID, err)
				}
			})
		}
		forms.Wait()
		now := w.worked(gateway.Batch{Row: must(w.FindBatch(w.Context(), w.live, "pob_same")).Row})
		asked := must(now.Asked())
		if len(now.Payouts) != 1 || w.alpha.count(payOut) != 1 || asked[0].Line != 7 {
			t.Errorf("%d payouts, sent %d times, line %d", len(now.Payouts), w.alpha.count(payOut), asked[0].Line)
		}
		n.ID = "pob_other"
		_, err := w.MakeBatch(w.Context(), w.live, n, nil)
		w.refused(err, pay.KindConflict, pay.CodeDuplicateReference)
	})
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestACheckNamesWhatWouldBeRefusedAndRecordsNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.held("B1") // takes B1-0 to B1-2
		w.create(w.live, payout("PAID", 1000))
		list := []provider.Request{payout("P1", 600_000), payout("PAID", 5), payout("B1-2", 5), payout("P1", 5), payout("P2", 600_000), payout("P3", 5), payout("P4", 5)}
		list[5].Method.Phone = "12"
		list[6].Amount.Currency = money.GNF // which nobody here carries
		check := must(w.CheckBatch(w.Context(), w.live, list))
		codes := map[int]string{}
		for _, r := range check.Refused {
			codes[r.Index] = r.Code
		}
		want := map[int]string{1: pay.CodeDuplicateReference, 2: pay.CodeDuplicateReference, 3: pay.CodeDuplicateReference, 5: pay.CodeInvalidPhone, 6: pay.CodeCapability}
		if fmt.Sprint(codes) != fmt.Sprint(want) {
			t.Errorf("refused %v, want %v", codes, want)
		}
		// 999,000 are left for P1 and P2.
		if !slices.Equal(check.Short, []money.Amount{money.New(201_000, money.XAF)}) || !slices.Equal(check.Above, []money.Amount{money.New(2999, money.XAF)}) {
			t.Errorf("short %v, above %v", check.Short, check.Above)
		}
		w.holds("alpha", 999_000, 0)
		if all := must(w.ListBatches(w.Context(), w.live, "", 10)); len(all) != 1 || all[0].Status() != gateway.BatchAwaiting {
			t.Errorf("batches %+v", all)
		}
	})
}

func TestADraftIsItsMakersAloneAndEnds(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		d := must(w.KeepDraft(w.Context(), w.live, maker, gateway.BatchDraft{Reference: "B1", Content: []byte("a;b\xe9")}))
		if got := must(w.FindDraft(w.Context(), w.live, maker, d.ID)); got.Reference != "B1" || string(got.Content) != "a;b\xe9" {
			t.Errorf("got %+v", got)
		}
		_, err := w.FindDraft(w.Context(), w.live, approver, d.ID)
		w.refused(err, pay.KindNotFound, "")
		_, err = w.FindDraft(w.Context(), w.test, maker, d.ID)
		w.refused(err, pay.KindNotFound, "")
		w.clock.Advance(time.Hour)
		_, err = w.FindDraft(w.Context(), w.live, maker, d.ID)
		w.refused(err, pay.KindNotFound, "")
	})
}

func TestAPayoutThatWasMadeAfterAllIsNotAmongTheRefused(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(payOut, said(paid))
		b := w.worked(w.batchOf(maker, "B1"))
		w.exec(`UPDATE payout_batches SET refused = $1 WHERE id = $2`,
			`[{"index":1,"reference":"B1-1","code":"insufficient_balance","message":"too little"},{"index":2,"reference":"B1-9","code":"insufficient_balance","message":"too little"}]`, b.Row.ID)
		now, err := w.FindBatch(w.Context(), w.live, b.Row.ID)
		if err != nil || len(now.Refused) != 1 || now.Refused[0].Reference != "B1-9" {
			t.Errorf("refused are %+v, %v", now.Refused, err)
		}
	})
}
