package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// waiters wakes who waits for a transaction on this node.
type waiters struct {
	mu sync.Mutex
	by map[string]map[chan struct{}]bool
}

func (w *waiters) init() { w.by = map[string]map[chan struct{}]bool{} }

// on returns a channel that gets a value at every change of the transaction,
// and how to stop listening.
func (w *waiters) on(id string) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by[id] == nil {
		w.by[id] = map[chan struct{}]bool{}
	}
	w.by[id][ch] = true
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.by[id], ch)
		if len(w.by[id]) == 0 {
			delete(w.by, id)
		}
	}
}

func (w *waiters) wake(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.by[id] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// otherNodes is how often a waiter looks for news that another node wrote.
const otherNodes = time.Second

// Wait returns the transaction as soon as its status is final, or as it is when
// ctx ends. It holds no database connection while it waits.
func (g *Gateway) Wait(ctx context.Context, c provider.Caller, id string) (pay.Transaction, error) {
	news, stop := g.waiters.on(id)
	defer stop()
	look := time.NewTicker(otherNodes)
	defer look.Stop()
	for {
		t, err := store.Transaction(context.WithoutCancel(ctx), g.Store.Read(), c.MerchantID, id)
		if err != nil {
			return t, err
		}
		if !visible(t, c) {
			return pay.Transaction{}, pay.NotFound("transaction")
		}
		if t.Status.Final() {
			return t, nil
		}
		select {
		case <-ctx.Done():
			return t, nil
		case <-news:
		case <-look.C:
		}
	}
}

// visible reports whether a transaction may be shown to a caller at all.
func visible(t pay.Transaction, c provider.Caller) bool {
	return t.MerchantID == c.MerchantID && t.Mode == c.Mode
}
