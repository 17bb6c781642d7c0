package api

import (
	"encoding/json"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/passerelle-pay/passerelle/phone"
)

func TestBalancesAndLedger(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	id := r.paid("b-1")
	var all []balance
	must(t, json.Unmarshal(r.get("/v1/balances").want(t, 200).body, &all))
	if len(all) != 5 || all[0] != (balance{"XAF", 1_015_000, 0}) {
		t.Errorf("balances are %+v", all)
	}
	if got := r.get("/v1/balances/USD").want(t, 200); got.text(t, "available") != "100000" || got.text(t, "currency") != "USD" {
		t.Errorf("balance in USD: %s", got.body)
	}
	r.get("/v1/balances/EUR").want(t, 422)

	var entries list[ledgerEntry]
	must(t, json.Unmarshal(r.get("/v1/ledger/entries?transaction="+id).want(t, 200).body, &entries))
	sums := map[string]int64{}
	for _, e := range entries.Data {
		sums[e.Side] += e.Amount
		if e.Transaction != id || e.Account == "" || e.Currency != "XAF" {
			t.Errorf("entry is not as documented: %+v", e)
		}
		if got := r.get("/v1/ledger/entries/"+e.ID).want(t, 200); got.text(t, "id") != e.ID {
			t.Errorf("entry can't be read by id: %s", got.body)
		}
	}
	if len(entries.Data) < 2 || sums["debit"] != sums["credit"] || sums["debit"] != 15000 {
		t.Errorf("postings do not balance: %v", sums)
	}
}

func TestEventsCarryTheObjectAsItWas(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	id := r.paid("e-1")
	var l list[event]
	must(t, json.Unmarshal(r.get("/v1/events?transaction="+id).want(t, 200).body, &l))
	if len(l.Data) != 2 {
		t.Fatalf("events are %+v", l.Data)
	}
	last, first := l.Data[0], l.Data[1]
	if first.Type != "payment.created" || first.Sequence != 1 || first.Data.Status != "pending" {
		t.Errorf("first event is %+v", first)
	}
	if last.Type != "payment.succeeded" || last.Sequence != 2 || last.Data.Status != "succeeded" || last.Data.ID != id {
		t.Errorf("last event is %+v", last)
	}
	if got := r.get("/v1/events/"+last.ID).want(t, 200); got.text(t, "data.id") != id || got.text(t, "sequence") != "2" {
		t.Errorf("event by id: %s", got.body)
	}
	r.post("/v1/events/"+last.ID+"/resend", "").wantProblem(t, 409, "no_target", "")
	made := r.post("/v1/webhook_endpoints", `{"url":"http://127.0.0.1:9/hook"}`).want(t, 201)
	sent := r.post("/v1/events/"+last.ID+"/resend", "").want(t, 202)
	if !strings.Contains(string(sent.body), made.text(t, "id")) {
		t.Errorf("resent to %s", sent.body)
	}
	if got := r.get("/v1/events/"+last.ID+"/deliveries").want(t, 200); !strings.Contains(string(got.body), `"status":"pending"`) {
		t.Errorf("deliveries: %s", got.body)
	}
}

func TestWebhookEndpoint(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	a := r.post("/v1/webhook_endpoints", `{"url":"http://127.0.0.1:9/hook","events":["payment.succeeded","payment.pending"]}`).want(t, 201)
	secret, path := a.text(t, "secret"), "/v1/webhook_endpoints/"+a.text(t, "id")
	if _, err := standardwebhooks.NewWebhook(secret); !strings.HasPrefix(secret, "whsec_") || err != nil {
		t.Errorf("secret is not as documented: %v", err)
	}
	for _, path := range []string{path, "/v1/webhook_endpoints"} {
		if got := r.get(path).want(t, 200); strings.Contains(string(got.body), "whsec_") {
			t.Errorf("%s shows the secret again", path)
		}
	}
	if got := r.send("PATCH", path, `{"enabled":false,"events":["*"]}`).want(t, 200); got.text(t, "enabled") != "false" || got.text(t, "events") != `["*"]` {
		t.Errorf("changed endpoint: %s", got.body)
	}
	r.post("/v1/webhook_endpoints", `{"url":"http://127.0.0.1:9/hook","events":["payment.exploded"]}`).wantProblem(t, 422, "invalid_request", "events[0]")
	r.post("/v1/webhook_endpoints", `{"url":"http://169.254.169.254/latest"}`).wantProblem(t, 422, "invalid_request", "url")
	r.send("DELETE", path, "").want(t, 204)
	r.get(path).wantProblem(t, 404, "not_found", "")
}

func TestOperators(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	for _, query := range []string{"phone=%2B24177000100", "phone=+24177000100", "phone=077000100&country=GA"} {
		a := r.get("/v1/operators?"+query).want(t, 200)
		var l operatorList
		must(t, json.Unmarshal(a.body, &l))
		if l.Suggested != "airtel_ga" || len(l.Data) != 2 || l.Data[0].ID != "airtel_ga" || !l.Data[0].Available {
			t.Errorf("%s suggests %s", query, a.body)
		}
	}
	if got := r.get("/v1/operators/mpesa_cd").want(t, 200); got.text(t, "currencies") != `["CDF","USD"]` {
		t.Errorf("operator: %s", got.body)
	}
	if got := r.get("/v1/operators/airtel_ga", withKey(r.live)).want(t, 200); got.text(t, "available") != "false" {
		t.Errorf("without a connection an operator is available: %s", got.body)
	}
	r.get("/v1/operators?phone=12").wantProblem(t, 422, "invalid_phone", "phone")
	r.get("/v1/operators/telepathy").wantProblem(t, 404, "not_found", "")
	ids, cursor := map[string]bool{}, ""
	for range 10 {
		var l operatorList
		must(t, json.Unmarshal(r.get("/v1/operators?limit=7&cursor="+cursor).want(t, 200).body, &l))
		for _, o := range l.Data {
			ids[o.ID] = true
		}
		if l.NextCursor == nil {
			break
		}
		cursor = *l.NextCursor
	}
	if len(ids) != len(phone.Operators()) {
		t.Errorf("paging finds %d operators", len(ids))
	}
}

func TestAccountLookup(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	for _, a := range []answered{r.post("/v1/accounts/lookup", `{"phone":"+24177000100"}`), r.get("/v1/accounts/lookup?phone=%2B24177000100")} {
		a.want(t, 200)
		if a.text(t, "name") != "Awa Ndong" || a.text(t, "phone") != "+24177000100" || a.text(t, "active") != "true" {
			t.Errorf("holder is %s", a.body)
		}
	}
	r.post("/v1/accounts/lookup", `{"phone":"+24177009999"}`).wantProblem(t, 404, "not_found", "")
	r.post("/v1/accounts/lookup", `{"phone":"+24177000100"}`, withKey(r.live)).wantProblem(t, 422, "capability", "phone")
}

func TestFees(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	a := r.post("/v1/fees", `{"kind":"payment","currency":"XAF","basis_points":250,"minimum":100,"maximum":5000}`).want(t, 201)
	path := "/v1/fees/" + a.text(t, "id")
	r.post("/v1/fees", `{"kind":"payment","currency":"XAF","basis_points":1}`).wantProblem(t, 409, "duplicate_fee", "")
	for _, q := range []answered{
		r.post("/v1/fees/quote", `{"amount":15000,"currency":"XAF"}`), r.get("/v1/fees/quote?kind=payment&amount=15000&currency=XAF&operator=airtel_ga"),
	} {
		if q.want(t, 200); q.text(t, "fees.amount") != "375" || q.text(t, "fees.bearer") != "merchant" || q.text(t, "amount") != "15000" {
			t.Errorf("quote is %s", q.body)
		}
	}
	if p := r.get("/v1/payments/"+r.paid("f-1")).want(t, 200); p.text(t, "fees.amount") != "375" {
		t.Errorf("the fee of a payment is not the quoted one: %s", p.body)
	}
	if got := r.send("PATCH", path, `{"kind":"payment","currency":"XAF","basis_points":100,"bearer":"customer"}`).want(t, 200); got.text(t, "id") != a.text(t, "id") || got.text(t, "bearer") != "customer" {
		t.Errorf("changed fee: %s", got.body)
	}
	if got := r.get(path).want(t, 200); got.text(t, "basis_points") != "100" {
		t.Errorf("fee by id: %s", got.body)
	}
	r.get("/v1/fees/quote?amount=15000&currency=XAF&operator=nobody").wantProblem(t, 422, "invalid_request", "operator")
	r.get("/v1/fees/quote?currency=XAF").wantProblem(t, 422, "invalid_request", "amount")
	r.send("DELETE", path, "").want(t, 204)
	r.send("DELETE", path, "").wantProblem(t, 404, "not_found", "")
}

func TestConnectionsShowNoSecret(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	live := withKey(r.live)
	a := r.post("/v1/connections", `{"provider":"acme","credentials":{"api_key":"made-up-credential"},"opening":[{"amount":5000,"currency":"XAF"}]}`, live).want(t, 201)
	path := "/v1/connections/" + a.text(t, "id")
	for _, where := range []string{string(a.body), string(r.get(path, live).want(t, 200).body), string(r.get("/v1/connections", live).want(t, 200).body), r.log.String()} {
		if strings.Contains(where, "made-up-credential") {
			t.Errorf("the credential is told: %s", where)
		}
	}
	if a.text(t, "settings.site") != "main" || !strings.HasPrefix(a.text(t, "hook_url"), "https://pay.example/hooks/acme/") {
		t.Errorf("connection is not as documented: %s", a.body)
	}
	if got := r.get("/v1/balances/XAF", live).want(t, 200); got.text(t, "available") != "5000" {
		t.Errorf("opening balance: %s", got.body)
	}
	r.get(path).wantProblem(t, 404, "not_found", "")
	r.post("/v1/connections", `{"provider":"acme","credentials":{}}`, live).wantProblem(t, 422, "invalid_request", "credentials.api_key")
	r.post("/v1/connections", `{"provider":"acme","credentials":{"api_key":"x","4111111111111111":"y"}}`, live).wantProblem(t, 422, "invalid_request", "credentials")
	r.post("/v1/connections", `{"provider":"nobody"}`, live).wantProblem(t, 422, "invalid_request", "provider")
	r.post("/v1/connections", `{"provider":"acme","credentials":{"api_key":"x"}}`).wantProblem(t, 422, "invalid_request", "provider")

	p := r.get("/v1/providers/acme").want(t, 200)
	if !strings.Contains(string(p.body), `{"name":"api_key","label":"API key","secret":true,"required":true,"url":false}`) {
		t.Errorf("provider's fields: %s", p.body)
	}
	r.get("/v1/providers/nobody").wantProblem(t, 404, "not_found", "")
}

func TestRoutes(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	var l list[connection]
	must(t, json.Unmarshal(r.get("/v1/connections").want(t, 200).body, &l))
	con := l.Data[0].ID
	a := r.post("/v1/routes", `{"connection":"`+con+`","currency":"XOF","position":1}`).want(t, 201)
	path := "/v1/routes/" + a.text(t, "id")
	r.post("/v1/payments", `{"reference":"rt-1","amount":100,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`).wantProblem(t, 422, "capability", "currency")
	if got := r.send("PATCH", path, `{"connection":"`+con+`","currency":"XAF"}`).want(t, 200); got.text(t, "currency") != "XAF" || got.text(t, "enabled") != "true" {
		t.Errorf("changed route: %s", got.body)
	}
	r.paid("rt-2")
	if got := r.get(path).want(t, 200); got.text(t, "connection") != con {
		t.Errorf("route by id: %s", got.body)
	}
	r.post("/v1/routes", `{"connection":"con_nobody"}`).wantProblem(t, 422, "invalid_request", "connection")
	r.send("DELETE", path, "").want(t, 204)
	r.get(path).wantProblem(t, 404, "not_found", "")
}
