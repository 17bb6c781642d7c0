package cinetpay

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// maxBody is the most that we read of any request.
const maxBody = 1 << 20

// ReadNotification reads CinetPay's GET ping and its notifications of payments
// and of transfers. None is ever believed: the first may not even be final, and
// a transfer's is not signed.
func (c *connector) ReadNotification(r *http.Request) (provider.Notification, error) {
	answer := provider.Answer{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte("ok")}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return provider.Notification{Answer: answer}, nil
	}
	p, err := notificationParams(r)
	if err != nil {
		return provider.Notification{}, err
	}
	var n provider.Notification
	if p.text("cpm_trans_id") == "" {
		n, err = transferNotification(p)
	} else {
		n, err = c.paymentNotification(r, readNotification(p))
	}
	n.Answer = answer
	return n, err
}

// notificationParams reads a form, as CinetPay sends it, or the JSON that the
// seed shows.
func notificationParams(r *http.Request) (params, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return nil, pay.Invalid("body", "the notification can't be read")
	}
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	read := formParams
	if mediaType == "application/json" || bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		read = jsonParams
	}
	p, err := read(body)
	if err != nil {
		return nil, pay.Invalid("body", "the notification can't be read")
	}
	return p, nil
}

func (c *connector) paymentNotification(r *http.Request, n Notification) (provider.Notification, error) {
	if err := c.checkToken(n, r.Header.Get(headerToken)); err != nil {
		c.env.Log.WarnContext(r.Context(), "notification refused", "error", err)
		return provider.Notification{}, err
	}
	if n.SiteID != c.siteID {
		return provider.Notification{}, &pay.Error{
			Kind: pay.KindForbidden, Code: pay.CodeInvalid, Param: "cpm_site_id", Message: "another site's notification",
		}
	}
	reference, err := c.referenceOf(r.Context(), n.TransactionID)
	if err != nil {
		return provider.Notification{}, fmt.Errorf("notification: %w", err)
	}
	hint := pay.Outcome("")
	if row, ok := byMessage(n.ErrorMessage); ok {
		hint = row.outcome
	}
	return provider.Notification{Reference: reference, Hint: hint}, nil
}

// checkToken applies the policy: a wrong token is refused, an absent one
// unless it is required.
func (c *connector) checkToken(n Notification, token string) error {
	secret := c.env.Secret(fieldSecretKey)
	forbidden := &pay.Error{Kind: pay.KindForbidden, Code: pay.CodeInvalid, Param: headerToken, Message: "the x-token is not valid"}
	switch {
	case c.policy == policyIgnore:
		return nil
	case token == "" && c.policy == policyRequire:
		return forbidden
	case token == "" || secret == "":
		return nil
	case !n.Verify(secret, token):
		return forbidden
	}
	return nil
}

func transferNotification(p params) (provider.Notification, error) {
	id := p.text("client_transaction_id")
	if id == "" {
		return provider.Notification{}, pay.Invalid("cpm_trans_id", "the notification names no transaction")
	}
	hint, _ := treatment(p.text("treatment_status"), p.text("comment"))
	return provider.Notification{Reference: id, ProviderReference: p.text("transaction_id"), Hint: hint}, nil
}
