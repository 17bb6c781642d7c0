// Package flexpay speaks FlexPay's card and mobile money APIs, on both sides: a
// connector that calls them and a dialect that serves them.
//
// # The provider
//
// FlexPay takes cards, on a page of its own, and mobile money, by a prompt on
// the payer's phone, in the Democratic Republic of the Congo, in CDF and USD,
// and pays out to phones. It answers an initiation with an orderNumber, tells
// the end to the request's callback URL, and answers checks by orderNumber.
//
// # Where the facts come from
//
// "API de Paiement (Card)" v1.0 of 23/06/2021 describes the request of v1/pay,
// the callback and the check. What it leaves out (the answer to v1/pay, mobile
// money, payouts, a pending status) comes from the provider's later documents
// and from public clients. Where they differ or none says, the dialect has an
// option with a default.
//
// # Quirks kept
//
//   - Refusals are HTTP 200 with code "1"; only credentials and transport
//     faults have another status. The HTML form of a refusal is HTTP 400.
//   - v1/pay answers JSON or HTML, by Accept, then by the request's type.
//   - code is text, but the number 0 on success of v1.1/pay.
//   - With status_profile strict a check knows only 0 and 1, so that a payment
//     that waits looks like one that failed.
//   - A check of an unknown orderNumber is HTTP 200 with code "1".
//   - amountCustomer, with the customer's fee, stands beside amount and differs.
//   - The seed's samples have a trailing comma and capital keys: both are read.
//
// # What the connector makes of status 1
//
// Under the strict profile: refused when a callback said so; else pending until
// the payer's time is over (15 minutes on a phone, 30 with a card); then
// expired, and asked about for another day. A payout only ever fails by the
// callback: money that may have moved is not taken back by a clock.
//
// # Whose word an orderNumber is
//
// A check needs an orderNumber. Where FlexPay's answer gave none, callbacks and
// the card page's address name candidates, and each is checked: the one whose
// check names our reference, amount and currency is bound. A forged callback
// adds a candidate and keeps no other out.
//
// # Statuses of the dialect
//
// Under the extended profile 3 stands for a payment of which part was given
// back and 4 for one given back entirely, since a refund of one of its payments
// enters by another door and its progress isn't known here. Failure reasons
// other than the customer's own withdrawal (5) are all status 1: the check has
// no field for a reason.
package flexpay

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
const Name = "flexpay"

// country is where FlexPay works.
const country = "CD"

// Provider describes FlexPay.
func Provider() provider.Provider {
	return provider.Provider{
		Name:       Name,
		Title:      "FlexPay",
		Countries:  []string{country},
		Currencies: []money.Currency{money.CDF, money.USD},
		Takes: []provider.Capability{
			{Kind: pay.Payment, Method: pay.MobileMoney},
			{Kind: pay.Payment, Method: pay.CardMethod, Hosted: true},
			{Kind: pay.Payout, Method: pay.MobileMoney},
		},
		Hosts: []string{
			"cardpayment.flexpay.cd", "beta-cardpayment.flexpay.cd",
			"backend.flexpay.cd", "beta-backend.flexpay.cd", "apicheck.flexpaie.com",
		},
		Credentials: credentialFields(),
		Options:     dialectOptions(),
		Reference:   provider.ReferenceRule{Prefix: referencePrefix, Length: referenceLength},
		PendingTTL:  cardTTL,
		Polls:       polls(),
		// Status 1 is not the end: a late 0 is honoured.
		Recheck:    map[pay.Reason]time.Duration{pay.Expired: 24 * time.Hour},
		SandboxFee: 200, SandboxFeeBearer: pay.CustomerBears,
		Connect:   connect,
		Speak:     speak,
		Scenes:    scenes(),
		Hazards:   hazards(),
		Vectors:   vectors,
		Curl:      curl,
		Statement: statement(),
	}
}

// The form of our references: FlexPay takes 25 characters at most.
const (
	referencePrefix = "PS"
	referenceLength = 20
)

// polls ask every minute for as long as a payer may take, then ever more rarely
// (wire: flexpay §7, callback_never).
func polls() []time.Duration {
	early := []time.Duration{5 * time.Second, 15 * time.Second, 30 * time.Second}
	minutes := slices.Repeat([]time.Duration{time.Minute}, int(cardTTL/time.Minute))
	return slices.Concat(early, minutes, []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour})
}

// Names of the credential fields.
const (
	fieldToken         = "token"
	fieldMerchant      = "merchant"
	fieldCardBase      = "card_base"
	fieldPayBase       = "pay_base"
	fieldCheckBase     = "check_base"
	fieldCardAPI       = "card_api"
	fieldV1Body        = "v1_body"
	fieldStatusProfile = "status_profile"
	fieldCheckoutHosts = "checkout_hosts"
)

// The values of status_profile, for both sides.
const (
	profileStrict   = "strict"
	profileExtended = "extended"
)

func credentialFields() []provider.Field {
	return []provider.Field{
		{Name: fieldToken, Label: "Token (with or without Bearer)", Secret: true, Required: true},
		{Name: fieldMerchant, Label: "Merchant code", Required: true},
		{Name: fieldCardBase, Label: "Card API address, such as https://cardpayment.flexpay.cd", Required: true, URL: true},
		{Name: fieldPayBase, Label: "Mobile money API address, such as https://backend.flexpay.cd/api/rest/v1", Required: true, URL: true},
		{Name: fieldCheckBase, Label: "Check API address (that of mobile money when empty)", URL: true},
		{Name: fieldCardAPI, Label: "Card API: v1, or v1.1 where the account has it", Default: CardV1},
		{Name: fieldV1Body, Label: "Body of v1/pay: form or json", Default: BodyForm},
		{Name: fieldStatusProfile, Label: "Statuses that FlexPay sends: strict (0 and 1) or extended (0 to 5)", Default: profileStrict},
		{Name: fieldCheckoutHosts, Label: "Hosts of the card page, with commas (the card API's and gwvisa.flexpay.cd when empty)"},
	}
}

// Names of the dialect options.
const (
	optV1HTML          = "v1_html"
	optRedirectParams  = "redirect_params"
	optCallbackProfile = "callback_profile"
	optCallbackRetries = "callback_retries"
	optStatusProfile   = "status_profile"
	optCardCodeType    = "card_code_type"
)

// Values of the options that code compares with.
const (
	htmlRedirect     = "redirect"
	paramsOrder      = "order"
	callbackByOp     = "by_operation"
	callbackSeed     = "seed"
	callbackExtended = "extended"
	codeTypeAsSeen   = "as_seen"
)

func dialectOptions() []provider.Option {
	return []provider.Option{
		{
			Name: optV1HTML, Default: "page", Values: []string{"page", htmlRedirect},
			Help: "Answer to a browser at v1/pay: page is HTML that leads to the card page, redirect is a 302 to it.",
		},
		{
			Name: optRedirectParams, Default: "none", Values: []string{"none", paramsOrder},
			Help: "What is appended to the address that the browser goes back to: none is nothing, order is reference and orderNumber.",
		},
		{
			Name: optCallbackProfile, Default: callbackByOp, Values: []string{callbackByOp, callbackSeed, callbackExtended},
			Help: "Fields of a callback: seed is the four of the first document, extended has amount, phone and more, by_operation is seed for v1/pay and extended for the rest.",
		},
		{
			Name: optCallbackRetries, Default: "3",
			Help: "How often, 0 to 20, a callback without a 2xx is sent again: after 30 s, 2 min, and then every 10 min.",
		},
		{
			Name: optStatusProfile, Default: profileStrict, Values: []string{profileStrict, profileExtended},
			Help: "Status in a check: strict is 0 for paid and 1 for all else, extended 0 to 5, with the channel.",
		},
		{
			Name: optCardCodeType, Default: codeTypeAsSeen, Values: []string{codeTypeAsSeen, "string"},
			Help: "Type of code in the answer of v1.1/pay that takes a payment: as_seen is a number, string a text as everywhere else.",
		},
	}
}

// curl asks for a mobile money payment with issued credentials.
func curl(base string, issued map[string]string) string {
	callback := cmp.Or(issued[provider.IssuedCallback], "https://abcd.efgh.cd/callback")
	return strings.NewReplacer("{base}", base, "{token}", issued[fieldToken], "{merchant}", issued[fieldMerchant], "{callback}", callback).
		Replace(`curl -X POST {base}/api/rest/v1/paymentService -H "Authorization: Bearer {token}" ` +
			`-H "Content-Type: application/json" -d '{"merchant":"{merchant}","type":"1",` +
			`"reference":"'"MM$(date +%s)"'","phone":"243810000100","amount":"100","currency":"CDF",` +
			`"callbackUrl":"{callback}"}'`)
}
