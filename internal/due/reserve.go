package due

import "context"

// Slot is a free worker set aside for one row. It ends in either Work or
// Release, once.
type Slot[T any] struct{ r *Runner[T] }

// Reserve sets a free worker aside for a row that its caller is about to write
// under a lease: such a row need not be claimed. It never waits; it is nil when
// no worker is free or the runner does not run, and then the row is written as
// due, for whoever claims it.
func (r *Runner[T]) Reserve() *Slot[T] {
	r.init()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.work == nil {
		return nil
	}
	select {
	case <-r.slots:
		r.began.Add(1)
		return &Slot[T]{r}
	default:
		return nil
	}
}

// Work hands the row to the worker, and returns at once.
func (s *Slot[T]) Work(row T) {
	r := s.r
	r.mu.Lock()
	ctx := r.work
	r.mu.Unlock()
	if ctx == nil { // the runner is ending, and waits for this
		ctx = context.Background()
	}
	go func() {
		defer s.Release()
		r.run(ctx, row)
	}()
}

// Release gives the worker back.
func (s *Slot[T]) Release() {
	s.r.slots <- struct{}{}
	s.r.began.Done()
}

// open lets workers be reserved, with the context that their work gets.
func (r *Runner[T]) open(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.work = context.WithoutCancel(ctx)
}

// end lets none be reserved any more and waits for the work in progress.
func (r *Runner[T]) end() {
	r.mu.Lock()
	r.work = nil
	r.mu.Unlock()
	r.began.Wait()
}
