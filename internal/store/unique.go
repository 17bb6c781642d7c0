package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// IsUnique tells whether err comes from a row that met another in the named
// unique index, on either engine. A primary key is called TABLE_pkey, as in
// PostgreSQL. An empty name stands for any.
func IsUnique(err error, name string) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == uniqueViolation && (name == "" || pg.ConstraintName == name)
	}
	what, ok := sqliteViolation(err)
	if !ok || name == "" {
		return ok
	}
	if index, ok := strings.CutPrefix(what, "index '"); ok { // an index over expressions
		return strings.TrimSuffix(index, "'") == name
	}
	names, err := schemaIndexes()
	return err == nil && slices.Contains(names[what], name)
}

// A column that can't be null is how a statement refuses a row that is not as it
// was read: the others of its transaction need not wait for a count of rows.
const (
	versionColumn = "transactions.version"
	// LeaseColumn fails a RecordDelivery whose lease is lost, for IsNull.
	LeaseColumn = "deliveries.next_attempt_at"
)

// IsNull tells whether err comes from a null in the named column (table.column),
// on either engine.
func IsNull(err error, column string) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == notNullViolation && pg.TableName+"."+pg.ColumnName == column
	}
	var lite *sqlite.Error
	if !errors.As(err, &lite) || lite.Code() != sqlite3.SQLITE_CONSTRAINT_NOTNULL {
		return false
	}
	return strings.Contains(lite.Error(), "NOT NULL constraint failed: "+column+" ")
}

// sqliteViolation finds what SQLite's message names: the columns, as in
// "t.a, t.b", and seldom the index.
func sqliteViolation(err error) (what string, ok bool) {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return "", false
	}
	switch lite.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
	default:
		return "", false
	}
	_, what, ok = strings.Cut(lite.Error(), "UNIQUE constraint failed: ")
	if !ok {
		return "", false
	}
	if i := strings.LastIndex(what, " ("); i >= 0 {
		what = what[:i] // the driver appends the code
	}
	return what, true
}

// schemaIndexes gives the unique indexes of our schema by the columns that
// SQLite names in their stead. The schema is that of the embedded migrations,
// so it is read once, from a database in memory made for it when first needed.
var schemaIndexes = sync.OnceValues(func() (map[string][]string, error) {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		return nil, fmt.Errorf("open database in memory: %w", err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1) // another connection would be another database
	provider, err := migrationsFor(goose.DialectSQLite3, db, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if _, err := provider.Up(ctx); err != nil {
		return nil, fmt.Errorf("make schema in memory: %w", err)
	}
	return uniqueIndexes(ctx, db)
})

// uniqueIndexes reads the unique indexes of a SQLite database: column list, as
// SQLite's errors have it, to names.
func uniqueIndexes(ctx context.Context, db Raw) (map[string][]string, error) {
	rows, err := db.QueryContext(ctx, `
		SELECT t.name, l.name, l.origin, i.name
		FROM sqlite_schema AS t
		JOIN pragma_index_list(t.name) AS l
		JOIN pragma_index_info(l.name) AS i
		WHERE t.type = 'table' AND l."unique" = 1 AND i.name IS NOT NULL
		ORDER BY t.name, l.name, i.seqno`)
	if err != nil {
		return nil, fmt.Errorf("read unique indexes: %w", err)
	}
	defer func() { _ = rows.Close() }()
	columns := map[string][]string{} // by index name
	for rows.Next() {
		var table, index, origin, column string
		if err := rows.Scan(&table, &index, &origin, &column); err != nil {
			return nil, fmt.Errorf("read unique index: %w", err)
		}
		if origin == "pk" {
			index = table + "_pkey"
		}
		columns[index] = append(columns[index], table+"."+column)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read unique indexes: %w", err)
	}
	names := make(map[string][]string, len(columns))
	for index, list := range columns {
		key := strings.Join(list, ", ")
		names[key] = append(names[key], index)
	}
	return names, nil
}
