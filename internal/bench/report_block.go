package bench

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// WriteBlock puts content between the lines `<!-- name: begin -->` and
// `<!-- name: end -->` of a file. All around them stays as it was, byte for
// byte; a file or lines that are missing are made, the lines at the end.
func WriteBlock(file, name, content string) error {
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the block %s: %w", name, err)
	}
	text, err := replaceBlock(string(old), name, content)
	if err != nil {
		return fmt.Errorf("write the block %s of %s: %w", name, file, err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // for everyone to read
		return fmt.Errorf("write the block %s: %w", name, err)
	}
	return nil
}

// errMarks says that it is unclear what may be replaced: guessing would cost
// what somebody wrote by hand.
var errMarks = errors.New("its begin and end don't stand there once each, in this order")

func replaceBlock(text, name, content string) (string, error) {
	begin, end := "<!-- "+name+": begin -->", "<!-- "+name+": end -->"
	content = strings.TrimRight(content, "\n") + "\n"
	begins, ends := linesOf(text, begin), linesOf(text, end)
	if len(begins) == 0 && len(ends) == 0 {
		return text + gap(text) + begin + "\n" + content + end + "\n", nil
	}
	if len(begins) != 1 || len(ends) != 1 || ends[0].from < begins[0].to {
		return "", errMarks
	}
	return text[:begins[0].to] + content + text[ends[0].from:], nil
}

// gap parts a block from the text before it.
func gap(text string) string {
	switch {
	case text == "":
		return ""
	case strings.HasSuffix(text, "\n"):
		return "\n"
	}
	return "\n\n"
}

// span is where a line begins and where the next one does.
type span struct{ from, to int }

// linesOf finds the lines that say just this; a sentence may quote a mark.
func linesOf(text, mark string) (found []span) {
	at := 0
	for line := range strings.Lines(text) {
		if strings.TrimRight(line, "\r\n") == mark {
			found = append(found, span{at, at + len(line)})
		}
		at += len(line)
	}
	return found
}
