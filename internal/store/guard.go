package store

import (
	"context"
	"database/sql"
	"sync/atomic"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// guard stands between a closure and its transaction. It gives both engines
// PostgreSQL's rule that nothing follows a failed statement. On SQLite that is
// more than likeness: a full disk makes it roll back the whole transaction, and
// statements after that would commit one by one.
type guard struct {
	err      error // of the first statement that failed
	done     bool  // the closure returned
	settings bool  // a statement changed settings
	touched  bool  // a statement may have changed something, or failed
}

// transaction wraps the statements of one closure: generated ones run through
// queries, others through raw.
func (g *guard) transaction(queries, raw sqlgen.DBTX, postgres bool) *Tx {
	return &Tx{
		Queries:  sqlgen.New(guarded{g, queries}),
		raw:      guarded{g, raw},
		postgres: postgres,
	}
}

// outcome is the closure's error, or that of a statement it passed over: its
// transaction can't be kept then.
func (g *guard) outcome(err error) error {
	g.done = true
	if err == nil {
		return g.err
	}
	return err
}

// check is asked before each statement.
func (g *guard) check(query string) error {
	g.settings = g.settings || changesSettings(query)
	g.touched = g.touched || !readsOnly(query)
	if g.done {
		return sql.ErrTxDone
	}
	return g.err
}

func (g *guard) note(err error) {
	if err != nil {
		g.touched = true // a full disk undoes more than the statement
	}
	if err != nil && g.err == nil {
		g.err = err
	}
}

type guarded struct {
	*guard
	to sqlgen.DBTX
}

func (g guarded) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := g.check(query); err != nil {
		return nil, err
	}
	result, err := g.to.ExecContext(ctx, query, args...)
	g.note(err)
	return result, err
}

func (g guarded) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := g.check(query); err != nil {
		return nil, err
	}
	rows, err := g.to.QueryContext(ctx, query, args...)
	g.note(err)
	return rows, err
}

// QueryRowContext can't make a row that holds an error of our choice; a row of
// a context that has ended is the nearest there is.
func (g guarded) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if g.check(query) != nil {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		return g.to.QueryRowContext(ended, query, args...)
	}
	row := g.to.QueryRowContext(ctx, query, args...)
	g.note(row.Err())
	return row
}

func (g guarded) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := g.check(query); err != nil {
		return nil, err
	}
	stmt, err := g.to.PrepareContext(ctx, query)
	g.note(err)
	return stmt, err
}

// closureContext keeps the values of the caller's context and drops its end,
// in favour of our own limit.
func closureContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), closureLimit)
}

// counters are Stats while they grow, and the revision of the settings.
type counters struct{ updates, commits, repeats, settings atomic.Uint64 }

// committed counts a commit.
func (c *counters) committed(changedSettings bool) {
	c.commits.Add(1)
	if changedSettings {
		c.settings.Add(1)
	}
}

func (c *counters) revision() uint64 { return c.settings.Load() }

func (c *counters) stats() Stats {
	return Stats{Updates: c.updates.Load(), Commits: c.commits.Load(), Repeats: c.repeats.Load()}
}

// sleep waits for d unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
