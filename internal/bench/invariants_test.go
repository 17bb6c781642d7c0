package bench

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
)

func closeRig(t *testing.T, r *rig) {
	t.Helper()
	if err := r.close(); err != nil {
		t.Error(err)
	}
}

func settleAndStop(t *testing.T, r *rig) {
	t.Helper()
	if err := r.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.stopGateway(); err != nil {
		t.Fatal(err)
	}
}

func checked(t *testing.T, r *rig, seen witnesses) []string {
	t.Helper()
	s, err := store.Open(t.Context(), r.url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	broken, err := Check(t.Context(), s, seen)
	if err != nil {
		t.Fatal(err)
	}
	return broken
}

func tamper(t *testing.T, r *rig, statement string) {
	t.Helper()
	s, err := store.Open(t.Context(), r.url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw().ExecContext(ctx, statement)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Each case breaks what the one before left, and counts only what is new.
func TestTheCheckFindsWhatIsBroken(t *testing.T) {
	onBoth(t, func(t *testing.T, engine string) {
		r, err := newRig(t.Context(), quick(t, engine))
		if err != nil {
			t.Fatal(err)
		}
		defer closeRig(t, r)
		for range 5 {
			r.create(time.Now())
		}
		settleAndStop(t, r)
		if broken := checked(t, r, r.witnesses()); len(broken) > 0 {
			t.Fatalf("before anything is broken: %q", broken)
		}
		t.Run("a provider that was paid for nothing", func(t *testing.T) {
			seen := r.witnesses()
			seen.paid["PSUNKNOWN"] = "100"
			expect(t, checked(t, r, seen), "the provider took the money of PSUNKNOWN")
		})
		t.Run("a merchant that was not told", func(t *testing.T) {
			seen := r.witnesses()
			delete(seen.told, reference(2))
			expect(t, checked(t, r, seen), reference(2)+" succeeded, and the merchant was not told")
		})
		t.Run("another amount at the provider", func(t *testing.T) {
			seen := r.witnesses()
			for ref := range seen.paid {
				seen.paid[ref] = "1.0"
				break
			}
			expect(t, checked(t, r, seen), "and of 1.0 at the provider")
		})
		t.Run("a success nobody knows of", func(t *testing.T) {
			seen := r.witnesses()
			for ref := range seen.paid {
				delete(seen.paid, ref)
				break
			}
			expect(t, checked(t, r, seen), "1 payments succeeded that the provider knows nothing of")
		})
		for _, c := range []struct{ name, statement, found string }{
			{"a lost delivery", "DELETE FROM deliveries WHERE id = (SELECT MAX(id) FROM deliveries)", "1 terminal events without a delivery that was acknowledged"},
			{"an open delivery", "UPDATE deliveries SET status = 'pending' WHERE id = (SELECT MAX(id) FROM deliveries)", "1 deliveries left open"},
			{"a lost posting", "DELETE FROM ledger_entries WHERE id = (SELECT MAX(id) FROM ledger_entries WHERE account = 'payments')", "1 journals whose debits and credits differ"},
			{"a lost balance", "DELETE FROM balance_deltas WHERE id = (SELECT MAX(id) FROM balance_deltas)", "1 accounts whose balance is not the sum of their entries"},
			{"a lost event", "DELETE FROM events WHERE id = (SELECT MAX(id) FROM events WHERE type = 'payment.succeeded')", "1 succeeded payments without exactly one event of it"},
			{"an open payment", "UPDATE transactions SET status = 'pending' WHERE id = (SELECT MIN(id) FROM transactions)", "1 payments left open"},
		} {
			t.Run(c.name, func(t *testing.T) {
				tamper(t, r, c.statement)
				expect(t, checked(t, r, r.witnesses()), c.found)
			})
		}
	})
}

func expect(t *testing.T, broken []string, part string) {
	t.Helper()
	for _, b := range broken {
		if strings.Contains(b, part) {
			return
		}
	}
	t.Errorf("violations %q, none says %q", broken, part)
}
