package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// Keep is how long records are kept that nobody owes anything for any more;
// zero keeps them for good. Transactions, events, the ledger and the audit
// trail are always kept.
type Keep struct {
	// Deliveries that were delivered, given up or skipped.
	Deliveries time.Duration
	// Exchanges with providers, and their notifications.
	Exchanges time.Duration
	// Sandbox operations that ended, and messages on virtual phones.
	Sandbox time.Duration
}

// kept is one kind of rows with an age beyond which they go. They are found by
// their ids, which sort by time, so that no row has to be looked at in vain.
type kept struct {
	what, prefix string
	keep         time.Duration
	owes         func(ctx context.Context, before time.Time) ([]string, error) // merchants
	purge        func(ctx context.Context, tx *store.Tx, merchant, bound string, before time.Time) (int64, error)
}

// retention lists what is too old, by merchant.
func (g *Gateway) retention(ctx context.Context) ([]chore, error) {
	var chores []chore
	for _, k := range g.kept() {
		if k.keep <= 0 {
			continue
		}
		before := g.Now().Add(-k.keep)
		merchants, err := k.owes(ctx, before)
		if err != nil {
			return nil, fmt.Errorf("look for old %s: %w", k.what, err)
		}
		for _, m := range merchants {
			bound := pay.IDBound(k.prefix, m, before)
			chores = append(chores, chore{"old " + k.what, g.purge(func(ctx context.Context, tx *store.Tx) (int64, error) {
				return k.purge(ctx, tx, m, bound, before)
			})})
		}
	}
	if g.Keep.Sandbox > 0 {
		bound := pay.IDBound("sms", "", g.Now().Add(-g.Keep.Sandbox)) // no merchant's: a phone is everybody's
		chores = append(chores, chore{"old sandbox messages", g.purge(func(ctx context.Context, tx *store.Tx) (int64, error) {
			return tx.PurgeMessages(ctx, sqlgen.PurgeMessagesParams{Before: bound, Count: purgeBatch})
		})})
	}
	return chores, nil
}

func (g *Gateway) kept() []kept {
	q := g.Store.Read()
	return []kept{
		{
			"deliveries", "dlv", g.Keep.Deliveries,
			func(ctx context.Context, before time.Time) ([]string, error) {
				return q.OwesDeliveryPurge(ctx, sqlgen.OwesDeliveryPurgeParams{Stamp: pay.Stamp(before), Ended: before.UnixMilli()})
			},
			func(ctx context.Context, tx *store.Tx, m, bound string, before time.Time) (int64, error) {
				return tx.PurgeDeliveries(ctx, sqlgen.PurgeDeliveriesParams{MerchantID: m, Before: bound, Ended: before.UnixMilli(), Count: purgeBatch})
			},
		},
		{
			"exchanges", "x", g.Keep.Exchanges,
			func(ctx context.Context, before time.Time) ([]string, error) {
				return q.OwesExchangePurge(ctx, pay.Stamp(before))
			},
			func(ctx context.Context, tx *store.Tx, m, bound string, _ time.Time) (int64, error) {
				return tx.PurgeExchanges(ctx, sqlgen.PurgeExchangesParams{MerchantID: m, Before: bound, Count: purgeBatch})
			},
		},
		{
			"notifications", "ntf", g.Keep.Exchanges,
			func(ctx context.Context, before time.Time) ([]string, error) {
				return q.OwesNotificationPurge(ctx, pay.Stamp(before))
			},
			func(ctx context.Context, tx *store.Tx, m, bound string, _ time.Time) (int64, error) {
				return tx.PurgeNotifications(ctx, sqlgen.PurgeNotificationsParams{MerchantID: m, Before: bound, Count: purgeBatch})
			},
		},
		{
			"sandbox operations", "op", g.Keep.Sandbox,
			func(ctx context.Context, before time.Time) ([]string, error) {
				return q.OwesOperationPurge(ctx, sqlgen.OwesOperationPurgeParams{Stamp: pay.Stamp(before), Ended: before.UnixMilli()})
			},
			func(ctx context.Context, tx *store.Tx, m, bound string, before time.Time) (int64, error) {
				return tx.PurgeOperations(ctx, sqlgen.PurgeOperationsParams{MerchantID: m, Before: bound, Ended: before.UnixMilli(), Count: purgeBatch})
			},
		},
	}
}
