package pay

import (
	"strconv"
	"strings"
	"time"
)

// Card is a card as the customer typed it. It lives in memory for one call and
// is never stored, logged or answered.
type Card struct {
	Number Secret // digits only
	Expiry string // MM/YY
	CVV    Secret
	Holder string
}

// CardMask is all that is ever kept of a card number.
type CardMask struct {
	First6 string `json:"first6,omitempty"`
	Last4  string `json:"last4,omitempty"`
	Brand  string `json:"brand,omitempty"`
	Expiry string `json:"expiry,omitempty"`
}

// IsZero reports whether there is no card.
func (m CardMask) IsZero() bool { return m == CardMask{} }

// Mask returns what may be kept of the card.
func (c Card) Mask() CardMask {
	n := c.Number.Reveal()
	if len(n) < 13 {
		return CardMask{}
	}
	return CardMask{First6: n[:6], Last4: n[len(n)-4:], Brand: brand(n), Expiry: c.Expiry}
}

// ParseCard cleans and checks a card: 13 to 19 digits that pass the Luhn check
// (spaces and dashes are dropped), an expiry MM/YY (or MM/YYYY) not before now,
// a CVV of 3 or 4 digits. The error names the field as its param.
func ParseCard(number, expiry, cvv string, now time.Time) (Card, error) {
	digits := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(number)
	if !Luhn(digits) {
		return Card{}, Invalid("card.number", "the card number is not valid")
	}
	exp, err := parseExpiry(expiry, now)
	if err != nil {
		return Card{}, err
	}
	if !allDigits(cvv) || len(cvv) < 3 || len(cvv) > 4 {
		return Card{}, Invalid("card.cvv", "the security code is 3 or 4 digits")
	}
	return Card{Number: Secret(digits), Expiry: exp, CVV: Secret(cvv)}, nil
}

func parseExpiry(text string, now time.Time) (string, error) {
	mm, yy, ok := strings.Cut(strings.TrimSpace(text), "/")
	mm, yy = strings.TrimSpace(mm), strings.TrimSpace(yy)
	if len(yy) == 4 && strings.HasPrefix(yy, "20") {
		yy = yy[2:]
	}
	if !ok || len(mm) != 2 || len(yy) != 2 || !allDigits(mm+yy) {
		return "", Invalid("card.expiry", "the expiry is written MM/YY")
	}
	month, _ := strconv.Atoi(mm)
	year, _ := strconv.Atoi(yy)
	if month < 1 || month > 12 {
		return "", Invalid("card.expiry", "the expiry is written MM/YY")
	}
	// A card is good until the end of its month.
	if end := time.Date(2000+year, time.Month(month)+1, 1, 0, 0, 0, 0, time.UTC); !now.Before(end) {
		return "", Invalid("card.expiry", "the card has expired")
	}
	return mm + "/" + yy, nil
}

// Luhn reports whether text is 13 to 19 digits that pass the Luhn check (ISO/IEC 7812-1).
func Luhn(text string) bool {
	if len(text) < 13 || len(text) > 19 || !allDigits(text) {
		return false
	}
	sum := 0
	for i := range len(text) {
		d := int(text[len(text)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func brand(number string) string {
	two, _ := strconv.Atoi(number[:2])
	switch {
	case number[0] == '4':
		return "visa"
	case two >= 51 && two <= 55, two >= 22 && two <= 27:
		return "mastercard"
	case two == 34 || two == 37:
		return "amex"
	}
	return ""
}
