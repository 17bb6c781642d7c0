package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/passerelle-pay/passerelle/internal/backup"
)

type restoreCommand struct {
	database
	File  string `arg:"" help:"The backup." placeholder:"FILE"`
	Force bool   `help:"Where a database is there already, keep it aside under a dated name."`
}

// Help is shown by `passerelle restore --help`.
func (restoreCommand) Help() string {
	return `Puts a backup in the place of a SQLite database that no process has open. All that can
be wrong is found before the place is touched: a damaged file, books that do not
balance, a schema that is newer than this program, keys that do not open what is sealed
in it. An older schema is brought up to date.

A backup is older than the truth: docs/operations.md has what to do after.`
}

// Run restores a backup.
func (r restoreCommand) Run(ctx context.Context) error {
	if err := ownMeans(r.DatabaseURL, onPostgresRestore); err != nil {
		return err
	}
	keys, err := r.keyring()
	if err != nil {
		return err
	}
	started := time.Now()
	done, err := backup.Restore(ctx, backup.Return{File: r.File, Database: r.DatabaseURL, Keys: keys, Force: r.Force, Now: started})
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	p := printer{os.Stdout}
	if done.Aside != "" {
		p.line("The database that was there is %s now.", done.Aside)
	}
	p.line("%s: %s in %.1f s, checked; the keys open all %d sealed values.", r.DatabaseURL, figuresOf(done.Report), time.Since(started).Seconds(), done.Opened)
	if !done.Newest.IsZero() {
		p.line("What happened after %s is known to the providers alone. Payments that were pending are asked about by themselves; "+
			"for the rest, hold each provider's statement against the ledger before paying out: `passerelle reconcile`.", done.Newest.Format("2006-01-02 15:04:05 UTC"))
	}
	return nil
}
