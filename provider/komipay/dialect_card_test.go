package komipay

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
)

func TestACardIsPaidRefusedOrChallenged(t *testing.T) {
	s := openShop(t).settleAtOnce(pay.StatusSucceeded, "")
	w := s.post(opCollect, card(t))
	tx := s.last()
	detail := `"dataTransaction":{"reference_transaction":"` + tx.FrontReference + `","reference_externe":"xxxxxx21","montant_total":"25000","carte":"4000-****-****-0002"}`
	s.says(w, 200, `{"code":200,"statut":true,"etat":"SUCCESS","message":"Transaction effectuee avec succes",`+detail+`}`)
	r := s.gateway.Requests()[0]
	if r.Card.Number != "4000000000000002" || r.Card.CVV != "482" || r.Card.Expiry != "12/30" || r.Push {
		t.Error("the card was read wrongly")
	}
	want := map[string]string{
		"browserJavaEnabled": "false", "browserJavascriptEnabled": "false", "browserScreenHeight": "960",
		"browserScreenWidth": "1536", "browserTZ": "-60", "challengeWindowSize": "05",
	}
	if !reflect.DeepEqual(r.Browser, want) {
		t.Errorf("browser %v", r.Browser)
	}

	s = openShop(t).settleAtOnce(pay.StatusFailed, pay.Declined)
	s.says(s.post(opCollect, card(t)), 200, `{"code":400,"statut":false,"message":"Paiement refuse par la banque"}`)

	s = openShop(t)
	s.gateway.OnCreate = func(tx *pay.Transaction) {
		tx.Status, tx.NextAction = pay.StatusRequiresAction, pay.NextAction{Type: pay.Redirect, URL: "http://passerelle.test/pay/token/challenge?a=1&b=2"}
	}
	w = s.post(opCollect, card(t))
	tx = s.last()
	detail = strings.Replace(detail, detail[strings.Index(detail, "KP-"):strings.Index(detail, `","reference_externe`)], tx.FrontReference, 1)
	s.says(w, 200, `{"code":200,"statut":true,"etat":"ATTENTE","message":"Authentification requise","redirect_portail_auth":"http://passerelle.test/pay/token/challenge?a=1&b=2",`+detail+`}`)
	w = s.post(opStatus, map[string]any{"apikey": demoAPIKey, "reference_transaction": tx.FrontReference})
	if !strings.Contains(w.Body.String(), `"etat":"ATTENTE","transactionStatus":"Pending"`) {
		t.Errorf("an open challenge: %s", w.Body)
	}
}

func TestCardsAreReadInEveryForm(t *testing.T) {
	for _, number := range []string{"4000-0000-0000-3220", "4000 0000 0000 3220", "4000000000003220"} {
		s := openShop(t).settleAtOnce(pay.StatusSucceeded, "")
		s.post(opCollect, card(t, "numero_carte_bancaire", number, "javaEnabled", "true", "screenHeight", 960, "TZ", 1))
		if r := s.gateway.Requests(); len(r) != 1 || r[0].Card.Number != "4000000000003220" || r[0].Browser[emvJava] != "true" || r[0].Browser[emvHeight] != "960" {
			t.Errorf("%s is not read", number)
		}
	}
}

// wire: komipay §2.2 (no fields of a card) and §5, decision 16: extra fields are ignored.
func TestACardsPhoneAndCountryAreIgnored(t *testing.T) {
	s := openShop(t).settleAtOnce(pay.StatusSucceeded, "")
	w := s.post(opCollect, card(t, "pays_payeur", "Gabon", "numero_telephone_payeur", "12", "security_code", "00000"))
	if !strings.Contains(w.Body.String(), `"etat":"SUCCESS"`) {
		t.Errorf("HTTP %d %s", w.Code, w.Body)
	}
}

func TestCardNumbersAndCVVsAreInNoAnswerAndNoRecord(t *testing.T) {
	for _, status := range []pay.Status{pay.StatusSucceeded, pay.StatusFailed} {
		s := openShop(t).settleAtOnce(status, pay.Declined)
		answer := s.post(opCollect, card(t)).Body.String()
		encrypted := s.post(opEncryptCVV, map[string]any{"api_key": demoAPIKey, "cvv_number": "482"}).Body.String()
		record, _ := json.Marshal(s.last())
		n, err := s.dialect.Notice(t.Context(), s.last(), string(status))
		if err != nil {
			t.Fatal(err)
		}
		notice, _ := json.Marshal(n)
		for _, text := range []string{answer, encrypted, string(record), string(notice)} {
			for _, secret := range []string{"4000000000000002", "4000-0000-0000-0002", `"482"`, publishedCVV} {
				if strings.Contains(text, secret) {
					t.Errorf("%s is in %s", secret, text)
				}
			}
		}
	}
}
