package store

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestTablesThatHaveGrownAreAnalyzedOnce(t *testing.T) {
	s := openPG(t, Options{})
	exec(t, s, `CREATE TABLE grown (n BIGINT NOT NULL)`)
	exec(t, s, `INSERT INTO grown SELECT * FROM generate_series(1, 1000)`)
	analyzed := func() string {
		return scan(t, s.RawRead(), `SELECT analyze_count FROM pg_stat_user_tables WHERE relname = 'grown'`)
	}
	refresh := func() {
		if err := s.RefreshStatistics(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// The server counts rows behind the transactions that wrote them.
	for deadline := time.Now().Add(30 * time.Second); analyzed() != "1"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("analyzed %s times", analyzed())
		}
		refresh()
	}
	if got := scan(t, s.RawRead(), `SELECT reltuples::bigint FROM pg_class WHERE relname = 'grown'`); got != "1000" {
		t.Errorf("the planner knows of %s rows", got)
	}
	refresh()
	if got := analyzed(); got != "1" {
		t.Errorf("analyzed %s times", got)
	}
}

func TestSQLiteNeedsNoStatistics(t *testing.T) {
	s, err := Open(context.Background(), ":memory:", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.RefreshStatistics(t.Context()); err != nil {
		t.Error(fmt.Errorf("refresh: %w", err))
	}
}
