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

// RefundPayment gives back all (amount 0) or part of a payment, by the provider's own
// call where its connector has one, otherwise by a payout to the payer's phone.
func (g *Gateway) RefundPayment(ctx context.Context, c provider.Caller, req provider.Request, claim *Claim) (pay.Transaction, error) {
	p, err := g.Find(ctx, c, provider.Search{ID: req.Parent})
	if pay.KindOf(err) == pay.KindNotFound {
		return p, pay.NotFound("payment")
	}
	if err != nil {
		return p, err
	}
	if p.Kind != pay.Payment || p.Status != pay.StatusSucceeded {
		return p, pay.Conflict(pay.CodeNotRefundable, "only a succeeded payment can be refunded")
	}
	if p.Refunded >= p.Amount.Minor {
		return p, pay.Conflict(pay.CodeNotRefundable, "the payment has been refunded")
	}
	if req.Amount.Minor == 0 {
		req.Amount = money.New(p.Amount.Minor-p.Refunded, p.Amount.Currency)
	}
	if req.Amount.Currency != p.Amount.Currency {
		return p, pay.Invalid("currency", "a refund is in the payment's currency")
	}
	if req.Amount.Minor > p.Amount.Minor-p.Refunded {
		return p, pay.InvalidAs(pay.CodeAmountTooHigh, "amount", "the amount is above what the payment still has")
	}
	req.Kind, req.Method, req.Customer = pay.Refund, p.Method, p.Customer
	if req.FeeBearer == "" {
		req.FeeBearer = pay.MerchantBears
	}
	if err := g.checkRequest(c, &req); err != nil {
		return p, err
	}
	return g.startRefund(ctx, c, p, req, claim)
}

func (g *Gateway) startRefund(ctx context.Context, c provider.Caller, p pay.Transaction, req provider.Request, claim *Claim) (pay.Transaction, error) {
	row, err := g.connectionRow(ctx, p.MerchantID, p.Connection)
	if err != nil {
		return p, err
	}
	conn, err := g.connect(ctx, row)
	if err != nil {
		return p, err
	}
	_, native := conn.(provider.Refunder)
	if !native {
		if _, ok := conn.(provider.PaysOut); !ok || p.Method.Phone == "" {
			return p, pay.Capability("payment", "the payment's provider can neither refund nor pay out to the payer")
		}
	}
	t := g.draft(c, req)
	if !native {
		t.PaidVia = pay.ViaPayout
	}
	return g.start(ctx, t, req, []rail{{row, g.providers[row.Provider]}}, claim)
}

// sendRefund uses the provider's own refund, else a payout to the payer.
func (g *Gateway) sendRefund(ctx context.Context, conn provider.Connector, order provider.Order, t pay.Transaction) (provider.Result, error) {
	if r, ok := conn.(provider.Refunder); ok {
		parent, err := store.Transaction(ctx, g.Store.Read(), t.MerchantID, t.Parent)
		if err != nil {
			return refusal(pay.ProviderError, "the refunded payment can't be read"), nil
		}
		attempts, err := store.Attempts(ctx, g.Store.Read(), t.MerchantID, t.Parent)
		if err != nil || parent.PaidAttempt == 0 || parent.PaidAttempt > len(attempts) {
			return refusal(pay.ProviderError, "the refunded payment has no paid attempt"), nil
		}
		return r.Refund(ctx, provider.RefundOrder{Order: order, Payment: ref(parent, attempts[parent.PaidAttempt-1])})
	}
	p, ok := conn.(provider.PaysOut)
	if !ok {
		return refusal(pay.BadRequest, "this connection can neither refund nor pay out"), nil
	}
	return p.PayOut(ctx, order)
}

// takeFromParent counts a refund against its payment; beyond what was captured
// nothing is refunded, however many ask at once.
func (g *Gateway) takeFromParent(ctx context.Context, q *sqlgen.Queries, t pay.Transaction) error {
	return g.moveRefunded(ctx, q, t, t.Amount.Minor)
}

// giveBackToParent undoes it after the refund failed.
func (g *Gateway) giveBackToParent(ctx context.Context, q *sqlgen.Queries, t pay.Transaction) error {
	return g.moveRefunded(ctx, q, t, -t.Amount.Minor)
}

func (g *Gateway) moveRefunded(ctx context.Context, q *sqlgen.Queries, t pay.Transaction, by int64) error {
	parent, err := store.Transaction(ctx, q, t.MerchantID, t.Parent)
	if err != nil {
		return fmt.Errorf("read refunded payment: %w", err)
	}
	if parent.Refunded+by > parent.Amount.Minor && t.Status != pay.StatusSucceeded {
		return pay.InvalidAs(pay.CodeAmountTooHigh, "amount", "the amount is above what the payment still has")
	}
	parent.Refunded += by
	parent.UpdatedAt = g.now()
	return store.SaveTransaction(ctx, q, &parent)
}
