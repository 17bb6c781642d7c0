// Package store keeps the gateway's rows, in SQLite or in PostgreSQL.
//
// # Reading and writing
//
// [Store.Read] reads what is committed and blocks no writer. [Store.Update]
// runs a closure in a transaction; when it returns nil the change is on disk.
// Both speak through the queries that sqlc generates from queries/*.sql, one
// source for both engines. The few statements that must differ go through
// [Tx.Raw], next to each other.
//
// # What a closure promises
//
// A closure given to [Store.Update] is short and repeatable: it only talks to
// its transaction, and it may run more than once (its first work was then
// rolled back), so whatever it hands out is set afresh by each run. It uses the
// context it is given, which outlives its caller's cancellation, and never
// [Store.Read] or a nested Update. It ends when a statement fails: as in
// PostgreSQL, statements after a failed one fail too, on both engines. Where
// a conflict is to be expected, ON CONFLICT says so.
//
// # What the store promises
//
// An error from a closure undoes that closure alone and is returned as it is.
// Any other error from Update means that nothing was kept, save one: when
// COMMIT itself fails, as it may when the disk or the network does, the outcome
// is unknown to the caller, who finds out by reading.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// ErrClosed answers an Update after Close.
var ErrClosed = errors.New("store is closed")

// closureLimit ends a closure that runs away. It is far above what one needs,
// and below the patience of whoever waits behind it.
const closureLimit = 15 * time.Second

// Options tune a store; the zero value serves.
type Options struct {
	// Log gets what goes wrong without being anyone's answer; nil discards it.
	Log *slog.Logger
	// Now is the clock that [Store.Now] hands out; nil is time.Now.
	Now func() time.Time
	// MaxConns caps the connections of the pool: PostgreSQL's, or SQLite's
	// readers. Zero is 16 for PostgreSQL and 4 for SQLite.
	MaxConns int
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	engine engine
	reads  *sqlgen.Queries
	opts   Options
	// ahead is what the database's clock is ahead of ours, in nanoseconds.
	ahead atomic.Int64
}

// engine is what differs between the two databases.
type engine interface {
	name() string
	update(ctx context.Context, fn Closure) error
	// reader runs generated queries, whose text is constant and may be cached;
	// rawReader runs any text.
	reader() sqlgen.DBTX
	rawReader() Raw
	// migrationPool opens connections of its own, which the caller closes:
	// migrations take as long as they take and must not hold up the pool.
	migrationPool() (*sql.DB, error)
	ping(ctx context.Context) error
	stats() Stats
	// revision moves with each commit that changes settings.
	revision() uint64
	close() error
}

// Closure is the work of one transaction; see the package comment for what it
// promises.
type Closure func(ctx context.Context, tx *Tx) error

// Raw runs SQL that is not generated.
type Raw interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Tx is the transaction of one closure. It is of no use after the closure
// returned, and is not for concurrent use.
type Tx struct {
	*sqlgen.Queries
	raw      Raw
	postgres bool
	about    string
}

// About names what the closure is about, such as a transaction's id. On
// PostgreSQL a closure that says so, and reads nothing after its first write,
// shares a commit with others, in the order of what they are about: it writes
// no rows of anything else that a closure might be writing at the same time.
func (tx *Tx) About(what string) { tx.about = what }

// Raw runs the statements that must differ between the engines.
func (tx *Tx) Raw() Raw { return tx.raw }

// Postgres tells which engine's SQL to give Raw.
func (tx *Tx) Postgres() bool { return tx.postgres }

// Stats count what the store did since it was opened.
type Stats struct {
	Updates uint64 // closures that were answered
	Commits uint64 // transactions that were committed
	Repeats uint64 // runs of a closure after its first
}

// Open opens the database at url: a path of SQLite (its folder is created),
// ":memory:" for a temporary one that Close removes, or a postgres:// URL. It
// does not touch the schema: see [Store.Migrate] and [Store.Pending].
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if err := CheckURL(url); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	var e engine
	var err error
	if IsPostgres(url) {
		e, err = openPostgres(ctx, url, opts)
	} else {
		e, err = openSQLite(ctx, url, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return &Store{engine: e, reads: sqlgen.New(e.reader()), opts: opts}, nil
}

// IsPostgres tells whether a database URL is PostgreSQL's.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// scheme is the beginning of an address. A drive of Windows, C:, is one letter,
// and ":memory:" has none.
var scheme = regexp.MustCompile(`(?i)^[a-z][a-z0-9+.-]+:`)

// CheckURL refuses the address of a database that this is not, which would pass
// for the name of a file. The error has the scheme alone: what follows may hold
// a password.
func CheckURL(url string) error {
	found := strings.ToLower(scheme.FindString(url))
	switch {
	case found == "" || IsPostgres(url):
		return nil
	case found == "postgres:" || found == "postgresql:":
		return errors.New("a PostgreSQL database is written postgres://user@host/db, in small letters")
	case strings.HasPrefix(found, "sqlite") || found == "file:":
		return fmt.Errorf("a SQLite database is written as its path alone, such as /var/lib/passerelle/passerelle.db, without %q", found)
	}
	return fmt.Errorf("%q is no database that can be used: write the path of a SQLite file (./%s… for one whose name begins so), or postgres://user@host/db", found, found)
}

// Update runs fn in a transaction and returns once it is committed, or undone.
// A caller whose context ends before fn started, or while it waits for a
// connection, gets its error and nothing is kept; from then on fn runs to its end
// whatever becomes of the caller. A panic
// in fn undoes it and continues in the caller.
func (s *Store) Update(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.engine.update(ctx, fn)
}

// Read gives the queries on committed rows. Writing through it is a mistake,
// which SQLite refuses.
func (s *Store) Read() *sqlgen.Queries { return s.reads }

// RawRead runs reading statements that are not generated.
func (s *Store) RawRead() Raw { return s.engine.rawReader() }

// Engine is "sqlite" or "postgres".
func (s *Store) Engine() string { return s.engine.name() }

// Now is the time by the store's clock; see [Store.SyncClock].
func (s *Store) Now() time.Time { return s.opts.Now().Add(time.Duration(s.ahead.Load())) }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.engine.ping(ctx) }

// Stats counts the work done so far.
func (s *Store) Stats() Stats { return s.engine.stats() }

// Close finishes the closures already handed in, refuses new ones and closes
// all connections. A second call does nothing.
func (s *Store) Close() error { return s.engine.close() }
