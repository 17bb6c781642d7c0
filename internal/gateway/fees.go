package gateway

import (
	"context"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// price computes the fee of a transaction before it is submitted.
func (g *Gateway) price(ctx context.Context, t *pay.Transaction) error {
	fee, bearer, err := g.fee(ctx, t.MerchantID, t.Mode, t.Front, t.Kind, t.Method.Operator, t.Amount)
	if err != nil {
		return err
	}
	t.Fees = fee
	if t.FeeBearer == "" {
		t.FeeBearer = bearer
	}
	return nil
}

// fee applies the merchant's schedule for the operator, else the one for any
// operator, else, in test mode, the fee that the dialect's provider documents
// for its sandbox. No schedule means no fee.
func (g *Gateway) fee(ctx context.Context, merchantID string, mode pay.Mode, front string, kind pay.Kind, operator string, amount money.Amount) (money.Amount, pay.Bearer, error) {
	none := money.New(0, amount.Currency)
	schedules, err := g.feesOf(ctx, merchantID)
	if err != nil {
		return none, "", err
	}
	var best *sqlgen.FeeSchedule
	for i, s := range schedules {
		if s.Kind != string(kind) || s.Currency != string(amount.Currency) {
			continue
		}
		if s.Operator == operator || s.Operator == "" && best == nil {
			best = &schedules[i]
		}
	}
	if best != nil {
		return scheduled(*best, amount), pay.Bearer(best.Bearer), nil
	}
	if p, ok := g.providers[front]; ok && mode == pay.Test && p.SandboxFee > 0 {
		return amount.BasisPoints(p.SandboxFee), p.SandboxFeeBearer, nil
	}
	return none, pay.MerchantBears, nil
}

// scheduled is rate plus fixed part, kept between minimum and maximum.
func scheduled(s sqlgen.FeeSchedule, amount money.Amount) money.Amount {
	fee := amount.BasisPoints(s.BasisPoints)
	fee.Minor += s.Fixed
	fee.Minor = max(fee.Minor, s.Minimum)
	if s.Maximum > 0 {
		fee.Minor = min(fee.Minor, s.Maximum)
	}
	return fee
}

// Quote is the fee that the caller's schedules give.
func (g *Gateway) Quote(ctx context.Context, c provider.Caller, o provider.QuoteOrder) (money.Amount, error) {
	fee, _, err := g.QuoteFor(ctx, c, o)
	return fee, err
}

// QuoteFor is Quote, and who bears the fee.
func (g *Gateway) QuoteFor(ctx context.Context, c provider.Caller, o provider.QuoteOrder) (money.Amount, pay.Bearer, error) {
	if !o.Amount.Currency.Valid() || !o.Amount.IsPositive() {
		return money.Amount{}, "", pay.Invalid("amount", "the amount must be above zero, in a supported currency")
	}
	return g.fee(ctx, c.MerchantID, c.Mode, c.Front, o.Kind, o.Operator, o.Amount)
}
