package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

const komipayBase = "/APIs/mobile_money.php"

// komipayFront: wire: komipay §2.1 (token), §2.2 (collect), §2.3 (status),
// §2.4 (crypt-cvv), §3. A mobile money payment is answered when it has ended.
func komipayFront() front {
	return front{
		at: "/komipay", ways: []way{byPush, byCard}, waits: true,
		ask: func(ctx context.Context, s seller, p purchase) (answer, error) {
			bearer, err := komipayToken(ctx, s)
			if err != nil {
				return answer{}, err
			}
			if p.way.name == byCard.name {
				return komipayCard(ctx, s, p, bearer)
			}
			body := fmt.Sprintf(`{"mobile_money":"airtel_money","api_key":%q,"montant_a_payer":%q,"numero_telephone_payeur":%q,`+
				`"nom_prenom_payeur":"Awa Koffi","reference_externe":%q}`,
				s.has["api_key"], p.amount.Plain(), local(p.payer, 8), p.reference)
			return s.post(komipayBase+"/customers-api-kp/v1/b2c_standard", "application/json", body, "Authorization", bearer).send(ctx)
		},
		taken: func(p purchase, a answer) (receipt, error) {
			o, err := a.object()
			code := text(o, "code")
			if err == nil && code != "200" && text(o, "statut") != "TF" {
				err = fmt.Errorf("neither taken nor refused by the operator: %v", a)
			}
			return receipt{purchase: p, page: text(o, "redirect_portail_auth")}, err
		},
		outcome: func(ctx context.Context, s seller, r receipt) (outcome, error) {
			bearer, err := komipayToken(ctx, s)
			if err != nil {
				return "", err
			}
			body := fmt.Sprintf(`{"apikey":%q,"reference_transaction":%q}`, s.has["api_key"], r.reference)
			a, err := s.post(komipayBase+"/customers-api-kp/v1/check-transaction-status", "application/json", body, "Authorization", bearer).send(ctx)
			if err != nil {
				return "", err
			}
			o, err := a.object()
			return among(text(o, "transactionStatus"), []string{"Success"}, []string{"Echec"}), err
		},
		heard: func(_ seller, n arrived) (string, outcome, error) {
			o, err := answer{media: "application/json", body: n.body}.object()
			return text(o, "reference_externe"), among(text(o, "transactionStatus"), []string{"Success"}, []string{"Echec"}), err
		},
		incapable: func(a answer) error {
			o, err := a.object()
			if err != nil || a.status != http.StatusOK {
				return errors.Join(errors.New("no refusal of that kind"), err)
			}
			return errors.Join(want("code", text(o, "code"), "400"), want("statut", text(o, "statut"), "false"),
				want("message", text(o, "message"), "Moyen de paiement non active"))
		},
	}
}

func komipayToken(ctx context.Context, s seller) (bearer string, err error) {
	body := fmt.Sprintf(`{"login":%q,"password":%q,"api_key":%q}`, s.has["login"], s.has["password"], s.has["api_key"])
	a, err := s.post(komipayBase+"/generateToken", "application/json", body).send(ctx)
	if err != nil {
		return "", err
	}
	o, err := a.object()
	if text(o, "token") == "" {
		return "", errors.Join(fmt.Errorf("no token: %v", a), err)
	}
	return "Bearer " + text(o, "token"), err
}

func komipayCard(ctx context.Context, s seller, p purchase, bearer string) (answer, error) {
	headers := []string{"Authorization", bearer, "keypass", s.has["keypass"]}
	v1 := komipayBase + "/customers-api-kp/v1"
	a, err := s.post(v1+"/crypt-cvv", "application/json", fmt.Sprintf(`{"api_key":%q,"cvv_number":"482"}`, s.has["api_key"]), headers...).send(ctx)
	if err != nil {
		return a, err
	}
	o, err := a.object()
	if err != nil {
		return a, fmt.Errorf("encrypt the CVV: %w", err)
	}
	n := p.card
	body := fmt.Sprintf(`{"mobile_money":"bank_card","api_key":%q,"montant_a_payer":%q,"nom_prenom_payeur":"Awa Koffi",`+
		`"reference_externe":%q,"numero_carte_bancaire":"%s-%s-%s-%s","date_expiration":"12/30","cvv_number":%q,`+
		`"javaEnabled":false,"javascriptEnabled":true,"screenHeight":"800","screenWidth":"360","TZ":"1","challengeWindowSize":"05"}`,
		s.has["api_key"], p.amount.Plain(), p.reference, n[:4], n[4:8], n[8:12], n[12:], text(o, "cvv_encrpyt"))
	return s.post(v1+"/b2c_standard", "application/json", body, headers...).send(ctx)
}
