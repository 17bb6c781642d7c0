package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Standby starts a second server that follows s by streaming replication. When
// it returns the two are synchronous: from then on s acknowledges a commit only
// once the standby has it on disk. s was started with [Options].Replicated.
//
// The standby is stopped when the test ends.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	standby, err := start(t.Context(), s.opts, s.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := standby.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, statement := range []string{
		"ALTER SYSTEM SET synchronous_standby_names = 'standby'", "SELECT pg_reload_conf()",
	} {
		if err := s.admin(t.Context(), statement); err != nil {
			t.Fatalf("make the standby synchronous: %v", err)
		}
	}
	s.await(t, "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')")
	return standby
}

// Promote makes a standby a primary of its own and returns once it takes writes.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	if err := s.admin(t.Context(), "SELECT pg_promote(true, 60)"); err != nil {
		t.Fatalf("promote the standby: %v", err)
	}
	s.await(t, "SELECT NOT pg_is_in_recovery()")
}

// await polls a server until a question is answered with yes.
func (s *Server) await(t testing.TB, question string) {
	t.Helper()
	for deadline := time.Now().Add(startLimit); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if yes, err := s.ask(t.Context(), question); err == nil && yes {
			return
		}
	}
	t.Fatalf("waited in vain for: %s\n%s", question, s.readLog())
}

// Kill ends the server with SIGKILL for good, as when its machine is lost, and
// returns once it is gone with its folder.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	// The supervisor starts no server again that is stopping.
	if err := os.WriteFile(filepath.Join(s.dir, "stopping"), nil, 0o600); err != nil {
		t.Fatalf("kill PostgreSQL: %v", err)
	}
	if err := s.kill(); err != nil {
		t.Fatalf("kill PostgreSQL: %v", err)
	}
	<-s.exited
}

// Either is the URL of a database at whichever of two servers takes writes.
func (s *Server) Either(other *Server, databaseURL string) (string, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", fmt.Errorf("read a database URL: %w", err)
	}
	u.RawQuery = url.Values{
		"host": {s.dir + "," + other.dir}, "port": {"5432,5432"},
		"target_session_attrs": {"read-write"}, "connect_timeout": {"2"},
	}.Encode()
	return u.String(), nil
}

// ask runs a question whose answer is yes or no.
func (s *Server) ask(ctx context.Context, question string) (yes bool, err error) {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	err = conn.QueryRow(ctx, question).Scan(&yes)
	return yes, err
}
