package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// grownTables lists the tables that have grown fourfold since PostgreSQL last
// looked at what is in them.
const grownTables = `SELECT s.relname FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
WHERE s.n_live_tup > 50 AND s.n_live_tup > 4 * GREATEST(c.reltuples, 0) ORDER BY s.relname`

// RefreshStatistics has PostgreSQL look at the tables that have grown much since
// it last did. Its own daemon does so too, but a minute late: until then plans
// are made for empty tables, and all indexes look alike; a look-up by primary
// key was seen to read a whole table by another. SQLite needs none of it.
func (s *Store) RefreshStatistics(ctx context.Context) error {
	if s.Engine() != "postgres" {
		return nil
	}
	tables, err := names(ctx, s.RawRead(), grownTables)
	if err != nil {
		return fmt.Errorf("look for tables that have grown: %w", err)
	}
	var errs []error
	for _, table := range tables {
		if _, err := s.RawRead().ExecContext(ctx, "ANALYZE "+pgx.Identifier{table}.Sanitize()); err != nil {
			errs = append(errs, fmt.Errorf("analyze %s: %w", table, err))
		}
	}
	return errors.Join(errs...)
}

func names(ctx context.Context, db Raw, query string) ([]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		list = append(list, name)
	}
	return list, rows.Err()
}
