package api

import (
	"bytes"
	_ "embed" // the template and the style of the reference
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/pay"
)

//go:embed reference/page.html
var pageText string

//go:embed reference/style.css
var styleText []byte

// code explains a problem's code in the reference, where its type leads.
type code struct {
	Code    string
	Status  int
	Meaning string
}

var codes = []code{
	{pay.CodeInvalid, 422, "A field or parameter is wrong; param names it."},
	{pay.CodeInvalidPhone, 422, "It is not a mobile number of a supported country."},
	{pay.CodeAmountTooLow, 422, "The amount is below what the provider takes."},
	{pay.CodeAmountTooHigh, 422, "The amount is above what the provider takes, or what a payment still has to refund."},
	{pay.CodeCapability, 422, "None of your connections can carry it: the currency, method or kind is missing."},
	{pay.CodeInsufficientBalance, 422, "Your available balance is too low for the payout or refund."},
	{pay.CodeNotFound, 404, "You have nothing of that id, in this mode."},
	{pay.CodeDuplicateReference, 409, "The reference is already used; existing names by what."},
	{pay.CodeIdempotencyMismatch, 409, "The idempotency key was used with another request."},
	{pay.CodeNotCancelable, 409, "It was sent, and the provider does not confirm that it is withdrawn."},
	{pay.CodeNotConfirmable, 409, "It waits for no one-time password."},
	{pay.CodeNotRefundable, 409, "Only a succeeded payment can be refunded."},
	{codeDuplicateFee, 409, "The kind, operator and currency have a fee already."},
	{"no_target", 409, "No enabled endpoint takes the event."},
	{"too_many_endpoints", 409, "Delete a webhook endpoint first."},
	{"unauthorized", 401, "The API key is missing or not valid."},
	{codeScope, 403, "The API key is restricted and lacks the scope that the detail names."},
	{codeBrokenJSON, 400, "The body is missing or is not JSON."},
	{codeMethod, 405, "The address does not take that method; Allow lists those it takes."},
	{codeTooLarge, 413, "The body is larger than a mebibyte."},
	{codeMediaType, 415, "The body is not announced as application/json."},
	{codeRateLimited, 429, "Too many requests; Retry-After says when to come back."},
	{"in_progress", 503, "The first request with this idempotency key is still at work."},
	{codeUnavailable, 503, "The database can't be reached just now. Repeat the request with the same idempotency key."},
	{codeInternal, 500, "Our fault. Repeat the request with the same idempotency key."},
}

// section is one resource in the reference.
type section struct {
	Name, Anchor, About string
	Operations          []operationView
}

type operationView struct {
	Method, Path, Anchor, Summary string
	About                         []template.HTML
	Params, Fields                []fieldView
	Status                        string
	Scope                         string // that a restricted key needs
	Curl, Answer                  string
}

type fieldView struct {
	Name, Type, About string
	Required          bool
}

// reference makes the readable pages from the document, so that they can't say
// something else.
func (s *server) reference() (page, style []byte) {
	doc := s.api.OpenAPI()
	view := map[string]any{
		"Title": doc.Info.Title, "Version": doc.Info.Version, "About": paragraphs(doc.Info.Description),
		"URL": s.PublicURL, "Sections": sections(doc, s.PublicURL), "Codes": codes, "Reasons": pay.Reasons(),
	}
	var b bytes.Buffer
	if err := template.Must(template.New("page").Parse(pageText)).Execute(&b, view); err != nil {
		panic(fmt.Errorf("write reference: %w", err))
	}
	return b.Bytes(), styleText
}

func sections(doc *huma.OpenAPI, base string) []section {
	paths := make([]string, 0, len(doc.Paths))
	for path := range doc.Paths {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	var list []section
	for _, tag := range doc.Tags {
		sec := section{Name: tag.Name, Anchor: anchor(tag.Name), About: tag.Description}
		for _, path := range paths {
			for _, op := range operationsOf(doc.Paths[path]) {
				if slices.Contains(op.Tags, tag.Name) {
					sec.Operations = append(sec.Operations, viewOf(doc, op, base))
				}
			}
		}
		list = append(list, sec)
	}
	return list
}

func viewOf(doc *huma.OpenAPI, op *huma.Operation, base string) operationView {
	v := operationView{
		Method: op.Method, Path: op.Path, Anchor: op.OperationID, Summary: op.Summary,
		About: paragraphs(op.Description), Status: fmt.Sprintf("%d %s", op.DefaultStatus, http.StatusText(op.DefaultStatus)),
	}
	if needed := scopes[op.OperationID]; needed != anyKey {
		v.Scope = string(needed)
	}
	for _, p := range op.Parameters {
		v.Params = append(v.Params, fieldView{p.Name + " (" + p.In + ")", typeOf(p.Schema), p.Description, p.Required})
	}
	v.Curl = "curl " + base + op.Path + " \\\n  -H 'Authorization: Bearer sk_test_…'"
	if op.Method != http.MethodGet {
		v.Curl = "curl -X " + op.Method + strings.TrimPrefix(v.Curl, "curl")
	}
	if op.RequestBody != nil {
		schema := op.RequestBody.Content["application/json"].Schema
		v.Fields = fieldsOf(doc, schema, "", 0)
		v.Curl += " \\\n  -H 'Content-Type: application/json' \\\n  -d '" + exampleText(doc, schema) + "'"
	}
	if r := op.Responses[fmt.Sprint(op.DefaultStatus)]; r != nil {
		if media := r.Content["application/json"]; media != nil {
			v.Answer = exampleText(doc, media.Schema)
		}
	}
	return v
}

// fieldsOf flattens a body: "customer.phone" stands below "customer".
func fieldsOf(doc *huma.OpenAPI, schema *huma.Schema, prefix string, depth int) []fieldView {
	schema = resolve(doc, schema)
	if depth > 4 {
		return nil
	}
	names := make([]string, 0, len(schema.Properties))
	for name := range schema.Properties {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := slices.Contains(schema.Required, names[i]), slices.Contains(schema.Required, names[j])
		if a != b {
			return a
		}
		return names[i] < names[j]
	})
	var list []fieldView
	for _, name := range names {
		property := schema.Properties[name]
		list = append(list, fieldView{prefix + name, typeOf(resolve(doc, property)), property.Description, slices.Contains(schema.Required, name)})
		list = append(list, fieldsOf(doc, property, prefix+name+".", depth+1)...)
		if property.Items != nil && resolve(doc, property.Items).Properties != nil {
			list = append(list, fieldsOf(doc, property.Items, prefix+name+"[].", depth+1)...)
		}
	}
	return list
}

func resolve(doc *huma.OpenAPI, schema *huma.Schema) *huma.Schema {
	if schema.Ref != "" {
		return doc.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	if len(schema.AnyOf) > 0 {
		return resolve(doc, schema.AnyOf[0])
	}
	return schema
}

func typeOf(schema *huma.Schema) string {
	if schema == nil {
		return ""
	}
	if len(schema.Enum) == 0 {
		return schema.Type
	}
	words := make([]string, len(schema.Enum))
	for i, v := range schema.Enum {
		words[i] = fmt.Sprint(v)
	}
	if len(words) > 8 {
		words = append(words[:8], "…")
	}
	return strings.Join(words, " | ")
}

// exampleText writes an example of a schema from the examples of its parts.
func exampleText(doc *huma.OpenAPI, schema *huma.Schema) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(exampleOf(doc, schema, 0)); err != nil {
		panic(fmt.Errorf("write example: %w", err))
	}
	return strings.TrimSpace(b.String())
}

func exampleOf(doc *huma.OpenAPI, schema *huma.Schema, depth int) any {
	nullable := len(schema.AnyOf) > 0
	schema = resolve(doc, schema)
	switch {
	case len(schema.Examples) > 0:
		return schema.Examples[0]
	case nullable && depth > 0:
		return nil
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case schema.Default != nil:
		return schema.Default
	}
	switch schema.Type {
	case huma.TypeObject:
		members := map[string]any{}
		for name, property := range schema.Properties {
			if depth < 4 && (slices.Contains(schema.Required, name) || len(property.Examples) > 0 || property.Ref != "" && name != "card") {
				members[name] = exampleOf(doc, property, depth+1)
			}
		}
		return members
	case huma.TypeArray:
		return []any{exampleOf(doc, schema.Items, depth+1)}
	case huma.TypeInteger:
		return 0
	case huma.TypeBoolean:
		return false
	}
	if schema.Format == "date-time" {
		return "2026-11-21T08:00:00Z"
	}
	return "…"
}

var inCode = regexp.MustCompile("`([^`]+)`")

// paragraphs turns our own descriptions (paragraphs and `code`) into HTML.
func paragraphs(text string) []template.HTML {
	var list []template.HTML
	for p := range strings.SplitSeq(text, "\n\n") {
		if p != "" {
			escaped := inCode.ReplaceAllString(template.HTMLEscapeString(p), "<code>$1</code>")
			list = append(list, template.HTML(escaped)) //nolint:gosec // G203: escaped above, and only our own text
		}
	}
	return list
}

func anchor(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }
