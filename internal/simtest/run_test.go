package simtest

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
)

// Run is what a seed is played with.
type Run struct {
	Seed         uint64
	Transactions int
	// Folder is where the run's database lies, Founded where [Found] wrote the
	// one that every run begins with.
	Folder, Founded string
	Log             *slog.Logger
	// Trace tells the timeline of every transaction.
	Trace bool
}

// Report is what a run covered and what it found.
type Report struct {
	Transactions, Settled, Open, Restarts int
	Faults                                map[Fault]int
	Outcomes                              map[string]int // by provider, kind and status
	Left                                  []string       // what is still open, and why
	Violations                            []string
	Timelines                             []string // of the transactions concerned
}

// Found writes the database that runs begin with. Call it in a bubble.
func Found(folder string, log *slog.Logger) error {
	w := newWorld(0, folder, log)
	defer w.client.CloseIdleConnections()
	return w.found()
}

// Drawn writes what a seed decides for its first exchanges, whatever happens.
func Drawn(seed uint64, transactions int) string {
	var b strings.Builder
	f := newFaults(dice{seed})
	for n := range transactions {
		p := planFor(f.dice, n)
		fmt.Fprintln(&b, p.name, p.kind, p.market.rails, p.pinned, p.amount, p.at, p.ending, p.thinks, p.cancelsAt, p.refund != nil)
		for _, rail := range p.market.rails {
			for _, step := range []string{stepSubmit, stepAsk, stepAsk, "notice"} {
				what, _ := f.draw(50, submitFaults, p.name, rail+" "+step)
				fmt.Fprintln(&b, rail, step, what)
			}
		}
	}
	return b.String()
}

// busy is how long a run has faults; by then every customer has decided.
const busy = 9 * time.Minute

// Play plays one seed. Call it in a bubble: its hours pass in no time.
func Play(r Run) (*Report, error) {
	w := newWorld(r.Seed, r.Folder, r.Log)
	if err := w.copyDatabase(r.Founded); err != nil {
		return nil, err
	}
	if err := w.start(); err != nil {
		return nil, err
	}
	if err := w.learnHooks(); err != nil {
		return nil, err
	}
	closers := []func(){w.serve(shopAddress, w.shop)}
	for _, x := range w.rails {
		closers = append(closers, w.serve(x.address, x))
	}
	for n := range r.Transactions {
		p := planFor(w.dice, n)
		w.plans = append(w.plans, p)
		w.truth.expect(p)
	}
	for _, p := range w.plans {
		w.party.Go(func() { w.live(p) })
	}
	w.trouble()
	time.Sleep(busy)
	w.faults.declareCalm()
	if err := w.settleDown(); err != nil {
		return nil, err
	}
	report := w.check()
	if r.Trace {
		for _, p := range w.plans {
			report.Timelines = append(report.Timelines, p.name+"\n    "+strings.Join(p.timeline, "\n    "))
		}
	}
	if p := w.take(); p != nil {
		p.bury()
	}
	for _, closer := range closers {
		closer()
	}
	w.party.Wait()
	return report, nil
}

// trouble restarts the gateway at moments that no exchange decides.
func (w *world) trouble() {
	for n := range 2 {
		if !w.chance(60, "restart", n) {
			continue
		}
		at, down := w.within(0, 5*time.Minute, "restart at", n), w.within(0, time.Minute, "restart for", n)
		w.party.Go(func() {
			time.Sleep(at)
			w.kill(killAtRandom, down)
		})
	}
}

// settleDown gives everything the time to end: minutes at work, between which
// the gateway is away for as long as its longest patience.
func (w *world) settleDown() error {
	time.Sleep(2 * time.Minute)
	for _, away := range []time.Duration{20 * time.Minute, 2 * time.Hour, 25 * time.Hour, 26 * time.Hour, 30 * time.Hour} {
		w.mu.Lock()
		broken := w.broken
		w.mu.Unlock()
		if broken != nil {
			return broken
		}
		if err := w.rest(away); err != nil {
			return err
		}
		time.Sleep(90 * time.Second)
	}
	return nil
}

// FaultsTotal counts all faults of a run.
func (r *Report) FaultsTotal() int {
	total := 0
	for _, n := range r.Faults {
		total += n
	}
	return total
}

// Add adds up what several runs covered.
func (r *Report) Add(o *Report) {
	r.Transactions += o.Transactions
	r.Settled += o.Settled
	r.Open += o.Open
	r.Restarts += o.Restarts
	r.Violations = append(r.Violations, o.Violations...)
	r.Left = append(r.Left, o.Left...)
	for f, n := range o.Faults {
		r.Faults[f] += n
	}
	for what, n := range o.Outcomes {
		r.Outcomes[what] += n
	}
}

// Table writes counts one a line, in the order of their names.
func Table[K ~string](counts map[K]int) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "\n%7d %s", counts[k], k)
	}
	return b.String()
}
