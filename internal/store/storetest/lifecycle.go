package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
)

func endedCallersStartNothing(t *testing.T, s *store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Update(ctx, func(context.Context, *store.Tx) error {
		t.Error("the closure ran")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update = %v, want context.Canceled", err)
	}
}

func startedClosuresFinish(t *testing.T, s *store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	must(t, s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		cancel()
		return set(ctx, tx, "a", 1)
	}))
	wantTotal(t, s, 1)
}

func contextsKeepValues(t *testing.T, s *store.Store) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "trace")
	must(t, s.Update(ctx, func(ctx context.Context, _ *store.Tx) error {
		if ctx.Value(key{}) != "trace" {
			t.Error("the closure's context lost its caller's value")
		}
		if d, ok := ctx.Deadline(); !ok || time.Until(d) > time.Minute {
			t.Errorf("the closure may run until %v", d)
		}
		return nil
	}))
}

func closeDrains(t *testing.T, s *store.Store) {
	started, finish := make(chan struct{}), make(chan struct{})
	answer, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		answer <- s.Update(context.Background(), func(ctx context.Context, tx *store.Tx) error {
			close(started)
			<-finish
			return set(ctx, tx, "a", 1)
		})
	}()
	<-started
	go func() { closed <- s.Close() }()
	for {
		// Close has begun once an Update is refused; those before it may be
		// queued behind the closure that waits, so none waits for its answer.
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		err := s.Update(ctx, func(context.Context, *store.Tx) error { return nil })
		cancel()
		if errors.Is(err, store.ErrClosed) {
			break
		}
	}
	select {
	case err := <-closed:
		t.Errorf("Close returned %v while a closure was at work", err)
	default:
	}
	close(finish)
	must(t, <-answer)
	must(t, <-closed)
}

func closeIsIdempotent(t *testing.T, s *store.Store) {
	must(t, s.Close())
	must(t, s.Close())
	err := s.Update(t.Context(), func(context.Context, *store.Tx) error { return nil })
	if !errors.Is(err, store.ErrClosed) {
		t.Errorf("Update after Close = %v, want ErrClosed", err)
	}
	if s.RawRead().QueryRowContext(t.Context(), `SELECT 1`).Err() == nil {
		t.Error("a read after Close succeeded")
	}
}

func migrateIsIdempotent(t *testing.T, s *store.Store) {
	must(t, s.Migrate(t.Context()))
	pending, err := s.Pending(t.Context())
	must(t, err)
	if len(pending) != 0 {
		t.Errorf("pending migrations after Migrate: %v", pending)
	}
}

func pings(t *testing.T, s *store.Store) {
	must(t, s.Ping(t.Context()))
	must(t, s.Close())
	if s.Ping(t.Context()) == nil {
		t.Error("a closed store answered")
	}
}

func workIsCounted(t *testing.T, s *store.Store) {
	before := s.Stats()
	must(t, s.Update(t.Context(), func(context.Context, *store.Tx) error { return nil }))
	_ = s.Update(t.Context(), func(context.Context, *store.Tx) error { return errRefused })
	after := s.Stats()
	if n := after.Updates - before.Updates; n != 2 {
		t.Errorf("counted %d updates, want 2", n)
	}
	if after.Commits == before.Commits {
		t.Error("no commit was counted")
	}
}
