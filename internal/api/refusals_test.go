package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/provider"
)

func TestBadInputIsRefusedWithItsFieldAndNeverEchoed(t *testing.T) {
	for name, database := range engines {
		t.Run("on "+name, func(t *testing.T) { badInput(t, newRig(t, database(t), nil)) })
	}
}

func badInput(t *testing.T, r *rig) {
	const method = `"method":{"type":"mobile_money","phone":"+24177000100"}`
	with := func(fields string) string { return `{"reference":"bad","amount":100,"currency":"XAF",` + fields + `}` }
	card := func(fields string) string { return with(`"method":{"type":"card","card":{` + fields + `}}`) }
	for _, c := range []struct{ name, body, code, param, secret string }{
		{"no reference", `{"amount":100,"currency":"XAF",` + method + `}`, "invalid_request", "reference", ""},
		{"empty reference", `{"reference":"","amount":100,"currency":"XAF",` + method + `}`, "invalid_request", "reference", ""},
		{"long reference", `{"reference":"` + strings.Repeat("x", 256) + `","amount":100,"currency":"XAF",` + method + `}`, "invalid_request", "reference", strings.Repeat("x", 256)},
		{"NUL in the reference", `{"reference":"a\u0000b","amount":100,"currency":"XAF",` + method + `}`, "invalid_request", "reference", ""},
		{"number as reference", `{"reference":7,"amount":100,"currency":"XAF",` + method + `}`, "invalid_request", "reference", ""},
		{"no amount", `{"reference":"bad","currency":"XAF",` + method + `}`, "invalid_request", "amount", ""},
		{"amount zero", `{"reference":"bad","amount":0,"currency":"XAF",` + method + `}`, "invalid_request", "amount", ""},
		{"negative amount", `{"reference":"bad","amount":-5177,"currency":"XAF",` + method + `}`, "invalid_request", "amount", "5177"},
		{"decimal amount", `{"reference":"bad","amount":200.5177,"currency":"XAF",` + method + `}`, "invalid_request", "amount", "5177"},
		{"whole decimal amount", `{"reference":"bad","amount":5177.0,"currency":"XAF",` + method + `}`, "invalid_request", "amount", "5177"},
		{"exponent", `{"reference":"bad","amount":5177e2,"currency":"XAF",` + method + `}`, "invalid_request", "amount", "5177"},
		{"amount as text", `{"reference":"bad","amount":"5177","currency":"XAF",` + method + `}`, "invalid_request", "amount", "5177"},
		{"amount null", `{"reference":"bad","amount":null,"currency":"XAF",` + method + `}`, "invalid_request", "amount", ""},
		{"amount beyond 2^53", `{"reference":"bad","amount":9007199254740992,"currency":"XAF",` + method + `}`, "invalid_request", "amount", "9007199254740992"},
		{"amount beyond 64 bits", `{"reference":"bad","amount":92233720368547758081,"currency":"XAF",` + method + `}`, "invalid_request", "amount", "92233720368547758081"},
		{"unknown currency", `{"reference":"bad","amount":100,"currency":"EUR",` + method + `}`, "invalid_request", "currency", "EUR"},
		{"small currency", `{"reference":"bad","amount":100,"currency":"xaf",` + method + `}`, "invalid_request", "currency", "xaf"},
		{"unknown field", with(method + `,"colour":5177`), "invalid_request", "colour", "5177"},
		{"field in another case", with(method + `,"Description":"x"`), "invalid_request", "Description", ""},
		{"value in the place of a field", with(method + `,"4111111111111111":1`), "invalid_request", "", "4111111111111111"},
		{"unknown method", with(`"method":{"type":"telepathy"}`), "invalid_request", "method.type", "telepathy"},
		{"method without type", with(`"method":{"phone":"+24177000100"}`), "invalid_request", "method.type", "24177000100"},
		{"method as text", with(`"method":"mobile_money"`), "invalid_request", "method", ""},
		{"no phone", with(`"method":{"type":"mobile_money"}`), "invalid_request", "method.phone", ""},
		{"short phone", with(`"method":{"type":"mobile_money","phone":"+2417"}`), "invalid_phone", "method.phone", "+2417"},
		{"local phone without country", with(`"method":{"type":"mobile_money","phone":"077000100"}`), "invalid_phone", "method.phone", "077000100"},
		{"phone of nowhere", with(`"method":{"type":"mobile_money","phone":"+99977000100"}`), "invalid_phone", "method.phone", "77000100"},
		{"customer's phone", with(method + `,"customer":{"phone":"call me"}`), "invalid_phone", "customer.phone", "call me"},
		{"customer's e-mail", with(method + `,"customer":{"email":"awa at example"}`), "invalid_request", "customer.email", "awa at"},
		{"customer's country", with(method + `,"customer":{"country":"Gabon"}`), "invalid_request", "customer.country", "Gabon"},
		{"unknown operator", with(`"method":{"type":"mobile_money","operator":"nobody_ga","phone":"+24177000100"}`), "invalid_request", "method.operator", "nobody"},
		{"operator of another country", with(`"method":{"type":"mobile_money","operator":"orange_sn","phone":"+24177000100"}`), "invalid_request", "method.operator", "orange_sn"},
		{"card missing", with(`"method":{"type":"card"}`), "invalid_request", "method.card", ""},
		{"card with a wrong digit", card(`"number":"4111111111111112","expiry":"12/60","cvv":"737"`), "invalid_request", "method.card.number", "4111111111111112"},
		{"card number as number", card(`"number":4111111111111111,"expiry":"12/60","cvv":"737"`), "invalid_request", "method.card.number", "4111111111111111"},
		{"expired card", card(`"number":"4111111111111111","expiry":"01/20","cvv":"737"`), "invalid_request", "method.card.expiry", "01/20"},
		{"card's cvv", card(`"number":"4111111111111111","expiry":"12/60","cvv":"73x7"`), "invalid_request", "method.card.cvv", "73x7"},
		{"card without cvv", card(`"number":"4111111111111111","expiry":"12/60"`), "invalid_request", "method.card.cvv", "4111111111111111"},
		{"card on mobile money", with(`"method":{"type":"mobile_money","phone":"+24177000100","card":{"number":"4111111111111111","expiry":"12/60","cvv":"737"}}`), "invalid_request", "method.card", "4111111111111111"},
		{"return address", with(method + `,"return_url":"javascript:alert(5177)"`), "invalid_request", "return_url", "5177"},
		{"unknown connection", with(method + `,"connection":"con_nobody"`), "invalid_request", "connection", "con_nobody"},
		{"metadata that is no text", with(method + `,"metadata":{"order":{"id":"5177"}}`), "invalid_request", "metadata.order", "5177"},
		{"long metadata", with(method + `,"metadata":{"order":"` + strings.Repeat("y", 501) + `"}`), "invalid_request", "metadata.order", strings.Repeat("y", 501)},
		{"long name in metadata", with(method + `,"metadata":{"` + strings.Repeat("z", 65) + `":"1"}`), "invalid_request", "metadata", strings.Repeat("z", 65)},
		{"deep nesting", with(method + `,"metadata":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40)), "invalid_request", "metadata." + strings.TrimSuffix(strings.Repeat("a.", 32), "."), ""},
		{"array", `[]`, "invalid_request", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := r.post("/v1/payments", c.body)
			a.wantProblem(t, 422, c.code, c.param)
			if c.secret != "" && strings.Contains(string(a.body), c.secret) {
				t.Errorf("the answer repeats the value: %s", a.body)
			}
		})
	}
	for _, c := range []struct{ name, body string }{
		{"broken JSON", `{"reference":`}, {"two values", `{} {}`}, {"no JSON", `reference=1`}, {"no body", ``},
	} {
		t.Run(c.name, func(t *testing.T) { r.post("/v1/payments", c.body).wantProblem(t, 400, "broken_json", "") })
	}
	t.Run("query and path", func(t *testing.T) {
		for query, param := range map[string]string{
			"limit=0": "limit", "limit=101": "limit", "limit=ten": "limit", "cursor=%21": "cursor", "cursor=" + "AAAA": "cursor",
			"status=paid": "status", "colour=red": "colour", "reference=a%00b": "reference", "phone=12": "phone",
		} {
			code := "invalid_request"
			if param == "phone" {
				code = "invalid_phone"
			}
			r.get("/v1/payments?"+query).wantProblem(t, 422, code, param)
		}
		r.get("/v1/payments/a%00b").wantProblem(t, 404, "not_found", "")
		r.get("/v1/payments/%ff").wantProblem(t, 404, "not_found", "")
		r.get("/v1/payments/unknown").wantProblem(t, 404, "not_found", "")
	})
	if n := r.recorded(); n != 0 {
		t.Errorf("%d transactions are recorded", n)
	}
	if strings.Contains(r.log.String(), "4111111111111111") || strings.Contains(r.log.String(), "77000100") {
		t.Error("the log holds a card or phone number")
	}
}

func TestAnotherMerchantsObjectsAreNotFound(t *testing.T) {
	for name, database := range engines {
		t.Run("on "+name, func(t *testing.T) { isolation(t, newRig(t, database(t), nil)) })
	}
}

// isolation reads and acts on every kind of object as a stranger and in the
// other mode.
func isolation(t *testing.T, r *rig) {
	payment := r.paid("mine")
	open := r.post("/v1/payments", `{"reference":"open","amount":100,"currency":"XAF"}`).want(t, 201).text(t, "id")
	otp := r.post("/v1/payments", `{"reference":"otp","amount":100,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000011"}}`).want(t, 201).text(t, "id")
	id := func(a answered) string { return a.want(t, 201).text(t, "id") }
	payout := id(r.post("/v1/payouts", `{"reference":"po","amount":100,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`))
	batch := id(r.post("/v1/payouts/batches", `{"reference":"ba","payouts":[{"reference":"ba-1","amount":100,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}]}`))
	refund := id(r.post("/v1/refunds", `{"reference":"re","payment":"`+payment+`","amount":1}`))
	link := id(r.post("/v1/payment_links", `{"reference":"li","amount":100,"currency":"XAF"}`))
	endpoint := id(r.post("/v1/webhook_endpoints", `{"url":"http://127.0.0.1:9/hook"}`))
	first := func(path string) string {
		var l list[struct {
			ID string `json:"id"`
		}]
		must(t, json.Unmarshal(r.get(path).want(t, 200).body, &l))
		return l.Data[0].ID
	}
	connection, event, entry := first("/v1/connections"), first("/v1/events"), first("/v1/ledger/entries")
	route := id(r.post("/v1/routes", `{"connection":"`+connection+`"}`))
	fee := id(r.post("/v1/fees", `{"kind":"payment","currency":"XOF","fixed":1}`))

	_, stranger, _ := r.addMerchant("Stranger", "stranger@passerelle.test")
	for who, key := range map[string]string{"a stranger": stranger, "the other mode": r.live} {
		t.Run("to "+who, func(t *testing.T) {
			as := withKey(key)
			for _, path := range []string{
				"/v1/payments/" + payment, "/v1/payouts/" + payout, "/v1/payouts/batches/" + batch, "/v1/refunds/" + refund,
				"/v1/payment_links/" + link, "/v1/webhook_endpoints/" + endpoint, "/v1/connections/" + connection,
				"/v1/events/" + event, "/v1/events/" + event + "/deliveries", "/v1/ledger/entries/" + entry, "/v1/routes/" + route,
			} {
				r.get(path, as).wantProblem(t, 404, "not_found", "")
			}
			r.post("/v1/payments/"+open+"/cancel", "", as).wantProblem(t, 404, "not_found", "")
			r.post("/v1/payments/"+otp+"/confirm", `{"otp":"1234"}`, as).wantProblem(t, 404, "not_found", "")
			r.post("/v1/payment_links/"+link+"/cancel", "", as).wantProblem(t, 404, "not_found", "")
			r.post("/v1/events/"+event+"/resend", "", as).wantProblem(t, 404, "not_found", "")
			r.post("/v1/refunds", `{"reference":"steal","payment":"`+payment+`"}`, as).wantProblem(t, 404, "not_found", "payment")
			r.post("/v1/routes", `{"connection":"`+connection+`"}`, as).wantProblem(t, 422, "invalid_request", "connection")
			r.send("PATCH", "/v1/routes/"+route, `{"connection":"`+connection+`"}`, as).wantProblem(t, 404, "not_found", "")
			r.send("PATCH", "/v1/webhook_endpoints/"+endpoint, `{"enabled":false}`, as).wantProblem(t, 404, "not_found", "")
			r.send("DELETE", "/v1/webhook_endpoints/"+endpoint, "", as).wantProblem(t, 404, "not_found", "")
			r.send("DELETE", "/v1/routes/"+route, "", as).wantProblem(t, 404, "not_found", "")
			for _, path := range []string{"payments", "payouts", "payouts/batches", "refunds", "payment_links", "events", "webhook_endpoints", "routes"} {
				if a := r.get("/v1/"+path, as).want(t, 200); !strings.HasPrefix(string(a.body), `{"data":[],"next_cursor":null}`) {
					t.Errorf("%s lists %s", path, a.body)
				}
			}
			if a := r.get("/v1/events?transaction="+payment, as).want(t, 200); !strings.HasPrefix(string(a.body), `{"data":[],`) {
				t.Errorf("events of another's payment: %s", a.body)
			}
		})
	}
	r.get("/v1/fees/"+fee, withKey(stranger)).wantProblem(t, 404, "not_found", "")
	r.send("DELETE", "/v1/fees/"+fee, "", withKey(stranger)).wantProblem(t, 404, "not_found", "")
	if a := r.get("/v1/payments/"+open).want(t, 200); a.text(t, "status") != "requires_action" {
		t.Errorf("the stranger changed the payment: %s", a.body)
	}
}

func TestDoor(t *testing.T) {
	r := newRig(t, ":memory:", nil)

	t.Run("a request without a valid key is 401", func(t *testing.T) {
		for _, value := range []string{"", "Bearer ", "Bearer sk_test_nobody", "Basic c2s6", r.key} {
			a := r.get("/v1/payments", withHeader("Authorization", value))
			a.wantProblem(t, 401, "unauthorized", "")
			if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
				t.Error("no challenge is sent")
			}
		}
	})
	t.Run("unknown addresses are 404 and wrong methods 405", func(t *testing.T) {
		r.get("/v1/nothing").wantProblem(t, 404, "not_found", "")
		a := r.send("DELETE", "/v1/payments", "")
		a.wantProblem(t, 405, "method_not_allowed", "")
		if allow := a.header.Get("Allow"); !strings.Contains(allow, "POST") {
			t.Errorf("Allow is %q", allow)
		}
	})
	t.Run("a body over a mebibyte is 413", func(t *testing.T) {
		r.post("/v1/payments", `{"description":"`+strings.Repeat("x", 1<<20)+`"}`).wantProblem(t, 413, "body_too_large", "")
	})
	t.Run("a body that is no JSON is 415", func(t *testing.T) {
		for _, kind := range []string{"application/x-www-form-urlencoded", "text/plain", "application/json; charset=latin1"} {
			r.post("/v1/payments", `{}`, withHeader("Content-Type", kind)).wantProblem(t, 415, "unsupported_media_type", "")
		}
		r.post("/v1/payments", `{}`, withHeader("Content-Type", "application/json; charset=UTF-8")).wantProblem(t, 422, "invalid_request", "amount")
	})
	t.Run("request ids are kept where harmless", func(t *testing.T) {
		if got := r.get("/v1/balances", withHeader("X-Request-Id", "shop-7.a")).header.Get("X-Request-Id"); got != "shop-7.a" {
			t.Errorf("request id is %q", got)
		}
		if got := r.get("/v1/balances", withHeader("X-Request-Id", "a b<script>")).header.Get("X-Request-Id"); !strings.HasPrefix(got, "req_") {
			t.Errorf("request id is %q", got)
		}
	})
	t.Run("the access log tells the route and no secret", func(t *testing.T) {
		r.get("/v1/payments/pay_unseen?limit=51775177")
		log := r.log.String()
		if !strings.Contains(log, `"route":"GET /v1/payments/{id}"`) || !strings.Contains(log, `"merchant":"`+r.merchant+`"`) {
			t.Errorf("the request is not logged:\n%s", log)
		}
		for _, secret := range []string{r.key, "51775177", "pay_unseen"} {
			if strings.Contains(log, secret) {
				t.Errorf("the log holds %s", secret)
			}
		}
	})
}

func TestTooManyRequestsAre429(t *testing.T) {
	r := newRig(t, ":memory:", func(c *Config) { c.Rate, c.Burst = 0.001, 2 })
	r.get("/v1/balances").want(t, 200)
	r.get("/v1/balances").want(t, 200)
	a := r.get("/v1/balances")
	a.wantProblem(t, 429, "rate_limited", "")
	if a.header.Get("Retry-After") == "" {
		t.Error("Retry-After is missing")
	}
	r.get("/v1/balances", withKey(r.live)).want(t, 200)
}

func TestAPanicIs500WithoutDetail(t *testing.T) {
	r := newRig(t, ":memory:", func(c *Config) { c.Webhooks = nil })
	a := r.get("/v1/webhook_endpoints")
	a.wantProblem(t, http.StatusInternalServerError, "internal_error", "")
	if strings.Contains(string(a.body), "nil pointer") || !strings.Contains(r.log.String(), "request panicked") {
		t.Errorf("the panic is told to the wrong one: %s", a.body)
	}
	b := r.post("/v1/webhook_endpoints", `{"url":"http://127.0.0.1:9/"}`, keyed("panics"))
	b.wantProblem(t, http.StatusInternalServerError, "internal_error", "")
	replay, id, err := r.gateway.Look(t.Context(), r.gateway.NewClaim(provider.Caller{MerchantID: r.merchant, Mode: "test"}, "panics", "POST", "/v1/webhook_endpoints", []byte(`{"url":"http://127.0.0.1:9/"}`)))
	if replay != nil || id != "" || err != nil {
		t.Errorf("the key of the failed request is still taken: %v %v %v", replay, id, err)
	}
}

func TestReferenceIsReadableWithoutOthers(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	page := r.get("/docs").want(t, 200)
	if csp := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self'") {
		t.Errorf("policy is %q", csp)
	}
	html := string(page.body)
	for _, want := range []string{`href="/docs/style.css"`, `id="create-payment"`, "/v1/payments/{id}/confirm", `id="error-idempotency_mismatch"`, "insufficient_funds", "<h2>Webhook endpoints</h2>"} {
		if !strings.Contains(html, want) {
			t.Errorf("the reference lacks %s", want)
		}
	}
	for _, not := range []string{"<script", "style=\"", "src=\"http"} {
		if strings.Contains(html, not) {
			t.Errorf("the reference has %s", not)
		}
	}
	r.get("/docs/style.css").want(t, 200)
	var doc struct {
		OpenAPI string `json:"openapi"`
	}
	must(t, json.Unmarshal(r.get("/openapi.json").want(t, 200).body, &doc))
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("document is OpenAPI %q", doc.OpenAPI)
	}
	if y := r.get("/openapi.yaml").want(t, 200); !strings.Contains(string(y.body), "openapi: 3.1.") {
		t.Error("there is no YAML document")
	}
}
