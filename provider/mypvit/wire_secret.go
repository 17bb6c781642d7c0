package mypvit

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// ReceivedSecret is a key as it came, pushed or inline, in any of the shapes
// that have been seen.
type ReceivedSecret struct {
	// Account is "" when the message names none.
	Account string
	Secret  pay.Secret
	// ExpiresIn is zero when the message doesn't say.
	ExpiresIn time.Duration
}

// maxExpiry bounds expires_in, so that a senseless one can't overflow a duration.
const maxExpiry = 10 * 365 * 24 * time.Hour

// parseSecret reads a key out of a JSON or XML object, a JSON text or bare text.
func parseSecret(body []byte) (ReceivedSecret, bool) {
	text := strings.TrimSpace(string(body))
	var f fields
	var err error
	switch {
	case strings.HasPrefix(text, "{"):
		f, err = decodeJSON([]byte(text))
	case strings.HasPrefix(text, "<"):
		f, err = decodeXML([]byte(text))
	default:
		return bareSecret(text)
	}
	if err != nil {
		return ReceivedSecret{}, false
	}
	return secretOf(f)
}

func secretOf(f fields) (ReceivedSecret, bool) {
	key := f.text("secret_key", "secret", "secretKey", "key")
	if !secretShape(key) {
		return ReceivedSecret{}, false
	}
	r := ReceivedSecret{
		Account: f.text("operation_account_code", "merchant_operation_account_code"),
		Secret:  pay.Secret(key),
	}
	if seconds, err := strconv.ParseInt(f.text("expires_in"), 10, 64); err == nil && seconds > 0 {
		r.ExpiresIn = min(time.Duration(min(seconds, int64(maxExpiry/time.Second)))*time.Second, maxExpiry)
	}
	return r, true
}

// bareSecret takes a JSON text or a plain one. Plain text must look like a key
// of the documented form, as anything at all may be posted to an address.
func bareSecret(text string) (ReceivedSecret, bool) {
	var quoted string
	if json.Unmarshal([]byte(text), &quoted) == nil {
		text = strings.TrimSpace(quoted)
	}
	if !strings.HasPrefix(text, "sk_") || !secretShape(text) {
		return ReceivedSecret{}, false
	}
	return ReceivedSecret{Secret: pay.Secret(text)}, true
}

// secretShape accepts what can stand in a header: visible ASCII of a sensible length.
func secretShape(s string) bool {
	if len(s) < 8 || len(s) > 256 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
