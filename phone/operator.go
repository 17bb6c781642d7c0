package phone

import (
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
)

// Operator is a mobile money service in one country.
type Operator struct {
	ID      string // stable, unique: "airtel_ga"
	Name    string // what customers call it: "Airtel Money"
	Brand   string // the same service in every country: "airtel_money"
	Country string // ISO 3166-1 alpha-2
	// Currency is the one its wallets are held in by default.
	Currency money.Currency
	// Currencies are all it can be paid in, Currency first.
	Currencies []money.Currency
	// Prefixes start the national significant numbers assigned to it. It is
	// empty for a service open to the customers of every network.
	Prefixes []string
}

// Accepts reports whether the operator can be paid in the currency.
func (o Operator) Accepts(c money.Currency) bool {
	return slices.Contains(o.Currencies, c)
}

// Operators lists all operators, a country's operators side by side.
func Operators() []Operator {
	list := make([]Operator, len(operators))
	for i, o := range operators {
		list[i] = o.clone()
	}
	return list
}

// OperatorsIn lists the operators of a country, an ISO 3166-1 alpha-2 code.
func OperatorsIn(country string) []Operator {
	var list []Operator
	for _, o := range operators {
		if o.Country == country {
			list = append(list, o.clone())
		}
	}
	return list
}

// OperatorByID finds an operator by its ID.
func OperatorByID(id string) (Operator, bool) {
	return findOperator(func(o Operator) bool { return o.ID == id })
}

// OperatorByBrand finds the operator that runs a brand in a country.
func OperatorByBrand(brand, country string) (Operator, bool) {
	return findOperator(func(o Operator) bool { return o.Brand == brand && o.Country == country })
}

// Suggest names the operator whose prefix the number has, or, for a prefix that
// none of them lists, the first operator of its country. Only the zero Number
// gets no suggestion.
func Suggest(n Number) (Operator, bool) {
	if o, ok := findOperator(func(o Operator) bool { return o.serves(n) }); ok {
		return o, true
	}
	return findOperator(func(o Operator) bool { return o.Country == n.country })
}

// serves needs no longest match: a test holds the prefixes of a country apart.
func (o Operator) serves(n Number) bool {
	return o.Country == n.country && slices.ContainsFunc(o.Prefixes, func(prefix string) bool {
		return strings.HasPrefix(n.subscriber, prefix)
	})
}

func findOperator(match func(Operator) bool) (Operator, bool) {
	i := slices.IndexFunc(operators, match)
	if i < 0 {
		return Operator{}, false
	}
	return operators[i].clone(), true
}

// clone keeps callers from changing the table through its slices.
func (o Operator) clone() Operator {
	o.Currencies = slices.Clone(o.Currencies)
	o.Prefixes = slices.Clone(o.Prefixes)
	return o
}
