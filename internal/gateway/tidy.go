package gateway

import (
	"context"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
)

const (
	// foldAbove is how many unfolded rows a balance may have before it is folded.
	foldAbove = 100
	// purgeBatch bounds one purge.
	purgeBatch = 500
)

// Tidy purges what has expired, folds long lists of balance deltas and counts
// the payments that ended, in short commits.
func (g *Gateway) Tidy(ctx context.Context) error {
	now := g.Now().UnixMilli()
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.PurgeMemory(ctx, sqlgen.PurgeMemoryParams{Now: now, Count: purgeBatch}); err != nil {
			return err
		}
		_, err := tx.PurgeIdempotency(ctx, sqlgen.PurgeIdempotencyParams{Now: now, Count: purgeBatch})
		return err
	})
	if err != nil {
		return fmt.Errorf("purge expired rows: %w", err)
	}
	if err := g.fold(ctx); err != nil {
		return err
	}
	return g.CountPayments(ctx)
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
