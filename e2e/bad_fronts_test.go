package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
	"github.com/passerelle-pay/passerelle/pay"
)

// Every front meets the same mischief, on both engines: PostgreSQL refuses
// texts that SQLite stores.
func TestNoFrontTakesWhatIsWrongNorFailsOnIt(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			merchant := startShop(t)
			w := startWatched(t, func(c *app.Config) {
				c.CallbackURL, c.OperatorDelay = merchant.URL, "0"
				if engine == "postgres" {
					c.DatabaseURL = pgtest.Database(t)
				}
			})
			g, kept := w.Running, secrets{}
			t.Run("native", func(t *testing.T) {
				provoke(t, g, "native", g.URL, nativeRequests(t, g), map[string]string{"api_key": app.DemoAPIKey})
			})
			for _, p := range g.App.Providers() {
				t.Run(p.Name, func(t *testing.T) {
					list := listenTo(t, g, merchant, p)
					credentials := g.App.DemoCredentials(p.Name)
					provoke(t, g, p.Name, g.App.Gateway.BaseURL(p.Name), list, credentials)
					kept.brought(p.Name, list, credentials)
				})
			}
			places := map[string]string{"the log": w.log.String()}
			if engine == "sqlite" {
				places = w.places(t)
			}
			kept.nowhereIn(t, places)
		})
	}
}

var cardDigits = regexp.MustCompile(`\b[0-9]{13,19}\b`)

// brought takes the secrets and the cards that a front's requests bring.
func (s secrets) brought(front string, list []heard, credentials map[string]string) {
	for name, value := range credentials {
		if len(value) > 5 && secretName(name) {
			s.add(front+" "+name, value)
		}
	}
	for _, h := range list {
		for _, number := range cardDigits.FindAllString(h.body, -1) {
			if pay.Luhn(number) {
				s.card(number)
			}
		}
	}
}

// secretName reports whether a credential of that name is one.
func secretName(name string) bool {
	for _, kind := range []string{"secret", "password", "key", "token", "keypass"} {
		if strings.Contains(name, kind) {
			return true
		}
	}
	return false
}

// provoke sends each accepted request again with one thing wrong about it.
func provoke(t *testing.T, g *app.Running, front, base string, list []heard, credentials map[string]string) {
	t.Helper()
	for _, h := range list {
		h.slashed(t, g, base)
		p := provoker{front: front, base: base, credentials: credentials}
		var refused []mischief
		for _, m := range append(h.mischiefs(uniqueName), h.impostures(credentials)...) {
			for _, what := range overlooked[front] {
				m.lenient = m.lenient || strings.HasPrefix(m.what, what)
			}
			if !m.lenient {
				refused = append(refused, m)
				continue
			}
			if got := m.must(t); got.status >= 400 {
				p.judge(t, h, m, got)
			}
		}
		settle(t, g)
		before := takeCensus(t, g)
		for _, m := range refused {
			p.judge(t, h, m, m.must(t))
			before = before.unchanged(t, g, m.what)
		}
	}
}

// provoker knows how a front refuses, and what it must not repeat.
type provoker struct {
	front, base string
	credentials map[string]string
}

func (p provoker) judge(t *testing.T, h heard, m mischief, got answer) {
	t.Helper()
	here := fmt.Sprintf("%s %.100s with %s", h.method, strings.TrimPrefix(h.url, p.base), m.what)
	if err := refusalOf(p.front, got); err != nil {
		t.Errorf("%s: %v", here, err)
	}
	if leaked := revealed(got.body, p.credentials); leaked != "" {
		t.Errorf("%s: the answer holds the caller's %s: %s", here, leaked, got.body)
	}
	// A path is what its sender asked for, and is told back as such.
	if path, _, _ := strings.Cut(m.url, "?"); strings.Contains(got.body, canary) && !strings.Contains(path, canary) {
		t.Errorf("%s: the answer repeats the wrong credential: %s", here, got.body)
	}
}

// canary is a credential that opens nothing.
const canary = "CANARYZ7Q4"

// impostures are the request with each of its credentials in turn wrong.
func (h heard) impostures(credentials map[string]string) []mischief {
	var list []mischief
	for name, value := range credentials {
		r := h.fresh(uniqueName)
		replace := func(text string) string {
			text = strings.ReplaceAll(text, url.QueryEscape(value), canary)
			return strings.ReplaceAll(text, value, canary)
		}
		wrong := request{r.method, replace(r.url), replace(r.body), http.Header{}}
		changed := wrong.url != r.url || wrong.body != r.body
		for field, values := range r.header {
			wrong.header[field] = []string{replace(values[0])}
			changed = changed || wrong.header[field][0] != values[0]
		}
		if changed {
			list = append(list, mischief{what: "a wrong " + name, request: wrong})
		}
	}
	for _, field := range []string{"Authorization", "X-Secret"} {
		if h.header.Get(field) != "" {
			list = append(list, mischief{what: "no " + field, request: h.fresh(uniqueName).with(field, "")},
				mischief{what: "a long " + field, request: h.fresh(uniqueName).with(field, "Bearer "+strings.Repeat("A", 20_000))})
		}
	}
	return list
}

// revealed names a secret of the caller that stands in a text.
func revealed(text string, credentials map[string]string) string {
	for name, value := range credentials {
		if secretName(name) && strings.Contains(text, value) {
			return name
		}
	}
	return ""
}

// slashed holds that doubled slashes change nothing: merchants join a base
// address and a path by hand.
func (h heard) slashed(t *testing.T, g *app.Running, base string) {
	t.Helper()
	want := h.fresh(uniqueName).must(t).status
	path, query, _ := strings.Cut(h.url, "?")
	for _, address := range []string{
		base + strings.ReplaceAll(strings.TrimPrefix(path, base), "/", "//"),
		strings.Replace(path, g.URL+"/", g.URL+"//", 1),
	} {
		doubled := h
		doubled.url = address + "?" + query
		if got := doubled.fresh(uniqueName).must(t); got.status != want {
			t.Errorf("%s: %v, want HTTP %d as without the doubled slashes", address, got, want)
		}
	}
}

// nativeRequests are requests that the native API takes.
func nativeRequests(t *testing.T, g *app.Running) []heard {
	t.Helper()
	header := http.Header{"Authorization": {"Bearer " + app.DemoAPIKey}, "Content-Type": {"application/json"}}
	made := request{http.MethodPost, g.URL + "/v1/payments", paymentBody(uniqueName()), header}.must(t)
	if made.status != http.StatusCreated {
		t.Fatalf("payment: %v", made)
	}
	id, _ := fields(t, made.body)["id"].(string)
	var list []heard
	add := func(method, path, body string, status int) {
		h := heard{request: request{method, g.URL + path, body, header.Clone()}, status: status}
		h.creates = strings.Contains(body, mark)
		if body == "" {
			h.header.Del("Content-Type")
		}
		list = append(list, h)
	}
	add(http.MethodPost, "/v1/payments", paymentBody(mark), 201)
	add(http.MethodPost, "/v1/payments", `{"reference":"`+mark+`","amount":200,"currency":"USD","method":{"type":"card","card":{"number":"4242424242424242","expiry":"12/39","cvv":"987"}}}`, 201)
	add(http.MethodPost, "/v1/payouts", paymentBody(mark), 201)
	add(http.MethodPost, "/v1/payouts/batches", `{"reference":"`+mark+`B","payouts":[`+paymentBody(mark)+`]}`, 201)
	add(http.MethodPost, "/v1/refunds", `{"reference":"`+mark+`","payment":"`+id+`","amount":1}`, 201)
	add(http.MethodPost, "/v1/payment_links", `{"reference":"`+mark+`","amount":200,"currency":"XAF","description":"Panier"}`, 201)
	add(http.MethodPost, "/v1/fees/quote", `{"kind":"payment","amount":200,"currency":"XAF"}`, 200)
	add(http.MethodPost, "/v1/accounts/lookup", `{"phone":"+24174000100"}`, 200)
	add(http.MethodPost, "/v1/webhook_endpoints", `{"url":"http://127.0.0.1:1/`+mark+`"}`, 201)
	add(http.MethodGet, "/v1/payments?reference=none&limit=3", "", 200)
	add(http.MethodGet, "/v1/payments/"+id, "", 200)
	add(http.MethodGet, "/v1/events?limit=3", "", 200)
	add(http.MethodGet, "/v1/fees/quote?amount=200&currency=XAF", "", 200)
	add(http.MethodGet, "/v1/operators?phone=%2B24174000100", "", 200)
	add(http.MethodGet, "/v1/balances", "", 200)
	add(http.MethodGet, "/v1/ledger/entries?limit=2", "", 200)
	return list
}

func paymentBody(reference string) string {
	return `{"reference":"` + reference + `","amount":200,"currency":"XAF","method":{"type":"mobile_money","phone":"+24174000100"}}`
}
