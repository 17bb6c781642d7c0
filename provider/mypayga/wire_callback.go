package mypayga

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// Callback is what MyPayGa posts to a merchant about a payment's end, its
// fields in their order on the wire. StatusRequest and Currency are not signed.
type Callback struct {
	Hash          string `json:"hash"`
	OrderStatus   string `json:"order_status"`
	UniqueID      string `json:"unique_id"`
	Amount        string `json:"amount"`
	PaymentToken  string `json:"payment_token"`
	PaymentMethod string `json:"payment_method"`
	Message       string `json:"message"`
	ClientPhone   string `json:"client_phone"`
	StatusRequest string `json:"status_request"`
	Currency      string `json:"currency"`
}

// callbackFields are the wire's names, in order.
var callbackFields = []string{
	"hash", "order_status", "unique_id", "amount", "payment_token",
	"payment_method", "message", "client_phone", "status_request", "currency",
}

// values gives the fields in the order of callbackFields.
func (c *Callback) values() []*string {
	return []*string{
		&c.Hash, &c.OrderStatus, &c.UniqueID, &c.Amount, &c.PaymentToken,
		&c.PaymentMethod, &c.Message, &c.ClientPhone, &c.StatusRequest, &c.Currency,
	}
}

// Sign computes the hash: hexadecimal HMAC-SHA512 over seven values, exactly
// as transmitted, one after the other.
func (c Callback) Sign(secret pay.Secret) string {
	mac := hmac.New(sha512.New, []byte(secret.Reveal()))
	for _, value := range []string{
		c.OrderStatus, c.UniqueID, c.Amount, c.PaymentToken, c.PaymentMethod, c.Message, c.ClientPhone,
	} {
		mac.Write([]byte(value))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// Verify reports whether the hash is the right one, in any case of letters. No
// secret verifies nothing.
func (c Callback) Verify(secret pay.Secret) bool {
	if secret.IsZero() {
		return false
	}
	given := strings.ToLower(strings.TrimSpace(c.Hash))
	return subtle.ConstantTimeCompare([]byte(given), []byte(c.Sign(secret))) == 1
}

// form writes the callback urlencoded, in the order of its fields.
func (c Callback) form() string {
	var b strings.Builder
	values := c.values()
	for i, name := range callbackFields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name + "=" + url.QueryEscape(*values[i]))
	}
	return b.String()
}

// maxBody is the most that is read of any request.
const maxBody = 1 << 20

var errUnreadable = errors.New("mypayga: the callback can't be read")

// ReadCallback reads a callback in any shape in which it was seen: POST or GET,
// JSON, urlencoded or query, snake_case or camelCase. It verifies nothing.
func ReadCallback(r *http.Request) (Callback, error) {
	fields := map[string]string{}
	query := r.URL.Query()
	for name := range query {
		fields[canonical(name)] = query.Get(name)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return Callback{}, errUnreadable
	}
	if err := readFields(body, r.Header.Get("Content-Type"), fields); err != nil {
		return Callback{}, err
	}
	var c Callback
	values := c.values()
	for i, name := range callbackFields {
		*values[i] = fields[canonical(name)]
	}
	return c, nil
}

func readFields(body []byte, contentType string, into map[string]string) error {
	trimmed := bytes.TrimSpace(body)
	mediaType, _, _ := mime.ParseMediaType(contentType)
	switch {
	case len(trimmed) == 0:
		return nil
	case mediaType == mediaJSON, trimmed[0] == '{':
		var object map[string]json.RawMessage
		if json.Unmarshal(trimmed, &object) != nil {
			return errUnreadable
		}
		for name, raw := range object {
			text, err := scalar(raw)
			if err != nil {
				continue // no field of ours is an object
			}
			into[canonical(name)] = text
		}
		return nil
	}
	form, err := url.ParseQuery(string(trimmed))
	if err != nil {
		return errUnreadable
	}
	for name := range form {
		into[canonical(name)] = form.Get(name)
	}
	return nil
}

// canonical makes order_status of orderStatus: both fold to orderstatus.
func canonical(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), "_", ""))
}
