package app

import (
	"context"
	"time"

	"github.com/passerelle-pay/passerelle/internal/due"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
)

// worker is one runner of due rows.
type worker struct {
	name string
	run  func(context.Context)
	wake func()
}

// tidyEvery is how often what has expired is purged and balances are folded.
const tidyEvery = time.Minute

// slowPoll is how often work that is seldom there is looked for.
const slowPoll = 10 * time.Second

// clockPoll is how often the clock is compared with that of the database.
const clockPoll = 10 * time.Second

// plan sets up the runners of the rows that owe work. Any node may claim any
// row; there is no leader.
func (a *App) plan() {
	wakes := map[gateway.Work]func(){}
	add := func(w worker) worker {
		a.workers = append(a.workers, w)
		return w
	}
	checks := newRunner(a, "transactions", 128, a.Gateway.ClaimTransactions, a.Gateway.Resolve)
	deliveries := newRunner(a, "deliveries", 128, a.Webhooks.Claim, a.Webhooks.Work)
	wakes[gateway.WorkTransactions] = add(workerOf(checks)).wake
	wakes[gateway.WorkDeliveries] = add(workerOf(deliveries)).wake
	a.Gateway.OnHandOver(gateway.HandOver{Check: reserving(checks), Delivery: reserving(deliveries)})
	a.Webhooks.OnWork(wakes[gateway.WorkDeliveries])
	wakes[gateway.WorkConnections] = add(a.slowRunner("connections", 2, a.Gateway.ClaimConnections, a.Gateway.Maintain)).wake
	add(a.slowRunner("batches", 1, a.Gateway.ClaimBatches, a.Gateway.WorkBatch))
	add(a.slowRunner("late refunds", 2, a.Gateway.ClaimLateRefunds, a.Gateway.RefundLate))
	a.Sandbox.OnWork(add(workerOf(newRunner(a, "sandbox", 8, a.Sandbox.Claim, a.Sandbox.Work))).wake)
	add(a.every(tidyEvery, "tidy", a.Gateway.Tidy))
	add(a.every(slowPoll, "statistics", a.Store.RefreshStatistics))
	add(a.every(clockPoll, "clock", a.Store.SyncClock)) // another server's replaces it where a standby takes over
	add(a.every(booksEvery, "books", a.metrics.watchBooks(a.Store, a.config.Now, a.log).check))
	add(worker{name: "reconcile", run: func(ctx context.Context) { <-ctx.Done(); a.Reconcile.Close() }, wake: func() {}})
	a.Gateway.OnWork(func(w gateway.Work) {
		if wake, ok := wakes[w]; ok {
			wake()
		}
	})
}

// newRunner makes a runner of rows that are due as payments go.
func newRunner[T any](a *App, name string, workers int, claim func(context.Context, int) ([]T, error), work func(context.Context, T) error) *due.Runner[T] {
	return &due.Runner[T]{Name: name, Claim: claim, Work: work, Workers: workers, Poll: a.config.Poll, Log: a.log}
}

// slowRunner is a runner of rows that are due only when something went wrong.
func (a *App) slowRunner(name string, workers int, claim func(context.Context, int) ([]store.Claimed, error), work func(context.Context, store.Claimed) error) worker {
	r := newRunner(a, name, workers, claim, work)
	r.Poll = slowPoll
	return workerOf(r)
}

func workerOf[T any](r *due.Runner[T]) worker { return worker{name: r.Name, run: r.Run, wake: r.Wake} }

// reserving is a runner's Reserve, for who does not know runners.
func reserving[T any](r *due.Runner[T]) func() gateway.Worker[T] {
	return func() gateway.Worker[T] {
		if slot := r.Reserve(); slot != nil {
			return slot
		}
		return nil
	}
}

// every does a chore again and again until the process ends. Each is safe to
// do by several nodes at once, and one that fails comes round again.
func (a *App) every(pause time.Duration, name string, do func(context.Context) error) worker {
	run := func(ctx context.Context) {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := do(ctx); err != nil && ctx.Err() == nil {
					a.log.Warn("a chore failed; it comes round again", "chore", name, "error", err)
				}
			}
		}
	}
	return worker{name: name, run: run, wake: func() {}}
}
