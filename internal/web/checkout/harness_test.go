package checkout_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/sandbox"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/web/checkout"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// shop is a merchant with a gateway, its pages and its sandbox.
type shop struct {
	*testing.T
	gateway *gateway.Gateway
	sandbox *sandbox.Sandbox
	store   *store.Store
	caller  provider.Caller
	url     string
	last    int

	mu  sync.Mutex
	now time.Time
}

func (w *shop) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *shop) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// open builds a shop whose customers answer after the delay.
func open(t *testing.T, delay string, others ...*provider.Provider) *shop {
	t.Helper()
	w := &shop{T: t, now: time.Now()}
	d, err := sandbox.ParseDelay(delay)
	w.must(err)
	box, err := secret.ParseKeyring(secret.NewKey())
	w.must(err)
	w.store, err = store.Open(t.Context(), ":memory:", store.Options{Now: w.clock})
	w.must(err)
	t.Cleanup(func() { w.must(w.store.Close()) })
	w.must(w.store.Migrate(t.Context()))
	w.sandbox = sandbox.New(sandbox.Config{Store: w.store, Delay: d, Now: w.clock})
	var pages http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { pages.ServeHTTP(rw, r) }))
	t.Cleanup(server.Close)
	w.url = server.URL
	out := outbound.New(outbound.Policy{AllowLoopback: true})
	w.gateway, err = gateway.New(gateway.Config{
		Store: w.store, Box: box, Providers: append(others, w.sandbox.Provider()), Outbound: out, Merchants: out,
		PublicURL: server.URL, Now: w.clock,
	})
	w.must(err)
	t.Cleanup(func() { w.must(w.gateway.Close(context.Background())) })
	w.sandbox.OnNews(w.gateway.TakeSandboxNews)
	pages = checkout.New(checkout.Config{Gateway: w.gateway, Now: w.clock})
	m, err := w.gateway.AddMerchant(t.Context(), gateway.NewMerchant{Name: "Boutique", Email: "boutique@example.com", Password: "un mot de passe"})
	w.must(err)
	w.caller = provider.Caller{MerchantID: m.ID, Mode: pay.Test, Front: pay.NativeFront}
	return w
}

func (w *shop) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// payment makes one whose customer has not chosen yet.
func (w *shop) payment(change ...func(*provider.Request)) pay.Transaction {
	w.Helper()
	w.last++
	req := provider.Request{
		Reference: fmt.Sprintf("commande-%d", w.last), Amount: money.New(15000, money.XAF), Description: "Deux pagnes <wax>",
	}
	for _, f := range change {
		f(&req)
	}
	tx, err := w.gateway.Create(w.Context(), w.caller, req)
	w.must(err)
	return tx
}

// returning sends the browser to the shop at the end.
func returning(method string) func(*provider.Request) {
	return func(r *provider.Request) {
		r.Checkout.Returns = map[pay.Status]pay.Return{
			pay.StatusSucceeded: {URL: "https://boutique.example/merci?a=1", Method: method, Fields: map[string]string{"transaction_id": "T1"}},
			pay.StatusFailed:    {URL: "https://boutique.example/echec", Method: method},
		}
	}
}

func (w *shop) now1(tx pay.Transaction) pay.Transaction {
	w.Helper()
	t, err := w.gateway.Find(w.Context(), w.caller, provider.Search{ID: tx.ID})
	w.must(err)
	return t
}

func (w *shop) has(tx pay.Transaction, want pay.Status) {
	w.Helper()
	if got := w.now1(tx).Status; got != want {
		w.Fatalf("payment is %s, want %s", got, want)
	}
}

// answer is what a browser got, redirects not followed.
type answer struct {
	status   int
	location string
	header   http.Header
	body     string
}

func (w *shop) do(req *http.Request) answer {
	w.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	w.must(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	w.must(err)
	return answer{resp.StatusCode, resp.Header.Get("Location"), resp.Header, string(b)}
}

func (w *shop) get(address string) answer {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), "GET", w.abs(address), nil)
	w.must(err)
	return w.do(req)
}

// post sends a form of "name=value" pairs.
func (w *shop) post(address string, pairs ...string) answer {
	w.Helper()
	form := url.Values{}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		form.Set(name, value)
	}
	req, err := http.NewRequestWithContext(w.Context(), "POST", w.abs(address), strings.NewReader(form.Encode()))
	w.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(req)
}

func (w *shop) abs(address string) string {
	if strings.HasPrefix(address, "/") {
		return w.url + address
	}
	return address
}

func page(tx pay.Transaction) string { return "/pay/" + tx.Checkout.Token }

// shows fails the test unless the answer has the status and all the texts.
func (w *shop) shows(a answer, status int, texts ...string) {
	w.Helper()
	if a.status != status {
		w.Fatalf("answer is %d %s, want %d\n%s", a.status, a.location, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			w.Errorf("the page lacks %q:\n%s", text, a.body)
		}
	}
}

func (w *shop) lacks(a answer, texts ...string) {
	w.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			w.Errorf("the page has %q:\n%s", text, a.body)
		}
	}
}

func (w *shop) leads(a answer, to string) answer {
	w.Helper()
	if a.status != http.StatusSeeOther || a.location != to {
		w.Fatalf("answer is %d to %q, want 303 to %q\n%s", a.status, a.location, to, a.body)
	}
	return a
}
