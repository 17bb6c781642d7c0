package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const aboutAPI = `Payments, payouts and refunds by mobile money and card, over whichever provider you are connected to.

A test key (` + "`sk_test_…`" + `) always goes to the sandbox, a live key (` + "`sk_live_…`" + `) to your connections; the data of one mode is invisible to the other.

Amounts are integers in the currency's ISO 4217 minor unit. XAF, XOF and GNF have none (` + "`200`" + ` is 200 F), CDF and USD have two decimals (` + "`200`" + ` is 2.00). Numbers with a point, an exponent or quotes are refused, and so are fields that do not exist.`

// tags are the resources, in the order of the reference.
var tags = []*huma.Tag{
	{Name: "Payments", Description: "Money from a customer."},
	{Name: "Payment links", Description: "Payments that wait for whoever opens their link."},
	{Name: "Payouts", Description: "Money to a customer."},
	{Name: "Payout batches", Description: "Payouts to many customers at once."},
	{Name: "Refunds", Description: "Money back to the payer."},
	{Name: "Accounts", Description: "Who is behind a mobile money account (KYC)."},
	{Name: "Operators", Description: "Who moves the money, where, and whether they can be reached."},
	{Name: "Balances", Description: "What is at your disposal."},
	{Name: "Ledger", Description: "Every posting, double entry."},
	{Name: "Fees", Description: "Your fee schedules; they hold in both modes."},
	{Name: "Events", Description: "What happened, with the whole object as it was."},
	{Name: "Webhook endpoints", Description: "Your addresses that get events."},
	{Name: "Providers", Description: "Whom you can be connected to."},
	{Name: "Connections", Description: "Your accounts at providers."},
	{Name: "Routes", Description: "The rules that pick a connection."},
}

// describe is the document before the operations.
func (s *server) describe() huma.Config {
	c := huma.DefaultConfig("Passerelle", s.Version)
	c.CreateHooks = nil
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.RejectUnknownQueryParameters = true
	c.Transformers = append(c.Transformers, s.completeProblems)
	c.Info.Description = aboutAPI
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.Servers = []*huma.Server{{URL: s.PublicURL}}
	c.Tags = tags
	c.Security = []map[string][]string{{"api_key": {}}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"api_key": {Type: "http", Scheme: "bearer", Description: "An API key: sk_test_… or sk_live_…. One that was restricted when it was made does what takes its scopes, which stand as roles at each operation; whatever else is 403 `insufficient_scope`."},
	}
	return c
}

// documented adds what all operations of a method have in common.
func (s *server) documented(op operation) huma.Operation {
	o := op.Operation
	o.BodyReadTimeout = -1 // the body has been read by then
	o.MaxBodyBytes = maxBody + 1
	o.Errors = []int{http.StatusUnauthorized, http.StatusTooManyRequests}
	if strings.Contains(o.Path, "{") {
		o.Errors = append(o.Errors, http.StatusNotFound)
	}
	if o.Method == http.MethodPost || o.Method == http.MethodPatch {
		o.Errors = append(o.Errors, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if o.Method == http.MethodPost {
		o.Errors = append(o.Errors, http.StatusConflict)
		o.Parameters = append(o.Parameters, idempotencyParam())
	}
	o.Errors = append(o.Errors, http.StatusUnprocessableEntity)
	s.takes(&o)
	return o
}

func idempotencyParam() *huma.Param {
	shortest, longest := 1, maxKey
	return &huma.Param{
		Name: "Idempotency-Key", In: "header", Example: "5f1c9a52-order-1042",
		Description: "The same key and body returns the first answer (marked Idempotent-Replayed: true) for 48 hours; " +
			"a different body is 409 idempotency_mismatch. Concurrent requests wait for the first.",
		Schema: &huma.Schema{Type: huma.TypeString, MinLength: &shortest, MaxLength: &longest},
	}
}

// finishDocument says what the generated document can't know: answers may gain
// members, so only requests are closed to unknown ones.
func (s *server) finishDocument() {
	doc := s.api.OpenAPI()
	asked := map[string]bool{}
	for _, item := range doc.Paths {
		for _, op := range operationsOf(item) {
			if op.RequestBody == nil {
				continue
			}
			for _, media := range op.RequestBody.Content {
				collect(doc, media.Schema, asked)
			}
			for code, response := range op.Responses {
				if code >= "400" {
					response.Description = meaning(code)
				}
			}
		}
	}
	for name, schema := range doc.Components.Schemas.Map() {
		if !asked[name] && schema.AdditionalProperties == false {
			schema.AdditionalProperties = nil
		}
	}
}

func meaning(code string) string {
	var n int
	_, _ = fmt.Sscan(code, &n) // our own codes
	return http.StatusText(n)
}

const schemaPrefix = "#/components/schemas/"

// collect names the schemas that a request's schema is made of.
func collect(doc *huma.OpenAPI, schema *huma.Schema, into map[string]bool) {
	if schema == nil {
		return
	}
	if name, ok := strings.CutPrefix(schema.Ref, schemaPrefix); ok {
		if into[name] {
			return
		}
		into[name] = true
		schema = doc.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	for _, property := range schema.Properties {
		collect(doc, property, into)
	}
	collect(doc, schema.Items, into)
	for _, one := range schema.AnyOf {
		collect(doc, one, into)
	}
}

// operationsOf gives a path's operations in a fixed order.
func operationsOf(item *huma.PathItem) []*huma.Operation {
	var found []*huma.Operation
	for _, op := range []*huma.Operation{item.Post, item.Get, item.Patch, item.Delete} {
		if op != nil {
			found = append(found, op)
		}
	}
	return found
}

// mountDocument serves the document and the reference. They are made once, and
// a fault in them is one of the program.
func (s *server) mountDocument(mux *http.ServeMux) {
	asJSON, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		panic(fmt.Errorf("encode OpenAPI document: %w", err))
	}
	asYAML, err := s.api.OpenAPI().YAML()
	if err != nil {
		panic(fmt.Errorf("encode OpenAPI document: %w", err))
	}
	mux.HandleFunc("GET /openapi.json", serveBytes("application/json", asJSON))
	mux.HandleFunc("GET /openapi.yaml", serveBytes("application/yaml", asYAML))
	page, style := s.reference()
	mux.HandleFunc("GET /docs", serveBytes("text/html; charset=utf-8", page))
	mux.HandleFunc("GET /docs/style.css", serveBytes("text/css; charset=utf-8", style))
}

func serveBytes(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "public, max-age=300")
		_, _ = w.Write(body)
	}
}
