package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/passerelle-pay/passerelle/internal/demo"
)

type demoCommand struct {
	JSON bool `name:"json" help:"Print the rows as JSON."`
}

// Help is shown by `passerelle demo --help`.
func (demoCommand) Help() string {
	return `Nothing leaves this machine and nothing is kept: the gateway has a free port and a
temporary database. The exit status is 0 only if every row is as documented.`
}

// Run plays the demo; it fails unless every row is as documented.
func (d demoCommand) Run(ctx context.Context) error {
	started := time.Now()
	p := progress{w: os.Stderr, live: isTerminal(os.Stderr)}
	p.begin()
	rows, err := demo.Run(ctx, version, p.show)
	p.end()
	if err != nil {
		return err
	}
	if d.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(rows); err != nil {
			return fmt.Errorf("write rows: %w", err)
		}
	} else {
		table(os.Stdout, rows, time.Since(started))
	}
	for _, r := range rows {
		if !r.OK {
			return errShown
		}
	}
	return nil
}

// progress tells what is being played: on a terminal in one line that the table
// replaces, elsewhere in a line each.
type progress struct {
	w     io.Writer
	live  bool
	shown int
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *progress) begin() {
	_, _ = fmt.Fprintln(p.w, "A gateway, its sandbox and a merchant are starting; every operation below is real HTTP.")
}

func (p *progress) show(r demo.Row) { p.line(r.Provider, r.Operation) }

func (p *progress) line(provider, what string) {
	p.shown++
	if p.live {
		_, _ = fmt.Fprintf(p.w, "\r\033[K%3d  %s  %s", p.shown, provider, what)
		return
	}
	_, _ = fmt.Fprintf(p.w, "%3d  %s  %s\n", p.shown, provider, what)
}

func (p *progress) end() {
	if p.live {
		_, _ = fmt.Fprint(p.w, "\r\033[K")
	}
}

// maxOutcome is how much of a provider's own words fits beside the rest.
const maxOutcome = 32

func short(text string) string {
	if runes := []rune(text); len(runes) > maxOutcome {
		return strings.TrimSpace(string(runes[:maxOutcome-1])) + "…"
	}
	return text
}

// table prints a row per operation, below it what was not as documented, and
// what to do next.
func table(w io.Writer, rows []demo.Row, took time.Duration) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "\nPROVIDER\tOPERATION\tHTTP\tOUTCOME\tTIME\t")
	good := 0
	for _, r := range rows {
		mark := "✓"
		if !r.OK {
			mark = "✗"
		} else {
			good++
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%d ms\t%s\n", r.Provider, r.Operation, r.HTTPStatus, short(r.Outcome), r.Millis, mark)
	}
	_ = t.Flush()
	for _, r := range rows {
		if !r.OK {
			_, _ = fmt.Fprintf(w, "\n✗ %s, %s: %s", r.Provider, r.Operation, r.Problem)
		}
	}
	_, _ = fmt.Fprintf(w, "\n%d of %d operations as documented, in %.1f s\n", good, len(rows), took.Seconds())
	if good == len(rows) {
		_, _ = fmt.Fprintln(w, "To try them yourself: passerelle dev, or go run ./cmd/passerelle dev")
	}
}
