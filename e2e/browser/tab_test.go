package browser_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// tab is a page of a browser with nothing in its memory.
type tab struct {
	*testing.T
	ctx context.Context

	mu      sync.Mutex
	foreign []string // hosts that are not this machine
	faults  []string // exceptions and breaches of the policy
}

// viewport of a cheap phone, and of a developer's screen.
var (
	small = chromedp.EmulateViewport(360, 740)
	large = chromedp.EmulateViewport(1200, 900)
)

// open makes a tab that prefers a language.
func open(t *testing.T, lang string, more ...chromedp.Action) *tab {
	t.Helper()
	ctx, end := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	b := &tab{T: t, ctx: ctx}
	chromedp.ListenTarget(ctx, b.hear)
	b.do("open a tab", append([]chromedp.Action{
		log.Enable(), network.Enable(), network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": lang}), small,
	}, more...)...)
	t.Cleanup(b.check)
	return b
}

// withoutScript is a browser with JavaScript off.
func withoutScript() chromedp.Action { return emulation.SetScriptExecutionDisabled(true) }

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && strings.HasPrefix(u.Scheme, "http") && u.Hostname() != "127.0.0.1" {
			b.foreign = append(b.foreign, u.Host)
		}
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if strings.Contains(e.Entry.Text, "Content Security Policy") {
			b.faults = append(b.faults, e.Entry.Text)
		}
	}
}

// check holds every test to what no page may do.
func (b *tab) check() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.foreign) > 0 {
		b.Errorf("the page asked %q", b.foreign)
	}
	if len(b.faults) > 0 {
		b.Errorf("the browser complains: %q", b.faults)
	}
	if b.Failed() {
		b.keep("failed-" + strings.ReplaceAll(b.Name(), "/", "-"))
	}
}

func (b *tab) do(what string, actions ...chromedp.Action) {
	b.Helper()
	ctx, end := context.WithTimeout(b.ctx, patience)
	defer end()
	if len(actions) == 0 {
		return
	}
	// The first run makes the tab and ties it to its context, which must last.
	if chromedp.FromContext(b.ctx).Target == nil {
		ctx = b.ctx
	}
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.keep("failed-" + strings.ReplaceAll(b.Name(), "/", "-"))
		b.Fatalf("%s: %v\n%s", what, err, b.text())
	}
}

func (b *tab) visit(address string) {
	b.Helper()
	b.do("open "+address, chromedp.Navigate(address))
}

func (b *tab) typeIn(field, text string) {
	b.Helper()
	b.do("type into "+field, chromedp.SendKeys(field, text, chromedp.ByQuery))
}

func (b *tab) press(what string) {
	b.Helper()
	b.do("press "+what, chromedp.Click(what, chromedp.ByQuery, chromedp.NodeVisible))
}

// text is what the page says, "" while there is none.
func (b *tab) text() string {
	ctx, end := context.WithTimeout(b.ctx, 5*time.Second)
	defer end()
	var said string
	_ = chromedp.Run(ctx, chromedp.Evaluate(`document.body ? document.body.innerText : ""`, &said))
	return strings.ReplaceAll(said, "\u00a0", " ")
}

// says waits until the page shows all the texts: it moves on by itself.
func (b *tab) says(texts ...string) {
	b.Helper()
	deadline := time.Now().Add(patience)
	for {
		said, missing := b.text(), ""
		for _, text := range texts {
			if !strings.Contains(said, text) {
				missing = text
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(deadline) {
			b.keep("failed-" + strings.ReplaceAll(b.Name(), "/", "-"))
			b.Fatalf("the page does not say %q but\n%s", missing, said)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// holds waits until an expression is true in the page.
func (b *tab) holds(expression string) {
	b.Helper()
	deadline := time.Now().Add(patience)
	for {
		var is bool
		ctx, end := context.WithTimeout(b.ctx, 5*time.Second)
		err := chromedp.Run(ctx, chromedp.Evaluate(expression, &is))
		end()
		if err == nil && is {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s does not hold (%v) on\n%s", expression, err, b.text())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// keep takes a picture of the whole page.
func (b *tab) keep(name string) {
	b.Helper()
	ctx, end := context.WithTimeout(b.ctx, 10*time.Second)
	defer end()
	var picture []byte
	if err := chromedp.Run(ctx, chromedp.FullScreenshot(&picture, 100)); err != nil {
		b.Logf("no picture of %s: %v", name, err)
		return
	}
	if err := os.WriteFile(filepath.Join("screenshots", name+".png"), picture, 0o600); err != nil {
		b.Error(fmt.Errorf("keep picture: %w", err))
	}
}
