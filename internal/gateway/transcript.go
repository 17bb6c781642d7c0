package gateway

import (
	"context"

	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// subject says on whose behalf a call to a provider is made.
type subject struct{ merchant, transaction, connection string }

type subjectKey struct{}

// onTranscript marks the calls made under ctx as being about a transaction.
func (g *Gateway) onTranscript(ctx context.Context, t pay.Transaction, connection string) context.Context {
	return context.WithValue(ctx, subjectKey{}, subject{t.MerchantID, t.ID, connection})
}

// transcribe stores one redacted exchange. It happens beside the payment, not
// in its way: losing one loses no money.
func (g *Gateway) transcribe(ctx context.Context, x outbound.Exchange) {
	about, ok := ctx.Value(subjectKey{}).(subject)
	if !ok {
		return
	}
	now := g.Now().UTC()
	row := sqlgen.InsertExchangeParams{
		MerchantID: about.merchant, ID: pay.NewID("x", about.merchant, now), TransactionID: about.transaction,
		ConnectionID: about.connection, Method: x.Method, Url: x.URL, Request: x.RequestBody,
		Status: int64(x.Status), Response: x.ResponseBody, Error: x.Err,
		Milliseconds: x.Duration.Milliseconds(), CreatedAt: now.UnixMilli(),
	}
	g.running.Add(1)
	go func() {
		defer g.running.Done()
		err := g.Store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertExchange(ctx, row)
		})
		if err != nil {
			g.Log.Warn("exchange could not be kept", "transaction", about.transaction, "error", err)
		}
	}()
}
