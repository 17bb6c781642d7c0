package mypayga

import (
	"net/http"
	"strings"
)

// The published rates, fractions of the amount.
const (
	standardRate = "0.0175"
	bankRate     = "0.01"
)

// fees serves getFees. The merchant's own rate is that of its fee schedule.
func (c *call) fees() (any, error) {
	p := c.params
	if err := p.require("ope", "country"); err != nil {
		return nil, err
	}
	operator, ok := operatorNamed(p.get("ope"), p.get("country"))
	if !ok || cfaOf(operator.Country) == "" {
		return nil, refuse(http.StatusBadRequest, messagePhone)
	}
	rate, err := c.rate(operator.ID, operator.Currency)
	if err != nil {
		return nil, err
	}
	const digits = 6
	return Fees{
		Message: "Request OK.", StatusRequest: statusOK,
		Fees: FeeRates{
			Custom: Text(decimal(rate, digits)), Standard: standardRate, Platform: "0", Bank: bankRate,
			Source: "merchant", Operator: Text(strings.ToUpper(p.get("ope"))), Country: Text(operator.Country),
			Currency: currencyCFA,
		},
	}, nil
}
