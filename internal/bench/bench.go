package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
)

// postgresPool is how many connections the gateway's store has.
const postgresPool = 16

// errTooShort says that nothing was there to be measured.
var errTooShort = errors.New("no life cycle ended while it was measured: measure longer")

// Run measures life cycles and their floor.
func Run(ctx context.Context, c Config) (result Result, err error) {
	if err := c.check(); err != nil {
		return result, err
	}
	c.tell("starting a gateway on %s, a provider and a merchant's server", c.Store)
	r, err := newRig(ctx, c)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	return r.measure(ctx)
}

func (r *rig) measure(ctx context.Context) (Result, error) {
	result := Result{Store: r.Store, Model: "closed"}
	if r.Rate > 0 {
		result.Model = "open"
	}
	debug.FreeOSMemory() // what the start and a preload took is nobody's peak
	profile := &profile{to: r.Profile}
	before, err := r.read(ctx)
	if err != nil {
		return result, err
	}
	peak := watchMemory()
	w, err := r.load(ctx, profile.start, profile.stop)
	result.PeakMemory = peak()
	if err = errors.Join(err, profile.err); err != nil {
		return result, err
	}
	after, err := r.read(ctx)
	if err != nil {
		return result, err
	}
	settled := r.cycles.between(w.from, w.to)
	if len(settled) == 0 {
		return result, errTooShort
	}
	_, all := r.cycles.counts()
	result.fill(settled, w)
	result.share(float64(all), before, after)
	return result, r.finish(ctx, &result)
}

// fill computes the figures of the window.
func (r *Result) fill(settled []cycle, w window) {
	r.LifeCycles = len(settled)
	r.LifeCyclesPerSecond = round(float64(len(settled)) / w.length().Seconds())
	r.times(settled)
}

// share computes what each of n life cycles cost. It takes the whole run, as
// work and end of a life cycle may lie on both sides of the window's ends.
func (r *Result) share(n float64, before, after meter) {
	r.CPUPerLifeCycle = round(float64(after.cpu-before.cpu) / float64(time.Millisecond) / n)
	r.DatabaseCPU = round(float64(after.serverCPU-before.serverCPU) / float64(time.Millisecond) / n)
	r.WALPerPayment = round(float64(after.wal-before.wal) / n)
	r.BytesPerPayment = round(float64(after.bytes-before.bytes) / n)
	r.Transactions = round(float64(after.stats.Updates-before.stats.Updates) / n)
	r.CommitGroup = round(float64(after.stats.Updates-before.stats.Updates) / max(1, float64(after.stats.Commits-before.stats.Commits)))
	r.RowChanges = round(float64(after.changes-before.changes) / n)
}

// finish stops the gateway, checks what it left and measures the floor on it.
func (r *rig) finish(ctx context.Context, result *Result) error {
	seen := r.witnesses()
	if err := r.stopGateway(); err != nil {
		return fmt.Errorf("stop the gateway: %w", err)
	}
	s, err := store.Open(ctx, r.url, store.Options{})
	if err != nil {
		return err
	}
	r.tell("checking the invariants")
	result.Violations, err = Check(ctx, s, seen)
	var sp *specimen
	if err == nil {
		sp, err = findSpecimen(ctx, s, r.merchant, pay.Live)
	}
	first := 0
	if err == nil {
		first, err = countPayments(ctx, s)
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	result.InvariantsHold = len(result.Violations) == 0
	r.tell("measuring the floor: %d rows and %.0f changes in %.1f transactions, %.1f to a commit",
		sp.count(), result.RowChanges, result.Transactions, result.CommitGroup)
	sh := shape{result.Transactions, result.CommitGroup, result.RowChanges, postgresPool}
	rate, err := floor(ctx, r.url, sp, first, sh, r.Duration)
	if err != nil {
		return err
	}
	result.FloorPerSecond = round(rate)
	result.Ratio = round(result.LifeCyclesPerSecond / rate)
	return nil
}

// profile is of the window alone: neither start nor floor belong to it.
type profile struct {
	to  io.Writer
	err error
}

func (p *profile) start() {
	if p.to == nil {
		return
	}
	if err := pprof.StartCPUProfile(p.to); err != nil {
		p.err = fmt.Errorf("profile: %w", err)
	}
}

func (p *profile) stop() {
	if p.to != nil && p.err == nil {
		pprof.StopCPUProfile()
	}
}
