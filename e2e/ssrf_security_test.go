package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/pay"
)

// inward are addresses that lead into somebody's network, of every kind that
// internal/outbound holds at length, at every door that takes an address.
var inward = []string{
	"http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1:8080/", "http://100.64.0.1/", "http://169.254.169.254/latest/meta-data/",
	"http://0.0.0.0/", "http://0.1.2.3/", "http://224.0.0.1/", "http://240.0.0.1/", "http://255.255.255.255/", "http://192.0.2.1/", "http://198.18.0.1/",
	"http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/", "http://10.1/", "http://0/", "http://167772161/",
	"http://[::]/", "http://[::ffff:10.0.0.1]/", "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a00:1]/", "http://[2002:a00:1::]/", "http://[2001:0:1::1]/",
	"http://[fc00::1]/", "http://[fd00:ec2::254]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fec0::1]/", "http://[ff02::1]/",
	"http://shop.example@10.0.0.1/", "http://10.0.0.1#@shop.example/", "http://10.0.0.1./", "http://１０.０.０.１/", "http://①⓪.⓪.⓪.①/",
	"file:///etc/passwd", "gopher://10.0.0.1:6379/_FLUSHALL", "ftp://10.0.0.1/", "http://10.0.0.1\\.shop.example/", "https://10.0.0.1/",
}

// ownNetwork are those that development may call and production may not.
var ownNetwork = []string{"http://127.0.0.1:9/", "http://127.9.9.9:9/", "http://localhost:9/", "http://[::1]:9/", "http://[::ffff:127.0.0.1]:9/"}

// switchboard notes every address that the guard lets through, and connects to
// loopback alone.
type switchboard struct {
	mu      sync.Mutex
	dialled []string
}

func (s *switchboard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.mu.Lock()
	s.dialled = append(s.dialled, address)
	s.mu.Unlock()
	if at, err := netip.ParseAddrPort(address); err != nil || !at.Addr().Unmap().IsLoopback() {
		return nil, errors.New("tests connect to nothing but loopback")
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// beyond are the addresses noted that are not loopback, or all of them.
func (s *switchboard) beyond(loopbackToo bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.dialled), func(address string) bool {
		at, err := netip.ParseAddrPort(address)
		return !loopbackToo && err == nil && at.Addr().Unmap().IsLoopback()
	})
}

// TestNoDoorLeadsInward gives addresses of private networks to every field that
// takes an address: webhook endpoints, connections, the addresses of a
// merchant's dialects, and whatever field of a documented request named one.
func TestNoDoorLeadsInward(t *testing.T) {
	merchant := startShop(t)
	board := &switchboard{}
	dev := startGateway(t, func(c *app.Config) { c.CallbackURL, c.OperatorDelay, c.Dial = merchant.URL, "0", board.dial })
	var requests []heard
	for _, p := range dev.App.Providers() {
		requests = append(requests, namingAddresses(listenTo(t, dev, merchant, p), merchant.URL)...)
	}
	if len(requests) < 4 {
		t.Fatalf("%d documented requests name an address", len(requests))
	}
	knockInward(t, dev, requests, merchant.URL, inward)
	settle(t, dev)
	if got := board.beyond(false); len(got) != 0 {
		t.Errorf("dev dialled %v", got)
	}
	silent := &switchboard{}
	serve := startGateway(t, func(c *app.Config) {
		c.CallbackURL, c.OperatorDelay, c.Dial, c.AllowLoopback = "https://shop.example", "0", silent.dial, false
	})
	for i := range requests {
		requests[i].url = strings.Replace(requests[i].url, dev.URL, serve.URL, 1)
	}
	all := append(slices.Clone(inward), ownNetwork...)
	tried := knockInward(t, serve, requests, merchant.URL, all)
	settle(t, serve)
	if got := silent.beyond(true); len(got) != 0 {
		t.Errorf("serve dialled %v", got)
	}
	t.Logf("%d addresses at %d doors, %d tries under serve's policy, 0 dialled", len(all), len(requests)+8, tried)
}

// namingAddresses keeps one request of each path that names the shop's address,
// plain or escaped.
func namingAddresses(list []heard, shop string) []heard {
	var kept []heard
	seen := map[string]bool{}
	for _, h := range list {
		path, _, _ := strings.Cut(h.url, "?")
		if named := strings.Contains(h.url+h.body, shop) || strings.Contains(h.url+h.body, url.QueryEscape(shop)); named && !seen[path] {
			seen[path] = true
			kept = append(kept, h)
		}
	}
	return kept
}

// knockInward tries each address at each door, and counts.
func knockInward(t *testing.T, g *app.Running, requests []heard, shop string, addresses []string) (tried int) {
	t.Helper()
	plain := regexp.MustCompile(regexp.QuoteMeta(shop) + `[^"&<\s]*`)
	escaped := regexp.MustCompile(regexp.QuoteMeta(url.QueryEscape(shop)) + `(?:%2F|[\w.-])*`)
	demo := nativeCaller{g.URL, app.DemoAPIKey}
	live := liveMerchant(t, g)
	for i, address := range addresses {
		for _, h := range requests {
			r := h.fresh(uniqueName)
			for _, text := range []*string{&r.url, &r.body} {
				*text = escaped.ReplaceAllLiteralString(*text, url.QueryEscape(address))
				if text == &r.url {
					*text = plain.ReplaceAllLiteralString(*text, url.QueryEscape(address))
				} else {
					quoted, _ := json.Marshal(address)
					*text = plain.ReplaceAllLiteralString(*text, strings.Trim(string(quoted), `"`))
				}
			}
			if got := r.must(t); got.status >= 500 {
				t.Errorf("%s with %s: %v", r.url, address, got)
			}
			tried++
		}
		quoted, _ := json.Marshal(address)
		demo.request(http.MethodPost, "/v1/webhook_endpoints", `{"url":`+string(quoted)+`}`).must(t).refused(t, "a webhook endpoint at "+address, 422, "invalid_request", "url")
		if _, err := g.App.AddMerchant(t.Context(), fmt.Sprintf("Boutique %d", i), fmt.Sprintf("b%d@example.test", i), app.DialectSettings{CallbackURL: address}); err == nil {
			t.Errorf("a merchant's dialects may notify %s", address)
		}
		live.connectTo(t, g, address)
		tried += 2 + len(g.App.Providers())
	}
	return tried
}

// liveMerchant is one whose connections are its own.
func liveMerchant(t *testing.T, g *app.Running) nativeCaller {
	t.Helper()
	issued, err := g.App.AddMerchant(t.Context(), "Boutique réelle", "reelle@example.test", app.DialectSettings{})
	if err != nil {
		t.Fatal(err)
	}
	return nativeCaller{g.URL, issued.LiveKey.Reveal()}
}

// connectTo makes a connection by each provider to an address in place of the
// provider's own, and pays by it if that was taken.
func (n nativeCaller) connectTo(t *testing.T, g *app.Running, address string) {
	t.Helper()
	for _, p := range g.App.Providers() {
		values := map[string]string{}
		for _, f := range p.Credentials {
			values[f.Name] = f.Default
			if f.Required && f.Default == "" {
				values[f.Name] = strings.Repeat("A", 16)
			}
			if f.URL {
				values[f.Name] = address
			}
		}
		maps.DeleteFunc(values, func(_, v string) bool { return v == "" })
		credentials, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		got := n.request(http.MethodPost, "/v1/connections", `{"provider":"`+p.Name+`","credentials":`+string(credentials)+`}`).must(t)
		if got.status >= 500 {
			t.Errorf("connect %s to %s: %v", p.Name, address, got)
		}
		if got.status != http.StatusCreated {
			continue
		}
		id, _ := fields(t, got.body)["id"].(string)
		currency := p.Currencies[0]
		country := p.Countries[slices.IndexFunc(p.Countries, func(x string) bool { return usesCurrency(x, currency) })]
		paid := n.request(http.MethodPost, "/v1/payments", fmt.Sprintf(`{"reference":%q,"amount":%d,"currency":%q,"connection":%q,"method":{"type":%q,"phone":%q}}`,
			uniqueName(), price(currency).Minor, currency, id, pay.MobileMoney, payerIn(t, country, "0100"))).must(t)
		if paid.status >= 500 {
			t.Errorf("pay by %s at %s: %v", p.Name, address, paid)
		}
	}
}
