package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// The verbs that a fake counts.
const (
	submit    = "submit"
	status    = "status"
	payOut    = "pay out"
	refund    = "refund"
	confirm   = "confirm"
	cancel    = "cancel"
	challenge = "challenge"
)

// call is one call that a fake got.
type call struct {
	verb      string
	order     provider.Order // of submit, pay out and refund
	payment   provider.Ref   // of refund
	ref       provider.Ref   // of the others
	otp       pay.Secret
	approve   bool
	reference string
}

// answer is what a fake says to a call.
type answer func(ctx context.Context, c call) (provider.Result, error)

// fake is one scripted provider, behind all merchants' connections.
type fake struct {
	name string
	desc *provider.Provider

	mu      sync.Mutex
	calls   []call
	scripts map[string]answer // by verb; "verb reference" comes first
	env     provider.Environment
	stopped chan struct{}
	once    sync.Once
}

func newFake(name string) *fake {
	f := &fake{name: name, scripts: map[string]answer{}, stopped: make(chan struct{})}
	f.desc = f.describe()
	return f
}

func (f *fake) describe() *provider.Provider {
	mobile := func(k pay.Kind) provider.Capability { return provider.Capability{Kind: k, Method: pay.MobileMoney} }
	return &provider.Provider{
		Name: f.name, Title: strings.ToUpper(f.name), Currencies: []money.Currency{money.XAF},
		Takes: []provider.Capability{
			mobile(pay.Payment), mobile(pay.Payout), mobile(pay.Refund),
			{Kind: pay.Payment, Method: pay.CardMethod},
		},
		Credentials: []provider.Field{{Name: "token", Secret: true}},
		Reference:   provider.ReferenceRule{Prefix: "P", Length: 18},
		Connect: func(e provider.Environment) (provider.Connector, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.env = e
			return f.connector(), nil
		},
	}
}

func (f *fake) descriptor() *provider.Provider { return f.desc }

// connector has every power, but beta's has only some.
func (f *fake) connector() provider.Connector {
	if f.name == "beta" {
		return simple{f}
	}
	return powerful{simple{f}}
}

// on scripts a verb, or "verb reference" for one reference.
func (f *fake) on(verb string, a answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scripts[verb] = a
}

// said answers with the same result each time.
func said(r provider.Result) answer {
	return func(context.Context, call) (provider.Result, error) { return r, nil }
}

// lost never answers but with an error: nobody knows.
func lost(context.Context, call) (provider.Result, error) {
	return provider.Result{}, errors.New("read answer: i/o timeout")
}

// blocked never answers before the test ends, like a process that was killed.
func (f *fake) blocked(context.Context, call) (provider.Result, error) {
	<-f.stopped
	return provider.Result{}, errors.New("connection reset")
}

// held answers with r once open is closed.
func held(open <-chan struct{}, r provider.Result) answer {
	return func(ctx context.Context, _ call) (provider.Result, error) {
		select {
		case <-open:
			return r, nil
		case <-ctx.Done():
			return provider.Result{}, ctx.Err()
		}
	}
}

func (f *fake) release() { f.once.Do(func() { close(f.stopped) }) }

// answer records the call and gives the scripted answer; without a script a
// submission is pending and a status unknown.
func (f *fake) answer(ctx context.Context, c call) (provider.Result, error) {
	f.mu.Lock()
	f.calls = append(f.calls, c)
	script, ok := f.scripts[c.verb+" "+c.reference]
	if !ok {
		script, ok = f.scripts[c.verb]
	}
	f.mu.Unlock()
	switch {
	case ok:
		return script(ctx, c)
	case c.verb == status:
		return provider.Result{Outcome: pay.OutcomeUnknown}, nil
	}
	return waiting, nil
}

// count is how often a verb was called.
func (f *fake) count(verb string) int { return len(f.got(verb)) }

func (f *fake) got(verb string) []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []call
	for _, c := range f.calls {
		if c.verb == verb {
			list = append(list, c)
		}
	}
	return list
}

func (f *fake) hookURL() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.env.HookURL
}

func (f *fake) environment() provider.Environment {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.env
}

// Results that providers give.
var (
	waiting = provider.Result{
		Outcome: pay.OutcomePending, Prompted: true, NextAction: pay.NextAction{Type: pay.ApproveOnPhone},
	}
	paid     = provider.Result{Outcome: pay.OutcomeSucceeded, Prompted: true}
	declined = provider.Result{
		Outcome: pay.OutcomeFailed, Prompted: true, Failure: pay.Failure{Reason: pay.Declined, Message: "declined"},
	}
	// down is definite: the rail refused before anybody was asked.
	down = provider.Result{
		Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: pay.OperatorUnavailable, Message: "down"},
	}
	nobody  = provider.Result{Outcome: pay.OutcomeUnknown, Absent: true}
	asksOTP = provider.Result{Outcome: pay.OutcomePending, Prompted: true, NextAction: pay.NextAction{Type: pay.EnterOTP}}
)

// simple submits, pays out and reads notifications.
type simple struct{ f *fake }

func (s simple) Submit(ctx context.Context, o provider.Order) (provider.Result, error) {
	return s.f.answer(ctx, call{verb: submit, order: o, reference: o.Reference})
}

func (s simple) PayOut(ctx context.Context, o provider.Order) (provider.Result, error) {
	return s.f.answer(ctx, call{verb: payOut, order: o, reference: o.Reference})
}

func (s simple) Status(ctx context.Context, r provider.Ref) (provider.Result, error) {
	return s.f.answer(ctx, call{verb: status, ref: r, reference: r.Reference})
}

// notice is the fake's notification on the wire.
type notice struct {
	Reference string          `json:"reference"`
	Theirs    string          `json:"theirs"`
	Hint      pay.Outcome     `json:"hint"`
	Verified  bool            `json:"verified"`
	Result    provider.Result `json:"result"`
	MSISDN    string          `json:"msisdn"`
}

func (n notice) text() string {
	b, _ := json.Marshal(n) // strings and numbers always marshal
	return string(b)
}

func (s simple) ReadNotification(r *http.Request) (provider.Notification, error) {
	var n notice
	if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
		return provider.Notification{}, pay.Invalid("body", "not JSON")
	}
	return provider.Notification{
		Reference: n.Reference, ProviderReference: n.Theirs, Hint: n.Hint, Verified: n.Verified, Result: n.Result,
		Answer: provider.Answer{Status: http.StatusAccepted, Body: []byte("OK")},
	}, nil
}

// powerful has the optional powers too.
type powerful struct{ simple }

func (p powerful) Refund(ctx context.Context, o provider.RefundOrder) (provider.Result, error) {
	return p.f.answer(ctx, call{verb: refund, order: o.Order, payment: o.Payment, reference: o.Reference})
}

func (p powerful) Confirm(ctx context.Context, r provider.Ref, otp pay.Secret) (provider.Result, error) {
	return p.f.answer(ctx, call{verb: confirm, ref: r, otp: otp, reference: r.Reference})
}

func (p powerful) Cancel(ctx context.Context, r provider.Ref) (provider.Result, error) {
	return p.f.answer(ctx, call{verb: cancel, ref: r, reference: r.Reference})
}

func (p powerful) Challenge(ctx context.Context, r provider.Ref, approve bool) (provider.Result, error) {
	return p.f.answer(ctx, call{verb: challenge, ref: r, approve: approve, reference: r.Reference})
}

func asError(err error) *pay.Error {
	var e *pay.Error
	errors.As(err, &e)
	return e
}

func stringBody(s string) io.Reader { return strings.NewReader(s) }

// serveHook sends a request through the route that the listener gives hooks.
func serveHook(g *gateway.Gateway, r *http.Request) int {
	mux := http.NewServeMux()
	mux.HandleFunc("/hooks/{provider}/{connection}", g.ServeHook)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Code
}

// wait is a request whose caller waits only so long.
func wait(r provider.Request, d time.Duration) provider.Request {
	r.Wait = d
	return r
}
