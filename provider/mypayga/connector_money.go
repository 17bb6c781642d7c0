package mypayga

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// PayOut transfers to a customer. MyPayGa takes no reference of ours, so a
// transfer whose answer is lost can't be asked for: it stays unknown, is never
// repeated, and a person reconciles it.
func (c *connector) PayOut(ctx context.Context, o provider.Order) (provider.Result, error) {
	if err := c.Validate(o); err != nil {
		return refused(err), nil
	}
	n, err := payer(o)
	if err != nil {
		return refused(err), nil
	}
	t, err := c.client.SendTransfer(ctx, o.Amount.Plain(), written(n), n.Country())
	var refusal *Error
	switch {
	case errors.As(err, &refusal):
		return failed(refusal), nil
	case err != nil && !c.env.Sent(err):
		return unreachable(), nil
	case err != nil:
		c.env.Alert("MyPayGa: nobody knows whether payout " + o.Reference + " was made, and it can't be asked for: look it up in the merchant's account")
		return provider.Result{}, fmt.Errorf("payout %s: %w", o.Reference, err)
	}
	r := provider.Result{
		Outcome: transferSentOutcome(t.Transfer.Status.String()), ProviderReference: t.Transfer.ID.String(),
	}
	if r.Outcome == pay.OutcomeFailed {
		message := t.Message.String()
		r.Failure = pay.Failure{Reason: reasonOf(message), Message: message, ProviderCode: t.Transfer.Status.String()}
	}
	if amount := t.Transfer.Amount.String(); amount != "" {
		// An amount that can't be read differs, which the gateway takes for unknown.
		r.Amount, _ = money.Parse(amount, o.Amount.Currency)
		r.Amount.Currency = o.Amount.Currency
	}
	if r.Outcome == pay.OutcomeUnknown && r.ProviderReference == "" {
		c.env.Alert("MyPayGa: payout " + o.Reference + " has neither an outcome nor an id: look it up in the merchant's account")
	}
	return r, nil
}

func transferSentOutcome(status string) pay.Outcome {
	switch status {
	case statusOK:
		return pay.OutcomeSucceeded
	case statusFailed:
		return pay.OutcomeFailed
	}
	return pay.OutcomeUnknown
}

func (c *connector) transferStatus(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	unknown := provider.Result{Outcome: pay.OutcomeUnknown}
	if ref.ProviderReference == "" {
		return unknown, nil
	}
	entry, err := c.client.TransferStatus(ctx, ref.ProviderReference)
	var refusal *Error
	switch {
	case errors.As(err, &refusal) && refusal.Status == statusAbsent:
		unknown.Absent = true
		return unknown, nil
	case err != nil:
		return unknown, fmt.Errorf("status of payout %s: %w", ref.Reference, err)
	}
	amount, err := money.Parse(entry.Amount.String(), ref.Amount.Currency)
	if err != nil {
		return unknown, fmt.Errorf("amount of payout %s: %w", ref.Reference, err)
	}
	state := entry.State.String()
	outcome, reason := transferOutcome(state)
	r := provider.Result{Outcome: outcome, Amount: amount}
	if outcome == pay.OutcomeFailed {
		r.Failure = pay.Failure{Reason: reason, Message: state, ProviderCode: state}
	}
	return r, nil
}

// refundMemory is how long the id of a refund is kept beside its attempt.
const refundMemory = 90 * 24 * time.Hour

func refundKey(reference string) string { return "refund/" + reference }

// Refund reserves a refund, then sends it. Its id is remembered before the
// sending, so that a crash in between does not lose it.
func (c *connector) Refund(ctx context.Context, o provider.RefundOrder) (provider.Result, error) {
	if err := c.Validate(o.Order); err != nil {
		return refused(err), nil
	}
	token := cmp.Or(tokenOfRef(o.Payment), o.Payment.Reference)
	created, err := c.client.CreateRefund(ctx, token, o.Amount.Plain(), cmp.Or(o.Description, "Remboursement "+o.Reference))
	if err != nil {
		return c.nothingStarted(ctx, "refund/create", err), nil
	}
	id := created.RefundID.String()
	expires := c.env.Now().Add(refundMemory)
	if err := provider.Remember(ctx, c.env.Memory, refundKey(o.Reference), "", id, expires); err != nil {
		return unreachable(), nil // nothing was sent
	}
	r := provider.Result{
		Outcome: pay.OutcomeUnknown, ProviderReference: id, Data: map[string]string{dataRefundID: id},
	}
	sent, err := c.client.SendRefund(ctx, id)
	var refusal *Error
	switch {
	case err == nil && sent.Status == statusOK:
		r.Outcome, r.Data[dataRefundSent] = pay.OutcomeSucceeded, statusOK
	case errors.As(err, &refusal) && refusal.Status != "409":
		f := failed(refusal)
		r.Outcome, r.Failure = f.Outcome, f.Failure
	case err != nil && !errors.As(err, &refusal) && !c.env.Sent(err):
		return unreachable(), nil
	case err != nil:
		// Sent already (409), or nobody knows: refund/infos will tell.
		c.env.Log.WarnContext(ctx, "mypayga: outcome of a refund is unknown", "reference", o.Reference, "error", err)
	}
	return r, nil
}

func (c *connector) refundStatus(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	unknown := provider.Result{Outcome: pay.OutcomeUnknown}
	id := cmp.Or(ref.Data[dataRefundID], ref.ProviderReference)
	if id == "" {
		_, err := provider.Recall(ctx, c.env.Memory, refundKey(ref.Reference), &id)
		if errors.Is(err, provider.ErrNoItem) {
			return unknown, nil
		}
		if err != nil {
			return unknown, fmt.Errorf("status of refund %s: %w", ref.Reference, err)
		}
	}
	refund, err := c.client.RefundInfos(ctx, id)
	var refusal *Error
	switch {
	case errors.As(err, &refusal) && refusal.Status == statusAbsent:
		unknown.Absent = true
		return unknown, nil
	case err != nil:
		return unknown, fmt.Errorf("status of refund %s: %w", ref.Reference, err)
	}
	amount, err := money.Parse(refund.Amount.String(), ref.Amount.Currency)
	if err != nil {
		return unknown, fmt.Errorf("amount of refund %s: %w", ref.Reference, err)
	}
	r := provider.Result{
		Outcome: refundOutcome(refund, ref.Data[dataRefundSent] == statusOK), Amount: amount,
		ProviderReference: id, Data: map[string]string{dataRefundID: id},
	}
	if r.Outcome == pay.OutcomeFailed {
		message := refund.Message.String()
		r.Failure = pay.Failure{Reason: reasonOf(message), Message: message, ProviderCode: refund.Status.String()}
	}
	return r, nil
}

var errRate = errors.New("mypayga: a rate is no decimal fraction")

// rateOf is a rate of an amount, rounded to the franc, halves up.
func rateOf(a money.Amount, rate string) (money.Amount, error) {
	if rate == "" || strings.Trim(rate, "0123456789.") != "" || len(rate) > 20 {
		return money.Amount{}, errRate
	}
	r, ok := new(big.Rat).SetString(rate)
	if !ok || r.Cmp(big.NewRat(1, 1)) > 0 {
		return money.Amount{}, errRate
	}
	r.Mul(r, new(big.Rat).SetInt64(a.Minor))
	return money.New(round(r), a.Currency), nil
}

func round(r *big.Rat) int64 {
	r = new(big.Rat).Add(r, big.NewRat(1, 2))
	return new(big.Int).Div(r.Num(), r.Denom()).Int64()
}

// feeOf reads a fee that is told with up to three decimals; one that can't be
// read is left out, as it is told for information.
func feeOf(text string, currency money.Currency) money.Amount {
	if text == "" || strings.Trim(text, "0123456789.") != "" || len(text) > 20 {
		return money.Amount{}
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return money.Amount{}
	}
	return money.New(round(r), currency)
}
