package e2e_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// mypaygaFront: wire: mypayga §2.1 (gethash), §2.2 (payment-request), §2.4
// (paiement-detail), §2.9 (links), §3.
func mypaygaFront() front {
	return front{
		at: "/mypayga", ways: []way{byPush, byPage},
		ask: func(ctx context.Context, s seller, p purchase) (answer, error) {
			form := url.Values{
				"apikey": {s.has["apikey"]}, "amount": {p.amount.Plain()}, "firstname": {"Awa"}, "lastname": {"Koffi"},
				"email": {"awa@example.test"}, "description": {"Panier"}, "phone": {mypaygaPhone(p.customer)},
			}
			if p.way.chosen {
				return s.post("/payment/generateLink", "application/x-www-form-urlencoded", form.Encode()).send(ctx)
			}
			form.Set("uniqueID", p.reference)
			a, err := s.post("/payment/gethash", "application/x-www-form-urlencoded", form.Encode()).send(ctx)
			if err != nil {
				return a, err
			}
			o, err := a.object()
			if err != nil || text(o, "code") != "200" {
				return a, errors.Join(fmt.Errorf("references: %v", a), err)
			}
			form.Del("uniqueID")
			form.Del("phone")
			form.Set("client_phone", mypaygaPhone(p.payer))
			form.Set("payment_token", text(o, "payment_token"))
			return s.post("/mpayment/payment-request", "application/x-www-form-urlencoded", form.Encode()).send(ctx)
		},
		taken:   mypaygaTaken,
		outcome: mypaygaOutcome,
		heard:   mypaygaHeard,
		incapable: func(a answer) error {
			o, err := a.object()
			if err != nil || a.status != http.StatusOK || !strings.HasPrefix(text(o, "message"), "Operator unavailable") {
				return errors.Join(errors.New("no refusal of that kind"), err)
			}
			if status := text(o, "statusRequest") + text(o, "code"); status != "400" {
				return fmt.Errorf("its status is %q", status)
			}
			return nil
		},
	}
}

// mypaygaPhone is a number as the document's samples write it: local in Gabon
// and Cameroon, whose local forms tell the country, with the code elsewhere.
func mypaygaPhone(e164 string) string {
	switch {
	case strings.HasPrefix(e164, "+241"):
		return "0" + local(e164, 8)
	case strings.HasPrefix(e164, "+237"):
		return local(e164, 9)
	}
	return strings.TrimPrefix(e164, "+")
}

func mypaygaTaken(p purchase, a answer) (receipt, error) {
	o, err := a.object()
	if err != nil {
		return receipt{}, err
	}
	if !p.way.chosen {
		return receipt{purchase: p, handle: text(o, "payment_token")}, want("statusRequest", text(o, "statusRequest"), "200")
	}
	link := within(o, "link")
	r := receipt{purchase: p, handle: text(link, "order_ref"), page: text(link, "url")}
	r.reference = r.handle
	return r, want("code", text(o, "code"), "200")
}

func mypaygaOutcome(ctx context.Context, s seller, r receipt) (outcome, error) {
	if r.way.chosen {
		a, err := s.post("/payment/getLink/"+url.PathEscape(r.handle), "application/x-www-form-urlencoded",
			url.Values{"apikey": {s.has["apikey"]}}.Encode()).send(ctx)
		if err != nil {
			return "", err
		}
		o, err := a.object()
		link := within(o, "link")
		if text(link, "expired") == "1" {
			return refused, err
		}
		return among(text(link, "final_status"), []string{"200"}, []string{"400"}), err
	}
	q := url.Values{"apikey": {s.has["apikey"]}, "payment_ref": {r.handle}}
	a, err := s.get("/payment/paiement-detail?" + q.Encode()).send(ctx)
	if err != nil {
		return "", err
	}
	o, err := a.object()
	return among(text(o, "final_status"), []string{"200"}, []string{"400"}), err
}

func mypaygaHeard(s seller, n arrived) (string, outcome, error) {
	o, err := answer{media: "application/json", body: n.body}.object()
	if err != nil {
		return "", "", err
	}
	mac := hmac.New(sha512.New, []byte(s.has["callback_secret"]))
	for _, name := range strings.Fields("order_status unique_id amount payment_token payment_method message client_phone") {
		mac.Write([]byte(text(o, name)))
	}
	if err := want("hash", text(o, "hash"), hex.EncodeToString(mac.Sum(nil))); err != nil {
		return "", "", err
	}
	return text(o, "unique_id"), among(text(o, "order_status"), []string{"200"}, []string{"400"}), nil
}
