package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// front drives one front as a merchant's program does: its documented requests,
// answers and notifications, written from the wire documents.
type front struct {
	name, title string
	currencies  []money.Currency // nil is all
	countries   []string         // where the phones of its requests are; nil is everywhere
	// ways are what its requests can ask for, the preferred first.
	ways []way
	// waits: a push is answered when it has ended, and a question likewise.
	waits bool
	// ask asks for a payment, with whatever has to come before.
	ask func(context.Context, seller, purchase) (answer, error)
	// taken reads the answer to ask. A payment that is refused within the answer
	// is taken all the same.
	taken func(purchase, answer) (receipt, error)
	// outcome asks what became of a payment.
	outcome func(context.Context, seller, receipt) (outcome, error)
	// at is the path of the shop's server where it notifies.
	at string
	// heard reads a notification: whose it is, and what it says. One that isn't
	// genuine is an error.
	heard func(seller, arrived) (reference string, said outcome, err error)
	// incapable says why an answer is not the front's refusal of what no rail
	// can carry.
	incapable func(answer) error
}

// of is the driver with what the descriptor says.
func (f front) of(p *provider.Provider) front {
	f.name, f.title, f.currencies, f.countries = p.Name, p.Title, p.Currencies, p.Countries
	return f
}

// serves tells whether a request of the front can name a phone of a country.
func (f front) serves(country string) bool {
	return f.countries == nil || slices.Contains(f.countries, country)
}

// outcome is what a merchant learns of a payment.
type outcome string

const (
	open    outcome = "open"
	paid    outcome = "paid"
	refused outcome = "refused"
)

// purchase is what a customer buys and how.
type purchase struct {
	way       way
	method    pay.MethodType
	reference string
	amount    money.Amount
	// payer pays, customer is the number that the request names (both E.164).
	payer, customer string
	card            string
	// notify is the shop's server.
	notify string
}

// receipt is what a merchant keeps of a payment it has asked for.
type receipt struct {
	purchase

	// handle is what the front calls the payment, where not by the reference.
	handle string
	// page is where the customer is sent, "" for nowhere.
	page string
}

// drivers are the fronts by provider.
var drivers = map[string]func() front{
	"komipay":  komipayFront,
	"mypvit":   mypvitFront,
	"flexpay":  flexpayFront,
	"cinetpay": cinetpayFront,
	"mypayga":  mypaygaFront,
}

// among gives the outcome of a word, open for one that is in neither list.
func among(word string, good, bad []string) outcome {
	switch {
	case slices.Contains(good, word):
		return paid
	case slices.Contains(bad, word):
		return refused
	}
	return open
}

// text reads a field as text, whichever of text or number it is.
func text(o map[string]any, name string) string {
	switch v := o[name].(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strings.TrimSuffix(fmt.Sprintf("%.2f", v), ".00")
	default:
		return fmt.Sprint(v)
	}
}

// within is an object in an object, empty when it isn't there.
func within(o map[string]any, name string) map[string]any {
	inner, _ := o[name].(map[string]any)
	return inner
}

// local is a number without its country code, of so many digits.
func local(e164 string, digits int) string {
	return e164[max(0, len(e164)-digits):]
}

// want is an error unless two texts are equal.
func want(what, got, wanted string) error {
	if got != wanted {
		return fmt.Errorf("%s is %q, want %q", what, got, wanted)
	}
	return nil
}
