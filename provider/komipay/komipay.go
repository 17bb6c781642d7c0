// Package komipay is KomiPay, a payment service of Niger in XOF: mobile money
// (Airtel, Moov, Zamani), money-transfer companies (MyNITA, Amanata, ZeynaCash)
// and cards with 3-D Secure.
//
// The only document is one integrator's notes ("seed"): JSON bodies without
// addresses, methods or headers. What it leaves out comes from public clients
// and from the numbered decisions of the wire contract ("wire: komipay").
//
// # Quirks kept
//
//   - `statut` is a boolean, a text or null, and "TF", which is truthy, is a
//     refusal. Code and statut decide together; a status is read from
//     transactionStatus and etat.
//   - A transfer company's `statut:true` says that the request was accepted. The
//     telcos' says that the money was received, and their call stays open until
//     it was, for up to five minutes. The status call stays open likewise.
//   - The key is called api_key, but apikey in the status call.
//   - The answer to crypt-cvv has two letters the wrong way round.
//   - An amount is text with a space between thousands: "5 000".
//
// # As a provider (connector)
//
// A collect is sent once. Whatever leaves its end open is asked for by our own
// reference, and "notFound" is no failure. A refusal of the token (401, 403)
// proves that nothing was started, so the call is repeated once with a new one.
// Payments of ZeynaCash need a code that the payer gets by SMS: without it the
// payment waits for the one-time password, and only then is the collect sent.
// KomiPay has no payout, no refund and no cancellation.
//
// # As a front (dialect)
//
// A business refusal is HTTP 200 with its code in the body, unless the option
// error_http_status says otherwise. When the five minutes are over a payment is
// reported as "Echec", as KomiPay does, and as "Success" if it succeeds later.
//
// In test mode every SMS code of five digits but 00000 is right. In live mode
// zeyna_transfert is "non active": its code is sent before there is a payment,
// by a company that only its own provider can ask.
//
// code_validation and code_achat are made up in test mode. In live mode the
// former is the one that the rail gave, and the latter is left out.
package komipay

import (
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Name is the dialect's prefix and the name in configuration.
const Name = "komipay"

// country is where every number and every wallet is.
const country = "NE"

// The fields of a connection.
const (
	fieldTokenBase    = "token_base"
	fieldAPIBase      = "api_base"
	fieldLogin        = "login"
	fieldPassword     = "password"
	fieldAPIKey       = "api_key"
	fieldKeypass      = "keypass"
	fieldAmountFormat = "amount_format"
)

// The values of amount_format.
const (
	formatPlain  = "plain"
	formatSpaced = "spaced"
)

const (
	// collectTime outlasts the five minutes in which a payer may answer.
	collectTime = 310 * time.Second
	// lateSuccess is how long a payment that ran out of time may still succeed.
	lateSuccess = 24 * time.Hour
)

// Provider describes KomiPay.
func Provider() provider.Provider {
	return provider.Provider{
		Name: Name, Title: "KomiPay",
		Countries: []string{country}, Currencies: []money.Currency{money.XOF},
		Takes: []provider.Capability{
			{Kind: pay.Payment, Method: pay.MobileMoney},
			{Kind: pay.Payment, Method: pay.Wallet},
			{Kind: pay.Payment, Method: pay.CardMethod, Hosted: true},
		},
		Hosts:       []string{"www.komipay.com", "sandbox.komipay.com"},
		Credentials: credentials(),
		Options:     options(),
		Reference:   provider.ReferenceRule{Prefix: "PS", Length: 20},
		// Absence proves nothing, so no transaction is ever abandoned for it.
		PendingTTL:  15 * time.Minute,
		CallTimeout: collectTime,
		Polls:       polls(),
		Recheck:     map[pay.Reason]time.Duration{pay.Expired: lateSuccess},
		Connect:     connect,
		Speak:       speak,
		Scenes:      scenes(),
		Hazards:     hazards(),
		Vectors:     vectors,
		Curl:        curl,
		Statement:   statement(),
	}
}

// polls are every 6 s for 6 minutes, then every 5 minutes (wire: komipay,
// long_poll).
func polls() []time.Duration {
	var list []time.Duration
	for range 60 {
		list = append(list, 6*time.Second)
	}
	return append(list, 5*time.Minute)
}

func credentials() []provider.Field {
	return []provider.Field{
		{Name: fieldTokenBase, Label: "API address", Default: DefaultTokenBase, Required: true, URL: true},
		{Name: fieldAPIBase, Label: "Address of the payment calls (below the API address when empty)", URL: true},
		{Name: fieldLogin, Label: "Login (e-mail)", Required: true},
		{Name: fieldPassword, Label: "Password", Secret: true, Required: true},
		{Name: fieldAPIKey, Label: "API key", Secret: true, Required: true},
		{Name: fieldKeypass, Label: "Keypass (for cards)", Secret: true},
		{Name: fieldAmountFormat, Label: "Amounts: plain (5000) or spaced (5 000)", Default: formatPlain},
	}
}

// curl logs in and plays the seed's own request.
func curl(base string, issued map[string]string) string {
	return strings.NewReplacer(
		"{base}", base+basePath, "{login}", issued[fieldLogin], "{password}", issued[fieldPassword],
		"{key}", issued[fieldAPIKey], "{v1}", base+basePath+versionPath,
	).Replace(`TOKEN=$(curl -s {base}/generateToken -H 'Content-Type: application/json' \
  -d '{"login":"{login}","password":"{password}","api_key":"{key}"}' | sed 's/.*"token":"\([^"]*\)".*/\1/') && \
curl {v1}/b2c_standard -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{"mobile_money":"airtel_money","api_key":"{key}","montant_a_payer":"5 000","numero_telephone_payeur":"90000100","nom_prenom_payeur":"KomiPay KomiPay","reference_externe":"'"ORDER$(date +%s)"'"}'`)
}
