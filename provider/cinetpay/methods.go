package cinetpay

import (
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

// brandNames are CinetPay's names of the services, as in payment_method. The
// documents print OM, FLOOZ, MOMO and WAVECI; the others follow the brand.
var brandNames = map[string]string{
	"orange_money": "OM",
	"moov_money":   "FLOOZ",
	"mtn_momo":     "MOMO",
	"tmoney":       "TMONEY",
	"free_money":   "FREE",
	"airtel_money": "AIRTEL",
	"mpesa":        "MPESA",
	"afrimoney":    "AFRIMONEY",
	"zamani_cash":  "ZAMANI",
}

const brandWave = "wave"

// methodName is CinetPay's name of an operator's service. Wave's has the country in it.
func methodName(o phone.Operator) string {
	if o.Brand == brandWave {
		return "WAVE" + o.Country
	}
	return brandNames[o.Brand]
}

// operatorNamed finds the operator that a payment_method means in a number's
// country. Names with the country behind them (OMCM) are read too.
func operatorNamed(name string, n phone.Number) (phone.Operator, bool) {
	name = strings.ToUpper(name)
	for _, o := range phone.OperatorsIn(n.Country()) {
		own := methodName(o)
		if own != "" && (name == own || name == own+n.Country()) {
			return o, true
		}
	}
	return phone.Operator{}, false
}

// paymentMethod names the means that a transaction was paid by, "" while the
// customer has not chosen.
func paymentMethod(tx pay.Transaction) string {
	switch tx.Method.Type {
	case pay.CardMethod:
		return "CARD"
	case pay.MobileMoney, pay.Wallet:
		if o, ok := phone.OperatorByID(tx.Method.Operator); ok {
			return methodName(o)
		}
		if n, err := phone.Parse(tx.Method.Phone, ""); err == nil {
			if o, ok := phone.Suggest(n); ok {
				return methodName(o)
			}
		}
	}
	return ""
}
