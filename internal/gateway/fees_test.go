package gateway_test

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// schedule adds a fee schedule of Boutique in XAF.
func (w *world) schedule(s sqlgen.InsertFeeScheduleParams) {
	w.Helper()
	s.MerchantID, s.ID, s.Currency = w.merchant, pay.NewID("fee", w.merchant, w.clock.Now()), string(money.XAF)
	if s.Kind == "" {
		s.Kind = string(pay.Payment)
	}
	if s.Bearer == "" {
		s.Bearer = string(pay.MerchantBears)
	}
	err := w.store.Update(w.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.InsertFeeSchedule(ctx, s) })
	if err != nil {
		w.Fatal(err)
	}
}

func TestAScheduleIsARateAndAFixedPartBetweenBounds(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.schedule(sqlgen.InsertFeeScheduleParams{BasisPoints: 150, Fixed: 25, Minimum: 100, Maximum: 1000})
		for amount, want := range map[int64]int64{
			1000:    100,  // 15 + 25 is under the minimum
			5000:    100,  // 75 + 25
			10_000:  175,  // 150 + 25
			10_030:  175,  // 150.45 + 25
			10_100:  177,  // 151.5, halves away from zero
			100_000: 1000, // 1500 + 25 is above the maximum
		} {
			got, bearer, err := w.QuoteFor(w.Context(), w.live, provider.QuoteOrder{Kind: pay.Payment, Amount: money.New(amount, money.XAF)})
			if err != nil || got != money.New(want, money.XAF) || bearer != pay.MerchantBears {
				t.Errorf("the fee of %d is %s by %s, %v; want %d", amount, got, bearer, err, want)
			}
		}
		for name, o := range map[string]provider.QuoteOrder{
			"another kind":     {Kind: pay.Payout, Amount: money.New(5000, money.XAF)},
			"another currency": {Kind: pay.Payment, Amount: money.New(5000, money.XOF)},
		} {
			if got, err := w.Quote(w.Context(), w.live, o); err != nil || !got.IsZero() || got.Currency != o.Amount.Currency {
				t.Errorf("%s costs %s, %v; want nothing", name, got, err)
			}
		}
		_, err := w.Quote(w.Context(), w.live, provider.QuoteOrder{Kind: pay.Payment})
		w.refused(err, pay.KindInvalid, "")
	})
}

func TestAnOperatorsScheduleComesBeforeTheGeneralOne(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.schedule(sqlgen.InsertFeeScheduleParams{Fixed: 10})
		w.schedule(sqlgen.InsertFeeScheduleParams{Fixed: 30, Operator: "airtel_ga"})
		airtel, moov := order("R1"), order("R2")
		moov.Method.Phone = otherPayer
		for want, r := range map[int64]provider.Request{30: airtel, 10: moov} {
			if tx := w.create(w.live, r); tx.Fees != money.New(want, money.XAF) {
				t.Errorf("the fee of %s is %s, want %d", r.Method.Phone, tx.Fees, want)
			}
		}
	})
}

func TestADialectsSandboxFeeHoldsInTestModeAlone(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.dialect.SandboxFee, w.dialect.SandboxFeeBearer = 200, pay.CustomerBears
		test, live := w.test, w.live
		test.Front, live.Front = "gamma", "gamma"
		if tx := w.create(test, order("R1")); tx.Fees.Minor != 100 || tx.FeeBearer != pay.CustomerBears {
			t.Errorf("in test mode: %s by %s, want 100 by the customer", tx.Fees, tx.FeeBearer)
		}
		for name, c := range map[string]provider.Caller{"live": live, "native": w.test} {
			if tx := w.create(c, order("R-"+name)); !tx.Fees.IsZero() {
				t.Errorf("%s: %s, want none", name, tx.Fees)
			}
		}
		r := order("R3")
		r.FeeBearer = pay.MerchantBears
		if tx := w.create(test, r); tx.FeeBearer != pay.MerchantBears {
			t.Errorf("the request's bearer gave way to %s", tx.FeeBearer)
		}
	})
}

func TestFeesArePostedByTheirBearer(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		for _, f := range []*fake{w.alpha, w.beta} {
			for _, verb := range []string{submit, payOut, refund} {
				f.on(verb, said(paid))
			}
		}
		for _, k := range []pay.Kind{pay.Payment, pay.Payout} {
			w.schedule(sqlgen.InsertFeeScheduleParams{Kind: string(k), Fixed: 300})
		}
		balance := int64(1_000_000)
		for i, c := range []struct {
			kind   pay.Kind
			bearer pay.Bearer
			amount int64
			change int64
			want   map[string]int64
		}{
			{pay.Payment, pay.MerchantBears, 5000, 4700, map[string]int64{
				"payments credit": 5000, "fees debit": 300, "available debit": 4700,
			}},
			{pay.Payment, pay.CustomerBears, 5000, 5000, map[string]int64{
				"payments credit": 5000, "available debit": 5000, "fees debit": 300, "customer_fees credit": 300,
			}},
			{pay.Payment, pay.MerchantBears, 100, -200, map[string]int64{ // the fee exceeds the amount
				"payments credit": 100, "fees debit": 300, "available credit": 200,
			}},
			{pay.Payment, pay.MerchantBears, 300, 0, map[string]int64{"payments credit": 300, "fees debit": 300}},
			{pay.Payout, pay.MerchantBears, 5000, -5300, map[string]int64{
				"available credit": 5300, "reserved debit": 5300, "reserved credit": 5300,
				"payouts debit": 5000, "fees debit": 300,
			}},
			{pay.Payout, pay.CustomerBears, 5000, -5000, map[string]int64{
				"available credit": 5000, "reserved debit": 5000, "reserved credit": 5000, "payouts debit": 5000,
			}},
		} {
			r := order(fmt.Sprint("R", i))
			r.Kind, r.FeeBearer, r.Amount = c.kind, c.bearer, money.New(c.amount, money.XAF)
			tx := w.create(w.live, r)
			if got := w.entries(tx); !maps.Equal(got, c.want) {
				t.Errorf("%s of %d, fee by the %s: posted %v, want %v", c.kind, c.amount, c.bearer, got, c.want)
			}
			balance += c.change
			w.holds("alpha", balance, 0)
		}
		w.balanced()
	})
}

func TestTheProvidersOwnFeeReplacesTheSchedules(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.schedule(sqlgen.InsertFeeScheduleParams{Fixed: 10})
		res := paid
		res.Fees = money.New(125, money.XAF)
		w.alpha.on(submit, said(res))
		if tx := w.create(w.live, order("R1")); tx.Fees.Minor != 125 {
			t.Errorf("fees are %s", tx.Fees)
		}
		w.holds("alpha", 1_004_875, 0)
		res.Fees = money.New(125, money.XOF)
		w.alpha.on(submit, said(res))
		if tx := w.create(w.live, order("R2")); tx.Fees.Minor != 10 {
			t.Errorf("fees in another currency became %s", tx.Fees)
		}
		w.balanced()
	})
}

func TestAPayoutsFeeCountsAgainstTheBalance(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.schedule(sqlgen.InsertFeeScheduleParams{Kind: string(pay.Payout), Fixed: 300})
		_, err := w.Create(w.Context(), w.live, payout("P1", 1_000_000))
		w.refused(err, pay.KindFunds, pay.CodeInsufficientBalance)
		w.create(w.live, payout("P2", 999_700))
		w.holds("alpha", 0, 1_000_000)
	})
}
