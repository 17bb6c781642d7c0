package gateway

import (
	"context"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Confirm passes the customer's one-time password to the provider.
func (g *Gateway) Confirm(ctx context.Context, c provider.Caller, id string, otp pay.Secret) (pay.Transaction, error) {
	if otp.IsZero() {
		return pay.Transaction{}, pay.Invalid("otp", "the one-time password is needed")
	}
	t, err := g.Find(ctx, c, provider.Search{ID: id})
	if err != nil {
		return t, err
	}
	if t.NextAction.Type != pay.EnterOTP {
		return t, pay.Conflict(pay.CodeNotConfirmable, "the transaction waits for no one-time password")
	}
	return g.onAttempt(ctx, t, func(ctx context.Context, conn provider.Connector, r provider.Ref) (provider.Result, error) {
		p, ok := conn.(provider.Confirms)
		if !ok {
			return provider.Result{}, pay.Conflict(pay.CodeNotConfirmable, "this connection takes no one-time password")
		}
		return p.Confirm(ctx, r, otp)
	})
}

// Challenge answers a 3-D Secure step that the transaction's connector hosts itself.
func (g *Gateway) Challenge(ctx context.Context, token string, approve bool) (pay.Transaction, error) {
	t, err := store.TransactionByToken(ctx, g.Store.Read(), token)
	if err != nil {
		return t, err
	}
	if t.Status != pay.StatusRequiresAction || !t.Submitted {
		return t, pay.Conflict(pay.CodeNotConfirmable, "the transaction waits for no authentication")
	}
	return g.onAttempt(ctx, t, func(ctx context.Context, conn provider.Connector, r provider.Ref) (provider.Result, error) {
		p, ok := conn.(provider.Challenges)
		if !ok {
			return provider.Result{}, pay.Conflict(pay.CodeNotConfirmable, "the authentication happens at the bank")
		}
		return p.Challenge(ctx, r, approve)
	})
}

// Cancel gives a transaction up. What was submitted is canceled only when its
// provider confirms it; otherwise it is a conflict, not_cancelable.
func (g *Gateway) Cancel(ctx context.Context, c provider.Caller, id string) (pay.Transaction, error) {
	t, err := g.Find(ctx, c, provider.Search{ID: id})
	if err != nil {
		return t, err
	}
	if t.Status == pay.StatusCanceled {
		return t, nil
	}
	notCancelable := pay.Conflict(pay.CodeNotCancelable, "the transaction can no longer be canceled")
	if t.Status.Final() {
		return t, notCancelable
	}
	attempts, err := store.Attempts(ctx, g.Store.Read(), t.MerchantID, t.ID)
	if err != nil {
		return t, err
	}
	if !open(attempts) {
		return g.giveUp(ctx, t)
	}
	return g.onAttempt(ctx, t, func(ctx context.Context, conn provider.Connector, r provider.Ref) (provider.Result, error) {
		p, ok := conn.(provider.Cancels)
		if !ok {
			return provider.Result{}, notCancelable
		}
		res, err := p.Cancel(ctx, r)
		if err != nil || res.Outcome != pay.OutcomeCanceled {
			return provider.Result{}, notCancelable
		}
		return res, nil
	})
}

// open reports whether a provider may still be at work on an attempt, or a
// notification says so.
func open(attempts []pay.Attempt) bool {
	for _, a := range attempts {
		if a.Status != pay.AttemptFailed || contradicted(a) {
			return true
		}
	}
	return false
}

// giveUp cancels what no provider has.
func (g *Gateway) giveUp(ctx context.Context, t pay.Transaction) (pay.Transaction, error) {
	now, err := g.end(ctx, t, pay.News{
		Source: pay.FromPerson, Outcome: pay.OutcomeCanceled,
		Failure: pay.Failure{Reason: pay.CustomerCanceled, Message: "canceled"},
	})
	if err == nil && now.Status != pay.StatusCanceled {
		return now, pay.Conflict(pay.CodeNotCancelable, "the transaction has ended meanwhile")
	}
	return now, err
}

// onAttempt makes one more call about the last attempt and applies its answer.
// A *pay.Error is a refusal of ours and applies nothing; any other error is unknown.
func (g *Gateway) onAttempt(ctx context.Context, t pay.Transaction, call func(context.Context, provider.Connector, provider.Ref) (provider.Result, error)) (pay.Transaction, error) {
	attempts, err := store.Attempts(ctx, g.Store.Read(), t.MerchantID, t.ID)
	if err != nil {
		return t, err
	}
	if len(attempts) == 0 {
		return t, pay.Conflict(pay.CodeNotConfirmable, "nothing was submitted yet")
	}
	a := attempts[len(attempts)-1]
	conn, err := g.connectByID(ctx, t.MerchantID, a.Connection)
	if err != nil {
		return t, err
	}
	ctx = context.WithoutCancel(ctx)
	callCtx, cancel := context.WithTimeout(g.onTranscript(ctx, t, a.Connection), checkLimit)
	defer cancel()
	res, err := call(callCtx, conn, ref(t, a))
	if err != nil {
		if pay.KindOf(err) != pay.KindInternal {
			return t, err
		}
		g.Log.Warn("outcome of a call is unknown", "transaction", t.ID, "error", err)
		res = provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}
	}
	settled, err := g.applyResult(ctx, known{t: t}, pay.FromPerson, a.Number, res)
	if err != nil {
		return t, fmt.Errorf("record answer about %s: %w", t.ID, err)
	}
	return settled, nil
}
