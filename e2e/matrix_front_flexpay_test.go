package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// flexpayFront: wire: flexpay §2.1 (v1/pay), §2.2 (check), §3, §8.2 (paymentService).
func flexpayFront() front {
	return front{
		at: "/flexpay", ways: []way{byPush, byCardPage},
		ask: func(ctx context.Context, s seller, p purchase) (answer, error) {
			if p.way.chosen {
				return flexpayCard(ctx, s, p)
			}
			body := fmt.Sprintf(`{"merchant":%q,"type":"1","reference":%q,"phone":%q,"amount":%q,"currency":%q,"callbackUrl":"%s/flexpay"}`,
				s.has["merchant"], p.reference, strings.TrimPrefix(p.payer, "+"), p.amount.Plain(), p.amount.Currency, p.notify)
			return s.post("/api/rest/v1/paymentService", "application/json", body, "Authorization", "Bearer "+s.has["token"]).send(ctx)
		},
		taken: func(p purchase, a answer) (receipt, error) {
			o, err := a.object()
			if err == nil {
				err = want("code", text(o, "code"), "0")
			}
			return receipt{purchase: p, handle: text(o, "orderNumber"), page: text(o, "url")}, err
		},
		outcome: func(ctx context.Context, s seller, r receipt) (outcome, error) {
			a, err := s.get("/api/rest/v1/check/"+r.handle, "Authorization", "Bearer "+s.has["token"]).send(ctx)
			if err != nil {
				return "", err
			}
			o, err := a.object()
			if err == nil {
				err = errors.Join(want("code", text(o, "code"), "0"), want("reference", text(within(o, "transaction"), "reference"), r.reference))
			}
			return among(text(within(o, "transaction"), "status"), []string{"0"}, []string{"1", "5"}), err
		},
		heard: func(_ seller, n arrived) (string, outcome, error) {
			o, err := answer{media: "application/json", body: n.body}.object()
			if code := text(o, "code"); code != "0" {
				return text(o, "reference"), refused, err
			}
			return text(o, "reference"), paid, err
		},
		incapable: func(a answer) error {
			o, err := a.object()
			if err != nil || a.status != http.StatusOK || !strings.Contains(text(o, "message"), "capability") {
				return errors.Join(errors.New("no refusal of that kind"), err)
			}
			return want("code", text(o, "code"), "1")
		},
	}
}

func flexpayCard(ctx context.Context, s seller, p purchase) (answer, error) {
	form := url.Values{
		"authorization": {"Bearer " + s.has["token"]}, "merchant": {s.has["merchant"]}, "reference": {p.reference},
		"amount": {p.amount.Plain()}, "currency": {string(p.amount.Currency)}, "description": {"Panier"},
		"callback_url": {p.notify + "/flexpay"}, "approve_url": {p.notify + "/back"},
		"cancel_url": {p.notify + "/back"}, "decline_url": {p.notify + "/back"},
	}
	return s.post("/v1/pay", "application/x-www-form-urlencoded", form.Encode(), "Accept", "application/json").send(ctx)
}
