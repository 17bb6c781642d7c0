// Package cinetpay speaks CinetPay's Checkout v2 and transfer APIs, on both
// sides: a connector that calls them and a dialect that serves them.
//
// # The provider
//
// CinetPay takes mobile money, cards and wallets in West and Central Africa on
// a page of its own, the guichet. A merchant's server asks for a page
// (/v2/payment), sends the browser there, is told that something has changed
// (a form to notify_url, after a GET to see that it answers) and must then ask
// what (/v2/payment/check). Money goes out by the transfer API, to contacts.
//
// # Where the facts come from
//
// The integration page of 24/08/2021 describes the two Checkout calls and the
// notification; the provider's later public documents add the sixteen signed
// fields, the GET, channels, card fields, USD, further codes and the transfer
// API. Where the two differ or neither says, the dialect has an option with a
// default. Two options are ours alone: transfer_currency, the currency of the
// transfer balance, and checks_per_min, the limit of checks (60 a minute for
// live credentials, none for test ones).
//
// # Quirks kept
//
//   - The success message is "SUCCES" and code 602 "INSUFFISENT_BALANCE". The
//     code decides, never the message.
//   - Success is HTTP 200 with body code 201; errors have no data.
//   - The seed's samples have a trailing comma in their JSON: it is accepted.
//   - The transfer API answers errors with HTTP 200, and success with the
//     number 0 where errors are text.
//   - Code 604 (wrong password) is a failure at once. A customer who tries again
//     on the guichet and pays turns it into a late success.
//   - Receivers concatenate a notification's fields as they come: their order
//     is part of the contract.
//
// # Codes not reached by the dialect
//
// 603, 636, 807, 809, 810, 811 and 812 come out of a check only for payments
// that CinetPay itself took and refused so; a reason of another rail maps to
// one code each. 605, 607, 621, 622, 626, 628, 629, 637, 638, 660 and 661 were
// seen in the field, are documented nowhere and only understood. 1010 comes
// from the provider's edge. In the transfer API, -1, 707, 710 and 717 stand for
// faults of the provider that have no counterpart here.
package cinetpay

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Name is the provider's name in addresses and configuration.
const Name = "cinetpay"

// Provider describes CinetPay.
func Provider() provider.Provider {
	return provider.Provider{
		Name:       Name,
		Title:      "CinetPay",
		Countries:  []string{"CI", "SN", "BF", "ML", "TG", "CM", "CD", "GN"},
		Currencies: []money.Currency{money.XOF, money.XAF, money.CDF, money.GNF, money.USD},
		Takes: []provider.Capability{
			{Kind: pay.Payment, Method: pay.MobileMoney, Hosted: true},
			{Kind: pay.Payment, Method: pay.CardMethod, Hosted: true},
			{Kind: pay.Payment, Method: pay.Wallet, Hosted: true},
			{Kind: pay.Payout, Method: pay.MobileMoney},
		},
		Hosts:       []string{"api-checkout.cinetpay.com", "checkout.cinetpay.com", "client.cinetpay.com"},
		Credentials: credentialFields(),
		Options:     dialectOptions(),
		// 25 letters and digits at most.
		Reference:  provider.ReferenceRule{Prefix: "PS", Length: 25},
		PendingTTL: pendingTTL,
		Polls:      polls(),
		// A wrong code (604) may be typed again until the page ends; a 600, 625 or
		// 627 was seen to become a 00.
		Recheck: map[pay.Reason]time.Duration{
			pay.WrongPINOrOTP: lateSuccess, pay.Expired: lateSuccess, pay.Declined: lateSuccess, pay.CustomerCanceled: lateSuccess,
		},
		Connect:   connect,
		Speak:     speak,
		Scenes:    scenes(),
		Hazards:   hazards(),
		Vectors:   vectors,
		Curl:      curl,
		Statement: statement(),
	}
}

const (
	pendingTTL = 24 * time.Hour
	// lateSuccess is how long after a failure a success is still asked for.
	lateSuccess = 24 * time.Hour
	pollPause   = 10 * time.Minute
)

// polls are few, as the provider discourages them and notifications come first:
// every ten minutes to the TTL, then ever more rarely (wire: cinetpay §5, decision
// 20). They never end: what CinetPay was asked for only CinetPay can end.
func polls() []time.Duration {
	early := []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute}
	regular := slices.Repeat([]time.Duration{pollPause}, int(pendingTTL/pollPause))
	return slices.Concat(early, regular, []time.Duration{time.Hour, 6 * time.Hour, 24 * time.Hour})
}

// Names of the credential fields.
const (
	fieldBaseURL          = "base_url"
	fieldTransferBaseURL  = "transfer_base_url"
	fieldAPIKey           = "apikey"
	fieldSiteID           = "site_id"
	fieldSecretKey        = "secret_key"
	fieldTransferPassword = "transfer_password"
	fieldTransferCurrency = "transfer_currency"
	fieldTokenPolicy      = "x_token_policy"
)

// The values of x_token_policy.
const (
	policyIfPresent = "verify_if_present"
	policyRequire   = "require"
	policyIgnore    = "ignore"
)

func credentialFields() []provider.Field {
	return []provider.Field{
		{Name: fieldAPIKey, Label: "API key", Secret: true, Required: true},
		{Name: fieldSiteID, Label: "Site id", Required: true},
		{Name: fieldSecretKey, Label: "Secret key (signs notifications)", Secret: true},
		{Name: fieldTransferPassword, Label: "Transfer API password", Secret: true},
		{Name: fieldTransferCurrency, Label: "Currency of the transfer account", Default: string(money.XOF)},
		{Name: fieldTokenPolicy, Label: "Notifications' x-token: verify_if_present, require or ignore", Default: policyIfPresent},
		{Name: fieldBaseURL, Label: "Checkout API address", Default: DefaultBaseURL, URL: true},
		{Name: fieldTransferBaseURL, Label: "Transfer API address", Default: DefaultTransferBaseURL, URL: true},
	}
}

// Names of the dialect options.
const (
	optContentTypes     = "init_content_types"
	optErrorStatus      = "error_http_status"
	optStrictCharset    = "strict_charset"
	optMultipleOf5      = "enforce_multiple_of_5"
	optUnknownCode      = "unknown_transaction_code"
	optSeedCheck        = "seed_check_shape"
	optReturnMethod     = "return_method"
	optNotifyOn         = "notify_on"
	optNotifyFormat     = "notify_format"
	optNotifyPing       = "notify_ping"
	optDocsSpelling     = "docs_spelling"
	optDuplicateCode    = "duplicate_code"
	optAbandonMinutes   = "abandon_min"
	optTransferNesting  = "transfer_nesting"
	optTransferCurrency = "transfer_currency"
	optChecksPerMinute  = "checks_per_min"
)

func dialectOptions() []provider.Option {
	truth := []string{"false", "true"}
	return []provider.Option{
		{
			Name: optContentTypes, Default: "lenient", Values: []string{"lenient", "json_only"},
			Help: "Content types of a payment and of a check: lenient takes forms beside JSON, json_only refuses them with 403.",
		},
		{
			Name: optErrorStatus, Default: "mapped", Values: []string{"mapped", "always_200"},
			Help: "HTTP status of a refusal: mapped is 400, 401, 403 or 429 by its code, always_200 is 200 for all but faults of the gateway.",
		},
		{
			Name: optStrictCharset, Default: "false", Values: truth,
			Help: "A transaction_id or description with one of # / $ _ & in it: false takes it, true refuses it with 608.",
		},
		{
			Name: optMultipleOf5, Default: "true", Values: truth,
			Help: "An amount (but of USD) that is no multiple of 5: true refuses it, false takes it.",
		},
		{
			Name: optUnknownCode, Default: codeFields, Values: []string{codeFields, codePaymentFailed, codeCanceled},
			Help: "Code of a check of a transaction that is not there, which no document names.",
		},
		{
			Name: optSeedCheck, Default: "false", Values: truth,
			Help: "Fields of the answer to a check: false has all, true those of the first document alone, without amount, currency and status.",
		},
		{
			Name: optReturnMethod, Default: "POST", Values: []string{"POST", "GET"},
			Help: "How the browser brings transaction_id and token back to return_url: POST as a form, GET in the query.",
		},
		{
			Name: optNotifyOn, Default: "every_change", Values: []string{"every_change", "final"},
			Help: "What is notified: every_change also that the customer is at it, final the outcome alone.",
		},
		{
			Name: optNotifyFormat, Default: "full_form", Values: []string{"full_form", "seed_json"},
			Help: "Body of a payment's notification: full_form is the form of 16 fields with x-token, seed_json two fields in JSON without it.",
		},
		{
			Name: optNotifyPing, Default: "advisory", Values: []string{"advisory", "required", "off"},
			Help: "The GET before a notification: advisory sends it and notifies whatever is answered, required notifies after a 2xx only, off sends none.",
		},
		{
			Name: optDocsSpelling, Default: "false", Values: truth,
			Help: "Spelling of one message: false is INSUFFISENT_BALANCE as in the first document, true INSUFFICIENT_BALANCE as in later ones.",
		},
		{
			Name: optDuplicateCode, Default: codeFields, Values: []string{codeFields, codeDuplicate},
			Help: "Code of a payment whose transaction_id was used before, which no document names.",
		},
		{
			Name: optAbandonMinutes, Default: "30",
			Help: "Minutes for which a payment's page waits for its customer; afterwards a check says 627.",
		},
		{
			Name: optTransferNesting, Default: "nested", Values: []string{"nested", "flat"},
			Help: "Data of the transfer API's answers: nested is a list in a list, flat one list.",
		},
		{
			Name: optTransferCurrency, Default: string(money.XOF), Values: currencyCodes(),
			Help: "Currency of the transfer account, and of transfers to an operator that takes several.",
		},
		{
			Name: optChecksPerMinute, Default: "",
			Help: "Checks that a site may make in a minute, beyond which the code is 429: a number, or empty for 60 with live credentials and no bound with test ones.",
		},
	}
}

func currencyCodes() []string {
	return []string{string(money.XOF), string(money.XAF), string(money.CDF), string(money.GNF), string(money.USD)}
}

// curl is the seed's own sample with issued credentials.
func curl(base string, issued map[string]string) string {
	notify := cmp.Or(issued[provider.IssuedCallback], "https://www.exemple.com/notify")
	return strings.NewReplacer("{base}", base, "{apikey}", issued[fieldAPIKey], "{site_id}", issued[fieldSiteID], "{notify}", notify).
		Replace(`curl -X POST {base}/v2/payment -H "Content-Type: application/json" -d '{` +
			`"amount":100,"apikey":"{apikey}","site_id":"{site_id}","currency":"XOF",` +
			`"transaction_id":"'"ORDER$(date +%s)"'","description":"TRANSACTION DESCRIPTION",` +
			`"return_url":"https://www.exemple.com/return","notify_url":"{notify}",` +
			`"customer_name":"Kouassi","customer_surname":"Awa"}'`)
}
