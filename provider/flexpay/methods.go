package flexpay

import (
	"regexp"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

// prefixes are the first two digits after 243 of each operator's numbers (wire:
// flexpay §6); FlexPay refuses all others.
var prefixes = map[string][]string{
	"mpesa_cd":    {"81", "82", "83"},
	"orange_cd":   {"80", "84", "85", "89"},
	"airtel_cd":   {"97", "98", "99"},
	"africell_cd": {"90", "91"},
}

// channels are FlexPay's names of the operators, as in callbacks.
var channels = map[string]string{
	"mpesa_cd":    "mpesa",
	"orange_cd":   "orange",
	"airtel_cd":   "airtel",
	"africell_cd": "afrimoney",
}

// cardChannels are the card schemes that have a channel.
var cardChannels = []string{"visa", "mastercard"}

// phoneForm is a number as requests may have it: 243XXXXXXXXX, +243XXXXXXXXX or
// 0XXXXXXXXX.
var phoneForm = regexp.MustCompile(`^(?:\+?243|0)[0-9]{9}$`)

// readPhone reads a number and its operator; ok is false when FlexPay has none.
func readPhone(text string) (n phone.Number, operator string, ok bool) {
	if !phoneForm.MatchString(text) {
		return n, "", false
	}
	n, err := phone.Parse(text, country)
	if err != nil || n.Country() != country {
		return n, "", false
	}
	for id, list := range prefixes {
		if slices.Contains(list, n.Subscriber()[:2]) {
			return n, id, true
		}
	}
	return n, "", false
}

// phoneOf is the payer's number as callbacks have it, "" for cards.
func phoneOf(tx pay.Transaction) string {
	if tx.Method.Type == pay.CardMethod {
		return ""
	}
	return strings.TrimPrefix(tx.Method.Phone, "+")
}

// channelOf names the means that a transaction was paid by, "" while the
// customer has not chosen or where FlexPay has no name for it.
func channelOf(tx pay.Transaction) string {
	if tx.Method.Type == pay.CardMethod {
		for _, scheme := range []string{tx.Method.Card.Brand, strings.ToLower(tx.PaidVia)} {
			if slices.Contains(cardChannels, scheme) {
				return scheme
			}
		}
		return ""
	}
	return channels[tx.Method.Operator]
}
