package komipay

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// statusTime bounds one status call, which would stay open for minutes.
	statusTime = 10 * time.Second
	// atOnce is how many status calls run side by side: beyond about ten KomiPay
	// answers with nothing.
	atOnce = 5
	// payerTime is how long the payer of a transfer company has.
	payerTime = 5 * time.Minute
)

// connector carries orders to one account at KomiPay.
type connector struct {
	env    provider.Environment
	client *Client
	tokens *tokenKeeper
	// status holds a place for each status call that runs.
	status chan struct{}
	// patience is statusTime; a test takes less.
	patience time.Duration
}

// The powers that KomiPay documents.
var (
	_ provider.Connector = (*connector)(nil)
	_ provider.Confirms  = (*connector)(nil)
	_ provider.Notified  = (*connector)(nil)
	_ provider.Validates = (*connector)(nil)
)

// connect makes a connector, refusing settings that could only fail later.
func connect(env provider.Environment) (provider.Connector, error) {
	format := first(env.Settings[fieldAmountFormat], formatPlain)
	if format != formatPlain && format != formatSpaced {
		return nil, pay.Invalid(fieldAmountFormat, "must be plain or spaced")
	}
	if env.Settings[fieldLogin] == "" || env.Secret(fieldPassword) == "" || env.Secret(fieldAPIKey) == "" {
		return nil, pay.Invalid(fieldLogin, "the login, the password and the API key are needed")
	}
	client := New(Config{
		TokenBase: env.Settings[fieldTokenBase], APIBase: env.Settings[fieldAPIBase],
		Login: env.Settings[fieldLogin], Password: env.Credentials[fieldPassword],
		APIKey: env.Credentials[fieldAPIKey], Keypass: env.Credentials[fieldKeypass],
		SpacedAmounts: format == formatSpaced, HTTP: env.HTTP,
	})
	return &connector{
		env: env, client: client, tokens: newTokenKeeper(env, client),
		status: make(chan struct{}, atOnce), patience: statusTime,
	}, nil
}

// Validate refuses what KomiPay can't carry. Before the customer has chosen,
// the order has neither phone nor operator.
func (c *connector) Validate(o provider.Order) error {
	if o.Kind != pay.Payment {
		return pay.Capability("kind", "KomiPay takes payments only")
	}
	if o.Amount.Currency != money.XOF {
		return pay.Capability("currency", "KomiPay moves XOF only")
	}
	if !o.Amount.IsPositive() {
		return pay.Invalid("amount", "the amount must be above zero")
	}
	if o.Method.Type == pay.CardMethod {
		if c.env.Secret(fieldKeypass) == "" {
			return pay.Capability("method", "this connection has no keypass, so it can't take cards")
		}
		return nil
	}
	if o.Method.Phone == "" {
		return nil
	}
	if _, err := normalPhone(o.Method.Phone); err != nil {
		return pay.Capability("method.phone", "KomiPay reaches mobile numbers of Niger only")
	}
	_, err := meansOf(o.Method)
	return err
}

// meansOf chooses the value of mobile_money. A wallet is a transfer company's,
// which no number tells.
func meansOf(m pay.Method) (means, error) {
	operator := m.Operator
	if operator == "" && m.Type == pay.MobileMoney {
		if n, err := normalPhone(m.Phone); err == nil {
			suggested, _ := phone.Suggest(n)
			operator = suggested.ID
		}
	}
	found, ok := meansByOperator(operator)
	if !ok || m.Type == pay.Wallet && found.family != STA {
		return means{}, pay.Capability("method.operator", "KomiPay does not reach this operator")
	}
	return found, nil
}

// Keys of an attempt's data.
const (
	dataMeans          = "mobile_money"
	dataCodeValidation = "code_validation"
	dataCodeAchat      = "code_achat"
	// dataCollect says whether a payment that needs an SMS code was sent.
	dataCollect    = "collect"
	collectWaiting = "waiting"
	collectSent    = "sent"
)

// Submit asks for a payment. For ZeynaCash without the payer's code it asks for
// the code instead.
func (c *connector) Submit(ctx context.Context, o provider.Order) (provider.Result, error) {
	if err := c.Validate(o); err != nil {
		return refused(err), nil
	}
	if o.Method.Type == pay.CardMethod {
		return c.submitCard(ctx, o)
	}
	m, err := meansOf(o.Method)
	if err != nil {
		return refused(err), nil
	}
	if m.name == ZeynaTransfert && o.OTP.IsZero() {
		return c.askForCode(ctx, m, o)
	}
	return c.collect(ctx, Order{
		Means: m.name, Amount: o.Amount, Reference: o.Reference,
		Name: payerName(o.Customer, ""), Phone: o.Method.Phone, SecurityCode: o.OTP,
	})
}

func payerName(c pay.Customer, other string) string {
	return first(strings.TrimSpace(c.Name+" "+c.GivenName), other, "Client")
}

// submitCard has the CVV encrypted first. Whatever goes wrong there, no payment
// was started.
func (c *connector) submitCard(ctx context.Context, o provider.Order) (provider.Result, error) {
	if o.Card == nil {
		return refused(pay.Invalid("card", "the card is needed")), nil
	}
	var cvv pay.Secret
	err := c.withToken(ctx, func(token pay.Secret) (err error) {
		cvv, err = c.client.EncryptCVV(ctx, token, o.Card.CVV)
		return err
	})
	if err != nil {
		return c.notStarted(err), nil
	}
	return c.collect(ctx, Order{
		Means: BankCard, Amount: o.Amount, Reference: o.Reference, Name: payerName(o.Customer, o.Card.Holder),
		Card: &Card{
			Number: o.Card.Number, Expiry: o.Card.Expiry, EncryptedCVV: cvv, Browser: browserFields(o.Browser),
		},
	})
}

// collect sends the order once; a second time only when its token was refused.
func (c *connector) collect(ctx context.Context, o Order) (provider.Result, error) {
	var answer Collection
	err := c.withToken(ctx, func(token pay.Secret) (err error) {
		answer, err = c.client.Collect(ctx, token, o)
		return err
	})
	var refusal *Error
	var unsent *unsentError
	switch {
	case err == nil:
		return c.collected(o, answer), nil
	case errors.As(err, &unsent), !c.env.Sent(err):
		return c.notStarted(err), nil
	case errors.As(err, &refusal) && refusal.Reason == pay.DuplicateReference:
		// The reference is ours alone, so this very payment has arrived before.
		return provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}, nil
	case errors.As(err, &refusal):
		return c.failed(refusal), nil
	}
	return provider.Result{}, fmt.Errorf("collect %s: %w", o.Reference, err)
}

func (c *connector) collected(o Order, a Collection) provider.Result {
	r := provider.Result{
		Outcome: a.Outcome, ProviderReference: a.Reference, Reference: a.ExternalReference, Prompted: true,
		Data: map[string]string{dataMeans: o.Means},
	}
	if a.CodeValidation != "" || a.CodeAchat != "" {
		r.Data[dataCodeValidation], r.Data[dataCodeAchat] = a.CodeValidation, a.CodeAchat
	}
	if a.Outcome == pay.OutcomePending {
		r.NextAction = c.nextAction(o, a)
	}
	return r
}

func (c *connector) nextAction(o Order, a Collection) pay.NextAction {
	switch {
	case o.Card != nil && isWebAddress(a.RedirectURL):
		return pay.NextAction{Type: pay.Redirect, URL: a.RedirectURL}
	case o.Card != nil:
		return pay.NextAction{}
	case a.CodeValidation != "":
		return pay.NextAction{Type: pay.ShowCode, Code: a.CodeValidation, ExpiresAt: c.env.Now().Add(payerTime)}
	}
	return pay.NextAction{Type: pay.ApproveOnPhone}
}

// Status asks what has become of a payment, by KomiPay's reference or, where
// its answer was lost, by our own.
func (c *connector) Status(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	if ref.Data[dataCollect] == collectWaiting {
		if r, done, err := c.withoutCollect(ctx, ref); done || err != nil {
			return r, err
		}
	}
	select {
	case c.status <- struct{}{}:
		defer func() { <-c.status }()
	case <-ctx.Done():
		return provider.Result{}, fmt.Errorf("status of %s: %w", ref.Reference, ctx.Err())
	}
	var state State
	err := c.withToken(ctx, func(token pay.Secret) (err error) {
		callCtx, cancel := context.WithTimeout(ctx, c.patience)
		defer cancel()
		state, err = c.client.Status(callCtx, token, first(ref.ProviderReference, ref.Reference), ref.Method.Type == pay.CardMethod)
		return err
	})
	var unsent *unsentError
	switch {
	case err == nil:
		return c.read(ref, state)
	case ctx.Err() == nil && !errors.As(err, &unsent) && errors.Is(err, context.DeadlineExceeded) && c.env.Sent(err):
		// The call stays open while the payment is pending.
		return provider.Result{Outcome: pay.OutcomePending, Prompted: true}, nil
	}
	return provider.Result{}, fmt.Errorf("status of %s: %w", ref.Reference, err)
}

// read turns a state into a result; the gateway compares reference and amount.
func (c *connector) read(ref provider.Ref, s State) (provider.Result, error) {
	r := provider.Result{
		Outcome: s.Outcome, Absent: s.Absent, Reference: s.ExternalReference, ProviderReference: s.Reference, Prompted: true,
	}
	if ref.Data[dataCollect] == collectWaiting {
		r.Data = map[string]string{dataCollect: collectSent}
	}
	if s.Absent {
		r.Reference, r.ProviderReference = "", ""
		return r, nil
	}
	if s.Outcome == pay.OutcomeFailed {
		r.Failure = pay.Failure{Reason: s.Reason, Message: s.Message, ProviderCode: providerCode(s.Answer)}
	}
	if s.Amount != "" {
		amount, err := money.Parse(withoutSpaces.Replace(s.Amount), money.XOF)
		if err != nil {
			return provider.Result{}, fmt.Errorf("status of %s: the amount can't be read", ref.Reference)
		}
		r.Amount = amount
	}
	return r, nil
}

// failed turns a refusal into a result.
func (c *connector) failed(e *Error) provider.Result {
	if e.Unauthenticated {
		c.env.Alert("KomiPay refuses this connection's credentials")
	}
	return provider.Result{
		Outcome: pay.OutcomeFailed, Prompted: !beforePrompt(e),
		Failure: pay.Failure{Reason: e.Reason, Message: e.Message, ProviderCode: providerCode(Answer{Statut: e.Statut, Code: e.Code})},
	}
}

// beforePrompt: KomiPay refused the request itself, so nobody was asked. An
// operator's refusal has a text for statut.
func beforePrompt(e *Error) bool {
	if e.Unauthenticated {
		return true
	}
	switch e.Reason {
	case pay.BadRequest, pay.InvalidPhone, pay.AmountTooLow, pay.AmountTooHigh, pay.OperatorUnavailable:
		return e.Statut == statutFalse
	}
	return false
}

func providerCode(a Answer) string {
	if code := strings.Trim(a.Statut, `"`); code != "" && code != a.Statut {
		return code
	}
	if a.Code == 0 {
		return ""
	}
	return fmt.Sprint(a.Code)
}

// notStarted is the result of a failure before the collect was sent.
func (c *connector) notStarted(err error) provider.Result {
	var refusal *Error
	if errors.As(err, &refusal) {
		r := c.failed(refusal)
		r.Prompted = false
		return r
	}
	return provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{
		Reason: pay.OperatorUnavailable, Message: "KomiPay could not be reached",
	}}
}

// refused turns a refusal of our own, before any call, into a result.
func refused(err error) provider.Result {
	return provider.Result{
		Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: pay.BadRequest, Message: err.Error()},
	}
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
