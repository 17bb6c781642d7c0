package browser_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

var axeSource = sync.OnceValues(func() (string, error) {
	source, err := os.ReadFile("testdata/axe/axe.min.js")
	return string(source), err
})

func TestTheAccessibilityCheckerIsTheOneThatItsNoticeNames(t *testing.T) {
	source, err := axeSource()
	if err != nil {
		t.Fatal(err)
	}
	notice, err := os.ReadFile("testdata/axe/NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(source))
	if !strings.Contains(string(notice), "sha256  "+hex.EncodeToString(sum[:])+"  axe.min.js") {
		t.Errorf("the file has %x, which the notice does not name", sum)
	}
}

// axe names each violation with the elements that break the rule.
const axe = `axe.run(document).then((r) => r.violations.map((v) =>
	v.id + ": " + v.help + " at " + v.nodes.map((n) => n.target.join(" ") + " (" + n.failureSummary + ")").join("; ")))`

// accessible holds the page to every rule of axe-core and keeps a picture of it.
func (b *tab) accessible(name string) {
	b.Helper()
	source, err := axeSource()
	if err != nil {
		b.Fatal(err)
	}
	ctx, end := context.WithTimeout(b.ctx, patience)
	defer end()
	// No value comes back from the first: it could not be carried over.
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](source+"\n;true")); err != nil {
		b.Fatalf("load axe-core: %v", err)
	}
	violations, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](axe, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("run axe-core: %v", err)
	}
	for _, v := range violations {
		b.Errorf("%s: %s", name, v)
	}
	b.keep(name)
}

// looked holds a page to the rules in the first language; the second one has the
// same elements around other words, so a picture of it is enough.
func (b *tab) looked(name string, l language) {
	b.Helper()
	if l.tag == languages[0].tag {
		b.accessible(name + "-" + l.tag)
		return
	}
	b.keep(name + "-" + l.tag)
}
