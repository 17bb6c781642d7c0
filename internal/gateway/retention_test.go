package gateway_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

const day = 24 * time.Hour

// rows counts a table.
func (w *world) rows(table string) (n int) {
	w.Helper()
	if err := w.store.RawRead().QueryRowContext(w.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

// traces writes a row of each kind that is purged, as made at a time.
func (w *world) traces(merchant string, at time.Time, n int) {
	w.Helper()
	ms := at.UnixMilli()
	err := w.store.Update(w.Context(), func(ctx context.Context, tx *store.Tx) error {
		for i := range n {
			if err := tx.InsertExchange(ctx, sqlgen.InsertExchangeParams{MerchantID: merchant, ID: pay.NewID("x", merchant, at), CreatedAt: ms}); err != nil {
				return err
			}
			if err := tx.InsertNotification(ctx, sqlgen.InsertNotificationParams{MerchantID: merchant, ID: pay.NewID("ntf", merchant, at), CreatedAt: ms}); err != nil {
				return err
			}
			d := sqlgen.InsertDeliveryParams{MerchantID: merchant, ID: pay.NewID("dlv", merchant, at), Status: "delivered", CreatedAt: ms, CompletedAt: ms}
			if i%3 == 0 {
				d.Status, d.CompletedAt, d.NextAttemptAt = "pending", 0, ms // never owed and dropped
			}
			if err := tx.InsertDelivery(ctx, d); err != nil {
				return err
			}
			err := tx.InsertSandboxOperation(ctx, sqlgen.InsertSandboxOperationParams{
				MerchantID: merchant, ID: pay.NewID("op", merchant, at), Reference: fmt.Sprint(ms, " ", i), Status: "succeeded",
				Script: "{}", Failure: "{}", CreatedAt: ms, UpdatedAt: ms,
			})
			if err != nil {
				return err
			}
			if err := tx.InsertSandboxMessage(ctx, sqlgen.InsertSandboxMessageParams{ID: pay.NewID("sms", "", at), Phone: payer, CreatedAt: ms}); err != nil {
				return err
			}
			err = tx.InsertIdempotency(ctx, sqlgen.InsertIdempotencyParams{MerchantID: merchant, Mode: "live", Key: fmt.Sprint(ms, " ", i), ExpiresAt: ms + 1})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

func TestWhatIsTooOldIsPurgedAndNothingElse(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.Keep = gateway.Keep{Deliveries: 30 * day, Exchanges: 90 * day, Sandbox: 10 * day}
		other, _, _ := w.newMerchant("Elsewhere")
		now := w.clock.Now()
		// 600 of one merchant are more than a commit takes.
		w.traces(w.merchant, now.Add(-91*day), 600)
		w.traces(other, now.Add(-91*day), 3)
		w.traces(other, now.Add(-31*day), 3)
		w.traces(w.merchant, now.Add(-day), 3)
		w.exec(`UPDATE sandbox_operations SET status = 'prompted', due_at = 1 WHERE merchant_id = $1 AND created_at < $2 AND reference LIKE '% 0'`,
			other, now.Add(-90*day).UnixMilli()) // still asked
		w.tidy()
		for table, want := range map[string]int{
			"exchanges": 6, "notifications": 6, "deliveries": 200 + 1 + 1 + 3, "sandbox_messages": 3,
			"sandbox_operations": 3 + 1, "idempotency": 0,
		} {
			if n := w.rows(table); n != want {
				t.Errorf("%d rows of %s are left, want %d", n, table, want)
			}
		}
		w.Keep = gateway.Keep{}
		w.clock.Advance(1000 * day)
		w.tidy()
		if n := w.rows("exchanges"); n != 6 {
			t.Errorf("%d exchanges are left, though they are kept for good", n)
		}
	})
}

func TestPersonalDataGoesWhenItsTimeIsOver(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		if err := w.SetPolicy(w.Context(), w.merchant, gateway.Policy{PersonalDays: 30}); err != nil {
			t.Fatal(err)
		}
		w.alpha.on(submit, said(paid))
		_, _, elsewhere := w.newMerchant("Elsewhere")
		kept := w.create(elsewhere, personal("KEPT"))
		for i := range 25 { // more than a commit takes
			w.create(w.live, personal(fmt.Sprint("R", i)))
		}
		w.alpha.on(submit, said(waiting))
		slow, never := w.create(w.live, personal("SLOW")), w.create(w.live, personal("NEVER"))
		w.clock.Advance(30*day - 2*time.Hour)
		w.tidy()
		if n := w.remains()["transactions.details"]; n != 28 {
			t.Fatalf("%d of 28 transactions name her before the time is over", n)
		}
		w.clock.Advance(2*time.Hour + time.Second)
		w.tidy()
		if n := w.remains()["transactions.details"]; n != 3 {
			t.Fatalf("%d transactions name her, want those that are at work", n)
		}
		w.clock.Advance(time.Hour)
		w.proved(w.alpha, slow)
		w.clock.Advance(30*day - 2*time.Hour)
		w.tidy()
		if w.read(slow).Erased {
			t.Error("erased before its days were over")
		}
		w.clock.Advance(3 * time.Hour)
		w.tidy()
		if !w.read(slow).Erased || w.read(never).Erased || w.read(kept).Erased {
			t.Error("what ended must be erased, what is at work and what has no policy must not")
		}
		if n := w.remains()["transactions.details"]; n != 2 {
			t.Errorf("%d transactions name her", n)
		}
		w.balanced()
	})
}

func TestALiftedPolicyErasesNothingUntilItIsSetAgain(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		set := func(days int) {
			if err := w.SetPolicy(w.Context(), w.merchant, gateway.Policy{PersonalDays: days}); err != nil {
				t.Fatal(err)
			}
		}
		set(1)
		w.alpha.on(submit, said(waiting))
		slow := w.create(w.live, personal("SLOW"))
		w.clock.Advance(2 * day)
		w.tidy() // put down: it is at work
		w.proved(w.alpha, slow)
		set(0)
		for range 3 {
			w.clock.Advance(2 * day)
			w.tidy()
		}
		if w.read(slow).Erased {
			t.Fatal("erased without a policy")
		}
		set(1)
		w.clock.Advance(2 * day)
		w.tidy()
		if !w.read(slow).Erased {
			t.Error("forgotten while there was no policy")
		}
	})
}

func TestWhatNewsBringsOfAnErasedPersonIsNotKept(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(declined))
		tx := w.create(w.live, personal("R1"))
		w.erase(gateway.Subject{Phone: payer})
		w.alpha.on(status, said(paid))
		res := paid
		res.Phone = payer
		w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Verified: true, Hint: pay.OutcomeSucceeded, Result: res}.text())
		if now := w.status(tx, pay.StatusSucceeded); now.Method.Phone != "" {
			t.Errorf("the payer's number is back: %s", now.Method.Phone)
		}
		found := w.remains()
		delete(found, "notifications.request") // redacted, and purged in time
		if len(found) != 0 {
			t.Errorf("found %v", found)
		}
	})
}

func TestAPolicyIsReadAsItWasSet(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		if p, err := w.Policy(t.Context(), w.merchant); err != nil || p != (gateway.Policy{}) {
			t.Errorf("at first it is %+v, %v", p, err)
		}
		for _, want := range []gateway.Policy{{RefundLate: true, PersonalDays: 365}, {}} {
			if err := w.SetPolicy(t.Context(), w.merchant, want); err != nil {
				t.Fatal(err)
			}
			if p, err := w.Policy(t.Context(), w.merchant); err != nil || p != want {
				t.Errorf("got %+v, %v, want %+v", p, err, want)
			}
		}
		for _, days := range []int{-1, 3661} {
			w.refused(w.SetPolicy(t.Context(), w.merchant, gateway.Policy{PersonalDays: days}), pay.KindInvalid, "")
		}
	})
}
