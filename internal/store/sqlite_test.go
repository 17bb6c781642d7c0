package store

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func scan(t *testing.T, db Raw, query string) (value string) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// The settings that money rests on, asked of the connections themselves.
func TestSQLiteIsDurable(t *testing.T) {
	s := openTemp(t)
	if err := s.Update(t.Context(), func(_ context.Context, tx *Tx) error {
		for pragma, want := range map[string]string{
			"synchronous":  "2", // FULL
			"journal_mode": "wal",
			"foreign_keys": "1",
			"busy_timeout": "10000",
			"query_only":   "0",
		} {
			if got := scan(t, tx.Raw(), "PRAGMA "+pragma); got != want {
				t.Errorf("writer: %s is %s, want %s", pragma, got, want)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for pragma, want := range map[string]string{"journal_mode": "wal", "query_only": "1", "busy_timeout": "10000"} {
		if got := scan(t, s.RawRead(), "PRAGMA "+pragma); got != want {
			t.Errorf("reader: %s is %s, want %s", pragma, got, want)
		}
	}
}

func TestReadersCannotWrite(t *testing.T) {
	s := openTemp(t)
	_, err := s.RawRead().ExecContext(t.Context(), `INSERT INTO names (name) VALUES ('a')`)
	if err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("writing through a reader gave %v", err)
	}
}

func TestMemoryIsATemporaryFolderRemovedAtClose(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s, err := Open(t.Context(), ":memory:", Options{})
	if err != nil {
		t.Fatal(err)
	}
	folder := s.engine.(*sqliteEngine).temporary
	if _, err := os.Stat(filepath.Join(folder, "passerelle.db")); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("after Close the folder gives %v, want it gone", err)
	}
}

func TestADatabaseSurvivesCloseAndOpen(t *testing.T) {
	// Characters that mean something in a URI are ordinary in a path.
	path := filepath.Join(t.TempDir(), "new folder", "50% a?b#c.db")
	for _, name := range []string{"first", "second"} {
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		exec(t, s, `CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY)`)
		exec(t, s, `INSERT INTO names (name) VALUES ($1)`, name)
		if name == "second" {
			if names := committed(t, s); names != "first second" {
				t.Errorf("stored %q, want both names", names)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 { // the last connection folds the WAL in
		t.Errorf("after Close there are %v, want the database alone", files)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the database's mode is %o, want it private", mode)
	}
}

func TestADatabaseThatCannotBeOpenedSaysWhy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("this is not a database, and long enough to show it is none at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{file, filepath.Join(file, "below.db")} {
		if s, err := Open(t.Context(), url, Options{}); err == nil {
			t.Errorf("opened %s", url)
			s.Close()
		}
	}
}

func TestAnotherDatabasesAddressIsNoFileName(t *testing.T) {
	t.Chdir(t.TempDir())
	for url, want := range map[string]string{
		"mysql://u:word-of-pass@h/db":        `"mysql:" is no database`,
		"MySQL://u:word-of-pass@h/db":        `"mysql:" is no database`,
		"sqlserver://u:word-of-pass@h":       `"sqlserver:" is no database`,
		"mongodb+srv://u:word-of-pass@h":     `"mongodb+srv:" is no database`,
		"jdbc:postgresql://u:word-of-pass@h": `"jdbc:" is no database`,
		"sqlite:///var/lib/gateway.db":       `without "sqlite:"`,
		"sqlite3:gateway.db":                 `without "sqlite3:"`,
		"file:gateway.db":                    `without "file:"`,
		"postgres:word-of-pass@h/db":         "postgres://user@host/db",
		"POSTGRES://u:word-of-pass@h/db":     "in small letters",
	} {
		s, err := Open(t.Context(), url, Options{})
		if err == nil {
			t.Errorf("%s was opened", url)
			_ = s.Close()
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "word-of-pass") {
			t.Errorf("%s is refused with %v", url, err)
		}
	}
	if list, err := os.ReadDir("."); err != nil || len(list) > 0 {
		t.Errorf("the folder has %v (%v)", list, err)
	}
	for _, url := range []string{
		":memory:", "gateway.db", "./a:b.db", "/var/lib/gateway.db", `C:\gateway\gateway.db`, "c:/gateway.db", "postgres://h/db", "postgresql://h/db",
	} {
		if err := CheckURL(url); err != nil {
			t.Errorf("%s is refused with %v", url, err)
		}
	}
}
