package cluster_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/e2e/fieldtest"
)

const (
	// drainNotice is the nodes' own, and several probes of the balancer.
	drainNotice = time.Second
	// errorsEndWithin and takenOverWithin bound what a killed node costs.
	errorsEndWithin = 5 * time.Second
	takenOverWithin = 30 * time.Second
)

// killedAndRestarted kills a node while all are busy, and later restarts each
// in its turn.
func killedAndRestarted(t *testing.T, s stage) {
	_, url := durable(t)
	tr := newTroupe(t, s, url)
	closeShop := tr.Shop.Open()
	defer func() { closeShop() }()
	tr.awaitAnswers(t, 100)

	killed := time.Now()
	must(t, tr.nodes[0].Kill())
	taken := tr.inHand(t)
	tr.checkErrorsEnd(t, killed)
	must(t, tr.nodes[0].Start(t.Context()))
	tr.rollingRestart(t) // while leases of the killed node run out
	if *whole {          // the longest lease takes most of the half minute
		taken.checkDone(t, killed)
	}
	closeShop()
	closeShop = func() {}
	tr.judged(t)
}

// awaitAnswers waits until so many more requests were answered.
func (tr *troupe) awaitAnswers(t *testing.T, more int) {
	t.Helper()
	since := time.Now()
	eventually(t, fmt.Sprintf("%d requests are answered", more), func() bool {
		all, failed := tr.heard.between(since, time.Now())
		return len(all)-len(failed) >= more
	})
}

// work is what was in some node's hand at a moment.
type work struct {
	tr                 *troupe
	left               map[string]string
	began, submissions int
}

// inHand notes what nodes are at, and watches it.
func (tr *troupe) inHand(t *testing.T) *work {
	t.Helper()
	w := &work{tr: tr, left: tr.InHand(t)}
	w.began = len(w.left)
	for name := range w.left {
		if strings.HasPrefix(name, "attempt ") {
			w.submissions++
		}
	}
	return w
}

// checkDone waits until all of it has been worked, whoever did.
func (w *work) checkDone(t *testing.T, since time.Time) {
	t.Helper()
	eventually(t, "the work in hand is done", func() bool {
		now := w.tr.InHand(t)
		maps.DeleteFunc(w.left, func(name, _ string) bool { return now[name] == "" })
		if took := time.Since(since); len(w.left) > 0 && took > takenOverWithin {
			t.Fatalf("%s after, nobody has taken over %v", took.Round(time.Second), slices.Sorted(maps.Keys(w.left)))
		}
		return len(w.left) == 0
	})
	told(t, "work taken over", "within %.1f s (%d rows in hand, %d submissions among them)", time.Since(since).Seconds(), w.began, w.submissions)
}

// checkErrorsEnd holds that first requests fail only shortly after a moment.
func (tr *troupe) checkErrorsEnd(t *testing.T, since time.Time) {
	t.Helper()
	eventually(t, "requests are asked after the time for errors", func() bool {
		all, _ := tr.heard.between(since.Add(errorsEndWithin), time.Now())
		return len(all) > 100
	})
	all, failed := tr.heard.between(since.Add(-callTime), time.Now())
	last := time.Duration(0)
	for _, h := range failed {
		last = max(last, h.Asked.Add(h.Took).Sub(since))
	}
	told(t, "first requests without an answer", "%d of %d, the last %.1f s after", len(failed), len(all), last.Seconds())
	if last > errorsEndWithin {
		t.Errorf("a request failed %s after, want none after %s: %s", last, errorsEndWithin, describe(failed))
	}
}

// callTime is how long a request may have been open at a moment.
const callTime = 3 * time.Second

// rollingRestart restarts each node in its turn, and holds that no client notices.
func (tr *troupe) rollingRestart(t *testing.T) {
	t.Helper()
	began := time.Now()
	for _, n := range tr.nodes {
		must(t, n.Stop())
		must(t, n.Start(t.Context()))
		tr.awaitAnswers(t, 20)
	}
	all, failed := tr.heard.between(began, time.Now())
	told(t, "rolling restart", "%d nodes in %.1f s, %d of %d requests failed", len(tr.nodes), time.Since(began).Seconds(), len(failed), len(all))
	if len(failed) > 0 {
		t.Errorf("%d of %d requests failed in a rolling restart: %s", len(failed), len(all), describe(failed))
	}
}

// describe tells a few failures.
func describe(failed []fieldtest.Heard) string {
	text := ""
	for _, h := range failed[:min(len(failed), 5)] {
		text += fmt.Sprintf("\n\tafter %s: %d %s %v", h.Took, h.Status, h.Body, h.Err)
	}
	return text
}

// eventually polls what processes do, which no clock of ours drives.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(fieldtest.Patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited in vain: %s", what)
}
