package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/provider"
)

// shownRun is the output of --json.
type shownRun struct {
	Run    string    `json:"run"`
	File   string    `json:"file"`
	SHA256 string    `json:"sha256"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	reconcile.Figures
	Differences int64 `json:"differences"`
}

// reconcileTable prints how a statement compares.
func reconcileTable(w io.Writer, run reconcile.Run) error {
	f := run.Figures
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "%s, from %s to %s UTC\n", run.FileName, run.From.Format(time.DateTime), run.To.Format(time.DateTime))
	for _, row := range []struct {
		n    int64
		what string
	}{
		{f.Lines, "lines"},
		{f.Matched, "matched"},
		{f.MissingHere, "missing here"},
		{f.MissingThere, "missing there"},
		{f.AmountDiffers, "amount differs"},
		{f.StatusDiffers, "paid there, not here"},
		{f.PaidTwice, "paid twice"},
		{f.Duplicates, "duplicate lines"},
		{f.Unpaid, "lines that moved nothing"},
		{f.Edge, "at the edge of the period: see the next statement"},
	} {
		_, _ = fmt.Fprintf(t, "%d\t  %s\n", row.n, row.what)
	}
	_ = t.Flush()
	for _, s := range f.Fees {
		_, _ = fmt.Fprintf(w, "fees: %s in the statement, %s in the books\n", money.New(s.Statement, s.Currency), money.New(s.Ledger, s.Currency))
	}
	_, err := fmt.Fprintf(w, "%d new cases, %d closed\n", f.New, f.Closed)
	return err
}

// writeDifferences writes the cases that the runs met to a file.
func writeDifferences(ctx context.Context, r *reconcile.Reconciler, who provider.Caller, runs []reconcile.Run, path string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write differences: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out, err := reconcile.NewCSV(f)
	if err != nil {
		return fmt.Errorf("write differences: %w", err)
	}
	for _, run := range runs {
		if err := r.Export(ctx, who, reconcile.Filter{Connection: run.Connection, Run: run.ID}, out); err != nil {
			return fmt.Errorf("write differences: %w", err)
		}
	}
	return out.Close()
}
