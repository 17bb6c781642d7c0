package e2e_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// claim is what somebody says about a payment.
type claim struct {
	reference, theirs string // ours, and the provider's
	amount, currency  string
	succeeded         bool
	// secret signs it, where the provider signs; "" leaves it unsigned.
	secret string
}

// claims are how each provider's notifications look, by its wire document.
var claims = map[string]func(claim) request{
	"komipay":  komipayClaim,
	"mypvit":   mypvitClaim,
	"flexpay":  flexpayClaim,
	"cinetpay": cinetpayClaim,
	"mypayga":  mypaygaClaim,
}

// signs are the credentials that sign a provider's notifications; others are
// not signed at all.
var signs = map[string]string{"cinetpay": "secret_key", "mypayga": "callback_secret"}

func jsonClaim(fields map[string]any) request {
	body, _ := json.Marshal(fields) // texts and numbers always can
	return request{method: http.MethodPost, body: string(body), header: http.Header{"Content-Type": {"application/json"}}}
}

func either[T any](condition bool, yes, no T) T {
	if condition {
		return yes
	}
	return no
}

// wire: komipay, none is documented; this is our own hint.
func komipayClaim(c claim) request {
	return jsonClaim(map[string]any{
		"reference_transaction": c.theirs, "reference_externe": c.reference, "amount": c.amount, "currency": c.currency,
		"transactionStatus": either(c.succeeded, "Success", "Failed"), "statut": 200, "message": "Paiement effectué",
	})
}

// wire: mypvit §callback.
func mypvitClaim(c claim) request {
	return jsonClaim(map[string]any{
		"transactionId": c.theirs, "merchantReferenceId": c.reference, "status": either(c.succeeded, "SUCCESS", "FAILED"),
		"amount": json.RawMessage(either(json.Valid([]byte(c.amount)), c.amount, "0")), "totalAmount": 500, "fees": 0, "customerID": "074000100",
		"chargeOwner": "MERCHANT", "freeInfo": c.currency, "transactionOperation": "PAYMENT", "operator": "AIRTEL_MONEY",
		"code": either(c.succeeded, 200, 400),
	})
}

// wire: flexpay §callback.
func flexpayClaim(c claim) request {
	return jsonClaim(map[string]any{
		"code": either(c.succeeded, "0", "1"), "reference": c.reference, "orderNumber": c.theirs, "provider_reference": "OP1",
		"amount": c.amount, "amountCustomer": c.amount, "currency": c.currency, "phone": "243810000100", "channel": "mpesa",
	})
}

// wire: cinetpay §3: HMAC-SHA256 of the sixteen values in order.
func cinetpayClaim(c claim) request {
	values := [][2]string{
		{"cpm_site_id", forgedSite},
		{"cpm_trans_id", c.reference},
		{"cpm_trans_date", "2026-01-01 00:00:00"},
		{"cpm_amount", c.amount},
		{"cpm_currency", c.currency},
		{"signature", "sig"},
		{"payment_method", "OM"},
		{"cel_phone_num", "0700000100"},
		{"cpm_phone_prefixe", "225"},
		{"cpm_language", "fr"},
		{"cpm_version", "V4"},
		{"cpm_payment_config", "SINGLE"},
		{"cpm_page_action", "PAYMENT"},
		{"cpm_custom", ""},
		{"cpm_designation", "Panier"},
		{"cpm_error_message", either(c.succeeded, "SUCCES", "PAYMENT_FAILED")},
	}
	mac := hmac.New(sha256.New, []byte(c.secret))
	var pairs []string
	for _, v := range values {
		mac.Write([]byte(v[1]))
		pairs = append(pairs, v[0]+"="+url.QueryEscape(v[1]))
	}
	r := request{method: http.MethodPost, body: strings.Join(pairs, "&"), header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
	if c.secret != "" {
		r.header.Set("x-token", hex.EncodeToString(mac.Sum(nil)))
	}
	return r
}

// forgedSite stands for the site of the connection that is told: it is no
// secret, so that a forger gets it right.
const forgedSite = "{site}"

// wire: mypayga §callback: HMAC-SHA512 of seven values in order; the status of
// the request and the currency are not signed.
func mypaygaClaim(c claim) request {
	status, message := either(c.succeeded, "200", "400"), either(c.succeeded, "Paiement effectué", "Solde insuffisant")
	const via, phone = "Mobile Money", "074000102"
	mac := hmac.New(sha512.New, []byte(c.secret))
	mac.Write([]byte(status + c.reference + c.amount + c.theirs + via + message + phone))
	hash := hex.EncodeToString(mac.Sum(nil))
	if c.secret == "" {
		hash = ""
	}
	return jsonClaim(map[string]any{
		"hash": hash, "order_status": status, "unique_id": c.reference, "amount": c.amount, "payment_token": c.theirs,
		"payment_method": via, "message": message, "client_phone": phone, "status_request": "200", "currency": c.currency,
	})
}

// forgery is a claim and why it must not be believed.
type forgery struct {
	what string
	request
}

// forgeries are the lies about one payment that a stranger can tell who knows
// its references and amount, but no secret of the connection.
func forgeries(provider string, truth claim, strangers string) []forgery {
	var list []forgery
	add := func(what string, change func(*claim)) {
		c := truth
		c.succeeded = true
		if signs[provider] != "" {
			c.secret = strangers
		}
		change(&c)
		list = append(list, forgery{what, claims[provider](c)})
	}
	add("everything right but the signature, if there is one", func(*claim) {})
	add("no signature", func(c *claim) { c.secret = "" })
	add("a failure", func(c *claim) { c.succeeded = false })
	for _, amount := range []string{"1", "0", "-500", truth.amount + "00", "99999999999999999999", "1e9", "NaN", ""} {
		add("amount "+amount, func(c *claim) { c.amount, c.secret = amount, "" })
	}
	for _, currency := range []string{"EUR", "XOF", "XAF", "GNF", "USD", "CDF", "", "¤"} {
		if currency != truth.currency {
			add("currency "+currency, func(c *claim) { c.currency, c.secret = currency, "" })
		}
	}
	for what, reference := range map[string]string{
		"an unknown reference": "PNOBODYS0000000000", "no reference": "", "a reference of SQL": "' OR 1=1 --", "a long reference": strings.Repeat("P", 5000),
		"a reference with NUL": "P\x00", "a reference with a wild card": "%", "another case": strings.ToLower(truth.reference), "white space": truth.reference + " ",
	} {
		add(what, func(c *claim) { c.reference, c.theirs = reference, "" })
		add(what+" of theirs", func(c *claim) { c.reference, c.theirs = "", reference })
		add(what+" beside theirs", func(c *claim) { c.reference = reference })
	}
	return append(list, misshapen(claims[provider](truth))...)
}

// misshapen are requests that are no notification of anybody.
func misshapen(honest request) []forgery {
	nested := strings.Repeat("[", 100_000)
	list := []forgery{{"GET with the claim as its query", honest.withMethod(http.MethodGet)}}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodHead, http.MethodOptions} {
		list = append(list, forgery{"method " + method, honest.withMethod(method)})
	}
	for what, body := range map[string]string{
		"nothing": "", "a huge body": honest.body + strings.Repeat(" ", overlong), "half of it": honest.body[:len(honest.body)/2],
		"HTML": "<html><body>502</body></html>", "null": "null", "a list": "[" + honest.body + "]", "a number": "1", "deep JSON": nested,
		"deep JSON in a field": `{"reference":` + nested, "bad UTF-8": "\xff\xfe" + honest.body,
		"XML with an entity": `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><response><status>SUCCESS</status><merchantReferenceId>&a;</merchantReferenceId></response>`,
	} {
		list = append(list, forgery{what, honest.withBody(body)})
	}
	for _, media := range []string{"", "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json; charset=utf-7"} {
		list = append(list, forgery{fmt.Sprintf("content type %q", media), honest.with("Content-Type", media)})
	}
	return list
}
