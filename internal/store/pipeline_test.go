package store

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// openPGSchema opens a database that holds the schema.
func openPGSchema(t *testing.T) *Store {
	t.Helper()
	s := openPG(t, Options{MaxConns: 2})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func merchant(name string) sqlgen.InsertMerchantParams {
	return sqlgen.InsertMerchantParams{ID: "m_" + name, Name: name, Email: name + "@example.com", CreatedAt: 1}
}

func merchants(t *testing.T, s *Store) string {
	t.Helper()
	return scan(t, s.RawRead(), `SELECT COALESCE(string_agg(name, ' ' ORDER BY name), '') FROM merchants`)
}

func TestADeferredWriteIsSeenByTheReadAfterIt(t *testing.T) {
	s := openPGSchema(t)
	if err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		if err := tx.InsertMerchant(ctx, merchant("awa")); err != nil {
			return err
		}
		row, err := tx.GetMerchant(ctx, "m_awa")
		if err == nil && row.Name != "awa" {
			t.Errorf("the row read is %v", row)
		}
		if got := merchants(t, s); got != "" {
			t.Errorf("others see %q before COMMIT", got)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if got := merchants(t, s); got != "awa" {
		t.Errorf("kept: %q", got)
	}
}

func TestADeferredWriteThatFailsIsTheAnswerOfUpdate(t *testing.T) {
	s := openPGSchema(t)
	if err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		return tx.InsertMerchant(ctx, merchant("taken"))
	}); err != nil {
		t.Fatal(err)
	}
	twin := merchant("taken")
	twin.ID = "m_twin"
	for name, after := range map[string]func(ctx context.Context, tx *Tx) error{
		"at COMMIT":          func(context.Context, *Tx) error { return nil },
		"at a read":          func(ctx context.Context, tx *Tx) error { _, err := tx.GetMerchant(ctx, "m_taken"); return err },
		"at a list":          func(ctx context.Context, tx *Tx) error { _, err := tx.ListMerchants(ctx); return err },
		"at a raw write":     func(ctx context.Context, tx *Tx) error { _, err := tx.Raw().ExecContext(ctx, "SELECT 1"); return err },
		"though passed over": func(ctx context.Context, tx *Tx) error { _, _ = tx.GetMerchant(ctx, "m_taken"); return nil },
	} {
		err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
			if err := tx.InsertMerchant(ctx, merchant("before")); err != nil {
				return err
			}
			if err := tx.InsertMerchant(ctx, twin); err != nil {
				return err
			}
			return after(ctx, tx)
		})
		if !IsUnique(err, UniqueMerchantName) || !strings.Contains(err.Error(), "InsertMerchant") {
			t.Errorf("%s: %v", name, err)
		}
		if got := merchants(t, s); got != "taken" {
			t.Errorf("%s: kept %q", name, got)
		}
	}
}

func TestAConnectionComesBackCleanAfterAClosureThatFailed(t *testing.T) {
	s := openPGSchema(t)
	fails := map[string]func(ctx context.Context, tx *Tx) error{
		"before anything was sent": func(ctx context.Context, tx *Tx) error {
			return errors.Join(tx.InsertMerchant(ctx, merchant("a")), errors.New("no"))
		},
		"in the middle": func(ctx context.Context, tx *Tx) error {
			err := tx.InsertMerchant(ctx, merchant("b"))
			_, read := tx.GetMerchant(ctx, "m_b")
			return errors.Join(err, read, errors.New("no"))
		},
		"by a panic": func(ctx context.Context, tx *Tx) error {
			_ = tx.InsertMerchant(ctx, merchant("c"))
			_, _ = tx.GetMerchant(ctx, "m_c")
			panic("no")
		},
	}
	for name, fn := range fails {
		for range 4 { // more than there are connections
			func() {
				defer func() { _ = recover() }()
				if s.Update(t.Context(), fn) == nil {
					t.Errorf("%s: no error", name)
				}
			}()
		}
		if err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
			_, err := tx.ListMerchants(ctx)
			return err
		}); err != nil {
			t.Errorf("%s: afterwards: %v", name, err)
		}
	}
	if got := merchants(t, s); got != "" {
		t.Errorf("kept %q", got)
	}
}

func TestOnlyWhatChangesOrLocksNothingRunsBeforeBEGIN(t *testing.T) {
	for query, want := range map[string]bool{
		"-- name: A :one\nSELECT * FROM a":                         true,
		"-- name: B :one\nSELECT * FROM a WHERE b = $1 FOR UPDATE": false,
		"-- name: C :one\nUPDATE a SET b = 1 RETURNING b":          false,
		"-- name: D :one\nINSERT INTO a VALUES (1) RETURNING b":    false,
		"-- name: E :one\nWITH x AS (SELECT 1) SELECT * FROM x":    false, // it could write
	} {
		if got := readsOnly(query); got != want {
			t.Errorf("readsOnly(%q) = %v", query, got)
		}
	}
}
