package store_test

import (
	"context"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

func TestADatabaseThatIsGoneIsToldFromAMistake(t *testing.T) {
	server := pgtest.Dedicated(t, pgtest.Options{})
	url, err := server.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ask := func(text string) error {
		return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Raw().ExecContext(ctx, text)
			return err
		})
	}
	if err := ask("SELECT nothing"); err == nil || store.Unreachable(err) {
		t.Errorf("a mistake is %v, which passes for an outage", err)
	}
	server.Kill(t)
	for range 3 { // over a connection that was open, then without one
		if err := ask("SELECT 1"); !store.Unreachable(err) {
			t.Errorf("without a server: %v, which does not pass for an outage", err)
		}
		var one int
		if err := s.RawRead().QueryRowContext(t.Context(), "SELECT 1").Scan(&one); !store.Unreachable(err) {
			t.Errorf("reading without a server: %v, which does not pass for an outage", err)
		}
	}
}
