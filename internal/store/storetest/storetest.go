// Package storetest says what a store does, whichever engine it stands on.
//
// [Run] is called once per engine with a function that opens a migrated, empty
// store. Both engines must pass the same cases, so that code written against
// one holds on the other.
package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// Run holds an engine to the suite. Open returns a migrated, empty store of the
// test's own; it is closed by whoever opened it, and may be closed before.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	t.Helper()
	cases := []struct {
		name string
		run  func(t *testing.T, s *store.Store)
	}{
		{"what a closure wrote is read after Update and not before", writesShowAfterCommit},
		{"readers are not held up by a closure at work", readersDoNotWait},
		{"a closure reads what it wrote", closuresReadTheirWrites},
		{"a closure's error undoes it and is returned as it is", errorsUndo},
		{"a failing closure does not disturb its neighbours", neighboursAreSafe},
		{"a panic undoes the closure and continues in the caller", panicsContinue},
		{"a closure that ends its goroutine undoes its work", goexitEnds},
		{"a closure can't outlive a failed statement", failedStatementsEndClosures},
		{"two hundred concurrent increments add up", incrementsAddUp},
		{"a unique violation names its index", uniqueViolationsAreNamed},
		{"another failure is no unique violation", otherFailuresAreNotUnique},
		{"a caller that has given up starts nothing", endedCallersStartNothing},
		{"a closure that started outlives its caller's context", startedClosuresFinish},
		{"a closure's context keeps values and has a limit", contextsKeepValues},
		{"a transaction is of no use after its closure", transactionsEnd},
		{"Close finishes what was started and refuses the rest", closeDrains},
		{"Close twice is Close once", closeIsIdempotent},
		{"Migrate on a current schema changes nothing", migrateIsIdempotent},
		{"the store answers pings until it is closed", pings},
		{"work is counted", workIsCounted},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			must(t, s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Raw().ExecContext(ctx, `CREATE TABLE counters (name TEXT PRIMARY KEY, n BIGINT NOT NULL)`)
				return err
			}))
			c.run(t, s)
		})
	}
}

var errRefused = errors.New("refused")

// set writes a counter that is not there yet.
func set(ctx context.Context, tx *store.Tx, name string, n int) error {
	_, err := tx.Raw().ExecContext(ctx, `INSERT INTO counters (name, n) VALUES ($1, $2)`, name, n)
	return err
}

func add(ctx context.Context, tx *store.Tx, name string, n int) error {
	_, err := tx.Raw().ExecContext(ctx, `UPDATE counters SET n = n + $1 WHERE name = $2`, n, name)
	return err
}

// total adds up the counters that are committed.
func total(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	row := s.RawRead().QueryRowContext(t.Context(), `SELECT CAST(COALESCE(SUM(n), 0) AS bigint) FROM counters`)
	must(t, row.Scan(&n))
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantTotal(t *testing.T, s *store.Store, want int) {
	t.Helper()
	if got := total(t, s); got != want {
		t.Errorf("committed counters add up to %d, want %d", got, want)
	}
}
