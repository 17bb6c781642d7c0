package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// sqlite writes as the store does: one connection that waits for the disk once
// per group.
func (w writer) sqlite(ctx context.Context) (err error) {
	conn, done, err := openDurably(ctx, w.url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	prepared := map[string]*sql.Stmt{}
	defer func() {
		for _, s := range prepared {
			err = errors.Join(err, s.Close())
		}
	}()
	for ctx.Err() == nil {
		if err := w.commitGroup(conn, prepared, w.steps()); err != nil {
			return err
		}
	}
	return nil
}

// commitGroup commits a group of transactions. Step s is transaction s modulo
// the plan of payment s by the plan's length.
func (w writer) commitGroup(conn *sql.Conn, prepared map[string]*sql.Stmt, steps []int) error {
	ctx := context.Background() // an interrupted statement would lose the group
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for _, step := range steps {
		for _, st := range w.plan[step%len(w.plan)] {
			s, ok := prepared[st.sql]
			if !ok {
				var err error
				if s, err = conn.PrepareContext(ctx, st.sql); err != nil {
					return fmt.Errorf("prepare: %w", err)
				}
				prepared[st.sql] = s
			}
			if _, err := s.ExecContext(ctx, st.of(w.sp, step/len(w.plan))...); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	w.count(steps)
	return nil
}

// openDurably opens a SQLite file with the settings of the store's writer.
func openDurably(ctx context.Context, path string) (*sql.Conn, func() error, error) {
	return connect(ctx, "sqlite", sqliteDSN(path, "synchronous(FULL)", "cache_size(-8192)", "journal_size_limit(67108864)"))
}

// openLoosely opens a database for bulk writing, of which nothing need outlive
// a crash of the machine.
func openLoosely(ctx context.Context, url string) (*sql.Conn, func() error, error) {
	if !store.IsPostgres(url) {
		return connect(ctx, "sqlite", sqliteDSN(url, "synchronous(OFF)", "cache_size(-262144)", "temp_store(MEMORY)"))
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, nil, fmt.Errorf("read database URL: %w", err)
	}
	config.RuntimeParams["synchronous_commit"] = "off"
	config.RuntimeParams["maintenance_work_mem"] = "1GB"
	return connect(ctx, "pgx", stdlib.RegisterConnConfig(config))
}

func sqliteDSN(path string, pragmas ...string) string {
	pragmas = append([]string{"busy_timeout(10000)", "journal_mode(WAL)"}, pragmas...)
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	return u.String()
}

// connect opens one connection, and says how to close it.
func connect(ctx context.Context, driver, dsn string) (*sql.Conn, func() error, error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("open the database: %w", err)
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the database: %w", err), db.Close())
	}
	return conn, func() error { return errors.Join(conn.Close(), db.Close()) }, nil
}

// postgres writes with as many connections as the gateway has transactions
// open, each transaction in one journey to the server.
func (w writer) postgres(ctx context.Context, writers int) error {
	if w.group > 1 {
		writers = 1 // as the store has one group on its way
	}
	return each(ctx, writers, func(ctx context.Context) (err error) {
		config, err := pgx.ParseConfig(w.url)
		if err != nil {
			return fmt.Errorf("read database URL: %w", err)
		}
		config.RuntimeParams["synchronous_commit"] = "on"
		conn, err := pgx.ConnectConfig(context.WithoutCancel(ctx), config)
		if err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
		for ctx.Err() == nil {
			if w.group > 1 {
				err = w.journey(conn, w.steps())
			} else {
				err = w.payment(conn, int(w.next.Add(1)-1))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// steps takes the next group of transactions, as steps of the plan.
func (w writer) steps() []int {
	steps := make([]int, w.group)
	for i := range steps {
		steps[i] = int(w.next.Add(1) - 1)
	}
	return steps
}

// journey commits a group of transactions in one journey to the server.
func (w writer) journey(conn *pgx.Conn, steps []int) error {
	batch := &pgx.Batch{}
	batch.Queue("begin")
	for _, step := range steps {
		for _, st := range w.plan[step%len(w.plan)] {
			batch.Queue(st.sql, st.of(w.sp, step/len(w.plan))...)
		}
	}
	batch.Queue("commit")
	if err := conn.SendBatch(context.Background(), batch).Close(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	w.count(steps)
	return nil
}

// count counts the payments that these steps complete.
func (w writer) count(steps []int) {
	for _, step := range steps {
		if (step+1)%len(w.plan) == 0 {
			w.written.Add(1)
		}
	}
}

// payment commits the transactions of one payment, one after the other.
func (w writer) payment(conn *pgx.Conn, n int) error {
	for _, step := range w.plan {
		batch := &pgx.Batch{}
		batch.Queue("begin")
		for _, st := range step {
			batch.Queue(st.sql, st.of(w.sp, n)...)
		}
		batch.Queue("commit")
		if err := conn.SendBatch(context.Background(), batch).Close(); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	w.written.Add(1)
	return nil
}
