package providertest

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// patience bounds each call of the suite, so that a server that never answers
// costs little.
const patience = 300 * time.Millisecond

// badAnswer is what a network makes of an answer; none of them says anything
// about the transaction.
type badAnswer struct {
	name  string
	write http.HandlerFunc
}

func fixed(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func badAnswers() []badAnswer {
	const html, asJSON = "text/html", "application/json"
	return []badAnswer{
		{"an HTML page", fixed(200, html, "<html><body>Welcome</body></html>")},
		{"an HTML page called JSON", fixed(200, asJSON, "<html></html>")},
		{"an empty body", fixed(200, asJSON, "")},
		{"null", fixed(200, asJSON, "null")},
		{"an empty object", fixed(200, asJSON, "{}")},
		{"an empty list", fixed(200, asJSON, "[]")},
		{"a bare word", fixed(200, asJSON, "true")},
		{"JSON that breaks off", fixed(200, asJSON, `{"status":"SUCC`)},
		{"a redirect", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://192.0.2.1/login")
			w.WriteHeader(http.StatusFound)
		}},
		{"HTTP 500 with a page", fixed(500, html, "<h1>Internal Server Error</h1>")},
		{"HTTP 500 without a body", fixed(500, asJSON, "")},
		{"HTTP 502 from the edge", fixed(502, html, "<h1>Bad Gateway</h1>")},
		{"HTTP 503 with a page", fixed(503, html, "<h1>Service Unavailable</h1>")},
		{"HTTP 504 with null", fixed(504, asJSON, "null")},
		{"a connection that breaks off", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}},
		{"an answer that breaks off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"status":`)
		}},
		{"no answer in time", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}},
	}
}

func testConnector(t *testing.T, c Case) {
	for _, bad := range badAnswers() {
		t.Run("takes "+bad.name+" for unknown", func(t *testing.T) {
			conn, s := c.connect(t, c.behindPreliminary(bad.write))
			c.each(t, conn, func(t *testing.T, res provider.Result, err error) {
				if err == nil && res.Outcome != pay.OutcomeUnknown && res.Outcome != pay.OutcomePending {
					t.Errorf("outcome %q, failure %+v", res.Outcome, res.Failure)
				}
				if res.Absent {
					t.Error("absence is claimed without a documented answer")
				}
				leak(t, s, res, err)
			})
		})
	}
	t.Run("fails for certain only what provably never left, at a host that can't be reached", func(t *testing.T) {
		conn, s := c.connectTo(t, closedAddress(t))
		c.each(t, conn, func(t *testing.T, res provider.Result, err error) {
			switch {
			case err != nil, res.Outcome == pay.OutcomeUnknown:
			case res.Outcome == pay.OutcomeFailed && !res.Prompted && res.Failure.Reason == pay.OperatorUnavailable:
			default:
				t.Errorf("outcome %q, prompted %v, failure %+v", res.Outcome, res.Prompted, res.Failure)
			}
			leak(t, s, res, err)
		})
	})
	t.Run("repeats no secret that the provider echoes", func(t *testing.T) {
		for _, status := range []int{200, 400, 500} {
			conn, s := c.connect(t, echo(status))
			c.each(t, conn, func(t *testing.T, res provider.Result, err error) { leak(t, s, res, err) })
		}
	})
	if c.Absent != nil {
		t.Run("never takes an unknown reference for a failure", func(t *testing.T) {
			conn, _ := c.connect(t, c.behindPreliminary(c.Absent))
			res, err := conn.Status(t.Context(), c.ref(c.Order))
			if err != nil || res.Outcome != pay.OutcomeUnknown || !res.Absent {
				t.Errorf("outcome %q, absent %v, error %v", res.Outcome, res.Absent, err)
			}
		})
	}
}

// each calls everything that can move money or tell of it.
func (c Case) each(t *testing.T, conn provider.Connector, check func(*testing.T, provider.Result, error)) {
	t.Helper()
	call := func(name string, do func(context.Context) (provider.Result, error)) {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			res, err := do(ctx)
			check(t, res, err)
		})
	}
	call("submit", func(ctx context.Context) (provider.Result, error) { return conn.Submit(ctx, c.Order) })
	call("status", func(ctx context.Context) (provider.Result, error) {
		res, err := conn.Status(ctx, c.ref(c.Order))
		if err == nil && res.Outcome == pay.OutcomeFailed {
			t.Errorf("status that could not be read says failed: %+v", res.Failure)
		}
		return res, err
	})
	if p, ok := conn.(provider.PaysOut); ok && c.Payout != nil {
		call("pay out", func(ctx context.Context) (provider.Result, error) { return p.PayOut(ctx, *c.Payout) })
	}
}

func (c Case) ref(o provider.Order) provider.Ref {
	return provider.Ref{
		TransactionID: o.TransactionID, MerchantID: o.MerchantID, Kind: o.Kind, Reference: o.Reference,
		Amount: o.Amount, Method: o.Method, SubmittedAt: time.Date(2025, 1, 6, 13, 0, 0, 0, time.UTC),
	}
}

func (c Case) behindPreliminary(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c.Preliminary == nil || !c.Preliminary(w, r) {
			h(w, r)
		}
	}
}

func (c Case) connect(t *testing.T, h http.HandlerFunc) (provider.Connector, *Surroundings) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return c.connectTo(t, server.URL)
}

func (c Case) connectTo(t *testing.T, address string) (provider.Connector, *Surroundings) {
	t.Helper()
	values := map[string]string{}
	for name, v := range c.Values {
		values[name] = v
	}
	for _, name := range c.AddressFields {
		values[name] = address
	}
	s := NewSurroundings(t, c.Provider, values)
	conn, err := c.Provider.Connect(s.Environment)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	return conn, s
}

// leak fails if a secret is in what goes to logs, tables and merchants.
func leak(t *testing.T, s *Surroundings, res provider.Result, err error) {
	t.Helper()
	text, _ := json.Marshal(res)
	if err != nil {
		text = append(text, err.Error()...)
	}
	for _, alert := range s.Alerts() {
		text = append(text, alert...)
	}
	if s.Leaks(string(text)) != "" {
		t.Error("a secret is in the result, the error or an alert")
	}
}

// echo answers with the whole request, as careless servers do in error messages.
func echo(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		dump, _ := httputil.DumpRequest(r, true)
		body, _ := json.Marshal(map[string]any{
			"message": string(dump), "error": string(dump), "description": string(dump), "status_code": status, "code": status,
		})
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
}

// closedAddress is a loopback address that nobody listens on.
func closedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "http://" + l.Addr().String()
}
