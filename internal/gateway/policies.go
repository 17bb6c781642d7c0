package gateway

import (
	"context"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// MaxPersonalDays bounds how long an owner may have personal data kept: ten
// years, the longest that accounting laws of the region ask for.
const MaxPersonalDays = 3660

// Policy is what an owner decided for all of a merchant's money, in both modes.
type Policy struct {
	// RefundLate gives a payment back that succeeds after it was reported as
	// failed, expired or canceled.
	RefundLate bool
	// PersonalDays is how long personal data is kept after a transaction ended;
	// 0 sets no limit.
	PersonalDays int
}

// Policy reads a merchant's policy; everything is off until an owner says otherwise.
func (g *Gateway) Policy(ctx context.Context, merchantID string) (Policy, error) {
	return policyOf(ctx, g.Store.Read(), merchantID)
}

func policyOf(ctx context.Context, q *sqlgen.Queries, merchantID string) (Policy, error) {
	row, err := q.GetPolicy(ctx, merchantID)
	if noRows(err) {
		return Policy{}, nil
	}
	if err != nil {
		return Policy{}, fmt.Errorf("read policy: %w", err)
	}
	return Policy{RefundLate: row.RefundLate, PersonalDays: int(row.PersonalDays)}, nil
}

// SetPolicy counts from its commit on: what succeeded late before is not given
// back, and what was erased stays so.
func (g *Gateway) SetPolicy(ctx context.Context, merchantID string, p Policy) error {
	if p.PersonalDays < 0 || p.PersonalDays > MaxPersonalDays {
		return pay.Invalid("personal_days", "the days are 0, or up to ten years")
	}
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutPolicy(ctx, sqlgen.PutPolicyParams{
			MerchantID: merchantID, RefundLate: p.RefundLate, PersonalDays: int64(p.PersonalDays), UpdatedAt: g.Now().UnixMilli(),
		})
	})
	if err != nil {
		return fmt.Errorf("set policy: %w", err)
	}
	return nil
}
