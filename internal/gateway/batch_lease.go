package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// keepBatch renews a batch's lease until stop is called: a thousand payouts take
// longer than another node waits before it takes a dead one's batch over.
func (g *Gateway) keepBatch(ctx context.Context, row sqlgen.PayoutBatch) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		tick := time.NewTicker(batchLease / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
				return tx.RenewBatch(ctx, sqlgen.RenewBatchParams{
					NextWorkAt: store.Millis(g.Now().Add(batchLease)), MerchantID: row.MerchantID, ID: row.ID,
				})
			})
			if err != nil && ctx.Err() == nil {
				g.Log.Warn("lease of a batch could not be renewed", "batch", row.ID, "error", err)
			}
		}
	}()
	return cancel
}

// Drain has batches make no further payouts here; whoever takes them up goes on
// from there. What was begun is finished before [Gateway.Close] returns.
func (g *Gateway) Drain() { g.drain() }

// leaveBatch makes an unfinished batch due at once, for another process.
func (g *Gateway) leaveBatch(ctx context.Context, row sqlgen.PayoutBatch) error {
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.RenewBatch(ctx, sqlgen.RenewBatchParams{
			NextWorkAt: store.Millis(g.now()), MerchantID: row.MerchantID, ID: row.ID,
		})
	})
	if err != nil {
		return fmt.Errorf("leave batch %s: %w", row.ID, err)
	}
	g.Log.Info("batch is left to another process", "batch", row.ID)
	return nil
}
