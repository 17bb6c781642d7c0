package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// engines are the databases that what depends on one is tried on.
var engines = map[string]func(t *testing.T) string{
	"sqlite": func(*testing.T) string { return ":memory:" },
	"postgres": func(t *testing.T) string {
		return pgtest.Cloned(t, "api", func(url string) error {
			s, err := store.Open(context.Background(), url, store.Options{})
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			return s.Migrate(context.Background())
		})
	},
}

// operators stand in for the simulated ones: the last four digits of the phone
// decide.
type operators struct {
	submits atomic.Int64
	// gate, when set, holds submissions until it is closed.
	gate chan struct{}
}

func (o *operators) Submit(_ context.Context, order provider.Order) (provider.Result, error) {
	o.submits.Add(1)
	if o.gate != nil {
		<-o.gate
	}
	if order.Card != nil && strings.HasSuffix(order.Card.Number.Reveal(), "0002") {
		return provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: pay.Declined, Message: "declined", ProviderCode: "05"}}, nil
	}
	done := provider.Result{Outcome: pay.OutcomeSucceeded, ProviderReference: "OP" + order.Reference}
	n, err := phone.Parse(order.Method.Phone, "")
	if err != nil {
		return done, nil
	}
	switch n.Last4() {
	case "0001":
		return provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: pay.InsufficientFunds, Message: "the balance is too low", ProviderCode: "51"}}, nil
	case "0004":
		return provider.Result{Outcome: pay.OutcomePending, Prompted: true, NextAction: pay.NextAction{Type: pay.ApproveOnPhone}}, nil
	case "0011":
		return provider.Result{Outcome: pay.OutcomePending, Prompted: true, NextAction: pay.NextAction{Type: pay.EnterOTP}}, nil
	}
	return done, nil
}

func (o *operators) PayOut(ctx context.Context, order provider.Order) (provider.Result, error) {
	return o.Submit(ctx, order)
}

func (o *operators) Status(context.Context, provider.Ref) (provider.Result, error) {
	return provider.Result{Outcome: pay.OutcomePending}, nil
}

func (o *operators) Confirm(_ context.Context, _ provider.Ref, otp pay.Secret) (provider.Result, error) {
	if otp.Reveal() != "1234" {
		return provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: pay.WrongPINOrOTP, Message: "wrong code"}}, nil
	}
	return provider.Result{Outcome: pay.OutcomeSucceeded}, nil
}

func (o *operators) LookUp(_ context.Context, number string) (provider.Holder, error) {
	if strings.HasSuffix(number, "9999") {
		return provider.Holder{}, pay.ErrNotFound
	}
	return provider.Holder{Name: "Awa Ndong", Phone: number, Operator: "airtel_ga", Active: true}, nil
}

func everything() []provider.Capability {
	var list []provider.Capability
	for _, k := range []pay.Kind{pay.Payment, pay.Payout, pay.Refund} {
		for _, m := range []pay.MethodType{pay.MobileMoney, pay.CardMethod, pay.Wallet} {
			list = append(list, provider.Capability{Kind: k, Method: m})
		}
	}
	return list
}

// rig is the API over a real gateway, spoken to by HTTP.
type rig struct {
	t         *testing.T
	url       string
	operators *operators
	gateway   *gateway.Gateway
	webhooks  *webhook.Sender
	log       *lockedBuffer
	// ahead is how far the gateway's clock is before the world's.
	ahead atomic.Int64
	// merchant, key and live are the demo merchant's.
	merchant, key, live string
}

func newRig(t *testing.T, database string, change func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, operators: &operators{}, log: &lockedBuffer{}}
	s, err := store.Open(t.Context(), database, store.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.Migrate(t.Context()))
	box, err := secret.ParseKeyring(secret.NewKey())
	must(t, err)
	log := slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	out := outbound.New(outbound.Policy{AllowLoopback: true})
	connect := func(provider.Environment) (provider.Connector, error) { return r.operators, nil }
	r.gateway, err = gateway.New(gateway.Config{
		Store: s, Box: box, Outbound: out, PublicURL: "https://pay.example", Log: log, Now: r.now,
		Providers: []*provider.Provider{
			{Name: gateway.SandboxProvider, Title: "Sandbox", Currencies: money.Currencies(), Takes: everything(), Connect: connect},
			{
				Name: "acme", Title: "Acme", Countries: []string{"GA"}, Currencies: []money.Currency{money.XAF}, Takes: everything(), Connect: connect,
				Credentials: []provider.Field{
					{Name: "api_key", Label: "API key", Secret: true, Required: true},
					{Name: "site", Label: "Site", Required: true, Default: "main"},
				},
			},
		},
	})
	must(t, err)
	t.Cleanup(func() { _ = r.gateway.Close(context.Background()) })
	r.webhooks = webhook.New(webhook.Config{Store: s, Box: box, Outbound: out, Render: Render, Log: log})
	c := Config{Gateway: r.gateway, Webhooks: r.webhooks, Version: "test", PublicURL: "https://pay.example", Log: log}
	if change != nil {
		change(&c)
	}
	server := httptest.NewServer(New(c))
	t.Cleanup(server.Close)
	r.url = server.URL
	r.merchant, r.key, r.live = r.addMerchant("Demo", "demo@passerelle.test")
	return r
}

func (r *rig) now() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }

func (r *rig) addMerchant(name, email string) (id, testKey, liveKey string) {
	r.t.Helper()
	m, err := r.gateway.AddMerchant(r.t.Context(), gateway.NewMerchant{Name: name, Email: email, Password: "made-up-password"})
	must(r.t, err)
	test, err := r.gateway.AddAPIKey(r.t.Context(), m.ID, pay.Test, "")
	must(r.t, err)
	live, err := r.gateway.AddAPIKey(r.t.Context(), m.ID, pay.Live, "")
	must(r.t, err)
	return m.ID, test.Reveal(), live.Reveal()
}

// answered is an answer read to its end.
type answered struct {
	status int
	header http.Header
	body   []byte
}

func (a answered) object(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("answer %d is no JSON object: %v\n%s", a.status, err, a.body)
	}
	return v
}

// text reads a member by path, as text: "provider.name".
func (a answered) text(t *testing.T, path string) string {
	t.Helper()
	var v any = a.object(t)
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("no member %s in %s", path, a.body)
		}
		v = m[name]
	}
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v)
	must(t, err)
	return string(b)
}

type option func(*http.Request)

func withHeader(name, value string) option {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func withKey(key string) option { return withHeader("Authorization", "Bearer "+key) }

func (r *rig) send(method, path, body string, opts ...option) answered {
	r.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, reader)
	must(r.t, err)
	req.Header.Set("Authorization", "Bearer "+r.key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, o := range opts {
		o(req)
	}
	resp, err := http.DefaultClient.Do(req)
	must(r.t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	must(r.t, err)
	return answered{resp.StatusCode, resp.Header, b}
}

func (r *rig) get(path string, opts ...option) answered { return r.send("GET", path, "", opts...) }
func (r *rig) post(path, body string, opts ...option) answered {
	return r.send("POST", path, body, opts...)
}

// want fails the test unless the answer has that status.
func (a answered) want(t *testing.T, status int) answered {
	t.Helper()
	if a.status != status {
		t.Fatalf("status is %d, want %d\n%s", a.status, status, a.body)
	}
	return a
}

// wantProblem holds an answer to RFC 9457 and to a status, code and param.
func (a answered) wantProblem(t *testing.T, status int, code, param string) {
	t.Helper()
	a.want(t, status)
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("content type is %q", ct)
	}
	for name, want := range map[string]string{"code": code, "param": param, "type": "https://pay.example/docs#error-" + code} {
		if got := a.text(t, name); got != want {
			t.Errorf("%s is %q, want %q\n%s", name, got, want, a.body)
		}
	}
	for _, name := range []string{"title", "detail", "request_id"} {
		if a.text(t, name) == "" {
			t.Errorf("%s is missing\n%s", name, a.body)
		}
	}
	if a.text(t, "request_id") != a.header.Get("X-Request-Id") {
		t.Errorf("request_id differs from the header")
	}
}

// paid makes a payment that succeeds and returns its id.
func (r *rig) paid(reference string) string {
	r.t.Helper()
	a := r.post("/v1/payments", `{"reference":"`+reference+`","amount":15000,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`).want(r.t, 201)
	if a.text(r.t, "status") != "succeeded" {
		r.t.Fatalf("payment did not succeed: %s", a.body)
	}
	return a.text(r.t, "id")
}

// recorded counts all transactions of the demo merchant.
func (r *rig) recorded() int {
	r.t.Helper()
	n := 0
	for _, k := range []pay.Kind{pay.Payment, pay.Payout, pay.Refund} {
		rows, err := r.gateway.List(r.t.Context(), provider.Caller{MerchantID: r.merchant, Mode: pay.Test, Front: pay.NativeFront}, gateway.Filter{Kind: k, Before: beginning, Limit: 1000})
		must(r.t, err)
		n += len(rows)
	}
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
