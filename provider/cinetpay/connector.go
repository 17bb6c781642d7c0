package cinetpay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// connector is one merchant's account at CinetPay.
type connector struct {
	env       provider.Environment
	client    *Client
	siteID    string
	policy    string
	currency  money.Currency // of the transfer account
	transfers bool           // a transfer password is set
}

// The powers that CinetPay documents.
var (
	_ provider.Connector = (*connector)(nil)
	_ provider.PaysOut   = (*connector)(nil)
	_ provider.Balances  = (*connector)(nil)
	_ provider.Validates = (*connector)(nil)
	_ provider.Notified  = (*connector)(nil)
)

// connect makes a connector, refusing settings that could only fail later.
func connect(env provider.Environment) (provider.Connector, error) {
	policy := cmp.Or(env.Settings[fieldTokenPolicy], policyIfPresent)
	if !slices.Contains([]string{policyIfPresent, policyRequire, policyIgnore}, policy) {
		return nil, pay.Invalid(fieldTokenPolicy, "must be verify_if_present, require or ignore")
	}
	if policy == policyRequire && env.Secret(fieldSecretKey) == "" {
		return nil, pay.Invalid(fieldSecretKey, "is needed to require a valid x-token")
	}
	currency := money.Currency(cmp.Or(env.Settings[fieldTransferCurrency], string(money.XOF)))
	if _, ok := currencyLimits[currency]; !ok {
		return nil, pay.Invalid(fieldTransferCurrency, "is not a currency of CinetPay")
	}
	if env.Secret(fieldAPIKey) == "" || env.Settings[fieldSiteID] == "" {
		return nil, pay.Invalid(fieldAPIKey, "the API key and the site id are needed")
	}
	return &connector{
		env: env, siteID: env.Settings[fieldSiteID], policy: policy, currency: currency,
		transfers: env.Secret(fieldTransferPassword) != "",
		client: New(Config{
			APIKey: env.Credentials[fieldAPIKey], SiteID: env.Settings[fieldSiteID],
			Password: env.Credentials[fieldTransferPassword],
			BaseURL:  env.Settings[fieldBaseURL], TransferBaseURL: env.Settings[fieldTransferBaseURL],
			HTTP: env.HTTP,
		}),
	}, nil
}

// Validate refuses what CinetPay is documented to refuse.
func (c *connector) Validate(o provider.Order) error {
	limit, ok := currencyLimits[o.Amount.Currency]
	if !ok {
		return pay.Capability("currency", "CinetPay does not take this currency")
	}
	units, whole := wholeUnits(o.Amount)
	switch {
	case !whole:
		return pay.Invalid("amount", "CinetPay takes whole amounts only")
	case o.Kind == pay.Payout:
		return c.validatePayout(o, units)
	case units < limit.clientMin:
		return pay.InvalidAs(pay.CodeAmountTooLow, "amount", "the amount is below CinetPay's minimum")
	case units%limit.step != 0:
		return pay.Invalid("amount", "CinetPay takes multiples of 5 only")
	}
	return nil
}

// Keys of an attempt's data.
const (
	dataToken         = "payment_token"
	dataURL           = "payment_url"
	dataTransactionID = "transaction_id"
	dataLot           = "lot"
	dataRefund        = "refund"
)

// Submit asks for a payment page.
func (c *connector) Submit(ctx context.Context, o provider.Order) (provider.Result, error) {
	if err := c.Validate(o); err != nil {
		return refused(err), nil
	}
	request, err := c.paymentRequest(o)
	if err != nil {
		return refused(err), nil
	}
	c.rememberRequest(ctx, o.Reference, openRequest{Request: request, At: c.env.Now()})
	return c.createPage(ctx, o.Reference, request, time.Time{})
}

// createPage makes the page of a request that has been remembered. limited is
// since when CinetPay has put it off, zero the first time.
func (c *connector) createPage(ctx context.Context, reference string, r PaymentRequest, limited time.Time) (provider.Result, error) {
	page, err := c.client.CreatePayment(ctx, r)
	var refusal *Error
	switch {
	case err == nil:
		// The request is kept until it expires: a crash before this answer is
		// recorded must not lose the id that it was made under.
		return provider.Result{
			Outcome:    pay.OutcomePending,
			NextAction: pay.NextAction{Type: pay.Redirect, URL: page.URL.String()},
			Data: map[string]string{
				dataToken: page.Token.String(), dataURL: page.URL.String(), dataTransactionID: r.TransactionID,
			},
			ProviderReference: page.Token.String(),
			Prompted:          true,
		}, nil
	case errors.As(err, &refusal):
		return c.noPage(ctx, reference, r, limited, refusal), nil
	case !c.env.Sent(err):
		c.forgetRequest(ctx, reference)
		return notSent(), nil
	}
	return provider.Result{}, fmt.Errorf("payment %s: %w", r.TransactionID, err)
}

// noName stands for a name that the order lacks where CinetPay wants one.
const noName = "Client"

// paymentRequest fills in the seed's ten fields and those of the later
// documents that the order has a value for.
func (c *connector) paymentRequest(o provider.Order) (PaymentRequest, error) {
	amount, err := unitsNumber(o.Amount)
	if err != nil {
		return PaymentRequest{}, pay.Invalid("amount", "CinetPay takes whole amounts only")
	}
	r := PaymentRequest{
		TransactionID:       o.Reference,
		Amount:              amount,
		Currency:            string(o.Amount.Currency),
		Description:         withoutForbidden(cmp.Or(o.Description, "Paiement "+o.Reference)),
		NotifyURL:           cmp.Or(o.HookURL, c.env.HookURL),
		ReturnURL:           cmp.Or(o.ReturnURL, c.env.HookURL),
		CustomerName:        o.Customer.Name,
		CustomerSurname:     o.Customer.GivenName,
		CustomerEmail:       o.Customer.Email,
		CustomerPhoneNumber: cmp.Or(o.Method.Phone, o.Customer.Phone),
		CustomerAddress:     o.Customer.Address,
		CustomerCity:        o.Customer.City,
		CustomerCountry:     o.Customer.Country,
		CustomerZipCode:     o.Customer.PostCode,
		CustomerState:       o.Customer.State,
	}
	r.Channels = channelFor(o.Method.Type, r)
	// Always sent, but a name that was not given opens no card page.
	r.CustomerName, r.CustomerSurname = cmp.Or(r.CustomerName, noName), cmp.Or(r.CustomerSurname, noName)
	// The order names the number that pays: the page must not take another.
	r.LockPhoneNumber = o.Method.Type == pay.MobileMoney && o.Method.Phone != ""
	return r, nil
}

// channelFor names the channel of the chosen method. Cards alone need fields
// that an order may lack; the page that offers everything takes cards as well.
func channelFor(m pay.MethodType, r PaymentRequest) string {
	switch {
	case m == pay.MobileMoney:
		return channelMobile
	case m == pay.Wallet:
		return channelWallet
	case m == pay.CardMethod && r.missingForCard() == "":
		return channelCard
	}
	return channelAll
}

// Status asks what has become of a transaction.
func (c *connector) Status(ctx context.Context, ref provider.Ref) (provider.Result, error) {
	if ref.Kind.Debits() {
		return c.transferStatus(ctx, ref)
	}
	id, lost := c.submittedAs(ctx, ref)
	payment, err := c.client.CheckPayment(ctx, Lookup{TransactionID: id, PaymentToken: ref.Data[dataToken]})
	var refusal *Error
	switch {
	case err == nil:
		r := c.read(ref, payment)
		if lost != nil {
			r.Data[dataTransactionID] = id // outlives what is remembered
		}
		return r, nil
	case errors.As(err, &refusal) && lost != nil:
		return c.initialiseAgain(ctx, ref, *lost, refusal)
	case errors.As(err, &refusal):
		return failure(refusal), nil
	}
	return provider.Result{}, fmt.Errorf("status of %s: %w", id, err)
}

// read turns a check into a result. The code decides; a success must also be of
// the amount and currency that were asked for, where the answer names them.
func (c *connector) read(ref provider.Ref, p Payment) provider.Result {
	outcome, reason, known := classify(p.Code, p.Message+" "+p.Description, p.Data.Status.String())
	r := provider.Result{
		Outcome: outcome, PaidVia: p.Data.PaymentMethod.String(), Prompted: true,
		ProviderReference: cmp.Or(ref.ProviderReference, ref.Data[dataToken]), Data: map[string]string{},
	}
	r.Phone, r.Operator = payer(p.Data)
	switch {
	case !known:
		c.env.Alert("CinetPay answered a check with a code that nobody has described: " + p.Code)
		r.Failure = failureOf("", p)
	case outcome == pay.OutcomeFailed:
		r.Failure = failureOf(reason, p)
	case outcome == pay.OutcomePending:
		r.NextAction = nextAction(p.Code, ref.Data[dataURL])
		r.Prompted = p.Code != codeWaitingPayment
	case outcome == pay.OutcomeSucceeded:
		c.verify(&r, ref, p)
	}
	return r
}

// verify holds a success against the order.
func (c *connector) verify(r *provider.Result, ref provider.Ref, p Payment) {
	doubt := ""
	if status := p.Data.Status.String(); p.Code == codeSuccess && status != "" && status != statusAccepted {
		doubt = "its status is not ACCEPTED"
	}
	if currency := p.Data.Currency.String(); currency != "" && currency != string(ref.Amount.Currency) {
		doubt = "its currency differs from the order's"
	}
	if text := p.Data.Amount.String(); text != "" && doubt == "" {
		amount, err := money.Parse(text, ref.Amount.Currency)
		if err != nil || amount != ref.Amount {
			doubt = "its amount differs from the order's"
		}
		r.Amount = amount
	}
	if doubt != "" {
		r.Outcome = pay.OutcomeUnknown
		r.Failure = pay.Failure{Message: "reported as paid, but " + doubt, ProviderCode: p.Code}
		c.env.Alert("CinetPay reports payment " + ref.Reference + " as paid, but " + doubt)
		return
	}
	switch p.Code {
	case codeRefunding:
		r.Data[dataRefund] = "pending"
	case codeRefunded:
		r.Data[dataRefund] = "done"
	}
	if r.Data[dataRefund] != "" {
		c.env.Alert("CinetPay reports payment " + ref.Reference + " as paid and given back, which this gateway did not ask for")
	}
}

func failureOf(reason pay.Reason, p Payment) pay.Failure {
	return pay.Failure{Reason: reason, Message: cmp.Or(p.Description, p.Message), ProviderCode: p.Code}
}

// nextAction says what a waiting customer has to do: on the phone, or on the
// page that is still open.
func nextAction(code, pageURL string) pay.NextAction {
	switch {
	case code == codeWaitingApproval:
		return pay.NextAction{Type: pay.ApproveOnPhone}
	case pageURL == "":
		return pay.NextAction{}
	}
	return pay.NextAction{Type: pay.Redirect, URL: pageURL}
}

// payer reads the number that paid, and the operator where its name is known.
func payer(d PaymentData) (e164, operator string) {
	if d.PhonePrefix == "" || d.PhoneNumber == "" {
		return "", ""
	}
	n, err := phone.Parse("+"+d.PhonePrefix.String()+d.PhoneNumber.String(), "")
	if err != nil {
		return "", ""
	}
	if o, ok := operatorNamed(d.PaymentMethod.String(), n); ok {
		return n.E164(), o.ID
	}
	return n.E164(), ""
}

// refused turns a refusal of our own, before any call, into a result.
func refused(err error) provider.Result {
	reason := pay.BadRequest
	var e *pay.Error
	if errors.As(err, &e) {
		switch e.Code {
		case pay.CodeAmountTooLow:
			reason = pay.AmountTooLow
		case pay.CodeAmountTooHigh:
			reason = pay.AmountTooHigh
		case pay.CodeInvalidPhone:
			reason = pay.InvalidPhone
		}
	}
	return provider.Result{
		Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: reason, Message: err.Error()},
	}
}

// failure turns CinetPay's answer with a code into a result.
func failure(e *Error) provider.Result {
	return provider.Result{
		Outcome: e.Outcome,
		Failure: pay.Failure{Reason: e.Reason, Message: cmp.Or(e.Description, e.Message), ProviderCode: e.Code},
	}
}

// notSent is the result of a request that never left.
func notSent() provider.Result {
	return provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{
		Reason: pay.OperatorUnavailable, Message: "CinetPay could not be reached",
	}}
}
