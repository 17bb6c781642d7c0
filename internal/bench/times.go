package bench

import (
	"sync"
	"time"
)

// times collects how long things took.
type times struct {
	mu   sync.Mutex
	list []time.Duration
}

func newTimes() *times { return &times{} }

func (t *times) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, d)
}
