package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// pipeline is one transaction of PostgreSQL that saves journeys to the server,
// which cost more than most statements do: a write whose outcome nobody looks
// at waits for the next that somebody does, or for COMMIT, and they travel
// together. Reads that come before the first write run before BEGIN, which at
// READ COMMITTED is the same.
//
// A write that fails is thus heard of late, and then ends the transaction like
// any other: its error is the answer of Update.
type pipeline struct {
	db *sql.DB
	// caller is the caller's context: who gives up while we wait for a connection,
	// which is got when first needed, ends the wait.
	caller context.Context //nolint:containedctx // of a closure that otherwise outlives it
	conn   *sql.Conn
	begun  bool
	queue  []*deferred
	err    error     // of the first statement that failed; nothing follows it
	failed *deferred // that statement, if the server refused it
}

// deferred is a write on its way.
type deferred struct {
	query string
	args  []any
	sent  bool
	rows  int64
}

var (
	errNotCommitted = errors.New("the server answered COMMIT by rolling back")
	// errAtCommit: whether it was committed is not known.
	errAtCommit = errors.New("commit")
)

// queries runs generated statements, raw any.
func (p *pipeline) queries() sqlgen.DBTX { return pipelined{p, true} }
func (p *pipeline) raw() sqlgen.DBTX     { return pipelined{p, false} }

// commit sends what is queued and COMMIT. A transaction that only read has
// nothing to commit.
func (p *pipeline) commit(ctx context.Context) error {
	if p.err != nil || !p.begun && len(p.queue) == 0 {
		return p.err
	}
	return p.send(ctx, true)
}

// rollback undoes what is open; when that fails the connection is thrown away,
// and the server undoes it.
func (p *pipeline) rollback(ctx context.Context) {
	if p.conn == nil {
		return
	}
	_ = p.conn.Raw(func(driverConn any) error {
		conn := driverConn.(*stdlib.Conn).Conn()
		if conn.IsClosed() || conn.PgConn().TxStatus() == 'I' {
			return nil
		}
		if _, err := conn.Exec(ctx, "rollback"); err != nil {
			return errors.Join(err, conn.Close(ctx))
		}
		return nil
	})
}

// flush sends what is queued.
func (p *pipeline) flush(ctx context.Context) error {
	if p.err != nil || len(p.queue) == 0 {
		return p.err
	}
	return p.send(ctx, false)
}

// open flushes, and begins the transaction if it has not begun.
func (p *pipeline) open(ctx context.Context) error {
	if p.err != nil || p.begun && len(p.queue) == 0 {
		return p.err
	}
	return p.send(ctx, false)
}

// connect gets the connection, once.
func (p *pipeline) connect(ctx context.Context) error {
	if p.conn != nil {
		return nil
	}
	if p.caller.Err() == nil {
		ctx = p.caller
	}
	conn, err := p.db.Conn(ctx)
	if err != nil {
		p.err = fmt.Errorf("get a connection: %w", err)
		return p.err
	}
	p.conn = conn
	return nil
}

// release gives the connection back to the pool, unless it is broken.
func (p *pipeline) release() {
	if p.conn != nil {
		_ = p.conn.Close()
	}
}

func (p *pipeline) send(ctx context.Context, commit bool) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	p.err = p.conn.Raw(func(driverConn any) error {
		return p.sendOn(ctx, driverConn.(*stdlib.Conn).Conn(), commit)
	})
	p.queue, p.begun = nil, true
	return p.err
}

// sendOn makes one journey: BEGIN where it is due, what is queued, COMMIT.
func (p *pipeline) sendOn(ctx context.Context, conn *pgx.Conn, commit bool) (err error) {
	var batch pgx.Batch
	if !p.begun {
		batch.Queue("begin")
	}
	for _, d := range p.queue {
		batch.Queue(d.query, d.args...)
	}
	if commit {
		batch.Queue("commit")
	}
	results := conn.SendBatch(ctx, &batch)
	defer func() {
		if closed := results.Close(); err == nil && closed != nil {
			err = fmt.Errorf("send statements: %w", closed)
		}
	}()
	if !p.begun {
		if _, err := results.Exec(); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
	}
	for _, d := range p.queue {
		tag, err := results.Exec()
		if err != nil {
			p.failed = d
			return fmt.Errorf("%s: %w", statementName(d.query), err)
		}
		d.sent, d.rows = true, tag.RowsAffected()
	}
	if commit {
		return checkCommit(results.Exec())
	}
	return nil
}

func checkCommit(tag pgconn.CommandTag, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errAtCommit, err)
	case tag.String() != "COMMIT":
		return errNotCommitted
	}
	return nil
}

// statementName is the name that sqlc gave a query, for errors.
func statementName(query string) string {
	if rest, ok := strings.CutPrefix(query, "-- name: "); ok {
		name, _, _ := strings.Cut(rest, " ")
		return name
	}
	return "statement"
}

// readsOnly tells the generated queries that change and lock nothing.
func readsOnly(query string) bool {
	if known, ok := readQueries.Load(query); ok {
		return known.(bool)
	}
	_, body, _ := strings.Cut(query, "\n") // after the name
	body = strings.ToUpper(strings.TrimSpace(body))
	reads := strings.HasPrefix(body, "SELECT") && !strings.Contains(body, "FOR UPDATE") &&
		!strings.Contains(body, "FOR SHARE") && !strings.Contains(body, "FOR NO KEY")
	readQueries.Store(query, reads)
	return reads
}

// readQueries remembers readsOnly of the finite set of generated queries.
var readQueries sync.Map

// pipelined is the pipeline as the generated code, or a raw caller, uses it.
type pipelined struct {
	*pipeline
	generated bool
}

// at is where a statement runs that is sent at once: in the transaction, or on
// any connection before it.
func (p pipelined) at(ctx context.Context, query string) (Raw, error) {
	if p.err == nil && p.generated && !p.begun && len(p.queue) == 0 && readsOnly(query) {
		return p.db, nil
	}
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	return p.conn, nil
}

func (p pipelined) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if p.err != nil {
		return nil, p.err
	}
	if p.generated {
		d := &deferred{query: query, args: args}
		p.queue = append(p.queue, d)
		return outcome{p.pipeline, ctx, d}, nil
	}
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	result, err := p.conn.ExecContext(ctx, query, args...)
	p.note(err)
	return result, err
}

func (p pipelined) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	to, err := p.at(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := to.QueryContext(ctx, query, args...)
	p.note(err)
	return rows, err
}

// QueryRowContext can't make a row that holds an error of our choice; a row of
// a context that has ended is the nearest there is. The error itself is kept.
func (p pipelined) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	to, err := p.at(ctx, query)
	if err != nil {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		return p.db.QueryRowContext(ended, query) // asks no server
	}
	row := to.QueryRowContext(ctx, query, args...)
	p.note(row.Err())
	return row
}

func (p pipelined) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	return p.conn.PrepareContext(ctx, query)
}

// neverSent tells that the connection was found broken before the server heard
// of the transaction, as it is after a restart of the server.
func (p *pipeline) neverSent() bool {
	return errors.Is(p.err, driver.ErrBadConn) || p.err != nil && pgconn.SafeToRetry(p.err)
}

func (p *pipeline) note(err error) {
	if err != nil && p.err == nil {
		p.err = err
	}
}

// outcome is the result of a deferred write; who asks for it has it sent.
type outcome struct {
	p   *pipeline
	ctx context.Context //nolint:containedctx // sql.Result has no parameter for it
	d   *deferred
}

func (o outcome) RowsAffected() (int64, error) {
	if !o.d.sent {
		if err := o.p.flush(o.ctx); err != nil {
			return 0, err
		}
	}
	return o.d.rows, nil
}

// LastInsertId is not PostgreSQL's.
func (outcome) LastInsertId() (int64, error) {
	return 0, errors.New("PostgreSQL has no last insert id")
}
