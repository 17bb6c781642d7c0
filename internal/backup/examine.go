package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// Report is what was found in a backup.
type Report struct {
	Bytes  int64
	Schema int64 // the newest migration it has
	Rows   int64 // of all tables
	// Transactions and Entries are the rows that are about money.
	Transactions, Entries int64
	// Newest is when a transaction last changed; zero without any.
	Newest time.Time
}

// Examine reads a database file that nobody writes to, from its first page to
// its books. An error says what is wrong with it.
func Examine(ctx context.Context, path string) (r Report, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return r, fmt.Errorf("find backup: %w", err)
	case !info.Mode().IsRegular():
		return r, fmt.Errorf("%s is not a file", path)
	case info.Size() == 0:
		return r, fmt.Errorf("%s is empty", path)
	}
	// A log beside it holds commits that the file alone lacks.
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		return r, fmt.Errorf("%s has a -wal beside it, so it is a database in use or a part of one, not a backup; `passerelle backup` makes one", path)
	}
	db, err := open(path, "mode", "ro", "immutable", "1")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := structure(ctx, db); err != nil {
		return r, err
	}
	if r, err = figures(ctx, db); err != nil {
		return r, err
	}
	r.Bytes = info.Size()
	if err := schemaKnown(r.Schema); err != nil {
		return r, err
	}
	return r, Books(ctx, db)
}

// open gives a single connection to a SQLite file that is there.
func open(path string, params ...string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find database: %w", err)
	}
	query := url.Values{}
	for i := 0; i < len(params); i += 2 {
		query.Add(params[i], params[i+1])
	}
	if path = filepath.ToSlash(path); !strings.HasPrefix(path, "/") {
		path = "/" + path // a Windows drive
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// structure has SQLite look at every page, index and foreign key.
func structure(ctx context.Context, db *sql.DB) error {
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("the file is damaged or is no database: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("the file is damaged: %s", verdict)
	}
	var orphans int64
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM pragma_foreign_key_check").Scan(&orphans); err != nil {
		return fmt.Errorf("check foreign keys: %w", err)
	}
	if orphans > 0 {
		return fmt.Errorf("the file is damaged: %d rows refer to rows that are not there", orphans)
	}
	return nil
}

func figures(ctx context.Context, db *sql.DB) (r Report, err error) {
	var tables int64
	const ours = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name IN ('goose_db_version', 'transactions', 'ledger_entries')"
	if err := db.QueryRowContext(ctx, ours).Scan(&tables); err != nil {
		return r, fmt.Errorf("list tables: %w", err)
	}
	if tables != 3 {
		return r, errors.New("it is a SQLite database, but not one of Passerelle")
	}
	var newest int64
	for _, one := range []struct {
		query string
		into  *int64
	}{
		{"SELECT MAX(version_id) FROM goose_db_version WHERE is_applied", &r.Schema},
		{"SELECT COUNT(*) FROM transactions", &r.Transactions},
		{"SELECT COUNT(*) FROM ledger_entries", &r.Entries},
		{"SELECT COALESCE(MAX(updated_at), 0) FROM transactions", &newest},
	} {
		if err := db.QueryRowContext(ctx, one.query).Scan(one.into); err != nil {
			return r, fmt.Errorf("read figures: %w", err)
		}
	}
	if newest > 0 {
		r.Newest = time.UnixMilli(newest).UTC()
	}
	r.Rows, err = rows(ctx, db)
	return r, err
}

// rows counts those of all tables.
func rows(ctx context.Context, db *sql.DB) (total int64, err error) {
	var counts string
	const each = `SELECT group_concat('SELECT COUNT(*) AS n FROM "' || name || '"', ' UNION ALL ')
		FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`
	if err := db.QueryRowContext(ctx, each).Scan(&counts); err != nil {
		return 0, fmt.Errorf("list tables: %w", err)
	}
	if err := db.QueryRowContext(ctx, "SELECT SUM(n) FROM ("+counts+") AS counts").Scan(&total); err != nil {
		return 0, fmt.Errorf("count rows: %w", err)
	}
	return total, nil
}

func schemaKnown(version int64) error {
	newest, err := store.SchemaVersion()
	if err != nil {
		return err
	}
	if version > newest {
		return fmt.Errorf("its schema is version %d, and this program knows none above %d: use the program that wrote it, or a newer one", version, newest)
	}
	return nil
}
