package store

import (
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// SchemaVersion is the newest schema that this program knows. A database with a
// newer one was brought there by a newer program.
func SchemaVersion() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, fmt.Errorf("list migrations: %w", err)
	}
	var newest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("read version of %s: %w", name, err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}
