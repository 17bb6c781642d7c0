package cinetpay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/provider"
)

// params are the fields of a request, whichever way it was encoded. A null is
// absent, numbers and booleans are their text.
type params map[string]param

type param struct {
	text   string
	object bool // was a JSON object or array
}

var errNotObject = errors.New("the body is not a JSON object")

// text returns a field exactly as sent, "" when it is absent.
func (p params) text(name string) string { return p[name].text }

// jsonParams reads a JSON object; the comma before its closing brace is
// forgiven, since the seed's own samples have one.
func jsonParams(body []byte) (params, error) {
	body = provider.WithoutTrailingCommas(body)
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil || raw == nil || provider.CheckJSON(body) != nil {
		return nil, errNotObject
	}
	p := make(params, len(raw))
	for name, value := range raw {
		if bytes.Equal(value, []byte("null")) {
			continue
		}
		text, object, err := scalar(value)
		if err != nil {
			return nil, fmt.Errorf("field of the body: %w", err)
		}
		p[name] = param{text: text, object: object}
	}
	return p, nil
}

// formParams reads an urlencoded body; public clients send keys that end in a colon.
func formParams(body []byte) (params, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("the body is not urlencoded")
	}
	p := make(params, len(values))
	for name := range values {
		p[strings.TrimSuffix(name, ":")] = param{text: values.Get(name)}
	}
	return p, nil
}

// alias renames a field unless the proper one is there.
func (p params) alias(name, other string) {
	if _, ok := p[name]; ok {
		return
	}
	if v, ok := p[other]; ok {
		p[name] = v
	}
}

// readCredentials takes the credentials that every Checkout request has.
func readCredentials(p params) credentials {
	p.alias("apikey", "apiKey")
	return credentials{APIKey: p.text("apikey"), SiteID: strings.TrimSpace(p.text("site_id"))}
}

// readLookup takes the two names of a payment, without the surrounding spaces
// that an initialisation drops too.
func readLookup(p params) Lookup {
	p.alias("payment_token", "token")
	return Lookup{
		TransactionID: strings.TrimSpace(p.text("transaction_id")), PaymentToken: strings.TrimSpace(p.text("payment_token")),
	}
}

// readPayment takes a payment request; illTyped names a field that is an
// object where text is due.
func readPayment(p params) (r PaymentRequest, illTyped string) {
	texts := []struct {
		name string
		into *string
	}{
		{"transaction_id", &r.TransactionID},
		{"currency", &r.Currency},
		{"description", &r.Description},
		{"notify_url", &r.NotifyURL},
		{"return_url", &r.ReturnURL},
		{"customer_name", &r.CustomerName},
		{"customer_surname", &r.CustomerSurname},
		{"channels", &r.Channels},
		{"lang", &r.Language},
		{"alternative_currency", &r.AlternativeCurrency},
		{"customer_id", &r.CustomerID},
		{"customer_email", &r.CustomerEmail},
		{"customer_phone_number", &r.CustomerPhoneNumber},
		{"customer_address", &r.CustomerAddress},
		{"customer_city", &r.CustomerCity},
		{"customer_country", &r.CustomerCountry},
		{"customer_zip_code", &r.CustomerZipCode},
		{"customer_state", &r.CustomerState},
	}
	for _, t := range texts {
		if p[t.name].object {
			return r, t.name
		}
		*t.into = strings.TrimSpace(p.text(t.name))
	}
	if p["amount"].object {
		return r, "amount"
	}
	r.Amount = json.Number(strings.TrimSpace(p.text("amount")))
	r.Metadata = p.text("metadata") // an object is its compact JSON text
	r.LockPhoneNumber = isTrue(p.text("lock_phone_number"))
	if invoice := p.text("invoice_data"); invoice != "" {
		r.InvoiceData = json.RawMessage(invoice)
	}
	return r, ""
}

func isTrue(text string) bool {
	return strings.EqualFold(text, "true") || text == "1"
}

// missing names the first required field that is empty, in the seed's order.
func (r PaymentRequest) missing() string {
	return firstEmpty([][2]string{
		{"amount", string(r.Amount)},
		{"currency", r.Currency},
		{"transaction_id", r.TransactionID},
		{"description", r.Description},
		{"return_url", r.ReturnURL},
		{"notify_url", r.NotifyURL},
	})
}

// missingForCard names the first field that card payments need and that is empty.
func (r PaymentRequest) missingForCard() string {
	fields := [][2]string{
		{"customer_name", r.CustomerName},
		{"customer_surname", r.CustomerSurname},
		{"customer_email", r.CustomerEmail},
		{"customer_phone_number", r.CustomerPhoneNumber},
		{"customer_address", r.CustomerAddress},
		{"customer_city", r.CustomerCity},
		{"customer_country", r.CustomerCountry},
		{"customer_zip_code", r.CustomerZipCode},
	}
	if c := strings.ToUpper(r.CustomerCountry); c == "US" || c == "CA" {
		fields = append(fields, [2]string{"customer_state", r.CustomerState})
	}
	return firstEmpty(fields)
}

func firstEmpty(fields [][2]string) string {
	for _, f := range fields {
		if f[1] == "" {
			return f[0]
		}
	}
	return ""
}
