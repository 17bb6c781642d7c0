package flexpay

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Keys of a transaction's front data.
const (
	frontCallbackURL = "callback_url"
	frontOperation   = "operation"
)

// maxReference is the length of a reference in characters.
const maxReference = 25

// knownFields are the fields that some operation reads; none may be an object.
var knownFields = []string{
	"merchant", "type", "reference", "phone", "currency", "description", "callback_url",
	"approve_url", "cancel_url", "decline_url", "home_url", "return_url",
}

// addresses are the fields that must be web addresses where they are given.
var addresses = []string{"callback_url", "approve_url", "cancel_url", "decline_url", "home_url", "return_url"}

// order validates what all initiations have in common, in the order of the
// document's table, and makes the request of it. required are names as the
// operation's document spells them.
func (d *dialect) order(ctx context.Context, c call, operation string, kind pay.Kind, required []string) (provider.Request, *refusal) {
	for _, name := range required {
		if c.params.text(canonical(name)) == "" {
			return provider.Request{}, refuse(messageMissing(name))
		}
	}
	for _, name := range knownFields {
		if c.params[name].object {
			return provider.Request{}, refuse(messageInvalid(name))
		}
	}
	reference := c.params.text("reference")
	switch {
	case c.params.text("merchant") != c.account.Merchant:
		return provider.Request{}, refuse(messageMerchant)
	case utf8.RuneCountInString(reference) > maxReference:
		return provider.Request{}, refuse(messageInvalid("reference"))
	}
	amount, refused := orderAmount(c.params)
	if refused == nil {
		refused = d.checkAddresses(c.params)
	}
	if refused == nil {
		refused = d.checkUnused(ctx, c.account, reference, kind)
	}
	if refused != nil {
		return provider.Request{}, refused
	}
	return provider.Request{
		Kind: kind, Reference: reference, Amount: amount, Description: c.params.text("description"),
		FrontData: map[string]string{
			frontCallbackURL: c.params.text("callback_url"), frontOperation: operation,
		},
	}, nil
}

func orderAmount(p params) (money.Amount, *refusal) {
	currency := money.Currency(p.text("currency"))
	if currency != money.CDF && currency != money.USD {
		return money.Amount{}, refuse(messageCurrency)
	}
	amount, err := readAmount(p.text("amount"), currency)
	if err != nil || p["amount"].object {
		return money.Amount{}, refuse(messageAmount)
	}
	return amount, nil
}

func (d *dialect) checkAddresses(p params) *refusal {
	for _, name := range addresses {
		if text := p.text(name); text != "" && !isWebAddress(text) {
			return refuse(messageURL)
		}
	}
	if to := p.text("callback_url"); to != "" && d.gw.CheckURL(to) != nil {
		return refuse(messageURL)
	}
	return nil
}

// checkUnused holds a reference against transactions of the other kind: FlexPay
// has one series of references, where the gateway has one per kind.
func (d *dialect) checkUnused(ctx context.Context, a account, reference string, kind pay.Kind) *refusal {
	other := pay.Payout
	if kind == pay.Payout {
		other = pay.Payment
	}
	_, err := d.gw.Find(ctx, a.caller(), provider.Search{Reference: reference, Kind: other})
	switch {
	case err == nil:
		return refuse(messageDuplicate)
	case errors.Is(err, pay.ErrNotFound):
		return nil
	}
	return faultOf(err)
}

// noPage is an address that leads to no web page: the browser stays where it is.
const noPage = "about:blank"

// returnsTo sends the browser back by outcome. An outcome without an address of
// its own gets home_url or return_url, else none: it must not borrow another's,
// or a declined payment would end on approve_url.
func returnsTo(p params, fields map[string]string) map[pay.Status]pay.Return {
	home := p.text("home_url")
	if home == "" {
		home = p.text("return_url")
	}
	own := map[pay.Status]string{
		pay.StatusSucceeded: p.text("approve_url"),
		pay.StatusCanceled:  p.text("cancel_url"),
		pay.StatusFailed:    p.text("decline_url"),
	}
	returns, some := map[pay.Status]pay.Return{}, home != ""
	for status, address := range own {
		some = some || address != ""
		if address == "" {
			address = home
		}
		if address == "" {
			returns[status] = pay.Return{URL: noPage}
			continue
		}
		returns[status] = pay.Return{URL: address, Fields: fields}
	}
	if !some {
		return nil
	}
	return returns
}
