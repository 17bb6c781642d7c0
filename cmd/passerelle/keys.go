package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/reseal"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
)

type keysCommand struct {
	New    keysNew    `cmd:"" help:"Make a key for PASSERELLE_KEYS."`
	Add    keysAdd    `cmd:"" help:"Put a fresh key into the keyring file, which opens and does not seal yet. Then restart every gateway."`
	Rotate keysRotate `cmd:"" help:"Let the fresh key seal, and seal everything in the database under it. Then restart every gateway and run it once more."`
	Retire keysRetire `cmd:"" help:"Take a key out of use that nothing is sealed under any more."`
}

type keysNew struct{}

// Run prints a new key.
func (keysNew) Run() error {
	fmt.Println(secret.NewKey())
	return nil
}

type keysAdd struct{ database }

// Run adds a key to the file.
func (k keysAdd) Run() error {
	if k.KeysFile == "" || k.Keys != "" {
		return errors.New("PASSERELLE_KEYS_FILE is missing: the file to put the key into. Where the keys are in PASSERELLE_KEYS, put `KEY:next,` in front of them yourself, with a KEY from `passerelle keys new`")
	}
	id, err := secret.AddKey(k.KeysFile)
	if err != nil {
		return err
	}
	fmt.Printf("The key %s is in %s. Now give every gateway this file and restart it; then `passerelle keys rotate`.\n", id, k.KeysFile)
	return nil
}

type keysRotate struct{ database }

// Run promotes the key that waits and reseals.
func (k keysRotate) Run(ctx context.Context) error {
	// Nothing is promoted before it is known that the rows can be reached.
	if _, err := k.keyring(); err != nil {
		return err
	}
	s, err := k.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if k.KeysFile != "" {
		id, err := secret.PromoteKey(k.KeysFile)
		if err != nil {
			return err
		}
		if id != "" {
			fmt.Printf("The key %s seals from now on.\n", id)
		}
	}
	box, err := k.keyring()
	if err != nil {
		return err
	}
	if err := reseal.Run(ctx, s, box, resealProgress(os.Stdout)); err != nil {
		return fmt.Errorf("some values are still under another key; run it again: %w", err)
	}
	fmt.Printf("Everything is sealed under %s. Gateways that were not restarted since it seals still use the key before: restart them, run this once more, then `passerelle keys retire OLD`.\n", box.PrimaryKeyID())
	return nil
}

// resealProgress tells how far a column is, a line per batch.
func resealProgress(w io.Writer) reseal.Progress {
	return func(column string, seen, resealed int) {
		_, _ = fmt.Fprintf(w, "%-26s %8d seen %8d resealed\n", column, seen, resealed)
	}
}

type keysRetire struct {
	database
	ID string `arg:"" help:"The key's id: what stands before the colon."`
}

// Run retires a key, unless something is sealed under it.
func (k keysRetire) Run(ctx context.Context) error {
	box, err := k.keyring()
	if err != nil {
		return err
	}
	if box.PrimaryKeyID() == k.ID {
		return fmt.Errorf("the key %s is the one that seals: rotate first", k.ID)
	}
	s, err := k.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	held, err := reseal.Held(ctx, s, k.ID)
	if err != nil {
		return err
	}
	if len(held) > 0 {
		var places []string
		for _, column := range slices.Sorted(maps.Keys(held)) {
			places = append(places, fmt.Sprintf("%d in %s", held[column], column))
		}
		return fmt.Errorf("the key %s is still needed: %s. Run `passerelle keys rotate` first", k.ID, strings.Join(places, ", "))
	}
	if k.KeysFile == "" {
		fmt.Printf("Nothing is sealed under %s. Take it out of PASSERELLE_KEYS; if it is the last of them, let it stand with `:lookup` at its end instead.\n", k.ID)
		return nil
	}
	if err := secret.RetireKey(k.KeysFile, k.ID); err != nil {
		return err
	}
	fmt.Printf("The key %s opens nothing any more. Give every gateway the file and restart it when it suits.\n", k.ID)
	return nil
}

// openStore opens a database whose schema is this program's.
func (d database) openStore(ctx context.Context) (*store.Store, error) {
	if d.DatabaseURL == "" {
		return nil, errors.New("PASSERELLE_DATABASE_URL is missing: a SQLite path, or postgres://user@host/db")
	}
	s, err := store.Open(ctx, d.DatabaseURL, store.Options{Log: logger("text", "warn")})
	if err != nil {
		return nil, err
	}
	pending, err := s.Pending(ctx)
	if err == nil && len(pending) > 0 {
		err = errors.New("the schema is not up to date: run `passerelle migrate`")
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
