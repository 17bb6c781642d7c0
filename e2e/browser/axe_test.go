package browser_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/runtime"
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
	var violations []string
	b.do("check "+name, chromedp.ActionFunc(func(ctx context.Context) error {
		_, thrown, err := runtime.Evaluate(source).Do(ctx)
		if err == nil && thrown != nil {
			err = thrown
		}
		return err
	}), chromedp.Evaluate(axe, &violations, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithAwaitPromise(true)
	}))
	for _, v := range violations {
		b.Errorf("%s: %s", name, v)
	}
	b.keep(name)
}
