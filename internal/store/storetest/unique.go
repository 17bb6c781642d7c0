package storetest

import (
	"context"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// insert runs an INSERT in a closure of its own.
func insert(t *testing.T, s *store.Store, query string, args ...any) error {
	t.Helper()
	return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw().ExecContext(ctx, query, args...)
		return err
	})
}

const insertMerchant = `INSERT INTO merchants (id, name, email, created_at) VALUES ($1, $2, 'boutique@example.com', 0)`

func uniqueViolationsAreNamed(t *testing.T, s *store.Store) {
	must(t, insert(t, s, insertMerchant, "m1", "Boutique"))
	sameName := insert(t, s, insertMerchant, "m2", "Boutique")
	sameID := insert(t, s, insertMerchant, "m1", "Épicerie")
	for _, c := range []struct {
		what, name string
		err        error
		want       bool
	}{
		{"same name", store.UniqueMerchantName, sameName, true},
		{"same name, as any", "", sameName, true},
		{"same name, as the primary key's", "merchants_pkey", sameName, false},
		{"same id, as the primary key's", "merchants_pkey", sameID, true},
		{"same id, as the name's", store.UniqueMerchantName, sameID, false},
		{"same name, as an unknown index's", "ux_nothing", sameName, false},
		{"no error", "", nil, false},
	} {
		if got := store.IsUnique(c.err, c.name); got != c.want {
			t.Errorf("%s: IsUnique(%v, %q) = %v, want %v", c.what, c.err, c.name, got, c.want)
		}
	}
}

func otherFailuresAreNotUnique(t *testing.T, s *store.Store) {
	const insertUser = `INSERT INTO users (id, merchant_id, email, password_hash, role, created_at)
		VALUES ('u1', $1, 'ada@example.com', '', '', 0)`
	absent := insert(t, s, insertUser, "nobody")
	if absent == nil {
		t.Fatal("a user of an absent merchant was stored: foreign keys are off")
	}
	missing := insert(t, s, `INSERT INTO counters (name, n) VALUES ('a', NULL)`)
	if missing == nil {
		t.Fatal("NULL was stored in a NOT NULL column")
	}
	for _, err := range []error{absent, missing, errRefused} {
		if store.IsUnique(err, "") {
			t.Errorf("IsUnique(%v) = true", err)
		}
	}
}
