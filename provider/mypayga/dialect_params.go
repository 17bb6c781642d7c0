package mypayga

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/provider"
)

// params are the parameters of a request, whichever way they came. Names and
// values are without the spaces and line breaks that samples have around them.
type params map[string]string

// get gives the first of the names that has a value.
func (p params) get(names ...string) string {
	for _, name := range names {
		if p[name] != "" {
			return p[name]
		}
	}
	return ""
}

// uniqueID is the merchant's reference, under any of its names.
func (p params) uniqueID() string { return p.get("uniqueID", "unique_id", "mpga_uniqueId") }

// phone is the customer's number, under either of its names.
func (p params) phone() string { return p.get("client_phone", "phone") }

func (p params) set(name, value string) {
	// PHP's and JSON's ways to write a field of a field come to the same.
	name = strings.NewReplacer("[", ".", "]", "").Replace(strings.TrimSpace(name))
	p[name] = strings.TrimSpace(value)
}

func (p params) setAll(values url.Values) {
	for name, list := range values {
		if len(list) > 0 {
			p.set(name, list[len(list)-1])
		}
	}
}

var errBody = refuse(http.StatusBadRequest, "Invalid request")

// readParams reads the query, then the body, which wins: multipart, JSON or
// urlencoded, the last also where no content type or a wrong one is given.
func readParams(r *http.Request) (params, error) {
	p := params{}
	p.setAll(r.URL.Query())
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType == "multipart/form-data" {
		if err := r.ParseMultipartForm(maxBody); err != nil {
			return nil, bodyRefusal(err)
		}
		p.setAll(r.MultipartForm.Value)
		return p, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, bodyRefusal(err)
	}
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return p, nil
	case mediaType == mediaJSON, body[0] == '{':
		return p, p.addJSON(body)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errBody
	}
	p.setAll(values)
	return p, nil
}

func bodyRefusal(err error) error {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return refuseHard(http.StatusRequestEntityTooLarge, "Request too large")
	}
	return errBody
}

// addJSON flattens an object: {"urls":{"callback_url":…}} is urls.callback_url.
// A number is its literal text, so that 1e3 is no amount.
func (p params) addJSON(body []byte) error {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil || object == nil || provider.CheckJSON(body) != nil {
		return errBody
	}
	for name, raw := range object {
		if text, err := scalar(raw); err == nil {
			if text != "" {
				p.set(name, text)
			}
			continue
		}
		inner := params{}
		if inner.addJSON(raw) != nil {
			return errBody // a list is no parameter of any operation
		}
		for field, value := range inner {
			p.set(name+"."+field, value)
		}
	}
	return nil
}

// require names the first of the parameters that is absent.
func (p params) require(names ...string) error {
	for _, name := range names {
		if p.get(name) == "" {
			return missing(name)
		}
	}
	return nil
}

// amount reads a whole number of francs above zero.
func (p params) amount(currency money.Currency) (money.Amount, error) {
	a, err := money.Parse(p.get("amount"), currency)
	if err != nil || !a.IsPositive() {
		return money.Amount{}, refuse(http.StatusBadRequest, messageAmount)
	}
	return a, nil
}
