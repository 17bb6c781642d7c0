package pgtest_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

func TestEachTestGetsAnEmptyDatabaseOfItsOwn(t *testing.T) {
	first, second := pgtest.Database(t), pgtest.Database(t)
	if first == second {
		t.Fatalf("both databases are at %s", first)
	}
	exec(t, first, "CREATE TABLE payment (id BIGINT)")
	for url, want := range map[string]int{first: 1, second: 0} {
		if got := count(t, url, "information_schema.tables WHERE table_schema = 'public'"); got != want {
			t.Errorf("%s holds %d tables, want %d", url, got, want)
		}
	}
}

func TestADatabaseIsDroppedWhenItsTestEnds(t *testing.T) {
	var url string
	t.Run("a test that leaves a connection open", func(t *testing.T) {
		url = pgtest.Database(t)
		connect(t, url)
	})
	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		conn.Close(t.Context())
		t.Fatal("the database is still there")
	}
	if !strings.Contains(err.Error(), "3D000") { // invalid_catalog_name
		t.Fatalf("connect to the dropped database: %v, want SQLSTATE 3D000", err)
	}
}

func TestClonesShareOneMigrationAndNoRows(t *testing.T) {
	var migrations atomic.Int64
	migrate := func(url string) error {
		migrations.Add(1)
		conn, err := pgx.Connect(context.Background(), url)
		if err != nil {
			return err
		}
		defer conn.Close(context.Background())
		_, err = conn.Exec(context.Background(), "CREATE TABLE payment (id BIGINT); INSERT INTO payment VALUES (1)")
		return err
	}
	t.Run("in parallel", func(t *testing.T) {
		for i := range 8 {
			t.Run(fmt.Sprintf("clone %d", i), func(t *testing.T) {
				t.Parallel()
				url := pgtest.Cloned(t, "one table", migrate)
				exec(t, url, "INSERT INTO payment VALUES (2)")
				if got := count(t, url, "payment"); got != 2 {
					t.Errorf("the clone holds %d rows, want the migrated one and its own", got)
				}
			})
		}
	})
	if got := migrations.Load(); got != 1 {
		t.Errorf("migrated %d times, want once", got)
	}
}

func TestADurableServerKeepsWhatProductionKeeps(t *testing.T) {
	s := pgtest.Dedicated(t, pgtest.Options{Durable: true})
	url, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, url)
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&value); err != nil {
			t.Fatal(err)
		}
		if value != "on" {
			t.Errorf("%s = %s, want on", setting, value)
		}
	}
}

func TestACrashedServerComesBackWithWhatWasCommitted(t *testing.T) {
	s := pgtest.Dedicated(t, pgtest.Options{Durable: true})
	url, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, url, "CREATE TABLE payment (id INT)")
	for round := range 3 {
		exec(t, url, "INSERT INTO payment VALUES (1)")
		old := connect(t, url)
		if err := s.Crash(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := old.Exec(t.Context(), "SELECT 1"); err == nil {
			t.Error("a connection outlived the server")
		}
		if got := count(t, url, "payment"); got != round+1 {
			t.Errorf("%d rows after crash %d, want %d", got, round+1, round+1)
		}
	}
}

func BenchmarkClone(b *testing.B) {
	for b.Loop() {
		pgtest.Cloned(b, "benchmark", func(url string) error { return nil })
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func exec(t *testing.T, url, statement string) {
	t.Helper()
	conn := connect(t, url)
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, url, from string) (n int) {
	t.Helper()
	conn := connect(t, url)
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM "+from).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
