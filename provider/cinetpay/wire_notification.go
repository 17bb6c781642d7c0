package cinetpay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
)

// headerToken carries the HMAC of a notification.
const headerToken = "x-token"

// notificationFields are the fields of a payment's notification (wire: cinetpay
// §3) in the order in which receivers concatenate them.
var notificationFields = []string{
	"cpm_site_id", "cpm_trans_id", "cpm_trans_date", "cpm_amount", "cpm_currency",
	"signature", "payment_method", "cel_phone_num", "cpm_phone_prefixe",
	"cpm_language", "cpm_version", "cpm_payment_config", "cpm_page_action",
	"cpm_custom", "cpm_designation", "cpm_error_message",
}

// Notification tells that a payment has changed; by contract it does not say
// how: check the payment.
type Notification struct {
	SiteID        string
	TransactionID string
	Date          string // YYYY-MM-DD HH:MM:SS
	Amount        string
	Currency      string
	Signature     string // opaque
	PaymentMethod string
	Phone         string // in local form
	PhonePrefix   string
	Language      string
	Version       string
	PaymentConfig string
	PageAction    string
	Custom        string // the metadata
	Designation   string // the description
	ErrorMessage  string // the message of a check
}

// values are the sixteen values in order.
func (n Notification) values() []string {
	return []string{
		n.SiteID, n.TransactionID, n.Date, n.Amount, n.Currency,
		n.Signature, n.PaymentMethod, n.Phone, n.PhonePrefix,
		n.Language, n.Version, n.PaymentConfig, n.PageAction,
		n.Custom, n.Designation, n.ErrorMessage,
	}
}

// XToken is the lower-case hexadecimal HMAC-SHA256 of the decoded values in
// order, without separator, as sent in the header x-token.
func (n Notification) XToken(secretKey string) string {
	mac := hmac.New(sha256.New, []byte(secretKey))
	mac.Write([]byte(strings.Join(n.values(), "")))
	return hex.EncodeToString(mac.Sum(nil))
}

// Verify compares a received x-token in constant time.
func (n Notification) Verify(secretKey, token string) bool {
	token = strings.ToLower(strings.TrimSpace(token))
	return hmac.Equal([]byte(n.XToken(secretKey)), []byte(token))
}

// form encodes all sixteen fields in order. url.Values would sort them, and
// receivers concatenate what they get in the order of the body.
func (n Notification) form() []byte {
	return orderedForm(notificationFields, n.values())
}

func orderedForm(names, values []string) []byte {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name + "=" + url.QueryEscape(values[i]))
	}
	return []byte(b.String())
}

// readNotification takes the sixteen fields out of a request; others, such as
// the older cpm_result, are ignored.
func readNotification(p params) Notification {
	n := Notification{}
	into := []*string{
		&n.SiteID, &n.TransactionID, &n.Date, &n.Amount, &n.Currency,
		&n.Signature, &n.PaymentMethod, &n.Phone, &n.PhonePrefix,
		&n.Language, &n.Version, &n.PaymentConfig, &n.PageAction,
		&n.Custom, &n.Designation, &n.ErrorMessage,
	}
	for i, name := range notificationFields {
		*into[i] = p.text(name)
	}
	return n
}

// seedNotification is the notification as the seed prints it.
type seedNotification struct {
	TransactionID string `json:"cpm_trans_id"`
	SiteID        string `json:"cpm_site_id"`
}

// The constant fields of a notification.
const (
	notificationVersion = "V4"
	notificationConfig  = "SINGLE"
	notificationAction  = "PAYMENT"
)
