package komipay

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// seen is one request that a stand-in for KomiPay got.
type seen struct {
	path   string
	header http.Header
	body   map[string]any
}

// standIn stands in for KomiPay: it answers each operation with fixed bytes,
// the last of its list repeating, and keeps what it was sent.
type standIn struct {
	*httptest.Server
	mu      sync.Mutex
	got     []seen
	answers map[string][]http.HandlerFunc
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// newStandIn logs everybody in, and answers as told.
func newStandIn(t testing.TB, answers map[string][]http.HandlerFunc) *standIn {
	t.Helper()
	s := &standIn{answers: map[string][]http.HandlerFunc{
		opToken:      {says(200, published(t, "token_answer.json"))},
		opEncryptCVV: {says(200, published(t, "cvv_answer.json"))},
	}}
	for operation, list := range answers {
		s.answers[operation] = list
	}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *standIn) serve(w http.ResponseWriter, r *http.Request) {
	one := seen{path: r.URL.Path, header: r.Header}
	_ = json.NewDecoder(r.Body).Decode(&one.body)
	operation := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	s.mu.Lock()
	s.got = append(s.got, one)
	list := s.answers[operation]
	if len(list) > 1 {
		s.answers[operation] = list[1:]
	}
	s.mu.Unlock()
	if r.Method != http.MethodPost || len(list) == 0 {
		http.NotFound(w, r)
		return
	}
	list[0](w, r)
}

// of are the requests of an operation.
func (s *standIn) of(operation string) []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []seen
	for _, one := range s.got {
		if strings.HasSuffix(one.path, "/"+operation) {
			list = append(list, one)
		}
	}
	return list
}

const (
	testLogin    = "boutique@example.test"
	testPassword = "MotDePasse-01"
	testKey      = "8OHSw7Sllod4aVpLPC0eD2pYT2g1NkJwUHdYL2txNDc1STArS3c9PQ=="
	testKeypass  = "keypass-0123456789"
	testCard     = "4000000000003220"
	publishedCVV = "AAECAwQFBgcICQoLDA0OD2ZnVkJzNVBvMWplMWpVQkNPVFpTVmc9PQ=="
)

func (s *standIn) client() *Client {
	return New(Config{
		TokenBase: s.URL + "/APIs/mobile_money.php/", Login: testLogin, Password: testPassword,
		APIKey: testKey, Keypass: testKeypass, HTTP: s.Client(),
	})
}

func xof(minor int64) money.Amount { return money.New(minor, money.XOF) }

func wantBody(t *testing.T, got seen, want string) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(want), &fields); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.body, fields) {
		t.Errorf("sent %v\nwant %v", got.body, fields)
	}
}

func TestTheClientSendsTheDocumentedRequests(t *testing.T) {
	const prefix = "/APIs/mobile_money.php"
	s := newStandIn(t, map[string][]http.HandlerFunc{
		opCollect: {
			says(200, published(t, "telco_success.json")), says(200, published(t, "sta_answer.json")),
			says(200, published(t, "card_challenge.json")),
		},
		opStatus:       {says(200, published(t, "status_success.json"))},
		opSecurityCode: {says(200, published(t, "code_answer.json"))},
	})
	c, ctx := s.client(), t.Context()
	token, err := c.GenerateToken(ctx)
	if err != nil || token.Reveal() != "IiIiIiIiIiIiIiIiIiIiIjlXa2lJeHVJT2g4RkxmWm1OZFdFNUpVcVFFS3FKREpCcElwWXZtWlZWTms9" {
		t.Fatalf("token: %v", err)
	}
	paid, err := c.Collect(ctx, token, Order{Means: AirtelMoney, Amount: xof(5000), Phone: "+22790000100", Name: "KomiPay KomiPay", Reference: "ord1001"})
	if err != nil || paid.Outcome != pay.OutcomeSucceeded || paid.Reference != "KP-000-B2C-00000001" {
		t.Errorf("telco: %+v %v", paid, err)
	}
	waits, err := c.Collect(ctx, token, Order{Means: NitaTransfert, Amount: xof(5000), Phone: "90000100", Reference: "ord1002"})
	if err != nil || waits.Outcome != pay.OutcomePending || waits.CodeValidation != "123456" || waits.CodeAchat != "ACHAT0A1B2C3D4E5F" {
		t.Errorf("transfer company: %+v %v", waits, err)
	}
	cvv, err := c.EncryptCVV(ctx, token, "482")
	if err != nil || cvv.Reveal() != publishedCVV {
		t.Errorf("CVV: %v", err)
	}
	card, err := c.Collect(ctx, token, Order{
		Means: BankCard, Amount: xof(25000), Name: "Nom et prenom du payeur", Reference: "ord1003",
		Card: &Card{Number: "4000000000000002", Expiry: "12/30", EncryptedCVV: cvv, Browser: Browser{
			ScreenHeight: "960", ScreenWidth: "1536", TimeZone: "1", ChallengeWindowSize: "05",
		}},
	})
	if err != nil || card.RedirectURL != "https://sandbox.example.test/3ds/KP-000-B2C-00000003" {
		t.Errorf("card: %+v %v", card, err)
	}
	state, err := c.Status(ctx, token, "ord1002", false)
	if err != nil || state.Outcome != pay.OutcomeSucceeded || state.Amount != "5000" || state.ExternalReference != "ord1002" {
		t.Errorf("status: %+v %v", state, err)
	}
	if n, err := c.RequestSecurityCode(ctx, token, ZeynaTransfert, "90000100"); err != nil || n != 1 {
		t.Errorf("code: %d %v", n, err)
	}

	v1 := prefix + "/customers-api-kp/v1/"
	wants := []struct{ path, body string }{
		{prefix + "/generateToken", `{"login":"boutique@example.test","password":"MotDePasse-01","api_key":"` + testKey + `"}`},
		{v1 + opCollect, `{"mobile_money":"airtel_money","api_key":"` + testKey + `","montant_a_payer":"5000","numero_telephone_payeur":"90000100","nom_prenom_payeur":"KomiPay KomiPay","reference_externe":"ord1001"}`},
		{v1 + opCollect, `{"mobile_money":"nita_transfert","api_key":"` + testKey + `","montant_a_payer":"5000","numero_telephone_payeur":"+22790000100","pays_payeur":"Niger","reference_externe":"ord1002"}`},
		{v1 + opEncryptCVV, `{"api_key":"` + testKey + `","cvv_number":"482"}`},
		{v1 + opCollect, `{"mobile_money":"bank_card","api_key":"` + testKey + `","nom_prenom_payeur":"Nom et prenom du payeur","numero_carte_bancaire":"4000-0000-0000-0002","date_expiration":"12/30","cvv_number":"` + publishedCVV + `","montant_a_payer":"25000","reference_externe":"ord1003","javaEnabled":false,"javascriptEnabled":false,"screenHeight":"960","screenWidth":"1536","TZ":"1","challengeWindowSize":"05"}`},
		{v1 + opStatus, `{"apikey":"` + testKey + `","reference_transaction":"ord1002"}`},
		{v1 + opSecurityCode, `{"mobile_money":"zeyna_transfert","numero_telephone":"+22790000100","api_key":"` + testKey + `"}`},
	}
	if len(s.got) != len(wants) {
		t.Fatalf("%d requests", len(s.got))
	}
	for i, want := range wants {
		got := s.got[i]
		if got.path != want.path || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("request %d went to %s", i, got.path)
		}
		wantBody(t, got, want.body)
		auth := ""
		if i > 0 {
			auth = "Bearer " + token.Reveal()
		}
		keypass := ""
		if i == 3 || i == 4 {
			keypass = testKeypass
		}
		if got.header.Get("Authorization") != auth || got.header.Get("keypass") != keypass {
			t.Errorf("request %d has the wrong credentials in its headers", i)
		}
	}
}

func TestRefusalsAndDoubtAreToldApart(t *testing.T) {
	order := Order{Means: AirtelMoney, Amount: xof(5000), Phone: "90000100", Name: "KomiPay KomiPay", Reference: "ord1001"}
	for name, answer := range map[string]http.HandlerFunc{
		"with HTTP 200": says(200, published(t, "telco_refusal.json")), "with HTTP 400": says(400, published(t, "telco_refusal.json")),
	} {
		s := newStandIn(t, map[string][]http.HandlerFunc{opCollect: {answer}})
		_, err := s.client().Collect(t.Context(), "token", order)
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Code != 400 || refusal.Reason != pay.InsufficientFunds || refusal.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"HTTP 500 with a refusal":    says(500, published(t, "telco_refusal.json")),
		"HTTP 400 with a success":    says(400, published(t, "telco_success.json")),
		"HTML":                       says(200, "<html><body>busy</body></html>"),
		"nothing":                    says(200, ""),
		"null body":                  says(200, `{"code":null,"statut":null,"message":null}`),
		"a redirect":                 says(302, ""),
		"HTTP 404 of another server": says(404, "not found"),
	} {
		s := newStandIn(t, map[string][]http.HandlerFunc{opCollect: {answer}})
		_, err := s.client().Collect(t.Context(), "token", order)
		var doubt *UncertainError
		if !errors.As(err, &doubt) {
			t.Errorf("%s: %v", name, err)
		}
		if len(s.got) != 1 {
			t.Errorf("%s: sent %d times", name, len(s.got))
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"401 without a body": says(401, ""), "403 with a page": says(403, "<html></html>"), "code 401": says(200, `{"code":401,"statut":false,"message":"keypass invalide"}`),
	} {
		s := newStandIn(t, map[string][]http.HandlerFunc{opCollect: {answer}})
		_, err := s.client().Collect(t.Context(), "token", order)
		var refusal *Error
		if !errors.As(err, &refusal) || !refusal.Unauthenticated || refusal.Reason != pay.AuthFailed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATokenNeedsCodeStatutAndText(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		refused bool
	}{
		"wrong credentials": {`{"code":401,"statut":false,"message":"Identifiants invalides"}`, true},
		"a refusal":         {`{"code":400,"statut":false,"message":"Le champ login est obligatoire"}`, true},
		"no token":          {`{"code":200,"statut":true,"message":"ok"}`, false},
		"truthy statut":     {`{"code":200,"statut":"TF","token":"abc"}`, false},
		"null":              {`{"code":null,"statut":null,"token":null}`, false},
	} {
		s := newStandIn(t, map[string][]http.HandlerFunc{opToken: {says(200, c.body)}})
		_, err := s.client().GenerateToken(t.Context())
		var refusal *Error
		if err == nil || errors.As(err, &refusal) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := newStandIn(t, map[string][]http.HandlerFunc{opToken: {says(200, `{"code":201,"statut":true,"token":"abc","expires":30}`)}})
	if token, err := s.client().GenerateToken(t.Context()); err != nil || token.Reveal() != "abc" {
		t.Errorf("code 201: %v", err)
	}
}

func TestTheMisspeltAndTheRightKeyOfTheCVVAreRead(t *testing.T) {
	for _, key := range []string{"cvv_encrpyt", "cvv_encrypt"} {
		s := newStandIn(t, map[string][]http.HandlerFunc{opEncryptCVV: {says(200, `{"code":200,"statut":true,"`+key+`":"abc"}`)}})
		if cvv, err := s.client().EncryptCVV(t.Context(), "token", "482"); err != nil || cvv.Reveal() != "abc" {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestAmountsGoOutAsTheConfigurationHasThem(t *testing.T) {
	for amount, want := range map[int64]string{5: "5", 500: "500", 5000: "5 000", 1234567: "1 234 567"} {
		if got := formatAmount(xof(amount), true); got != want {
			t.Errorf("%d is written %q", amount, got)
		}
	}
}

func TestTheAPIsAddressIsBelowTheTokensUnlessSet(t *testing.T) {
	if got := New(Config{}).cfg.APIBase; got != "https://www.komipay.com/APIs/mobile_money.php/customers-api-kp/v1" {
		t.Errorf("%s", got)
	}
	if got := New(Config{APIBase: "https://api.example.test/v1/"}).cfg.APIBase; got != "https://api.example.test/v1" {
		t.Errorf("%s", got)
	}
}

func TestNoSecretThatKomiPayRepeatsIsKept(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		message, _ := json.Marshal("invalide: " + string(body) + r.Header.Get("Authorization") + r.Header.Get("keypass"))
		says(200, `{"code":400,"statut":false,"message":`+string(message)+`}`)(w, r)
	}
	s := httptest.NewServer(http.HandlerFunc(echo))
	defer s.Close()
	c := New(Config{TokenBase: s.URL, Login: testLogin, Password: testPassword, APIKey: testKey, Keypass: testKeypass, HTTP: s.Client()})
	_, err1 := c.GenerateToken(t.Context())
	_, err2 := c.EncryptCVV(t.Context(), "token-0123456789", "482")
	_, err3 := c.Collect(t.Context(), "token-0123456789", Order{Means: BankCard, Amount: xof(100), Card: &Card{Number: testCard, EncryptedCVV: publishedCVV}})
	for _, err := range []error{err1, err2, err3} {
		if err == nil {
			t.Fatal("no error")
		}
		for _, secret := range []string{testPassword, testKey, testKeypass, "token-0123456789", "482", testCard, "4000-0000-0000-3220", publishedCVV} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error repeats a secret: %v", err)
			}
		}
	}
}
