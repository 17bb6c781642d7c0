package bench

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

const (
	markBegin = "<!-- bench: begin -->\n"
	markEnd   = "<!-- bench: end -->\n"
)

func TestOnlyTheBlockIsWritten(t *testing.T) {
	for name, c := range map[string]struct{ before, after string }{
		"nothing is there":        {"", markBegin + "new\n" + markEnd},
		"no marks are there":      {"# Title\n", "# Title\n\n" + markBegin + "new\n" + markEnd},
		"the last line is open":   {"# Title", "# Title\n\n" + markBegin + "new\n" + markEnd},
		"the block is empty":      {markBegin + markEnd, markBegin + "new\n" + markEnd},
		"it is replaced":          {"\t before\r\n\n" + markBegin + "old\n| - |\n" + markEnd + "after \n\n", "\t before\r\n\n" + markBegin + "new\n" + markEnd + "after \n\n"},
		"the file ends with it":   {markBegin + "old\n<!-- bench: end -->", markBegin + "new\n<!-- bench: end -->"},
		"lines end as in Windows": {"<!-- bench: begin -->\r\nold\r\n<!-- bench: end -->\r\nafter\r\n", "<!-- bench: begin -->\r\nnew\n<!-- bench: end -->\r\nafter\r\n"},
		"others have theirs":      {"<!-- cluster: begin -->\nkept\n<!-- cluster: end -->\n" + markBegin + markEnd, "<!-- cluster: begin -->\nkept\n<!-- cluster: end -->\n" + markBegin + "new\n" + markEnd},
		"a sentence quotes it":    {"Between `<!-- bench: begin -->` and\n  <!-- bench: end -->\n" + markBegin + markEnd, "Between `<!-- bench: begin -->` and\n  <!-- bench: end -->\n" + markBegin + "new\n" + markEnd},
	} {
		got, err := replaceBlock(c.before, "bench", "new\n\n")
		if err != nil || got != c.after {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.after)
		}
	}
}

func TestTextBetweenUnclearMarksIsNotLost(t *testing.T) {
	for name, text := range map[string]string{
		"no end":     markBegin + "mine\n",
		"no begin":   "mine\n" + markEnd,
		"swapped":    markEnd + "mine\n" + markBegin,
		"two begins": markBegin + "mine\n" + markBegin + markEnd,
		"two ends":   markBegin + markEnd + "mine\n" + markEnd,
	} {
		if got, err := replaceBlock(text, "bench", "new"); !errors.Is(err, errMarks) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func TestAFileKeepsTheBlocksOfAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), "performance.md")
	for _, write := range [][2]string{{"bench", "one"}, {"cluster", "two"}, {"bench", "three"}} {
		if err := WriteBlock(file, write[0], write[1]); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	want := markBegin + "three\n" + markEnd + "\n<!-- cluster: begin -->\ntwo\n<!-- cluster: end -->\n"
	if err != nil || string(text) != want {
		t.Errorf("got %q, %v, want %q", text, err, want)
	}
	if err := os.WriteFile(file, []byte(markBegin+"mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteBlock(file, "bench", "four"); !errors.Is(err, errMarks) {
		t.Errorf("a broken file is written: %v", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != markBegin+"mine\n" {
		t.Errorf("the file has become %q, %v", text, err)
	}
}
