package webhook

import (
	"sync"
	"time"
)

const (
	// defaultPerHost is how many deliveries may be on their way to one host.
	defaultPerHost = 32
	// patience is how long a worker waits for its turn at a host that answers
	// quickly. A host that makes workers wait longer is slow from then on.
	patience = 250 * time.Millisecond
	// busyPause is when a delivery comes back to a host without a free place of
	// which no call has ended yet; else it is as long as its calls take, which is
	// when places become free. Bounds of both, the upper behind a long queue.
	busyPause    = time.Second
	minBusyPause = 20 * time.Millisecond
	maxBusyPause = 30 * time.Second
)

// hosts shares the workers out among the hosts that are called: a host that
// hangs gets its places and no more. It is this node's own; others have theirs.
type hosts struct {
	limit int
	mu    sync.Mutex
	by    map[string]*host
}

type host struct {
	places chan struct{}
	users  int // calls on their way, and workers waiting for a place
	slow   bool
	took   time.Duration // by recent calls, roughly; 0 before one has ended
	turned int64         // deliveries turned away, fading with each call that ends
	// sweepAt is when what else is owed to the host may be put off again.
	sweepAt time.Time
}

func newHosts(limit int) *hosts { return &hosts{limit: limit, by: map[string]*host{}} }

// enter takes a place at a host and returns how to leave it, or nil and when to
// come back. Behind a long queue that is later: thousands of deliveries to one
// dead host must not be looked at every second.
func (hs *hosts) enter(name string) (leave func(), pause time.Duration) {
	h, slow := hs.join(name)
	if !h.take(slow) {
		return nil, hs.turnAway(name, h)
	}
	started := time.Now()
	return func() {
		<-h.places
		hs.mu.Lock()
		defer hs.mu.Unlock()
		took := time.Since(started)
		h.slow = took > patience
		if h.took == 0 {
			h.took = took
		}
		h.took = (3*h.took + took) / 4
		h.turned /= 2
		hs.drop(name, h)
	}, 0
}

func (hs *hosts) join(name string) (h *host, slow bool) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h = hs.by[name]
	if h == nil {
		h = &host{places: make(chan struct{}, hs.limit)}
		hs.by[name] = h
	}
	h.users++
	return h, h.slow
}

// take gets a place, at once or, at a host that is quick, within patience.
func (h *host) take(slow bool) bool {
	select {
	case h.places <- struct{}{}:
		return true
	default:
	}
	if slow {
		return false
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case h.places <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}

// sweeps tells whether who was turned away is to put off what else is owed to the
// host: one at a time, and again at once only where there was much.
func (hs *hosts) sweeps(name string, pause time.Duration) bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h, now := hs.by[name], time.Now()
	if h == nil || now.Before(h.sweepAt) {
		return false
	}
	h.sweepAt = now.Add(pause)
	return true
}

// swept counts n deliveries to a host that are turned away without having asked;
// where there may be more, the next that is turned away sweeps again.
func (hs *hosts) swept(name string, n int64, more bool) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if h := hs.by[name]; h != nil {
		h.turned += n
		if more {
			h.sweepAt = time.Time{}
		}
	}
}

func (hs *hosts) turnAway(name string, h *host) time.Duration {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h.slow = true
	queue := min(h.turned/int64(hs.limit), int64(maxBusyPause/minBusyPause))
	h.turned++
	hs.drop(name, h)
	pause := busyPause
	if h.took > 0 {
		pause = max(h.took, minBusyPause)
	}
	return min(time.Duration(1+queue)*pause, maxBusyPause)
}

// drop forgets a host that nobody uses: merchants name hosts without end.
func (hs *hosts) drop(name string, h *host) {
	h.users--
	if h.users == 0 {
		delete(hs.by, name)
	}
}
