package komipay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

const v1 = basePath + versionPath + "/"

// shop is the demo merchant at a dialect on a fake gateway.
type shop struct {
	*testing.T
	gateway *providertest.Gateway
	dialect provider.Dialect
	token   string
}

// openShop issues the demo credentials with options, by name and value, and
// logs in.
func openShop(t *testing.T, more ...string) *shop {
	t.Helper()
	g := providertest.NewGateway()
	s := &shop{T: t, gateway: g, dialect: speak(g)}
	given := map[string]string{}
	for i := 0; i < len(more); i += 2 {
		given[more[i]] = more[i+1]
	}
	s.issue(provider.IssueOrder{
		MerchantID: "demo0001", MerchantName: "Demo", Mode: pay.Test, Demo: true, CallbackURL: "http://shop.test/hooks/", Options: given,
	})
	s.token = s.logIn(demoLogin, demoPassword, demoAPIKey)
	return s
}

func (s *shop) issue(o provider.IssueOrder) map[string]string {
	s.Helper()
	issued, err := providertest.Issue(context.Background(), s.dialect, o)
	if err != nil {
		s.Fatal(err)
	}
	return issued
}

func (s *shop) logIn(login, password, key string) string {
	s.Helper()
	w := s.serve(request(basePath+"/generateToken", map[string]any{"login": login, "password": password, "api_key": key}))
	var got struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Token == "" {
		s.Fatalf("HTTP %d %s", w.Code, w.Body)
	}
	return got.Token
}

// settleAtOnce makes every payment end as it is made.
func (s *shop) settleAtOnce(status pay.Status, reason pay.Reason) *shop {
	s.gateway.OnCreate = func(tx *pay.Transaction) {
		tx.Status, tx.Failure.Reason, tx.NextAction = status, reason, pay.NextAction{}
	}
	return s
}

func request(path string, body any) *http.Request {
	text, isText := body.(string)
	if !isText {
		b, _ := json.Marshal(body)
		text = string(b)
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func (s *shop) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.dialect.ServeHTTP(w, r)
	return w
}

// authorized is a request with the shop's token and keypass.
func (s *shop) authorized(operation string, body any) *http.Request {
	r := request(v1+operation, body)
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("keypass", demoKeypass)
	return r
}

func (s *shop) post(operation string, body any) *httptest.ResponseRecorder {
	return s.serve(s.authorized(operation, body))
}

// says checks an answer's status and bytes.
func (s *shop) says(w *httptest.ResponseRecorder, status int, want string) {
	s.Helper()
	got := w.Body.String()
	if w.Code != status || got != want {
		s.Errorf("HTTP %d\n%s\nwant %d\n%s", w.Code, got, status, want)
	}
}

func (s *shop) last() pay.Transaction {
	s.Helper()
	list := s.gateway.Transactions()
	if len(list) == 0 {
		s.Fatal("nothing was recorded")
	}
	return list[len(list)-1]
}

// with changes a JSON example; nil removes a field.
func with(example string, changes ...any) map[string]any {
	fields := map[string]any{}
	if err := json.Unmarshal([]byte(example), &fields); err != nil {
		panic(err)
	}
	for i := 0; i < len(changes); i += 2 {
		name, _ := changes[i].(string)
		if fields[name] = changes[i+1]; changes[i+1] == nil {
			delete(fields, name)
		}
	}
	return fields
}

// telco is the seed's request with the demo key: the seed has two keys.
func telco(t testing.TB, changes ...any) map[string]any {
	t.Helper()
	return with(published(t, "telco_request.json"), append([]any{"api_key", demoAPIKey}, changes...)...)
}

func sta(t testing.TB, changes ...any) map[string]any {
	t.Helper()
	return telco(t, append([]any{"mobile_money", "nita_transfert", "pays_payeur", "Niger", "numero_telephone_payeur", "+22790000100"}, changes...)...)
}

func card(t testing.TB, changes ...any) map[string]any {
	t.Helper()
	return with(published(t, "card_request.json"), changes...)
}

func TestATokenIsInThePublishedLayoutAndLivesHalfAnHour(t *testing.T) {
	s := openShop(t)
	if plain, err := demoCipherKey.decrypt(s.token); err != nil || !strings.HasPrefix(plain, "merchant-693|token|") {
		t.Errorf("%q %v", plain, err)
	}
	w := s.serve(request(basePath+"/generateToken", map[string]any{"login": demoLogin, "password": demoPassword, "api_key": demoAPIKey}))
	var got map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &got)
	delete(got, "token")
	if want := map[string]any{"code": 200.0, "statut": true, "message": "Token généré avec succès", "expires": "30 minutes"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Error(got)
	}
	status := map[string]any{"apikey": demoAPIKey, "reference_transaction": "x"}
	s.gateway.Advance(30*time.Minute - time.Second)
	if w := s.post(opStatus, status); w.Code != 200 {
		t.Errorf("after 29:59: HTTP %d", w.Code)
	}
	s.gateway.Advance(time.Second)
	s.says(s.post(opStatus, status), 401, "")
}

func TestWrongCredentialsGetNoToken(t *testing.T) {
	s := openShop(t)
	for name, body := range map[string]map[string]any{
		"login":    {"login": "other@example.test", "password": demoPassword, "api_key": demoAPIKey},
		"password": {"login": demoLogin, "password": "wrong", "api_key": demoAPIKey},
		"key":      {"login": demoLogin, "password": demoPassword, "api_key": "8OHSw7Sllod4aVpLPC0eD2pYT2g1NkJwUHdYL2txNDc1STArS3c9PQ=="},
	} {
		t.Log(name)
		s.says(s.serve(request(basePath+"/generateToken", body)), 200, `{"code":401,"statut":false,"message":"Identifiants invalides"}`)
	}
	s.says(s.serve(request(basePath+"/generateToken", map[string]any{"login": demoLogin})), 200, `{"code":400,"statut":false,"message":"Le champ password est obligatoire"}`)
}

func TestABadTokenIsRefusedAsTheOptionsHaveIt(t *testing.T) {
	for _, c := range []struct {
		options []string
		status  int
		body    string
	}{
		{nil, 401, ""},
		{[]string{optAuthStatus, "403"}, 403, ""},
		{[]string{optAuthBody, "json"}, 401, `{"code":401,"statut":false,"message":"Token invalide ou expire"}`},
		{[]string{optAuthStatus, "403", optAuthBody, "html"}, 403, `<html><body><h1>Forbidden</h1></body></html>`},
	} {
		s := openShop(t, c.options...)
		for _, header := range []string{"", "Bearer", "Bearer wrong", "Basic " + s.token, s.token} {
			r := request(v1+opCollect, telco(t))
			r.Header.Set("Authorization", header)
			s.says(s.serve(r), c.status, c.body)
		}
		// The token itself tells whose options apply, long after its end.
		s.gateway.Advance(time.Hour)
		s.says(s.post(opStatus, "{}"), c.status, c.body)
		if len(s.gateway.Transactions()) != 0 {
			t.Error("something was recorded")
		}
	}
}

func TestATelcosPaymentIsAnsweredWhenItIsOver(t *testing.T) {
	for name, operator := range map[string]string{"airtel_money": "airtel_ne", "moov_flooz": "moov_ne", "zamani_cash": "zamani_ne"} {
		s := openShop(t).settleAtOnce(pay.StatusSucceeded, "")
		w := s.post(opCollect, telco(t, "mobile_money", name))
		tx := s.last()
		digits := tx.FrontReference[len(tx.FrontReference)-5:]
		s.says(w, 200, `{"code":200,"statut":true,"message":"Paiement effectue avec succes. Numero de transaction MP250106.1417.J`+digits+`","reference_transaction":"`+tx.FrontReference+`","reference_externe":"xxxxxxxxxx123","transactionStatus":"Success","data":{"transactionStatus":"Success"}}`)
		if !isReference(tx.FrontReference) || !strings.HasPrefix(tx.FrontReference, "KP-693-B2C-") {
			t.Errorf("reference %s", tx.FrontReference)
		}
		if tx.Amount != xof(5000) || tx.Method != (pay.Method{Type: pay.MobileMoney, Operator: operator, Phone: "+22790000100"}) || tx.Customer.Name != "KomiPay KomiPay" {
			t.Errorf("recorded %+v", tx)
		}
		if r := s.gateway.Requests()[0]; !r.Push || r.Wait != 5*time.Minute {
			t.Errorf("push %v, wait %v", r.Push, r.Wait)
		}
	}
}

func TestATelcosRefusalHasTheSeedsThreeFields(t *testing.T) {
	s := openShop(t).settleAtOnce(pay.StatusFailed, pay.InsufficientFunds)
	w := s.post(opCollect, telco(t))
	tx := s.last()
	// The seed's own refusal, with this transaction's number at its end.
	var seed struct{ Message string }
	if err := json.Unmarshal([]byte(published(t, "telco_refusal.json")), &seed); err != nil {
		t.Fatal(err)
	}
	words, _, _ := strings.Cut(seed.Message, "MP250101")
	number := "MP250106.1417.J" + tx.FrontReference[len(tx.FrontReference)-5:]
	s.says(w, 200, `{"code":400,"statut":"TF","message":"`+words+number+`"}`)

	s = openShop(t, optErrorStatus, "mirror", optRefusalWithRef, "true").settleAtOnce(pay.StatusFailed, pay.Declined)
	w = s.post(opCollect, telco(t))
	s.says(w, 400, `{"code":400,"statut":"TF","message":"Paiement refuse par le client","reference_transaction":"`+s.last().FrontReference+`"}`)

	s = openShop(t).settleAtOnce(pay.StatusFailed, pay.OperatorUnavailable)
	s.says(s.post(opCollect, telco(t)), 200, `{"code":400,"statut":false,"message":"Service indisponible"}`)
	s = openShop(t).settleAtOnce(pay.StatusCanceled, "")
	s.says(s.post(opCollect, telco(t)), 200, `{"code":400,"statut":"TF","message":"Transaction annulee par le client"}`)
}

func TestATelcosCallStaysOpenUntilThePayerAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		done := make(chan *httptest.ResponseRecorder, 1)
		go func() { done <- s.post(opCollect, telco(t)) }()
		time.Sleep(4 * time.Minute)
		select {
		case w := <-done:
			t.Fatalf("answered before the payer: %s", w.Body)
		default:
		}
		s.gateway.Settle(s.last().ID, pay.OutcomeSucceeded, pay.Failure{})
		if w := <-done; !strings.Contains(w.Body.String(), `"transactionStatus":"Success"`) {
			t.Errorf("%s", w.Body)
		}
	})
}

func TestATelcosCallEndsWithTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for option, window := range map[string]time.Duration{"300": 5 * time.Minute, "60": time.Minute} {
			s := openShop(t, optWindow, option)
			start := time.Now()
			s.says(s.post(opCollect, telco(t)), 200, `{"code":400,"statut":"TF","message":"Timeout transaction 5 minutes depassé"}`)
			if took := time.Since(start); took != window {
				t.Errorf("took %v", took)
			}
			if s.last().Status != pay.StatusPending {
				t.Errorf("the payment is %s", s.last().Status)
			}
		}
	})
}

func TestOpenCallsEndWhenTheClientGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		start := time.Now()
		hangUp := func(operation string, body any) {
			ctx, cancel := context.WithCancel(context.Background())
			go func() {
				time.Sleep(3 * time.Second)
				cancel()
			}()
			if w := s.serve(s.authorized(operation, body).WithContext(ctx)); w.Body.Len() != 0 {
				t.Errorf("%s: answered %s", operation, w.Body)
			}
		}
		hangUp(opCollect, telco(t))
		hangUp(opStatus, map[string]any{"apikey": demoAPIKey, "reference_transaction": "xxxxxxxxxx123"})
		if took := time.Since(start); took != 6*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestATransferCompanyAcceptsAndAsks(t *testing.T) {
	s := openShop(t)
	w := s.post(opCollect, sta(t))
	tx := s.last()
	code, achat := tx.FrontData[frontCode], tx.FrontData[frontAchat]
	if !isDigits(code, 6) || len(achat) != 17 || !strings.HasPrefix(achat, "ACHAT") {
		t.Errorf("codes %q %q", code, achat)
	}
	s.says(w, 200, `{"code":200,"statut":true,"message":"Le paiement est en attente de validation, merci de vous connecter sur votre compte MyNita pour validation. Vous avez 5 minutes","reference_transaction":"`+tx.FrontReference+`","reference_externe":"xxxxxxxxxx123","code_validation":"`+code+`","code_achat":"`+achat+`"}`)
	if tx.Method != (pay.Method{Type: pay.Wallet, Operator: "nita_ne", Phone: "+22790000100"}) || !s.gateway.Requests()[0].Push {
		t.Errorf("recorded %+v", tx)
	}

	w = s.post(opCollect, sta(t, "mobile_money", "amana_transfert", "reference_externe", "ord2", "pays_payeur", "NIGER", "nom_prenom_payeur", nil))
	s.says(w, 200, `{"code":200,"statut":true,"message":"Le paiement est en attente de validation, merci de vous connecter sur votre compte Amanata pour validation. Vous avez 5 minutes","reference_transaction":"`+s.last().FrontReference+`","reference_externe":"ord2"}`)
}

func TestATransferCompanyMayAnswerInTheSeedsShape(t *testing.T) {
	s := openShop(t, optSeedReply, "true")
	w := s.post(opCollect, sta(t))
	tx := s.last()
	s.says(w, 200, `{"success":true,"status":"pending","message":"Le paiement est en attente de validation, merci de vous connecter sur votre compte MyNita pour validation","transactionReference":"`+tx.FrontReference+`","externalReference":"xxxxxxxxxx123","code_validation":"`+tx.FrontData[frontCode]+`"}`)
}

func TestWhatATransferCompanysPayerRefusedIsAcceptedAllTheSame(t *testing.T) {
	s := openShop(t).settleAtOnce(pay.StatusFailed, pay.InsufficientFunds)
	if w := s.post(opCollect, sta(t)); !strings.Contains(w.Body.String(), `"statut":true`) {
		t.Errorf("%s", w.Body)
	}
	s = openShop(t).settleAtOnce(pay.StatusFailed, pay.InvalidPhone)
	s.says(s.post(opCollect, sta(t)), 200, `{"code":400,"statut":false,"message":"Numero de telephone invalide"}`)
}

func TestTheRailsOwnCodeIsShownInLiveMode(t *testing.T) {
	s := openShop(t)
	live := s.issue(provider.IssueOrder{MerchantID: "live0001", Mode: pay.Live})
	s.token = s.logIn(live["login"], live["password"], live["api_key"])
	s.gateway.OnCreate = func(tx *pay.Transaction) { tx.NextAction = pay.NextAction{Type: pay.ShowCode, Code: "654321"} }
	w := s.post(opCollect, sta(t, "api_key", live["api_key"]))
	if !strings.Contains(w.Body.String(), `"code_validation":"654321"}`) || strings.Contains(w.Body.String(), "code_achat") {
		t.Errorf("%s", w.Body)
	}
	s.says(s.post(opCollect, sta(t, "api_key", live["api_key"], "mobile_money", "zeyna_transfert", "security_code", "12345")), 200, `{"code":400,"statut":false,"message":"Moyen de paiement non active"}`)
	s.says(s.post(opSecurityCode, map[string]any{"mobile_money": "zeyna_transfert", "numero_telephone": "90000100", "api_key": live["api_key"]}), 200, `{"code":400,"statut":false,"message":"Moyen de paiement non active"}`)
}

func TestZeynaCashWantsTheCodeOfTheSMS(t *testing.T) {
	s := openShop(t)
	ask := map[string]any{"mobile_money": "zeyna_transfert", "numero_telephone": "+22790000100", "api_key": demoAPIKey}
	s.says(s.post(opSecurityCode, ask), 200, `{"code":200,"statut":true,"message":"Code de securite envoye par SMS","tentative":1}`)
	s.says(s.post(opSecurityCode, ask), 200, `{"code":200,"statut":true,"message":"Code de securite envoye par SMS","tentative":2}`)
	s.says(s.post(opSecurityCode, with(`{"mobile_money":"zeyna_transfert","numero_telephone":"12","api_key":"`+demoAPIKey+`"}`)), 200, `{"code":400,"statut":false,"message":"Numero de telephone invalide"}`)
	s.says(s.post(opSecurityCode, with(`{"mobile_money":"nita_transfert","numero_telephone":"90000100","api_key":"`+demoAPIKey+`"}`)), 200, `{"code":400,"statut":false,"message":"Moyen de paiement inconnu"}`)

	pays := func(code any) map[string]any { return sta(t, "mobile_money", "zeyna_transfert", "security_code", code) }
	s.says(s.post(opCollect, pays(nil)), 200, `{"code":400,"statut":false,"message":"Le champ security_code est obligatoire"}`)
	for _, code := range []string{"00000", "1234", "12a45"} {
		s.says(s.post(opCollect, pays(code)), 200, `{"code":400,"statut":false,"message":"Code de securite invalide"}`)
	}
	if w := s.post(opCollect, pays("12345")); !strings.Contains(w.Body.String(), `votre compte ZeynaCash`) || s.gateway.Requests()[0].OTP != "12345" {
		t.Errorf("%s", w.Body)
	}
}

func TestRefusedCollectsRecordNothing(t *testing.T) {
	clear, _ := demoCipherKey.encrypt("48")
	cases := []struct {
		name string
		body map[string]any
		code int
		say  string
	}{
		{"no key", telco(t, "api_key", nil), 400, "Le champ api_key est obligatoire"},
		{"another key", telco(t, "api_key", "wrong"), 401, "Cle API invalide"},
		{"no means", telco(t, "mobile_money", nil), 400, "Le champ mobile_money est obligatoire"},
		{"moov_money", telco(t, "mobile_money", "moov_money"), 400, "Moyen de paiement inconnu"},
		{"mynita", sta(t, "mobile_money", "mynita"), 400, "Moyen de paiement inconnu"},
		{"no amount", telco(t, "montant_a_payer", nil), 400, "Le champ montant_a_payer est obligatoire"},
		{"a broken amount", telco(t, "montant_a_payer", "5 000,5"), 400, "Montant invalide"},
		{"a negative amount", telco(t, "montant_a_payer", -5000), 400, "Montant invalide"},
		{"nothing", telco(t, "montant_a_payer", 0), 400, "Montant invalide"},
		{"no phone", telco(t, "numero_telephone_payeur", ""), 400, "Le champ numero_telephone_payeur est obligatoire"},
		{"a phone of Gabon", telco(t, "numero_telephone_payeur", "+24166000100"), 400, "Numero de telephone invalide"},
		{"no name", telco(t, "nom_prenom_payeur", nil), 400, "Le champ nom_prenom_payeur est obligatoire"},
		{"no reference", telco(t, "reference_externe", nil), 400, "Le champ reference_externe est obligatoire"},
		{"no country", sta(t, "pays_payeur", nil), 400, "Le champ pays_payeur est obligatoire"},
		{"another country", sta(t, "pays_payeur", "Gabon"), 400, "Le champ pays_payeur est invalide"},
		{"a card that fails the Luhn check", card(t, "numero_carte_bancaire", "4000-0000-0000-0003"), 400, "Carte invalide"},
		{"an expired card", card(t, "date_expiration", "12/24"), 400, "Carte invalide"},
		{"a CVV in the clear", card(t, "cvv_number", "482"), 400, "CVV invalide"},
		{"a CVV of two digits", card(t, "cvv_number", clear), 400, "CVV invalide"},
		{"no time zone", card(t, "TZ", nil), 400, "Le champ TZ est obligatoire"},
		{"javaEnabled as a word", card(t, "javaEnabled", "peut-etre"), 400, "Le champ javaEnabled est invalide"},
		{"a screen in words", card(t, "screenWidth", "grand"), 400, "Le champ screenWidth est invalide"},
		{"an unknown window", card(t, "challengeWindowSize", "06"), 400, "Le champ challengeWindowSize est invalide"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for option, status := range map[string]int{"body_only": 200, "mirror": c.code} {
				s := openShop(t, optErrorStatus, option)
				want, _ := json.Marshal(plainAnswer{Code: c.code, Statut: false, Message: c.say})
				s.says(s.post(opCollect, c.body), status, string(want))
				if len(s.gateway.Requests()) != 0 {
					t.Error("the gateway was asked")
				}
			}
		})
	}
	s := openShop(t)
	r := s.authorized(opCollect, card(t))
	r.Header.Set("keypass", "wrong")
	s.says(s.serve(r), 200, `{"code":401,"statut":false,"message":"keypass invalide"}`)
}

func TestTheGatewaysRefusalsAreSaidInKomiPaysWords(t *testing.T) {
	for _, c := range []struct {
		err  error
		http int
		want string
	}{
		{pay.Capability("currency", "no rail"), 200, `{"code":400,"statut":false,"message":"Moyen de paiement non active"}`},
		{&pay.Error{Kind: pay.KindUnavailable}, 200, `{"code":400,"statut":false,"message":"Service indisponible"}`},
		{pay.InvalidAs(pay.CodeAmountTooLow, "amount", "x"), 200, `{"code":400,"statut":false,"message":"Montant inferieur au minimum autorise"}`},
		{pay.InvalidAs(pay.CodeAmountTooHigh, "amount", "x"), 200, `{"code":400,"statut":false,"message":"Montant superieur au maximum autorise"}`},
		{pay.InvalidAs(pay.CodeInvalidPhone, "method.phone", "x"), 200, `{"code":400,"statut":false,"message":"Numero de telephone invalide"}`},
		{pay.Invalid("reference", "x"), 200, `{"code":400,"statut":false,"message":"Le champ reference_externe est invalide"}`},
		{errors.New("disk full at /var/lib"), 500, `{"code":500,"statut":false,"message":"Erreur interne"}`},
	} {
		s := openShop(t)
		s.gateway.Refuse = c.err
		s.says(s.post(opCollect, telco(t)), c.http, c.want)
	}
	for _, kind := range []pay.ErrorKind{
		pay.KindInvalid, pay.KindNotFound, pay.KindConflict, pay.KindUnauthorized, pay.KindForbidden, pay.KindCapability,
		pay.KindFunds, pay.KindTooMany, pay.KindUnavailable, pay.KindInternal,
	} {
		if f := asRefusal(&pay.Error{Kind: kind}); f.message == "" || f.code < 400 {
			t.Errorf("%s: %+v", kind, f)
		}
	}
}

func TestAReferenceIsUsedOnce(t *testing.T) {
	s := openShop(t).settleAtOnce(pay.StatusSucceeded, "")
	s.post(opCollect, telco(t))
	s.says(s.post(opCollect, telco(t)), 200, `{"code":400,"statut":false,"message":"Reference externe deja utilisee"}`)
	if len(s.gateway.Transactions()) != 1 {
		t.Error("recorded twice")
	}
}

func TestDoubledSlashesAreCollapsedAndUnknownPathsRefused(t *testing.T) {
	s := openShop(t)
	r := s.authorized("//check-transaction-status", map[string]any{"apikey": demoAPIKey, "reference_transaction": "x"})
	if w := s.serve(r); w.Code != 200 {
		t.Errorf("HTTP %d", w.Code)
	}
	for _, path := range []string{"/", "/generateToken", v1 + "refund", v1 + "payment/status/KP-693-B2C-00000001", basePath + "/balance"} {
		s.says(s.serve(httptest.NewRequest(http.MethodGet, path, nil)), 404, `{"code":404,"statut":false,"message":"Ressource introuvable"}`)
	}
	w := s.serve(httptest.NewRequest(http.MethodGet, v1+opStatus, nil))
	if s.says(w, 405, `{"code":405,"statut":false,"message":"Methode non autorisee"}`); w.Header().Get("Allow") != "POST" {
		t.Error("Allow is not set")
	}
}

func TestBodiesThatAreNoJSONObjectAreRefused(t *testing.T) {
	s := openShop(t)
	for _, body := range []string{"", "null", "[]", "{", "mobile_money=airtel_money", `{"a":1}{"b":2}`} {
		s.says(s.post(opCollect, body), 400, `{"code":400,"statut":false,"message":"Requete invalide"}`)
	}
	long := `{"a":"` + string(bytes.Repeat([]byte("x"), maxBody)) + `"}`
	s.says(s.post(opCollect, long), 413, `{"code":413,"statut":false,"message":"Requete invalide"}`)
}
