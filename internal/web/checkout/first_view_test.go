package checkout_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// firstView is what TCP carries in its first round trip with ten segments (RFC 6928).
const firstView = 14 << 10

// wired is what an address costs over the wire, headers included, and its body.
func (w *shop) wired(path string) (size int, body string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), "GET", w.abs(path), nil)
	w.must(err)
	req.Header.Set("Accept-Encoding", "gzip, deflate, br")
	resp, err := http.DefaultTransport.RoundTrip(req) // does not unpack what it was asked for by hand
	w.must(err)
	defer resp.Body.Close()
	packed, err := io.ReadAll(resp.Body)
	w.must(err)
	if resp.Header.Get("Content-Encoding") != "gzip" {
		w.Fatalf("%s comes as %q, want gzip", path, resp.Header.Get("Content-Encoding"))
	}
	size = len(packed)
	for name, values := range resp.Header {
		size += len(name) + len(strings.Join(values, ",")) + 4
	}
	return size, w.get(path).body
}

// The longest form: every country of the widest currency, a card and a QR code.
func TestTheFirstViewFitsIntoFourteenKilobytes(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	tx := w.payment(func(r *provider.Request) {
		r.Amount, r.Description = money.New(1_250_000, money.XOF), strings.Repeat("Trois pagnes tissés main ", 8)
	})
	for _, lang := range []string{"fr", "en"} {
		path := page(tx) + "?lang=" + lang
		size, body := w.wired(path)
		for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+\.(?:js|css|svg|png|ico|woff2?)[^"]*)"`).FindAllStringSubmatch(body, -1) {
			more, _ := w.wired(m[1])
			size += more
		}
		t.Logf("%s: %d bytes with all it loads", lang, size)
		if size > firstView {
			t.Errorf("the first view in %s is %d bytes, over %d", lang, size, firstView)
		}
		if !strings.Contains(body, "wave_ci") || !strings.Contains(body, `name="cvv"`) || !strings.Contains(body, "<svg role") {
			t.Error("what was measured is not the whole form")
		}
	}
}

func TestNothingIsLoadedFromElsewhere(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	a := w.get(page(w.payment()))
	for _, m := range regexp.MustCompile(`(?:src|href|action|url)=?\(?"?((?:https?:)?//[^"\s)]+)`).FindAllStringSubmatch(a.body, -1) {
		t.Errorf("the page names %s", m[1])
	}
}

func TestThePolicyNamesTheStyleSheetThatThePageHas(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	a := w.get(page(w.payment()))
	_, rest, _ := strings.Cut(a.body, "<style>")
	style, _, ok := strings.Cut(rest, "</style>")
	if !ok || style == "" {
		t.Fatal("the page has no style sheet")
	}
	sum := sha256.Sum256([]byte(style))
	want := fmt.Sprintf("style-src 'sha256-%s';", base64.StdEncoding.EncodeToString(sum[:]))
	if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, want) {
		t.Errorf("policy %q lacks %q", policy, want)
	}
}

func TestABrowserThatTakesNoGzipGetsThePlainPage(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	tx := w.payment()
	for _, accept := range []string{"", "identity", "gzip;q=0", "br"} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", w.abs(page(tx)), nil)
		w.must(err)
		req.Header.Set("Accept-Encoding", accept)
		if a := w.do(req); a.header.Get("Content-Encoding") != "" || !strings.HasPrefix(a.body, "<!DOCTYPE html>") {
			t.Errorf("%q got %q: %.40q", accept, a.header.Get("Content-Encoding"), a.body)
		}
	}
}

func TestAFormOnAnotherSiteIsRefused(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	tx := w.payment()
	for _, step := range []string{"", "/otp", "/cancel", "/challenge"} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", w.abs(page(tx)+step), strings.NewReader("method=mobile_money&phone=%2B24166000100"))
		w.must(err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "https://ailleurs.example")
		w.shows(w.do(req), http.StatusForbidden)
	}
	if n := w.now1(tx).Attempts; n != 0 {
		t.Errorf("%d attempts", n)
	}
}

func TestThePageShowsWhoIsPaidAndSuggestsTheOperator(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	a := w.get(page(w.payment(func(r *provider.Request) { r.Customer.Phone = "+24166000100" })))
	w.shows(a, 200, "<strong>Boutique</strong>", `value="moov_ga" data-prefixes="6" checked`, `value="GA" selected`, `role="timer" data-left="`)
	a = w.get(page(w.payment()))
	w.shows(a, 200, `name="operator" value="" checked`)
	a = w.get(page(w.payment(func(r *provider.Request) { r.Amount = money.New(100, money.GNF) })))
	w.shows(a, 200, `type="hidden" name="country" value="GN"`, "Guinée (+224)") // one country is no choice, and is said
	icon := regexp.MustCompile(`rel="icon" href="([^"]+)"`).FindStringSubmatch(a.body)
	if icon == nil {
		t.Fatal("the page names no icon, so that browsers ask for one that is not there")
	}
	if a := w.get(icon[1]); a.status != 200 || a.header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(a.header.Get("Cache-Control"), "immutable") {
		t.Errorf("the icon is %d %v", a.status, a.header)
	}
}

func TestALockedNumberIsOfferedItsOwnCountrysOperators(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	a := w.get(page(w.payment(func(r *provider.Request) { r.Checkout.LockedPhone = "+24177000100" })))
	w.shows(a, 200, "••••0100", `value="airtel_ga" data-prefixes="7" checked`, "moov_ga")
	w.lacks(a, "mtn_cm", "airtel_cg")
}

// counter is a rail whose customers pay cash on showing a code.
type counter struct{}

func (counter) Submit(context.Context, provider.Order) (provider.Result, error) {
	return provider.Result{Outcome: pay.OutcomePending, NextAction: pay.NextAction{
		Type: pay.ShowCode, Code: "48217730", ExpiresAt: time.Now().Add(30 * time.Minute),
	}}, nil
}

func (counter) Status(context.Context, provider.Ref) (provider.Result, error) {
	return provider.Result{Outcome: pay.OutcomePending}, nil
}

func TestACodeForTheCounterIsShownWithItsTime(t *testing.T) {
	t.Parallel()
	rail := &provider.Provider{
		Name: "guichet", Currencies: []money.Currency{money.XAF}, Countries: []string{"GA"},
		Takes:     []provider.Capability{{Kind: pay.Payment, Method: pay.MobileMoney}},
		Reference: provider.ReferenceRule{Prefix: "PS", Length: 20},
		Connect:   func(provider.Environment) (provider.Connector, error) { return counter{}, nil },
	}
	w := open(t, "0", rail)
	w.caller.Mode = pay.Live
	_, err := w.gateway.AddConnection(t.Context(), gateway.NewConnection{MerchantID: w.caller.MerchantID, Mode: pay.Live, Provider: "guichet"})
	w.must(err)
	tx := w.payment()
	a := w.get(page(tx))
	w.shows(a, 200, "Mobile Money", "Airtel Money")
	w.lacks(a, "Carte bancaire", `name="cvv"`, "mtn_cm") // this rail takes no card, and serves Gabon alone
	from := w.get(page(w.payment(func(r *provider.Request) { r.Customer.Country = "CM" })))
	w.shows(from, 200, `type="hidden" name="country" value="GA"`, "Gabon (+241)") // wherever the customer lives
	w.leads(w.post(page(tx), "method=mobile_money", "country=GA", "phone=066000100"), page(tx)+"?flow=1")
	w.shows(w.get(page(tx)), 200, "Présentez ce code", `<p class="code">48217730</p>`, `role="timer" data-left="`, "min")
}
