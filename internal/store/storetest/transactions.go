package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store"
)

func writesShowAfterCommit(t *testing.T, s *store.Store) {
	must(t, s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := set(ctx, tx, "a", 1); err != nil {
			return err
		}
		wantTotal(t, s, 0)
		return nil
	}))
	wantTotal(t, s, 1)
}

func readersDoNotWait(t *testing.T, s *store.Store) {
	must(t, s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return set(ctx, tx, "a", 1)
	}))
	must(t, s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := add(ctx, tx, "a", 1); err != nil {
			return err
		}
		var readers sync.WaitGroup
		for range 20 {
			readers.Go(func() { wantTotal(t, s, 1) })
		}
		readers.Wait() // a reader that waited for the writer would never come back
		return nil
	}))
}

func closuresReadTheirWrites(t *testing.T, s *store.Store) {
	must(t, s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := set(ctx, tx, "a", 7); err != nil {
			return err
		}
		var n int
		if err := tx.Raw().QueryRowContext(ctx, `SELECT n FROM counters WHERE name = $1`, "a").Scan(&n); err != nil {
			return err
		}
		if n != 7 {
			t.Errorf("read %d within the closure, want 7", n)
		}
		err := tx.Raw().QueryRowContext(ctx, `SELECT n FROM counters WHERE name = $1`, "b").Scan(&n)
		if !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("an absent row gave %v, want sql.ErrNoRows", err)
		}
		return add(ctx, tx, "a", 1) // no rows is no failure: the closure goes on
	}))
	wantTotal(t, s, 8)
}

func errorsUndo(t *testing.T, s *store.Store) {
	err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		must(t, set(ctx, tx, "a", 1))
		return errRefused
	})
	if err != errRefused { //nolint:errorlint // it must be the very same, not wrapped
		t.Errorf("Update = %v, want the closure's own error", err)
	}
	wantTotal(t, s, 0)
}

func neighboursAreSafe(t *testing.T, s *store.Store) {
	var callers sync.WaitGroup
	for i := range 60 {
		callers.Go(func() {
			err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				if err := set(ctx, tx, fmt.Sprint(i), 1); err != nil {
					return err
				}
				if i%3 == 0 {
					return errRefused
				}
				return nil
			})
			if want := i%3 == 0; errors.Is(err, errRefused) != want || (!want && err != nil) {
				t.Errorf("closure %d: %v", i, err)
			}
		})
	}
	callers.Wait()
	wantTotal(t, s, 40)
}

func panicsContinue(t *testing.T, s *store.Store) {
	type value struct{ text string }
	func() {
		defer func() {
			if p := recover(); p != (value{"broken"}) {
				t.Errorf("the caller recovered %v, want the panic's value", p)
			}
		}()
		_ = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			must(t, set(ctx, tx, "a", 1))
			panic(value{"broken"})
		})
	}()
	wantTotal(t, s, 0)
	must(t, s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return set(ctx, tx, "a", 2) }))
	wantTotal(t, s, 2)
}

func goexitEnds(t *testing.T, s *store.Store) {
	returned := false
	var caller sync.WaitGroup
	caller.Go(func() {
		_ = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			must(t, set(ctx, tx, "a", 1))
			runtime.Goexit()
			return nil
		})
		returned = true
	})
	caller.Wait()
	if returned {
		t.Error("Update returned, want its goroutine to end as the closure's did")
	}
	wantTotal(t, s, 0)
	must(t, s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return set(ctx, tx, "a", 2) }))
	wantTotal(t, s, 2)
}

func failedStatementsEndClosures(t *testing.T, s *store.Store) {
	err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		must(t, set(ctx, tx, "a", 1))
		if set(ctx, tx, "a", 2) == nil {
			t.Error("a name was set twice")
		}
		if set(ctx, tx, "b", 4) == nil {
			t.Error("a statement after a failed one succeeded")
		}
		var n int
		if tx.Raw().QueryRowContext(ctx, `SELECT 1`).Scan(&n) == nil {
			t.Error("a query after a failed statement succeeded")
		}
		return nil
	})
	if !store.IsUnique(err, "") {
		t.Errorf("Update = %v, want the failure that the closure passed over", err)
	}
	wantTotal(t, s, 0)
}

func incrementsAddUp(t *testing.T, s *store.Store) {
	must(t, s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return set(ctx, tx, "a", 0) }))
	var callers sync.WaitGroup
	for range 200 {
		callers.Go(func() {
			if err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				return add(ctx, tx, "a", 1)
			}); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	wantTotal(t, s, 200)
}

func transactionsEnd(t *testing.T, s *store.Store) {
	var kept *store.Tx
	must(t, s.Update(t.Context(), func(_ context.Context, tx *store.Tx) error {
		kept = tx
		return nil
	}))
	if err := set(t.Context(), kept, "a", 1); !errors.Is(err, sql.ErrTxDone) {
		t.Errorf("a statement after the closure gave %v, want sql.ErrTxDone", err)
	}
	wantTotal(t, s, 0)
}
