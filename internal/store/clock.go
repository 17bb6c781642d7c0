package store

import (
	"context"
	"fmt"
	"time"
)

// clockSlack is how far the clock of a node may be from the database's before
// it is corrected: what keeping time over a network leaves anyway, and well
// below every lease.
const clockSlack = 250 * time.Millisecond

// SyncClock compares this machine's clock with that of the database, which is
// the one that all nodes share. Where they differ by more than [clockSlack],
// [Store.Now] goes by the database's from then on: a lease that one node takes
// must not look run out to another. A file of SQLite has one machine, and
// nothing to compare.
func (s *Store) SyncClock(ctx context.Context) error {
	if s.Engine() != "postgres" {
		return nil
	}
	var theirs int64
	asked, began := s.opts.Now(), time.Now()
	err := s.RawRead().QueryRowContext(ctx, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").Scan(&theirs)
	if err != nil {
		return fmt.Errorf("ask the database for the time: %w", err)
	}
	journey := time.Since(began)
	ahead := time.UnixMilli(theirs).Sub(asked.Add(journey / 2))
	was := time.Duration(s.ahead.Load())
	// An answer that took long says little.
	if (ahead - was).Abs() <= max(clockSlack, journey) {
		return nil
	}
	if ahead.Abs() <= clockSlack {
		ahead = 0
	}
	s.ahead.Store(int64(ahead))
	s.opts.Log.Warn("this machine's clock differs from the database's, by which all nodes go", "corrected_by", ahead.Round(time.Millisecond))
	return nil
}
