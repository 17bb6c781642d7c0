package flexpay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// connector is one merchant's account at FlexPay.
type connector struct {
	env     provider.Environment
	client  *Client
	profile string
}

// The powers that FlexPay documents.
var (
	_ provider.Connector = (*connector)(nil)
	_ provider.PaysOut   = (*connector)(nil)
	_ provider.Validates = (*connector)(nil)
	_ provider.Notified  = (*connector)(nil)
)

// connect makes a connector, refusing settings that could only fail later.
func connect(env provider.Environment) (provider.Connector, error) {
	cardAPI := cmp.Or(env.Settings[fieldCardAPI], CardV1)
	v1Body := cmp.Or(env.Settings[fieldV1Body], BodyForm)
	profile := cmp.Or(env.Settings[fieldStatusProfile], profileStrict)
	for _, setting := range []struct {
		field, value string
		known        []string
	}{
		{fieldCardAPI, cardAPI, []string{CardV1, CardV11}},
		{fieldV1Body, v1Body, []string{BodyForm, BodyJSON}},
		{fieldStatusProfile, profile, []string{profileStrict, profileExtended}},
	} {
		if !slices.Contains(setting.known, setting.value) {
			return nil, pay.Invalid(setting.field, "must be "+strings.Join(setting.known, " or "))
		}
	}
	if withoutBearer(env.Secret(fieldToken)) == "" || env.Settings[fieldMerchant] == "" {
		return nil, pay.Invalid(fieldToken, "the token and the merchant code are needed")
	}
	checkBase := cmp.Or(env.Settings[fieldCheckBase], env.Settings[fieldPayBase])
	for field, address := range map[string]string{
		fieldCardBase: env.Settings[fieldCardBase], fieldPayBase: env.Settings[fieldPayBase], fieldCheckBase: checkBase,
	} {
		if !isSafeBase(address) {
			return nil, pay.Invalid(field, "must be an https address")
		}
	}
	return &connector{env: env, profile: profile, client: New(Config{
		Token: env.Credentials[fieldToken], Merchant: env.Settings[fieldMerchant],
		CardBase: env.Settings[fieldCardBase], PayBase: env.Settings[fieldPayBase], CheckBase: checkBase,
		CardAPI: cardAPI, V1Body: v1Body, CheckoutHosts: hostList(env.Settings[fieldCheckoutHosts]), HTTP: env.HTTP,
	})}, nil
}

// isSafeBase asks for https, since each request carries the token; a server on
// this very machine may do without.
func isSafeBase(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && local
}

func hostList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// Validate refuses what FlexPay is documented to refuse.
func (c *connector) Validate(o provider.Order) error {
	if o.Amount.Currency != money.CDF && o.Amount.Currency != money.USD {
		return pay.Capability("currency", "FlexPay does not take this currency")
	}
	if _, err := AmountText(o.Amount); err != nil {
		return pay.Invalid("amount", "FlexPay takes whole amounts of CDF only")
	}
	if o.Kind == pay.Payment && o.Method.Type == pay.CardMethod {
		return nil
	}
	if _, ok := phoneDigits(o); !ok {
		return pay.InvalidAs(pay.CodeInvalidPhone, "phone", "FlexPay takes mobile numbers of the Democratic Republic of the Congo only")
	}
	return nil
}

// phoneDigits is the number as the wire has it: 243 and nine digits.
func phoneDigits(o provider.Order) (string, bool) {
	n, err := phone.Parse(cmp.Or(o.Method.Phone, o.Customer.Phone), "")
	if err != nil || n.Country() != country {
		return "", false
	}
	return n.Digits(), true
}

// Keys of an attempt's data.
const (
	dataURL = "url"
	// dataHint is the end of the page's address, which may be the orderNumber.
	dataHint   = "order_number_hint"
	dataRefund = "refund"
)

// Submit asks for a card page, or prompts the payer's phone.
func (c *connector) Submit(ctx context.Context, o provider.Order) (provider.Result, error) {
	if err := c.Validate(o); err != nil {
		return refused(err), nil
	}
	if o.Method.Type == pay.CardMethod {
		in, err := c.client.PayCard(ctx, c.cardRequest(o))
		return c.initiated(ctx, o, in, err)
	}
	in, err := c.client.PayMobile(ctx, c.mobileRequest(o))
	return c.initiated(ctx, o, in, err)
}

// PayOut sends money to a phone.
func (c *connector) PayOut(ctx context.Context, o provider.Order) (provider.Result, error) {
	if err := c.Validate(o); err != nil {
		return refused(err), nil
	}
	in, err := c.client.PayOut(ctx, c.mobileRequest(o))
	return c.initiated(ctx, o, in, err)
}

// cardRequest fills in all of the seed's fields. The browser comes back to one
// page of ours whatever the outcome: the address it comes by proves nothing.
func (c *connector) cardRequest(o provider.Order) CardRequest {
	text, _ := AmountText(o.Amount) // validated
	return CardRequest{
		Reference: o.Reference, Amount: text, Currency: string(o.Amount.Currency),
		Description: cmp.Or(o.Description, "Paiement "+o.Reference),
		CallbackURL: cmp.Or(o.HookURL, c.env.HookURL),
		ApproveURL:  o.ReturnURL, CancelURL: o.ReturnURL, DeclineURL: o.ReturnURL, HomeURL: o.ReturnURL,
	}
}

func (c *connector) mobileRequest(o provider.Order) MobileRequest {
	text, _ := AmountText(o.Amount) // validated
	digits, _ := phoneDigits(o)     // validated
	return MobileRequest{
		Reference: o.Reference, Phone: digits, Amount: text, Currency: string(o.Amount.Currency),
		CallbackURL: cmp.Or(o.HookURL, c.env.HookURL), Description: o.Description,
	}
}

// initiated turns what an initiation brought into a result.
func (c *connector) initiated(ctx context.Context, o provider.Order, in Initiation, err error) (provider.Result, error) {
	var refusal *Error
	switch {
	case err == nil:
		c.learnOrderNumber(ctx, o.Reference, in.OrderNumber)
		return accepted(o, in), nil
	case errors.As(err, &refusal):
		return provider.Result{Outcome: refusal.Outcome, Failure: pay.Failure{
			Reason: refusal.Reason, Message: refusal.Message, ProviderCode: refusal.Code,
		}}, nil
	case !c.env.Sent(err):
		return provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{
			Reason: pay.OperatorUnavailable, Message: "FlexPay could not be reached",
		}}, nil
	}
	return provider.Result{}, fmt.Errorf("%s %s: %w", o.Kind, o.Reference, err)
}

// accepted is the result of an initiation that FlexPay took. A card payment
// without a page is unknown: it is there, and nobody can pay it.
func accepted(o provider.Order, in Initiation) provider.Result {
	r := provider.Result{
		Outcome: pay.OutcomePending, ProviderReference: in.OrderNumber, Prompted: true, Data: map[string]string{},
	}
	switch {
	case o.Kind == pay.Payout:
	case o.Method.Type != pay.CardMethod:
		r.NextAction = pay.NextAction{Type: pay.ApproveOnPhone}
	case in.URL == "":
		r.Outcome = pay.OutcomeUnknown
	default:
		r.NextAction = pay.NextAction{Type: pay.Redirect, URL: in.URL}
		r.Data[dataURL] = in.URL
		if hint := orderNumberHint(in.URL); in.OrderNumber == "" && hint != "" {
			r.Data[dataHint] = hint
		}
	}
	return r
}

var likeOrderNumber = regexp.MustCompile(`^[A-Za-z0-9]{12,64}$`)

// orderNumberHint is the last segment of a page's address when it could be an
// orderNumber. A check tells whether it is.
func orderNumberHint(address string) string {
	u, err := url.Parse(address)
	if err != nil || !likeOrderNumber.MatchString(path.Base(u.Path)) {
		return ""
	}
	return path.Base(u.Path)
}

// refused turns a refusal of our own, before any call, into a result.
func refused(err error) provider.Result {
	reason := pay.BadRequest
	var e *pay.Error
	if errors.As(err, &e) && e.Code == pay.CodeInvalidPhone {
		reason = pay.InvalidPhone
	}
	return provider.Result{
		Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: reason, Message: err.Error()},
	}
}
