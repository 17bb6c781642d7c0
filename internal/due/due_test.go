package due_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-pay/passerelle/internal/due"
)

// rows is a table of rows that owe work now.
type rows struct {
	mu     sync.Mutex
	due    []int
	claims []int // the limit of each claim
	err    error
}

func (r *rows) add(ids ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = append(r.due, ids...)
}

func (r *rows) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *rows) claim(_ context.Context, limit int) ([]int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.claims = append(r.claims, limit)
	if r.err != nil {
		return nil, r.err
	}
	n := min(limit, len(r.due))
	batch := slices.Clone(r.due[:n])
	r.due = r.due[n:]
	return batch, nil
}

func (r *rows) claimed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.claims)
}

// start runs a runner in the bubble and returns what ends it and waits.
func start(t *testing.T, r *due.Runner[int]) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { r.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

func TestItClaimsAgainAtOnceWhileBatchesComeBackFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table rows
		for i := range 100 {
			table.add(i)
		}
		var worked atomic.Int64
		r := &due.Runner[int]{Workers: 4, Poll: time.Hour, Claim: table.claim, Work: func(context.Context, int) error {
			worked.Add(1)
			return nil
		}}
		stop := start(t, r)
		synctest.Wait() // no time passes: a pause between batches would leave rows over
		if worked.Load() != 100 {
			t.Errorf("worked %d of 100 rows without a pause", worked.Load())
		}
		stop()
	})
}

func TestItLooksAgainAfterThePollAndSoonerAfterWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table rows
		r := &due.Runner[int]{Workers: 4, Claim: table.claim, Work: func(context.Context, int) error { return nil }}
		stop := start(t, r)
		defer stop()
		synctest.Wait()
		before := table.claimed()
		time.Sleep(10 * 200 * time.Millisecond)
		synctest.Wait()
		if n := table.claimed() - before; n != 10 {
			t.Errorf("an idle runner looked %d times in ten polls of 200 ms, want 10", n)
		}
		table.add(1)
		r.Wake()
		synctest.Wait()
		before = table.claimed()
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		if n := table.claimed() - before; n < 2 {
			t.Errorf("after work it looked %d times within a poll, want at least 2", n)
		}
	})
}

func TestWakeMakesItLookAtOnceAndNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table rows
		var worked atomic.Int64
		r := &due.Runner[int]{Poll: time.Hour, Claim: table.claim, Work: func(context.Context, int) error {
			worked.Add(1)
			return nil
		}}
		for range 10 {
			r.Wake() // before Run, and with nobody listening
		}
		stop := start(t, r)
		defer stop()
		synctest.Wait()
		table.add(1)
		r.Wake()
		synctest.Wait()
		if worked.Load() != 1 {
			t.Error("a woken runner left a due row")
		}
	})
}

func TestNoMoreThanItsWorkersAreAtWorkOrClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table rows
		for i := range 20 {
			table.add(i)
		}
		var now, most atomic.Int64
		r := &due.Runner[int]{Workers: 3, Claim: table.claim, Work: func(_ context.Context, row int) error {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Duration(row%3+1) * time.Second)
			now.Add(-1)
			return nil
		}}
		stop := start(t, r)
		time.Sleep(time.Minute)
		stop()
		if most.Load() != 3 {
			t.Errorf("%d rows at work at once, want 3", most.Load())
		}
		for _, limit := range table.claims {
			if limit < 1 || limit > 3 {
				t.Errorf("claimed up to %d rows with 3 workers", limit)
			}
		}
	})
}

func TestItDrainsTheWorkInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table rows
		table.add(1)
		var ended atomic.Bool
		r := &due.Runner[int]{Claim: table.claim, Work: func(ctx context.Context, _ int) error {
			time.Sleep(10 * time.Second)
			ended.Store(ctx.Err() == nil)
			return nil
		}}
		stop := start(t, r)
		synctest.Wait()
		table.add(2)
		claims := table.claimed()
		stop()
		if !ended.Load() {
			t.Error("Run returned before its work had ended, or ended the work's context")
		}
		if table.claimed() != claims {
			t.Error("it claimed after its context had ended")
		}
	})
}

func TestAnErrorAndAPanicAreLoggedAndStopNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table rows
		var log bytes.Buffer
		var ends []error
		r := &due.Runner[int]{
			Name: "deliveries", Workers: 1, Claim: table.claim,
			Log: slog.New(slog.NewTextHandler(&log, nil)),
			Work: func(_ context.Context, row int) error {
				switch row {
				case 1:
					return errors.New("disk is full")
				case 2:
					panic("card 4000000000000002")
				case 3:
					_ = []int{1, 2}[row]
				}
				return nil
			},
			Done: func(_ time.Duration, err error) { ends = append(ends, err) },
		}
		table.add(1, 2, 3, 4)
		stop := start(t, r)
		synctest.Wait()
		stop()
		if len(ends) != 4 || ends[0] == nil || ends[1] == nil || ends[2] == nil || ends[3] != nil {
			t.Fatalf("rows ended with %v", ends)
		}
		text := log.String()
		for _, want := range []string{"disk is full", "panic: string", "index out of range", "runner=deliveries", "row=2"} {
			if !strings.Contains(text, want) {
				t.Errorf("the log lacks %q", want)
			}
		}
		if strings.Contains(text, "4000000000000002") {
			t.Error("the log holds a panic's value")
		}
	})
}

func TestItSlowsDownWhileClaimingFailsAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table rows
		table.fail(errors.New("no database"))
		var worked atomic.Int64
		r := &due.Runner[int]{Poll: 100 * time.Millisecond, Claim: table.claim, Work: func(context.Context, int) error {
			worked.Add(1)
			return nil
		}}
		stop := start(t, r)
		defer stop()
		time.Sleep(time.Minute)
		if n := table.claimed(); n > 40 {
			t.Errorf("%d claims in a minute without a database", n)
		}
		table.fail(nil)
		table.add(1)
		time.Sleep(5 * time.Second)
		if worked.Load() != 1 {
			t.Error("it did not recover within five seconds")
		}
	})
}

func TestRowsClaimedAsTheContextEndsAreWorked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		worked := 0
		r := &due.Runner[int]{
			Claim: func(context.Context, int) ([]int, error) { cancel(); return []int{1}, nil },
			Work:  func(context.Context, int) error { worked++; return nil },
		}
		r.Run(ctx)
		if worked != 1 {
			t.Errorf("worked %d times: a claimed row would wait for its lease to end", worked)
		}
	})
}

func TestAReservedWorkerNeedsNoClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table rows
		var worked, ended atomic.Int64
		r := &due.Runner[int]{Workers: 4, Claim: table.claim, Work: func(ctx context.Context, row int) error {
			worked.Add(int64(row))
			time.Sleep(time.Second)
			ended.Add(1)
			return ctx.Err()
		}}
		if r.Reserve() != nil {
			t.Error("a runner that does not run has a worker")
		}
		stop := start(t, r)
		synctest.Wait()
		var slots []*due.Slot[int]
		for s := r.Reserve(); s != nil; s = r.Reserve() {
			slots = append(slots, s)
		}
		if len(slots) != 4 {
			t.Fatalf("%d workers reserved, want 4", len(slots))
		}
		slots[0].Release()
		table.add(1)
		for i, s := range slots[1:] {
			s.Work(10 << i)
		}
		r.Wake()
		synctest.Wait()
		if worked.Load() != 1+10+20+40 {
			t.Errorf("worked %d, want what was handed over and, by the worker that was given back, what was claimed", worked.Load())
		}
		stop()
		if ended.Load() != 4 {
			t.Errorf("%d ended, want all before Run returns", ended.Load())
		}
		if r.Reserve() != nil {
			t.Error("a runner that has ended has a worker")
		}
	})
}

func TestClaimingLeavesWorkersToBeReserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claiming := make(chan struct{})
		r := &due.Runner[int]{Workers: 4, Claim: func(context.Context, int) ([]int, error) {
			<-claiming
			return nil, nil
		}, Work: func(context.Context, int) error { return nil }}
		stop := start(t, r)
		synctest.Wait()
		for i := range 3 {
			s := r.Reserve()
			if (s != nil) != (i < 2) {
				t.Errorf("reservation %d while it claims: %v", i+1, s != nil)
			}
			if s != nil {
				defer s.Release()
			}
		}
		close(claiming)
		go stop()
		synctest.Wait()
	})
}
