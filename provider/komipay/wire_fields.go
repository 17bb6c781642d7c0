package komipay

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

var (
	errAmount = errors.New("komipay: not a positive whole number of francs")
	errPhone  = errors.New("komipay: not a mobile number of Niger")
)

// withoutSpaces drops every kind of space that stands between thousands.
var withoutSpaces = strings.NewReplacer(" ", "", "\u00a0", "", "\u2009", "", "\u202f", "")

// parseAmount reads montant_a_payer: text of digits and spaces, or a number. A
// number may be written 5000.0; a text may not.
func parseAmount(raw json.RawMessage) (money.Amount, error) {
	text := string(raw)
	var s string
	if json.Unmarshal(raw, &s) == nil {
		if text = withoutSpaces.Replace(s); strings.Contains(text, ".") {
			return money.Amount{}, errAmount
		}
	}
	a, err := money.Parse(text, money.XOF)
	if err != nil || !a.IsPositive() {
		return money.Amount{}, errAmount
	}
	return a, nil
}

// formatAmount writes an amount as digits, or in groups as the seed has it.
func formatAmount(a money.Amount, spaced bool) string {
	digits := a.Plain()
	if !spaced {
		return digits
	}
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

const (
	localDigits = 8
	dialCode    = "227"
)

// parsePhone reads a number of Niger in any of its usual forms.
func parsePhone(text string) (phone.Number, error) {
	n, err := phone.Parse(text, country)
	if err != nil || n.Country() != country {
		return phone.Number{}, errPhone
	}
	return n, nil
}

// normalPhone is parsePhone for numbers on their way out: merchants' systems
// are known to put the country code before a number that has it already.
func normalPhone(text string) (phone.Number, error) {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
	digits = strings.TrimPrefix(digits, "00")
	for len(digits) > localDigits && strings.HasPrefix(digits, dialCode+dialCode) {
		digits = digits[len(dialCode):]
	}
	return parsePhone(digits)
}

// The names of EMV 3-D Secure for the payer's browser.
const (
	emvJava       = "browserJavaEnabled"
	emvJavascript = "browserJavascriptEnabled"
	emvHeight     = "browserScreenHeight"
	emvWidth      = "browserScreenWidth"
	emvTimeZone   = "browserTZ"
	emvWindow     = "challengeWindowSize"
)

// zoneToEMV turns hours east of UTC into EMV's minutes from local time to UTC.
func zoneToEMV(hours string) (string, bool) {
	h, err := strconv.ParseFloat(hours, 64)
	if err != nil || math.IsNaN(h) || math.Abs(h) > 14 {
		return "", false
	}
	return strconv.Itoa(int(math.Round(-60 * h))), true
}

// zoneFromEMV is the way back; Niger's zone stands for one that can't be read.
func zoneFromEMV(minutes string) string {
	m, err := strconv.Atoi(minutes)
	if err != nil || m < -14*60 || m > 14*60 {
		return "1"
	}
	if m == 0 {
		return "0"
	}
	return strconv.FormatFloat(-float64(m)/60, 'f', -1, 64)
}

// browserFields fills in the 3-D Secure fields of a card collect. KomiPay
// requires all of them, so what nobody knows is taken from a common browser.
func browserFields(b map[string]string) Browser {
	known := func(name, other string) string {
		if v := b[name]; v != "" {
			return v
		}
		return other
	}
	size := known(emvWindow, "05")
	if !windowSizes[size] {
		size = "05"
	}
	return Browser{
		JavaEnabled:         known(emvJava, "false") == "true",
		JavascriptEnabled:   known(emvJavascript, "true") == "true",
		ScreenHeight:        known(emvHeight, "1080"),
		ScreenWidth:         known(emvWidth, "1920"),
		TimeZone:            zoneFromEMV(b[emvTimeZone]),
		ChallengeWindowSize: size,
	}
}

// windowSizes are 250x400, 390x400, 500x600, 600x400 and the full screen.
var windowSizes = map[string]bool{"01": true, "02": true, "03": true, "04": true, "05": true}

// groupedCard writes a card number in groups of four with dashes.
func groupedCard(number string) string {
	var groups []string
	for len(number) > 4 {
		groups, number = append(groups, number[:4]), number[4:]
	}
	return strings.Join(append(groups, number), "-")
}

// maskedCard is all that is shown of a card.
func maskedCard(m pay.CardMask) string {
	if m.IsZero() {
		return ""
	}
	return m.First6[:4] + "-****-****-" + m.Last4
}
