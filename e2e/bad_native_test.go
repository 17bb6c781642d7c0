package e2e_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/pay"
)

// nativeCaller speaks the native API with one key.
type nativeCaller struct {
	base, key string
}

func (n nativeCaller) request(method, path, body string) request {
	r := request{method: method, url: n.base + path, body: body, header: http.Header{}}
	if n.key != "" {
		r.header.Set("Authorization", "Bearer "+n.key)
	}
	if body != "" {
		r.header.Set("Content-Type", "application/json")
	}
	return r
}

// made makes something and returns its id.
func (n nativeCaller) made(t *testing.T, path, body string) string {
	t.Helper()
	got := n.request(http.MethodPost, path, body).must(t)
	if got.status != http.StatusCreated {
		t.Fatalf("POST %s: %v", path, got)
	}
	id, _ := fields(t, got.body)["id"].(string)
	return id
}

// refused holds a refusal of the native API against its status, code and field.
func (a answer) refused(t *testing.T, what string, status int, code, param string) map[string]any {
	t.Helper()
	if err := problemJSON(a); err != nil {
		t.Errorf("%s: %v: %v", what, a, err)
		return nil
	}
	o, _ := a.object()
	got, _ := o["param"].(string)
	if a.status != status || o["code"] != code || got != param {
		t.Errorf("%s: %d %v %q, want %d %s %q", what, a.status, o["code"], got, status, code, param)
	}
	return o
}

func TestTheNativeAPISaysWhatIsWrong(t *testing.T) {
	g := startGateway(t, func(c *app.Config) { c.OperatorDelay = "0" })
	demo := nativeCaller{g.URL, app.DemoAPIKey}
	id := demo.made(t, "/v1/payments", paymentBody("taken"))
	settle(t, g)
	before := takeCensus(t, g)
	with := func(old, replacement string) string {
		return strings.Replace(paymentBody("unused"), old, replacement, 1)
	}
	card := func(number, expiry, cvv string) string {
		return `{"reference":"unused","amount":200,"currency":"USD","method":{"type":"card","card":{"number":"` +
			number + `","expiry":"` + expiry + `","cvv":"` + cvv + `"}}}`
	}
	for _, c := range []struct {
		what, body  string
		status      int
		code, param string
	}{
		{"over 1 MiB", with("{", `{"description":"`+strings.Repeat("x", overlong)+`",`), 413, "body_too_large", ""},
		{"broken", with("}}", "}"), 400, "broken_json", ""},
		{"a name twice", with("{", `{"amount":1,`), 400, "broken_json", ""},
		{"not UTF-8", with("unused", "un\xffused"), 400, "broken_json", ""},
		{"a list", "[]", 422, "invalid_request", ""},
		{"nested too deeply", with("{", `{"metadata":`+strings.Repeat(`{"a":`, 50)+"1"+strings.Repeat("}", 50)+","), 422, "invalid_request", "metadata" + strings.Repeat(".a", 32)},
		{"negative", with("200", "-200"), 422, "invalid_request", "amount"},
		{"zero", with("200", "0"), 422, "invalid_request", "amount"},
		{"fractional", with("200", "200.5"), 422, "invalid_request", "amount"},
		{"with a point", with("200", "200.0"), 422, "invalid_request", "amount"},
		{"with an exponent", with("200", "2e999999999"), 422, "invalid_request", "amount"},
		{"overflowing", with("200", "9223372036854775808"), 422, "invalid_request", "amount"},
		{"more than every JSON reader keeps", with("200", "9007199254740993"), 422, "invalid_request", "amount"},
		{"a text", with("200", `"200"`), 422, "invalid_request", "amount"},
		{"not a number", with("200", "NaN"), 400, "broken_json", ""},
		{"unknown currency", with("XAF", "EUR"), 422, "invalid_request", "currency"},
		{"currency in small letters", with("XAF", "xaf"), 422, "invalid_request", "currency"},
		{"no reference", with(`"reference":"unused",`, ""), 422, "invalid_request", "reference"},
		{"a long reference", with("unused", strings.Repeat("a", 256)), 422, "invalid_request", "reference"},
		{"a NUL", with("unused", `a\u0000b`), 422, "invalid_request", "reference"},
		{"an unknown field", with("{", `{"colour":"red",`), 422, "invalid_request", "colour"},
		{"a list for an object", with(`{"type":"mobile_money","phone":"+24174000100"}`, `["mobile_money"]`), 422, "invalid_request", "method"},
		{"a phone of no operator's country", with("+24174000100", "+33612345678"), 422, "invalid_phone", "method.phone"},
		{"a card number that fails the check", card("4242424242424241", "12/39", "987"), 422, "invalid_request", "method.card.number"},
		{"an expired card", card("4242424242424242", "12/19", "987"), 422, "invalid_request", "method.card.expiry"},
		{"a CVV of letters", card("4242424242424242", "12/39", "9a7"), 422, "invalid_request", "method.card.cvv"},
		{"a reused reference", with("unused", "taken"), 409, "duplicate_reference", "reference"},
	} {
		got := demo.request(http.MethodPost, "/v1/payments", c.body).must(t)
		o := got.refused(t, c.what, c.status, c.code, c.param)
		if c.code == "duplicate_reference" && o["existing"] != id {
			t.Errorf("the existing payment is %v, want %s", o["existing"], id)
		}
		for _, typed := range []string{"4242424242424241", "4242424242424242", "9a7", "987"} {
			if strings.Contains(got.body, typed) {
				t.Errorf("%s: the answer holds the card: %s", c.what, got.body)
			}
		}
		before = before.unchanged(t, g, c.what)
	}
	post := demo.request(http.MethodPost, "/v1/payments", paymentBody("unused"))
	post.with("Content-Type", "text/plain").must(t).refused(t, "plain text", 415, "unsupported_media_type", "")
	post.withMethod(http.MethodPut).must(t).refused(t, "PUT", 405, "method_not_allowed", "")
	demo.request(http.MethodGet, "/v1/nothing", "").must(t).refused(t, "an unknown path", 404, "not_found", "")
	for _, key := range []string{"", "sk_test_" + canary, "sk_live_demo", strings.Repeat("k", 20_000)} {
		got := nativeCaller{g.URL, key}.request(http.MethodPost, "/v1/payments", paymentBody("unused")).must(t)
		got.refused(t, "a wrong key", 401, "unauthorized", "")
		if key != "" && strings.Contains(got.body, key) {
			t.Errorf("the answer repeats the key: %s", got.body)
		}
	}
	before.unchanged(t, g, "the rest")
}

func TestAnIdempotencyKeyWithAnotherBodyIsAConflict(t *testing.T) {
	g := startGateway(t, func(c *app.Config) { c.OperatorDelay = "0" })
	demo := nativeCaller{g.URL, app.DemoAPIKey}
	send := func(reference string) answer {
		return demo.request(http.MethodPost, "/v1/payments", paymentBody(reference)).with("Idempotency-Key", "key-1").must(t)
	}
	if got := send("first"); got.status != http.StatusCreated {
		t.Fatal(got)
	}
	settle(t, g)
	before := takeCensus(t, g)
	send("second").refused(t, "another body", 409, "idempotency_mismatch", "")
	before.unchanged(t, g, "another body")
}

func TestAnotherMerchantsThingsAreNotFound(t *testing.T) {
	g := startGateway(t, func(c *app.Config) { c.OperatorDelay = "0" })
	demo := nativeCaller{g.URL, app.DemoAPIKey}
	other, err := g.App.AddMerchant(t.Context(), "Autre boutique", "autre@example.test", app.DialectSettings{})
	if err != nil {
		t.Fatal(err)
	}
	payment := demo.made(t, "/v1/payments", paymentBody("hers"))
	connection := demo.made(t, "/v1/connections", `{"provider":"sandbox","name":"second"}`)
	things := map[string]string{
		"payments":          payment,
		"payouts":           demo.made(t, "/v1/payouts", paymentBody("hers")),
		"payouts/batches":   demo.made(t, "/v1/payouts/batches", `{"reference":"hers","payouts":[`+paymentBody("one-of-hers")+`]}`),
		"refunds":           demo.made(t, "/v1/refunds", `{"reference":"hers","payment":"`+payment+`","amount":1}`),
		"payment_links":     demo.made(t, "/v1/payment_links", `{"reference":"hers-too","amount":200,"currency":"XAF"}`),
		"webhook_endpoints": demo.made(t, "/v1/webhook_endpoints", `{"url":"http://127.0.0.1:1/hook"}`),
		"routes":            demo.made(t, "/v1/routes", `{"connection":"`+connection+`","position":9}`),
		"fees":              demo.made(t, "/v1/fees", `{"kind":"payment","currency":"CDF","basis_points":100}`),
		"connections":       connection,
	}
	settle(t, g)
	before := takeCensus(t, g)
	// A stranger, and the same merchant in the other mode.
	for _, key := range []pay.Secret{other.TestKey, other.LiveKey} {
		stranger := nativeCaller{g.URL, key.Reveal()}
		for kind, id := range things {
			stranger.request(http.MethodGet, "/v1/"+kind+"/"+id, "").must(t).refused(t, "read "+kind, 404, "not_found", "")
		}
		for _, path := range []string{"/v1/payments/" + payment + "/cancel", "/v1/payment_links/" + things["payment_links"] + "/cancel"} {
			stranger.request(http.MethodPost, path, "").must(t).refused(t, path, 404, "not_found", "")
		}
		stranger.request(http.MethodPost, "/v1/payments/"+payment+"/confirm", `{"otp":"1234"}`).must(t).refused(t, "confirm", 404, "not_found", "")
		for _, kind := range []string{"webhook_endpoints", "routes", "fees"} {
			stranger.request(http.MethodDelete, "/v1/"+kind+"/"+things[kind], "").must(t).refused(t, "delete "+kind, 404, "not_found", "")
		}
		for what, r := range map[string]request{
			"refund it":         stranger.request(http.MethodPost, "/v1/refunds", `{"reference":"mine","payment":"`+payment+`","amount":1}`),
			"list by its event": stranger.request(http.MethodGet, "/v1/events/evt_dem0000001m7yn9rfavk85e5sedn27zy06", ""),
		} {
			got := r.must(t)
			if got.status != http.StatusNotFound {
				t.Errorf("%s: %v, want 404", what, got)
			}
		}
		// A connection that a request names is a field of it: hers and one that
		// never was are the same.
		for _, id := range []string{connection, "con_dem0000001m7yn9rfavk85e5sedn27zy06"} {
			stranger.request(http.MethodPost, "/v1/routes", `{"connection":"`+id+`","position":1}`).must(t).
				refused(t, "route to it", 422, "invalid_request", "connection")
			stranger.request(http.MethodPost, "/v1/payments", strings.Replace(paymentBody("mine"), "{", `{"connection":"`+id+`",`, 1)).must(t).
				refused(t, "pay by it", 422, "invalid_request", "connection")
		}
	}
	before.unchanged(t, g, "a stranger's requests")
}

func TestAnExpiredPageTakesNoMoney(t *testing.T) {
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	g := startGateway(t, func(c *app.Config) { c.OperatorDelay, c.Now = "0", now })
	demo := nativeCaller{g.URL, app.DemoAPIKey}
	got := demo.request(http.MethodPost, "/v1/payment_links", `{"reference":"late","amount":200,"currency":"XAF","expires_in":60}`).must(t)
	page, _ := fields(t, got.body)["url"].(string)
	token := tokenOf(t, page)
	ahead.Store(int64(61 * time.Second))
	form := request{http.MethodPost, page, "method=mobile_money&phone=%2B24174000100", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
	if got := form.must(t); got.status != http.StatusGone {
		t.Errorf("pay on the page: %v, want 410", got)
	}
	control := request{
		http.MethodPost, g.URL + "/sandbox/v1/checkouts/" + token + "/pay", `{"method":"mobile_money","phone":"+24174000100"}`,
		http.Header{"Content-Type": {"application/json"}},
	}
	if got := control.must(t); got.status/100 != 4 {
		t.Errorf("pay by the control API: %v, want 4xx", got)
	}
	if n := count(t, g, "SELECT count(*) FROM attempts"); n != 0 {
		t.Errorf("an expired page has made %d attempts", n)
	}
	eventually(t, "the payment expires by itself", func() bool {
		_, body, err := native(t.Context(), g.Address, app.DemoAPIKey, http.MethodGet, "/v1/payments?reference=late", "")
		return err == nil && strings.Contains(body, `"status":"expired"`)
	})
}

func TestPagesThatNobodyGaveOutAreNotFound(t *testing.T) {
	g := startGateway(t, nil)
	before := takeCensus(t, g)
	for _, token := range []string{"nothing", "dem00000aaaaaaaaaaaaaaaaaaaaaaaa", "%00dem0000", "dem00000%00aaaaaaaaaaaaaaaa", "%ff%fe%ff%fe%ff%fe%ff%fe%ff", strings.Repeat("a", 10_000), "..%2f..%2fetc"} {
		for _, r := range []request{
			{http.MethodGet, g.URL + "/pay/" + token, "", http.Header{}},
			{http.MethodPost, g.URL + "/pay/" + token, "method=mobile_money&phone=%2B24174000100", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}},
			{http.MethodPost, g.URL + "/sandbox/v1/checkouts/" + token + "/pay", `{"method":"mobile_money","phone":"074000100"}`, http.Header{}},
			{http.MethodPost, g.URL + "/sandbox/v1/phones/" + token + "/approve", "", http.Header{}},
			{http.MethodPost, g.URL + "/hooks/sandbox/" + token, "{}", http.Header{}},
		} {
			if got := r.must(t); got.status != http.StatusNotFound {
				t.Errorf("%s %.80s: %v, want 404", r.method, r.url, got)
			}
		}
	}
	before.unchanged(t, g, "pages that nobody gave out")
}
