package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// meter is read at both ends of a run.
type meter struct {
	cpu   time.Duration
	stats store.Stats
	// Of the database: rows inserted, updated and deleted, its size; and of
	// PostgreSQL its server's CPU time and the bytes of its log.
	changes, bytes int64
	serverCPU      time.Duration
	wal            int64
}

func (r *rig) read(ctx context.Context) (meter, error) {
	m := meter{cpu: cpuTime(), stats: r.store().Stats()}
	var err error
	if r.Store == Postgres {
		err = r.readPostgres(ctx, &m)
	} else {
		err = r.readSQLite(ctx, &m)
	}
	if err != nil {
		return m, fmt.Errorf("read the database's counters: %w", err)
	}
	return m, nil
}

func (r *rig) readPostgres(ctx context.Context, m *meter) error {
	var backend int
	err := r.store().RawRead().QueryRowContext(ctx, `SELECT pg_backend_pid(), pg_database_size(current_database()),
		CAST(pg_current_wal_insert_lsn() - '0/0' AS bigint),
		(SELECT CAST(COALESCE(SUM(n_tup_ins + n_tup_upd + n_tup_del), 0) AS bigint) FROM pg_stat_user_tables)`).
		Scan(&backend, &m.bytes, &m.wal, &m.changes)
	m.serverCPU = serverCPU(backend)
	return err
}

// readSQLite asks the writing connection, whose changes are counted.
func (r *rig) readSQLite(ctx context.Context, m *meter) error {
	err := r.store().Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw().QueryRowContext(ctx, "SELECT total_changes()").Scan(&m.changes)
	})
	if err != nil {
		return err
	}
	return r.store().RawRead().QueryRowContext(ctx, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()").Scan(&m.bytes)
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
