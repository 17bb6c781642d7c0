package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// busyTimeout is how long SQLite waits for another process that writes: a
// command beside a running gateway, or a backup.
const busyTimeout = 10 * time.Second

const sqliteReaders = 4

// sqliteEngine is one connection that writes, behind the group commit, and a
// pool that reads.
type sqliteEngine struct {
	writerDSN string
	writer    *groupWriter
	readers   *sql.DB
	cached    *cachedPool
	temporary string // folder to remove at the end, if any
	closing   sync.Once
	closeErr  error
}

func openSQLite(ctx context.Context, path string, opts Options) (_ engine, err error) {
	e := &sqliteEngine{}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	if path == ":memory:" {
		if e.temporary, err = os.MkdirTemp("", "passerelle-"); err != nil {
			return nil, fmt.Errorf("make temporary folder: %w", err)
		}
		path = filepath.Join(e.temporary, "passerelle.db")
	}
	if path, err = createPrivately(path); err != nil {
		return nil, err
	}
	e.writerDSN = writerDSN(path)
	if e.writer, err = startGroupWriter(ctx, e.writerDSN, opts.Log); err != nil {
		return nil, err
	}
	if e.readers, err = sql.Open("sqlite", readerDSN(path)); err != nil {
		return nil, fmt.Errorf("open %s for reading: %w", path, err)
	}
	conns := opts.MaxConns
	if conns <= 0 {
		conns = sqliteReaders
	}
	e.readers.SetMaxOpenConns(conns)
	e.readers.SetMaxIdleConns(conns)
	e.readers.SetConnMaxIdleTime(5 * time.Minute)
	e.cached = &cachedPool{db: e.readers}
	return e, nil
}

// createPrivately makes the database file for its owner's eyes only, as it
// holds phone numbers; SQLite's other files take the same permissions. It
// returns the absolute path.
func createPrivately(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find database: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make the database's folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fmt.Errorf("create database: %w", err)
	}
	return path, f.Close()
}

// writerDSN configures the connection that writes. Busy_timeout comes first, as
// switching to WAL may itself meet a lock. FULL makes COMMIT wait for the disk.
func writerDSN(path string) string {
	return dsn(path,
		"_busy_timeout", fmt.Sprint(busyTimeout.Milliseconds()),
		"_journal_mode", "WAL",
		"_synchronous", "FULL",
		"_foreign_keys", "1",
		"_pragma", "journal_size_limit(67108864)",
		"_pragma", "cache_size(-8192)",
		"_txlock", "immediate",
		"_dqs", "0",
		"_error_rc", "1")
}

func readerDSN(path string) string {
	return dsn(path,
		"_busy_timeout", fmt.Sprint(busyTimeout.Milliseconds()),
		"_foreign_keys", "1",
		"_query_only", "1",
		"_dqs", "0",
		"_error_rc", "1")
}

// dsn writes the path as a URI, in which a question mark or a space of the
// path can't be taken for something else.
func dsn(path string, params ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a Windows drive
	}
	pairs := make([]string, 0, len(params)/2)
	for i := 0; i < len(params); i += 2 {
		pairs = append(pairs, params[i]+"="+url.QueryEscape(params[i+1]))
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: strings.Join(pairs, "&")}
	return u.String()
}

func (e *sqliteEngine) name() string        { return "sqlite" }
func (e *sqliteEngine) reader() sqlgen.DBTX { return e.cached }
func (e *sqliteEngine) rawReader() Raw      { return e.readers }
func (e *sqliteEngine) stats() Stats        { return e.writer.stats() }
func (e *sqliteEngine) revision() uint64    { return e.writer.revision() }

func (e *sqliteEngine) ping(ctx context.Context) error { return e.readers.PingContext(ctx) }

func (e *sqliteEngine) update(ctx context.Context, fn Closure) error {
	return e.writer.update(ctx, fn)
}

func (e *sqliteEngine) migrationPool() (*sql.DB, error) { return sql.Open("sqlite", e.writerDSN) }

// close ends the readers first: the last connection to go folds the WAL into
// the database, which takes one that may write.
func (e *sqliteEngine) close() error {
	e.closing.Do(func() {
		var errs []error
		if e.writer != nil {
			e.writer.drain()
		}
		if e.readers != nil {
			errs = append(errs, e.cached.close(), e.readers.Close())
		}
		if e.writer != nil {
			errs = append(errs, e.writer.close())
		}
		if e.temporary != "" {
			errs = append(errs, os.RemoveAll(e.temporary))
		}
		e.closeErr = errors.Join(errs...)
	})
	return e.closeErr
}

// cachedPool prepares each query once per connection: SQLite spends more time
// on compiling a short statement than on running it. Only generated queries
// come here, so that the cache has an end.
type cachedPool struct {
	db    *sql.DB
	stmts sync.Map // query → *sql.Stmt
}

func (c *cachedPool) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := c.stmts.Load(query); ok {
		return s.(*sql.Stmt), nil
	}
	s, err := c.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if old, taken := c.stmts.LoadOrStore(query, s); taken {
		return old.(*sql.Stmt), s.Close() //nolint:sqlclosecheck // two met; the other one is kept
	}
	return s, nil
}

func (c *cachedPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return c.db.ExecContext(ctx, query, args...)
}

func (c *cachedPool) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return c.db.PrepareContext(ctx, query)
}

func (c *cachedPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := c.stmt(ctx, query) //nolint:sqlclosecheck // close does, with the pool
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (c *cachedPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := c.stmt(ctx, query) //nolint:sqlclosecheck // close does, with the pool
	if err != nil {
		return c.db.QueryRowContext(ctx, query, args...) // meets the same error, in a row
	}
	return s.QueryRowContext(ctx, args...)
}

func (c *cachedPool) close() error {
	var errs []error
	c.stmts.Range(func(_, s any) bool {
		errs = append(errs, s.(*sql.Stmt).Close())
		return true
	})
	return errors.Join(errs...)
}
