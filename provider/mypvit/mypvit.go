// Package mypvit is MyPVit (PVIT), a payment service of Gabon: Airtel Money,
// Moov Money and cards, in XAF.
//
// Facts come from the provider's document v5.5 of 01/11/2024, from its public
// pages on v2, and, where those are silent or contradict each other, from the
// numbered decisions of the wire contract ("wire: mypvit").
//
// # As a provider (connector)
//
// A payment with a wallet's number is a rest PAYMENT: the customer approves on
// the phone. A card, or a wallet that the customer is to choose, is a link to
// MyPVit's page; where the browser comes back to is fixed by the redirection
// codes of the merchant's MyPVit account, not by the order. A payout is a rest
// GIVE_CHANGE, whose answer is final. MyPVit has no refund.
//
// Callbacks are not signed, so they are hints: the status is always asked for.
// The key expires; it is renewed at four fifths of its life and once when it is
// refused, by one node for all. The new key arrives at the connection's hook
// while the renewing call is still open. A key pushed while nothing waits for
// it is kept aside and reported, never used.
//
// # As a front (dialect)
//
// Every operation is served with and without /v2. A GIVE_CHANGE waits ten
// seconds for its end; one still open then answers PENDING with HTTP 200, which
// its client reads as not yet known.
//
// The dialect options `inactive` and `not_allowed` are lists of what the
// provider's staff would have switched off: merchant, account:ACC_…,
// account_type:PAYMENT, service:WEB, type:PAYMENT, operator:MOOV_MONEY,
// operator_service:MOOV_MONEY/WEB, operator_type:MOOV_MONEY/PAYMENT, url:CBK01,
// fees; permission:balance is for not_allowed alone. `customers` lists
// numbers in a state: blocked:060000100, no_pin:…, unknown:….
//
// # Documented codes that are not reachable here
//
//   - 1005 and 5003 are older duplicates: 3022 and 1006 are sent instead.
//   - 3015 and 10002 to 10007 are in no document.
//   - 4008 and 4009 are about repatriation accounts, which no documented
//     operation uses.
//   - On rest, a service other than RESTFUL breaks the field's constraint (8000);
//     4003 is sent by link.
//
// A wrong HTTP method, for which there is no documented code, is 405 with
// METHOD_NOT_ALLOWED.
//
// A QR code needs an amount, since every transaction has one. Where public
// clients leave it out it is refused with 1012: a picture by which nobody can pay
// would be noticed by a customer only.
package mypvit

import (
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Name is the dialect's prefix and the name in configuration.
const Name = "mypvit"

// The fields of a connection.
const (
	fieldBaseURL        = "base_url"
	fieldCodeURL        = "code_url"
	fieldAccount        = "account"
	fieldSecret         = "secret"
	fieldPassword       = "renewal_password"
	fieldReceptionCode  = "reception_url_code"
	fieldCallbackCode   = "callback_url_code"
	fieldSuccessCode    = "success_redirection_url_code"
	fieldFailedCode     = "failed_redirection_url_code"
	fieldAPIVersion     = "api_version"
	fieldV2Minimum      = "v2_min_amount"
	fieldAllowedSenders = "allowed_senders"
	// fieldAirtelAccount is issued to the demo merchant alone.
	fieldAirtelAccount = "account_airtel"
)

const referenceLength = 15

// Provider describes MyPVit.
func Provider() provider.Provider {
	return provider.Provider{
		Name: Name, Title: "MyPVit",
		Countries: []string{country}, Currencies: []money.Currency{money.XAF},
		Takes: []provider.Capability{
			{Kind: pay.Payment, Method: pay.MobileMoney},
			{Kind: pay.Payment, Method: pay.CardMethod, Hosted: true},
			{Kind: pay.Payout, Method: pay.MobileMoney},
		},
		Hosts:       []string{"api.mypvit.pro"},
		Credentials: credentials(),
		Options:     options(),
		Reference:   provider.ReferenceRule{Prefix: "PS", Length: referenceLength},
		// Absence proves nothing about a GIVE_CHANGE, which is never abandoned.
		Abandon:    map[pay.Kind]provider.Abandon{pay.Payment: {Times: 3, After: 2 * time.Minute}},
		PendingTTL: 30 * time.Minute,
		// A refused key is renewed within the call.
		CallTimeout: renewalTime + 30*time.Second,
		Polls:       []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute},
		GoLive:      provider.GoLive{Succeeded: 2, Failed: 2},
		SandboxFee:  250, SandboxFeeBearer: pay.MerchantBears,
		Connect:   connect,
		Speak:     func(g provider.Gateway) provider.Dialect { return newDialect(g) },
		Rules:     rules,
		Scenes:    scenes(),
		Hazards:   hazards(),
		Vectors:   vectors,
		Curl:      curl,
		Statement: statement(),
	}
}

func credentials() []provider.Field {
	return []provider.Field{
		{Name: fieldBaseURL, Label: "API address", Default: DefaultBaseURL, Required: true, URL: true},
		{Name: fieldCodeURL, Label: "URL code (of rest, and of all operations without their own)", Required: true},
		{Name: fieldCodeURL + "_link", Label: "URL code of link"},
		{Name: fieldCodeURL + "_status", Label: "URL code of status"},
		{Name: fieldCodeURL + "_balance", Label: "URL code of balance"},
		{Name: fieldCodeURL + "_kyc", Label: "URL code of kyc"},
		{Name: fieldCodeURL + "_renew_secret", Label: "URL code of renew-secret"},
		{Name: fieldCodeURL + "_get_fees", Label: "URL code of get-fees"},
		{Name: fieldAccount, Label: "Operation account (ACC_…)", Required: true},
		{Name: fieldSecret, Label: "Secret key", Secret: true, Required: true},
		{Name: fieldPassword, Label: "Renewal password", Secret: true},
		{Name: fieldReceptionCode, Label: "URL code of secret reception"},
		{Name: fieldCallbackCode, Label: "URL code of callback", Required: true},
		{Name: fieldSuccessCode, Label: "URL code of redirection after success"},
		{Name: fieldFailedCode, Label: "URL code of redirection after failure"},
		{Name: fieldAPIVersion, Label: "API version (5.5 or 2)", Default: Version55, Required: true},
		{Name: fieldV2Minimum, Label: "Least amount with version 2", Default: "500", Required: true},
		{Name: fieldAllowedSenders, Label: "Addresses that callbacks come from (all when empty)"},
	}
}

func curl(base string, issued map[string]string) string {
	return fmt.Sprintf(`curl %s/%s/rest \
  -H 'X-Secret: %s' -H 'Content-Type: application/json' \
  -d '{"amount":200,"reference":"'"REF$(date +%%s)"'","service":"RESTFUL","callback_url_code":"%s","customer_account_number":"060000100","merchant_operation_account_code":"%s","transaction_type":"PAYMENT","owner_charge":"MERCHANT"}'`,
		base, issued[fieldCodeURL], issued[fieldSecret], issued[fieldCallbackCode], issued[fieldAccount])
}
