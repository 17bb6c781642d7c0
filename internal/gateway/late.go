package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// lateReference starts the reference of an automatic refund: a payment has
	// one, and a reference is taken once.
	lateReference = "late-"
	// lateRetry is when a refund is tried again that the balance did not allow.
	lateRetry = time.Hour
	// lateWait is how long the worker waits for the provider; the submission
	// itself goes on.
	lateWait = time.Second
	// lateNotPossible stands in a payment's alert.
	lateNotPossible = "it succeeded late and can't be given back automatically"
)

// oweLateRefund writes, in the commit of a late success, that the payment is to
// be given back where its merchant wants that. The debt is a row of its own:
// the payment's next check is set anew by each piece of news, and would forget it.
func (g *Gateway) oweLateRefund(ctx context.Context, q *sqlgen.Queries, t pay.Transaction) error {
	if t.Kind != pay.Payment {
		return nil
	}
	policy, err := policyOf(ctx, q, t.MerchantID)
	if err != nil || !policy.RefundLate {
		return err
	}
	err = q.OweLateRefund(ctx, sqlgen.OweLateRefundParams{MerchantID: t.MerchantID, ID: t.ID, DueAt: g.Now().UnixMilli()})
	if err != nil {
		return fmt.Errorf("owe refund of late payment %s: %w", t.ID, err)
	}
	return nil
}

// ClaimLateRefunds takes up to limit late payments that are to be given back.
func (g *Gateway) ClaimLateRefunds(ctx context.Context, limit int) ([]store.Claimed, error) {
	return g.Store.ClaimLateRefunds(ctx, g.now(), workLease, limit)
}

// RefundLate gives back all that a late payment still has, once: whoever comes
// second, or comes back after a crash, finds the reference taken.
func (g *Gateway) RefundLate(ctx context.Context, c store.Claimed) error {
	t, err := store.Transaction(ctx, g.Store.Read(), c.MerchantID, c.ID)
	if err != nil {
		return err
	}
	caller := provider.Caller{MerchantID: t.MerchantID, Mode: t.Mode, Front: t.Front, Account: t.Account}
	_, err = g.RefundPayment(ctx, caller, provider.Request{
		Kind: pay.Refund, Parent: t.ID, Reference: lateReference + t.ID, Description: t.Description, Wait: lateWait,
	}, nil)
	var refusal *pay.Error
	switch {
	case err == nil:
		return g.lateRefunded(ctx, c)
	case !errors.As(err, &refusal) || refusal.Kind == pay.KindUnavailable || refusal.Kind == pay.KindInternal:
		return fmt.Errorf("refund late payment %s: %w", t.ID, err) // its lease brings it back
	case refusal.Kind == pay.KindFunds:
		return g.lateAgain(ctx, c)
	case refusal.Code == pay.CodeAmountTooHigh:
		// A person refunded a part meanwhile; the lease brings back what is left.
		return nil
	case refusal.Code == pay.CodeDuplicateReference, refusal.Code == pay.CodeNotRefundable:
		return g.lateRefunded(ctx, c)
	}
	g.Log.Error("late payment can't be given back", "transaction", t.ID, "provider", t.Provider, "error", err)
	return g.lateGivenUp(ctx, c)
}

func (g *Gateway) lateRefunded(ctx context.Context, c store.Claimed) error {
	return g.lateDebt(ctx, c, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteLateRefund(ctx, sqlgen.DeleteLateRefundParams{MerchantID: c.MerchantID, ID: c.ID})
		return err
	})
}

func (g *Gateway) lateAgain(ctx context.Context, c store.Claimed) error {
	at := g.Now().Add(lateRetry).UnixMilli()
	return g.lateDebt(ctx, c, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.PutOffLateRefund(ctx, sqlgen.PutOffLateRefundParams{DueAt: at, MerchantID: c.MerchantID, ID: c.ID})
		return err
	})
}

// lateGivenUp leaves the payment to a person, who is told by its alert.
func (g *Gateway) lateGivenUp(ctx context.Context, c store.Claimed) error {
	return g.lateDebt(ctx, c, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.DeleteLateRefund(ctx, sqlgen.DeleteLateRefundParams{MerchantID: c.MerchantID, ID: c.ID})
		if err != nil || n == 0 {
			return err // another node has told it
		}
		t, err := store.Transaction(ctx, tx.Queries, c.MerchantID, c.ID)
		if err != nil {
			return err
		}
		if t.Alert != "" {
			t.Alert += "; "
		}
		t.Alert += lateNotPossible
		t.UpdatedAt = g.now()
		return store.SaveTransaction(ctx, tx.Queries, &t)
	})
}

func (g *Gateway) lateDebt(ctx context.Context, c store.Claimed, change store.Closure) error {
	if err := g.Store.Update(ctx, change); err != nil {
		return fmt.Errorf("record refund of late payment %s: %w", c.ID, err)
	}
	return nil
}
