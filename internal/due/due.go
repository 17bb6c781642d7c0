// Package due runs the rows that owe work.
//
// A row says itself when it owes work; there is no queue beside it. A [Runner]
// claims due rows in batches, each under a lease, and hands them to a bounded
// number of workers. It knows nothing of what the rows are.
//
// # What a Runner promises
//
//   - It claims no more than its workers can begin at once, so that a lease is
//     spent on work and not on waiting for it.
//   - Who writes a row that is due at once may take a free worker for it
//     ([Runner.Reserve]) and save the claim. Claiming leaves half of the workers
//     free for that.
//   - While batches come back full it claims again at once; otherwise it looks
//     again after a short pause, or when [Runner.Wake] is called.
//   - Work that fails or panics is logged and left to its lease: the row comes
//     back by itself, on this node or on another.
//   - When its context ends it claims nothing more, and Run returns once the
//     work that was begun has ended. That work keeps a context of its own.
//
// # What the work promises
//
// It is safe to repeat, since a lease may run out under a slow worker, and it
// bounds its own time below the lease.
package due

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

const (
	defaultWorkers = 8
	defaultPoll    = 200 * time.Millisecond
	// eager divides Poll into the first pause after there was work: where some
	// was due, more is likely to be soon.
	eager = 4
	// troubled times Poll is the longest pause while claiming fails.
	troubled = 32
)

// Runner claims rows of type T and works them. Its fields are set before Run
// and not changed after. T names a row (ids): it is logged when its work fails,
// so it holds no secret.
type Runner[T any] struct {
	// Name says in logs whose work it is.
	Name string
	// Claim takes up to limit due rows under a lease.
	Claim func(ctx context.Context, limit int) ([]T, error)
	// Work does what one row owes. Its context outlives the runner's.
	Work func(ctx context.Context, row T) error
	// Workers bounds the rows at work at once; zero is 8.
	Workers int
	// Poll is the longest pause between two looks for due rows; zero is 200 ms.
	Poll time.Duration
	Log  *slog.Logger
	// Done, when set, hears of each row's end; err is that of Work, or says
	// that it panicked.
	Done func(took time.Duration, err error)

	setup sync.Once
	wake  chan struct{}
	slots chan struct{} // one value per free worker
	began sync.WaitGroup

	mu   sync.Mutex
	work context.Context //nolint:containedctx // of what Reserve hands over; nil while the runner does not run
}

func (r *Runner[T]) init() {
	r.setup.Do(func() {
		if r.Workers <= 0 {
			r.Workers = defaultWorkers
		}
		if r.Poll <= 0 {
			r.Poll = defaultPoll
		}
		if r.Log == nil {
			r.Log = slog.New(slog.DiscardHandler)
		}
		r.wake = make(chan struct{}, 1)
		r.slots = make(chan struct{}, r.Workers)
		for range r.Workers {
			r.slots <- struct{}{}
		}
	})
}

// Wake makes the runner look for due rows at once. It never blocks; a call
// while the runner is claiming makes it look once more.
func (r *Runner[T]) Wake() {
	r.init()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run works due rows until ctx ends, then waits for the work in progress.
func (r *Runner[T]) Run(ctx context.Context) {
	r.init()
	r.open(ctx)
	defer r.end()
	pause := r.Poll
	for {
		free, ok := r.freeSlots(ctx)
		if !ok {
			return
		}
		rows, err := r.claim(ctx, free)
		for _, row := range rows {
			r.begin(ctx, row)
		}
		for range free - len(rows) {
			r.slots <- struct{}{}
		}
		switch {
		case err != nil:
			pause = min(2*pause, troubled*r.Poll)
		case len(rows) == free:
			pause = r.Poll / eager
			continue
		case len(rows) > 0:
			pause = r.Poll / eager
		default:
			pause = min(2*pause, r.Poll)
		}
		if !r.rest(ctx, pause) {
			return
		}
	}
}

// freeSlots waits for a worker to be free and takes all that are, but leaves
// half of the workers to rows that are handed over while it claims.
func (r *Runner[T]) freeSlots(ctx context.Context) (int, bool) {
	if ctx.Err() != nil {
		return 0, false
	}
	select {
	case <-ctx.Done():
		return 0, false
	case <-r.slots:
	}
	free := 1
	for free < (r.Workers+1)/2 {
		select {
		case <-r.slots:
			free++
		default:
			return free, true
		}
	}
	return free, true
}

// claim claims, and never returns more than limit: a row beyond it would wait
// for a worker while its lease runs, and comes back by that lease instead.
func (r *Runner[T]) claim(ctx context.Context, limit int) (rows []T, err error) {
	defer func() {
		if p := recover(); p != nil {
			rows, err = nil, r.panicked(p)
		}
		if err != nil && ctx.Err() == nil {
			r.Log.Error("due rows can't be claimed", "runner", r.Name, "error", err)
		}
	}()
	rows, err = r.Claim(ctx, limit)
	return rows[:min(len(rows), limit)], err
}

// begin hands a row to a worker, whose slot the caller has taken.
func (r *Runner[T]) begin(ctx context.Context, row T) {
	ctx = context.WithoutCancel(ctx)
	r.began.Go(func() {
		defer func() { r.slots <- struct{}{} }()
		r.run(ctx, row)
	})
}

func (r *Runner[T]) run(ctx context.Context, row T) {
	started := time.Now()
	var err error
	defer func() {
		if p := recover(); p != nil {
			err = r.panicked(p)
		}
		if err != nil {
			r.Log.Error("due work failed; its lease brings it back", "runner", r.Name, "row", row, "error", err)
		}
		if r.Done != nil {
			r.Done(time.Since(started), err)
		}
	}()
	err = r.Work(ctx, row)
}

// panicked makes an error of a panic. Its value may quote what it choked on, a
// card number for one; only what the Go runtime itself says is told.
func (r *Runner[T]) panicked(value any) error {
	what := fmt.Sprintf("%T", value)
	if e, ok := value.(runtime.Error); ok {
		what = e.Error()
	}
	return fmt.Errorf("panic: %s\n%s", what, debug.Stack())
}

// rest pauses until it is time to look again. It is false when ctx has ended.
func (r *Runner[T]) rest(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-r.wake:
	case <-timer.C:
	}
	return true
}
