// Package phone reads the mobile numbers that people and providers write, keeps
// them in E.164, and suggests the mobile money operator behind them.
//
// # Reading
//
// Parse accepts the international form with "+", "00" or the bare country code,
// and the local form of a default country, with spaces, dashes and dots. It
// checks the length and the leading digits against this package's own table
// of the supported countries, which is deliberately wider than the ranges in
// service (see plan).
//
// # Writing
//
// E164, Digits, National and Subscriber give the whole number, and are called
// where a number must leave the process. Everything that prints (String, all
// verbs of fmt, slog) gives Masked, so that a log line doesn't hold a customer's
// number by accident. As fmt can't call the methods of an unexported field, a
// struct that holds a Number in one and may be printed has to mask it itself.
//
// # Operators
//
// Suggest names the operator to which a number's prefix was assigned. Numbers
// can be ported and ranges reassigned, so it is an offer the payer may change,
// never a reason to refuse.
package phone

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// The reasons for which a number is refused. No error repeats the number.
var (
	// ErrSyntax: not digits with the accepted separators.
	ErrSyntax = errors.New("phone: not a phone number")
	// ErrCountry: the number is in no supported country, or is in local form
	// without a supported default country.
	ErrCountry = errors.New("phone: number of no supported country")
	// ErrInvalid: the country is supported, but has no such mobile number.
	ErrInvalid = errors.New("phone: no mobile number of its country")
)

// Number is a mobile number of a supported country. The zero value is no number.
// Numbers are comparable: == means the same line, however it was written.
type Number struct {
	country    string
	code       string
	subscriber string
}

// Parse reads a number. defaultCountry is the ISO 3166-1 alpha-2 code of the
// country whose local form is tried first; it may be empty where only
// international forms are expected.
func Parse(text, defaultCountry string) (Number, error) {
	digits, international, err := significant(text)
	if err != nil {
		return Number{}, err
	}
	home, hasHome := planOf(strings.ToUpper(defaultCountry))
	if hasHome && !international {
		if subscriber, ok := home.subscriber(digits); ok {
			return newNumber(home, subscriber), nil
		}
	}
	// No local form is as long as a country code with a number, so digits
	// can't be read both ways.
	abroad, ok := planOfCode(digits)
	if !ok {
		if hasHome && !international {
			return Number{}, ErrInvalid
		}
		return Number{}, ErrCountry
	}
	subscriber, ok := abroad.subscriber(digits[len(abroad.code):])
	if !ok {
		return Number{}, ErrInvalid
	}
	return newNumber(abroad, subscriber), nil
}

func newNumber(p plan, subscriber string) Number {
	return Number{country: p.country, code: p.code, subscriber: subscriber}
}

// maxText bounds the work on hostile input; E.164 has 15 digits.
const maxText = 64

// significant drops the separators and the international prefix.
func significant(text string) (digits string, international bool, err error) {
	if len(text) > maxText {
		return "", false, ErrSyntax
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && b.Len() == 0 && !international:
			international = true
		case r == '-' || r == '.' || unicode.Is(unicode.Zs, r):
		default:
			return "", false, ErrSyntax
		}
	}
	digits = b.String()
	if !international {
		digits, international = strings.CutPrefix(digits, "00")
	}
	if digits == "" {
		return "", false, ErrSyntax
	}
	return digits, international, nil
}

// Countries lists the supported countries by ISO 3166-1 alpha-2 code.
func Countries() []string {
	countries := make([]string, len(plans))
	for i, p := range plans {
		countries[i] = p.country
	}
	return countries
}

// CountryCode is the E.164 country code of a supported country ("241" for GA),
// empty for any other.
func CountryCode(country string) string {
	p, _ := planOf(country)
	return p.code
}

// IsZero reports whether n is no number.
func (n Number) IsZero() bool { return n == Number{} }

// Country is the ISO 3166-1 alpha-2 code: "GA".
func (n Number) Country() string { return n.country }

// CountryCode is the E.164 country code: "241".
func (n Number) CountryCode() string { return n.code }

// Subscriber is the national significant number: "66000100".
func (n Number) Subscriber() string { return n.subscriber }

// Digits is the MSISDN without plus: "24166000100".
func (n Number) Digits() string { return n.code + n.subscriber }

// E164 is the international form: "+24166000100". It is empty for the zero value.
func (n Number) E164() string {
	if n.IsZero() {
		return ""
	}
	return "+" + n.Digits()
}

// National is what people in the country dial: "066000100".
func (n Number) National() string {
	p, _ := planOf(n.country)
	return p.trunk + n.subscriber
}

// Last4 is the last four digits, which people recognise their number by and
// which decide the outcome in the sandbox.
func (n Number) Last4() string {
	return n.subscriber[max(0, len(n.subscriber)-4):]
}

// Masked is for logs and screens: "+241••••0100". It always has four dots, so
// that it tells no more than the country and the last four digits.
func (n Number) Masked() string {
	if n.IsZero() {
		return ""
	}
	return "+" + n.code + "••••" + n.Last4()
}

// String is Masked; call E164 to have the number.
func (n Number) String() string { return n.Masked() }

// Format makes every fmt verb print Masked: without it %d and %#v show the fields.
func (n Number) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, n.Masked()) }

// LogValue keeps slog's handlers from encoding the fields.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.Masked()) }
