package store_test

import (
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

// skewed opens a database as a node does whose clock is wrong.
func skewed(t *testing.T, url string, by time.Duration) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{Now: func() time.Time { return time.Now().Add(by) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.SyncClock(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNodesWhoseClocksDifferGoByTheDatabases(t *testing.T) {
	url := pgtest.Database(t)
	for _, by := range []time.Duration{-time.Minute, time.Minute} {
		if off := time.Since(skewed(t, url, by).Now()).Abs(); off > 30*time.Second {
			t.Errorf("a clock that is off by %s stays off by %s", by, off)
		}
	}
}

func TestAClockThatIsRightIsLeftAlone(t *testing.T) {
	fixed := time.Now()
	s, err := store.Open(t.Context(), pgtest.Database(t), store.Options{Now: func() time.Time { return fixed }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fixed = time.Now()
	if err := s.SyncClock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if time.Since(fixed) < 200*time.Millisecond && !s.Now().Equal(fixed) {
		t.Errorf("the clock was moved by %s", s.Now().Sub(fixed))
	}
}

func TestAFileHasTheClockOfItsMachine(t *testing.T) {
	if off := time.Since(skewed(t, t.TempDir()+"/p.db", time.Hour).Now()); off > -59*time.Minute {
		t.Errorf("the clock of SQLite's machine was moved to %s from now", -off)
	}
}
