package gateway_test

import (
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// counted is everything that was counted of the test's merchant, by currency.
func (w *world) counted() map[money.Currency]gateway.Counted {
	w.Helper()
	slots, err := w.PaymentsIn(w.Context(), w.merchant, pay.Live, w.clock.Now().Add(-48*time.Hour), w.clock.Now().Add(time.Hour), time.Hour)
	if err != nil {
		w.Fatal(err)
	}
	all := map[money.Currency]gateway.Counted{}
	for _, s := range slots {
		all[s.Count.Volume.Currency] = all[s.Count.Volume.Currency].Plus(s.Count)
	}
	return all
}

func TestPaymentsAreCountedOnceByTheHourInWhichTheyEnded(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(paid))
		w.create(w.live, order("PAID-1"))
		w.create(w.live, order("PAID-2"))
		w.alpha.on(submit, said(declined))
		w.create(w.live, order("DECLINED"))
		w.alpha.on(submit, said(waiting))
		slow := w.create(w.live, order("SLOW"))
		w.create(w.live, page("NOBODY-CAME", false))
		if err := w.CountPayments(w.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.counted(); len(got) != 0 {
			t.Fatalf("what is a moment old is counted: %v", got)
		}

		w.alpha.on(status, said(paid))
		w.after(40 * time.Second)
		w.status(slow, pay.StatusSucceeded)
		w.clock.Advance(2 * time.Minute)
		other := w.newGateway()
		var nodes sync.WaitGroup
		for _, g := range []*gateway.Gateway{w.Gateway, other, w.Gateway, other} {
			nodes.Go(func() {
				if err := g.CountPayments(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
		if err := w.CountPayments(w.Context()); err != nil {
			t.Fatal(err)
		}
		got := w.counted()[money.XAF]
		if got.Succeeded != 3 || got.Failed != 1 || got.Volume != money.New(15000, money.XAF) {
			t.Errorf("counted %d succeeded, %d failed, %v", got.Succeeded, got.Failed, got.Volume)
		}
		if rate, ok := got.Rate(); rate != 75 || !ok {
			t.Errorf("the success rate is %d %v", rate, ok)
		}
		if half, _ := got.Within(50); half > time.Second {
			t.Errorf("half are approved within %s", half)
		}
		if most, _ := got.Within(90); most < 10*time.Second || most > time.Minute {
			t.Errorf("ninety of a hundred are approved within %s", most)
		}
		if len(w.counted()) != 1 {
			t.Errorf("currencies are %v", w.counted())
		}
	})
}

func TestAPaymentThatSucceededAfterAllIsCountedOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(declined))
		tx := w.create(w.live, order("LATE"))
		w.clock.Advance(2 * time.Minute)
		if err := w.CountPayments(w.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.counted()[money.XAF]; got.Failed != 1 || got.Succeeded != 0 {
			t.Fatalf("counted %+v", got)
		}
		w.alpha.on(status, said(paid))
		w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomeSucceeded}.text())
		w.after(time.Second)
		w.status(tx, pay.StatusSucceeded)
		w.clock.Advance(3 * time.Hour)
		if err := w.CountPayments(w.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.counted()[money.XAF]; got.Failed != 0 || got.Succeeded != 1 || got.Volume.Minor != 5000 {
			t.Errorf("counted %+v", got)
		}
	})
}
