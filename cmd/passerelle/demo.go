package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/passerelle-pay/passerelle/internal/demo"
)

type demoCommand struct {
	JSON bool `name:"json" help:"Print the rows as JSON."`
}

// Run plays the demo; it fails unless every row is as documented.
func (d demoCommand) Run(ctx context.Context) error {
	shown := 0
	rows, err := demo.Run(ctx, version, func(r demo.Row) {
		shown++
		_, _ = fmt.Fprintf(os.Stderr, "\r\033[K%3d  %s  %s", shown, r.Provider, r.Operation)
	})
	_, _ = fmt.Fprint(os.Stderr, "\r\033[K")
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
		table(os.Stdout, rows)
	}
	for _, r := range rows {
		if !r.OK {
			return errShown
		}
	}
	return nil
}

// table prints a row per operation, and below it what was not as documented.
func table(w io.Writer, rows []demo.Row) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "PROVIDER\tOPERATION\tHTTP\tOUTCOME\tTIME\t")
	good := 0
	for _, r := range rows {
		mark := "✓"
		if !r.OK {
			mark = "✗"
		} else {
			good++
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%d ms\t%s\n", r.Provider, r.Operation, r.HTTPStatus, r.Outcome, r.Millis, mark)
	}
	_ = t.Flush()
	for _, r := range rows {
		if !r.OK {
			_, _ = fmt.Fprintf(w, "\n✗ %s, %s: %s", r.Provider, r.Operation, r.Problem)
		}
	}
	_, _ = fmt.Fprintf(w, "\n%d of %d operations as documented\n", good, len(rows))
}
