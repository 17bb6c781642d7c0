package gateway

import (
	"context"
	"sync"

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
	now := g.now()
	row := sqlgen.InsertExchangeParams{
		MerchantID: about.merchant, ID: pay.NewID("x", about.merchant, now), TransactionID: about.transaction,
		ConnectionID: about.connection, Method: x.Method, Url: x.URL, Request: x.RequestBody,
		Status: int64(x.Status), Response: x.ResponseBody, Error: x.Err,
		Milliseconds: x.Duration.Milliseconds(), CreatedAt: now.UnixMilli(),
	}
	if g.transcripts.add(row) {
		g.running.Go(func() { g.writeExchanges(context.WithoutCancel(ctx)) })
	}
}

const (
	// exchangeGroup bounds the exchanges of one commit.
	exchangeGroup = 64
	// maxExchanges bounds those that wait when the database is slow; what comes
	// beyond is not kept.
	maxExchanges = 10_000
)

// transcripts are the exchanges that wait to be written.
type transcripts struct {
	mu      sync.Mutex
	waiting []sqlgen.InsertExchangeParams
	writing bool
}

// add queues an exchange; it reports whether its caller must see to the writing.
func (q *transcripts) add(row sqlgen.InsertExchangeParams) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) < maxExchanges {
		q.waiting = append(q.waiting, row)
	}
	if q.writing {
		return false
	}
	q.writing = true
	return true
}

// take hands out what waits; nothing ends the writing.
func (q *transcripts) take() []sqlgen.InsertExchangeParams {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), exchangeGroup)
	rows := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	q.writing = n > 0
	return rows
}

// writeExchanges writes until nothing waits. What queues during one commit goes
// into the next.
func (g *Gateway) writeExchanges(ctx context.Context) {
	for rows := g.transcripts.take(); len(rows) > 0; rows = g.transcripts.take() {
		err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			tx.About(rows[0].TransactionID)
			for _, row := range rows {
				if err := tx.InsertExchange(ctx, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			g.Log.Warn("exchanges could not be kept", "count", len(rows), "error", err)
		}
	}
}
