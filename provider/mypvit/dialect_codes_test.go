package mypvit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// codeCase is a state of the merchant and a request that meets a code.
type codeCase struct {
	code, status int
	options      []string
	prepare      func(shop)
	request      func(shop) *http.Request
}

func rest(changes ...any) func(shop) *http.Request {
	return func(shop) *http.Request { return post(restPath, with(restJSON, changes...)) }
}

func link(changes ...any) func(shop) *http.Request {
	return func(shop) *http.Request { return post("/DEMOPVITCODE0001/link", with(linkJSON, changes...)) }
}

func get(path string) func(shop) *http.Request {
	return func(shop) *http.Request { return authorized(httptest.NewRequest(http.MethodGet, path, nil)) }
}

func failing(err error) func(shop) { return func(s shop) { s.gateway.Refuse = err } }

const feesPath = "/v2/DEMOPVITCODE0001/get-fees?amount=1000&transactionType=PAYMENT&operator=MOOV_MONEY"

func codeCases() []codeCase {
	off := func(what string) []string { return []string{"inactive", what} }
	no := func(what string) []string { return []string{"not_allowed", what} }
	return []codeCase{
		{code: 500, status: 500, prepare: failing(errors.New("disk on fire")), request: rest()},
		{code: 1000, status: 400, options: []string{"allowed_ips", "198.51.100.7"}, request: rest()},
		{code: 1001, status: 400, request: otherEnvironment},
		{code: 1002, status: 400, request: rest("callback_url_code", "OKR01")},
		{code: 1003, status: 400, request: link("success_redirection_url_code", nil)},
		{code: 1004, status: 400, request: link("failed_redirection_url_code", "NOPE1")},
		{code: 1006, status: 400, request: func(shop) *http.Request {
			return post(restPath, strings.Replace(restJSON, `"PAYMENT"`, "null", 1))
		}},
		{code: 1007, status: 400, request: func(shop) *http.Request { return post("/v2"+restPath, with(restJSON, "amount", 500)) }},
		{code: 1008, status: 400, request: func(shop) *http.Request {
			r := post(restPath, restJSON)
			r.Header.Del("X-Secret")
			return r
		}},
		{code: 1009, status: 400, request: rest("customer_account_number", "12345")},
		{code: 1010, status: 400, request: func(shop) *http.Request { return post(restPath, `{"amount":`) }},
		{code: 1011, status: 400, request: renewWith("receptionUrlCode=CBK01")},
		{code: 1012, status: 400, request: rest("amount", nil)},
		{code: 2000, status: 402, prepare: func(s shop) {
			s.gateway.Funds[money.XAF] = provider.Balance{Available: providertest.XAF(199)}
		}, request: rest("transaction_type", "GIVE_CHANGE")},
		{code: 2001, status: 402, options: []string{"max_balance", "1000199"}, request: rest()},
		{code: 3000, status: 403, options: off("merchant"), request: rest()},
		{code: 3001, status: 403, options: off("account:ACC_0000000000001"), request: rest()},
		{code: 3002, status: 403, options: no("account_type:PAYMENT"), request: rest()},
		{code: 3002, status: 403, request: link("service", "RESTLINK", "transaction_type", "GIVE_CHANGE")},
		{code: 3003, status: 403, options: off("account_type:PAYMENT"), request: rest()},
		{code: 3004, status: 403, options: off("service:RESTFUL"), request: rest()},
		{code: 3005, status: 403, options: off("type:PAYMENT"), request: rest()},
		{code: 3006, status: 403, options: off("operator:MOOV_MONEY"), request: rest()},
		{code: 3007, status: 403, options: no("operator_service:MOOV_MONEY/RESTFUL"), request: rest()},
		{code: 3008, status: 403, options: off("operator_service:MOOV_MONEY/RESTFUL"), request: rest()},
		{code: 3009, status: 403, options: off("operator_type:MOOV_MONEY/PAYMENT"), request: rest()},
		{code: 3010, status: 403, options: no("operator_type:MOOV_MONEY/PAYMENT"), request: rest()},
		{code: 3011, status: 403, options: off("url:CBK01"), request: rest()},
		{code: 3012, status: 403, options: off("url:OKR01"), request: link()},
		{code: 3013, status: 403, options: off("url:KOR01"), request: link()},
		{code: 3014, status: 403, options: []string{"customers", "blocked:060000100"}, request: rest()},
		{code: 3016, status: 403, options: no("permission:balance"), request: get("/DEMOPVITCODE0001/balance?accountOperationCode=ACC_0000000000001")},
		{code: 3017, status: 403, request: rest("merchant_operation_account_code", "ACC_0000000000002")},
		{code: 3018, status: 403, request: rest("amount", 150)},
		{code: 3019, status: 403, options: []string{"max_amount", "199"}, request: rest()},
		{code: 3020, status: 403, options: no("service:WEB"), request: link()},
		{code: 3021, status: 403, options: off("url:RCV01"), request: renewWith("")},
		{code: 3022, status: 403, options: []string{"customers", "no_pin:060000100"}, request: rest()},
		{code: 3023, status: 403, options: []string{"customers", "unknown:060000100"}, request: rest()},
		{code: 3100, status: 403, request: func(shop) *http.Request { return renewal("wrong") }},
		{code: 4000, status: 404, request: func(shop) *http.Request { return post("/ABCDEFGHIJKLMNOP/rest", restJSON) }},
		{code: 4001, status: 404, prepare: func(s shop) {
			if err := s.gateway.Memory(Name).Delete(context.Background(), bookKey("demo0001", pay.Test)); err != nil {
				s.Fatal(err)
			}
		}, request: rest()},
		{code: 4002, status: 404, request: rest("merchant_operation_account_code", "ACC_FFFFFFFFFFFFF")},
		{code: 4003, status: 404, request: link("service", "CARRIER_PIGEON")},
		{code: 4004, status: 404, request: rest("transaction_type", "PAIEMENT")},
		{code: 4005, status: 404, request: func(shop) *http.Request {
			return post("/v2"+restPath, with(restJSON, "amount", 500, "operator_code", "ORANGE_MONEY"))
		}},
		{code: 4006, status: 404, request: get("/DEMOPVITCODE0001/status?transactionId=X&accountOperationCode=ACC_0000000000001&transactionOperation=PAYMENT")},
		{code: 4007, status: 404, request: get("/DEMOPVITCODE0001/kyc?customerAccountNumber=060000999")},
		{code: 5000, status: 409, prepare: func(s shop) { s.accepted(post(restPath, restJSON)) }, request: rest()},
		{code: 5001, status: 409, options: []string{"overdue_status", "AMBIGUOUS"}, prepare: func(s shop) {
			s.gateway.OnCreate = func(tx *pay.Transaction) { tx.Overdue = true }
			s.accepted(post(restPath, restJSON))
		}, request: rest()},
		{code: 5002, status: 409, request: usedLink},
		{code: 6000, status: 410, request: expiredLink},
		{code: 7000, status: 415, request: func(shop) *http.Request {
			r := post(restPath, restJSON)
			r.Header.Set("Content-Type", "text/plain")
			return r
		}},
		{code: 8000, status: 422, request: rest("service", "REST")},
		{code: 9000, status: 501, prepare: func(s shop) { s.gateway.RefuseQuote = pay.Capability("amount", "no schedule") }, request: get(feesPath)},
		{code: 9001, status: 501, prepare: failing(pay.Capability("method", "no rail")), request: rest()},
		{code: 9002, status: 502, options: off("fees"), request: get(feesPath)},
		{code: 10000, status: 503, options: []string{"maintenance", "true"}, request: rest()},
		{code: 10001, status: 503, prepare: failing(&pay.Error{Kind: pay.KindUnavailable, Code: "draining"}), request: rest()},
		{code: 10008, status: 503, prepare: func(s shop) {
			s.gateway.OnPush = func(provider.Call) (int, []byte, error) { return 500, nil, nil }
		}, request: renewWith("")},
	}
}

func renewWith(override string) func(shop) *http.Request {
	return func(shop) *http.Request {
		body := "operationAccountCode=ACC_0000000000001&password=demo-password&receptionUrlCode=RCV01"
		if override != "" {
			body = "operationAccountCode=ACC_0000000000001&password=demo-password&" + override
		}
		r := httptest.NewRequest(http.MethodPost, "/DEMOPVITCODE0001/renew-secret", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
}

// otherEnvironment names the demo merchant's live account under its test code.
func otherEnvironment(s shop) *http.Request {
	live, err := providertest.Issue(s.Context(), s.dialect, provider.IssueOrder{MerchantID: "demo0001", Mode: pay.Live})
	if err != nil {
		s.Fatal(err)
	}
	r := post(restPath, with(restJSON, "merchant_operation_account_code", live["account"]))
	r.Header.Set("X-Secret", live["secret"])
	return r
}

func usedLink(s shop) *http.Request {
	path := s.newLink(linkJSON)
	s.gateway.Pay(s.last().Checkout.Token, pay.Method{Type: pay.MobileMoney, Phone: "+24170000546", Operator: "airtel_ga"})
	return httptest.NewRequest(http.MethodGet, path, nil)
}

func expiredLink(s shop) *http.Request {
	path := s.newLink(linkJSON)
	s.gateway.Advance(30 * 60 * 1e9)
	return httptest.NewRequest(http.MethodGet, path, nil)
}

func TestEveryCodeIsProducedByARequestOrAState(t *testing.T) {
	met := map[int]bool{}
	for i, c := range codeCases() {
		t.Run(fmt.Sprintf("%d (%d)", c.code, i), func(t *testing.T) {
			s := openShop(t, c.options...)
			if c.prepare != nil {
				c.prepare(s)
			}
			before := len(s.gateway.Transactions())
			r := c.request(s)
			made := len(s.gateway.Transactions())
			e := s.refused(r, c.status, c.code)
			row, ok := rowByCode(c.code)
			if !ok || e["error"] != row.name || e["path"] != r.URL.Path || e["date"] == "" {
				t.Errorf("%v", e)
			}
			if after := len(s.gateway.Transactions()); after != made || made < before {
				t.Error("a refusal recorded a transaction")
			}
		})
		met[c.code] = true
	}
	// Those the package comment lists, with the reasons.
	for _, code := range []int{1005, 5003, 4008, 4009} {
		met[code] = true
	}
	for _, row := range errorRows {
		if !met[row.code] {
			t.Errorf("%d %s is met by nothing", row.code, row.name)
		}
	}
}

func TestTheErrorBodyIsTheDocumentedOne(t *testing.T) {
	s := openShop(t)
	w := s.get("/DEMOPVITCODE0001/balance")
	want := `{"date":"06012025-141750","status_code":1012,"error":"MISSING_REQUEST_PARAM",` +
		`"message":"Your request is missing a required param: 'accountOperationCode'","path":"/DEMOPVITCODE0001/balance"}`
	if w.Code != 400 || w.Body.String() != want {
		t.Errorf("HTTP %d\n%s\nwant\n%s", w.Code, w.Body, want)
	}
}

func TestEachRequiredFieldIsNamedWhenItIsMissing(t *testing.T) {
	for _, name := range []string{
		"amount", "reference", "service", "callback_url_code", "customer_account_number",
		"merchant_operation_account_code", "transaction_type", "owner_charge",
	} {
		s := openShop(t)
		e := s.refused(post(restPath, with(restJSON, name, nil)), 400, 1012)
		if e["message"] != "Your request is missing a required param: '"+name+"'" {
			t.Errorf("%s: %v", name, e["message"])
		}
	}
}

func TestTheOrderOfTheChecksIsTheDocumentedOne(t *testing.T) {
	s := openShop(t)
	broken := post(restPath, "{")
	broken.Header.Set("Content-Type", "text/plain")
	broken.Header.Del("X-Secret")
	s.refused(broken, 415, 7000)
	broken = post(restPath, "{")
	broken.Header.Del("X-Secret")
	s.refused(broken, 400, 1010)
	s.refused(post(restPath, with(restJSON, "amount", nil, "agent", strings.Repeat("x", 16))), 400, 1012)
	s.refused(post(restPath, with(restJSON, "agent", strings.Repeat("x", 16), "merchant_operation_account_code", "ACC_X")), 422, 8000)
	s.refused(post(restPath, with(restJSON, "merchant_operation_account_code", "ACC_X", "callback_url_code", "NOPE1")), 404, 4002)
	s.refused(post(restPath, with(restJSON, "callback_url_code", "NOPE1", "transaction_type", "X")), 400, 1002)
	s.refused(post(restPath, with(restJSON, "transaction_type", "X", "customer_account_number", "1")), 404, 4004)
	s.refused(post(restPath, with(restJSON, "customer_account_number", "1", "amount", 100)), 400, 1009)
	s.refused(post(restPath, with(restJSON, "amount", 100, "merchant_operation_account_code", "ACC_0000000000002")), 403, 3017)
}

func TestXMLTricksAreRefused(t *testing.T) {
	for name, body := range map[string]string{
		"a document type":     `<!DOCTYPE t [<!ENTITY a "200">]>` + strings.Replace(restXML[38:], "200", "&a;", 1),
		"an outside entity":   `<!DOCTYPE t SYSTEM "file:///etc/passwd">` + restXML[38:],
		"an unknown entity":   strings.Replace(restXML, "200", "&xxe;", 1),
		"two roots":           restXML + "<more></more>",
		"text in the root":    strings.Replace(restXML, "<agent>", "hello <agent>", 1),
		"another charset":     strings.Replace(restXML, "UTF-8", "UTF-16", 1),
		"an unclosed element": `<a><amount>200</amount>`,
	} {
		t.Run(name, func(t *testing.T) {
			openShop(t).refused(postXML(restPath, body), 400, 1010)
		})
	}
	t.Run("a field with children", func(t *testing.T) {
		openShop(t).refused(postXML(restPath, strings.Replace(restXML, ">200<", "><b>200</b><", 1)), 422, 8000)
	})
	t.Run("a field twice", func(t *testing.T) {
		openShop(t).refused(postXML(restPath, strings.Replace(restXML, "<amount>", "<amount>1</amount><amount>", 1)), 422, 8000)
	})
}

func TestEveryFailureReasonIsFAILED(t *testing.T) {
	for _, reason := range pay.Reasons() {
		s := openShop(t)
		s.accepted(post(restPath, restJSON))
		s.gateway.Settle(s.last().ID, pay.OutcomeFailed, pay.Failure{Reason: reason})
		w := s.get("/DEMOPVITCODE0001/status?transactionId=REF08190271&accountOperationCode=ACC_0000000000001&transactionOperation=PAYMENT")
		if got := object(t, w.Body.Bytes()); got["status"] != "FAILED" {
			t.Errorf("%s: %v", reason, got)
		}
	}
}

func TestEveryKindOfErrorHasACode(t *testing.T) {
	for _, kind := range []pay.ErrorKind{
		pay.KindInvalid, pay.KindNotFound, pay.KindConflict, pay.KindUnauthorized, pay.KindForbidden,
		pay.KindCapability, pay.KindFunds, pay.KindTooMany, pay.KindUnavailable,
	} {
		if r := asRefusal(&pay.Error{Kind: kind, Code: "some_code", Message: "said so"}); r.row.code == codeSomethingWrong {
			t.Errorf("%s is answered as our own fault", kind)
		}
	}
}

func TestTheAllowListTakesNetworks(t *testing.T) {
	list, err := parseSenders("192.0.2.0/24, 2001:db8::1")
	if err != nil || len(list) != 2 || list[0] != netip.MustParsePrefix("192.0.2.0/24") {
		t.Fatalf("%v %v", list, err)
	}
	for remote, want := range map[string]bool{
		"192.0.2.77:443": true, "192.0.3.1": false, "[2001:db8::1]:80": true, "::ffff:192.0.2.1": true, "nonsense": false,
	} {
		if got := inNetworks(list, remote); got != want {
			t.Errorf("%s: %v", remote, got)
		}
	}
}
