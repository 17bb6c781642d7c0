package reconcile

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/passerelle-pay/passerelle/money"
)

// windows1252 are the characters of bytes 0x80 to 0x9F, which Latin-1 lacks.
var windows1252 = []rune("€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ")

// decode reads a cell that is not UTF-8 as Windows-1252, as spreadsheets in
// French write it. Neither writes a separator, quote or line end as part of
// another character, so that cells can be parted before they are decoded.
func decode(cell string) string {
	if utf8.ValidString(cell) {
		return cell
	}
	var b strings.Builder
	for i := range len(cell) {
		switch c := cell[i]; {
		case c >= 0x80 && c <= 0x9f:
			b.WriteRune(windows1252[c-0x80])
		default:
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

// plain is a heading without what people write differently.
func plain(heading string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

var errAmount = errors.New("not an amount")

// amount reads an amount as people and machines write them: "15 000",
// "1.234,50", "200.0", "-500 F CFA". What goes out may have a minus, which the
// kind of movement says better: it is dropped.
func amount(text string, cur money.Currency, decimal rune) (money.Amount, error) {
	text = strings.TrimRightFunc(strings.TrimSpace(text), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsSpace(r) || r == '$' })
	text = strings.TrimLeft(text, "+-\u2212")
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\'' || r == '’' {
			return -1
		}
		return r
	}, text)
	at := decimalAt(text, decimal)
	whole, fraction := text, ""
	if at >= 0 {
		whole, fraction = text[:at], strings.TrimRight(text[at+1:], "0")
	}
	if !grouped(whole) {
		return money.Amount{}, errAmount
	}
	number := strings.NewReplacer(",", "", ".", "").Replace(whole)
	if fraction != "" {
		number += "." + fraction
	}
	return money.Parse(number, cur)
}

// decimalAt finds where the decimals begin, -1 for nowhere. Where nobody says
// what separates them, it is the last mark, unless it stands again before, or
// has exactly three digits behind it and a group before that begins no number.
func decimalAt(text string, decimal rune) int {
	if decimal != 0 {
		return strings.LastIndex(text, string(decimal))
	}
	at := strings.LastIndexAny(text, ".,")
	if at < 0 || strings.Count(text, text[at:at+1]) > 1 {
		return -1
	}
	if len(text)-at-1 == 3 && at > 0 && at <= 3 && text[0] != '0' {
		return -1
	}
	return at
}

// grouped reports whether digits are written whole, or in groups of three.
func grouped(whole string) bool {
	groups := strings.FieldsFunc(whole, func(r rune) bool { return r == '.' || r == ',' })
	if len(groups) == 0 || len(strings.Join(groups, ""))+len(groups)-1 != len(whole) {
		return false
	}
	for i, g := range groups {
		if i > 0 && len(g) != 3 || strings.Trim(g, "0123456789") != "" {
			return false
		}
	}
	return true
}

// layouts of times; those without a clock stand for the whole day.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "02/01/2006 15:04:05", "02/01/2006 15:04",
	"02-01-2006 15:04:05", "02-01-2006 15:04", "02012006-150405", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05.999999999 -0700",
}

var days = []string{time.DateOnly, "02/01/2006", "02-01-2006"}

// moment reads a time: the span from from to to, which is not in it.
func moment(text string, zone time.Duration) (from, to time.Time, ok bool) {
	place := time.FixedZone("", int(zone/time.Second))
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, place); err == nil {
			return t.UTC(), t.UTC().Add(time.Second), true
		}
	}
	for _, layout := range days {
		if t, err := time.ParseInLocation(layout, text, place); err == nil {
			return t.UTC(), t.AddDate(0, 0, 1).UTC(), true
		}
	}
	return time.Time{}, time.Time{}, false
}
