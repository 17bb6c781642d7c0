package money

import (
	"strconv"
	"strings"
)

// nbsp separates groups of digits and the symbol, so that no line break ever
// falls inside an amount. The no-break space U+00A0 is used rather than the
// narrow one (U+202F) of recent French typography, which older phones and the
// fonts of many mail readers show as a box.
const nbsp = "\u00a0"

// Decimal is the exact amount with exactly the currency's decimals: "200" for
// XAF, "50.00" for USD. Parse reads it back.
func (a Amount) Decimal() string {
	sign, whole, fraction := a.digits()
	return join(sign, whole, ".", fraction)
}

// Fixed is the exact amount with at least n decimals: "200.0" for n = 1. Digits
// that matter are never dropped, so there are more than n where they are needed.
func (a Amount) Fixed(n int) string {
	sign, whole, fraction := a.digits()
	fraction = strings.TrimRight(fraction, "0")
	fraction += strings.Repeat("0", max(0, n-len(fraction)))
	return join(sign, whole, ".", fraction)
}

// Plain is the exact amount without trailing zeros: "12.5", "50".
func (a Amount) Plain() string { return a.Fixed(0) }

// String is for logs and messages: "15000 XAF".
func (a Amount) String() string {
	return a.Decimal() + " " + string(a.Currency)
}

// Format is the amount as people write it in the language, a BCP 47 tag such as
// "fr" or "fr-GA": "15 000 F CFA" and "50,00 $" in French, "15,000 F CFA" and
// "$50.00" in English, which also serves every other language. All spaces in it
// are U+00A0.
func (a Amount) Format(lang string) string {
	symbol, symbolFirst := string(a.Currency), false
	if t, ok := a.Currency.traits(); ok {
		symbol, symbolFirst = t.symbol, t.symbolFirst
	}
	sign, whole, fraction := a.digits()
	if isFrench(lang) {
		return join(sign, grouped(whole, nbsp), ",", fraction) + nbsp + symbol
	}
	number := join("", grouped(whole, ","), ".", fraction)
	if symbolFirst {
		return sign + symbol + number
	}
	return sign + number + nbsp + symbol
}

func isFrench(lang string) bool {
	primary, _, _ := strings.Cut(strings.ReplaceAll(lang, "_", "-"), "-")
	return strings.EqualFold(primary, "fr")
}

// digits gives the sign ("" or "-"), at least one whole digit, and exactly the
// currency's decimals.
func (a Amount) digits() (sign, whole, fraction string) {
	if a.Minor < 0 {
		sign = "-"
	}
	decimals := a.Currency.Decimals()
	text := strconv.FormatUint(magnitude(a.Minor), 10)
	text = strings.Repeat("0", max(0, decimals+1-len(text))) + text
	point := len(text) - decimals
	return sign, text[:point], text[point:]
}

func join(sign, whole, point, fraction string) string {
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + point + fraction
}

func grouped(digits, separator string) string {
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}
