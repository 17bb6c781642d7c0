package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
	"github.com/passerelle-pay/passerelle/internal/store/storetest"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, openSQLite)
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	storetest.Run(t, openPostgres)
}

// engines opens a migrated store on each engine.
var engines = map[string]func(*testing.T) *store.Store{
	"sqlite":   openSQLite,
	"postgres": openPostgres,
}

func openSQLite(t *testing.T) *store.Store {
	s := open(t, filepath.Join(t.TempDir(), "passerelle.db"))
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func openPostgres(t *testing.T) *store.Store {
	return open(t, pgtest.Cloned(t, "store", func(url string) error {
		s, err := store.Open(context.Background(), url, store.Options{})
		if err != nil {
			return err
		}
		defer s.Close()
		return s.Migrate(context.Background())
	}))
}

func open(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
