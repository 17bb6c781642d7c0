package gateway

import (
	"context"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// AnswerWithin is how long a caller waits where its request says nothing.
const AnswerWithin = answerWithin

// Expire ends the page of a transaction as a worker read it a moment ago.
func (g *Gateway) Expire(ctx context.Context, t pay.Transaction) error { return g.expire(ctx, t) }

// Abandoned frees a key as a waiter read it a moment ago.
func (g *Gateway) Abandoned(ctx context.Context, row sqlgen.Idempotency) error {
	return g.abandoned(ctx, row)
}

// Landed looks whether a commit whose answer was lost took place.
func (g *Gateway) Landed(ctx context.Context, t pay.Transaction, a *pay.Attempt, cause error) bool {
	return g.landed(ctx, t, a, cause)
}
