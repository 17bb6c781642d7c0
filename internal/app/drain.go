package app

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// traffic counts the requests that are being answered, so that a drain knows
// when the listeners may close. Probes don't count: they go on until the end.
type traffic struct {
	mu       sync.Mutex
	open     int
	draining bool
	// idle is closed once a drain finds nothing open.
	idle chan struct{}
}

func (t *traffic) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz", "/metrics":
			next.ServeHTTP(w, r)
			return
		}
		if t.enter() {
			// A client that keeps its connection would meet a closed one next time.
			w.Header().Set("Connection", "close")
		}
		defer t.leave()
		next.ServeHTTP(w, r)
	})
}

func (t *traffic) enter() (draining bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open++
	return t.draining
}

func (t *traffic) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open--
	t.settle()
}

// settle tells who drains that nothing is open any more.
func (t *traffic) settle() {
	if t.open > 0 || t.idle == nil {
		return
	}
	select {
	case <-t.idle:
	default:
		close(t.idle)
	}
}

// ebb waits until nothing is open, or ctx ends. Requests that come meanwhile
// are answered: whoever sends them has not heard yet that readiness is gone.
func (t *traffic) ebb(ctx context.Context) {
	t.mu.Lock()
	t.draining = true
	t.idle = make(chan struct{})
	t.settle()
	idle := t.idle
	t.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// lameDuck answers on while readiness says 503: at least for the notice, so
// that load balancers look elsewhere first, and until the requests that are
// open have been answered. Half of the drain's time is kept for closing.
func (a *App) lameDuck(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit/2)
	defer cancel()
	notice := time.NewTimer(a.config.DrainNotice)
	defer notice.Stop()
	select {
	case <-notice.C:
	case <-ctx.Done():
	}
	a.traffic.ebb(ctx)
}
