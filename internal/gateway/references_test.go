package gateway_test

import (
	"fmt"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestADuplicateReferenceNamesWhatTookIt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		first := w.create(w.live, order("R1"))
		_, err := w.Create(w.Context(), w.live, order("R1"))
		w.refused(err, pay.KindConflict, pay.CodeDuplicateReference)
		if e := asError(err); e.Param != "reference" || e.Existing == nil || e.Existing.ID != first.ID {
			t.Errorf("refused with %+v, want the existing %s", e, first.ID)
		}
		if n := w.alpha.count(submit); n != 1 {
			t.Errorf("submitted %d times", n)
		}
	})
}

func TestADuplicatePayoutReservesNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.create(w.live, payout("P1", 1000))
		_, err := w.Create(w.Context(), w.live, payout("P1", 1000))
		w.refused(err, pay.KindConflict, pay.CodeDuplicateReference)
		w.holds("alpha", 999_000, 1000)
		w.balanced()
	})
}

func TestAReferenceIsFreeInAnotherModeFrontAccountAndKind(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		front, account := w.live, w.live
		front.Front, account.Front, account.Account = "gamma", "gamma", "ACC_2"
		_, _, elsewhere := w.newMerchant("Elsewhere")
		ids := map[string]bool{}
		for _, caller := range []provider.Caller{w.live, w.test, front, account, elsewhere} {
			ids[w.create(caller, order("R1")).ID] = true
		}
		ids[w.create(w.live, payout("R1", 1000)).ID] = true
		if len(ids) != 6 {
			t.Errorf("%d transactions, want 6", len(ids))
		}
	})
}

func TestADialectsOwnReferenceIsMadeAgainWhenTaken(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		caller := w.live
		caller.Front = "gamma"
		made := 0
		next := func() string {
			made++
			return fmt.Sprint("GAMMA", (made+1)/2) // 1 1 2 2 3 3 ...
		}
		for i := range 3 {
			r := order(fmt.Sprint("R", i))
			r.NewFrontReference = next
			if tx := w.create(caller, r); tx.FrontReference != fmt.Sprint("GAMMA", i+1) {
				t.Errorf("payment %d has reference %q", i, tx.FrontReference)
			}
		}
		r := order("R0")
		r.NewFrontReference = next
		_, err := w.Create(w.Context(), caller, r)
		w.refused(err, pay.KindConflict, pay.CodeDuplicateReference)
		stuck := order("R9")
		stuck.NewFrontReference = func() string { return "GAMMA1" }
		if _, err := w.Create(w.Context(), caller, stuck); err == nil {
			t.Error("two transactions share one reference of the dialect")
		}
		other := w.test
		other.Front = "gamma"
		r = order("R1")
		r.NewFrontReference = func() string { return "GAMMA1" }
		w.create(other, r) // in test mode it is free
	})
}

func TestFindSeesTheCallersOwnAlone(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		gamma := provider.Caller{MerchantID: w.merchant, Mode: pay.Live, Front: "gamma", Account: "ACC_1"}
		r := order("R1")
		r.NewFrontReference = func() string { return "GAMMA1" }
		tx := w.create(gamma, r)
		_, elsewhereTest, elsewhere := w.newMerchant("Elsewhere")
		other, test := gamma, gamma
		other.Account, test.Mode = "ACC_2", pay.Test
		delta := gamma
		delta.Front = "delta"
		searches := map[string]provider.Search{
			"id": {ID: tx.ID}, "reference": {Reference: "R1"}, "front reference": {FrontReference: "GAMMA1"},
		}
		for by, s := range searches {
			if got, err := w.Find(w.Context(), gamma, s); err != nil || got.ID != tx.ID {
				t.Errorf("by %s: %v", by, err)
			}
			for who, c := range map[string]provider.Caller{
				"another account": other, "test mode": test, "another front": delta,
				"another merchant": elsewhere, "another merchant's test mode": elsewhereTest,
			} {
				if got, err := w.Find(w.Context(), c, s); pay.KindOf(err) != pay.KindNotFound || got.ID != "" {
					t.Errorf("%s found it by %s: %v", who, by, err)
				}
			}
			s.AnyAccount = true
			if got, err := w.Find(w.Context(), other, s); err != nil || got.ID != tx.ID {
				t.Errorf("in any account by %s: %v", by, err)
			}
		}
		if got, err := w.Find(w.Context(), w.live, provider.Search{ID: tx.ID}); err != nil || got.ID != tx.ID {
			t.Errorf("the native API must see all fronts: %v", err)
		}
		for _, s := range []provider.Search{{}, {Reference: "R1", Kind: pay.Payout}} {
			if _, err := w.Find(w.Context(), gamma, s); pay.KindOf(err) != pay.KindNotFound {
				t.Errorf("%+v gave %v", s, err)
			}
		}
	})
}

func TestNobodyActsOnAnothersTransaction(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(asksOTP))
		tx := w.create(w.live, order("R1"))
		_, elsewhereTest, elsewhere := w.newMerchant("Elsewhere")
		for who, c := range map[string]provider.Caller{"test mode": w.test, "another": elsewhere, "another's test": elsewhereTest} {
			_, cancelErr := w.Cancel(w.Context(), c, tx.ID)
			_, confirmErr := w.Confirm(w.Context(), c, tx.ID, "1234")
			_, checkErr := w.CheckNow(w.Context(), c, tx.ID)
			_, waitErr := w.Wait(w.Context(), c, tx.ID)
			for _, err := range []error{cancelErr, confirmErr, checkErr, waitErr} {
				if pay.KindOf(err) != pay.KindNotFound {
					t.Errorf("%s got %v, want not found", who, err)
				}
			}
		}
		if n := w.alpha.count(cancel) + w.alpha.count(confirm) + w.alpha.count(status); n != 0 {
			t.Errorf("%d calls reached the provider", n)
		}
	})
}

func TestTestDataIsInvisibleToLive(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.sandbox.on(submit, said(paid))
		w.create(w.test, order("T1"))
		live, err := w.List(w.Context(), w.live, gateway.Filter{Kind: pay.Payment, Limit: 10})
		if err != nil || len(live) != 0 {
			t.Errorf("live mode lists %d test payments, %v", len(live), err)
		}
		list, err := w.List(w.Context(), w.test, gateway.Filter{Kind: pay.Payment, Limit: 10})
		if err != nil || len(list) != 1 {
			t.Errorf("test mode lists %d of its payments, %v", len(list), err)
		}
		all, err := w.AllBalances(w.Context(), w.live)
		if err != nil || all["XAF"].Available.Minor != 1_000_000 {
			t.Errorf("the live balance is %+v, %v", all, err)
		}
		if all, err = w.AllBalances(w.Context(), w.test); err != nil || all["XAF"].Available.Minor != 1_005_000 {
			t.Errorf("the test balance is %+v, %v", all, err)
		}
	})
}
