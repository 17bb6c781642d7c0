package gateway

import (
	"context"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// What payout_batches.approval holds.
const (
	approvalAwaited  = "awaiting"
	approvalGiven    = "approved"
	approvalRejected = "rejected"
)

// Codes of what a decision on a batch may meet.
const (
	CodeOwnBatch       = "own_batch"
	CodeAlreadyDecided = "already_decided"
)

// Person is somebody who makes a batch or decides on one. The zero Person is a
// program with an API key.
type Person struct{ UserID, Email string }

// isHeld tells whether a person's batch is above a limit of its merchant.
func isHeld(ctx context.Context, q *sqlgen.Queries, row sqlgen.PayoutBatch) (bool, error) {
	if row.MakerID == "" {
		return false, nil
	}
	limits, err := payoutLimits(ctx, q, row.MerchantID, row.Mode)
	if err != nil {
		return false, err
	}
	totals, err := Batch{Row: row}.Totals()
	return len(above(totals, limits)) > 0, err
}

// above lists the limits that are exceeded.
func above(totals, limits []money.Amount) []money.Amount {
	var exceeded []money.Amount
	for _, limit := range limits {
		for _, total := range totals {
			if total.Currency == limit.Currency && total.Minor > limit.Minor {
				exceeded = append(exceeded, limit)
			}
		}
	}
	return exceeded
}

// ApproveBatch lets a held batch go. Who made it can't; of two who approve at
// once one is told that it has been decided, and it runs once.
func (g *Gateway) ApproveBatch(ctx context.Context, c provider.Caller, by Person, id string) (Batch, error) {
	b, err := g.decideBatch(ctx, c, by, id, approvalGiven)
	if err == nil {
		g.startBatch(ctx, b.Row)
	}
	return b, err
}

// RejectBatch ends a held batch without paying. Who made it may withdraw it.
func (g *Gateway) RejectBatch(ctx context.Context, c provider.Caller, by Person, id string) (Batch, error) {
	return g.decideBatch(ctx, c, by, id, approvalRejected)
}

func (g *Gateway) decideBatch(ctx context.Context, c provider.Caller, by Person, id, decision string) (Batch, error) {
	b, err := g.FindBatch(ctx, c, id)
	if err != nil {
		return Batch{}, err
	}
	if by.UserID == "" || decision == approvalGiven && by.UserID == b.Row.MakerID {
		return Batch{}, &pay.Error{Kind: pay.KindForbidden, Code: CodeOwnBatch, Message: "another person must approve the batch"}
	}
	now := g.now()
	set := sqlgen.DecideBatchParams{
		Approval: decision, DeciderID: by.UserID, DeciderEmail: by.Email, DecidedAt: now.UnixMilli(),
		MerchantID: c.MerchantID, ID: id,
	}
	if decision == approvalGiven { // owed from the same commit on, whoever dies after it
		set.NextWorkAt = store.Millis(now.Add(batchLease))
	}
	var changed int64
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		changed, err = tx.DecideBatch(ctx, set)
		return err
	})
	if err != nil {
		return Batch{}, fmt.Errorf("decide on batch %s: %w", id, err)
	}
	if changed == 0 {
		return Batch{}, pay.Conflict(CodeAlreadyDecided, "the batch does not wait for a decision")
	}
	b.Row.Approval, b.Row.DeciderID, b.Row.DeciderEmail = set.Approval, set.DeciderID, set.DeciderEmail
	b.Row.DecidedAt, b.Row.NextWorkAt = set.DecidedAt, set.NextWorkAt
	return b, nil
}

// PayoutLimits are the totals above which a person's batch is held, one per
// currency. A currency without one is never held.
func (g *Gateway) PayoutLimits(ctx context.Context, c provider.Caller) ([]money.Amount, error) {
	return payoutLimits(ctx, g.Store.Read(), c.MerchantID, string(c.Mode))
}

func payoutLimits(ctx context.Context, q *sqlgen.Queries, merchantID, mode string) ([]money.Amount, error) {
	rows, err := q.ListPayoutLimits(ctx, sqlgen.ListPayoutLimitsParams{MerchantID: merchantID, Mode: mode})
	if err != nil {
		return nil, fmt.Errorf("list payout limits: %w", err)
	}
	limits := make([]money.Amount, len(rows))
	for i, r := range rows {
		limits[i] = money.New(r.Amount, money.Currency(r.Currency))
	}
	return limits, nil
}

// SetPayoutLimit sets the limit of a currency. Zero holds every batch. What was
// made before stays as it was.
func (g *Gateway) SetPayoutLimit(ctx context.Context, c provider.Caller, limit money.Amount) error {
	if !limit.Currency.Valid() || limit.Minor < 0 {
		return pay.Invalid("amount", "a limit is zero or more, in a supported currency")
	}
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutPayoutLimit(ctx, sqlgen.PutPayoutLimitParams{
			MerchantID: c.MerchantID, Mode: string(c.Mode), Currency: string(limit.Currency), Amount: limit.Minor,
		})
	})
	if err != nil {
		return fmt.Errorf("set payout limit: %w", err)
	}
	return nil
}

// RemovePayoutLimit ends the limit of a currency, if there is one.
func (g *Gateway) RemovePayoutLimit(ctx context.Context, c provider.Caller, currency money.Currency) error {
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeletePayoutLimit(ctx, sqlgen.DeletePayoutLimitParams{MerchantID: c.MerchantID, Mode: string(c.Mode), Currency: string(currency)})
		return err
	})
	if err != nil {
		return fmt.Errorf("remove payout limit: %w", err)
	}
	return nil
}
