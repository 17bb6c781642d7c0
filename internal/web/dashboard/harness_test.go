package dashboard_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/api"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/sandbox"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/web/dashboard"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const password = "un mot de passe"

// house is a gateway with its dashboard and two merchants.
type house struct {
	*testing.T
	gateway  *gateway.Gateway
	accounts *account.Accounts
	store    *store.Store
	url      string
	last     int

	mu  sync.Mutex
	now time.Time
}

// browser keeps the cookies of somebody at one of the house's doors.
type browser struct {
	*house
	cookies map[string]string
	caller  provider.Caller
	lang    string
	person  account.Person
}

func (w *house) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *house) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func open(t *testing.T, others ...*provider.Provider) *house {
	t.Helper()
	w := &house{T: t, now: time.Now()}
	box, err := secret.ParseKeyring(secret.NewKey())
	w.must(err)
	w.store, err = store.Open(t.Context(), ":memory:", store.Options{Now: w.clock})
	w.must(err)
	t.Cleanup(func() { w.must(w.store.Close()) })
	w.must(w.store.Migrate(t.Context()))
	operators := sandbox.New(sandbox.Config{Store: w.store, Now: w.clock})
	var pages http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { pages.ServeHTTP(rw, r) }))
	t.Cleanup(server.Close)
	w.url = server.URL
	out := outbound.New(outbound.Policy{AllowLoopback: true})
	w.gateway, err = gateway.New(gateway.Config{
		Store: w.store, Box: box, Providers: append(others, operators.Provider()), Outbound: out, Merchants: out,
		PublicURL: server.URL, Now: w.clock,
	})
	w.must(err)
	t.Cleanup(func() { w.must(w.gateway.Close(context.Background())) })
	operators.OnNews(w.gateway.TakeSandboxNews)
	w.accounts = &account.Accounts{Store: w.store, Box: box, Now: w.clock}
	hooks := webhook.New(webhook.Config{Store: w.store, Box: box, Outbound: out, Render: api.Render, Now: w.clock})
	dialects := map[string]provider.Dialect{}
	for _, p := range others {
		if p.Speak != nil {
			dialects[p.Name] = p.Speak(gateway.Port{Gateway: w.gateway})
		}
	}
	pages = dashboard.New(dashboard.Config{Gateway: w.gateway, Accounts: w.accounts, Webhooks: hooks, Dialects: dialects, Now: w.clock})
	return w
}

func (w *house) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// owner makes a merchant and signs its owner in.
func (w *house) owner(name string) *browser {
	w.Helper()
	m, err := w.gateway.AddMerchant(w.Context(), gateway.NewMerchant{Name: name, Email: name + "@example.com", Password: password})
	w.must(err)
	return w.enter(m.ID, name+"@example.com", password)
}

func (w *house) enter(merchant, email string, password pay.Secret) *browser {
	w.Helper()
	token, err := w.accounts.SignIn(w.Context(), email, password, "", "192.0.2.1")
	w.must(err)
	p, err := w.accounts.Session(w.Context(), token, "192.0.2.1")
	w.must(err)
	return &browser{
		house: w, cookies: map[string]string{"passerelle_session": token.Reveal()}, person: p, lang: "fr",
		caller: provider.Caller{MerchantID: merchant, Mode: pay.Test, Front: pay.NativeFront},
	}
}

// colleague lets somebody of a role in.
func (b *browser) colleague(role account.Role) *browser {
	b.Helper()
	email := string(role) + "@example.com"
	first, err := b.accounts.AddUser(b.Context(), b.person, email, role)
	b.must(err)
	return b.enter(b.caller.MerchantID, email, first)
}

// payment makes one by mobile money; the number's end decides its outcome.
func (b *browser) payment(phone string, change ...func(*provider.Request)) pay.Transaction {
	b.Helper()
	b.last++
	req := provider.Request{
		Kind: pay.Payment, Reference: fmt.Sprintf("commande-%d", b.last), Amount: money.New(15000, money.XAF), Description: "Deux pagnes <wax>",
		Method: pay.Method{Type: pay.MobileMoney, Phone: phone},
	}
	for _, f := range change {
		f(&req)
	}
	tx, err := b.gateway.Create(b.Context(), b.caller, req)
	b.must(err)
	b.advance(time.Second)
	return tx
}

func (b *browser) find(id string) pay.Transaction {
	b.Helper()
	t, err := b.gateway.Find(b.Context(), b.caller, provider.Search{ID: id})
	b.must(err)
	return t
}

type answer struct {
	status   int
	location string
	header   http.Header
	body     string
}

func (b *browser) do(req *http.Request) answer {
	b.Helper()
	for name, value := range b.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if req.Header.Get("Accept-Language") == "" {
		req.Header.Set("Accept-Language", b.lang)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	b.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	b.must(err)
	for _, c := range resp.Cookies() {
		b.cookies[c.Name] = c.Value
	}
	return answer{resp.StatusCode, resp.Header.Get("Location"), resp.Header, string(body)}
}

func (b *browser) request(method, path string, pairs []string) *http.Request {
	b.Helper()
	form := url.Values{}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		form.Add(name, value)
	}
	req, err := http.NewRequestWithContext(b.Context(), method, b.url+path, strings.NewReader(form.Encode()))
	b.must(err)
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", b.url)
	}
	return req
}

func (b *browser) get(path string) answer {
	b.Helper()
	return b.do(b.request("GET", path, nil))
}

func (b *browser) post(path string, pairs ...string) answer {
	b.Helper()
	return b.do(b.request("POST", path, pairs))
}

// asked posts a form that is asked about first, answers the question as its page
// does, and gives what came of it.
func (b *browser) asked(path string, pairs ...string) answer {
	b.Helper()
	a := b.shows(b.post(path, pairs...), http.StatusOK, `name="sure" value="1"`)
	var again []string
	_, form, _ := strings.Cut(a.body, "<main")
	for _, m := range hidden.FindAllStringSubmatch(form, -1) {
		again = append(again, html.UnescapeString(m[1])+"="+html.UnescapeString(m[2]))
	}
	return b.post(path, append(again, "sure=1")...)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

func (b *browser) shows(a answer, status int, texts ...string) answer {
	b.Helper()
	if a.status != status {
		b.Fatalf("answer is %d %s, want %d\n%s", a.status, a.location, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			b.Errorf("the page lacks %q:\n%s", text, a.body)
		}
	}
	return a
}

func (b *browser) lacks(a answer, texts ...string) {
	b.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			b.Errorf("the page has %q:\n%s", text, a.body)
		}
	}
}

func (b *browser) leads(a answer, to string) answer {
	b.Helper()
	if a.status != http.StatusSeeOther || a.location != to {
		b.Fatalf("answer is %d to %q, want 303 to %q\n%s", a.status, a.location, to, a.body)
	}
	return a
}
