package gateway

import (
	"context"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// CheckAttempt asks the provider about one attempt, whatever is known of it
// here: a statement may show that what was given up went through.
func (g *Gateway) CheckAttempt(ctx context.Context, c provider.Caller, id string, number int) (pay.Transaction, error) {
	t, err := g.Find(ctx, c, provider.Search{ID: id})
	if err != nil {
		return t, err
	}
	attempts, err := store.Attempts(ctx, g.Store.Read(), t.MerchantID, t.ID)
	if err != nil {
		return t, err
	}
	if number < 1 || number > len(attempts) {
		return t, pay.NotFound("attempt")
	}
	if attempts[number-1].Status == pay.AttemptSubmitting {
		return t, nil // its submission's answer is on its way, or the resolver's next work
	}
	return g.check1(ctx, known{t: t}, attempts[number-1], checkLimit)
}
