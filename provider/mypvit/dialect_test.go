package mypvit

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// The document's own request bodies, with the demo merchant's credentials and a
// made-up number in place of theirs.
const (
	restJSON = `{
  "agent": "AGENT-1",
  "amount": 200,
  "product": "PRODUIT-1",
  "reference": "REF08190271",
  "service": "RESTFUL",
  "callback_url_code": "CBK01",
  "customer_account_number": "060000100",
  "merchant_operation_account_code": "ACC_0000000000001",
  "transaction_type": "PAYMENT",
  "owner_charge": "MERCHANT",
  "owner_charge_operator": "MERCHANT",
  "free_info": "Info libre"
}`
	restXML = `<?xml version="1.0" encoding="UTF-8"?>
<transaction>
  <agent>AGENT-1</agent>
  <amount>200</amount>
  <product>PRODUIT-1</product>
  <reference>REF08190272</reference>
  <service>RESTFUL</service>
  <callback_url_code>CBK01</callback_url_code>
  <customer_account_number>060000100</customer_account_number>
  <merchant_operation_account_code>ACC_0000000000001</merchant_operation_account_code>
  <transaction_type>PAYMENT</transaction_type>
  <owner_charge>MERCHANT</owner_charge>
  <owner_charge_operator>MERCHANT</owner_charge_operator>
  <free_info>Info libre</free_info>
</transaction>`
	linkJSON = `{
  "agent": "AGENT 1",
  "amount": 200,
  "product": "PRODUIT TEST",
  "reference": "REF13090141",
  "service": "WEB",
  "callback_url_code": "CBK01",
  "merchant_operation_account_code": "ACC_0000000000001",
  "transaction_type": "PAYMENT",
  "owner_charge": "CUSTOMER",
  "owner_charge_operator": "MERCHANT",
  "free_info": "Free info",
  "failed_redirection_url_code": "KOR01",
  "success_redirection_url_code": "OKR01",
  "customer_acccount_number": "070000546"
}`
)

func authorized(r *http.Request) *http.Request {
	r.Header.Set("X-Secret", "sk_test_00000000-0000-4000-8000-000000000001")
	return r
}

func post(path, body string) *http.Request {
	r := authorized(httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func postXML(path, body string) *http.Request {
	r := post(path, body)
	r.Header.Set("Content-Type", "application/xml")
	return r
}

// shop is a demo merchant in front of the dialect.
type shop struct {
	*testing.T
	gateway *providertest.Gateway
	dialect provider.Dialect
}

func openShop(t *testing.T, options ...string) shop {
	t.Helper()
	s := shop{T: t, gateway: providertest.NewGateway()}
	s.gateway.Holders["+24160000100"] = provider.Holder{Name: "Jeanne Ndong", Phone: "+24160000100", Operator: "moov_ga", Active: true}
	s.dialect = Provider().Speak(s.gateway)
	s.issue(options...)
	return s
}

// issue lays down the demo credentials again, with options as name, value, ...
func (s shop) issue(options ...string) {
	s.Helper()
	o := provider.IssueOrder{
		MerchantID: "demo0001", MerchantName: "Demo", Mode: pay.Test, Demo: true,
		CallbackURL: "http://shop.test/hooks", ReturnURL: "http://shop.test/return?shop=7", Options: map[string]string{},
	}
	for i := 0; i < len(options); i += 2 {
		o.Options[options[i]] = options[i+1]
	}
	if _, err := s.dialect.Issue(s.Context(), o); err != nil {
		s.Fatalf("issue: %v", err)
	}
}

func (s shop) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.dialect.ServeHTTP(w, r)
	return w
}

func (s shop) get(path string) *httptest.ResponseRecorder {
	return s.do(authorized(httptest.NewRequest(http.MethodGet, path, nil)))
}

// accepted sends a request and reads its successful answer.
func (s shop) accepted(r *http.Request) map[string]any {
	s.Helper()
	w := s.do(r)
	if w.Code != http.StatusOK {
		s.Fatalf("HTTP %d: %s", w.Code, w.Body)
	}
	return object(s.T, w.Body.Bytes())
}

// refused sends a request and checks the refusal's HTTP status and code.
func (s shop) refused(r *http.Request, status, code int) map[string]any {
	s.Helper()
	w := s.do(r)
	got := object(s.T, w.Body.Bytes())
	if w.Code != status || got["status_code"] != float64(code) {
		s.Errorf("HTTP %d %s, want HTTP %d with %d", w.Code, w.Body, status, code)
	}
	return got
}

func object(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

// with changes fields of a JSON request; a nil value takes the field out.
func with(body string, changes ...any) string {
	var v map[string]any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		panic(err)
	}
	for i := 0; i < len(changes); i += 2 {
		if name := changes[i].(string); changes[i+1] == nil {
			delete(v, name)
		} else {
			v[name] = changes[i+1]
		}
	}
	b, _ := json.Marshal(v)
	return string(b)
}

const restPath = "/DEMOPVITCODE0001/rest"

func (s shop) last() pay.Transaction {
	s.Helper()
	all := s.gateway.Transactions()
	if len(all) == 0 {
		s.Fatal("no transaction was created")
	}
	return all[len(all)-1]
}

func TestRestPaymentAnswersPendingInTheDocumentedBytes(t *testing.T) {
	s := openShop(t)
	w := s.do(post(restPath, restJSON))
	tx := s.last()
	want := `{"status":"PENDING","status_code":"200","operator":"MOOV_MONEY","reference_id":"` + tx.FrontReference +
		`","merchant_reference_id":"REF08190271","merchant_operation_account_code":"ACC_0000000000001",` +
		`"message":"Votre demande de paiement REF08190271 a été initiée avec succès et est en cours de traitement. ` +
		`Veuillez patienter le statut définitif de votre transaction"}`
	if got := w.Body.String(); w.Code != 200 || got != want {
		t.Errorf("HTTP %d\n%s\nwant\n%s", w.Code, got, want)
	}
	if !strings.HasPrefix(tx.FrontReference, "PAY060125") || len(tx.FrontReference) != 16 {
		t.Errorf("reference_id %q", tx.FrontReference)
	}
	if tx.Kind != pay.Payment || tx.Amount != providertest.XAF(200) || tx.Account != "ACC_0000000000001" ||
		tx.Method != (pay.Method{Type: pay.MobileMoney, Operator: "moov_ga", Phone: "+24160000100"}) {
		t.Errorf("recorded %+v", tx)
	}
}

func TestRestTakesXMLAndAnswersXMLWhenAsked(t *testing.T) {
	s := openShop(t)
	r := postXML(restPath, restXML)
	r.Header.Set("Accept", "application/xml")
	w := s.do(r)
	body := w.Body.String()
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/xml" {
		t.Fatalf("HTTP %d %s", w.Code, body)
	}
	for _, part := range []string{"<status>PENDING</status>", "<status_code>200</status_code>", "<merchant_reference_id>REF08190272</merchant_reference_id>"} {
		if !strings.Contains(body, part) {
			t.Errorf("%s is not in %s", part, body)
		}
	}
	if tx := s.last(); tx.Reference != "REF08190272" || tx.Amount != providertest.XAF(200) {
		t.Errorf("recorded %+v", tx)
	}
}

func TestRestAcceptsAmountsAsNumbersAndText(t *testing.T) {
	for _, amount := range []string{`200`, `200.0`, `200.00`, `"200"`, `"200.0"`} {
		s := openShop(t)
		s.accepted(post(restPath, strings.Replace(restJSON, "200", amount, 1)))
		if s.last().Amount != providertest.XAF(200) {
			t.Errorf("%s: %v", amount, s.last().Amount)
		}
	}
}

func TestRestRefusesAmountsThatAreNoWholeFrancs(t *testing.T) {
	for _, amount := range []string{`200.5`, `200.000`, `-200`, `"2e3"`, `1e400`, `"x"`, `[200]`, `true`, `"99999999999999999999"`, `" 200"`} {
		s := openShop(t)
		e := s.refused(post(restPath, strings.Replace(restJSON, "200", amount, 1)), 422, 8000)
		if list, _ := e["messages"].([]any); len(list) == 0 {
			t.Errorf("%s: no messages in %v", amount, e)
		}
	}
}

// wire: mypvit §2.2: 9 digits, or 241 and 8 or 9 digits, optional plus.
func TestRestTakesNumbersInTheDocumentedFormsAlone(t *testing.T) {
	for _, number := range []string{"060000100", "074000100", "24160000100", "241060000100", "+24160000100", "+241060000100"} {
		openShop(t).accepted(post(restPath, with(restJSON, "customer_account_number", number)))
		openShop(t).accepted(post(linkPath, with(linkJSON, "customer_acccount_number", number)))
	}
	for _, number := range []string{
		"60000100", "0024160000100", "+060000100", "060 000 100", "06-00-00-100", "06.00.00.100", "+241 60000100",
		"050000100", "0600001000", "24150000100", "060000100\u00a0", "22790000100",
	} {
		openShop(t).refused(post(restPath, strings.Replace(restJSON, "060000100", number, 1)), 400, 1009)
		openShop(t).refused(post(linkPath, strings.Replace(linkJSON, "070000546", number, 1)), 400, 1009)
	}
}

// wire: mypvit §2.2: the fields are strings but for the amount, and what is
// ill-typed is 422/8000.
func TestANumberIsNoText(t *testing.T) {
	for _, name := range []string{
		"agent", "product", "reference", "service", "callback_url_code", "customer_account_number",
		"merchant_operation_account_code", "transaction_type", "owner_charge", "owner_charge_operator", "free_info",
	} {
		e := openShop(t).refused(post(restPath, with(restJSON, name, 60000100)), 422, 8000)
		if list, _ := e["messages"].([]any); !slices.Contains(list, any(name+": must be a text")) {
			t.Errorf("%s: %v", name, e["messages"])
		}
	}
	openShop(t).accepted(post(restPath, with(restJSON, "unheard_of", 5)))
}

// wire: mypvit §1: X-Callback-MediaType is for PAYMENT callbacks only.
func TestAStrangeCallbackMediaTypeConcernsPaymentsAlone(t *testing.T) {
	strange := func(r *http.Request) *http.Request {
		r.Header.Set("X-Callback-MediaType", "text/csv")
		return r
	}
	s := openShop(t)
	s.refused(strange(post(restPath, restJSON)), 415, 7000)
	s.refused(strange(post(linkPath, linkJSON)), 415, 7000)
	s.gateway.OnCreate = func(tx *pay.Transaction) { tx.Status = pay.StatusSucceeded }
	if got := s.accepted(strange(post(restPath, with(restJSON, "transaction_type", "GIVE_CHANGE")))); got["status"] != "SUCCESS" {
		t.Errorf("%v", got)
	}
}

func TestGiveChangeIsFinalInTheAnswer(t *testing.T) {
	body := with(restJSON, "transaction_type", "GIVE_CHANGE", "reference", "REF181127519", "callback_url_code", nil)
	s := openShop(t)
	s.gateway.OnCreate = func(tx *pay.Transaction) { tx.Status = pay.StatusSucceeded }
	got := s.accepted(post(restPath, body))
	tx := s.last()
	if got["status"] != "SUCCESS" || got["status_code"] != "200" || got["reference_id"] != tx.FrontReference ||
		got["message"] != "Votre transaction REF181127519 a été effectué avec succès" {
		t.Errorf("%v", got)
	}
	if tx.Kind != pay.Payout || !strings.HasPrefix(tx.FrontReference, "GCH060125") {
		t.Errorf("%s %s", tx.Kind, tx.FrontReference)
	}
	if n, err := s.dialect.Notice(t.Context(), tx, "succeeded"); err != nil || n != nil {
		t.Errorf("a callback about GIVE_CHANGE: %v %v", n, err)
	}
}

func TestFailedGiveChangeAnswers200Or400(t *testing.T) {
	for option, status := range map[string]int{"200": 200, "400": 400} {
		s := openShop(t, "failed_body_status", option)
		s.gateway.OnCreate = func(tx *pay.Transaction) {
			tx.Status, tx.Failure = pay.StatusFailed, pay.Failure{Reason: pay.Declined}
		}
		w := s.do(post(restPath, with(restJSON, "transaction_type", "GIVE_CHANGE")))
		got := object(t, w.Body.Bytes())
		if w.Code != status || got["status"] != "FAILED" || got["status_code"] != option {
			t.Errorf("HTTP %d %v", w.Code, got)
		}
	}
}

func TestAWalletOfOneOperatorRefusesTheOther(t *testing.T) {
	s := openShop(t)
	airtelOnly := with(restJSON, "merchant_operation_account_code", "ACC_0000000000002")
	s.refused(post(restPath, airtelOnly), 403, 3017)
	got := s.accepted(post(restPath, with(airtelOnly, "customer_account_number", "+24174000100")))
	if got["operator"] != "AIRTEL_MONEY" {
		t.Errorf("%v", got)
	}
}

func TestADuplicateReferenceIsRefusedByName(t *testing.T) {
	s := openShop(t)
	s.accepted(post(restPath, restJSON))
	e := s.refused(post(restPath, restJSON), 409, 5000)
	if e["message"] != "The reference [REF08190271] already exists" {
		t.Errorf("%v", e)
	}
}

func TestStatusIsFoundByEitherReference(t *testing.T) {
	s := openShop(t)
	s.accepted(post(restPath, restJSON))
	tx := s.gateway.Settle(s.last().ID, pay.OutcomeFailed, pay.Failure{Reason: pay.Declined})
	for _, id := range []string{"REF08190271", tx.FrontReference} {
		w := s.get("/DEMOPVITCODE0001/status?transactionId=" + id + "&accountOperationCode=ACC_0000000000001&transactionOperation=PAYMENT")
		want := `{"date":"06/01/2025 14:17:50","status":"FAILED","amount":200.0,"fees":5.0,"operator":"MOOV_MONEY",` +
			`"merchant_reference_id":"REF08190271","customer_account_number":"060000100","merchant_operation_account_code":"ACC_0000000000001"}`
		if w.Code != 200 || w.Body.String() != want {
			t.Errorf("HTTP %d\n%s\nwant\n%s", w.Code, w.Body, want)
		}
	}
}

func TestStatusKnowsNothingOfOtherAccountsAndOperations(t *testing.T) {
	s := openShop(t)
	s.accepted(post(restPath, restJSON))
	base := "/DEMOPVITCODE0001/status?transactionId="
	for _, query := range []string{
		"NOPE&accountOperationCode=ACC_0000000000001&transactionOperation=PAYMENT",
		"REF08190271&accountOperationCode=ACC_0000000000002&transactionOperation=PAYMENT",
		"REF08190271&accountOperationCode=ACC_0000000000001&transactionOperation=GIVE_CHANGE",
		s.last().FrontReference + "&accountOperationCode=ACC_0000000000001&transactionOperation=GIVE_CHANGE",
	} {
		s.refused(authorized(httptest.NewRequest(http.MethodGet, base+query, nil)), 404, 4006)
	}
}

func TestStatusAcceptsEverySpellingOfTheAccount(t *testing.T) {
	s := openShop(t)
	s.accepted(post(restPath, restJSON))
	for _, name := range []string{"operationAccountCode", "accountOperationCode", "merchant_operation_account_code", "operation_account_code"} {
		w := s.get("/DEMOPVITCODE0001/status?transactionId=REF08190271&" + name + "=ACC_0000000000001&transactionOperation=PAYMENT")
		if got := object(t, w.Body.Bytes()); got["status"] != "PENDING" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRequestsSeenInTheWildGetAClean4xx(t *testing.T) {
	s := openShop(t)
	s.refused(post("/DEMOPVITCODE0001/status", "{}"), 405, 405)
	s.refused(authorized(httptest.NewRequest(http.MethodGet, "/DEMOPVITCODE0001/status/REF1", nil)), 404, 4000)
	s.refused(authorized(httptest.NewRequest(http.MethodGet, "/DEMOPVITCODE0001/check-status/REF1", nil)), 404, 4000)
	s.refused(authorized(httptest.NewRequest(http.MethodGet, "/DEMOPVITCODE0001/status?reference_id=PAY1", nil)), 400, 1012)
}

func TestBalanceAndKYCAnswerAsDocumented(t *testing.T) {
	s := openShop(t)
	for path, want := range map[string]string{
		"/DEMOPVITCODE0001/balance?accountOperationCode=ACC_0000000000001": `{"balance":1000000.0,"merchant_operation_account_code":"ACC_0000000000001"}`,
		"/DEMOPVITCODE0001/kyc?customerAccountNumber=060000100":            `{"full_name":"Jeanne Ndong","customer_account_number":"060000100","is_active":true}`,
		"/v2/DEMOPVITCODE0001/kyc?customerAccountNumber=24160000100":       `{"full_name":"Jeanne Ndong","customer_account_number":"24160000100","is_active":true,"operatorCode":"MOOV_MONEY"}`,
	} {
		if w := s.get(path); w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: HTTP %d %s, want %s", path, w.Code, w.Body, want)
		}
	}
}

func TestEveryOperationIsServedUnderV2(t *testing.T) {
	s := openShop(t)
	s.accepted(post("/v2"+restPath, with(restJSON, "amount", 500, "operator_code", "MOOV_MONEY")))
	s.accepted(post("/v2/DEMOPVITCODE0001/link", with(linkJSON, "amount", 500)))
	for _, path := range []string{
		"/status?transactionId=REF08190271&accountOperationCode=ACC_0000000000001&transactionOperation=PAYMENT",
		"/balance?accountOperationCode=ACC_0000000000001", "/kyc?customerAccountNumber=060000100",
	} {
		if w := s.get("/v2/DEMOPVITCODE0001" + path); w.Code != 200 {
			t.Errorf("%s: HTTP %d %s", path, w.Code, w.Body)
		}
	}
}

func TestAnotherMerchantsCredentialsOpenNothing(t *testing.T) {
	s := openShop(t)
	s.accepted(post(restPath, restJSON))
	other, err := providertest.Issue(t.Context(), s.dialect, provider.IssueOrder{
		MerchantID: "other001", MerchantName: "Other", Mode: pay.Live, CallbackURL: "https://other.test",
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(other["secret"], "sk_live_") || len(other["account"]) != 17 || len(other["code_url"]) != 16 || len(other["callback_url_code"]) != 5 {
		t.Errorf("issued names and forms: %d %d", len(other["account"]), len(other["code_url"]))
	}
	as := func(path string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("X-Secret", other["secret"])
		return r
	}
	query := "/status?transactionId=REF08190271&transactionOperation=PAYMENT&accountOperationCode="
	s.refused(as("/"+other["code_url"]+query+other["account"]), 404, 4006)
	s.refused(as("/"+other["code_url"]+query+"ACC_0000000000001"), 404, 4002)
	s.refused(as("/DEMOPVITCODE0001"+query+"ACC_0000000000001"), 403, 3100)
	for _, secret := range []string{other["secret"], "sk_test_00000000-0000-4000-8000-000000000001"} {
		if body := s.do(as("/DEMOPVITCODE0001/kyc")).Body.String(); strings.Contains(body, secret) {
			t.Error("a secret is in the answer")
		}
	}
}

func TestIssuingAgainReplacesCredentialsButKeepsTheDemoKey(t *testing.T) {
	s := openShop(t)
	order := provider.IssueOrder{MerchantID: "other001", Mode: pay.Test}
	first, err := providertest.Issue(t.Context(), s.dialect, order)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := providertest.Issue(t.Context(), s.dialect, order); err != nil {
		t.Fatal(err)
	}
	s.refused(authorized(httptest.NewRequest(http.MethodGet, "/"+first["code_url"]+"/balance", nil)), 404, 4000)
	s.accepted(renewal("demo-password"))
	s.issue()
	s.refused(post(restPath, restJSON), 403, 3100)
	s.accepted(post(restPath, with(restJSON, "merchant_operation_account_code", "ACC_0000000000002", "customer_account_number", "074000100")))
}

func TestAnUnknownOptionIsRefused(t *testing.T) {
	s := openShop(t)
	for name, v := range map[string]string{"no_such": "1", "renew_inline": "sometimes", "link_ttl_min": "soon", "inactive": "everything", "allowed_ips": "nowhere"} {
		_, err := s.dialect.Issue(t.Context(), provider.IssueOrder{MerchantID: "demo0001", Mode: pay.Test, Demo: true, Options: map[string]string{name: v}})
		if pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("%s=%s: %v", name, v, err)
		}
	}
}
