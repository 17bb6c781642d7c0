package mypayga

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Status asks what became of a transaction.
func (c *connector) Status(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	switch ref.Kind {
	case pay.Payout:
		return c.transferStatus(ctx, ref)
	case pay.Refund:
		return c.refundStatus(ctx, ref)
	}
	if c.api != apiV1 {
		return c.detailStatus(ctx, ref)
	}
	token := tokenOfRef(ref)
	if token == "" {
		// The answer that had the token is lost; the detail is found by our reference.
		return c.detailStatus(ctx, ref)
	}
	answer, err := c.client.Verify(ctx, token)
	if err == nil {
		return verifiedResult(ref, answer)
	}
	r, detailErr := c.detailStatus(ctx, ref)
	var refusal *Error
	if detailErr == nil && r.Outcome == pay.OutcomeUnknown && errors.As(err, &refusal) && refusal.Status == statusAbsent {
		// Unlike the detail, verify knows pending payments too.
		r.Absent = true
	}
	return r, detailErr
}

func tokenOfRef(ref provider.Ref) string {
	return cmp.Or(ref.Data[dataToken], ref.ProviderReference)
}

// detailStatus asks paiement-detail. Pending payments are not listed there, so
// "not found" says nothing.
func (c *connector) detailStatus(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	d, err := c.client.Detail(ctx, cmp.Or(tokenOfRef(ref), ref.Reference))
	var refusal *Error
	switch {
	case errors.As(err, &refusal) && refusal.Status == statusAbsent:
		return provider.Result{Outcome: pay.OutcomeUnknown}, nil
	case err != nil:
		return provider.Result{Outcome: pay.OutcomeUnknown}, fmt.Errorf("status of %s: %w", ref.Reference, err)
	case len(d.Payment) != 1:
		return provider.Result{Outcome: pay.OutcomeUnknown}, nil
	}
	p := d.Payment[0]
	status := p.FinalStatus.String()
	if d.FinalStatus == nil || d.FinalStatus.String() != status {
		return provider.Result{Outcome: pay.OutcomeUnknown}, nil
	}
	r, err := paidResult(ref, status, p.Message.String(), p.TotalAmount.String())
	r.Fees = feeOf(p.Fees.String(), ref.Amount.Currency)
	return about(r, ref, p.MerchantRef.String(), p.PaymentToken.String(), p.Method.String()), err
}

func verifiedResult(ref provider.Ref, v Verified) (provider.Result, error) {
	r, err := paidResult(ref, v.OrderStatus.String(), v.Message.String(), v.Amount.String())
	return about(r, ref, v.UniqueID.String(), v.PaymentToken.String(), v.Method.String()), err
}

// paidResult judges a status and the message beside it. A status of success
// with the text of a refusal is a refusal: that is how cards are refused. A
// refusal of another amount is none of the order's: the gateway takes the
// difference for an alert.
func paidResult(ref provider.Ref, status, message, amount string) (provider.Result, error) {
	r := provider.Result{Outcome: orderOutcome(status), Prompted: true}
	if r.Outcome == pay.OutcomeSucceeded && refusalText(message) {
		r.Outcome = pay.OutcomeFailed
	}
	if r.Outcome == pay.OutcomeFailed {
		r.Failure = pay.Failure{Reason: reasonOf(message), Message: message, ProviderCode: status}
	}
	if r.Outcome == pay.OutcomePending && ref.Method.Type != pay.CardMethod {
		r.NextAction = pay.NextAction{Type: pay.ApproveOnPhone}
	}
	if amount == "" {
		return r, nil
	}
	total, err := money.Parse(amount, ref.Amount.Currency)
	if err != nil {
		return provider.Result{Outcome: pay.OutcomeUnknown}, fmt.Errorf("amount of %s: %w", ref.Reference, err)
	}
	r.Amount = total
	if r.Outcome == pay.OutcomeFailed && total != ref.Amount {
		r.Outcome, r.Failure = pay.OutcomeUnknown, pay.Failure{}
	}
	return r, nil
}

// about adds which payment the answer tells of. Another's is no answer to our
// question. The merchant's reference may be the token, when none was given.
func about(r provider.Result, ref provider.Ref, unique, token, method string) provider.Result {
	known := unique == "" || unique == ref.Reference || unique == token || unique == tokenOfRef(ref)
	if !known {
		r.Reference = unique // the gateway takes a difference for an alert
	}
	r.PaidVia = method
	return r
}
