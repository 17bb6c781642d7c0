package browser_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// batchWords are what the pages of bulk payouts say in one language.
type batchWords struct {
	tag, confirm, done, mend, ambiguous string
}

var batchLanguages = []batchWords{
	{"fr", "Confirmer et payer", "Terminé", "Lignes à corriger", "montant ambigu"},
	{"en", "Confirm and pay", "Completed", "Lines to mend", "ambiguous amount"},
}

// upload signs the demo merchant's owner in and gives the form a file.
func (b *tab) upload(s *site, name, content string) {
	b.Helper()
	path := filepath.Join(b.TempDir(), name+".csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
	b.visit(s.url + "/dashboard/sign-in?next=/dashboard/batches")
	b.typeIn("input[name=email]", "demo@passerelle.test")
	b.typeIn("input[name=password]", "demo-password")
	b.press("main button")
	b.typeIn("input[name=reference]", name)
	b.do("choose a file", chromedp.SetUploadFiles("input[name=file]", []string{path}))
	b.press(`form[enctype] button`)
}

func TestAFileIsCheckedConfirmedAndFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	s := start(t, "0")
	for _, l := range batchLanguages {
		for name, setup := range map[string][]chromedp.Action[chromedp.Void]{
			"with script": {large}, "without script": {large, withoutScript()},
		} {
			t.Run(l.tag+" "+name, func(t *testing.T) {
				t.Parallel()
				b := open(t, l.tag, setup...)
				reference := l.tag + " " + name
				b.upload(s, reference, "reference;montant;devise;telephone;nom\n"+reference+";15 000;XAF;+24166000007;Awa\n")
				b.says(l.confirm, "+24166000007")
				if len(setup) == 1 {
					b.accessible("batch-preview-" + l.tag)
				}
				b.press(`form[action$="/confirm"] button`)
				b.says(l.done, "1 / 1") // by itself: 0007 times out, and is asked about ten seconds later
				if len(setup) == 1 {
					b.accessible("batch-done-" + l.tag)
				}
			})
		}
	}
}

func TestAFileWithABadLineSaysWhichAndOffersNoPayment(t *testing.T) {
	t.Parallel()
	for _, l := range batchLanguages {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			s := start(t, "0")
			b := open(t, l.tag)
			b.upload(s, "Paie", "reference;montant;devise;telephone\npaie-1;15.000;XAF;+24166000120\n")
			b.says(l.mend, l.ambiguous, "paie-1")
			b.holds(`document.querySelector('form[action$="/confirm"]') === null`)
			b.accessible("batch-mend-" + l.tag)
		})
	}
}
