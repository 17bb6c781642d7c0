package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
)

// postgresPool is how many connections the gateway's store has.
const postgresPool = 16

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
	var before, after meter
	var readErr error
	mark := func(m *meter) func() {
		return func() {
			var err error
			if *m, err = r.read(ctx); err != nil {
				readErr = err
			}
		}
	}
	peak := watchMemory()
	w, err := r.load(ctx, mark(&before), mark(&after))
	result.PeakMemory = peak()
	if err = errors.Join(err, readErr); err != nil {
		return result, err
	}
	settled := r.cycles.between(w.from, w.to)
	if len(settled) == 0 {
		return result, errors.New("no life cycle ended while it was measured: measure longer")
	}
	result.fill(settled, w, before, after)
	return result, r.finish(ctx, &result)
}

// fill computes the figures of the window.
func (r *Result) fill(settled []cycle, w window, before, after meter) {
	n := float64(len(settled))
	r.LifeCycles = len(settled)
	r.LifeCyclesPerSecond = round(n / w.length().Seconds())
	r.times(settled)
	r.CPUPerLifeCycle = round(float64(after.cpu-before.cpu) / float64(time.Millisecond) / n)
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

// meter is read at both ends of the window.
type meter struct {
	cpu     time.Duration
	stats   store.Stats
	changes int64 // rows inserted, updated and deleted
	bytes   int64 // of the database
}

func (r *rig) read(ctx context.Context) (meter, error) {
	m := meter{cpu: cpuTime(), stats: r.store().Stats()}
	size, changes := "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()", "SELECT total_changes()"
	if r.Store == Postgres {
		size = "SELECT pg_database_size(current_database())"
		changes = "SELECT CAST(SUM(n_tup_ins + n_tup_upd + n_tup_del) AS bigint) FROM pg_stat_user_tables"
	}
	// The count of changes is the writing connection's.
	err := r.store().Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw().QueryRowContext(ctx, changes).Scan(&m.changes)
	})
	if err == nil {
		err = r.store().RawRead().QueryRowContext(ctx, size).Scan(&m.bytes)
	}
	if err != nil {
		return m, fmt.Errorf("read the database's counters: %w", err)
	}
	return m, nil
}

// watchMemory looks at this process's memory until the answer is asked for,
// the most that there was, in megabytes.
func watchMemory() (peak func() float64) {
	var most atomic.Int64
	stop := make(chan struct{})
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			most.Store(max(most.Load(), resident()))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 {
		close(stop)
		return round(float64(max(most.Load(), resident())) / (1 << 20))
	}
}

// resident is the memory this process occupies; where the system doesn't say,
// what the runtime has from it.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 1 {
		if pages, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
			return pages * int64(os.Getpagesize())
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys) //nolint:gosec // no machine has that much
}
