// Package mypayga speaks MyPayGa's API, on both sides: a connector that calls
// it and a dialect that serves it.
//
// # The provider
//
// MyPayGa takes mobile money (Airtel, Moov, Orange) and cards in Gabon and
// other countries, in "CFA". A merchant's server asks for references (gethash),
// has the customer's phone prompted (payment-request) or lets the browser post
// the card form, and is told the end by a callback. It can pay out
// (sendClientTransfert), refund in two steps and make payment links.
//
// # Where the facts come from
//
// The documentation page of 2024-04-25 describes the operations by samples.
// The format and the signature of callbacks, and the newer API (/v1/payment,
// /network, /verify), are those that public clients use. What neither says is
// decided in the wire contract ("wire: mypayga") and marked in the names of the
// dialect options or beside the code.
//
// # Quirks kept
//
//   - CFA is no ISO currency. It is XAF or XOF by the country of the phone
//     number; a connector refuses an order in the other of the two.
//   - The status is text or a number under six names, by operation.
//   - paiement-detail knows finalised payments only, so "not found" proves nothing.
//   - A unique id and a token are refused while their payment is paid or in
//     progress; after a failure they are good again (see dialect_again.go).
//   - Test cards are refused with code 200: a message that tells of a refusal
//     is no success, whatever the code.
//   - In a callback, status_request and currency are not signed.
//   - A payout has no reference of ours: one whose answer is lost is unknown
//     for good. It is never repeated, and a person is told.
//   - montant_net may be negative.
//
// # Cards on the connector
//
// With api v1 the provider gives a page's address. With the seed API the
// browser has to post a form with the public key; the connection's hook shows
// that form (see connector_card.go).
//
// # Not served
//
// POST /pay with an apikey header, which one unverified source has; keys that
// start with spub_, a typo of one sample; wave_launch_url, which is understood
// and never sent.
package mypayga

import (
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Name is the provider's name in addresses and configuration.
const Name = "mypayga"

// sandboxFee is the documented rate of 0.0175, in basis points.
const sandboxFee = 175

// Provider describes MyPayGa.
func Provider() provider.Provider {
	return provider.Provider{
		Name: Name, Title: "MyPayGa",
		Countries:  countries,
		Currencies: []money.Currency{money.XAF, money.XOF},
		Takes: []provider.Capability{
			{Kind: pay.Payment, Method: pay.MobileMoney},
			{Kind: pay.Payment, Method: pay.CardMethod, Hosted: true},
			{Kind: pay.Payout, Method: pay.MobileMoney},
			{Kind: pay.Refund, Method: pay.MobileMoney},
			{Kind: pay.Refund, Method: pay.CardMethod},
		},
		Hosts:       []string{"api.mypayga.com", "www.mypayga.com", "mypayga.com"},
		Credentials: credentialFields(),
		Options:     dialectOptions(),
		Reference:   provider.ReferenceRule{Prefix: referencePrefix, Length: 20},
		PendingTTL:  30 * time.Minute,
		// Callbacks come first (wire: mypayga §7, callback_never).
		Polls:      []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute},
		SandboxFee: sandboxFee, SandboxFeeBearer: pay.MerchantBears,
		Connect:   connect,
		Speak:     speak,
		Rules:     rules,
		Scenes:    scenes(),
		Hazards:   hazards(),
		Vectors:   vectors,
		Curl:      curl,
		Statement: statement(),
	}
}

const referencePrefix = "PS"

// Names of the credential fields.
const (
	fieldAPIKey           = "apikey"
	fieldPublicKey        = "public_apikey"
	fieldCallbackSecret   = "callback_secret"
	fieldAPI              = "api"
	fieldConfirmCallbacks = "confirm_callbacks"
	fieldBaseURL          = "base_url"
	fieldCardBaseURL      = "card_base_url"
)

// The values of the setting api.
const (
	apiSeed = "seed"
	apiV1   = "v1"
)

func credentialFields() []provider.Field {
	return []provider.Field{
		{Name: fieldAPIKey, Label: "Secret API key (sprod_… or stest_…)", Secret: true, Required: true},
		{Name: fieldPublicKey, Label: "Public API key (pprod_… or ptest_…), needed for cards"},
		{Name: fieldCallbackSecret, Label: "Callback secret (the secret API key when empty)", Secret: true},
		{Name: fieldAPI, Label: "API: seed or v1", Default: apiSeed},
		{Name: fieldConfirmCallbacks, Label: "Ask for the detail after each callback: true or false", Default: "false"},
		{Name: fieldBaseURL, Label: "API address", Default: DefaultBaseURL, Required: true, URL: true},
		{Name: fieldCardBaseURL, Label: "Card form address", Default: DefaultCardBaseURL, Required: true, URL: true},
	}
}

// Names of the dialect options.
const (
	optErrorStatus    = "error_http_status"
	optKeyKinds       = "key_kind_check"
	optStrictRequired = "strict_required"
	optTokenCheck     = "token_check"
	optDetailPending  = "detail_pending"
	optCallbackFormat = "callback_format"
	optCallbackSecret = "callback_secret"
	optInvalidJSON    = "seed_invalid_json"
	optRefundMessage  = "seed_refund_message"
	optCardRefusal    = "card_refusal_code"
)

func dialectOptions() []provider.Option {
	truth := []string{"false", "true"}
	return []provider.Option{
		{
			Name: optErrorStatus, Default: "body_only", Values: []string{"body_only", "mirror"},
			Help: "HTTP status of a refusal: body_only is 200 with the status in the body, mirror is that status.",
		},
		{
			Name: optKeyKinds, Default: "strict", Values: []string{"strict", "off"},
			Help: "A public key where the document wants the secret one: strict refuses it with 401, off takes it.",
		},
		{
			Name: optStrictRequired, Default: "false", Values: truth,
			Help: "email, firstname, lastname and description at gethash, which the document calls required: false does without, true refuses.",
		},
		{
			Name: optTokenCheck, Default: "lenient", Values: []string{"lenient", "strict"},
			Help: "A payment_token that gethash did not give: lenient takes it as the merchant's own reference, strict refuses it.",
		},
		{
			Name: optDetailPending, Default: "not_found", Values: []string{"not_found", "pending"},
			Help: "paiement-detail of a payment that has no outcome yet: not_found says 404, pending shows it with status 100.",
		},
		{
			Name: optCallbackFormat, Default: "json", Values: []string{"json", "form", "get"},
			Help: "How a callback is sent: json and form as the body of a POST, get in the query of a GET.",
		},
		{
			Name: optCallbackSecret, Default: "dedicated", Values: []string{"dedicated", "secret_apikey"},
			Help: "What signs callbacks: dedicated is the callback secret that was issued, secret_apikey the secret API key.",
		},
		{
			Name: optInvalidJSON, Default: "false", Values: truth,
			Help: "Answers of getClientTransfert and refund/send: false is JSON, true has the document's mistakes, a missing quote and a comma too many.",
		},
		{
			Name: optRefundMessage, Default: "false", Values: truth,
			Help: "Message of a refund that is done: false says so, true says that it waits, as the document's sample does.",
		},
		{
			Name: optCardRefusal, Default: statusFailed, Values: []string{statusFailed, statusOK},
			Help: "Status of a card payment that was refused: 400, or 200 beside the text of a refusal, as with the document's test cards.",
		},
	}
}

// curl asks for a test number's payment, as the document's first sample does.
func curl(base string, issued map[string]string) string {
	return strings.NewReplacer("{base}", base, "{apikey}", issued[fieldAPIKey]).
		Replace(`curl -X POST {base}/mpayment/payment-request -F apikey={apikey} -F amount=100 ` +
			`-F client_phone=074121212 -F payment_token="ORDER$(date +%s)" -F email=client@example.test ` +
			`-F firstname=Jacob -F lastname=Larry -F "description=Sample description"`)
}
