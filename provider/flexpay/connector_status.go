package flexpay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// How long a payer may take (wire: flexpay §4.1, pending_ttl).
const (
	mobileTTL = 15 * time.Minute
	cardTTL   = 30 * time.Minute
)

func ttlOf(m pay.Method) time.Duration {
	if m.Type == pay.CardMethod {
		return cardTTL
	}
	return mobileTTL
}

// Status asks what has become of a transaction. It can be asked by orderNumber
// alone: until a callback brings one, nobody knows.
func (c *connector) Status(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	number, from, err := c.orderNumber(ctx, ref)
	if err != nil {
		return provider.Result{}, fmt.Errorf("status of %s: %w", ref.Reference, err)
	}
	if from == fromNowhere {
		c.alertNameless(ctx, ref)
		return provider.Result{Outcome: pay.OutcomeUnknown}, nil
	}
	t, err := c.client.Check(ctx, number)
	var refusal *Error
	switch {
	case err == nil:
		return c.read(ctx, ref, number, from, t), nil
	case errors.As(err, &refusal):
		if from == fromHint {
			c.alertNameless(ctx, ref)
		}
		return c.unanswered(ref, refusal, from), nil
	}
	return provider.Result{}, fmt.Errorf("status of %s: %w", ref.Reference, err)
}

// unanswered is the result of a check that brought no transaction. Only a
// number that FlexPay itself gave can be documented as absent.
func (c *connector) unanswered(ref provider.Ref, e *Error, from source) provider.Result {
	if e.HTTPStatus == http.StatusNotFound {
		c.env.Alert("FlexPay's check address answers HTTP 404: it may have moved (payment " + ref.Reference + ")")
	}
	return provider.Result{
		Outcome: pay.OutcomeUnknown, Absent: e.NotFound && from != fromHint,
		Failure: pay.Failure{Message: e.Message, ProviderCode: e.Code},
	}
}

// read turns a check into a result. It must be about our reference; a success
// must also be of the amount and currency that were asked for.
func (c *connector) read(ctx context.Context, ref provider.Ref, number string, from source, t Transaction) provider.Result {
	if t.Reference.String() != ref.Reference {
		return c.mismatched(ctx, ref, from)
	}
	c.learnOrderNumber(ctx, ref.Reference, number)
	r := provider.Result{
		ProviderReference: number, Reference: ref.Reference, Prompted: true, PaidVia: t.Channel.String(),
	}
	status := t.Status.String()
	r.Outcome, r.Failure.Reason = classifyStatus(status)
	if status == statusNotCompleted && c.profile == profileStrict {
		r.Outcome, r.Failure = c.notCompleted(ref)
	}
	if r.Outcome == pay.OutcomeFailed {
		r.Failure.ProviderCode = status
	}
	switch r.Outcome {
	case pay.OutcomePending:
		r.NextAction = nextAction(ref)
	case pay.OutcomeSucceeded:
		c.verify(&r, ref, t)
	}
	return r
}

// mismatched answers a check about somebody else's payment.
func (c *connector) mismatched(ctx context.Context, ref provider.Ref, from source) provider.Result {
	switch from {
	case fromHint: // a guess that was wrong
		c.alertNameless(ctx, ref)
		return provider.Result{Outcome: pay.OutcomeUnknown}
	case fromMemory:
		// The callback that brought it was not about this payment: the true one may still come.
		c.forgetOrderNumber(ctx, ref.Reference)
	}
	c.env.Alert("FlexPay's check of payment " + ref.Reference + " is about another reference")
	return provider.Result{Outcome: pay.OutcomeUnknown, Failure: pay.Failure{Message: "the check is about another reference"}}
}

// notCompleted reads status 1 of the strict profile, where a payment that waits
// and one that failed look alike (wire: flexpay §4.1). What a callback called
// failed is. A payout that none did stays open: it is not taken back by a clock.
func (c *connector) notCompleted(ref provider.Ref) (pay.Outcome, pay.Failure) {
	ttl := ttlOf(ref.Method)
	switch {
	case ref.HintFailed:
		return pay.OutcomeFailed, pay.Failure{Reason: pay.Declined}
	case ref.Kind == pay.Payout, c.env.Now().Sub(ref.SubmittedAt) < ttl:
		return pay.OutcomePending, pay.Failure{}
	}
	return pay.OutcomeFailed, pay.Failure{Reason: pay.Expired, Message: "not completed within " + ttl.String()}
}

// nextAction says what a waiting payer has to do.
func nextAction(ref provider.Ref) pay.NextAction {
	switch {
	case ref.Kind == pay.Payout:
		return pay.NextAction{}
	case ref.Method.Type != pay.CardMethod:
		return pay.NextAction{Type: pay.ApproveOnPhone}
	case ref.Data[dataURL] != "":
		return pay.NextAction{Type: pay.Redirect, URL: ref.Data[dataURL]}
	}
	return pay.NextAction{}
}

// verify holds a success against the order. amountCustomer is never looked at.
func (c *connector) verify(r *provider.Result, ref provider.Ref, t Transaction) {
	currency := money.Currency(cmp.Or(t.Currency.String(), string(ref.Amount.Currency)))
	doubt := ""
	if currency != ref.Amount.Currency {
		doubt = "its currency differs from the order's"
	} else if text := t.Amount.String(); text != "" {
		amount, err := money.Parse(text, currency)
		if err != nil || amount != ref.Amount {
			doubt = "its amount differs from the order's"
		}
		r.Amount = amount
	}
	if doubt != "" {
		r.Outcome = pay.OutcomeUnknown
		r.Failure = pay.Failure{Message: "reported as paid, but " + doubt, ProviderCode: t.Status.String()}
		c.env.Alert("FlexPay reports payment " + ref.Reference + " as paid, but " + doubt)
		return
	}
	switch t.Status.String() {
	case statusRefunding:
		r.Data = map[string]string{dataRefund: "pending"}
	case statusRefunded:
		r.Data = map[string]string{dataRefund: "done"}
	}
	if r.Data != nil {
		c.env.Alert("FlexPay reports payment " + ref.Reference + " as paid and given back, which this gateway did not ask for")
	}
}
