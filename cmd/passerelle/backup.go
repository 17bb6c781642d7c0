package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/passerelle-pay/passerelle/internal/backup"
	"github.com/passerelle-pay/passerelle/internal/store"
)

// statusElsewhere is the exit status of a command whose work another program
// does, which its message names.
const statusElsewhere = 2

type backupCommand struct {
	DatabaseURL string `help:"SQLite path." env:"PASSERELLE_DATABASE_URL" placeholder:"URL"`
	File        string `arg:"" help:"The file to write." placeholder:"FILE"`
	Force       bool   `help:"Replace the file if it is there."`
}

// Help is shown by `passerelle backup --help`.
func (backupCommand) Help() string {
	return `Copies a SQLite database as it is at one moment, while serve runs. The copy is read
back before it gets its name: its structure, its schema, and that debits equal credits.

The keys are not in it. Keep them too, and apart: without them the credentials in a
backup can't be read. With PostgreSQL it says what to run instead, with exit status 2.`
}

// Run takes a backup.
func (b backupCommand) Run(ctx context.Context) error {
	if err := ownMeans(b.DatabaseURL, onPostgresBackup); err != nil {
		return err
	}
	started := time.Now()
	report, err := backup.Take(ctx, backup.Order{
		Database: b.DatabaseURL, File: b.File, Force: b.Force,
		Copied: func() {
			_, _ = fmt.Fprintf(os.Stderr, "copied in %.1f s; checking\n", time.Since(started).Seconds())
		},
	})
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	p := printer{os.Stdout}
	p.line("%s: %s in %.1f s, checked", b.File, figuresOf(report), time.Since(started).Seconds())
	p.line("The keys are not in it: keep them too, somewhere else.")
	return nil
}

// figuresOf tells the size of a backup.
func figuresOf(r backup.Report) string {
	return fmt.Sprintf("%.1f MB, %d rows, of these %d transactions and %d postings", float64(r.Bytes)/1e6, r.Rows, r.Transactions, r.Entries)
}

// ownMeans refuses what is not a SQLite file, with what to do instead.
func ownMeans(url, instead string) error {
	switch {
	case url == "" || url == ":memory:":
		return errors.New("PASSERELLE_DATABASE_URL is missing: the path of a SQLite database")
	case store.IsPostgres(url):
		_, _ = io.WriteString(os.Stderr, instead)
		return exitStatus(statusElsewhere)
	}
	if err := store.CheckURL(url); err != nil {
		return fmt.Errorf("PASSERELLE_DATABASE_URL: %w", err)
	}
	return nil
}

// The commands in these texts are those of docs/operations.md, where a test
// runs them.
const (
	onPostgresBackup = `passerelle: PostgreSQL makes its own backups, which are consistent while gateways run:

    pg_dump --format=custom --file=passerelle.dump "$PASSERELLE_DATABASE_URL"

For a database that matters, base backups with WAL archiving lose less: docs/operations.md.
`
	onPostgresRestore = `passerelle: PostgreSQL restores by its own means. Stop every gateway, then, into an empty database:

    pg_restore --exit-on-error --single-transaction --no-owner --dbname="$PASSERELLE_DATABASE_URL" passerelle.dump

and afterwards ` + "`passerelle migrate` and `passerelle doctor`" + `: docs/operations.md.
`
)
