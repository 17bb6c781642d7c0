package mypayga

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// connector is one merchant's account at MyPayGa.
type connector struct {
	env     provider.Environment
	client  *Client
	api     string
	confirm bool
}

// The powers that MyPayGa documents.
var (
	_ provider.Connector = (*connector)(nil)
	_ provider.PaysOut   = (*connector)(nil)
	_ provider.Refunder  = (*connector)(nil)
	_ provider.Quotes    = (*connector)(nil)
	_ provider.Validates = (*connector)(nil)
	_ provider.Notified  = (*connector)(nil)
)

// connect makes a connector, refusing settings that could only fail later.
func connect(env provider.Environment) (provider.Connector, error) {
	api := cmp.Or(env.Settings[fieldAPI], apiSeed)
	if api != apiSeed && api != apiV1 {
		return nil, pay.Invalid(fieldAPI, "must be seed or v1")
	}
	confirm := cmp.Or(env.Settings[fieldConfirmCallbacks], "false")
	if confirm != "true" && confirm != "false" {
		return nil, pay.Invalid(fieldConfirmCallbacks, "must be true or false")
	}
	if env.Secret(fieldAPIKey) == "" {
		return nil, pay.Invalid(fieldAPIKey, "the secret API key is needed")
	}
	return &connector{
		env: env, api: api, confirm: confirm == "true",
		client: New(Config{
			APIKey: env.Credentials[fieldAPIKey], PublicKey: env.Settings[fieldPublicKey],
			BaseURL: env.Settings[fieldBaseURL], CardBaseURL: env.Settings[fieldCardBaseURL], HTTP: env.HTTP,
		}),
	}, nil
}

// Keys of an attempt's data.
const (
	dataToken       = "payment_token"
	dataAnswerToken = "answer_token"
	dataRefundID    = "refund_id"
	dataRefundSent  = "refund_sent"
)

// Validate refuses what MyPayGa can't carry. CFA names no currency: which
// franc is charged follows from the number's country. Before the customer has
// chosen, the order does not name the one that pays.
func (c *connector) Validate(o provider.Order) error {
	if o.Amount.Currency != money.XAF && o.Amount.Currency != money.XOF {
		return pay.Capability("currency", "MyPayGa moves CFA francs only")
	}
	if !o.Amount.IsPositive() {
		return pay.Invalid("amount", "the amount must be above zero")
	}
	if o.Kind == pay.Refund {
		return nil
	}
	if o.Method.Type == pay.CardMethod {
		return c.validateCard(o)
	}
	if o.Method.Phone == "" {
		return nil
	}
	n, err := payer(o)
	if err != nil {
		return err
	}
	if currencyOf(n) != o.Amount.Currency {
		return otherFranc()
	}
	if c.api == apiV1 && o.Kind == pay.Payment && !slices.Contains(knownNetworks, networkOf(o, n)) {
		return pay.Capability("method.operator", "MyPayGa has no network for this operator")
	}
	return nil
}

// payer is the number of the wallet that pays or is paid, else the customer's.
// One of another country is no mistake: it is a matter for another rail.
func payer(o provider.Order) (phone.Number, error) {
	n, err := phone.Parse(cmp.Or(o.Method.Phone, o.Customer.Phone), "")
	switch {
	case err != nil:
		return phone.Number{}, pay.InvalidAs(pay.CodeInvalidPhone, "phone", "MyPayGa needs the customer's mobile number")
	case !slices.Contains(countries, n.Country()):
		return phone.Number{}, pay.Capability("phone", "MyPayGa does not serve the number's country")
	}
	return n, nil
}

func otherFranc() error {
	return pay.Capability("currency", "MyPayGa charges the CFA franc of the number's country, which is not the order's currency")
}

func networkOf(o provider.Order, n phone.Number) string {
	if code := networkCode(o.Method.Operator); code != "" {
		return code
	}
	suggested, _ := phone.Suggest(n)
	return networkCode(suggested.ID)
}

// Submit starts a payment: a prompt on the phone, or a page for a card.
func (c *connector) Submit(ctx context.Context, o provider.Order) (provider.Result, error) {
	if err := c.Validate(o); err != nil {
		return refused(err), nil
	}
	if _, err := payer(o); err != nil && o.Method.Type != pay.CardMethod {
		return refused(err), nil
	}
	if c.api == apiV1 {
		return c.pay(ctx, o)
	}
	request := paymentRequest(o)
	references, err := c.client.References(ctx, request)
	if err != nil {
		return c.nothingStarted(ctx, "gethash", err), nil
	}
	request.Token = references.PaymentToken.String()
	if o.Method.Type == pay.CardMethod {
		return c.cardForm(o, references), nil
	}
	return c.prompt(ctx, o, request), nil
}

// nothingStarted is the result of a preparing call that did not succeed,
// refused or lost alike: it moves nothing and asks nobody, so the order has
// failed for certain, and another rail may take it.
func (c *connector) nothingStarted(ctx context.Context, call string, err error) provider.Result {
	var refusal *Error
	if errors.As(err, &refusal) {
		return failed(refusal)
	}
	c.env.Log.WarnContext(ctx, "mypayga: a preparing call failed", "call", call, "error", err)
	return unreachable()
}

// prompt has the customer asked. The token is known before, so that doubt is a
// result that keeps it: by it the detail is asked for.
func (c *connector) prompt(ctx context.Context, o provider.Order, request PaymentRequest) provider.Result {
	started, err := c.client.RequestPayment(ctx, request)
	r, err := c.started(o, err)
	switch {
	case err != nil:
		c.env.Log.WarnContext(ctx, "mypayga: outcome of a submission is unknown", "reference", o.Reference, "error", err)
		r = provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}
	case r.Outcome == pay.OutcomeFailed:
		return r
	default:
		r.NextAction = pay.NextAction{Type: pay.ApproveOnPhone}
	}
	r.ProviderReference = request.Token
	r.Data = map[string]string{dataToken: request.Token}
	if answered := started.PaymentToken.String(); answered != "" && answered != request.Token {
		r.Data[dataAnswerToken] = answered
		c.rememberToken(ctx, answered, o.Reference)
	}
	return r
}

// started reads the error of the call that asks the customer.
func (c *connector) started(o provider.Order, err error) (provider.Result, error) {
	var refusal *Error
	switch {
	case err == nil:
		return provider.Result{Outcome: pay.OutcomePending, Prompted: true}, nil
	case errors.As(err, &refusal):
		return failed(refusal), nil
	case !c.env.Sent(err):
		return unreachable(), nil
	}
	return provider.Result{}, fmt.Errorf("payment %s: %w", o.Reference, err)
}

func paymentRequest(o provider.Order) PaymentRequest {
	r := PaymentRequest{
		UniqueID: o.Reference, Amount: o.Amount.Plain(), Email: o.Customer.Email,
		FirstName: o.Customer.GivenName, LastName: o.Customer.Name,
		Description: cmp.Or(o.Description, "Paiement "+o.Reference),
	}
	if n, err := payer(o); err == nil {
		r.Phone = written(n)
	}
	return r
}

// pay starts a payment by the newer API.
func (c *connector) pay(ctx context.Context, o provider.Order) (provider.Result, error) {
	answer, err := c.client.Pay(ctx, c.paymentOrder(o))
	r, err := c.started(o, err)
	if err != nil || r.Outcome == pay.OutcomeFailed {
		return r, err
	}
	token := answer.PaymentToken.String()
	r.ProviderReference = token
	r.Data = map[string]string{dataToken: token}
	r.NextAction = pay.NextAction{Type: pay.ApproveOnPhone}
	if page := cmp.Or(answer.CheckoutURL.String(), answer.WaveURL.String()); page != "" {
		r.NextAction = pay.NextAction{Type: pay.Redirect, URL: page}
	}
	return r, nil
}

func (c *connector) paymentOrder(o provider.Order) PaymentOrder {
	order := PaymentOrder{
		URLs:   PaymentURLs{Callback: cmp.Or(o.HookURL, c.env.HookURL), Success: o.ReturnURL, Failure: o.ReturnURL},
		Amount: o.Amount.Plain(), Currency: string(o.Amount.Currency), UniqueID: o.Reference,
		OTP: o.OTP.Reveal(), FirstName: o.Customer.GivenName, LastName: o.Customer.Name,
		Email: o.Customer.Email, Description: cmp.Or(o.Description, "Paiement "+o.Reference),
	}
	n, err := payer(o)
	if err == nil {
		order.ClientPhone, order.Country = n.National(), n.Country()
	}
	if o.Method.Type == pay.CardMethod {
		order.Type = typeCard
		order.Country = cardCountry(o, order.Country)
		return order
	}
	order.Type, order.Network = typeMobile, networkOf(o, n)
	return order
}

// Quote asks getFees: the merchant's own rate, of the amount.
func (c *connector) Quote(ctx context.Context, q provider.QuoteOrder) (money.Amount, error) {
	operator, ok := phone.OperatorByID(q.Operator)
	if q.Operator == "" {
		operator, ok = defaultOperator(q.Amount.Currency)
	}
	code := networkCodes[operator.Brand]
	if !ok || code == "" || operator.Currency != q.Amount.Currency {
		return money.Amount{}, pay.Capability("operator", "MyPayGa tells no fee for this operator and currency")
	}
	rates, err := c.client.Rates(ctx, code, operator.Country)
	if err != nil {
		return money.Amount{}, fmt.Errorf("quote: %w", err)
	}
	fee, err := rateOf(q.Amount, cmp.Or(rates.Custom.String(), rates.Standard.String()))
	if err != nil {
		return money.Amount{}, fmt.Errorf("quote: %w", err)
	}
	return fee, nil
}

func defaultOperator(currency money.Currency) (phone.Operator, bool) {
	id := "airtel_ga"
	if currency == money.XOF {
		id = "orange_ci"
	}
	return phone.OperatorByID(id)
}

// refused turns a refusal of our own, before any call, into a result.
func refused(err error) provider.Result {
	f := pay.Failure{Reason: pay.BadRequest, Message: err.Error()}
	var e *pay.Error
	if errors.As(err, &e) {
		f.Message = e.Message
		if e.Code == pay.CodeInvalidPhone {
			f.Reason = pay.InvalidPhone
		}
	}
	return provider.Result{Outcome: pay.OutcomeFailed, Failure: f}
}

// failed turns MyPayGa's refusal of a call into a result.
func failed(e *Error) provider.Result {
	return provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{
		Reason: e.Reason(), Message: e.Message, ProviderCode: e.Status,
	}}
}

// unreachable is the result of an order that provably was not taken.
func unreachable() provider.Result {
	return provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{
		Reason: pay.OperatorUnavailable, Message: "MyPayGa could not be reached",
	}}
}
