package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

func openPG(t *testing.T, opts Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), pgtest.Database(t), opts)
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

func TestPostgreSQLIsDurable(t *testing.T) {
	url := pgtest.Database(t)
	for _, c := range []struct{ asked, want string }{
		{"", "on"},
		{"off", "on"},
		{"local", "on"},
		{"remote_apply", "remote_apply"}, // stronger: waits for standbys
	} {
		s, err := Open(t.Context(), withParam(url, "synchronous_commit", c.asked), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Update(t.Context(), func(_ context.Context, tx *Tx) error {
			if got := scan(t, tx.Raw(), "SHOW synchronous_commit"); got != c.want {
				t.Errorf("asked for %q: synchronous_commit is %s, want %s", c.asked, got, c.want)
			}
			if got := scan(t, tx.Raw(), "SHOW transaction_isolation"); got != "read committed" {
				t.Errorf("isolation is %s", got)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func withParam(url, name, value string) string {
	if value == "" {
		return url
	}
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	return url + separator + name + "=" + value
}

func TestADeadlockIsRunAgain(t *testing.T) {
	s := openPG(t, Options{})
	exec(t, s, `CREATE TABLE rows (name TEXT PRIMARY KEY, n BIGINT NOT NULL)`)
	exec(t, s, `INSERT INTO rows (name, n) VALUES ('a', 0), ('b', 0)`)
	var both sync.WaitGroup // holds the first run of each until both have a row
	both.Add(2)
	var callers sync.WaitGroup
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		callers.Go(func() {
			first := true
			if err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
				if _, err := tx.Raw().ExecContext(ctx, `SET LOCAL deadlock_timeout = '20ms'`); err != nil {
					return err
				}
				for i, name := range order {
					if _, err := tx.Raw().ExecContext(ctx, `UPDATE rows SET n = n + 1 WHERE name = $1`, name); err != nil {
						return errors.New("the closure may hide the reason")
					}
					if i == 0 && first {
						first = false
						both.Done()
						both.Wait()
					}
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if got := scan(t, s.RawRead(), `SELECT string_agg(name || n, ' ' ORDER BY name) FROM rows`); got != "a2 b2" {
		t.Errorf("rows are %s, want each incremented twice", got)
	}
	if s.Stats().Repeats == 0 {
		t.Error("no closure ran again")
	}
}

func TestAStaleRowRunsTheClosureAgain(t *testing.T) {
	s := openPG(t, Options{})
	runs := 0
	if err := s.Update(t.Context(), func(context.Context, *Tx) error {
		if runs++; runs < 3 {
			return fmt.Errorf("save: %w", ErrStale)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if runs != 3 {
		t.Errorf("the closure ran %d times, want 3", runs)
	}
}

func TestARowThatStaysStaleIsTheCallersProblem(t *testing.T) {
	s := openPG(t, Options{})
	runs := 0
	err := s.Update(t.Context(), func(context.Context, *Tx) error {
		runs++
		return ErrStale
	})
	if !errors.Is(err, ErrStale) || runs != maxRuns {
		t.Errorf("Update = %v after %d runs, want ErrStale after %d", err, runs, maxRuns)
	}
}

func TestACallerThatGivesUpWaitingForAConnectionKeepsNothing(t *testing.T) {
	s := openPG(t, Options{MaxConns: 1})
	if err := s.Update(t.Context(), func(held context.Context, tx *Tx) error {
		if _, err := tx.Raw().ExecContext(held, "SELECT 1"); err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		waiting := make(chan error, 1)
		go func() {
			waiting <- s.Update(ctx, func(ctx context.Context, tx *Tx) error {
				_, err := tx.Raw().ExecContext(ctx, "SELECT 1")
				if err == nil {
					t.Error("the closure went on")
				}
				return err
			})
		}()
		for s.engine.(*postgresEngine).db.Stats().WaitCount == 0 {
			if err := sleep(ctx, time.Millisecond); err != nil {
				return err
			}
		}
		cancel()
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("the caller that waited got %v, want context.Canceled", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAnUnreachableServerIsReportedWithoutThePassword(t *testing.T) {
	for _, url := range []string{
		"postgres://gateway:hunter2@127.0.0.1:1/passerelle?connect_timeout=1",
		"postgres://gateway:hunter2@127.0.0.1:port/passerelle",
	} {
		s, err := Open(t.Context(), url, Options{})
		if err == nil {
			s.Close()
			t.Fatalf("opened %s", url)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}
