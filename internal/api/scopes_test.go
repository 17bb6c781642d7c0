package api

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
)

func TestEveryOperationHasItsScopeAndDocumentsIt(t *testing.T) {
	s := documentedServer()
	doc, seen := s.api.OpenAPI(), map[string]bool{}
	known := append([]gateway.Scope{anyKey}, gateway.AllScopes()...)
	for path, item := range doc.Paths {
		for _, op := range operationsOf(item) {
			needed, ok := scopes[op.OperationID]
			seen[op.OperationID] = true
			switch {
			case !ok || !slices.Contains(known, needed):
				t.Errorf("%s %s (%s) has no scope: add it to the table in scopes.go", op.Method, path, op.OperationID)
			case needed == anyKey:
			case len(op.Security) != 1 || !slices.Equal(op.Security[0]["api_key"], []string{string(needed)}):
				t.Errorf("%s does not document its scope %s", op.OperationID, needed)
			default:
				checkProblem(t, doc, op, "403")
			}
			if writes := op.Method == "PATCH" || op.Method == "DELETE"; writes && !strings.HasSuffix(string(needed), ":write") {
				t.Errorf("%s changes something with the scope %s", op.OperationID, needed)
			}
			if op.Method == "GET" && strings.HasSuffix(string(needed), ":write") {
				t.Errorf("%s reads with the scope %s", op.OperationID, needed)
			}
		}
	}
	for id := range scopes {
		if !seen[id] {
			t.Errorf("the table has %s, which is no operation", id)
		}
	}
	for _, scope := range gateway.AllScopes() {
		if !slices.Contains(slices.Collect(maps.Values(scopes)), scope) {
			t.Errorf("nothing takes the scope %s", scope)
		}
	}
}

// restricted makes a key of the demo merchant.
func (r *rig) restricted(scopes ...gateway.Scope) option {
	r.t.Helper()
	key, err := r.gateway.MakeAPIKey(r.t.Context(), gateway.NewAPIKey{MerchantID: r.merchant, Mode: pay.Test, Name: "restricted", Scopes: scopes})
	must(r.t, err)
	return withKey(key.Reveal())
}

func TestARestrictedKeyDoesWhatItsScopesAllowAndNothingElse(t *testing.T) {
	for name, database := range engines {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, database(t), nil)
			const order = `{"reference":"scoped","amount":15000,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`
			till := r.restricted(gateway.PaymentsWrite)
			id := r.post("/v1/payments", order, till).want(t, 201).text(t, "id")
			for path, needed := range map[string]string{
				"/v1/payments": "payments:read", "/v1/payments/" + id: "payments:read", "/v1/payouts": "payouts:read",
				"/v1/balances": "ledger:read", "/v1/events": "events:read", "/v1/webhook_endpoints": "webhooks:read",
				"/v1/connections": "connections:read", "/v1/payment_links": "links:read", "/v1/refunds": "refunds:read",
				"/v1/accounts/lookup?phone=%2B24177000100": "accounts:read",
			} {
				a := r.get(path, till)
				a.wantProblem(t, 403, "insufficient_scope", "")
				if detail := a.text(t, "detail"); !strings.HasSuffix(detail, " "+needed) {
					t.Errorf("GET %s: %q does not name %s", path, detail, needed)
				}
			}
			r.get("/v1/operators", till).want(t, 200)
			r.get("/v1/operators", r.restricted(gateway.RefundsRead)).want(t, 200)
			r.get("/v1/payments/"+id, r.restricted(gateway.EventsRead, gateway.PaymentsRead)).want(t, 200)
			r.get("/v1/payments", r.restricted()).want(t, 200)
			r.get("/nothing", till).want(t, 404)
			r.get("/v1/nothing", till).wantProblem(t, 404, "not_found", "")
		})
	}
}

func TestARequestBeyondAKeysScopesIsRefusedBeforeAnythingOfItIsRead(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	reader := r.restricted(gateway.PaymentsRead)
	const order = `{"reference":"first","amount":15000,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`
	for _, body := range []string{order, `{"reference":`, "not JSON"} {
		r.post("/v1/payments", body, reader, withHeader("Idempotency-Key", "K1")).wantProblem(t, 403, "insufficient_scope", "")
	}
	if n := r.recorded(); n != 0 {
		t.Fatalf("%d transactions were recorded", n)
	}
	// The idempotency key was not taken, and its answer is not given to whom may
	// not ask the question.
	r.post("/v1/payments", order, withHeader("Idempotency-Key", "K1")).want(t, 201)
	r.post("/v1/payments", order, reader, withHeader("Idempotency-Key", "K1")).wantProblem(t, 403, "insufficient_scope", "")
	if n := r.operators.submits.Load(); n != 1 {
		t.Errorf("%d submissions", n)
	}
}

func TestAnUnknownScopeIsNotGiven(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	for _, n := range []gateway.NewAPIKey{
		{Scopes: gateway.Scopes{"payments:everything"}},
		{Scopes: gateway.Scopes{"any"}},
		{Scopes: gateway.Scopes{""}},
		{Scopes: gateway.Scopes{"payments:read payments:write"}},
		{Name: strings.Repeat("é", 101)},
		{Name: "a\x00b"},
	} {
		n.MerchantID, n.Mode = r.merchant, pay.Test
		if _, err := r.gateway.MakeAPIKey(t.Context(), n); pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("%+v is answered %v", n, err)
		}
	}
}
