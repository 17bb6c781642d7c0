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

	"github.com/chromedp/cdproto/cdp"
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
func open(t *testing.T, lang string, more ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	ctx, end := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	b := &tab{T: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	prefer := network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}}
	b.do("set the tab up", append([]chromedp.Action[chromedp.Void]{
		command(network.Enable, network.EnableParams{}), command(log.Enable, cdp.Empty{}),
		command(network.SetExtraHTTPHeaders, prefer), small,
	}, more...)...)
	t.Cleanup(b.check)
	return b
}

// command is a command of the DevTools protocol whose answer is of no interest.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// withoutScript is a browser with JavaScript off.
func withoutScript() chromedp.Action[chromedp.Void] {
	return command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && strings.HasPrefix(u.Scheme, "http") && u.Hostname() != "127.0.0.1" {
			b.foreign = append(b.foreign, u.Host)
		}
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, fmt.Sprint(e.ExceptionDetails.Text, e.ExceptionDetails.URL))
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
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, end := context.WithTimeout(b.ctx, patience)
	defer end()
	if err := chromedp.Do(ctx, steps...); err != nil {
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
	b.do("type into "+field, chromedp.SendKeys(field, text))
}

func (b *tab) press(what string) {
	b.Helper()
	b.do("press "+what, chromedp.Click(what, chromedp.NodeVisible))
}

// text is what the page says, "" while there is none.
func (b *tab) text() string {
	ctx, end := context.WithTimeout(b.ctx, 5*time.Second)
	defer end()
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
	if err != nil {
		return "" // between two pages
	}
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
		ctx, end := context.WithTimeout(b.ctx, 5*time.Second)
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
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

// focused is the name of the field that the keyboard is at.
func (b *tab) focused() string {
	b.Helper()
	ctx, end := context.WithTimeout(b.ctx, patience)
	defer end()
	name, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.activeElement.name || ""`))
	if err != nil {
		b.Fatalf("look where the keyboard is: %v", err)
	}
	return name
}

// keep takes a picture of the whole page.
func (b *tab) keep(name string) {
	b.Helper()
	ctx, end := context.WithTimeout(b.ctx, 10*time.Second)
	defer end()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.Logf("no picture of %s: %v", name, err)
		return
	}
	if err := os.WriteFile(filepath.Join("screenshots", name+".png"), picture, 0o600); err != nil {
		b.Error(fmt.Errorf("keep picture: %w", err))
	}
}
