package app

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// linger is the least time between saying that the gateway drains and closing
// anything: what clients have on its way over connections they keep arrives,
// and is the last that these carry.
const linger = 100 * time.Millisecond

// traffic counts the requests that are being answered, so that a drain knows
// when the listeners may close. Probes don't count: they go on until the end.
type traffic struct {
	mu       sync.Mutex
	open     int // requests that came before the drain
	draining bool
	answered chan struct{} // closed once a drain finds none of them open
}

func (t *traffic) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz", "/metrics":
			next.ServeHTTP(w, r)
			return
		}
		if t.enter() {
			defer t.leave()
		} else {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// enter reports whether the request came before a drain.
func (t *traffic) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.draining {
		t.open++
	}
	return !t.draining
}

func (t *traffic) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open--
	if t.draining && t.open == 0 {
		close(t.answered)
	}
}

// drain returns a channel that is closed when all requests that came before it
// are answered. Those that come later are answered too, each as the last of
// its connection: who sends them has not heard yet that readiness is gone.
func (t *traffic) drain() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.draining {
		t.draining, t.answered = true, make(chan struct{})
		if t.open == 0 {
			close(t.answered)
		}
	}
	return t.answered
}

// lameDuck answers on while readiness says 503: at least for the notice, so
// that load balancers look elsewhere first, and until the requests that were
// open are answered. Half of the drain's time is kept for closing.
func (a *App) lameDuck(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit/2)
	defer cancel()
	answered := a.traffic.drain()
	notice := time.NewTimer(max(a.config.DrainNotice, linger))
	defer notice.Stop()
	select {
	case <-notice.C:
	case <-ctx.Done():
	}
	select {
	case <-answered:
	case <-ctx.Done():
	}
}
