// Package reseal moves what is sealed in the database from old keys to the
// current one, so that an old key can be retired.
//
// Every sealed column is listed in columns.go, with the associated data that
// its value was sealed with. Tables are walked by key in small commits, and a
// value is replaced only where it is still what was read. It can therefore be
// interrupted and run again, and run beside gateways at work: all of them know
// both keys by then, and what they seal meanwhile under the old one is found by
// the next run.
//
// Look-up hashes are not sealed and not touched: what they were made of is not
// stored. The keyring's last key keeps making them (package secret).
package reseal

import (
	"context"
	"errors"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
)

// batch is how many rows are read, and at most rewritten, at a time.
const batch = 200

// Progress hears how far a column is.
type Progress func(column string, seen, resealed int)

// Run reseals everything that is not under the box's current key. A value that
// does not open is left as it is and named in the error, after all others have
// been done.
func Run(ctx context.Context, s *store.Store, box secret.Box, report Progress) error {
	var broken []error
	for _, c := range columns() {
		seen, done := 0, 0
		err := c.walk(ctx, s, func(cells []cell) error {
			fresh, bad := resealed(box, c.name, cells)
			broken = append(broken, bad...)
			n, err := write(ctx, s, fresh)
			seen, done = seen+len(cells), done+n
			report(c.name, seen, done)
			return err
		})
		if err != nil {
			return fmt.Errorf("reseal %s: %w", c.name, err)
		}
		if seen == 0 {
			report(c.name, 0, 0)
		}
	}
	return errors.Join(broken...)
}

// renewed is a cell with its new value.
type renewed struct {
	cell
	fresh string
}

func resealed(box secret.Box, name string, cells []cell) (fresh []renewed, broken []error) {
	for _, one := range cells {
		if !box.NeedsReseal(one.sealed) {
			continue
		}
		plain, err := box.Open(one.sealed, one.place...)
		if err != nil {
			broken = append(broken, fmt.Errorf("%s of %v does not open: %w", name, one.key, err))
			continue
		}
		sealed, err := box.Seal(plain, one.place...)
		if err != nil {
			broken = append(broken, fmt.Errorf("%s of %v: %w", name, one.key, err))
			continue
		}
		fresh = append(fresh, renewed{one, sealed})
	}
	return fresh, broken
}

// write stores a batch in one commit and counts what was still as it was read.
func write(ctx context.Context, s *store.Store, fresh []renewed) (done int, err error) {
	if len(fresh) == 0 {
		return 0, ctx.Err()
	}
	err = s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		done = 0
		for _, one := range fresh {
			n, err := one.write(ctx, tx.Queries, one.fresh)
			if err != nil {
				return err
			}
			done += int(n)
		}
		return nil
	})
	return done, err
}

// Held counts the values that are still sealed under a key, by column.
func Held(ctx context.Context, s *store.Store, id string) (map[string]int, error) {
	held := map[string]int{}
	for _, c := range columns() {
		err := c.walk(ctx, s, func(cells []cell) error {
			for _, one := range cells {
				if secret.KeyOf(one.sealed) == id {
					held[c.name]++
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return nil, fmt.Errorf("look through %s: %w", c.name, err)
		}
	}
	return held, nil
}

// walk hands a column's values to do, a batch at a time; rows that hold none
// are left out.
func (c column) walk(ctx context.Context, s *store.Store, do func([]cell) error) error {
	after := make([]string, c.keys)
	for {
		cells, err := c.page(ctx, s.Read(), after, batch)
		if err != nil || len(cells) == 0 {
			return err
		}
		after = cells[len(cells)-1].key
		full := len(cells) == batch
		held := cells[:0]
		for _, one := range cells {
			if one.sealed != "" {
				held = append(held, one)
			}
		}
		if err := do(held); err != nil {
			return err
		}
		if !full {
			return nil
		}
	}
}
