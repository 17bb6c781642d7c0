package komipay

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

func connectionValues(base string) map[string]string {
	return map[string]string{
		fieldTokenBase: base + basePath, fieldLogin: testLogin, fieldPassword: testPassword,
		fieldAPIKey: testKey, fieldKeypass: testKeypass,
	}
}

// connected is a connector of a stand-in for KomiPay.
func connected(t *testing.T, answers map[string][]http.HandlerFunc, more ...string) (*connector, *standIn, *providertest.Surroundings) {
	t.Helper()
	s := newStandIn(t, answers)
	values := connectionValues(s.URL)
	for i := 0; i < len(more); i += 2 {
		values[more[i]] = more[i+1]
	}
	world := providertest.NewSurroundings(t, Provider(), values)
	c, err := connect(world.Environment)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*connector), s, world
}

func order(method pay.MethodType, operator string) provider.Order {
	return provider.Order{
		TransactionID: "pay_demo00010001", MerchantID: "demo0001", Mode: pay.Live, Kind: pay.Payment,
		Reference: "PS0123456789ABCDEFGH", Amount: xof(5000), Customer: pay.Customer{Name: "Moussa", GivenName: "Aïcha"},
		Method: pay.Method{Type: method, Operator: operator, Phone: "+22790000100"},
	}
}

func cardOrder() provider.Order {
	o := order(pay.CardMethod, "")
	o.Method.Phone = ""
	o.Card = &pay.Card{Number: testCard, Expiry: "12/30", CVV: "482", Holder: "AICHA MOUSSA"}
	o.Browser = map[string]string{
		emvJava: "true", emvJavascript: "true", emvHeight: "960", emvWidth: "1536", emvTimeZone: "0", emvWindow: "03",
	}
	return o
}

func refOf(o provider.Order, data map[string]string) provider.Ref {
	return provider.Ref{
		TransactionID: o.TransactionID, MerchantID: o.MerchantID, Kind: o.Kind, Reference: o.Reference,
		Amount: o.Amount, Method: o.Method, Data: data, SubmittedAt: time.Date(2025, 1, 6, 13, 17, 0, 0, time.UTC),
	}
}

// about makes an answer about the test's order.
func about(o provider.Order, text string) http.HandlerFunc {
	for _, old := range []string{"ord1001", "ord1002", "ord1003"} {
		text = strings.ReplaceAll(text, old, o.Reference)
	}
	return says(200, text)
}

func TestATelcosAnswerIsTheOutcome(t *testing.T) {
	for operator, means := range map[string]string{"airtel_ne": "airtel_money", "moov_ne": "moov_flooz", "zamani_ne": "zamani_cash", "": "zamani_cash"} {
		o := order(pay.MobileMoney, operator)
		c, s, _ := connected(t, map[string][]http.HandlerFunc{opCollect: {about(o, published(t, "telco_success.json"))}})
		r, err := c.Submit(t.Context(), o)
		if err != nil || r.Outcome != pay.OutcomeSucceeded || r.Reference != o.Reference || r.ProviderReference != "KP-000-B2C-00000001" {
			t.Errorf("%s: %+v %v", operator, r, err)
		}
		wantBody(t, s.of(opCollect)[0], `{"mobile_money":"`+means+`","api_key":"`+testKey+`","montant_a_payer":"5000","numero_telephone_payeur":"90000100","nom_prenom_payeur":"Moussa Aïcha","reference_externe":"`+o.Reference+`"}`)
	}
}

func TestATruthyRefusalIsNotPaid(t *testing.T) {
	c, _, _ := connected(t, map[string][]http.HandlerFunc{opCollect: {says(200, published(t, "telco_refusal.json"))}})
	r, err := c.Submit(t.Context(), order(pay.MobileMoney, "airtel_ne"))
	if err != nil || r.Outcome != pay.OutcomeFailed || r.Failure.Reason != pay.InsufficientFunds || !r.Prompted || r.Failure.ProviderCode != "TF" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestATransferCompanysAcceptanceIsNotPaid(t *testing.T) {
	for name, body := range map[string]string{"KomiPay's shape": "sta_answer.json", "the seed's shape": "sta_answer_seed.json"} {
		o := order(pay.Wallet, "nita_ne")
		text := strings.ReplaceAll(published(t, body), "xxx001", o.Reference)
		c, s, world := connected(t, map[string][]http.HandlerFunc{opCollect: {about(o, text)}}, fieldAmountFormat, formatSpaced)
		r, err := c.Submit(t.Context(), o)
		if err != nil || r.Outcome != pay.OutcomePending || r.NextAction.Type != pay.ShowCode || r.NextAction.Code != "123456" ||
			!r.NextAction.ExpiresAt.Equal(world.Time().Add(5*time.Minute)) || r.Data["code_validation"] != "123456" {
			t.Errorf("%s: %+v %v", name, r, err)
		}
		if got := s.of(opCollect)[0].body; got["montant_a_payer"] != "5 000" || got["numero_telephone_payeur"] != "+22790000100" || got["pays_payeur"] != "Niger" {
			t.Errorf("%s: sent %v", name, got)
		}
	}
}

// wire: komipay §2.2: STA accepted is pending, whatever else the answer says.
func TestATransferCompanysAcceptanceKeepsItsReferenceAndCode(t *testing.T) {
	for _, beside := range []string{`"transactionStatus":"Success"`, `"etat":"ECHEC"`, `"transactionStatus":"Done"`} {
		o := order(pay.Wallet, "nita_ne")
		text := strings.Replace(published(t, "sta_answer.json"), "{", "{"+beside+",", 1)
		c, _, _ := connected(t, map[string][]http.HandlerFunc{opCollect: {about(o, text)}})
		r, err := c.Submit(t.Context(), o)
		if err != nil || r.Outcome != pay.OutcomePending || r.ProviderReference != "KP-000-B2C-00000002" ||
			r.NextAction.Type != pay.ShowCode || r.Data["code_validation"] != "123456" || r.Data["code_achat"] == "" {
			t.Errorf("%s: %+v %v", beside, r, err)
		}
	}
}

func TestACardHasItsCVVEncryptedFirst(t *testing.T) {
	o := cardOrder()
	c, s, _ := connected(t, map[string][]http.HandlerFunc{opCollect: {about(o, published(t, "card_challenge.json"))}})
	r, err := c.Submit(t.Context(), o)
	if err != nil || r.Outcome != pay.OutcomePending || r.NextAction.Type != pay.Redirect ||
		r.NextAction.URL != "https://sandbox.example.test/3ds/KP-000-B2C-00000003" {
		t.Errorf("%+v %v", r, err)
	}
	wantBody(t, s.of(opEncryptCVV)[0], `{"api_key":"`+testKey+`","cvv_number":"482"}`)
	wantBody(t, s.of(opCollect)[0], `{"mobile_money":"bank_card","api_key":"`+testKey+`","nom_prenom_payeur":"Moussa Aïcha","numero_carte_bancaire":"4000-0000-0000-3220","date_expiration":"12/30","cvv_number":"`+publishedCVV+`","montant_a_payer":"5000","reference_externe":"`+o.Reference+`","javaEnabled":true,"javascriptEnabled":true,"screenHeight":"960","screenWidth":"1536","TZ":"0","challengeWindowSize":"03"}`)
	kept, _ := json.Marshal(r)
	if strings.Contains(string(kept), testCard) || strings.Contains(string(kept), "482") {
		t.Error("the result holds card data")
	}
}

func TestACardWhoseCVVCanNotBeEncryptedWasNeverCharged(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"CVV invalide": says(200, `{"code":400,"statut":false,"message":"CVV invalide"}`), "an error": says(500, ""),
	} {
		c, s, _ := connected(t, map[string][]http.HandlerFunc{opEncryptCVV: {answer}})
		r, err := c.Submit(t.Context(), cardOrder())
		if err != nil || r.Outcome != pay.OutcomeFailed || r.Prompted || len(s.of(opCollect)) != 0 {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
}

func TestACollectInDoubtIsNeverSentAgain(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"null_body": says(200, `{"code":null,"statut":null,"message":null}`), "html_answer": says(200, "<html></html>"),
		"empty": says(200, ""), "503": says(503, ""),
		"slow_collect": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		},
	} {
		c, s, _ := connected(t, map[string][]http.HandlerFunc{opCollect: {answer}})
		if r, err := c.Submit(t.Context(), order(pay.MobileMoney, "airtel_ne")); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
		if n := len(s.of(opCollect)); n != 1 {
			t.Errorf("%s: sent %d times", name, n)
		}
	}
}

func TestARefusedTokenIsRenewedOnce(t *testing.T) {
	o := order(pay.MobileMoney, "airtel_ne")
	good := about(o, published(t, "telco_success.json"))
	second := strings.Replace(published(t, "token_answer.json"), "IiIi", "JjJj", 1)
	tokens := []http.HandlerFunc{says(200, published(t, "token_answer.json")), says(200, second)}
	for _, refusal := range []http.HandlerFunc{says(401, ""), says(403, "<html></html>"), says(200, `{"code":401,"statut":false,"message":"x"}`)} {
		c, s, _ := connected(t, map[string][]http.HandlerFunc{opToken: tokens, opCollect: {refusal, good}})
		r, err := c.Submit(t.Context(), o)
		if err != nil || r.Outcome != pay.OutcomeSucceeded || len(s.of(opToken)) != 2 || len(s.of(opCollect)) != 2 {
			t.Errorf("%+v %v", r, err)
		}
		if !strings.Contains(s.of(opCollect)[1].header.Get("Authorization"), "JjJj") {
			t.Error("the second call has the old token")
		}
	}
	c, s, world := connected(t, map[string][]http.HandlerFunc{opToken: tokens, opCollect: {says(401, "")}})
	r, err := c.Submit(t.Context(), o)
	if err != nil || r.Outcome != pay.OutcomeFailed || r.Failure.Reason != pay.AuthFailed || r.Prompted || len(s.of(opCollect)) != 2 {
		t.Errorf("refused twice: %+v %v", r, err)
	}
	if len(world.Alerts()) != 1 {
		t.Errorf("alerts %v", world.Alerts())
	}
}

func TestATokenServesForTwentyFiveMinutesAndAllCallers(t *testing.T) {
	c, s, world := connected(t, map[string][]http.HandlerFunc{opStatus: {says(200, `{"code":404,"statut":false,"transactionStatus":"notFound"}`)}})
	ask := func() {
		if _, err := c.Status(t.Context(), refOf(order(pay.MobileMoney, "airtel_ne"), nil)); err != nil {
			t.Error(err)
		}
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(ask)
	}
	group.Wait()
	world.Advance(25*time.Minute - time.Second)
	ask()
	if n := len(s.of(opToken)); n != 1 {
		t.Errorf("logged in %d times", n)
	}
	world.Advance(time.Second)
	ask()
	if n := len(s.of(opToken)); n != 2 {
		t.Errorf("logged in %d times after 25 minutes", n)
	}
}

func TestALoginThatFailsStartsNoPayment(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   pay.Reason
	}{
		"wrong password": {says(200, `{"code":401,"statut":false,"message":"Identifiants invalides"}`), pay.AuthFailed},
		"an error":       {says(500, ""), pay.OperatorUnavailable},
	} {
		conn, s, _ := connected(t, map[string][]http.HandlerFunc{opToken: {c.answer}})
		r, err := conn.Submit(t.Context(), order(pay.MobileMoney, "airtel_ne"))
		if err != nil || r.Outcome != pay.OutcomeFailed || r.Failure.Reason != c.want || r.Prompted || len(s.of(opCollect)) != 0 {
			t.Errorf("%s: %+v %v", name, r, err)
		}
		if r, err := conn.Status(t.Context(), refOf(order(pay.MobileMoney, "airtel_ne"), nil)); err == nil {
			t.Errorf("%s: status %+v", name, r)
		}
	}
}

func TestARefusalOfAReferenceThatIsOursAloneIsDoubt(t *testing.T) {
	c, _, _ := connected(t, map[string][]http.HandlerFunc{opCollect: {says(200, `{"code":400,"statut":false,"message":"Reference externe deja utilisee"}`)}})
	if r, err := c.Submit(t.Context(), order(pay.MobileMoney, "airtel_ne")); err != nil || r.Outcome != pay.OutcomeUnknown {
		t.Errorf("%+v %v", r, err)
	}
}

func TestRefusalsOfTheRequestItselfPromptedNobody(t *testing.T) {
	for message, prompted := range map[string]bool{
		"Moyen de paiement non active": false, "Numero de telephone invalide": false, "Montant invalide": false, "Une erreur": true,
	} {
		c, _, _ := connected(t, map[string][]http.HandlerFunc{opCollect: {says(200, `{"code":400,"statut":false,"message":"`+message+`"}`)}})
		if r, err := c.Submit(t.Context(), order(pay.MobileMoney, "airtel_ne")); err != nil || r.Outcome != pay.OutcomeFailed || r.Prompted != prompted {
			t.Errorf("%s: %+v %v", message, r, err)
		}
	}
}

func TestStatusIsReadWithAmountAndReference(t *testing.T) {
	o := order(pay.Wallet, "nita_ne")
	c, s, _ := connected(t, map[string][]http.HandlerFunc{opStatus: {about(o, strings.Replace(published(t, "status_success.json"), `"5000"`, `"5 000"`, 1))}})
	r, err := c.Status(t.Context(), refOf(o, nil))
	if err != nil || r.Outcome != pay.OutcomeSucceeded || r.Amount != o.Amount || r.Reference != o.Reference || r.ProviderReference != "KP-000-B2C-00000002" {
		t.Errorf("%+v %v", r, err)
	}
	// Our own reference until theirs is known; the key is spelled apikey here.
	wantBody(t, s.of(opStatus)[0], `{"apikey":"`+testKey+`","reference_transaction":"`+o.Reference+`"}`)
	ref := refOf(o, nil)
	ref.ProviderReference = "KP-000-B2C-00000002"
	_, _ = c.Status(t.Context(), ref)
	wantBody(t, s.of(opStatus)[1], `{"apikey":"`+testKey+`","reference_transaction":"KP-000-B2C-00000002"}`)
}

func TestAnAmountThatCanNotBeReadIsDoubt(t *testing.T) {
	c, _, _ := connected(t, map[string][]http.HandlerFunc{opStatus: {says(200, `{"code":200,"statut":true,"transactionStatus":"Success","dataTransaction":{"montant_total":"cinq mille"}}`)}})
	if r, err := c.Status(t.Context(), refOf(order(pay.MobileMoney, "airtel_ne"), nil)); err == nil {
		t.Errorf("%+v", r)
	}
}

func TestAStatusCallThatStaysOpenMeansPending(t *testing.T) {
	c, _, _ := connected(t, map[string][]http.HandlerFunc{opStatus: {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}})
	if c.patience != 10*time.Second {
		t.Errorf("a status call may take %v", c.patience)
	}
	c.patience = 30 * time.Millisecond
	r, err := c.Status(t.Context(), refOf(order(pay.MobileMoney, "airtel_ne"), nil))
	if err != nil || r.Outcome != pay.OutcomePending || r.Absent {
		t.Errorf("%+v %v", r, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if r, err := c.Status(ctx, refOf(order(pay.MobileMoney, "airtel_ne"), nil)); err == nil {
		t.Errorf("a caller without patience hears %+v", r)
	}
}

func TestAtMostFiveStatusCallsRunAtOnce(t *testing.T) {
	var running, most atomic.Int32
	full, free := make(chan struct{}), make(chan struct{})
	var once sync.Once
	c, _, _ := connected(t, map[string][]http.HandlerFunc{opStatus: {func(w http.ResponseWriter, r *http.Request) {
		n := running.Add(1)
		defer running.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == atOnce {
			once.Do(func() { close(full) })
		}
		<-free
		says(200, `{"code":200,"statut":true,"transactionStatus":"Pending"}`)(w, r)
	}}})
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			if _, err := c.Status(t.Context(), refOf(order(pay.MobileMoney, "airtel_ne"), nil)); err != nil {
				t.Error(err)
			}
		})
	}
	<-full
	close(free)
	group.Wait()
	if most.Load() != 5 {
		t.Errorf("%d ran at once", most.Load())
	}
}

func TestOrdersThatKomiPayCanNotCarryAreRefusedBeforeAnyCall(t *testing.T) {
	change := func(f func(*provider.Order)) provider.Order {
		o := order(pay.MobileMoney, "airtel_ne")
		f(&o)
		return o
	}
	for name, c := range map[string]struct {
		order provider.Order
		kind  pay.ErrorKind
	}{
		"another currency":            {change(func(o *provider.Order) { o.Amount.Currency = "XAF" }), pay.KindCapability},
		"nothing":                     {change(func(o *provider.Order) { o.Amount.Minor = 0 }), pay.KindInvalid},
		"a payout":                    {change(func(o *provider.Order) { o.Kind = pay.Payout }), pay.KindCapability},
		"a number of another country": {change(func(o *provider.Order) { o.Method.Phone = "+24166000100" }), pay.KindCapability},
		"another operator":            {change(func(o *provider.Order) { o.Method.Operator = "orange_ci" }), pay.KindCapability},
		"a wallet of a telco":         {change(func(o *provider.Order) { o.Method.Type = pay.Wallet }), pay.KindCapability},
	} {
		conn, s, _ := connected(t, nil)
		if err := conn.Validate(c.order); pay.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
		r, err := conn.Submit(t.Context(), c.order)
		if err != nil || r.Outcome != pay.OutcomeFailed || r.Prompted || len(s.got) != 0 {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
	conn, _, _ := connected(t, nil, fieldKeypass, "")
	if err := conn.Validate(cardOrder()); pay.KindOf(err) != pay.KindCapability {
		t.Errorf("a card without a keypass: %v", err)
	}
	undecided := order(pay.Wallet, "")
	undecided.Method.Phone = ""
	if err := conn.Validate(undecided); err != nil {
		t.Errorf("a customer who has yet to choose: %v", err)
	}
}

func TestBadSettingsMakeNoConnector(t *testing.T) {
	for name, value := range map[string]string{fieldAmountFormat: "roman", fieldLogin: "", fieldPassword: "", fieldAPIKey: ""} {
		values := connectionValues("http://127.0.0.1:1")
		values[name] = value
		if _, err := connect(providertest.NewSurroundings(t, Provider(), values).Environment); err == nil {
			t.Errorf("%s %q is taken", name, value)
		}
	}
}

func TestZeynaCashWaitsForThePayersCode(t *testing.T) {
	o := order(pay.Wallet, "zeyna_ne")
	c, s, world := connected(t, map[string][]http.HandlerFunc{
		opSecurityCode: {says(200, published(t, "code_answer.json"))},
		opCollect:      {about(o, published(t, "sta_answer.json"))},
		opStatus:       {about(o, published(t, "status_success.json"))},
	})
	r, err := c.Submit(t.Context(), o)
	if err != nil || r.Outcome != pay.OutcomePending || r.NextAction.Type != pay.EnterOTP || len(s.of(opCollect)) != 0 {
		t.Fatalf("%+v %v", r, err)
	}
	ref := refOf(o, r.Data)
	ref.SubmittedAt = world.Time()
	if r, err := c.Status(t.Context(), ref); err != nil || r.Outcome != pay.OutcomePending || len(s.of(opStatus)) != 0 {
		t.Errorf("before the code: %+v %v", r, err)
	}
	if _, err := c.Confirm(t.Context(), ref, "123"); pay.KindOf(err) != pay.KindInvalid {
		t.Errorf("a short code: %v", err)
	}
	done, err := c.Confirm(t.Context(), ref, "12345")
	if err != nil || done.Outcome != pay.OutcomePending || s.of(opCollect)[0].body["security_code"] != "12345" {
		t.Errorf("%+v %v", done, err)
	}
	again, err := c.Confirm(t.Context(), ref, "12345")
	if err != nil || again.Outcome != pay.OutcomeSucceeded || len(s.of(opCollect)) != 1 {
		t.Errorf("confirmed twice: %+v %v", again, err)
	}
	world.Advance(time.Hour)
	if r, err := c.Status(t.Context(), ref); err != nil || r.Outcome != pay.OutcomeSucceeded || r.Data[dataCollect] != collectSent {
		t.Errorf("late, with an old record: %+v %v", r, err)
	}
}

func TestZeynaCashTakesACodeThatThePayerHadBefore(t *testing.T) {
	o := order(pay.Wallet, "zeyna_ne")
	o.OTP = "54321"
	c, s, _ := connected(t, map[string][]http.HandlerFunc{opCollect: {about(o, published(t, "sta_answer.json"))}})
	if r, err := c.Submit(t.Context(), o); err != nil || r.Outcome != pay.OutcomePending || len(s.of(opSecurityCode)) != 0 || s.of(opCollect)[0].body["security_code"] != "54321" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestACodeThatNeverComesEndsThePaymentForGood(t *testing.T) {
	o := order(pay.Wallet, "zeyna_ne")
	c, s, world := connected(t, map[string][]http.HandlerFunc{opSecurityCode: {says(200, published(t, "code_answer.json"))}})
	r, err := c.Submit(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ref := refOf(o, r.Data)
	ref.SubmittedAt = world.Time()
	world.Advance(codeTime)
	for range 2 {
		if r, err := c.Status(t.Context(), ref); err != nil || r.Outcome != pay.OutcomeFailed || r.Failure.Reason != pay.Expired {
			t.Errorf("%+v %v", r, err)
		}
	}
	if _, err := c.Confirm(t.Context(), ref, "12345"); pay.KindOf(err) != pay.KindConflict || len(s.of(opCollect)) != 0 {
		t.Errorf("a code after the end: %v", err)
	}
}

// Our own reference counts as well: a refusal names none of theirs, so that a
// success that follows it would be told of a payment that nobody knows.
func TestAWebhookIsAHintWithReferencesAndNothingElse(t *testing.T) {
	c, _, _ := connected(t, nil)
	ours := map[string]string{"JSON": "PS0123456789ABCDEFGH"}
	for name, body := range map[string]string{
		"JSON":        `{"reference_transaction":"KP-000-B2C-00000002","reference_externe":"PS0123456789ABCDEFGH","transactionStatus":"Success","message":"m"}`,
		"another key": `{"reference":"KP-000-B2C-00000002"}`, "a form": "reference_transaction=KP-000-B2C-00000002&transactionStatus=Success",
	} {
		n, err := c.ReadNotification(httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body)))
		if err != nil || n.ProviderReference != "KP-000-B2C-00000002" || n.Reference != ours[name] || n.Verified || n.Hint != "" ||
			n.Answer.Status != 200 || string(n.Answer.Body) != `{"received":true}` {
			t.Errorf("%s: %+v %v", name, n, err)
		}
	}
	if n, err := c.ReadNotification(httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(`{"reference_transaction":"PS0123456789ABCDEFGH"}`))); err != nil || n.Reference != "PS0123456789ABCDEFGH" {
		t.Errorf("our own reference: %+v %v", n, err)
	}
	var e *pay.Error
	if _, err := c.ReadNotification(httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(`{"reference`))); !errors.As(err, &e) {
		t.Errorf("broken JSON: %v", err)
	}
	if _, err := c.ReadNotification(httptest.NewRequest(http.MethodGet, "/hook", nil)); !errors.As(err, &e) {
		t.Errorf("GET: %v", err)
	}
}
