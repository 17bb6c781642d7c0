package main

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
)

func TestAuditVerifyFailsWhenAnEntryWasEdited(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gateway.db")
	with := func(args ...string) int {
		return run(t.Context(), append(args, "--database-url", path, "--keys", "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="))
	}
	if with("merchant", "add", "Boutique Awa", "--email", "awa@example.com") != 0 ||
		with("erase", "--merchant", "Boutique Awa", "--email", "client@example.com") != 0 || with("audit", "verify") != 0 {
		t.Fatal("a trail that nobody touched does not hold")
	}
	s, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw().ExecContext(ctx, "UPDATE audit_entries SET detail = 'transactions 1' WHERE sequence = 2")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if status := with("audit", "verify"); status != 1 {
		t.Errorf("the exit status is %d, want 1", status)
	}
	if status := run(t.Context(), []string{"audit", "verify", "--database-url", path, "--keys", secret.NewKey()}); status != 1 {
		t.Errorf("under another key the exit status is %d, want 1", status)
	}
}
