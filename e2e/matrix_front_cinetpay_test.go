package e2e_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// cinetpayFront: wire: cinetpay §2.1 (initialise), §2.2 (verify), §3.
func cinetpayFront() front {
	return front{
		at: "/cinetpay", ways: []way{byPage},
		ask: func(ctx context.Context, s seller, p purchase) (answer, error) {
			body := fmt.Sprintf(`{"apikey":%q,"site_id":%q,"transaction_id":%q,"amount":%s,"currency":%q,"description":"Panier",`+
				`"notify_url":"%s/cinetpay","return_url":"%s/back"}`,
				s.has["apikey"], s.has["site_id"], p.reference, p.amount.Plain(), p.amount.Currency, p.notify, p.notify)
			return s.post("/v2/payment", "application/json", body).send(ctx)
		},
		taken: func(p purchase, a answer) (receipt, error) {
			o, err := a.object()
			if err == nil {
				err = want("code", text(o, "code"), "201")
			}
			return receipt{purchase: p, page: text(within(o, "data"), "payment_url")}, err
		},
		outcome: func(ctx context.Context, s seller, r receipt) (outcome, error) {
			body := fmt.Sprintf(`{"apikey":%q,"site_id":%q,"transaction_id":%q}`, s.has["apikey"], s.has["site_id"], r.reference)
			a, err := s.post("/v2/payment/check", "application/json", body).send(ctx)
			if err != nil {
				return "", err
			}
			o, err := a.object()
			said := among(text(within(o, "data"), "status"), []string{"ACCEPTED"}, []string{"REFUSED", "CANCELLED"})
			if err == nil && (said == paid) != (text(o, "code") == "00") {
				err = fmt.Errorf("code and status differ: %v", a)
			}
			return said, err
		},
		heard: cinetpayHeard,
		incapable: func(a answer) error {
			if err := cinetpayError(a); err != nil {
				return err
			}
			o, _ := a.object()
			return errors.Join(want("code", text(o, "code"), "612"), want("message", text(o, "message"), "ERROR_CURRENCY_NOTVALID"))
		},
	}
}

// cinetpayFields are those of a notification, in the order of their signature.
var cinetpayFields = strings.Fields("cpm_site_id cpm_trans_id cpm_trans_date cpm_amount cpm_currency signature payment_method " +
	"cel_phone_num cpm_phone_prefixe cpm_language cpm_version cpm_payment_config cpm_page_action cpm_custom cpm_designation cpm_error_message")

func cinetpayHeard(s seller, n arrived) (string, outcome, error) {
	if n.method == http.MethodGet {
		return "", open, nil // the probe
	}
	form, err := url.ParseQuery(n.body)
	if err != nil {
		return "", "", err
	}
	mac := hmac.New(sha256.New, []byte(s.has["secret_key"]))
	for _, name := range cinetpayFields {
		mac.Write([]byte(form.Get(name)))
	}
	if err := want("x-token", n.header.Get("X-Token"), hex.EncodeToString(mac.Sum(nil))); err != nil {
		return "", "", err
	}
	message := form.Get("cpm_error_message")
	switch {
	case message == "SUCCES":
		return form.Get("cpm_trans_id"), paid, nil
	case strings.HasPrefix(message, "WAITING_"):
		return form.Get("cpm_trans_id"), open, nil
	}
	return form.Get("cpm_trans_id"), refused, nil
}
