package mypayga

import (
	"errors"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/phone"
)

// networkCodes are MyPayGa's short names of the services, as in pmt_banque,
// ope and network. AM, MM and OM are documented or observed; the others are
// ours, so that every service has a name in the dialect.
var networkCodes = map[string]string{
	"airtel_money": "AM",
	"moov_money":   "MM",
	"orange_money": "OM",
	"mtn_momo":     "MTN",
	"free_money":   "FM",
	"wave":         "WAVE",
	"tmoney":       "TM",
	"zamani_cash":  "ZC",
}

// codeBank stands in pmt_banque for a card.
const codeBank = "CB"

// knownNetworks are the codes that MyPayGa itself is known to take.
var knownNetworks = []string{"AM", "MM", "OM"}

// homeCountry is where MyPayGa is at home.
const homeCountry = "GA"

// countries are those in which the connector collects.
var countries = []string{"GA", "CG", "CM", "CI", "SN"}

// networkCode is the short name of an operator's service, "" when it has none.
func networkCode(operator string) string {
	o, _ := phone.OperatorByID(operator)
	return networkCodes[o.Brand]
}

// operatorNamed finds the operator that a short name means in a country.
func operatorNamed(code, country string) (phone.Operator, bool) {
	for brand, name := range networkCodes {
		if strings.EqualFold(name, code) {
			return phone.OperatorByBrand(brand, strings.ToUpper(country))
		}
	}
	return phone.Operator{}, false
}

var errPhone = errors.New("mypayga: not a mobile number of a CFA country")

// readPhone reads a number as merchants write it. The country that the request
// names is tried first; otherwise the number's form tells it: nine digits from
// 06 or 07 are Gabonese and from 6 Cameroonian, eight are Ivorian, the rest
// starts with a country code (wire: mypayga §6).
func readPhone(text, country string) (phone.Number, error) {
	digits := strings.NewReplacer(" ", "", "+", "", "-", "", ".", "").Replace(text)
	if len(digits) < 8 || len(digits) > 13 {
		return phone.Number{}, errPhone
	}
	for _, home := range homes(digits, strings.ToUpper(country)) {
		n, err := phone.Parse(digits, home)
		if err == nil && currencyOf(n) != "" {
			return n, nil
		}
	}
	return phone.Number{}, errPhone
}

func homes(digits, country string) []string {
	var list []string
	if slices.Contains(phone.Countries(), country) {
		list = append(list, country)
	}
	switch len(digits) {
	case 8:
		list = append(list, "CI", "GA")
	case 9:
		list = append(list, "GA", "CM", "SN", "CG")
	case 10:
		list = append(list, "CI")
	}
	return append(list, "")
}

// currencyOf is the CFA franc of a number's country, "" where it has none. CFA
// itself says neither of the two.
func currencyOf(n phone.Number) money.Currency {
	return cfaOf(n.Country())
}

func cfaOf(country string) money.Currency {
	list := phone.OperatorsIn(country)
	if len(list) == 0 || list[0].Currency != money.XAF && list[0].Currency != money.XOF {
		return ""
	}
	return list[0].Currency
}

// written is how a number is sent to MyPayGa: local in the countries whose
// local form says the country, with the country code elsewhere.
func written(n phone.Number) string {
	switch n.Country() {
	case "GA", "CM", "CI":
		return n.National()
	}
	return n.Digits()
}
