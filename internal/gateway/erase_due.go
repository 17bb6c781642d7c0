package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

const (
	// eraseBatchSize bounds the transactions that one commit erases: each has a
	// dozen rows around it.
	eraseBatchSize = 20
	// eraseSlack is how much sooner than its days a transaction may be erased,
	// so that one that ended soon after it was made is met once and not twice.
	eraseSlack = time.Hour
	// eraseAgain is when a transaction that is still at work is looked at again.
	eraseAgain = time.Hour
)

const day = 24 * time.Hour

// erasures lists what personal data there may be to erase. Each merchant's
// transactions are gone through once, in the order of their ids, as they reach
// the age that the owner set; those that have not ended by then are put down
// and looked at again.
func (g *Gateway) erasures(ctx context.Context) ([]chore, error) {
	policies, err := g.Store.Read().ListErasingPolicies(ctx)
	if err != nil {
		return nil, fmt.Errorf("list policies: %w", err)
	}
	chores := []chore{{"personal data that is due", g.eraseDue}}
	for _, p := range policies {
		for _, prefix := range []string{pay.PrefixPayment, pay.PrefixPayout, pay.PrefixRefund, PrefixBatch} {
			chores = append(chores, chore{"old personal data", func(ctx context.Context) (bool, error) {
				return g.eraseOld(ctx, p, prefix)
			}})
		}
	}
	return chores, nil
}

// eraseOld goes on through a merchant's rows of one prefix. The cursor moves in
// the commit that erases, so that nothing is passed over.
func (g *Gateway) eraseOld(ctx context.Context, p sqlgen.Policy, prefix string) (more bool, err error) {
	before := pay.IDBound(prefix, p.MerchantID, g.Now().Add(-time.Duration(p.PersonalDays)*day))
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		after, err := tx.GetErasureCursor(ctx, sqlgen.GetErasureCursorParams{MerchantID: p.MerchantID, Prefix: prefix})
		if errors.Is(err, sql.ErrNoRows) {
			after, err = prefix+"_"+p.MerchantID, nil
		}
		if err != nil {
			return err
		}
		ids, err := agedIDs(ctx, tx.Queries, p.MerchantID, prefix, after, before)
		if err != nil || len(ids) == 0 {
			more = false
			return err
		}
		for _, id := range ids {
			if err := g.eraseAged(ctx, tx.Queries, sqlgen.Erasure{MerchantID: p.MerchantID, ID: id}, p.PersonalDays); err != nil {
				return fmt.Errorf("erase personal data of %s: %w", id, err)
			}
		}
		more = len(ids) == eraseBatchSize
		return tx.SetErasureCursor(ctx, sqlgen.SetErasureCursorParams{MerchantID: p.MerchantID, Prefix: prefix, ID: ids[len(ids)-1]})
	})
	return more, err
}

func agedIDs(ctx context.Context, q *sqlgen.Queries, merchant, prefix, after, before string) (ids []string, err error) {
	if prefix == PrefixBatch {
		rows, err := q.WalkBatches(ctx, sqlgen.WalkBatchesParams{MerchantID: merchant, After: after, Before: before, Count: eraseBatchSize})
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		return ids, err
	}
	rows, err := q.WalkTransactions(ctx, sqlgen.WalkTransactionsParams{MerchantID: merchant, After: after, Before: before, Count: eraseBatchSize})
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids, err
}

// eraseDue looks again at what was put down.
func (g *Gateway) eraseDue(ctx context.Context) (more bool, err error) {
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.ListDueErasures(ctx, sqlgen.ListDueErasuresParams{Now: g.Now().UnixMilli(), Count: eraseBatchSize})
		if err != nil {
			return err
		}
		for _, r := range rows {
			p, err := policyOf(ctx, tx.Queries, r.MerchantID)
			if err != nil {
				return err
			}
			if err := g.eraseAged(ctx, tx.Queries, r, int64(p.PersonalDays)); err != nil {
				return fmt.Errorf("erase personal data of %s: %w", r.ID, err)
			}
		}
		more = len(rows) == eraseBatchSize
		return nil
	})
	return more, err
}

// eraseAged erases what has ended for long enough, at once where somebody asked
// for it, and puts down the rest.
func (g *Gateway) eraseAged(ctx context.Context, q *sqlgen.Queries, e sqlgen.Erasure, days int64) error {
	if !e.Asked && days == 0 { // the policy was lifted, and may be set again
		return q.PutErasure(ctx, sqlgen.PutErasureParams{MerchantID: e.MerchantID, ID: e.ID, DueAt: g.Now().Add(day).UnixMilli()})
	}
	ended, again, err := g.eraseEnded(ctx, q, e, time.Duration(days)*day)
	if err != nil {
		return err
	}
	if ended {
		return q.DeleteErasure(ctx, sqlgen.DeleteErasureParams{MerchantID: e.MerchantID, ID: e.ID})
	}
	return q.PutErasure(ctx, sqlgen.PutErasureParams{MerchantID: e.MerchantID, ID: e.ID, Asked: e.Asked, DueAt: again.UnixMilli()})
}

// eraseEnded erases one row, or says when to look at it again.
func (g *Gateway) eraseEnded(ctx context.Context, q *sqlgen.Queries, e sqlgen.Erasure, keep time.Duration) (done bool, again time.Time, err error) {
	again = g.Now().Add(eraseAgain)
	if strings.HasPrefix(e.ID, PrefixBatch+"_") {
		b, err := q.GetBatch(ctx, sqlgen.GetBatchParams{MerchantID: e.MerchantID, ID: e.ID})
		if noRows(err) {
			return true, again, nil
		}
		if err != nil || batchAtWork(b) {
			return false, again, err
		}
		_, err = eraseBatch(ctx, q, b, hasPerson)
		return true, again, err
	}
	t, err := store.Transaction(ctx, q, e.MerchantID, e.ID)
	if pay.KindOf(err) == pay.KindNotFound || err == nil && t.Erased {
		return true, again, nil
	}
	if err != nil {
		return false, again, err
	}
	if busy, err := g.atWork(ctx, q, t); err != nil || busy {
		return false, again, err
	}
	if due := t.CompletedAt.Add(keep); !e.Asked && due.After(g.Now().Add(eraseSlack)) {
		return false, due, nil
	}
	_, err = g.eraseTransaction(ctx, q, t)
	return true, again, err
}
