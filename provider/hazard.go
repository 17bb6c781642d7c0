package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// Hazard is a fault of a provider that was met in the field or follows from its
// documents, played on demand by the sandbox around the provider's dialect. It
// touches test transactions only. A name never changes: tests of merchants arm
// faults by it.
type Hazard struct {
	Name string // snake_case
	// FR and EN say in one line what happens.
	FR, EN string
	// Source is where it is known from: seed, docs, clients or inferred.
	Source string
	// Times is how often it strikes once it is armed; zero is until it is disarmed.
	Times int
	// Calls are the ends of the paths whose answers it changes; one that ends in
	// a slash goes on with a reference. None is all.
	Calls []string
	// Alone: those calls make or find no transaction (a renewal of keys).
	Alone bool
	// Refuses: the call is answered by Answer and changes nothing.
	Refuses bool
	// Answer changes the answer, after the dialect has done what was asked.
	Answer func(*Reply)
	// Slow holds the answer for so long, or until the fault is disarmed.
	Slow time.Duration
	// AfterNotice holds the answer until a notification of the transaction went out.
	AfterNotice bool
	// Like gives the transaction the fate of a number that ends in these four
	// digits (contract: sandbox outcomes), whatever number pays.
	Like string
	// Tell changes what a notification is going to tell, before it is signed.
	Tell func(*pay.Transaction)
	// Notice makes what is sent instead of one notification, in order: nothing,
	// several, or another shape. Earlier are the transaction's notifications that
	// it was given before. Pushed secrets count as notifications.
	Notice func(call Call, earlier []Call) []Call
	// Late keeps notifications back until the fault is disarmed, a minute at most.
	Late bool
}

// Strikes reports whether the hazard changes the answer to a call of that path.
func (h *Hazard) Strikes(path string) bool {
	if h.Answer == nil && h.Slow == 0 && !h.AfterNotice {
		return false
	}
	for _, end := range h.Calls {
		if strings.HasSuffix(path, end) || strings.HasSuffix(end, "/") && strings.Contains(path, end) {
			return true
		}
	}
	return len(h.Calls) == 0
}

// Reply is a dialect's answer on its way out.
type Reply struct {
	// Request is what is answered, RequestBody its body.
	Request     *http.Request
	RequestBody []byte
	// Nth counts the strikes of the hazard, from 1.
	Nth    int
	Status int
	Header http.Header
	Body   []byte
	// Drop closes the connection without a byte; Cut breaks off within the body.
	Drop, Cut bool
}

// Write replaces the answer.
func (r *Reply) Write(status int, contentType, body string) {
	r.Status, r.Header, r.Body = status, http.Header{"Content-Type": {contentType}}, []byte(body)
}

// WriteJSON replaces the answer by a JSON text.
func (r *Reply) WriteJSON(status int, body string) { r.Write(status, "application/json", body) }

// Edit changes the answer's JSON object; any other answer stays as it is.
func (r *Reply) Edit(change func(map[string]any)) { r.Body = EditJSON(r.Body, change) }

// EditJSON changes a JSON object; any other text stays as it is.
func EditJSON(text []byte, change func(map[string]any)) []byte {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var object map[string]any
	if d.Decode(&object) != nil || object == nil {
		return text
	}
	change(object)
	edited, err := json.Marshal(object)
	if err != nil {
		return text
	}
	return edited
}

// Inner is an object within a JSON object, an empty one when there is none.
func Inner(object map[string]any, name string) map[string]any {
	if inner, ok := object[name].(map[string]any); ok {
		return inner
	}
	return map[string]any{}
}

// HTMLPage is what an edge or a crashed application server answers.
const HTMLPage = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

// WithBody is the call with another body.
func (c Call) WithBody(body []byte) Call {
	c.Header = c.Header.Clone()
	c.Body = body
	return c
}

// Edited is the call with its JSON body changed.
func (c Call) Edited(change func(map[string]any)) Call { return c.WithBody(EditJSON(c.Body, change)) }

// authenticatedKey is where a request's context keeps who wants to know its caller.
type authenticatedKey struct{}

// OnAuthenticated returns a context in which Authenticated calls f.
func OnAuthenticated(ctx context.Context, f func(Caller)) context.Context {
	return context.WithValue(ctx, authenticatedKey{}, f)
}

// Authenticated tells whoever listens whom a dialect has authenticated. Only
// operations that reach no use case with a Caller need to call it.
func Authenticated(ctx context.Context, c Caller) {
	if f, ok := ctx.Value(authenticatedKey{}).(func(Caller)); ok {
		f(c)
	}
}
