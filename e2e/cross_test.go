package e2e_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
)

// pair is gateway A, whose live merchant's rail is a provider that gateway B
// plays: A's connector calls B's dialect over HTTP, and B notifies A's hook.
type pair struct {
	a, b     *app.Running
	merchant *shop
	live     map[string]map[string]string // A's live credentials, by dialect
}

// startPair runs both gateways. The forwarder stands for the address that the
// merchant declared at the provider: it is A's hook, which A knows only once the
// connection exists.
func startPair(t *testing.T, rail string, values func(b *app.Running) map[string]string) *pair {
	t.Helper()
	p := &pair{merchant: startShop(t)}
	var hook atomic.Value
	forwarder := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, _ := hook.Load().(string)
		body, _ := io.ReadAll(r.Body)
		status, answer, err := perform(r.Context(), r.Method, target, r.Header, string(body))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(forwarder.Close)
	p.b = startGateway(t, func(c *app.Config) { c.CallbackURL = forwarder.URL })
	p.a = startGateway(t, func(c *app.Config) { c.Demo = false })
	credentials, err := p.a.App.AddMerchant(t.Context(), "Boutique A", "a@example.test",
		app.DialectSettings{CallbackURL: p.merchant.URL, ReturnURL: p.merchant.URL + "/back"})
	if err != nil {
		t.Fatal(err)
	}
	p.live = map[string]map[string]string{}
	for name, modes := range credentials.Dialects {
		p.live[name] = map[string]string{}
		for _, issued := range modes[pay.Live] {
			p.live[name][issued.Name] = issued.Value.Reveal()
		}
	}
	row, err := p.a.App.Gateway.AddConnection(t.Context(), gateway.NewConnection{
		MerchantID: credentials.Merchant.ID, Mode: pay.Live, Provider: rail, Values: values(p.b),
	})
	if err != nil {
		t.Fatal(err)
	}
	hook.Store(p.a.App.Gateway.HookURL(row))
	return p
}

func TestACinetPayPaymentLeavesByMyPVitAndIsNotifiedInItsOwnDialect(t *testing.T) {
	p := startPair(t, "mypvit", func(b *app.Running) map[string]string {
		return map[string]string{
			"base_url": b.URL + "/mypvit", "code_url": "DEMOPVITCODE0001", "account": "ACC_0000000000001",
			"secret":           "sk_test_00000000-0000-4000-8000-000000000001",
			"renewal_password": "demo-password", "reception_url_code": "RCV01", "callback_url_code": "CBK01",
			"success_redirection_url_code": "OKR01", "failed_redirection_url_code": "KOR01",
		}
	})
	mine := p.live["cinetpay"]
	t.Run("paid", func(t *testing.T) {
		page := p.cinetpayInit(t, mine, "commande1", "500")
		p.submitPage(t, page, url.Values{"method": {"mobile_money"}, "phone": {"074000100"}, "operator": {"airtel_ga"}})
		note := p.merchant.wait(t, "/notify", "cpm_error_message=SUCCES")
		checkXToken(t, note, mine["secret_key"])
		if got := p.cinetpayCheck(t, mine, "commande1"); got["code"] != "00" {
			t.Errorf("check says %v", got)
		}
	})
	t.Run("refused", func(t *testing.T) {
		page := p.cinetpayInit(t, mine, "commande2", "1500") // above 1000 XAF fails on a MyPVit test account
		p.submitPage(t, page, url.Values{"method": {"mobile_money"}, "phone": {"074000100"}, "operator": {"airtel_ga"}})
		eventually(t, "a refusal", func() bool { return p.cinetpayCheck(t, mine, "commande2")["code"] == "600" })
	})
}

func TestAMyPVitPaymentLeavesByCinetPayAndIsNotifiedInItsOwnDialect(t *testing.T) {
	p := startPair(t, "cinetpay", func(b *app.Running) map[string]string {
		return map[string]string{
			"base_url": b.URL + "/cinetpay", "transfer_base_url": b.URL + "/cinetpay/v1",
			"apikey": "demo-cinetpay-apikey", "site_id": "100001", "secret_key": "demo-cinetpay-secret",
		}
	})
	mine := p.live["mypvit"]
	body := fmt.Sprintf(`{"amount":2000,"reference":"REFA1","service":"WEB","callback_url_code":%q,
"customer_account_number":"074000100","merchant_operation_account_code":%q,"transaction_type":"PAYMENT",
"owner_charge":"MERCHANT","failed_redirection_url_code":%q,"success_redirection_url_code":%q}`,
		mine["callback_url_code"], mine["account"], mine["failed_redirection_url_code"], mine["success_redirection_url_code"])
	header := http.Header{"Content-Type": {"application/json"}, "X-Secret": {mine["secret"]}}
	status, answer, err := perform(t.Context(), http.MethodPost, p.a.URL+"/mypvit/"+mine["code_url_link"]+"/link", header, body)
	if err != nil || status != http.StatusOK {
		t.Fatalf("link: %d %s %v", status, answer, err)
	}
	page, _ := fields(t, answer)["url"].(string)
	theirs := p.submitPage(t, p.a.URL+"/pay/"+tokenOf(t, page), url.Values{"method": {"mobile_money"}, "phone": {"074000100"}, "operator": {"airtel_ga"}})
	if !strings.HasPrefix(theirs, p.b.URL) {
		t.Fatalf("the customer is sent to %q, want a page of the rail", theirs)
	}
	payHosted(t, p.b.URL, theirs, `{"method":"mobile_money","phone":"+24174000100"}`)
	note := p.merchant.wait(t, "/mypvit", "REFA1")
	got := fields(t, note.body)
	if got["status"] != "SUCCESS" || got["amount"] != 2000.0 || got["merchantReferenceId"] != "REFA1" || got["code"] != 200.0 {
		t.Errorf("callback is %s", note.body)
	}
}

func (p *pair) cinetpayInit(t *testing.T, mine map[string]string, id, amount string) string {
	t.Helper()
	body := fmt.Sprintf(`{"apikey":%q,"site_id":%q,"transaction_id":%q,"amount":%s,"currency":"XAF","description":"Panier",
"notify_url":"%s/notify","return_url":"%s/return"}`, mine["apikey"], mine["site_id"], id, amount, p.merchant.URL, p.merchant.URL)
	status, answer, err := perform(t.Context(), http.MethodPost, p.a.URL+"/cinetpay/v2/payment", http.Header{"Content-Type": {"application/json"}}, body)
	if err != nil || status != http.StatusOK {
		t.Fatalf("initialise: %d %s %v", status, answer, err)
	}
	data, _ := fields(t, answer)["data"].(map[string]any)
	page, _ := data["payment_url"].(string)
	return page
}

func (p *pair) cinetpayCheck(t *testing.T, mine map[string]string, id string) map[string]any {
	t.Helper()
	body := fmt.Sprintf(`{"apikey":%q,"site_id":%q,"transaction_id":%q}`, mine["apikey"], mine["site_id"], id)
	status, answer, err := perform(t.Context(), http.MethodPost, p.a.URL+"/cinetpay/v2/payment/check", http.Header{"Content-Type": {"application/json"}}, body)
	if err != nil || status != http.StatusOK {
		t.Fatalf("check: %d %s %v", status, answer, err)
	}
	return fields(t, answer)
}

// submitPage fills in the hosted page's form and returns where the browser is sent.
func (p *pair) submitPage(t *testing.T, page string, form url.Values) string {
	t.Helper()
	status, location, err := perform(t.Context(), http.MethodPost, page, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, form.Encode())
	if err != nil || status != http.StatusSeeOther {
		t.Fatalf("submit the page: %d %s %v", status, location, err)
	}
	return location
}

// checkXToken verifies a notification as the provider's documentation tells a
// merchant to: HMAC-SHA256 of the sixteen values in their order.
func checkXToken(t *testing.T, note arrived, key string) {
	t.Helper()
	mac := hmac.New(sha256.New, []byte(key))
	pairs := strings.Split(note.body, "&")
	if len(pairs) != 16 {
		t.Fatalf("%d fields: %s", len(pairs), note.body)
	}
	for _, field := range pairs {
		_, value, _ := strings.Cut(field, "=")
		plain, err := url.QueryUnescape(value)
		if err != nil {
			t.Fatal(err)
		}
		mac.Write([]byte(plain))
	}
	if want := hex.EncodeToString(mac.Sum(nil)); note.header.Get("X-Token") != want || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(want) {
		t.Errorf("x-token is %q, want %q", note.header.Get("X-Token"), want)
	}
}
