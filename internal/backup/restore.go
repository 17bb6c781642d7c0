package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/passerelle-pay/passerelle/internal/reseal"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
)

// ErrInUse says that a process has the database open.
var ErrInUse = errors.New("a process has the database open: stop it first (SIGTERM), and keep it stopped")

// Return asks for a backup to be put back.
type Return struct {
	File     string
	Database string // path of the SQLite file to be
	Keys     secret.Box
	// Force keeps a database that is there aside under a dated name.
	Force bool
	Now   time.Time
}

// Restored is what has been put back.
type Restored struct {
	Report
	// Aside is where the database that was there is now; "" if there was none.
	Aside string
	// Opened counts the sealed values, all of which the keys open.
	Opened int
}

// Restore puts a backup in the place of the database and brings its schema up to
// date. When it fails, what was there is there still.
func Restore(ctx context.Context, r Return) (done Restored, err error) {
	if _, err := Examine(ctx, r.File); err != nil {
		return done, err
	}
	if err := os.MkdirAll(filepath.Dir(r.Database), 0o700); err != nil {
		return done, fmt.Errorf("make the database's folder: %w", err)
	}
	if err := r.free(ctx); err != nil {
		return done, err
	}
	fresh, err := partial(r.Database)
	if err != nil {
		return done, err
	}
	defer discard(fresh)
	if err := copyFile(r.File, fresh); err != nil {
		return done, err
	}
	if done.Opened, err = r.prepare(ctx, fresh); err != nil {
		return done, err
	}
	if done.Report, err = Examine(ctx, fresh); err != nil {
		return done, fmt.Errorf("after copying: %w", err)
	}
	// Preparing took its time: somebody may have started a gateway.
	if err := r.free(ctx); err != nil {
		return done, err
	}
	if done.Aside, err = r.moveAside(); err != nil {
		return done, err
	}
	if err := settle(fresh, r.Database); err != nil {
		return done, errors.Join(err, r.moveBack(done.Aside))
	}
	return done, nil
}

// free makes sure that the place may be taken: nothing is there, or it may be
// moved and nobody has it open.
func (r Return) free(ctx context.Context) error {
	if !occupied(r.Database) {
		return nil
	}
	if !r.Force {
		return fmt.Errorf("there is a database at %s already; --force keeps it aside under a dated name", r.Database)
	}
	return quiet(ctx, r.Database)
}

// quiet folds a database's log into its file, which SQLite does only where
// nobody else has it open. One that is too damaged to be folded is left as it
// is: that may be why it is being replaced.
func quiet(ctx context.Context, path string) (err error) {
	if !exists(path) {
		return nil
	}
	db, err := open(path, "mode", "rw", "_pragma", "busy_timeout(1000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var mode string
	err = db.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	var refused *sqlite.Error
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code() & 0xff { // without what an extended code adds
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrInUse
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return nil
	}
	return fmt.Errorf("see who uses %s: %w", path, err)
}

// prepare makes the copy what serve would start with.
func (r Return) prepare(ctx context.Context, path string) (opened int, err error) {
	s, err := store.Open(ctx, path, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Migrate(ctx); err != nil {
		return 0, err
	}
	opened, shut, err := reseal.Opens(ctx, s, r.Keys)
	if err != nil {
		return 0, err
	}
	if len(shut) > 0 {
		var places []string
		for _, column := range slices.Sorted(maps.Keys(shut)) {
			places = append(places, fmt.Sprintf("%d in %s", shut[column], column))
		}
		return 0, fmt.Errorf("these keys don't open what is sealed in the backup (%s): give the keys of its time, which are not in it", strings.Join(places, ", "))
	}
	return opened, nil
}

func (r Return) moveAside() (aside string, err error) {
	if !occupied(r.Database) {
		return "", nil
	}
	aside = r.Database + ".before-restore-" + r.Now.UTC().Format("20060102T150405Z")
	if occupied(aside) {
		return "", fmt.Errorf("%s is there already: wait a second", aside)
	}
	return aside, move(r.Database, aside)
}

func (r Return) moveBack(aside string) error {
	if aside == "" {
		return nil
	}
	return move(aside, r.Database)
}

// move renames a database with what belongs to it. The file itself goes first:
// should this be cut short, nobody finds it without its log and starts with it.
func move(from, to string) error {
	for _, suffix := range append([]string{""}, companions...) {
		if !exists(from + suffix) {
			continue
		}
		if err := os.Rename(from+suffix, to+suffix); err != nil {
			return fmt.Errorf("move the database: %w", err)
		}
	}
	return nil
}
