// Package money holds amounts as integers of a currency's minor unit, so that
// no amount is ever rounded by being stored, sent or compared.
//
// # Reading
//
// Parse takes the decimal text of a wire ("200", "200.0", "50.00") and refuses
// whatever does not fit the currency exactly. Separators, signs, exponents and
// spaces are refused too: a provider that writes "5 000" has its spaces removed
// by that provider's own wire code, which knows what they mean there.
//
// # Writing
//
// Decimal, Fixed and Plain write for machines, Format for people.
//
// # Calculating
//
// Arithmetic refuses to mix currencies and to overflow. Split never loses or
// invents a minor unit. Only BasisPoints rounds.
package money

import (
	"errors"
	"math"
	"strings"
)

// The reasons for which an amount is refused. No error repeats the text that
// was refused, as a misplaced field could hold a card number.
var (
	ErrSyntax   = errors.New("money: not a decimal amount")
	ErrNegative = errors.New("money: negative amount")
	ErrFraction = errors.New("money: more decimals than the currency has")
	ErrOverflow = errors.New("money: amount too large")
	ErrCurrency = errors.New("money: unknown or different currency")
	ErrWeights  = errors.New("money: weights must be non-negative and not all zero")
)

// Amount is a number of minor units of a currency. Amounts are comparable:
// == is equality of value and currency.
type Amount struct {
	Minor    int64
	Currency Currency
}

// New makes an amount of minor units: New(15000, XAF) is 15 000 F, and
// New(5000, USD) is 50 dollars.
func New(minor int64, currency Currency) Amount {
	return Amount{Minor: minor, Currency: currency}
}

// Parse reads plain decimal text: digits, optionally followed by a point and
// more digits. Decimals beyond those of the currency are accepted while they
// are zero ("200.0" XAF), since they change nothing; others are ErrFraction.
func Parse(text string, currency Currency) (Amount, error) {
	if !currency.Valid() {
		return Amount{}, ErrCurrency
	}
	unsigned, negative := strings.CutPrefix(text, "-")
	whole, fraction, hasPoint := strings.Cut(unsigned, ".")
	if !isDigits(whole) || hasPoint && !isDigits(fraction) {
		return Amount{}, ErrSyntax
	}
	if negative {
		return Amount{}, ErrNegative
	}
	decimals := currency.Decimals()
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > decimals {
		return Amount{}, ErrFraction
	}
	fraction += strings.Repeat("0", decimals-len(fraction))
	minor, err := parseMinor(whole + fraction)
	if err != nil {
		return Amount{}, err
	}
	return New(minor, currency), nil
}

// isDigits accepts one or more ASCII digits only: digits of other scripts would
// pass a Unicode test and then be misread.
func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

func parseMinor(digits string) (int64, error) {
	var minor int64
	for i := range len(digits) {
		digit := int64(digits[i] - '0')
		if minor > (math.MaxInt64-digit)/10 {
			return 0, ErrOverflow
		}
		minor = minor*10 + digit
	}
	return minor, nil
}
