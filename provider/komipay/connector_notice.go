package komipay

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// ReadNotification reads the reference out of a webhook, in JSON or as a form,
// and nothing else: it is not signed, so that the status is asked for whatever
// it claims.
func (c *connector) ReadNotification(r *http.Request) (provider.Notification, error) {
	if r.Method != http.MethodPost {
		return provider.Notification{}, pay.Invalid("method", "a notification is a POST")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return provider.Notification{}, pay.Invalid("body", "the notification can't be read")
	}
	reference, ours, err := notifiedReferences(body)
	if err != nil {
		return provider.Notification{}, err
	}
	n := provider.Notification{Answer: provider.Answer{
		Status: http.StatusOK, ContentType: mediaJSON, Body: []byte(`{"received":true}`),
	}}
	// KomiPay's references have a form of their own; ours never begins so.
	if strings.HasPrefix(reference, referencePrefix) {
		// A refusal names no reference of theirs, and may still become a success.
		n.ProviderReference, n.Reference = reference, ours
	} else {
		n.Reference = reference
	}
	return n, nil
}

// referencePrefix begins all of KomiPay's references.
const referencePrefix = "KP-"

// notifiedReferences reads which payment is meant, and nothing of what is said
// about it.
func notifiedReferences(body []byte) (reference, ours string, err error) {
	unreadable := pay.Invalid("body", "the notification can't be read")
	if strings.HasPrefix(strings.TrimSpace(string(body)), "{") {
		f, err := parseFields(body)
		if err != nil {
			return "", "", unreadable
		}
		return first(f.string("reference_transaction"), f.string("reference")), f.string("reference_externe"), nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", "", unreadable
	}
	return first(form.Get("reference_transaction"), form.Get("reference")), form.Get("reference_externe"), nil
}
