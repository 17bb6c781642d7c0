package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// nativeFront is our own API (api/openapi.yaml). Its answer to a payment may
// send the customer to a page.
func nativeFront() front {
	push := byPush
	push.browser = true
	return front{
		name: "native", title: "the native API", at: "/native", ways: []way{push},
		ask: func(ctx context.Context, s seller, p purchase) (answer, error) {
			body := fmt.Sprintf(`{"reference":%q,"amount":%d,"currency":%q,"method":{"type":"mobile_money","phone":%q}}`,
				p.reference, p.amount.Minor, p.amount.Currency, p.payer)
			return s.post("/v1/payments", "application/json", body, nativeKey(s)...).send(ctx)
		},
		taken: func(p purchase, a answer) (receipt, error) {
			o, err := a.object()
			if err == nil && a.status != http.StatusCreated {
				err = fmt.Errorf("not created: %v", a)
			}
			return receipt{purchase: p, page: text(within(o, "next_action"), "url")}, err
		},
		outcome: func(ctx context.Context, s seller, r receipt) (outcome, error) {
			a, err := s.get("/v1/payments?reference="+url.QueryEscape(r.reference), nativeKey(s)...).send(ctx)
			if err != nil {
				return "", err
			}
			o, err := a.object()
			list, _ := o["data"].([]any)
			if err != nil || len(list) != 1 {
				return "", errors.Join(fmt.Errorf("%d payments of that reference: %v", len(list), a), err)
			}
			payment, _ := list[0].(map[string]any)
			return among(text(payment, "status"), []string{"succeeded"}, []string{"failed", "canceled", "expired"}), nil
		},
		heard: func(_ seller, n arrived) (string, outcome, error) {
			o, err := answer{media: "application/json", body: n.body}.object()
			if n.header.Get("webhook-signature") == "" {
				err = fmt.Errorf("no signature")
			}
			good, bad := []string{"payment.succeeded"}, []string{"payment.failed", "payment.canceled", "payment.expired"}
			return text(within(o, "data"), "reference"), among(text(o, "type"), good, bad), err
		},
		incapable: func(a answer) error {
			o, err := a.object()
			if err != nil || a.status != http.StatusUnprocessableEntity {
				return errors.Join(errors.New("no problem of that kind"), err)
			}
			return want("code", text(o, "code"), "capability")
		},
	}
}

func nativeKey(s seller) []string { return []string{"Authorization", "Bearer " + s.has["api_key"]} }
