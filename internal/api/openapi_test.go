package api

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/gateway"
)

var update = flag.Bool("update", false, "write the golden OpenAPI document")

const golden = "../../api/openapi.yaml"

func documentedServer() *server {
	return newServer(Config{Gateway: &gateway.Gateway{}, Version: "1", PublicURL: "https://pay.example"})
}

func TestOpenAPIDocumentIsTheOneInTheRepository(t *testing.T) {
	got, err := documentedServer().api.OpenAPI().YAML()
	must(t, err)
	if *update {
		must(t, os.WriteFile(golden, got, 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Error("the API has changed; go test ./internal/api -run TestOpenAPI -update writes api/openapi.yaml anew")
	}
}

func TestOpenAPIDocumentsEveryAddressOfTheContract(t *testing.T) {
	doc := documentedServer().api.OpenAPI()
	for path, methods := range map[string]string{
		"/v1/payments": "GET POST", "/v1/payments/{id}": "GET", "/v1/payments/{id}/confirm": "POST", "/v1/payments/{id}/cancel": "POST",
		"/v1/payouts": "GET POST", "/v1/payouts/{id}": "GET", "/v1/payouts/batches": "GET POST", "/v1/payouts/batches/{id}": "GET",
		"/v1/refunds": "GET POST", "/v1/refunds/{id}": "GET",
		"/v1/payment_links": "GET POST", "/v1/payment_links/{id}": "GET",
		"/v1/accounts/lookup": "GET POST", "/v1/balances": "GET", "/v1/fees/quote": "GET POST",
		"/v1/operators": "GET", "/v1/operators/{id}": "GET", "/v1/events": "GET", "/v1/events/{id}": "GET",
		"/v1/webhook_endpoints": "GET POST", "/v1/webhook_endpoints/{id}": "GET PATCH DELETE",
		"/v1/connections": "GET POST", "/v1/connections/{id}": "GET",
		"/v1/routes": "GET POST", "/v1/routes/{id}": "GET PATCH DELETE",
		"/v1/ledger/entries": "GET", "/v1/ledger/entries/{id}": "GET",
	} {
		item := doc.Paths[path]
		if item == nil {
			t.Errorf("%s is missing", path)
			continue
		}
		var have []string
		for _, op := range operationsOf(item) {
			have = append(have, op.Method)
		}
		for method := range strings.FieldsSeq(methods) {
			if !slices.Contains(have, method) {
				t.Errorf("%s %s is missing", method, path)
			}
		}
	}
}

func TestOpenAPIOperationsAreDescribed(t *testing.T) {
	doc := documentedServer().api.OpenAPI()
	known := map[string]bool{}
	for _, tag := range doc.Tags {
		known[tag.Name] = true
	}
	for path, item := range doc.Paths {
		for _, op := range operationsOf(item) {
			if op.Summary == "" || op.OperationID == "" || len(op.Tags) != 1 || !known[op.Tags[0]] {
				t.Errorf("%s %s lacks a summary, an id or a known tag", op.Method, path)
			}
			for _, code := range []string{"401", "422", "429", "500"} {
				checkProblem(t, doc, op, code)
			}
			if op.Method == http.MethodPost {
				checkProblem(t, doc, op, "409")
				if !slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == "Idempotency-Key" }) {
					t.Errorf("%s %s does not document Idempotency-Key", op.Method, path)
				}
			}
		}
	}
}

func checkProblem(t *testing.T, doc *huma.OpenAPI, op *huma.Operation, code string) {
	t.Helper()
	r := op.Responses[code]
	if r == nil || r.Content["application/problem+json"] == nil || r.Description == "" {
		t.Errorf("%s does not document the problem %s", op.OperationID, code)
		return
	}
	problem := doc.Components.Schemas.SchemaFromRef(r.Content["application/problem+json"].Schema.Ref)
	for _, name := range []string{"type", "title", "status", "detail", "code", "param", "request_id"} {
		if problem.Properties[name] == nil {
			t.Errorf("a problem has no %s", name)
		}
	}
}
