package store

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"

	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

func TestPendingNamesWhatMigrateApplies(t *testing.T) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Store{openTemp(t), openPG(t, Options{})} {
		t.Run(s.Engine(), func(t *testing.T) {
			pending, err := s.Pending(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(pending) != len(files) {
				t.Errorf("a new database lacks %v, want all %d migrations", pending, len(files))
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if pending, err = s.Pending(t.Context()); err != nil || len(pending) != 0 {
				t.Errorf("after Migrate: pending %v, %v", pending, err)
			}
		})
	}
}

func TestNodesThatBootAtOnceMigrateOnce(t *testing.T) {
	url := pgtest.Database(t)
	var nodes sync.WaitGroup
	for range 4 {
		nodes.Go(func() {
			s, err := Open(t.Context(), url, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if err := s.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	nodes.Wait()
}

// IsUnique is given one name for both engines, so both must have the same
// unique indexes over the same columns.
func TestBothEnginesNameTheSameUniqueIndexes(t *testing.T) {
	s := openPG(t, Options{})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := s.RawRead().QueryContext(t.Context(), `
		SELECT i.relname, string_agg(t.relname || '.' || a.attname, ', ' ORDER BY k.position)
		FROM pg_index x
		JOIN pg_class i ON i.oid = x.indexrelid
		JOIN pg_class t ON t.oid = x.indrelid AND t.relnamespace = 'public'::regnamespace
		CROSS JOIN unnest(x.indkey) WITH ORDINALITY AS k (number, position)
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
		WHERE x.indisunique AND t.relname NOT LIKE 'goose%'
		GROUP BY i.relname`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	postgres := map[string]string{}
	for rows.Next() {
		var name, columns string
		if err := rows.Scan(&name, &columns); err != nil {
			t.Fatal(err)
		}
		postgres[name] = columns
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	byColumns, err := schemaIndexes()
	if err != nil {
		t.Fatal(err)
	}
	sqlite := map[string]string{}
	for columns, names := range byColumns {
		for _, name := range names {
			sqlite[name] = columns
		}
	}
	if diff := cmp.Diff(postgres, sqlite); diff != "" {
		t.Errorf("unique indexes of PostgreSQL (-) and SQLite (+):\n%s", diff)
	}
	for _, name := range []string{UniqueReference, UniqueFrontReference, UniqueMerchantName, UniqueUserEmail, UniqueIdempotencyKey, UniqueOperationReference} {
		if postgres[name] == "" {
			t.Errorf("no index is called %s; there are %s", name, fmt.Sprint(slices.Sorted(maps.Keys(postgres))))
		}
	}
}

func TestAMigrationThatMetTrafficIsToldFromOneThatIsWrong(t *testing.T) {
	for code, again := range map[string]bool{deadlockDetected: true, serializationFailure: true, "42601": false} {
		err := fmt.Errorf("up: %w", &goose.PartialError{Err: &pgconn.PgError{Code: code}})
		if collided(err) != again {
			t.Errorf("%s: tried again is %t", code, !again)
		}
	}
}
