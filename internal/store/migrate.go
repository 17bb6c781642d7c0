package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// One folder serves both engines: it keeps to the SQL they share. SQLite takes
// any type's name, and stores a BYTEA as the bytes it is given.
//
//go:embed migrations/*.sql
var migrations embed.FS

// Nodes that boot at once take turns by an advisory lock; one that waits asks
// again each second, for five minutes.
const (
	lockPeriod = 1
	lockTries  = 300
)

// A migration locks whole tables, and may meet traffic that locks rows of the
// same tables in another order. One that PostgreSQL ends for that is tried again:
// nothing of it was kept.
const (
	migrateTries = 10
	migratePause = 200 * time.Millisecond
)

// Migrate brings the schema up to date.
func (s *Store) Migrate(ctx context.Context) error {
	return s.withMigrations(func(p *goose.Provider) error {
		for try := 1; ; try++ {
			_, err := p.Up(ctx)
			if err == nil {
				return nil
			}
			if !collided(err) || try == migrateTries {
				return fmt.Errorf("migrate database: %w", err)
			}
			s.opts.Log.Warn("a migration met traffic and is tried again", "error", err)
			if err := sleep(ctx, migratePause); err != nil {
				return fmt.Errorf("migrate database: %w", err)
			}
		}
	})
}

// Pending lists the versions of migrations that the database lacks.
func (s *Store) Pending(ctx context.Context) (versions []int64, err error) {
	err = s.withMigrations(func(p *goose.Provider) error {
		list, err := p.Status(ctx)
		if err != nil {
			return fmt.Errorf("read schema version: %w", err)
		}
		for _, m := range list {
			if m.State == goose.StatePending {
				versions = append(versions, m.Source.Version)
			}
		}
		return nil
	})
	return versions, err
}

func (s *Store) withMigrations(use func(*goose.Provider) error) (err error) {
	db, err := s.engine.migrationPool()
	if err != nil {
		return fmt.Errorf("connect for migrations: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var options []goose.ProviderOption
	dialect := goose.DialectSQLite3
	if s.Engine() == "postgres" {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockPeriod, lockTries))
		if err != nil {
			return fmt.Errorf("prepare migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := migrationsFor(dialect, db, s.opts.Log, options...)
	if err != nil {
		return err
	}
	return use(provider)
}

func migrationsFor(dialect goose.Dialect, db *sql.DB, log *slog.Logger, options ...goose.ProviderOption) (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	options = append(options, goose.WithSlog(log), goose.WithDisableGlobalRegistry(true))
	provider, err := goose.NewProvider(dialect, db, folder, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}
