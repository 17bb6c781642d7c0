package pgtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
)

// shared is the test binary's server. Nobody stops it: it ends with the
// process (see the package comment), so no package needs a TestMain for it.
var shared = sync.OnceValues(func() (*Server, error) {
	return Start(context.Background(), Options{})
})

// templates remembers, per key, the database that [Cloned] copies.
var templates sync.Map // string → func() (string, error)

// Database gives the test an empty database on the shared server and drops it
// when the test ends. Tests that run in parallel each get their own.
func Database(t testing.TB) string {
	t.Helper()
	s := sharedServer(t)
	url, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dropAtEnd(t, s, url)
	return url
}

// Cloned gives the test a copy of a database that migrate has prepared. The
// first call with a key runs migrate on an empty database; later ones, in this
// test binary, only copy it. Migrate must close its connections before it
// returns: PostgreSQL does not copy a database that is in use. An error of
// migrate fails every test that uses the key.
func Cloned(t testing.TB, key string, migrate func(url string) error) string {
	t.Helper()
	s := sharedServer(t)
	prepare, _ := templates.LoadOrStore(key, sync.OnceValues(func() (string, error) {
		return s.prepare(migrate)
	}))
	template, err := prepare.(func() (string, error))()
	if err != nil {
		t.Fatalf("prepare template %s: %v", key, err)
	}
	url, err := s.create(t.Context(), template)
	if err != nil {
		t.Fatal(err)
	}
	dropAtEnd(t, s, url)
	return url
}

// Dedicated starts a server for one test, which may crash it with
// [Server.Stop]; otherwise it is stopped when the test ends.
func Dedicated(t testing.TB, opts Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func sharedServer(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// prepare outlives the test that happens to come first, hence its own context.
func (s *Server) prepare(migrate func(url string) error) (string, error) {
	ctx := context.Background()
	url, err := s.Create(ctx)
	if err != nil {
		return "", err
	}
	if err := migrate(url); err != nil {
		return "", fmt.Errorf("migrate: %w", err)
	}
	name, err := databaseName(url)
	if err != nil {
		return "", err
	}
	// From here on nobody can connect to it by mistake and block the copies.
	if err := s.admin(ctx, "ALTER DATABASE "+name+" WITH ALLOW_CONNECTIONS false"); err != nil {
		return "", fmt.Errorf("close the template: %w", err)
	}
	return name, nil
}

func dropAtEnd(t testing.TB, s *Server, url string) {
	t.Helper()
	t.Cleanup(func() {
		// t.Context() is over by now.
		if err := s.Drop(context.Background(), url); err != nil {
			t.Error(err)
		}
	})
}
