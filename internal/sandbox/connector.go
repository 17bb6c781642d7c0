package sandbox

import (
	"context"
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// connector is one merchant's account at the simulated operators.
type connector struct {
	s          *Sandbox
	merchant   string
	connection string
}

var (
	_ provider.Connector  = connector{}
	_ provider.PaysOut    = connector{}
	_ provider.Refunder   = connector{}
	_ provider.Confirms   = connector{}
	_ provider.Cancels    = connector{}
	_ provider.Challenges = connector{}
	_ provider.LooksUp    = connector{}
)

// Submit implements provider.Connector. The same reference is taken once and
// answered from then on with what became of it.
func (c connector) Submit(ctx context.Context, o provider.Order) (provider.Result, error) {
	if o.Method.Type == pay.CardMethod && o.Card == nil {
		return refused(pay.BadRequest, "Carte manquante"), nil
	}
	return c.carryOut(ctx, o)
}

// PayOut implements provider.PaysOut; nobody is asked.
func (c connector) PayOut(ctx context.Context, o provider.Order) (provider.Result, error) {
	return c.carryOut(ctx, o)
}

// Refund implements provider.Refunder; the operator knows for itself whether
// there is anything to give back.
func (c connector) Refund(ctx context.Context, o provider.RefundOrder) (provider.Result, error) {
	paid, ok, err := c.s.byReference(ctx, c.merchant, c.connection, o.Payment.Reference)
	if err != nil {
		return provider.Result{}, err
	}
	switch {
	case !ok || paid.Status != statusSucceeded || paid.Kind != string(pay.Payment):
		return refused(pay.BadRequest, "Aucun paiement à rembourser"), nil
	case paid.Currency != string(o.Amount.Currency) || o.Amount.Minor > paid.Amount:
		return refused(pay.AmountTooHigh, "Montant supérieur au paiement"), nil
	}
	return c.carryOut(ctx, o.Order)
}

func refused(reason pay.Reason, message string) provider.Result {
	return provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: reason, Message: message}}
}

// carryOut records an order and begins it.
func (c connector) carryOut(ctx context.Context, o provider.Order) (provider.Result, error) {
	op := newOperation(o, c.merchant, c.connection, c.s.decide(ctx, o), c.s.now())
	if op.script.Asks == askChallenge {
		op.script.Page = strings.TrimSuffix(o.ReturnURL, "/return") + "/challenge"
	}
	c.s.begin(&op)
	created, err := c.s.insert(ctx, &op)
	if err != nil {
		return provider.Result{}, err
	}
	if !created {
		return c.known(ctx, o.Reference)
	}
	c.s.wakeFor(&op)
	if op.script.AnswerLost {
		return provider.Result{}, fmt.Errorf("operator's answer: %w", context.DeadlineExceeded)
	}
	return op.result(), nil
}

// known answers for a reference that the operator has.
func (c connector) known(ctx context.Context, reference string) (provider.Result, error) {
	op, ok, err := c.s.byReference(ctx, c.merchant, c.connection, reference)
	if err != nil {
		return provider.Result{}, err
	}
	if !ok {
		return provider.Result{Outcome: pay.OutcomeUnknown, Absent: true}, nil
	}
	return op.result(), nil
}

// Status implements provider.Connector.
func (c connector) Status(ctx context.Context, r provider.Ref) (provider.Result, error) {
	return c.known(ctx, r.Reference)
}

// Confirm implements provider.Confirms. A wrong password ends the operation.
func (c connector) Confirm(ctx context.Context, r provider.Ref, code pay.Secret) (provider.Result, error) {
	return c.answer(ctx, r, statusOTP, func(op *operation) {
		if code.Reveal() == otp {
			op.advance()
		} else {
			op.cut(wrongOTP)
		}
	})
}

// Challenge implements provider.Challenges.
func (c connector) Challenge(ctx context.Context, r provider.Ref, approve bool) (provider.Result, error) {
	return c.answer(ctx, r, statusChallenge, func(op *operation) {
		if approve {
			op.advance()
		} else {
			op.cut(unauthorized)
		}
	})
}

// Cancel implements provider.Cancels: what nobody has answered can be withdrawn.
func (c connector) Cancel(ctx context.Context, r provider.Ref) (provider.Result, error) {
	return c.answer(ctx, r, "", func(op *operation) { op.cut(withdrawn) })
}

// answer changes an operation that waits in a state ("" any in which a customer
// is asked) and says what it is then; what waits no more is left as it is.
func (c connector) answer(ctx context.Context, r provider.Ref, status string, change func(*operation)) (provider.Result, error) {
	for range answerTries {
		op, ok, err := c.s.byReference(ctx, c.merchant, c.connection, r.Reference)
		if err != nil {
			return provider.Result{}, err
		}
		if !ok {
			return provider.Result{Outcome: pay.OutcomeUnknown, Absent: true}, nil
		}
		if !op.asking() || status != "" && op.Status != status {
			return op.result(), nil
		}
		seen := op.SandboxOperation
		change(&op)
		c.s.answered(&op)
		saved, err := c.s.save(ctx, &op, seen)
		if err != nil {
			return provider.Result{}, err
		}
		if saved {
			c.s.wakeFor(&op)
			return op.result(), nil
		}
	}
	return c.known(ctx, r.Reference)
}
