package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const paymentsPath = "/v1/payments"

// post does what a door does with an idempotency key: look, create, answer.
// It returns the answer's body.
func (w *world) post(ctx context.Context, key, body string, r provider.Request) (string, error) {
	for {
		claim := w.NewClaim(w.live, key, http.MethodPost, paymentsPath, []byte(body))
		replay, id, err := w.Look(ctx, claim)
		switch {
		case err != nil:
			return "", err
		case replay != nil:
			return string(replay.Body), nil
		case id != "":
			return id, nil
		}
		tx, err := w.CreateOnce(ctx, w.live, r, claim)
		if errors.Is(err, gateway.ErrIdempotencyTaken) {
			continue
		}
		if err != nil {
			return "", err
		}
		return tx.ID, w.Answered(ctx, claim, http.StatusCreated, []byte(tx.ID))
	}
}

func TestConcurrentIdenticalRequestsExecuteOnceAndHearTheSame(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(paid))
		var answers sync.Map
		var callers sync.WaitGroup
		for i := range 200 {
			callers.Go(func() {
				id, err := w.post(w.Context(), "key-1", `{"reference":"R1"}`, order("R1"))
				if err != nil {
					t.Errorf("request %d: %v", i, err)
				}
				answers.Store(id, true)
			})
		}
		callers.Wait()
		different := 0
		answers.Range(func(any, any) bool { different++; return true })
		if different != 1 || w.alpha.count(submit) != 1 {
			t.Errorf("%d different answers, %d submissions, want one", different, w.alpha.count(submit))
		}
	})
}

func TestAKeyIsBoundToItsRequest(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		if _, err := w.post(w.Context(), "key-1", "a", order("R1")); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]*gateway.Claim{
			"another body":   w.NewClaim(w.live, "key-1", http.MethodPost, paymentsPath, []byte("b")),
			"another path":   w.NewClaim(w.live, "key-1", http.MethodPost, "/v1/payouts", []byte("a")),
			"another method": w.NewClaim(w.live, "key-1", http.MethodPut, paymentsPath, []byte("a")),
		} {
			_, _, err := w.Look(w.Context(), c)
			if e := asError(err); e == nil || e.Code != pay.CodeIdempotencyMismatch || e.Kind != pay.KindConflict {
				t.Errorf("%s: got %v, want a mismatch", name, err)
			}
		}
		_, _, elsewhere := w.newMerchant("Elsewhere")
		for name, c := range map[string]*gateway.Claim{
			"another key":      w.NewClaim(w.live, "key-2", http.MethodPost, paymentsPath, []byte("a")),
			"the other mode":   w.NewClaim(w.test, "key-1", http.MethodPost, paymentsPath, []byte("b")),
			"another merchant": w.NewClaim(elsewhere, "key-1", http.MethodPost, paymentsPath, []byte("b")),
		} {
			if replay, id, err := w.Look(w.Context(), c); replay != nil || id != "" || err != nil {
				t.Errorf("%s met %v, %q, %v; want nothing", name, replay, id, err)
			}
		}
	})
}

func TestTheClaimIsKeptWithTheTransactionOrNotAtAll(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, func(_ context.Context, c call) (provider.Result, error) {
			claim := w.NewClaim(w.live, "key-1", http.MethodPost, paymentsPath, []byte("a"))
			row, err := w.store.Read().GetIdempotency(w.Context(), sqlgen.GetIdempotencyParams{
				MerchantID: w.merchant, Mode: string(pay.Live), Key: claim.Key,
			})
			if err != nil || row.TransactionID != c.order.TransactionID {
				t.Errorf("during the call the claim is %+v, %v; want it bound to the transaction", row, err)
			}
			return paid, nil
		})
		if _, err := w.post(w.Context(), "key-1", "a", order("R1")); err != nil {
			t.Fatal(err)
		}
		_, err := w.post(w.Context(), "key-2", "b", order("R1")) // a duplicate reference
		w.refused(err, pay.KindConflict, pay.CodeDuplicateReference)
		claim := w.NewClaim(w.live, "key-2", http.MethodPost, paymentsPath, []byte("another body"))
		if replay, _, err := w.Look(w.Context(), claim); replay != nil || err != nil {
			t.Errorf("a refused request kept its key: %v, %v", replay, err)
		}
	})
}

func TestARequestWhoseOwnerDiedIsAnsweredWithItsTransaction(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		claim := w.NewClaim(w.live, "key-1", http.MethodPost, paymentsPath, []byte("a"))
		tx, err := w.CreateOnce(w.Context(), w.live, order("R1"), claim)
		if err != nil {
			t.Fatal(err)
		}
		waiter, cancel := context.WithTimeout(w.Context(), 300*time.Millisecond)
		defer cancel()
		_, _, err = w.Look(waiter, claim)
		w.refused(err, pay.KindUnavailable, "") // the first may still be at work
		w.clock.Advance(31 * time.Second)
		replay, id, err := w.Look(w.Context(), claim)
		if err != nil || replay != nil || id != tx.ID {
			t.Errorf("got %v, %q, %v; want the transaction", replay, id, err)
		}
		if n := w.alpha.count(submit); n != 1 {
			t.Errorf("submitted %d times", n)
		}
	})
}

func TestAKeyWhoseOwnerDiedBeforeCommitIsTakenOverByOneWaiter(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		dead := w.NewClaim(w.live, "key-1", http.MethodPost, paymentsPath, []byte("a"))
		if err := w.TakeClaim(w.Context(), dead); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(31 * time.Second)
		var executed atomic.Int64
		var waiters sync.WaitGroup
		for range 30 {
			waiters.Go(func() {
				for {
					claim := w.NewClaim(w.live, "key-1", http.MethodPost, paymentsPath, []byte("a"))
					replay, id, err := w.Look(w.Context(), claim)
					if err != nil || id != "" {
						t.Errorf("got %q, %v", id, err)
						return
					}
					if replay != nil {
						return
					}
					if err := w.TakeClaim(w.Context(), claim); errors.Is(err, gateway.ErrIdempotencyTaken) {
						continue
					} else if err != nil {
						t.Error(err)
					}
					executed.Add(1)
					if err := w.Answered(w.Context(), claim, http.StatusCreated, []byte("done")); err != nil {
						t.Error(err)
					}
					return
				}
			})
		}
		waiters.Wait()
		if n := executed.Load(); n != 1 {
			t.Errorf("executed %d times, want once", n)
		}
	})
}

func TestAFreedKeyIsNotFreedAgainUnderItsNewOwner(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		dead := w.NewClaim(w.live, "key-1", http.MethodPost, paymentsPath, []byte("a"))
		if err := w.TakeClaim(w.Context(), dead); err != nil {
			t.Fatal(err)
		}
		stale, err := w.store.Read().GetIdempotency(w.Context(), sqlgen.GetIdempotencyParams{
			MerchantID: w.merchant, Mode: string(pay.Live), Key: dead.Key,
		})
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(31 * time.Second)
		next := w.NewClaim(w.live, "key-1", http.MethodPost, paymentsPath, []byte("a"))
		if _, _, err = w.Look(w.Context(), next); err != nil { // frees it
			t.Fatal(err)
		}
		if err = w.TakeClaim(w.Context(), next); err != nil {
			t.Fatal(err)
		}
		if err = w.Abandoned(w.Context(), stale); err != nil { // a slower waiter, who saw the dead one
			t.Fatal(err)
		}
		if err = w.TakeClaim(w.Context(), next); !errors.Is(err, gateway.ErrIdempotencyTaken) {
			t.Errorf("the new owner's key was freed under it: %v", err)
		}
	})
}

func TestAReleasedKeyIsFreeAndAnAnsweredOneIsNot(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		claim := w.NewClaim(w.live, "key-1", http.MethodPost, paymentsPath, []byte("a"))
		for i := range 2 {
			if err := w.TakeClaim(w.Context(), claim); err != nil {
				t.Fatalf("take %d: %v", i+1, err)
			}
			if err := w.Release(w.Context(), claim); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.TakeClaim(w.Context(), claim); err != nil {
			t.Fatal(err)
		}
		if err := w.Answered(w.Context(), claim, 200, []byte("first")); err != nil {
			t.Fatal(err)
		}
		if err := w.Release(w.Context(), claim); err != nil {
			t.Fatal(err)
		}
		replay, _, err := w.Look(w.Context(), claim)
		if err != nil || replay == nil || replay.Status != 200 || string(replay.Body) != "first" {
			t.Errorf("got %v, %v; want the first answer", replay, err)
		}
	})
}

func TestNothingOfARequestIsReadableInItsIdempotencyRecord(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		const key, body, said = "key-in-clear", `{"card":"4242424242424242"}`, "answer-in-clear"
		claim := w.NewClaim(w.live, key, http.MethodPost, paymentsPath, []byte(body))
		if err := w.TakeClaim(w.Context(), claim); err != nil {
			t.Fatal(err)
		}
		if err := w.Answered(w.Context(), claim, 201, []byte(said)); err != nil {
			t.Fatal(err)
		}
		row, err := w.store.Read().GetIdempotency(w.Context(), sqlgen.GetIdempotencyParams{
			MerchantID: w.merchant, Mode: string(pay.Live), Key: claim.Key,
		})
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%+v", row)
		for _, clear := range []string{key, "4242424242424242", said} {
			if strings.Contains(text, clear) {
				t.Errorf("%q stands in clear in %s", clear, text)
			}
		}
	})
}
