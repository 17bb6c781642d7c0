package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxGroup and maxGroupWork bound how long the first closure of a group
	// waits for the last.
	maxGroup     = 256
	minGroupWork = 2 * time.Millisecond
	maxGroupWork = 20 * time.Millisecond
)

// groupWriter commits closures of many callers together, since waiting for the
// disk costs more than most closures do. All are answered after COMMIT, even
// those that failed, whose reason may be a row of the same group. An idle writer
// starts at once: it never waits for company.
//
// Most closures succeed, and savepoints cost a fifth of their work. So a group
// runs without; when one of it fails and may have written, the group is undone
// and runs again with a savepoint each.
//
// When the transaction is lost (COMMIT fails, the disk is full), each closure
// of the group runs again, alone, so that it fails for its own reasons only.
type groupWriter struct {
	counters
	dsn string
	log *slog.Logger

	mu      sync.Mutex
	pending []*job
	closed  bool
	wake    chan struct{} // holds a token when pending or closed changed
	stopped chan struct{}

	// What follows belongs to the goroutine of loop.
	conn     *writeConn
	group    []*job
	again    []*job // jobs of a lost group, to be run alone
	running  *job
	lastSync time.Duration // how long the last COMMIT took
	settings bool          // the transaction changed settings
}

// job is one closure and its answer.
type job struct {
	ctx   context.Context
	fn    Closure
	taken atomic.Bool // started, or withdrawn by its caller
	alone bool        // its group was lost once
	done  chan struct{}

	err      error
	panicked any
	exited   bool // fn ended its goroutine, as t.FailNow does
}

func startGroupWriter(ctx context.Context, dsn string, log *slog.Logger) (*groupWriter, error) {
	conn, err := openWriteConn(ctx, dsn)
	if err != nil {
		return nil, err
	}
	w := &groupWriter{
		dsn: dsn, log: log, conn: conn,
		wake: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	go w.loop()
	return w, nil
}

// update hands fn in and waits for its answer.
func (w *groupWriter) update(ctx context.Context, fn Closure) error {
	j := &job{ctx: ctx, fn: fn, done: make(chan struct{})}
	if !w.submit(j) {
		return ErrClosed
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-j.done
	}
	w.updates.Add(1)
	switch {
	case j.panicked != nil:
		panic(j.panicked)
	case j.exited:
		runtime.Goexit()
	}
	return j.err
}

func (w *groupWriter) submit(j *job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.pending = append(w.pending, j)
	w.nudge()
	return true
}

func (w *groupWriter) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// drain refuses new jobs and returns when those handed in are answered.
func (w *groupWriter) drain() {
	w.mu.Lock()
	w.closed = true
	w.nudge()
	w.mu.Unlock()
	<-w.stopped
}

// close ends the connection of a drained writer.
func (w *groupWriter) close() error {
	if w.conn == nil {
		return nil
	}
	return w.conn.close()
}

// loop commits groups until the writer is drained. A closure that ends the
// goroutine it runs in ends this one: another takes over.
func (w *groupWriter) loop() {
	finished := false
	defer func() {
		if !finished {
			w.abandon()
			go w.loop()
		}
	}()
	for {
		j, more := w.next()
		if !more {
			finished = true
			close(w.stopped)
			return
		}
		if j != nil {
			w.work(j)
		}
	}
}

// abandon answers the closure that ended its goroutine; the rest of its group
// runs again.
func (w *groupWriter) abandon() {
	j := w.running
	w.running = nil
	w.discard()
	w.retryExcept(j)
	j.exited = true
	close(j.done)
}

// next waits for a job. It may return nil with more to come.
func (w *groupWriter) next() (j *job, more bool) {
	if len(w.again) > 0 {
		j, w.again = w.again[0], w.again[1:]
		return j, true
	}
	if j = w.take(); j != nil {
		return j, true
	}
	w.mu.Lock()
	finished := w.closed && len(w.pending) == 0
	w.mu.Unlock()
	if finished {
		return nil, false
	}
	<-w.wake
	return nil, true
}

// take starts the oldest job whose caller still waits; nil when there is none.
func (w *groupWriter) take() *job {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.pending) > 0 {
		j := w.pending[0]
		w.pending[0] = nil
		w.pending = w.pending[1:]
		if j.taken.CompareAndSwap(false, true) {
			return j
		}
	}
	return nil
}

// takeNow is take, with a chance for callers who are about to hand a job in:
// those that the last COMMIT answered come back at once, and the first of them
// would otherwise be a group by itself. It costs an idle writer nothing.
func (w *groupWriter) takeNow() *job {
	if j := w.take(); j != nil {
		return j
	}
	runtime.Gosched()
	return w.take()
}

// work runs a group that begins with first, and answers it.
func (w *groupWriter) work(first *job) {
	w.group = append(w.group[:0], first)
	err := w.inTransaction(w.gather)
	if errors.Is(err, errSpoiled) {
		w.repeats.Add(uint64(len(w.group)))
		err = w.inTransaction(w.runApart)
	}
	switch {
	case err == nil:
		w.answer()
	case errors.Is(err, errNotBegun):
		w.discard()
		first.err = err
		w.retryExcept(first)
		w.group = w.group[:1]
		w.answer()
	default:
		w.lost(err)
	}
}

var (
	// errSpoiled: a closure failed and may have left something behind.
	errSpoiled  = errors.New("a closure of the group failed")
	errNotBegun = errors.New("no transaction")
)

// inTransaction runs fn and commits. Its error says that nothing was kept; only
// after errSpoiled is the connection fit for another transaction.
func (w *groupWriter) inTransaction(fn func() error) error {
	if err := w.begin(); err != nil {
		return errors.Join(errNotBegun, err)
	}
	w.settings = false
	if err := fn(); err != nil {
		if !errors.Is(err, errSpoiled) {
			return err
		}
		if undo := w.conn.control("ROLLBACK"); undo != nil {
			return undo
		}
		return err
	}
	commit := time.Now()
	if err := w.conn.control("COMMIT"); err != nil {
		return err
	}
	w.lastSync = time.Since(commit)
	w.committed(w.settings)
	return nil
}

func (w *groupWriter) begin() (err error) {
	if w.conn == nil {
		if w.conn, err = openWriteConn(context.Background(), w.dsn); err != nil {
			w.conn = nil
			return err
		}
	}
	return w.conn.control("BEGIN IMMEDIATE")
}

// gather runs the group's first job and those that queue meanwhile.
func (w *groupWriter) gather() error {
	// Working as long as the disk takes to confirm keeps the slower of the
	// two at half its pace or more.
	budget := min(max(w.lastSync, minGroupWork), maxGroupWork)
	start := time.Now()
	for i := 0; ; i++ {
		j := w.group[i]
		if j.alone {
			return w.runApart()
		}
		if g := w.run(j); (j.err != nil || j.panicked != nil) && g.touched {
			return errSpoiled
		}
		if len(w.group) == maxGroup || time.Since(start) > budget {
			return nil
		}
		next := w.takeNow()
		if next == nil {
			return nil
		}
		w.group = append(w.group, next)
	}
}

// runApart runs each job of the group in a savepoint.
func (w *groupWriter) runApart() error {
	for _, j := range w.group {
		if err := w.runInSavepoint(j); err != nil {
			return err
		}
	}
	return nil
}

// runInSavepoint runs one job. Its error says that the transaction is gone;
// what went wrong within the savepoint is the job's own.
func (w *groupWriter) runInSavepoint(j *job) error {
	if err := w.conn.control("SAVEPOINT closure"); err != nil {
		return err
	}
	if j.alone {
		w.repeats.Add(1)
	}
	w.run(j)
	if j.err != nil || j.panicked != nil {
		if err := w.conn.control("ROLLBACK TO closure"); err != nil {
			return err
		}
	}
	return w.conn.control("RELEASE closure")
}

// run runs one job and leaves in it what came of it.
func (w *groupWriter) run(j *job) *guard {
	g := &guard{}
	w.running = j
	j.panicked = nil
	err := w.call(j, g)
	w.running = nil
	j.err = g.outcome(err)
	w.settings = w.settings || g.settings
	return g
}

// call runs the closure; a panic becomes part of the job.
func (w *groupWriter) call(j *job, g *guard) error {
	ctx, cancel := closureContext(j.ctx)
	defer cancel()
	defer func() {
		if j.panicked = recover(); j.panicked != nil {
			// The panic continues in the caller, whose stack says nothing of this one.
			w.log.Error("closure of a transaction panicked", "stack", string(debug.Stack()))
		}
	}()
	return j.fn(ctx, g.transaction(w.conn.queries(), w.conn.raw(), false))
}

// lost has the jobs of a lost transaction run again, alone; one that was alone
// already has its answer.
func (w *groupWriter) lost(cause error) {
	w.discard()
	w.log.Warn("lost a transaction", "closures", len(w.group), "error", cause)
	if j := w.group[0]; j.alone {
		if j.err == nil {
			j.err = fmt.Errorf("transaction lost: %w", cause)
		}
		w.answer()
		return
	}
	w.retryExcept(nil)
}

func (w *groupWriter) retryExcept(not *job) {
	for _, j := range w.group {
		if j != not {
			j.alone = true
			w.again = append(w.again, j)
		}
	}
}

// discard drops the connection and with it whatever transaction is open.
func (w *groupWriter) discard() {
	if w.conn == nil {
		return
	}
	if err := w.conn.close(); err != nil {
		w.log.Warn("close the writing connection", "error", err)
	}
	w.conn = nil
}

func (w *groupWriter) answer() {
	for i, j := range w.group {
		close(j.done)
		w.group[i] = nil
	}
}
