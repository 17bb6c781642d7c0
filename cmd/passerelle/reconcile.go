package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// statusDiffers is the exit status of a command that went well and found
// differences.
const statusDiffers = 3

type reconcileCommand struct {
	database
	File       string            `arg:"" help:"The statement: a CSV file, a folder of them, or - for standard input." placeholder:"FILE"`
	Merchant   string            `required:"" help:"The merchant's name or id." placeholder:"NAME"`
	Connection string            `required:"" help:"The connection's name or id." placeholder:"NAME"`
	From       string            `help:"First day that the statement covers (2026-03-01); as its own times say unless set." placeholder:"DAY"`
	To         string            `help:"Last day that the statement covers." placeholder:"DAY"`
	Column     map[string]string `mapsep:"none" help:"Heading of a fact: reference, provider_reference, amount, currency, fees, status, time or kind; may be repeated." placeholder:"FACT=HEADING"`
	Paid       []string          `sep:"none" help:"A status that means that money moved; may be repeated." placeholder:"WORD"`
	Unpaid     []string          `sep:"none" help:"A status that means that it did not; may be repeated." placeholder:"WORD"`
	Currency   string            `help:"Currency of a file that does not name it." placeholder:"CODE"`
	Only       []string          `help:"Kinds of movements that the statement lists: payment, payout, refund; all unless set." enum:"payment,payout,refund" placeholder:"KIND"`
	JSON       bool              `name:"json" help:"Print as JSON, one object for each file."`
	CSV        string            `name:"csv" help:"Write what differs to this file, for a spreadsheet in French." placeholder:"FILE"`
}

// Help is shown by `passerelle reconcile --help`.
func (reconcileCommand) Help() string {
	return `Holds a provider's statement against the ledger. The exit status is 0 when all of it
matches, 3 when something differs, 1 when it could not be read; nothing is kept of a
file that could not be read.

What differs becomes a case, which the dashboard shows with what to do about it. The
same statement may be read again: nothing is counted twice, and cases that a later
statement no longer shows are closed.

  passerelle reconcile --merchant "Boutique Awa" --connection Principal mars.csv
  passerelle reconcile --merchant "Boutique Awa" --connection Principal \
      --column reference="Réf. marchand" --paid Crédité --from 2026-03-01 --to 2026-03-31 mars.csv`
}

// Run reconciles one file or those of a folder.
func (c reconcileCommand) Run(ctx context.Context) error {
	files, err := c.files()
	if err != nil {
		return err
	}
	reading, err := c.reading()
	if err != nil {
		return err
	}
	return onDatabase(ctx, c.database, func(a *app.App) error {
		row, err := findConnection(ctx, a, c.Merchant, c.Connection)
		if err != nil {
			return err
		}
		o := reconcile.Order{MerchantID: row.MerchantID, Connection: row.ID, By: "command line", Reading: reading}
		for _, kind := range c.Only {
			o.Only = append(o.Only, pay.Kind(kind))
		}
		p, ok := a.Gateway.Provider(row.Provider)
		if !ok {
			return pay.NotFound("provider")
		}
		if o.From, o.To, err = reconcile.Days(p, c.From, c.To); err != nil {
			return err
		}
		return c.reconcileAll(ctx, a.Reconcile, o, provider.Caller{MerchantID: row.MerchantID, Mode: pay.Mode(row.Mode), Front: pay.NativeFront}, files)
	})
}

func (c reconcileCommand) reconcileAll(ctx context.Context, r *reconcile.Reconciler, o reconcile.Order, who provider.Caller, files []string) error {
	defer r.Close()
	var runs []reconcile.Run
	differs := false
	for _, path := range files {
		run, err := c.one(ctx, r, o, path)
		if err != nil {
			return fmt.Errorf("reconcile %s: %w", path, err)
		}
		runs = append(runs, run)
		differs = differs || run.Figures.Differ() > 0
		if err := c.print(os.Stdout, run); err != nil {
			return err
		}
	}
	if c.CSV != "" {
		if err := writeDifferences(ctx, r, who, runs, c.CSV); err != nil {
			return err
		}
	}
	if differs {
		return exitStatus(statusDiffers)
	}
	return nil
}

// files lists what is to be read. A folder's files are read in the order of
// their names.
func (c reconcileCommand) files() ([]string, error) {
	if c.File == "-" {
		return []string{"-"}, nil
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return nil, fmt.Errorf("find statement: %w", err)
	}
	if !info.IsDir() {
		return []string{c.File}, nil
	}
	entries, err := os.ReadDir(c.File)
	if err != nil {
		return nil, fmt.Errorf("read folder: %w", err)
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && strings.EqualFold(filepath.Ext(e.Name()), ".csv") {
			files = append(files, filepath.Join(c.File, e.Name()))
		}
	}
	sort.Strings(files)
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no .csv file", c.File)
	}
	return files, nil
}

func (c reconcileCommand) reading() (reconcile.Reading, error) {
	r := reconcile.Reading{Columns: map[provider.StatementColumn]string{}, Paid: c.Paid, Unpaid: c.Unpaid, Currency: money.Currency(c.Currency)}
	if c.Currency != "" && !r.Currency.Valid() {
		return r, fmt.Errorf("%q is no currency that is supported", c.Currency)
	}
	known := map[provider.StatementColumn]bool{}
	for _, column := range provider.StatementColumns() {
		known[column] = true
	}
	for fact, heading := range c.Column {
		if !known[provider.StatementColumn(fact)] {
			return r, fmt.Errorf("--column %s=…: the facts are %v", fact, provider.StatementColumns())
		}
		r.Columns[provider.StatementColumn(fact)] = heading
	}
	return r, nil
}

func (c reconcileCommand) one(ctx context.Context, r *reconcile.Reconciler, o reconcile.Order, path string) (reconcile.Run, error) {
	var file io.Reader = os.Stdin
	o.FileName = "standard input"
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return reconcile.Run{}, err
		}
		defer func() { _ = f.Close() }()
		file, o.FileName = f, filepath.Base(path)
	}
	started := time.Now()
	live := isTerminal(os.Stderr)
	o.Progress = func(lines int64) {
		end := "\n"
		if live {
			end = "\033[K\r"
		}
		_, _ = fmt.Fprintf(os.Stderr, "%s: %d lines, %.0f lines/s%s", o.FileName, lines, float64(lines)/max(time.Since(started).Seconds(), 0.001), end)
	}
	run, err := r.Run(ctx, o, file)
	if live {
		_, _ = fmt.Fprint(os.Stderr, "\033[K")
	}
	return run, err
}

// findConnection finds a merchant's connection by their names or ids.
func findConnection(ctx context.Context, a *app.App, merchant, connection string) (sqlgen.Connection, error) {
	m, err := findMerchant(ctx, a.Store, merchant)
	if err != nil {
		return sqlgen.Connection{}, err
	}
	return connectionOf(ctx, a, m, connection)
}

func connectionOf(ctx context.Context, a *app.App, m sqlgen.Merchant, name string) (sqlgen.Connection, error) {
	var found, all []string
	var match sqlgen.Connection
	for _, mode := range []pay.Mode{pay.Live, pay.Test} {
		rows, err := a.Store.Read().ListConnections(ctx, sqlgen.ListConnectionsParams{MerchantID: m.ID, Mode: string(mode)})
		if err != nil {
			return match, fmt.Errorf("list connections: %w", err)
		}
		for _, row := range rows {
			all = append(all, fmt.Sprintf("%s (%s, %s)", row.Name, row.ID, row.Mode))
			if row.ID == name || row.Name == name {
				match, found = row, append(found, row.ID)
			}
		}
	}
	switch len(found) {
	case 1:
		return match, nil
	case 0:
		return match, fmt.Errorf("%s has no connection %q; there are %s", m.Name, name, strings.Join(all, ", "))
	}
	return match, fmt.Errorf("several connections are called %q; name one by its id: %s", name, strings.Join(found, ", "))
}

// exitStatus ends a command that has said all it had to say.
type exitStatus int

// Error implements error.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// Is lets report know that it was shown.
func (exitStatus) Is(target error) bool { return errors.Is(target, errShown) }

func (c reconcileCommand) print(w io.Writer, run reconcile.Run) error {
	if !c.JSON {
		return reconcileTable(w, run)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(shownRun{
		Run: run.ID, File: run.FileName, SHA256: run.SHA256, From: run.From, To: run.To, Figures: run.Figures, Differences: run.Figures.Differ(),
	})
}
