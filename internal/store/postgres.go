package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

const (
	postgresConns = 16
	// maxRuns is how often a closure runs before contention is its caller's problem.
	maxRuns = 10
	// maxTogether is how often it runs with others.
	maxTogether = 3
)

// SQLSTATE codes, PostgreSQL appendix A.
const (
	uniqueViolation      = "23505"
	notNullViolation     = "23502"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
)

type postgresEngine struct {
	counters
	config  *pgx.ConnConfig
	db      *sql.DB
	closed  atomic.Bool
	running sync.WaitGroup
	mu      sync.Mutex // orders closed against running
	closing sync.Once
	err     error
	groups  groups
}

func openPostgres(ctx context.Context, url string, opts Options) (engine, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", err) // pgx leaves the password out
	}
	harden(config.RuntimeParams)
	e := &postgresEngine{config: config, db: stdlib.OpenDB(*config)}
	e.groups.engine = e
	conns := opts.MaxConns
	if conns <= 0 {
		conns = postgresConns
	}
	e.db.SetMaxOpenConns(conns)
	e.db.SetMaxIdleConns(conns)
	e.db.SetConnMaxIdleTime(5 * time.Minute)
	if err := e.ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reach PostgreSQL: %w", err), e.db.Close())
	}
	return e, nil
}

// harden sets what must not be left to the server's defaults. The settings of
// synchronous_commit that wait for standbys are stronger than "on" and stay.
func harden(params map[string]string) {
	switch params["synchronous_commit"] {
	case "remote_apply", "remote_write":
	default:
		params["synchronous_commit"] = "on"
	}
	params["default_transaction_isolation"] = "read committed"
	params["timezone"] = "UTC"
	// A node that froze in the middle of a closure must not keep its locks.
	params["idle_in_transaction_session_timeout"] = fmt.Sprint(2 * closureLimit.Milliseconds())
	if params["application_name"] == "" {
		params["application_name"] = "passerelle"
	}
}

func (e *postgresEngine) name() string        { return "postgres" }
func (e *postgresEngine) reader() sqlgen.DBTX { return e.db }
func (e *postgresEngine) rawReader() Raw      { return e.db }

func (e *postgresEngine) ping(ctx context.Context) error { return e.db.PingContext(ctx) }

func (e *postgresEngine) migrationPool() (*sql.DB, error) { return stdlib.OpenDB(*e.config), nil }

func (e *postgresEngine) close() error {
	e.closing.Do(func() {
		e.mu.Lock()
		e.closed.Store(true)
		e.mu.Unlock()
		e.running.Wait()
		e.err = e.db.Close()
	})
	return e.err
}

// enter counts a closure in, unless the store is closed.
func (e *postgresEngine) enter() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed.Load() {
		return false
	}
	e.running.Add(1)
	return true
}

// update runs fn until it commits, fails for a reason of its own, or lost too
// often against others.
func (e *postgresEngine) update(ctx context.Context, fn Closure) error {
	if !e.enter() {
		return ErrClosed
	}
	defer e.running.Done()
	defer e.updates.Add(1)
	alone := false
	for run := 1; ; run++ {
		again, err := e.once(ctx, fn, alone)
		if !again || run == maxRuns {
			return err
		}
		e.repeats.Add(1)
		if errors.Is(err, errGroupLost) {
			alone = run >= maxTogether || !errors.Is(err, errMemberStale)
			continue
		}
		if sleep(ctx, backoff(run)) != nil {
			return err
		}
	}
}

// backoff spreads those who collided: up to 2 ms after the first run, doubling
// to at most a quarter of a second.
func backoff(run int) time.Duration {
	limit := min(time.Millisecond<<run, 250*time.Millisecond)
	return rand.N(limit) //nolint:gosec // it spreads load and guards nothing
}

// once runs fn in one transaction, its own or its group's. Again says that the
// same may well work.
func (e *postgresEngine) once(ctx context.Context, fn Closure, alone bool) (again bool, err error) {
	p := &pipeline{db: e.db, caller: ctx}
	defer p.release()
	ctx, cancel := closureContext(ctx)
	defer cancel()
	defer p.rollback(ctx) // does nothing after COMMIT; otherwise, or in a panic, it undoes
	g := &guard{}
	tx := g.transaction(p.queries(), p.raw(), true)
	err = g.outcome(fn(ctx, tx))
	switch {
	case err != nil:
	case !alone && tx.about != "" && !g.settings && p.onlyWrites():
		err = e.groups.commit(tx.about, p.queue)
		return errors.Is(err, errGroupLost), err
	default:
		err = p.commit(ctx)
	}
	if IsNull(err, versionColumn) { // heard of after its statement
		err = fmt.Errorf("%w: %w", ErrStale, err)
	}
	if err == nil {
		e.committed(g.settings)
		return false, nil
	}
	if p.err != nil && errors.Is(err, context.Canceled) && ctx.Err() == nil {
		err = p.err // what the closure met was the statement after it
	}
	return collided(p.err) || collided(err) || p.neverSent(), err
}

// collided tells whether a transaction failed only because of others at the
// same time.
func collided(err error) bool {
	if errors.Is(err, ErrStale) || IsNull(err, versionColumn) {
		return true
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == serializationFailure || pg.Code == deadlockDetected)
}
