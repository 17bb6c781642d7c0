package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// bench has a number of free workers, and keeps what they are given.
type bench[T any] struct {
	free, taken, released int
	rows                  []T
}

type seat[T any] struct{ *bench[T] }

func (b *bench[T]) reserve() gateway.Worker[T] {
	if b.free == 0 {
		return nil
	}
	b.free--
	b.taken++
	return seat[T]{b}
}

func (s seat[T]) Work(row T) { s.rows = append(s.rows, row) }
func (s seat[T]) Release()   { s.released++ }

func TestWhatIsDueAtOnceIsHandedOverUnderALease(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		checks, deliveries := &bench[store.Claimed]{free: 1}, &bench[store.DueDelivery]{free: 1}
		w.OnHandOver(gateway.HandOver{Check: checks.reserve, Delivery: deliveries.reserve})
		told := 0
		w.OnWork(func(gateway.Work) { told++ })
		w.endpoint("we_1", `[]`, true)
		w.alpha.on(submit, said(waiting))
		tx := w.create(w.live, order("R1"))
		w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomeSucceeded}.text())
		if len(checks.rows) != 1 || checks.rows[0].ID != tx.ID || told != 0 {
			t.Fatalf("handed over %v and told of %d, want the hinted transaction by hand", checks.rows, told)
		}
		w.clock.Advance(time.Second)
		if list, err := w.ClaimTransactions(t.Context(), 10); err != nil || len(list) != 0 {
			t.Errorf("what a worker has in hand is claimed: %v, %v", list, err)
		}
		w.alpha.on(status, said(paid))
		if err := w.Resolve(t.Context(), checks.rows[0]); err != nil {
			t.Fatal(err)
		}
		w.status(tx, pay.StatusSucceeded)
		w.handedAsStored(deliveries.rows)
		if told != 0 {
			t.Error("told of work that a worker has in hand")
		}
		if list, err := w.Store.ClaimDeliveries(t.Context(), w.clock.Now(), 10); err != nil || len(list) != 0 {
			t.Errorf("a delivery in hand is claimed: %v, %v", list, err)
		}
		// The node dies with it: the lease brings it back.
		w.clock.Advance(store.DeliveryLease)
		if list, err := w.Store.ClaimDeliveries(t.Context(), w.clock.Now(), 10); err != nil || len(list) != 1 {
			t.Errorf("claimed after the lease: %v, %v", list, err)
		}
	})
}

// handedAsStored fails unless one delivery was handed over, just as it is stored.
func (w *world) handedAsStored(rows []store.DueDelivery) {
	w.Helper()
	if len(rows) != 1 {
		w.Fatalf("%d deliveries handed over, want 1", len(rows))
	}
	d := rows[0]
	row, err := w.Store.Read().GetDelivery(w.Context(), sqlgen.GetDeliveryParams{MerchantID: d.MerchantID, ID: d.ID})
	if err != nil || !reflect.DeepEqual(row, *d.Row) {
		w.Errorf("handed over %+v, stored is %+v, error %v", *d.Row, row, err)
	}
	event, err := w.Store.Read().GetEvent(w.Context(), sqlgen.GetEventParams{MerchantID: d.MerchantID, ID: row.EventID})
	if err != nil || !reflect.DeepEqual(event, *d.Event) {
		w.Errorf("handed over %+v, stored is %+v, error %v", *d.Event, event, err)
	}
	if about, err := json.Marshal(d.About); err != nil || string(about) != event.Snapshot {
		w.Errorf("handed over with %s, the event has %s, error %v", about, event.Snapshot, err)
	}
}

func TestOnlyTheFirstEventThatIsOwedIsHandedOverAsTheFirst(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		deliveries := &bench[store.DueDelivery]{free: 100}
		w.OnHandOver(gateway.HandOver{Delivery: deliveries.reserve})
		w.endpoint("we_1", `["payment.created","payment.succeeded"]`, true)
		w.alpha.on(submit, said(waiting))
		first := w.create(w.live, order("R1"))
		err := w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Raw().ExecContext(ctx, `UPDATE webhook_endpoints SET events = '["payment.succeeded"]'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		second := w.create(w.live, order("R2"))
		w.alpha.on(status, said(paid))
		w.after(time.Minute)
		w.status(first, pay.StatusSucceeded)
		w.status(second, pay.StatusSucceeded)
		told := map[string][]bool{}
		for _, row := range deliveries.rows {
			told[row.Row.TransactionID] = append(told[row.Row.TransactionID], row.First)
		}
		if want := map[string][]bool{first.ID: {true, false}, second.ID: {true}}; !reflect.DeepEqual(told, want) {
			t.Errorf("handed over as the first: %v, want %v", told, want)
		}
	})
}

func TestWithoutAFreeWorkerOrACommitNothingIsHandedOver(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		deliveries := &bench[store.DueDelivery]{free: 2}
		w.OnHandOver(gateway.HandOver{
			Check:    func() gateway.Worker[store.Claimed] { return nil },
			Delivery: deliveries.reserve,
		})
		told := map[gateway.Work]int{}
		w.OnWork(func(k gateway.Work) { told[k]++ })
		w.endpoint("we_1", `["payment.created"]`, true)
		w.alpha.on(submit, said(waiting))
		tx := w.create(w.live, order("R1"))
		w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomeSucceeded}.text())
		if told[gateway.WorkTransactions] != 1 {
			t.Error("nobody was told of the check that is due")
		}
		if _, err := w.Create(t.Context(), w.live, order("R1")); err == nil {
			t.Fatal("a reference was taken twice")
		}
		if len(deliveries.rows) != 1 || deliveries.taken != 1+deliveries.released {
			t.Errorf("%d handed over, %d reserved, %d released: want one handed over and none kept", len(deliveries.rows), deliveries.taken, deliveries.released)
		}
		deliveries.free = 0
		w.create(w.live, order("R2"))
		if told[gateway.WorkDeliveries] != 1 {
			t.Error("nobody was told of the delivery that is due")
		}
	})
}

func TestWhatChangedSinceItWasReadIsReadAgain(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		reference := w.attempts(tx)[0].Reference
		// While one question is on its way, a notification comes.
		w.alpha.on(status, func(context.Context, call) (provider.Result, error) {
			w.alpha.on(status, said(paid))
			w.hook(w.alpha, notice{Reference: reference, Hint: pay.OutcomeSucceeded}.text())
			return declined, nil
		})
		w.after(12 * time.Second)
		w.after(time.Second)
		w.status(tx, pay.StatusSucceeded)
		w.balanced()
	})
}

func TestAPaymentThatAPageSubmitsIsToldOfBeforeItsEnd(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		deliveries := &bench[store.DueDelivery]{free: 100}
		w.OnHandOver(gateway.HandOver{Delivery: deliveries.reserve})
		w.endpoint("we_1", `["payment.pending","payment.succeeded"]`, true)
		w.alpha.on(submit, said(waiting))
		tx := w.create(w.live, page("R1", false))
		if _, err := w.PayCheckout(t.Context(), tx.Checkout.Token, byPhone(payer)); err != nil {
			t.Fatal(err)
		}
		w.alpha.on(status, said(paid))
		w.after(time.Minute)
		w.status(tx, pay.StatusSucceeded)
		var told []string
		for _, row := range deliveries.rows {
			told = append(told, fmt.Sprint(row.Row.Type, " first ", row.First))
		}
		if want := []string{"payment.pending first true", "payment.succeeded first false"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

func TestANotificationLetsTheAnswerOfItsSubmissionGoFirst(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		before := w.store.Stats().Repeats
		heard := make(chan int, 1)
		w.alpha.on(submit, func(_ context.Context, c call) (provider.Result, error) {
			go func() {
				heard <- w.hook(w.alpha, notice{Reference: c.order.Reference, Hint: pay.OutcomeSucceeded}.text())
			}()
			time.Sleep(10 * time.Millisecond) // the notification arrives while the answer is on its way
			return waiting, nil
		})
		w.alpha.on(status, said(paid))
		tx := w.create(w.live, order("R1"))
		if code := <-heard; code != http.StatusAccepted {
			t.Fatalf("the notification is answered %d", code)
		}
		w.after(time.Second)
		w.status(tx, pay.StatusSucceeded)
		if n := w.store.Stats().Repeats - before; n != 0 {
			t.Errorf("%d writes ran again: the two came in each other's way", n)
		}
	})
}

func TestANotificationIsHeardBeforeASubmissionThatWaitsForIt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, func(_ context.Context, c call) (provider.Result, error) {
			if code := w.hook(w.alpha, notice{Reference: c.order.Reference, Hint: pay.OutcomeSucceeded}.text()); code != http.StatusAccepted {
				t.Errorf("the notification is answered %d", code)
			}
			return waiting, nil
		})
		w.alpha.on(status, said(paid))
		tx := w.create(w.live, order("R1"))
		w.after(time.Second)
		w.status(tx, pay.StatusSucceeded)
	})
}
