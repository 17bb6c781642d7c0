package gateway_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// deliveries gives the targets owed of a transaction, by event type.
func (w *world) deliveries(tx pay.Transaction) map[string][]string {
	w.Helper()
	rows, err := w.store.Read().ListTransactionDeliveries(w.Context(), sqlgen.ListTransactionDeliveriesParams{
		MerchantID: tx.MerchantID, TransactionID: tx.ID,
	})
	if err != nil {
		w.Fatal(err)
	}
	by := map[string][]string{}
	for _, r := range rows {
		by[r.Type] = append(by[r.Type], r.Target)
		if r.Status != "pending" || r.NextAttemptAt == 0 {
			w.Errorf("delivery of %s is %s, due at %d; want it owed", r.Type, r.Status, r.NextAttemptAt)
		}
	}
	return by
}

// endpoint adds a webhook endpoint of Boutique's live mode.
func (w *world) endpoint(id, events string, enabled bool) {
	w.Helper()
	err := w.store.Update(w.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertEndpoint(ctx, sqlgen.InsertEndpointParams{
			MerchantID: w.merchant, ID: id, Mode: string(pay.Live), Url: "https://shop.example/hook", Events: events, Enabled: enabled,
		})
	})
	if err != nil {
		w.Fatal(err)
	}
}

func TestEachEventHoldsTheTransactionAsItWasAtThatMoment(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", true))
		w.alpha.on(submit, said(declined))
		if _, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer)); err != nil {
			t.Fatal(err)
		}
		w.alpha.on(submit, said(paid))
		if _, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(otherPayer)); err != nil {
			t.Fatal(err)
		}
		list := w.events(tx, "payment.created", "payment.pending", "payment.requires_action", "payment.pending", "payment.succeeded")
		for i, want := range []struct {
			status   pay.Status
			phone    string
			attempts int
			reason   pay.Reason
		}{
			{pay.StatusRequiresAction, "", 0, ""},
			{pay.StatusPending, payer, 1, ""},
			{pay.StatusRequiresAction, payer, 1, pay.Declined},
			{pay.StatusPending, otherPayer, 2, ""},
			{pay.StatusSucceeded, otherPayer, 2, ""},
		} {
			var was pay.Transaction
			if err := json.Unmarshal([]byte(list[i].Snapshot), &was); err != nil {
				t.Fatal(err)
			}
			if was.ID != tx.ID || was.Status != want.status || was.Method.Phone != want.phone || was.Attempts != want.attempts ||
				was.Failure.Reason != want.reason || was.Sequence != int64(i+1) {
				t.Errorf("event %d holds %s by %q after %d attempts, %q, sequence %d; want %+v", i+1,
					was.Status, was.Method.Phone, was.Attempts, was.Failure.Reason, was.Sequence, want)
			}
		}
	})
}

func TestNewsThatChangesNothingIsNoEvent(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		for range 5 {
			w.after(26 * time.Hour)
		}
		w.alpha.on(status, said(declined))
		for range 3 {
			w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Verified: true, Hint: pay.OutcomeFailed, Result: declined}.text())
		}
		w.events(tx, "payment.created", "payment.failed")
	})
}

func TestAnEndpointIsOwedWhatItAskedForAndByDefaultTheOutcome(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.endpoint("default", `[]`, true)
		w.endpoint("all", `["*"]`, true)
		w.endpoint("some", `["payment.created","payment.failed"]`, true)
		w.endpoint("off", `["*"]`, false)
		w.alpha.on(submit, said(paid))
		tx := w.create(w.live, order("R1"))
		got := w.deliveries(tx)
		if c, s := got["payment.created"], got["payment.succeeded"]; len(c) != 2 || len(s) != 2 || len(got) != 2 {
			t.Errorf("owed %v, want created to all and some, succeeded to all and default", got)
		}
		w.sandbox.on(submit, said(paid))
		if got = w.deliveries(w.create(w.test, order("R1"))); len(got) != 0 {
			t.Errorf("a live endpoint is owed %v of test mode", got)
		}
	})
}

func TestADialectIsOwedTheOutcomeAsOftenAsTheSandboxSays(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.endpoint("native", `["*"]`, true)
		caller := provider.Caller{MerchantID: w.merchant, Mode: pay.Test, Front: "gamma"}
		for copies, want := range map[int]int{0: 0, 1: 1, 3: 3} {
			res := paid
			res.NoticeCopies = &copies
			w.sandbox.on(submit, said(res))
			r := order("R1")
			r.Reference += string(rune('0' + copies))
			tx := w.create(caller, r)
			got := w.deliveries(tx)
			if len(got["payment.succeeded"]) != want || len(got["payment.created"]) != 0 {
				t.Errorf("with %d copies %v are owed, want %d", copies, got, want)
			}
			for _, target := range got["payment.succeeded"] {
				if target != "gamma" {
					t.Errorf("owed to %s, want the dialect", target)
				}
			}
		}
		caller.Mode = pay.Live
		three := 3
		res := paid
		res.NoticeCopies = &three
		w.alpha.on(submit, said(res))
		if got := w.deliveries(w.create(caller, order("R9"))); len(got["payment.succeeded"]) != 1 {
			t.Errorf("in live mode %v are owed, want one", got)
		}
	})
}

func TestAFailedCommitOwesNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.exec("ALTER TABLE events RENAME TO elsewhere") // the last of what commit 1 writes
		if _, err := w.Create(w.Context(), w.live, payout("P1", 1000)); err == nil {
			t.Fatal("the commit succeeded")
		}
		if n := w.alpha.count(payOut); n != 0 {
			t.Error("the provider was called without a record")
		}
		w.exec("ALTER TABLE elsewhere RENAME TO events")
		_, err := w.Find(w.Context(), w.live, provider.Search{Reference: "P1", Kind: pay.Payout})
		w.refused(err, pay.KindNotFound, "")
		w.holds("alpha", 1_000_000, 0)
		w.balanced()
	})
}

func TestWhoWorksDueRowsIsToldThatThereAreSome(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		told := make(chan string, 100)
		w.OnWork(func(k gateway.Work) { told <- string(k) })
		w.endpoint("we_1", `[]`, true)
		w.alpha.on(submit, said(waiting))
		tx := w.create(w.live, order("R1"))
		w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomeSucceeded}.text())
		if k := <-told; k != "transactions" {
			t.Errorf("told of %s after a hint, want transactions", k)
		}
		w.alpha.on(status, said(paid))
		w.after(time.Second)
		if k := <-told; k != "deliveries" {
			t.Errorf("told of %s after an outcome, want deliveries", k)
		}
	})
}
