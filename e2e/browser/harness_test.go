// Package browser_test drives the pages in a real Chromium: what a payer, and a
// developer with the virtual phones, see and press.
//
// Pictures of each state are left in screenshots/, which Git ignores.
package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
)

// patience bounds what a busy machine may make slow.
const patience = 40 * time.Second

// browser is the one Chromium of all tests; each test has a profile of its own in it.
var browser context.Context

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, // tests may run as root, and open nothing but pages of ours
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(patience),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	defer stop()
	var end context.CancelFunc
	browser, end = chromedp.NewContext(allocator)
	defer end()
	if err := chromedp.Do(browser); err != nil {
		fmt.Fprintln(os.Stderr, "start Chromium (scripts/test-deps.sh installs it):", err)
		return 1
	}
	if err := os.MkdirAll("screenshots", 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// Most of a test is waiting for a page that looks again a second later, so
	// more of them run beside each other than there are processors.
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// site is a gateway with its sandbox.
type site struct {
	*testing.T
	url string

	mu   sync.Mutex
	last int
}

// start runs a gateway whose simulated customers answer after the delay.
func start(t *testing.T, delay string) *site {
	t.Helper()
	keys, err := secret.ParseKeyring(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	running, err := app.Start(context.Background(), app.Config{
		Addr: "127.0.0.1:0", DatabaseURL: ":memory:", Keys: keys, AllowLoopback: true, Sandbox: true,
		OperatorDelay: delay, Demo: true, DrainFor: 20 * time.Second, Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Drain(); err != nil {
			t.Errorf("drain: %v", err)
		}
	})
	return &site{T: t, url: running.URL}
}

// call sends a JSON request of the demo merchant and returns the answer.
func (s *site) call(method, path, body string) map[string]any {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer sk_test_demo")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	var answer map[string]any
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&answer); err != nil || resp.StatusCode >= 300 {
		s.Fatalf("%s %s answers %d %s", method, path, resp.StatusCode, text)
	}
	return answer
}

// payment makes one that its customer pays on the hosted page.
func (s *site) payment() payment {
	s.Helper()
	s.mu.Lock()
	s.last++
	reference := fmt.Sprintf("commande-%d", s.last)
	s.mu.Unlock()
	made := s.call("POST", "/v1/payments", fmt.Sprintf(
		`{"reference":%q,"amount":15000,"currency":"XAF","return_url":%q}`, reference, s.url+"/sandbox/return?outcome=success"))
	next, _ := made["next_action"].(map[string]any)
	return payment{site: s, id: made["id"].(string), page: next["url"].(string)}
}

// payment is one with its page.
type payment struct {
	site     *site
	id, page string
}

// has waits until the payment is as it should be.
func (p payment) has(status string) {
	p.site.Helper()
	var now any
	deadline := time.Now().Add(patience)
	for now = p.read()["status"]; now != status; now = p.read()["status"] {
		if time.Now().After(deadline) {
			p.site.Fatalf("the payment is %v, want %s", now, status)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (p payment) read() map[string]any {
	p.site.Helper()
	return p.site.call("GET", "/v1/payments/"+p.id, "")
}
