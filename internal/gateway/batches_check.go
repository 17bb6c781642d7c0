package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// BatchCheck is what would become of a batch if it were made now.
type BatchCheck struct {
	// Refused are the payouts that would be refused, in their order. The balance
	// is not among the reasons: it changes until each is made.
	Refused []Refused
	Totals  []money.Amount
	Fees    []money.Amount // an estimate, per currency of Totals
	// Short is what the balance lacks for all of it now, in the currencies where
	// it lacks something.
	Short []money.Amount
	// Above are the limits that a person's batch would exceed, and be held.
	Above []money.Amount
}

// CheckBatch looks at payouts as making them would, and records nothing.
func (g *Gateway) CheckBatch(ctx context.Context, c provider.Caller, list []provider.Request) (BatchCheck, error) {
	taken, err := g.openReferences(ctx, c)
	if err != nil {
		return BatchCheck{}, err
	}
	var check BatchCheck
	var paid, fees, charged []money.Amount // charged is what the balance must cover
	for i, req := range list {
		req.Kind = pay.Payout
		paid = append(paid, req.Amount)
		t, err := g.checkPayout(ctx, c, &req, taken)
		if e, ok := asRefusal(err); ok {
			check.Refused = append(check.Refused, Refused{Index: i, Reference: req.Reference, Code: e.Code, Message: e.Message, Param: e.Param})
			continue
		}
		if err != nil {
			return BatchCheck{}, fmt.Errorf("check payout %d of batch: %w", i, err)
		}
		taken[req.Reference] = true
		fees = append(fees, t.Fees)
		charged = append(charged, req.Amount)
		if t.FeeBearer == pay.MerchantBears {
			charged = append(charged, t.Fees)
		}
	}
	check.Totals, check.Fees = sums(paid), sums(fees)
	if check.Short, err = g.short(ctx, c, sums(charged)); err != nil {
		return BatchCheck{}, err
	}
	limits, err := g.PayoutLimits(ctx, c)
	check.Above = above(check.Totals, limits)
	return check, err
}

// checkPayout gives the transaction that a payout would become, priced.
func (g *Gateway) checkPayout(ctx context.Context, c provider.Caller, req *provider.Request, taken map[string]bool) (pay.Transaction, error) {
	if err := g.check(c, req); err != nil {
		return pay.Transaction{}, err
	}
	t := g.draft(c, *req)
	if _, err := g.rails(ctx, t, *req); err != nil {
		return t, err
	}
	if taken[req.Reference] {
		return t, referenceTaken()
	}
	_, err := g.Store.Read().GetTransactionByReference(ctx, sqlgen.GetTransactionByReferenceParams{
		MerchantID: c.MerchantID, Mode: string(c.Mode), Front: c.Front, Account: c.Account, Kind: string(pay.Payout), Reference: req.Reference,
	})
	switch {
	case err == nil:
		return t, referenceTaken()
	case !errors.Is(err, sql.ErrNoRows):
		return t, fmt.Errorf("look up reference: %w", err)
	}
	return t, g.price(ctx, &t)
}

func referenceTaken() error {
	e := pay.Conflict(pay.CodeDuplicateReference, "the reference is already used")
	e.Param = "reference"
	return e
}

// openReferences are those of batches that are held or at work, whose payouts
// are not all transactions yet.
func (g *Gateway) openReferences(ctx context.Context, c provider.Caller) (map[string]bool, error) {
	rows, err := g.Store.Read().ListOpenBatches(ctx, sqlgen.ListOpenBatchesParams{MerchantID: c.MerchantID, Mode: string(c.Mode)})
	if err != nil {
		return nil, fmt.Errorf("list open batches: %w", err)
	}
	taken := map[string]bool{}
	for _, row := range rows {
		list, err := Batch{Row: row}.Asked()
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			taken[p.Reference] = true
		}
	}
	return taken, nil
}

// short is what the caller's available balance lacks, per currency.
func (g *Gateway) short(ctx context.Context, c provider.Caller, totals []money.Amount) ([]money.Amount, error) {
	balances, err := g.AllBalances(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("read balances: %w", err)
	}
	var lacking []money.Amount
	for _, total := range totals {
		if lacks := total.Minor - balances[total.Currency].Available.Minor; lacks > 0 {
			lacking = append(lacking, money.New(lacks, total.Currency))
		}
	}
	return lacking, nil
}
