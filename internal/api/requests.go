package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/pay"
)

// ServeHTTP answers one request to /v1.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := s.Now()
	c := &call{id: requestID(r)}
	r = r.WithContext(withCall(r.Context(), c))
	kept := newKept()
	s.answer(kept, r, c)
	kept.Header().Set("X-Request-Id", c.id)
	kept.Header().Set("Cache-Control", "no-store")
	kept.Header().Set("X-Content-Type-Options", "nosniff")
	kept.sendTo(w)
	s.logAccess(r, c, kept.status, s.Now().Sub(started))
}

// logAccess writes the route and never the path, query or headers.
func (s *server) logAccess(r *http.Request, c *call, status int, took time.Duration) {
	s.Log.InfoContext(r.Context(), "request", "method", r.Method, "route", c.route, "status", status,
		"ms", took.Milliseconds(), "request_id", c.id, "merchant", c.caller.MerchantID, "mode", c.caller.Mode)
}

var acceptableID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// requestID keeps the caller's id where it is harmless to repeat.
func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); acceptableID.MatchString(id) {
		return id
	}
	return "req_" + secret.Random(16)
}

// answer fills the kept answer, whatever happens on the way.
func (s *server) answer(w *kept, r *http.Request, c *call) {
	defer s.recovered(w, r)
	_, c.route = s.mux.Handler(r)
	if c.route == "" {
		s.refuseRoute(w, r)
		return
	}
	var err error
	var scopes gateway.Scopes
	if c.caller, scopes, err = s.Gateway.Authenticate(r.Context(), apiKeyOf(r)); err != nil {
		if pay.KindOf(err) == pay.KindUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer realm="passerelle"`)
		}
		s.refuse(w, r, err)
		return
	}
	if err := s.checkScope(c.route, scopes); err != nil {
		s.refuse(w, r, err)
		return
	}
	if wait, ok := s.limits.allow(c.caller); !ok {
		w.Header().Set("Retry-After", wait)
		s.refuse(w, r, &pay.Error{Kind: pay.KindTooMany, Code: codeRateLimited, Message: "too many requests; slow down"})
		return
	}
	if err := checkAddress(r); err != nil {
		s.refuse(w, r, err)
		return
	}
	body, err := readBody(w, r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.once(w, r, c, body)
}

// recovered turns a panic into an answer without detail.
func (s *server) recovered(w *kept, r *http.Request) {
	if p := recover(); p != nil {
		s.logPanic(r.Context(), callOf(r.Context()), p)
		w.reset()
		s.refuse(w, r, internalProblem())
	}
}

// logPanic tells what is safe to tell: a panic's value may hold anything.
func (s *server) logPanic(ctx context.Context, c *call, p any) {
	what := "not shown"
	if e, ok := p.(runtime.Error); ok {
		what = e.Error()
	}
	s.Log.ErrorContext(ctx, "request panicked", "request_id", c.id, "route", c.route, "panic", what, "stack", string(debug.Stack()))
}

// refuseRoute tells an unknown address from a wrong method.
func (s *server) refuseRoute(w *kept, r *http.Request) {
	probe := newKept()
	s.mux.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.Header().Get("Allow"))
		s.refuse(w, r, newProblem(probe.status, codeMethod, "this address does not take that method"))
		return
	}
	s.refuse(w, r, newProblem(http.StatusNotFound, pay.CodeNotFound, "there is nothing at this address"))
}

func apiKeyOf(r *http.Request) pay.Secret {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return pay.Secret(strings.TrimSpace(key))
}

// checkAddress refuses text that no database stores, so that looking for it
// can't fail as our own fault.
func checkAddress(r *http.Request) error {
	if !storable(r.URL.Path) {
		return pay.NotFound("address")
	}
	for name, values := range r.URL.Query() {
		for _, v := range values {
			if !storable(v) {
				return pay.Invalid(fieldName("query."+name), "the value is not valid")
			}
		}
	}
	return nil
}

func storable(text string) bool {
	return utf8.ValidString(text) && !strings.Contains(text, "\x00")
}

// run lets the operation answer; the body can be read again each time. A panic
// ends here, so that an idempotency key is settled all the same.
func (s *server) run(w *kept, r *http.Request, body []byte) {
	defer s.recovered(w, r)
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	s.mux.ServeHTTP(w, r)
}

// kept is an answer in memory. It satisfies http.ResponseWriter.
type kept struct {
	header http.Header
	status int
	body   *bytes.Buffer
}

func newKept() *kept {
	return &kept{header: http.Header{}, status: http.StatusOK, body: &bytes.Buffer{}}
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) WriteHeader(status int)      { k.status = status }
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }

func (k *kept) reset() { *k = *newKept() }

func (k *kept) sendTo(w http.ResponseWriter) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	w.WriteHeader(k.status)
	if k.status != http.StatusNoContent {
		_, _ = w.Write(k.body.Bytes())
	}
}
