package bench

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// cycle is one life cycle as its parts saw it.
type cycle struct {
	intended time.Time // when the payment was to be sent
	// created is from then to the answer of create, provider what of it the
	// provider took, whole from then to the acknowledged webhook.
	created, provider, whole time.Duration
	deliveries               int
	settled                  time.Time
	failed                   bool
	done                     chan struct{} // closed once the webhook is acknowledged
}

// cycles are all life cycles of a run, by number. Its parts meet here: the load
// generator by number, the provider by what stands in the order, the merchant
// by the reference in the webhook.
type cycles struct {
	mu      sync.Mutex
	all     []*cycle
	settled int
	refused []string // the first few refusals of create
}

// referencePrefix starts the references of payments that a run creates.
const referencePrefix = "LC"

// reference is a payment's reference and description; 14 characters, as the
// provider hands no more than 15 of a description on.
func reference(number int) string { return fmt.Sprintf("%s%012d", referencePrefix, number) }

func numberOf(reference string) (int, bool) {
	text, ours := strings.CutPrefix(reference, referencePrefix)
	if !ours {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// begin opens the next life cycle.
func (cs *cycles) begin(intended time.Time) (number int, c *cycle) {
	c = &cycle{intended: intended, done: make(chan struct{})}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.all = append(cs.all, c)
	return len(cs.all) - 1, c
}

func (cs *cycles) with(reference string, f func(*cycle)) {
	n, ok := numberOf(reference)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if ok && n < len(cs.all) {
		f(cs.all[n])
	}
}

// answered notes the answer of create.
func (cs *cycles) answered(c *cycle, err error) {
	now := time.Now()
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.created = now.Sub(c.intended)
	if err == nil {
		return
	}
	c.failed = true
	close(c.done)
	if len(cs.refused) < 5 {
		cs.refused = append(cs.refused, err.Error())
	}
}

// carried notes how long the provider took over its part of create.
func (cs *cycles) carried(reference string, took time.Duration) {
	cs.with(reference, func(c *cycle) { c.provider = took })
}

// delivered notes an acknowledged webhook. Delivery is at least once.
func (cs *cycles) delivered(reference string) {
	now := time.Now()
	cs.with(reference, func(c *cycle) {
		c.deliveries++
		if c.deliveries > 1 || c.failed {
			return
		}
		c.settled, c.whole = now, now.Sub(c.intended)
		cs.settled++
		close(c.done)
	})
}

// counts tells how many were begun and how many are settled.
func (cs *cycles) counts() (begun, settled int) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return len(cs.all), cs.settled
}

// problem tells of creates that were refused, which no run should have.
func (cs *cycles) problem() error {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if len(cs.refused) == 0 {
		return nil
	}
	return fmt.Errorf("payments were refused, for one: %s", cs.refused[0])
}

// between copies the life cycles that were settled in a window.
func (cs *cycles) between(from, to time.Time) []cycle {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	var list []cycle
	for _, c := range cs.all {
		if !c.settled.Before(from) && c.settled.Before(to) && !c.failed {
			list = append(list, *c)
		}
	}
	return list
}
