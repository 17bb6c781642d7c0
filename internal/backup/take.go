package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Order asks for a backup.
type Order struct {
	Database string // path of the SQLite file
	File     string
	// Force replaces a file that is there.
	Force bool
	// Copied, if set, hears that the copy is made and its checks begin.
	Copied func()
}

// Take copies a database, gateways at work or not, checks the copy and gives it
// its name. When it fails there is no new file, and an old one is untouched.
func Take(ctx context.Context, o Order) (Report, error) {
	if err := o.check(); err != nil {
		return Report{}, err
	}
	copied, err := partial(o.File)
	if err != nil {
		return Report{}, err
	}
	defer discard(copied)
	if err := vacuum(ctx, o.Database, copied); err != nil {
		return Report{}, err
	}
	if o.Copied != nil {
		o.Copied()
	}
	report, err := Examine(ctx, copied)
	if err != nil {
		return report, fmt.Errorf("the copy can't be relied on: %w", err)
	}
	if !o.Force && exists(o.File) {
		return report, fmt.Errorf("%s has come into being meanwhile", o.File)
	}
	return report, settle(copied, o.File)
}

func (o Order) check() error {
	info, err := os.Stat(o.Database)
	switch {
	case err != nil:
		return fmt.Errorf("find database: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("the database %s is not a file", o.Database)
	}
	if o.ofDatabase() {
		return errors.New("the backup would replace the database itself")
	}
	if !o.Force && exists(o.File) {
		return fmt.Errorf("%s is there already; --force replaces it", o.File)
	}
	return nil
}

// ofDatabase reports whether the file is the database, or one beside it that
// belongs to it.
func (o Order) ofDatabase() bool {
	for _, suffix := range append([]string{""}, companions...) {
		one, err := os.Stat(o.Database + suffix)
		if err != nil {
			continue
		}
		if other, err := os.Stat(o.File); err == nil && os.SameFile(one, other) {
			return true
		}
	}
	return false
}

// vacuum writes the database as of now into an empty file. It takes no lock
// that a writer waits for.
func vacuum(ctx context.Context, database, into string) (err error) {
	db, err := open(database, "mode", "rw", "_pragma", "busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if into, err = filepath.Abs(into); err != nil {
		return fmt.Errorf("find backup: %w", err)
	}
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", into); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	return nil
}
