package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
)

const (
	// foldAbove is how many unfolded rows a balance may have before it is folded.
	foldAbove = 100
	// purgeBatch bounds the rows of one purging commit.
	purgeBatch = 250
	// tidyBudget bounds how long one call of Tidy purges. What is left then is
	// left for the next.
	tidyBudget = 30 * time.Second
)

// chore is one kind of rows that have had their time. Do works a batch of them
// in a commit of its own and reports whether there is more.
type chore struct {
	what string
	do   func(ctx context.Context) (more bool, err error)
}

// Tidy purges what has expired, erases personal data that is too old, folds
// long lists of balance deltas and counts the payments that ended, in short
// commits beside the traffic.
func (g *Gateway) Tidy(ctx context.Context) error {
	chores := []chore{
		{"expired memory", g.purge(func(ctx context.Context, tx *store.Tx) (int64, error) {
			return tx.PurgeMemory(ctx, sqlgen.PurgeMemoryParams{Now: g.Now().UnixMilli(), Count: purgeBatch})
		})},
		{"expired idempotency records", g.purge(func(ctx context.Context, tx *store.Tx) (int64, error) {
			return tx.PurgeIdempotency(ctx, sqlgen.PurgeIdempotencyParams{Now: g.Now().UnixMilli(), Count: purgeBatch})
		})},
	}
	for _, more := range []func(context.Context) ([]chore, error){g.retention, g.erasures} {
		list, err := more(ctx)
		if err != nil {
			return err
		}
		chores = append(chores, list...)
	}
	return errors.Join(work(ctx, chores), g.fold(ctx), g.CountPayments(ctx))
}

// purge makes a chore of a deletion that says how many rows it took.
func (g *Gateway) purge(remove func(ctx context.Context, tx *store.Tx) (int64, error)) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		var n int64
		err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			n, err = remove(ctx, tx)
			return err
		})
		return n == purgeBatch, err
	}
}

// work does the chores in turn, a batch of each, until nothing is left or the
// time is up. After each commit it rests for as long as that took, so that
// payments have the database for themselves at least half of the time. A chore
// that fails is left for the next time and stops none of the others.
func work(ctx context.Context, chores []chore) (failed error) {
	end := time.Now().Add(tidyBudget)
	for len(chores) > 0 {
		left := chores[:0]
		for _, c := range chores {
			began := time.Now()
			if ctx.Err() != nil || began.After(end) {
				return failed
			}
			more, err := c.do(ctx)
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("purge %s: %w", c.what, err))
			}
			if err != nil || !more {
				continue
			}
			left = append(left, c)
			rest(ctx, time.Since(began))
		}
		chores = left
	}
	return failed
}

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (g *Gateway) fold(ctx context.Context) error {
	accounts, err := g.Store.Read().ListDeltaAccounts(ctx)
	if err != nil {
		return fmt.Errorf("list unfolded balances: %w", err)
	}
	for _, a := range accounts {
		if a.N < foldAbove {
			break // they come longest first
		}
		purse := ledger.Purse{
			MerchantID: a.MerchantID, Connection: a.ConnectionID,
			Currency: money.Currency(a.Currency), Account: ledger.Account(a.Account),
		}
		err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := ledger.Fold(ctx, tx.Queries, purse)
			return err
		})
		if err != nil {
			return fmt.Errorf("fold balance: %w", err)
		}
	}
	return nil
}
