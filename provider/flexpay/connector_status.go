package flexpay

import (
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
// alone: until FlexPay or a callback names one, nobody knows.
func (c *connector) Status(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	number := ref.ProviderReference
	if number == "" {
		k, _, err := c.recall(ctx, ref.Reference)
		if err != nil {
			return provider.Result{}, fmt.Errorf("status of %s: %w", ref.Reference, err)
		}
		if k.Number == "" {
			return c.findOut(ctx, ref, k)
		}
		number = k.Number
	}
	t, err := c.client.Check(ctx, number)
	var refusal *Error
	switch {
	case err == nil && t.Reference.String() != ref.Reference:
		return c.mismatched(ref), nil
	case err == nil:
		return c.read(ctx, ref, number, t), nil
	case errors.As(err, &refusal):
		return c.unanswered(ref, refusal), nil
	}
	return provider.Result{}, fmt.Errorf("status of %s: %w", ref.Reference, err)
}

// unanswered is the result of a check that brought no transaction.
func (c *connector) unanswered(ref provider.Ref, e *Error) provider.Result {
	if e.HTTPStatus == http.StatusNotFound {
		c.env.Alert("FlexPay's check address answers HTTP 404: it may have moved (payment " + ref.Reference + ")")
	}
	return provider.Result{
		Outcome: pay.OutcomeUnknown, Absent: e.NotFound,
		Failure: pay.Failure{Reason: e.Reason, Message: e.Message, ProviderCode: e.Code},
	}
}

// read turns a check about our reference into a result. A success must also be
// of the amount and currency that were asked for.
func (c *connector) read(ctx context.Context, ref provider.Ref, number string, t Transaction) provider.Result {
	c.learnOrderNumber(ctx, ref.Reference, number)
	r := provider.Result{
		ProviderReference: number, Reference: ref.Reference, Prompted: true, PaidVia: t.Channel.String(),
	}
	status := t.Status.String()
	r.Outcome, r.Failure.Reason = classifyStatus(status)
	if status == statusNotCompleted && c.profile == profileStrict {
		ref.HintFailed = ref.HintFailed && c.saidFailed(ctx, ref, number)
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
func (c *connector) mismatched(ref provider.Ref) provider.Result {
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

// against holds a check against the order: it names the amount and the currency,
// and both are the order's (wire: flexpay §2.2). amountCustomer is never looked at.
func against(order money.Amount, t Transaction) (amount money.Amount, doubt string) {
	switch currency := t.Currency.String(); {
	case currency == "":
		return money.Amount{}, "its currency is missing"
	case currency != string(order.Currency):
		return money.Amount{}, "its currency differs from the order's"
	case t.Amount.String() == "":
		return money.Amount{}, "its amount is missing"
	}
	amount, err := money.Parse(t.Amount.String(), order.Currency)
	if err != nil || amount != order {
		return amount, "its amount differs from the order's"
	}
	return amount, ""
}

// verify holds a success against the order.
func (c *connector) verify(r *provider.Result, ref provider.Ref, t Transaction) {
	amount, doubt := against(ref.Amount, t)
	r.Amount = amount
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
