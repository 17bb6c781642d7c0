package mypvit

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// errNotSent marks a failure before anything left.
var errNotSent = errors.New("not sent")

// call runs one request with the key in force. When the key is refused, it is
// renewed once and the request repeated once: a refused key proves that the
// first request was not carried out.
func (c *connector) call(ctx context.Context, request func(*Client) error) error {
	key, err := c.secrets.forCall(ctx)
	if err != nil {
		return errors.Join(errNotSent, err)
	}
	err = request(c.client.WithSecret(key))
	var refusal *Error
	if !errors.As(err, &refusal) {
		return err
	}
	if refusal.means(codeInvalidIP) {
		c.env.Alert("MyPVit refuses this server's IP address: have it allowed in the merchant's account")
	}
	if !refusal.Unauthenticated() {
		return err
	}
	fresh, renewal := c.secrets.renew(ctx, key)
	if renewal != nil {
		c.env.Log.WarnContext(ctx, "mypvit secret renewal failed", "error", renewal)
		return err
	}
	if ctx.Err() != nil {
		return errors.Join(errNotSent, ctx.Err())
	}
	return request(c.client.WithSecret(fresh))
}

// refused makes a result of what Validate refuses.
func refused(err error) provider.Result {
	f := pay.Failure{Reason: pay.BadRequest}
	var e *pay.Error
	if errors.As(err, &e) {
		f.Message = e.Message
		switch e.Code {
		case pay.CodeAmountTooLow:
			f.Reason = pay.AmountTooLow
		case pay.CodeInvalidPhone:
			f.Reason = pay.InvalidPhone
		}
	}
	return provider.Result{Outcome: pay.OutcomeFailed, Failure: f}
}

// failure reads an error of rest or link: a refusal is a result, doubt is an
// error, and a request that never left is a failure without a prompt.
func (c *connector) failure(ctx context.Context, o provider.Order, err error) (provider.Result, error) {
	var refusal *Error
	var doubt *UncertainError
	switch {
	case errors.As(err, &refusal):
		return c.refusalResult(ctx, o, refusal)
	case errors.As(err, &doubt) && (doubt.HTTPStatus != 0 || c.env.Sent(doubt.Err)):
		return provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}, err
	}
	return provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{
		Reason: pay.OperatorUnavailable, Message: "MyPVit could not be reached",
	}}, nil
}

func (c *connector) refusalResult(ctx context.Context, o provider.Order, e *Error) (provider.Result, error) {
	outcome, reason := e.Outcome()
	switch {
	case outcome == pay.OutcomeUnknown:
		return provider.Result{Outcome: outcome, Prompted: true}, e
	case reason == pay.DuplicateReference:
		return c.existing(ctx, o, e)
	}
	return provider.Result{Outcome: outcome, Failure: failureOf(e, reason)}, nil
}

func failureOf(e *Error, reason pay.Reason) pay.Failure {
	f := pay.Failure{Reason: reason, Message: e.Message, ProviderCode: strconv.Itoa(e.Code)}
	if e.Message == "" {
		f.Message = e.Name
	}
	return f
}

// existing decides what "this reference exists" means. References are made by
// us for one order, so the transaction of that name may well be this order: it
// is asked for, and only one that is provably another's leaves ours refused. A
// payout is never called failed on absence alone.
func (c *connector) existing(ctx context.Context, o provider.Order, e *Error) (provider.Result, error) {
	duplicate := provider.Result{Outcome: pay.OutcomeFailed, Failure: failureOf(e, pay.DuplicateReference)}
	there, err := c.ask(ctx, provider.Ref{Kind: o.Kind, Reference: o.Reference})
	switch {
	case err != nil:
		return provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}, e
	case there.Absent && o.Kind == pay.Payment:
		return duplicate, nil
	case there.Absent:
		return provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}, e
	case there.Amount != o.Amount:
		return duplicate, nil
	}
	if there.Outcome == pay.OutcomePending {
		there.NextAction = pay.NextAction{Type: pay.ApproveOnPhone}
	}
	return there, nil
}

// absentKept outlasts the checks of a payout that nobody finds.
const absentKept = 90 * 24 * time.Hour

// alertAbsent tells a person of a payout that MyPVit doesn't know, once: it is
// asked for again and again.
func (c *connector) alertAbsent(ctx context.Context, reference string) {
	first, err := c.env.Memory.Add(ctx, "absent/"+reference, provider.Item{
		Value: []byte("1"), ExpiresAt: c.env.Now().Add(absentKept),
	})
	if err != nil {
		c.env.Log.WarnContext(ctx, "mypvit alert is not remembered", "reference", reference, "error", err)
	}
	if first {
		c.env.Alert("MyPVit does not know payout " + reference + ", which proves nothing: look it up in the merchant's account")
	}
}
