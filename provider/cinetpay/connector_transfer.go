package cinetpay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

func (c *connector) validatePayout(o provider.Order, units int64) error {
	switch {
	case !c.transfers:
		return pay.Capability("connection", "no transfer password is set")
	case o.Amount.Currency != c.currency:
		return pay.Capability("currency", "the transfer account is in another currency")
	case units <= 0:
		return pay.InvalidAs(pay.CodeAmountTooLow, "amount", "the amount is too low")
	case units%5 != 0:
		return pay.Invalid("amount", "CinetPay transfers multiples of 5 only")
	}
	if _, err := phone.Parse(o.Method.Phone, ""); err != nil {
		return pay.InvalidAs(pay.CodeInvalidPhone, "method.phone", "the phone number is not valid")
	}
	return nil
}

// PayOut sends money: log in, make the receiver a contact, send one item. Until
// the send itself nothing can have moved, so a failure there is definite.
func (c *connector) PayOut(ctx context.Context, o provider.Order) (provider.Result, error) {
	if err := c.Validate(o); err != nil {
		return refused(err), nil
	}
	contact, transfer, err := c.transferOf(o)
	if err != nil {
		return refused(err), nil
	}
	if err := c.addContact(ctx, contact); err != nil {
		return c.beforeSend(ctx, err), nil
	}
	state, err := c.send(ctx, transfer)
	if hasCode(err, codeNotContact) {
		if err := c.addContact(ctx, contact); err != nil {
			return c.beforeSend(ctx, err), nil
		}
		state, err = c.send(ctx, transfer)
	}
	return c.sent(ctx, o, state, err)
}

// transferOf makes the contact and the transfer of an order.
func (c *connector) transferOf(o provider.Order) (Contact, Transfer, error) {
	n, err := phone.Parse(o.Method.Phone, "")
	if err != nil {
		return Contact{}, Transfer{}, pay.InvalidAs(pay.CodeInvalidPhone, "method.phone", "the phone number is not valid")
	}
	amount, err := unitsNumber(o.Amount)
	if err != nil {
		return Contact{}, Transfer{}, pay.Invalid("amount", "CinetPay transfers whole amounts only")
	}
	contact := Contact{
		Prefix: n.CountryCode(), Phone: n.Subscriber(),
		Name: cmp.Or(o.Customer.Name, noName), Surname: cmp.Or(o.Customer.GivenName, noName),
		Email: o.Customer.Email,
	}
	transfer := Transfer{
		Prefix: contact.Prefix, Phone: contact.Phone, Amount: amount,
		ClientTransactionID: o.Reference, NotifyURL: cmp.Or(o.HookURL, c.env.HookURL),
	}
	// The number tells its own network; only a service beside the networks is named.
	if op, ok := phone.OperatorByID(o.Method.Operator); ok && len(op.Prefixes) == 0 {
		transfer.PaymentMethod = methodName(op)
	}
	return contact, transfer, nil
}

func (c *connector) addContact(ctx context.Context, contact Contact) error {
	return c.withToken(ctx, func(token pay.Secret) error {
		return c.client.AddContact(ctx, token, contact)
	})
}

func (c *connector) send(ctx context.Context, t Transfer) (state TransferState, err error) {
	err = c.withToken(ctx, func(token pay.Secret) error {
		state, err = c.client.SendMoney(ctx, token, t)
		return err
	})
	return state, err
}

// beforeSend is the result of a payout that ended before the send.
func (c *connector) beforeSend(ctx context.Context, err error) provider.Result {
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Outcome == pay.OutcomeFailed {
		return failure(refusal)
	}
	c.env.Log.WarnContext(ctx, "payout not sent", "error", err)
	return notSent()
}

// sent judges the answer to the send. Whatever is not a definite refusal is
// unknown, and asked for by Status under our own id.
func (c *connector) sent(ctx context.Context, o provider.Order, s TransferState, err error) (provider.Result, error) {
	var refusal *Error
	var login *loginError
	switch {
	case err == nil:
		return c.readTransfer(s, o.Amount), nil
	case errors.As(err, &login):
		return c.beforeSend(ctx, login.err), nil
	case hasCode(err, codeClientIDExists):
		// An earlier send of ours arrived after all: its fate counts.
		return c.transferStatus(ctx, provider.Ref{Kind: o.Kind, Reference: o.Reference, Amount: o.Amount, SubmittedAt: c.env.Now()})
	case errors.As(err, &refusal):
		return failure(refusal), nil
	case !c.env.Sent(err):
		return notSent(), nil
	}
	return provider.Result{}, fmt.Errorf("payout %s: %w", o.Reference, err)
}

// unconfirmedAlert is how long a transfer may wait for a person at CinetPay
// before one of ours is told.
const unconfirmedAlert = time.Hour

// transferStatus asks for a transfer by our own id.
func (c *connector) transferStatus(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	var state TransferState
	err := c.withToken(ctx, func(token pay.Secret) (err error) {
		state, err = c.client.CheckTransfer(ctx, token, TransferLookup{ClientTransactionID: ref.Reference})
		return err
	})
	var refusal *Error
	switch {
	case hasCode(err, codeNotFound):
		return provider.Result{Outcome: pay.OutcomeUnknown, Absent: true}, nil
	case errors.As(err, &refusal):
		// Of the question, not of the transfer: nothing is known.
		return provider.Result{Outcome: pay.OutcomeUnknown, Failure: pay.Failure{
			Message: cmp.Or(refusal.Description, refusal.Message), ProviderCode: refusal.Code,
		}}, nil
	case err != nil:
		return provider.Result{}, fmt.Errorf("status of transfer %s: %w", ref.Reference, err)
	}
	if state.SendingStatus.String() == sendingPending && c.env.Now().Sub(ref.SubmittedAt) >= unconfirmedAlert {
		c.env.Alert("Transfer " + ref.Reference + " waits for a person to confirm it at CinetPay")
	}
	return c.readTransfer(state, ref.Amount), nil
}

func (c *connector) readTransfer(s TransferState, ordered money.Amount) provider.Result {
	outcome, reason := treatment(s.TreatmentStatus.String(), s.Comment.String())
	r := provider.Result{
		Outcome: outcome, ProviderReference: s.TransactionID.String(), Prompted: true,
		Reference: s.ClientTransactionID.String(),
	}
	if lot := s.Lot.String(); lot != "" {
		r.Data = map[string]string{dataLot: lot}
	}
	switch outcome {
	case pay.OutcomeFailed:
		r.Failure = pay.Failure{Reason: reason, Message: s.Comment.String(), ProviderCode: treatmentRejected}
	case pay.OutcomeUnknown:
		r.Failure = pay.Failure{Message: "unknown treatment status", ProviderCode: s.TreatmentStatus.String()}
	}
	if text := s.Amount.String(); text != "" {
		amount, err := money.Parse(text, ordered.Currency)
		if err != nil || amount != ordered {
			r.Outcome = pay.OutcomeUnknown
			c.env.Alert("CinetPay reports transfer " + r.Reference + " with another amount")
		}
		r.Amount = amount
	}
	return r
}

// Balances tells what the transfer account holds.
func (c *connector) Balances(ctx context.Context) ([]money.Amount, error) {
	if !c.transfers {
		return nil, pay.Capability("connection", "no transfer password is set")
	}
	var funds Funds
	err := c.withToken(ctx, func(token pay.Secret) (err error) {
		funds, err = c.client.TransferFunds(ctx, token)
		return err
	})
	if err != nil {
		return nil, err
	}
	amount, err := money.Parse(funds.Available.String(), c.currency)
	if err != nil {
		return nil, fmt.Errorf("balance of the transfer account: %w", err)
	}
	return []money.Amount{amount}, nil
}

func hasCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
