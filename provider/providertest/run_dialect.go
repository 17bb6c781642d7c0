package providertest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// oneMiB is the longest body that a dialect reads.
const oneMiB = 1 << 20

func testDialect(t *testing.T, c Case) {
	t.Run("refuses an unknown path in the provider's shape", func(t *testing.T) {
		_, d, _ := c.speak(t)
		for _, path := range []string{"/", "/no/such/thing", "/a/../b", "/%2e%2e/%2f", "/no/such/../../thing"} {
			res := serve(d, httptest.NewRequest(http.MethodGet, path, nil))
			c.refusal(t, path, res)
		}
	})
	for _, r := range c.Requests {
		t.Run(r.Name, func(t *testing.T) { testRequest(t, c, r) })
	}
}

func testRequest(t *testing.T, c Case, r Request) {
	g, d, issued := c.speak(t)
	good := serve(d, r.Build(issued)).Code
	if good >= 400 {
		t.Fatalf("the well-formed request is refused with HTTP %d", good)
	}
	refuse := func(t *testing.T, what string, req *http.Request) {
		t.Helper()
		before := len(g.Transactions())
		c.refusal(t, what, serve(d, req))
		if len(g.Transactions()) != before {
			t.Errorf("%s: a refused request left a transaction", what)
		}
	}
	t.Run("is served with doubled slashes alike", func(t *testing.T) {
		_, fresh, issued := c.speak(t)
		req := r.Build(issued)
		req.URL.Path = "/" + strings.ReplaceAll(req.URL.Path, "/", "//")
		if got := serve(fresh, req).Code; got != good {
			t.Errorf("HTTP %d, without the slashes %d", got, good)
		}
	})
	t.Run("is served after addresses and options changed under credentials that stay", func(t *testing.T) {
		_, d, own := c.speak(t)
		order := provider.IssueOrder{
			MerchantID: "demo0001", MerchantName: "Demo", Mode: pay.Test, KeepCredentials: true,
			CallbackURL: "http://new.test/hooks", ReturnURL: "http://new.test/return",
		}
		if _, err := d.Issue(t.Context(), order); err != nil {
			t.Fatalf("change addresses: %v", err)
		}
		if got := serve(d, r.Build(own)).Code; got != good {
			t.Errorf("HTTP %d, before it was %d", got, good)
		}
	})
	t.Run("is refused with another method", func(t *testing.T) {
		req := r.Build(issued)
		req.Method = http.MethodDelete
		refuse(t, "DELETE", req)
	})
	if r.Spoil != nil {
		t.Run("is refused with a wrong credential", func(t *testing.T) {
			refuse(t, "wrong credential", r.Spoil(r.Build(issued)))
		})
	}
	if req := r.Build(issued); req.Body == nil || req.Body == http.NoBody {
		return
	}
	t.Run("is refused with a broken or endless body", func(t *testing.T) {
		for name, body := range map[string]string{
			"broken JSON": "{\"amount\":", "a bare word": "nonsense", "broken XML": "<a><b></a>",
			"a document type": `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, "control characters": "\x00\x01\x02",
			"no body": "", "more than 1 MiB": "{\"amount\":\"" + strings.Repeat("1", oneMiB+1) + "\"}",
		} {
			req := r.Build(issued)
			req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			refuse(t, name, req)
		}
	})
}

// speak makes a dialect on a new gateway, with the demo merchant's credentials.
func (c Case) speak(t *testing.T) (*Gateway, provider.Dialect, map[string]string) {
	t.Helper()
	g := NewGateway()
	d := c.Provider.Speak(g)
	issued, err := Issue(t.Context(), d, provider.IssueOrder{
		MerchantID: "demo0001", MerchantName: "Demo", Mode: pay.Test, Demo: true,
		CallbackURL: "http://shop.test/hooks", ReturnURL: "http://shop.test/return",
	})
	if err != nil {
		t.Fatalf("issue: %v", err)
	}
	return g, d, issued
}

// refusal checks an answer for a 4xx in the provider's shape.
func (c Case) refusal(t *testing.T, what string, res *httptest.ResponseRecorder) {
	t.Helper()
	if res.Code < 400 || res.Code > 499 {
		t.Errorf("%s: HTTP %d, want a 4xx", what, res.Code)
		return
	}
	if c.Shape == nil {
		return
	}
	if err := c.Shape(res.Code, res.Header(), res.Body.Bytes()); err != nil {
		t.Errorf("%s: not in the provider's shape: %v", what, err)
	}
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Issue issues credentials and returns them in clear, by name.
func Issue(ctx context.Context, d provider.Dialect, o provider.IssueOrder) (map[string]string, error) {
	list, err := d.Issue(ctx, o)
	if err != nil {
		return nil, err
	}
	issued := map[string]string{}
	for _, i := range list {
		issued[i.Name] = i.Value.Reveal()
	}
	return issued, nil
}
