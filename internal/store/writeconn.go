package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// writeConn is SQLite's writing connection with its prepared statements. It is
// thrown away, and opened anew, whenever its transaction came to harm: closing
// is the one rollback that can't fail.
type writeConn struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func openWriteConn(ctx context.Context, dsn string) (*writeConn, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open for writing: %w", err)
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect for writing: %w", err), db.Close())
	}
	return &writeConn{db: db, conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

// close rolls back what is open.
func (c *writeConn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.conn.Close(), c.db.Close())...)
}

// control runs BEGIN, COMMIT and the like.
func (c *writeConn) control(statement string) error {
	if _, err := c.queries().ExecContext(context.Background(), statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// queries runs statements from a finite set, prepared once.
func (c *writeConn) queries() sqlgen.DBTX { return detached{c, true} }

// raw runs any statement.
func (c *writeConn) raw() sqlgen.DBTX { return detached{c, false} }

// detached runs statements to their end. Were the driver given a context that
// can end, it would interrupt the statement, and SQLite answers an interrupted
// write by rolling back the whole group. So a context that has ended stops a
// closure between its statements only.
type detached struct {
	*writeConn
	cache bool
}

// stmt returns nil where the statement is to be run without preparing it.
func (d detached) stmt(query string) (*sql.Stmt, error) {
	if !d.cache {
		return nil, nil
	}
	if s, ok := d.stmts[query]; ok {
		return s, nil
	}
	s, err := d.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	d.stmts[query] = s
	return s, nil
}

func (d detached) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := d.stmt(query) //nolint:sqlclosecheck // writeConn.close does
	if err != nil {
		return nil, err
	}
	if s == nil {
		return d.conn.ExecContext(context.Background(), query, args...)
	}
	return s.ExecContext(context.Background(), args...)
}

func (d detached) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := d.stmt(query) //nolint:sqlclosecheck // writeConn.close does
	if err != nil {
		return nil, err
	}
	if s == nil {
		return d.conn.QueryContext(context.Background(), query, args...)
	}
	return s.QueryContext(context.Background(), args...)
}

func (d detached) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if ctx.Err() != nil {
		return d.conn.QueryRowContext(ctx, query, args...) // a row that holds the error
	}
	s, err := d.stmt(query) //nolint:sqlclosecheck // writeConn.close does
	if s == nil || err != nil {
		return d.conn.QueryRowContext(context.Background(), query, args...)
	}
	return s.QueryRowContext(context.Background(), args...)
}

func (d detached) PrepareContext(_ context.Context, query string) (*sql.Stmt, error) {
	return d.conn.PrepareContext(context.Background(), query)
}
