package komipay

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func statusBody(reference string) map[string]any {
	return map[string]any{"apikey": demoAPIKey, "reference_transaction": reference}
}

func TestStatusAnswersTheUnionOfWhatClientsRead(t *testing.T) {
	s := openShop(t)
	s.post(opCollect, sta(t))
	tx := s.gateway.Settle(s.last().ID, pay.OutcomeSucceeded, pay.Failure{})
	tail := `"reference_transaction":"` + tx.FrontReference + `","reference_externe":"xxxxxxxxxx123"`
	for _, reference := range []string{tx.FrontReference, tx.Reference} {
		s.says(s.post(opStatus, statusBody(reference)), 200, `{"code":200,"statut":true,"message":"Transaction effectuee avec succes","etat":"SUCCESS","transactionStatus":"Success",`+tail+`,"data":{"transactionStatus":"Success"},"dataTransaction":{`+tail+`,"montant_total":"5000"}}`)
	}
}

func TestStatusTellsAFailure(t *testing.T) {
	for option, status := range map[string]int{"body_only": 200, "mirror": 400} {
		s := openShop(t, optErrorStatus, option)
		s.post(opCollect, sta(t))
		tx := s.gateway.Settle(s.last().ID, pay.OutcomeFailed, pay.Failure{Reason: pay.LimitReached})
		tail := `"reference_transaction":"` + tx.FrontReference + `","reference_externe":"xxxxxxxxxx123"`
		s.says(s.post(opStatus, statusBody(tx.Reference)), status, `{"code":400,"statut":false,"message":"Plafond du compte atteint","etat":"ECHEC","transactionStatus":"Echec",`+tail+`,"data":{"transactionStatus":"Echec"},"dataTransaction":{`+tail+`,"montant_total":"5000"}}`)
	}
}

func TestStatusOfAnUnknownReferenceIsNotFound(t *testing.T) {
	const want = `{"code":404,"statut":false,"message":"Transaction introuvable","transactionStatus":"notFound","data":{"transactionStatus":"notFound"}}`
	s := openShop(t)
	s.says(s.post(opStatus, statusBody("KP-693-B2C-99999999")), 200, want)
	s = openShop(t, optErrorStatus, "mirror")
	s.says(s.post(opStatus, statusBody("ord1")), 404, want)
}

func TestStatusSpellsItsKeyWithoutUnderscore(t *testing.T) {
	wrong := map[string]any{"api_key": demoAPIKey, "reference_transaction": "ord1"}
	s := openShop(t)
	s.says(s.post(opStatus, wrong), 200, `{"code":400,"statut":false,"message":"Le champ apikey est obligatoire"}`)
	s.says(s.post(opStatus, map[string]any{"apikey": "other", "reference_transaction": "ord1"}), 200, `{"code":401,"statut":false,"message":"Cle API invalide"}`)
	s.says(s.post(opStatus, map[string]any{"apikey": demoAPIKey}), 200, `{"code":400,"statut":false,"message":"Le champ reference_transaction est obligatoire"}`)
	s = openShop(t, optStatusKey, "lenient")
	if w := s.post(opStatus, wrong); !strings.Contains(w.Body.String(), "notFound") {
		t.Errorf("%s", w.Body)
	}
	if w := s.post(opStatus, statusBody("ord1")); !strings.Contains(w.Body.String(), "notFound") {
		t.Errorf("%s", w.Body)
	}
}

func TestStatusStaysOpenWhileThePaymentIsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		s.post(opCollect, sta(t))
		done := make(chan *httptest.ResponseRecorder, 1)
		go func() { done <- s.post(opStatus, statusBody("xxxxxxxxxx123")) }()
		time.Sleep(4*time.Minute + 59*time.Second)
		select {
		case w := <-done:
			t.Fatalf("answered %s", w.Body)
		default:
		}
		s.gateway.Settle(s.last().ID, pay.OutcomeSucceeded, pay.Failure{})
		if w := <-done; !strings.Contains(w.Body.String(), `"etat":"SUCCESS"`) {
			t.Errorf("%s", w.Body)
		}
	})
}

func TestStatusEndsWithTheWindowOfThePayment(t *testing.T) {
	const closed = `"statut":false,"message":"Timeout transaction 5 minutes depassé","transactionStatus":"Echec"`
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		s.post(opCollect, sta(t))
		s.gateway.Advance(2 * time.Minute)
		start := time.Now()
		w := s.post(opStatus, statusBody("xxxxxxxxxx123"))
		if took := time.Since(start); took != 3*time.Minute || !strings.Contains(w.Body.String(), closed) {
			t.Errorf("after %v: %s", took, w.Body)
		}
		s.gateway.Advance(3 * time.Minute)
		start = time.Now()
		if w := s.post(opStatus, statusBody("xxxxxxxxxx123")); time.Since(start) != 0 || !strings.Contains(w.Body.String(), closed) {
			t.Errorf("after the window: %s", w.Body)
		}
		// The payer's late answer counts.
		s.gateway.Settle(s.last().ID, pay.OutcomeSucceeded, pay.Failure{})
		if w := s.post(opStatus, statusBody("xxxxxxxxxx123")); !strings.Contains(w.Body.String(), `"transactionStatus":"Success"`) {
			t.Errorf("late: %s", w.Body)
		}
	})
}

func TestStatusAnswersAtOnceWithoutLongPoll(t *testing.T) {
	s := openShop(t, optLongPoll, "false")
	s.post(opCollect, sta(t))
	w := s.post(opStatus, statusBody("xxxxxxxxxx123"))
	if !strings.HasPrefix(w.Body.String(), `{"code":200,"statut":true,"message":"Transaction en attente","etat":"ATTENTE","transactionStatus":"Pending",`) {
		t.Errorf("%s", w.Body)
	}
}

func TestCryptCVVEncryptsUnderTheAccountsKey(t *testing.T) {
	s := openShop(t)
	for _, cvv := range []string{"482", "007", "1234"} {
		w := s.post(opEncryptCVV, map[string]any{"api_key": demoAPIKey, "cvv_number": cvv})
		var got struct {
			Code      int    `json:"code"`
			Statut    bool   `json:"statut"`
			Encrypted string `json:"cvv_encrpyt"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Code != 200 || !got.Statut {
			t.Errorf("%s %v", w.Body, err)
		}
		if plain, err := cipherKey("passerelle-komipay-test-key-32by").decrypt(got.Encrypted); err != nil || plain != cvv {
			t.Errorf("%s is encrypted as %q (%v)", cvv, plain, err)
		}
	}
	for _, cvv := range []string{"12", "12345", "abc"} {
		s.says(s.post(opEncryptCVV, map[string]any{"api_key": demoAPIKey, "cvv_number": cvv}), 200, `{"code":400,"statut":false,"message":"CVV invalide"}`)
	}
	for _, keypass := range []string{"", "wrong"} {
		r := s.authorized(opEncryptCVV, map[string]any{"api_key": demoAPIKey, "cvv_number": "482"})
		r.Header.Set("keypass", keypass)
		s.says(s.serve(r), 200, `{"code":401,"statut":false,"message":"keypass invalide"}`)
	}
}

func TestAnotherMerchantSeesAndUsesNothing(t *testing.T) {
	s := openShop(t)
	s.post(opCollect, sta(t))
	tx := s.last()
	demo := s.token
	other := s.issue(provider.IssueOrder{MerchantID: "other001", MerchantName: "Other", Mode: pay.Live})
	s.token = s.logIn(other["login"], other["password"], other["api_key"])
	for _, reference := range []string{tx.FrontReference, tx.Reference} {
		w := s.post(opStatus, map[string]any{"apikey": other["api_key"], "reference_transaction": reference})
		if !strings.Contains(w.Body.String(), "notFound") {
			t.Errorf("%s", w.Body)
		}
	}
	// A key belongs to the token's account, a CVV to the account's key.
	s.says(s.post(opCollect, telco(t)), 200, `{"code":401,"statut":false,"message":"Cle API invalide"}`)
	r := s.authorized(opCollect, card(t, "api_key", other["api_key"]))
	r.Header.Set("keypass", other["keypass"])
	s.says(s.serve(r), 200, `{"code":400,"statut":false,"message":"CVV invalide"}`)
	if _, shown := other["cipher_key"]; shown || len(s.gateway.Transactions()) != 1 {
		t.Error("a cipher key is shown, or something was recorded")
	}
	s.token = demo
	s.says(s.post(opStatus, map[string]any{"apikey": other["api_key"], "reference_transaction": tx.Reference}), 200, `{"code":401,"statut":false,"message":"Cle API invalide"}`)
}

func TestNewCredentialsEndTheOldOnes(t *testing.T) {
	s := openShop(t)
	order := provider.IssueOrder{MerchantID: "other001", Mode: pay.Test}
	first := s.issue(order)
	s.token = s.logIn(first["login"], first["password"], first["api_key"])
	second := s.issue(order)
	s.says(s.post(opStatus, map[string]any{"apikey": first["api_key"], "reference_transaction": "x"}), 401, "")
	s.says(s.serve(request(basePath+"/generateToken", map[string]any{"login": first["login"], "password": first["password"], "api_key": first["api_key"]})), 200, `{"code":401,"statut":false,"message":"Identifiants invalides"}`)
	s.logIn(second["login"], second["password"], second["api_key"])
	if first["login"] != second["login"] || first["password"] == second["password"] || first["keypass"] == second["keypass"] {
		t.Error("the login should stay, the secrets change")
	}
}

func TestTheWebhookIsOffByDefault(t *testing.T) {
	s := openShop(t)
	s.post(opCollect, sta(t))
	tx := s.gateway.Settle(s.last().ID, pay.OutcomeSucceeded, pay.Failure{})
	if n, err := s.dialect.Notice(t.Context(), tx, "succeeded"); n != nil || err != nil {
		t.Errorf("%+v %v", n, err)
	}
}

func TestTheWebhookGoesWhereTheOptionSays(t *testing.T) {
	for option, address := range map[string]string{"callback": "http://shop.test/hooks/komipay", "https://shop.test/kp": "https://shop.test/kp"} {
		s := openShop(t, optWebhook, option)
		s.post(opCollect, sta(t))
		open := s.last()
		if n, err := s.dialect.Notice(t.Context(), open, "pending"); n != nil || err != nil {
			t.Errorf("pending: %+v %v", n, err)
		}
		tx := s.gateway.Settle(open.ID, pay.OutcomeFailed, pay.Failure{Reason: pay.CustomerCanceled})
		n, err := s.dialect.Notice(t.Context(), tx, "failed")
		if err != nil || n == nil || n.Call.URL != address || n.Call.Method != "POST" || n.Call.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%+v %v", n, err)
		}
		want := `{"reference_transaction":"` + tx.FrontReference + `","reference_externe":"xxxxxxxxxx123","transactionStatus":"Echec","message":"Transaction annulee par le client"}`
		if string(n.Call.Body) != want {
			t.Errorf("%s", n.Call.Body)
		}
		if len(n.Retries) != 3 || n.Retries[0] != 10*time.Second || n.Retries[1] != time.Minute || n.Retries[2] != 5*time.Minute {
			t.Errorf("retries %v", n.Retries)
		}
		if !s.dialect.Acknowledged(n, 204, nil).Delivered || s.dialect.Acknowledged(n, 500, nil).Delivered || s.dialect.Acknowledged(n, 302, nil).Delivered {
			t.Error("any 2xx stops the resending, nothing else")
		}
		late := s.gateway.Settle(open.ID, pay.OutcomeSucceeded, pay.Failure{})
		n, err = s.dialect.Notice(t.Context(), late, "succeeded")
		if err != nil || !strings.Contains(string(n.Call.Body), `"transactionStatus":"Success"`) {
			t.Errorf("late success: %v", err)
		}
	}
}

func TestAnUnknownOptionIsRefused(t *testing.T) {
	s := openShop(t)
	for name, v := range map[string]string{"no_such": "1", optLongPoll: "sometimes", optWindow: "soon", optWebhook: "shop.test", optAuthStatus: "500"} {
		_, err := s.dialect.Issue(t.Context(), provider.IssueOrder{MerchantID: "demo0001", Mode: pay.Test, Demo: true, Options: map[string]string{name: v}})
		if pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("%s=%s: %v", name, v, err)
		}
	}
}
