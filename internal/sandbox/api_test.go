package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/sandbox"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// town is a gateway with its sandbox behind a real listener.
type town struct {
	*testing.T
	gateway *gateway.Gateway
	sandbox *sandbox.Sandbox
	caller  provider.Caller
	clock   *clock
	url     string
	last    int
}

func build(t *testing.T, database, delay string) *town {
	t.Helper()
	d, err := sandbox.ParseDelay(delay)
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.ParseKeyring(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	s := openStore(t, database)
	w := &town{T: t, clock: &clock{now: time.Now()}}
	w.sandbox = sandbox.New(sandbox.Config{Store: s, Delay: d, Now: w.clock.Now})
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(server.Close)
	w.url = server.URL
	out := outbound.New(outbound.Policy{AllowLoopback: true})
	w.gateway, err = gateway.New(gateway.Config{
		Store: s, Box: box, Providers: []*provider.Provider{w.sandbox.Provider()}, Outbound: out, Merchants: out,
		PublicURL: server.URL, Now: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.gateway.Close(context.Background()) })
	w.sandbox.OnNews(w.gateway.TakeSandboxNews)
	handler = w.sandbox.Handler(w.gateway)
	m, err := w.gateway.AddMerchant(t.Context(), gateway.NewMerchant{Name: "Boutique", Email: "boutique@example.com", Password: "un mot de passe"})
	if err != nil {
		t.Fatal(err)
	}
	w.caller = provider.Caller{MerchantID: m.ID, Mode: pay.Test, Front: pay.NativeFront}
	return w
}

// checkout makes a payment whose customer has not chosen yet.
func (w *town) checkout() pay.Transaction {
	w.Helper()
	w.last++
	tx, err := w.gateway.Create(w.Context(), w.caller, provider.Request{
		Reference: fmt.Sprintf("order-%d", w.last), Amount: money.New(200, money.XAF),
	})
	if err != nil {
		w.Fatal(err)
	}
	return tx
}

// call makes one request of the control API.
func (w *town) call(method, path, body string) (int, string, map[string]any) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	var v map[string]any
	_ = json.Unmarshal(text, &v)
	return resp.StatusCode, resp.Header.Get("Content-Type"), v
}

func (w *town) pays(tx pay.Transaction, body string, want pay.Status) map[string]any {
	w.Helper()
	status, _, v := w.call("POST", "/sandbox/v1/checkouts/"+tx.Checkout.Token+"/pay", body)
	if status != http.StatusAccepted || v["status"] != string(want) {
		w.Fatalf("paying answers %d %v, want 202 %s", status, v, want)
	}
	return v
}

func (w *town) has(tx pay.Transaction, want pay.Status) pay.Transaction {
	w.Helper()
	now, err := w.gateway.Find(w.Context(), w.caller, provider.Search{ID: tx.ID})
	if err != nil {
		w.Fatal(err)
	}
	if now.Status != want {
		w.Fatalf("%s is %s, want %s", tx.Reference, now.Status, want)
	}
	return now
}

func TestTheControlAPIPaysAsTheCustomer(t *testing.T) {
	t.Parallel()
	w := build(t, ":memory:", "0")
	tx := w.checkout()
	w.pays(tx, `{"method":"mobile_money","operator":"moov_ga","phone":"066000100"}`, pay.StatusSucceeded)
	if status, kind, v := w.call("POST", "/sandbox/v1/checkouts/"+tx.Checkout.Token+"/pay", `{"method":"mobile_money","phone":"+24166000100"}`); status != http.StatusConflict ||
		kind != "application/problem+json" || v["code"] != "checkout_used" {
		t.Errorf("paying twice answers %d %s %v", status, kind, v)
	}
	v := w.pays(w.checkout(), `{"method":"mobile_money","phone":"+24166000001"}`, pay.StatusFailed)
	if f, _ := v["failure"].(map[string]any); f["reason"] != "insufficient_funds" {
		t.Errorf("answer is %v", v)
	}
	w.pays(w.checkout(), `{"method":"card","number":"4242 4242 4242 4242","expiry":"12/40","cvv":"123"}`, pay.StatusSucceeded)

	tx = w.checkout()
	v = w.pays(tx, `{"method":"mobile_money","phone":"+24166000011"}`, pay.StatusRequiresAction)
	if a, _ := v["next_action"].(map[string]any); a["type"] != "enter_otp" {
		t.Errorf("answer is %v", v)
	}
	w.call("POST", "/sandbox/v1/checkouts/"+tx.Checkout.Token+"/otp", `{"otp":"1234"}`)
	w.has(tx, pay.StatusSucceeded)
}

func TestTheControlAPIAnswersA3DSecureStep(t *testing.T) {
	t.Parallel()
	w := build(t, ":memory:", "0")
	for approve, want := range map[string]pay.Status{"true": pay.StatusSucceeded, "false": pay.StatusFailed} {
		tx := w.checkout()
		v := w.pays(tx, `{"method":"card","number":"4000000000003220","expiry":"12/40","cvv":"123"}`, pay.StatusRequiresAction)
		if a, _ := v["next_action"].(map[string]any); a["url"] != w.url+"/pay/"+tx.Checkout.Token+"/challenge" {
			t.Errorf("answer is %v", v)
		}
		w.call("POST", "/sandbox/v1/checkouts/"+tx.Checkout.Token+"/challenge", `{"approve":`+approve+`}`)
		w.has(tx, want)
	}
}

func TestBadControlRequestsAreRefusedInWords(t *testing.T) {
	t.Parallel()
	w := build(t, ":memory:", "manual")
	token := w.checkout().Checkout.Token
	for _, c := range []struct {
		path, body, code string
		status           int
	}{
		{"checkouts/" + token + "/pay", `{`, "invalid_json", 400},
		{"checkouts/" + token + "/pay", `{} {}`, "invalid_json", 400},
		{"checkouts/" + token + "/pay", `{"method":"mobile_money","phone":"12"}`, "invalid_phone", 422},
		{"checkouts/" + token + "/pay", `{"method":"cash","phone":"+24166000100"}`, "invalid_request", 422},
		{"checkouts/" + token + "/pay", `{"method":"card","number":"4242424242424241","expiry":"12/40","cvv":"123"}`, "invalid_request", 422},
		{"checkouts/" + token + "/challenge", `{}`, "invalid_request", 422},
		{"checkouts/" + token + "/challenge", `{"approve":true}`, "not_confirmable", 409},
		{"checkouts/nothing/pay", `{"method":"mobile_money","phone":"+24166000100"}`, "not_found", 404},
		{"phones/+24166009999/approve", ``, "not_found", 404},
		{"nothing", ``, "not_found", 404},
	} {
		status, kind, v := w.call("POST", "/sandbox/v1/"+c.path, c.body)
		if status != c.status || v["code"] != c.code || kind != "application/problem+json" {
			t.Errorf("%s %s answers %d %v, want %d %s", c.path, c.body, status, v, c.status, c.code)
		}
		if text := fmt.Sprint(v); strings.Contains(text, "4242424242424241") {
			t.Error("the card number is repeated")
		}
	}
}

func TestAPhoneIsAnsweredThroughTheControlAPI(t *testing.T) {
	t.Parallel()
	w := build(t, ":memory:", "manual")
	paid, refused, canceled := w.checkout(), w.checkout(), w.checkout()
	w.pays(paid, `{"method":"mobile_money","phone":"+24166000100"}`, pay.StatusPending)
	if status, _, v := w.call("GET", "/sandbox/v1/phones/066000100", ""); status != 200 || len(v["prompts"].([]any)) != 1 {
		t.Fatalf("phone answers %d %v", status, v)
	}
	if status, _, v := w.call("POST", "/sandbox/v1/phones/24166000100/approve", ""); status != 200 || v["status"] != "succeeded" {
		t.Fatalf("approving answers %d %v", status, v)
	}
	w.has(paid, pay.StatusSucceeded) // the gateway knows by the time it is answered
	if status, _, v := w.call("POST", "/sandbox/v1/phones/24166000100/approve", ""); status != 409 || v["code"] != "no_prompt" {
		t.Errorf("approving nothing answers %d %v", status, v)
	}
	w.pays(refused, `{"method":"mobile_money","phone":"+24166000100"}`, pay.StatusPending)
	w.call("POST", "/sandbox/v1/phones/+24166000100/decline", "")
	if tx := w.has(refused, pay.StatusFailed); tx.Failure.Reason != pay.Declined {
		t.Errorf("failure is %+v", tx.Failure)
	}
	w.pays(canceled, `{"method":"mobile_money","phone":"+24166000100"}`, pay.StatusPending)
	if status, _, v := w.call("POST", "/sandbox/v1/checkouts/"+canceled.Checkout.Token+"/cancel", ""); status != 200 || v["status"] != "canceled" {
		t.Errorf("cancelling answers %d %v", status, v)
	}
	if _, _, v := w.call("GET", "/sandbox/v1/phones", ""); len(v["phones"].([]any)) != 1 {
		t.Errorf("phones are %v", v)
	}
	if n := w.sandbox.Violations(); n != 0 {
		t.Errorf("%d violations", n)
	}
}

func TestLiveTransactionsAreOutOfReach(t *testing.T) {
	t.Parallel()
	live := fakeCheckouts{pay.Transaction{ID: "pay_live", Mode: pay.Live}}
	h := sandbox.New(sandbox.Config{}).Handler(live)
	for _, c := range []struct{ operation, body string }{
		{"pay", `{"method":"mobile_money","phone":"+24166000100"}`}, {"challenge", `{"approve":true}`}, {"otp", `{"otp":"1234"}`}, {"cancel", ``},
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest("POST", "/sandbox/v1/checkouts/token/"+c.operation, strings.NewReader(c.body)))
		if rec.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", c.operation, rec.Code)
		}
	}
}

// fakeCheckouts knows one transaction and panics when anything is done with it.
type fakeCheckouts struct{ tx pay.Transaction }

func (f fakeCheckouts) Checkout(context.Context, string) (pay.Transaction, error) { return f.tx, nil }

func (fakeCheckouts) PayCheckout(context.Context, string, gateway.Choice) (pay.Transaction, error) {
	panic("paid")
}

func (fakeCheckouts) Challenge(context.Context, string, bool) (pay.Transaction, error) {
	panic("challenged")
}

func (fakeCheckouts) Confirm(context.Context, provider.Caller, string, pay.Secret) (pay.Transaction, error) {
	panic("confirmed")
}

func (fakeCheckouts) Cancel(context.Context, provider.Caller, string) (pay.Transaction, error) {
	panic("canceled")
}

func TestTheInboxKeepsAndAcknowledgesWhatArrives(t *testing.T) {
	t.Parallel()
	w := build(t, ":memory:", "0")
	for _, c := range []struct{ body, responseCode, transactionID string }{
		{`{"transactionId":"PAY1","code":200,"status":"SUCCESS"}`, "200", "PAY1"},
		{`<callback><transactionId>PAY2</transactionId><code>402</code></callback>`, "402", "PAY2"},
		{`cpm_trans_id=T3&cpm_custom=a+b`, "<nil>", ""},
	} {
		status, _, v := w.call("POST", "/sandbox/inbox/some/provider?x=1", c.body)
		id, _ := v["transactionId"].(string)
		if status != 200 || v["received"] != true || id != c.transactionID || fmt.Sprint(v["responseCode"]) != c.responseCode {
			t.Errorf("%s is acknowledged %d %v", c.body, status, v)
		}
	}
	w.call("GET", "/sandbox/inbox/ping", "")
	find := func(query string) []any {
		_, _, v := w.call("GET", "/sandbox/v1/inbox"+query, "")
		return v["requests"].([]any)
	}
	if all := find(""); len(all) != 4 || all[3].(map[string]any)["method"] != "GET" || all[0].(map[string]any)["path"] != "/some/provider" {
		t.Errorf("the inbox holds %v", all)
	}
	if found := find("?contains=a+b"); len(found) != 1 {
		t.Errorf("a decoded text is found in %v", found)
	}
	if status, _, _ := w.call("GET", "/sandbox/v1/inbox?wait=soon", ""); status != 422 {
		t.Errorf("a bad wait answers %d", status)
	}
	w.call("DELETE", "/sandbox/v1/inbox", "")
	if all := find(""); len(all) != 0 {
		t.Errorf("after emptying it holds %v", all)
	}
	got := make(chan int)
	go func() { got <- len(find("?contains=late&wait=10s")) }()
	w.call("POST", "/sandbox/inbox/x", "another")
	w.call("POST", "/sandbox/inbox/x", "late")
	select {
	case n := <-got:
		if n != 1 {
			t.Errorf("the waiting reader got %d", n)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the waiting reader was not woken")
	}
	for range 600 {
		w.call("POST", "/sandbox/inbox/x", "many")
	}
	if all := find(""); len(all) != 500 {
		t.Errorf("the inbox keeps %d, want 500", len(all))
	}
}

func TestThePagesShowPromptsAndAnswerThem(t *testing.T) {
	t.Parallel()
	w := build(t, ":memory:", "manual")
	tx := w.checkout()
	w.pays(tx, `{"method":"mobile_money","phone":"+24166000100"}`, pay.StatusPending)
	w.call("POST", "/sandbox/inbox/x", `<script>alert(1)</script>`)
	page, header := w.page("GET", "/sandbox", "")
	for _, want := range []string{"Téléphones de test", "24166000100", `action="/sandbox/phones/`, "Valider", "&lt;script&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Error("the page has no content security policy")
	}
	if page, _ := w.page("GET", "/sandbox", "en"); !strings.Contains(page, "Virtual phones") {
		t.Error("the page does not speak English")
	}
	page, _ = w.page("POST", "/sandbox/phones/+24166000100/approve", "")
	if !strings.Contains(page, "Aucune demande en attente") {
		t.Error("the prompt is still there")
	}
	w.has(tx, pay.StatusSucceeded)
	for query, want := range map[string]string{
		"outcome=success": "Le paiement a abouti", "outcome=failure": "n&#39;a pas abouti", "status=succeeded": "Le paiement a abouti",
		"outcome=success&status=failed": "n&#39;a pas abouti", "status=canceled": "a été annulé", "status=expired": "a expiré",
		"status=pending": "suit son cours", "transaction_id=1": "de retour à la boutique", "": "de retour à la boutique",
	} {
		if page, _ := w.page("POST", "/sandbox/return?"+query, ""); !strings.Contains(page, want) {
			t.Errorf("the return page for %q lacks %q", query, want)
		}
	}
}

func (w *town) page(method, path, lang string) (string, http.Header) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.url+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Accept-Language", lang)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		w.Fatalf("%s answers %d, %v", path, resp.StatusCode, err)
	}
	return string(text), resp.Header
}

func TestAPageElsewhereCannotPressTheButtons(t *testing.T) {
	t.Parallel()
	h := sandbox.New(sandbox.Config{}).Handler(fakeCheckouts{})
	for _, path := range []string{"/sandbox/v1/phones/066000100/approve", "/sandbox/phones/066000100/approve"} {
		req := httptest.NewRequest("POST", path, nil)
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if rec.Code != http.StatusForbidden {
			t.Errorf("%s answers %d", path, rec.Code)
		}
	}
}

func TestNoCardNumberReachesTheDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := build(t, filepath.Join(folder, "passerelle.db"), "0")
	w.pays(w.checkout(), `{"method":"card","number":"4242 4242 4242 4242","expiry":"12/40","cvv":"7391"}`, pay.StatusSucceeded)
	w.pays(w.checkout(), `{"method":"card","number":"4000000000009995","expiry":"12/40","cvv":"7391"}`, pay.StatusFailed)
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) == 0 {
		t.Fatalf("no database files: %v", err)
	}
	seen := false
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		seen = seen || bytes.Contains(b, []byte(`"first6":"424242"`))
		for _, secret := range []string{"4242424242424242", "4242 4242 4242 4242", "4000000000009995", `"7391"`, "cvv"} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds %q", e.Name(), secret)
			}
		}
	}
	if !seen {
		t.Error("the masked card is in no file, so the search proves nothing")
	}
}

// after lets time pass and all due work be done, the operators' and the gateway's.
func (w *town) after(d time.Duration) {
	w.Helper()
	w.clock.advance(d)
	for range 5 {
		for _, worker := range []struct {
			claim func(context.Context, int) ([]store.Claimed, error)
			work  func(context.Context, store.Claimed) error
		}{{w.sandbox.Claim, w.sandbox.Work}, {w.gateway.ClaimTransactions, w.gateway.Resolve}} {
			claimed, err := worker.claim(w.Context(), 100)
			if err != nil {
				w.Fatal(err)
			}
			for _, c := range claimed {
				if err := worker.work(w.Context(), c); err != nil {
					w.Fatal(err)
				}
			}
		}
	}
}

// The gateway comes to the truth whatever the operators do to their news.
func TestTheGatewayLearnsTheTruthOfEveryNumber(t *testing.T) {
	t.Parallel()
	w := build(t, ":memory:", "1s")
	pays := func(last string) pay.Transaction {
		tx := w.checkout()
		w.pays(tx, `{"method":"mobile_money","phone":"+2416600`+last+`"}`, pay.StatusPending)
		return tx
	}
	lost, late, thrice, never, slow := pays("0007"), pays("0008"), pays("0009"), pays("0010"), pays("0004")
	w.after(time.Second)
	w.has(lost, pay.StatusSucceeded)
	w.has(late, pay.StatusFailed)
	if tx := w.has(thrice, pay.StatusSucceeded); tx.Alert != "" || tx.Sequence != 3 {
		t.Errorf("three notifications left alert %q and %d events, want created, pending and succeeded", tx.Alert, tx.Sequence)
	}
	w.has(never, pay.StatusPending)
	w.has(slow, pay.StatusPending)
	w.after(time.Second)
	if tx := w.has(late, pay.StatusSucceeded); !tx.Late {
		t.Error("a success after a failure is not marked late")
	}
	w.after(15 * time.Second)
	w.has(never, pay.StatusSucceeded)
	w.after(time.Minute)
	if tx := w.has(slow, pay.StatusFailed); tx.Failure.Reason != pay.Expired {
		t.Errorf("failure is %+v", tx.Failure)
	}
	if n := w.sandbox.Violations(); n != 0 {
		t.Errorf("%d violations", n)
	}
}
