package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

// way is one manner in which a front's requests can ask for a payment.
type way struct {
	name string
	// methods are the means it can be paid by, the preferred first.
	methods []pay.MethodType
	// browser: its answer can send the customer to a page.
	browser bool
	// chosen: the customer chooses and types on our page, so that nothing in the
	// request ties the payment to the front's own countries.
	chosen bool
}

var (
	// byPush names the phone in the request.
	byPush = way{name: "push", methods: []pay.MethodType{pay.MobileMoney}}
	// byPage gives an address of our page.
	byPage = way{name: "page", methods: []pay.MethodType{pay.MobileMoney, pay.CardMethod}, browser: true, chosen: true}
	// byCardPage is a page for cards alone.
	byCardPage = way{name: "card page", methods: []pay.MethodType{pay.CardMethod}, browser: true, chosen: true}
	// byCard has the card in the request.
	byCard = way{name: "card", methods: []pay.MethodType{pay.CardMethod}, browser: true}
)

// plan is how a pair carries a payment, or why it can't.
type plan struct {
	way      way
	method   pay.MethodType
	currency money.Currency
	// country is where the payer's phone is.
	country string
	// hosted: the customer finishes on the rail's page.
	hosted bool
	// reason is why nothing can be carried, "" when something can.
	reason string
}

// planFor finds the first way of the front that the rail can carry.
func planFor(f front, r rail) plan {
	for _, w := range f.ways {
		if p, ok := planBy(f, r, w); ok {
			return p
		}
	}
	if len(shared(f, r)) == 0 {
		return plan{reason: fmt.Sprintf("no common currency: %s against %s", codes(f.currencies), codes(r.descriptor.Currencies))}
	}
	var names []string
	for _, w := range f.ways {
		names = append(names, w.name)
	}
	return plan{reason: fmt.Sprintf("%s asks by %s, which %s can't carry", f.title, strings.Join(names, " or "), r.title)}
}

// planBy plans one way of a front by a rail.
func planBy(f front, r rail, w way) (plan, bool) {
	for _, m := range w.methods {
		for _, c := range shared(f, r) {
			if !r.descriptor.Can(pay.Payment, m, c, w.browser) {
				continue
			}
			p := plan{way: w, method: m, currency: c, hosted: !r.descriptor.Can(pay.Payment, m, c, false)}
			if m != pay.MobileMoney {
				return p, true
			}
			for _, country := range r.descriptor.Countries {
				if usesCurrency(country, c) && (w.chosen || f.serves(country)) {
					p.country = country
					return p, true
				}
			}
		}
	}
	return plan{}, false
}

// shared are the currencies of both, in the rail's order.
func shared(f front, r rail) []money.Currency {
	var list []money.Currency
	for _, c := range r.descriptor.Currencies {
		if f.currencies == nil || slices.Contains(f.currencies, c) {
			list = append(list, c)
		}
	}
	return list
}

func codes(list []money.Currency) string {
	var texts []string
	for _, c := range list {
		texts = append(texts, string(c))
	}
	return strings.Join(texts, ", ")
}

func usesCurrency(country string, c money.Currency) bool {
	return slices.ContainsFunc(phone.OperatorsIn(country), func(o phone.Operator) bool { return o.Accepts(c) })
}

// payers are made-up numbers by country, without the last four digits, which
// tell the sandbox what to do.
var payers = map[string]string{
	"GA": "+2417400", "CG": "+24206000", "CM": "+23767000", "CI": "+225070000", "SN": "+22577000",
	"BF": "+2267000", "ML": "+2237000", "TG": "+2289000", "BJ": "+229016100", "GN": "+22462000",
	"NE": "+2279700", "CD": "+24381000",
}

// payerIn is a number in a country that ends as the sandbox wants it.
func payerIn(t *testing.T, country, last string) string {
	t.Helper()
	n, err := phone.Parse(payers[country]+last, "")
	if err != nil || n.Country() != country {
		t.Fatalf("the made-up number in %s is none: %v", country, err)
	}
	return n.E164()
}

// price is an amount that every provider of the currency takes, and that
// MyPVit's test accounts let succeed (at most 1000 XAF).
func price(c money.Currency) money.Amount {
	switch c {
	case money.CDF:
		return money.New(2000_00, c)
	case money.USD:
		return money.New(5_00, c)
	case money.GNF:
		return money.New(5000, c)
	}
	return money.New(500, c)
}
