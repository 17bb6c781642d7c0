package lemurpay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// connector carries orders to one account at LemurPay.
type connector struct {
	env    provider.Environment
	client *Client
}

var _ provider.Notified = (*connector)(nil)

func connect(env provider.Environment) (provider.Connector, error) {
	return &connector{env, &Client{
		Base: strings.TrimRight(env.Settings[fieldBaseURL], "/"), Key: env.Credentials[fieldKey], HTTP: env.HTTP,
	}}, nil
}

// Submit posts the order, once. An error means that nobody knows whether
// LemurPay took it.
func (c *connector) Submit(ctx context.Context, o provider.Order) (provider.Result, error) {
	p, err := c.client.Pay(ctx, Order{ID: o.Reference, Amount: o.Amount.Minor, Phone: o.Method.Phone})
	var refusal *Refusal
	switch {
	case err == nil:
		return result(p), nil
	case errors.As(err, &refusal) && refusal.Code == codeDuplicate:
		// The reference is ours alone, so this very order has arrived before.
		return provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}, nil
	case errors.As(err, &refusal):
		return failed(refusals[refusal.Code].reason, refusal.Code), nil
	case !c.env.Sent(err):
		return failed(pay.OperatorUnavailable, ""), nil
	}
	return provider.Result{}, fmt.Errorf("submit payment %s: %w", o.Reference, err)
}

// Status asks what became of an order. That LemurPay doesn't know it is no
// failure: it may be on its way.
func (c *connector) Status(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	p, err := c.client.Find(ctx, ref.Reference)
	var refusal *Refusal
	switch {
	case err == nil:
		return result(p), nil
	case errors.As(err, &refusal) && refusal.Code == codeUnknown:
		return provider.Result{Outcome: pay.OutcomeUnknown, Absent: true}, nil
	}
	return provider.Result{}, fmt.Errorf("status of payment %s: %w", ref.Reference, err)
}

// ReadNotification takes a notification for the hint that it is: the gateway
// asks for the status.
func (c *connector) ReadNotification(r *http.Request) (provider.Notification, error) {
	var n Notice
	if err := json.NewDecoder(r.Body).Decode(&n); err != nil || n.ID == "" {
		return provider.Notification{}, pay.Invalid("id", "the notification names no order")
	}
	return provider.Notification{Reference: n.ID, Answer: provider.Answer{Status: http.StatusOK}}, nil
}

// result says it in the gateway's words; the gateway compares amount and reference.
func result(p Payment) provider.Result {
	r := provider.Result{
		Outcome: outcomes[p.State], Reference: p.ID, Amount: money.New(p.Amount, money.XOF), Prompted: true,
	}
	switch r.Outcome {
	case pay.OutcomePending:
		r.NextAction = pay.NextAction{Type: pay.ApproveOnPhone}
	case pay.OutcomeFailed:
		r.Failure = pay.Failure{Reason: pay.Declined, ProviderCode: p.Reason}
		if reason, ok := reasons[p.Reason]; ok {
			r.Failure.Reason = reason
		}
	}
	return r
}

// failed is a definite failure before anybody was asked.
func failed(reason pay.Reason, code string) provider.Result {
	return provider.Result{
		Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: reason, ProviderCode: code},
	}
}
