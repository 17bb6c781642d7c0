package flexpay

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/provider"
)

// params are the fields of a request, whichever way it was encoded. A null is
// absent; numbers and booleans are their text.
type params map[string]param

type param struct {
	text   string
	object bool // was a JSON object or array
}

// text returns a field without surrounding spaces, "" when it is absent.
func (p params) text(name string) string { return strings.TrimSpace(p[name].text) }

// aliases are the other names of fields: public clients send both spellings to
// every operation.
var aliases = map[string]string{
	"callbackUrl": "callback_url",
	"approveUrl":  "approve_url",
	"cancelUrl":   "cancel_url",
	"declineUrl":  "decline_url",
	"homeUrl":     "home_url",
	"returnUrl":   "return_url",
}

// canonical is the one name by which a field is read.
func canonical(name string) string {
	if proper, ok := aliases[name]; ok {
		return proper
	}
	return name
}

// set keeps a field under its canonical name, which wins over an alias.
func (p params) set(name string, v param) {
	proper := canonical(name)
	if _, known := p[proper]; known && proper != name {
		return
	}
	p[proper] = v
}

// jsonParams reads a JSON object.
func jsonParams(body []byte) (params, error) {
	var raw map[string]json.RawMessage
	if err := decode(body, &raw); err != nil {
		return nil, err
	}
	if err := provider.CheckJSON(provider.WithoutTrailingCommas(body)); err != nil {
		return nil, errors.New("the body is not one JSON object")
	}
	p := make(params, len(raw))
	for name, value := range raw {
		text, object, err := scalar(value)
		if err != nil {
			return nil, fmt.Errorf("field of the body: %w", err)
		}
		if text != "" {
			p.set(name, param{text: text, object: object})
		}
	}
	return p, nil
}

// formParams reads an urlencoded body.
func formParams(body []byte) (params, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("the body is not urlencoded")
	}
	return valueParams(values), nil
}

// multipartParams reads a form as PHP's cURL sends an array; files are left out.
func multipartParams(body []byte, boundary string) (params, error) {
	form, err := multipart.NewReader(strings.NewReader(string(body)), boundary).ReadForm(maxBody)
	if err != nil {
		return nil, errors.New("the body is not a multipart form")
	}
	defer func() { _ = form.RemoveAll() }()
	return valueParams(form.Value), nil
}

func valueParams(values url.Values) params {
	p := make(params, len(values))
	for name := range values {
		if text := values.Get(name); text != "" {
			p.set(name, param{text: text})
		}
	}
	return p
}
