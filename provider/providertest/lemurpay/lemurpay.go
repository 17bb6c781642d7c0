// Package lemurpay is LemurPay, a provider that does not exist. It is made up to
// show what a provider takes: this folder and one line in a list of providers.
// docs/adding-a-provider.md walks through it.
//
// # The provider
//
// LemurPay takes mobile money in Togo and Benin, in XOF. A merchant posts an
// order under an id of its own, the payer's phone is prompted, and the merchant
// is told that something has changed: it then asks what.
//
// # Quirks kept
//
//   - A notification names the order and says nothing of its end.
//   - A refused payment is HTTP 200 with a state; only a refused request has
//     another status.
package lemurpay

import (
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Name is the provider's name in addresses and configuration.
const Name = "lemurpay"

// The fields of a connection.
const (
	fieldBaseURL = "base_url"
	fieldKey     = "key"
)

// Provider describes LemurPay.
func Provider() provider.Provider {
	return provider.Provider{
		Name: Name, Title: "LemurPay",
		Countries: []string{"TG", "BJ"}, Currencies: []money.Currency{money.XOF},
		Takes: []provider.Capability{{Kind: pay.Payment, Method: pay.MobileMoney}},
		Hosts: []string{"api.lemurpay.example"},
		Credentials: []provider.Field{
			{Name: fieldBaseURL, Label: "API address", Default: "https://api.lemurpay.example", Required: true, URL: true},
			{Name: fieldKey, Label: "Key", Secret: true, Required: true},
		},
		Reference:  provider.ReferenceRule{Prefix: "PS", Length: 20},
		PendingTTL: 15 * time.Minute,
		Connect:    connect,
		Speak:      speak,
		Curl:       curl,
	}
}

func curl(base string, issued map[string]string) string {
	return strings.NewReplacer("{base}", base, "{key}", issued[fieldKey]).Replace(
		`curl {base}/payments -H 'Authorization: Key {key}' -H 'Content-Type: application/json' ` +
			`-d '{"id":"'"ORDER$(date +%s)"'","amount":500,"phone":"+22890000100"}'`)
}
