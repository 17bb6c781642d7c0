package reseal

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store"
)

const root = "../.."

// texts reads every text of the database, by table and column.
func texts(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for table, columns := range textColumns(t) {
		for _, c := range columns {
			rows, err := s.RawRead().QueryContext(t.Context(), "SELECT "+c+" FROM "+table)
			must(t, err)
			for rows.Next() {
				var text string
				must(t, rows.Scan(&text))
				all[table+"."+c] += text + "\n"
			}
			must(t, rows.Err())
			must(t, rows.Close())
		}
	}
	if len(all) < 10 {
		t.Fatalf("only %d columns have a text: the schema is not read right", len(all))
	}
	return all
}

func migrations(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(root + "/internal/store/migrations/*.sql")
	must(t, err)
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		must(t, err)
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		all.WriteString(up)
	}
	return all.String()
}

var (
	table      = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`)
	textColumn = regexp.MustCompile(`(?m)^\s+(\w+)\s+TEXT\b`)
	addedText  = regexp.MustCompile(`ALTER TABLE (\w+) ADD COLUMN (\w+)\s+TEXT`)
	sealedNote = regexp.MustCompile(`(?m)^\s+(\w+)\s+TEXT\b[^\n]*-- sealed`)
	addedSeal  = regexp.MustCompile(`ALTER TABLE (\w+) ADD COLUMN (\w+)\s+TEXT[^\n]*-- sealed`)
)

func textColumns(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	schema := migrations(t)
	for _, m := range table.FindAllStringSubmatch(schema, -1) {
		for _, c := range textColumn.FindAllStringSubmatch(m[2], -1) {
			found[m[1]] = append(found[m[1]], c[1])
		}
	}
	for _, m := range addedText.FindAllStringSubmatch(schema, -1) {
		found[m[1]] = append(found[m[1]], m[2])
	}
	return found
}

// The schema says of a sealed column that it is one.
func TestEveryColumnThatTheSchemaCallsSealedIsListed(t *testing.T) {
	t.Parallel()
	var want, have []string
	schema := migrations(t)
	for _, m := range table.FindAllStringSubmatch(schema, -1) {
		for _, c := range sealedNote.FindAllStringSubmatch(m[2], -1) {
			want = append(want, m[1]+"."+c[1])
		}
	}
	for _, m := range addedSeal.FindAllStringSubmatch(schema, -1) {
		want = append(want, m[1]+"."+m[2])
	}
	for _, c := range columns() {
		have = append(have, c.name)
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(want, have) {
		t.Errorf("the schema has the sealed columns %v, columns.go lists %v", want, have)
	}
}

var sealing = regexp.MustCompile(`\.Seal\(([^\n]*)\n`)

// storeNothing are the packages that seal and keep nothing of it: the doctor
// tries the keys.
var storeNothing = []string{"/internal/secret/", "/internal/reseal/", "/internal/doctor/"}

// A column whose note was forgotten too has a call that seals its values.
func TestEveryPurposeThatIsSealedForIsListed(t *testing.T) {
	t.Parallel()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		slashed := filepath.ToSlash(path)
		ours := slices.ContainsFunc(storeNothing, func(dir string) bool { return strings.Contains(slashed, dir) })
		if err != nil || entry.IsDir() || ours || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range sealing.FindAllStringSubmatch(string(text), -1) {
			purpose := regexp.MustCompile(`"([^"]+)"`).FindStringSubmatch(m[1])
			if purpose == nil {
				return fmt.Errorf("%s seals for no purpose that can be read: %s", path, m[1])
			}
			found[purpose[1]] = path
		}
		return err
	})
	must(t, err)
	for _, c := range columns() {
		if found[c.purpose] == "" {
			t.Errorf("nothing seals for %q", c.purpose)
		}
		delete(found, c.purpose)
	}
	for purpose, path := range found {
		t.Errorf("%s seals for %q, which columns.go does not list", path, purpose)
	}
}
