package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestAStatementIsComparedAndItsDifferencesAreShown(t *testing.T) {
	t.Parallel()
	for _, l := range []struct{ tag, there, missing, resolved, bad string }{
		{"fr", "Payé là-bas, pas ici", "Absent ici", "L'écart est résolu.", "Ce n'est pas un montant"},
		{"en", "Paid there, not here", "Missing here", "The difference is resolved.", "Not an amount"},
	} {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			s := start(t, "0")
			refused := s.charged("refusee", "0001")
			refused.has("failed")
			b := open(t, l.tag, large)
			b.signIn(s, "reconciliation")
			upload := func(name, line string) {
				path := filepath.Join(t.TempDir(), name)
				content := "Réf;Montant;Devise;Statut;Type;Date\n" + line
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				b.visit(s.url + "/dashboard/reconciliation")
				b.do("choose a file", chromedp.SetUploadFiles("input[name=file]", []string{path}))
				b.press("form[enctype] button")
			}
			day := time.Now().UTC().Format(time.DateOnly)
			upload("bad.csv", "X-1;douze;XAF;paid;payment;"+day+"\n")
			b.says("bad.csv", l.bad)
			b.accessible("reconciliation-bad-" + l.tag)
			// The reference at the operator is our transaction's id or theirs; an
			// unknown one is money that the books do not have.
			upload("mars.csv", fmt.Sprintf("%s;15 000;XAF;paid;payment;%s\nX-2;5000;XAF;paid;payment;%s\n", refused.id, day, day))
			b.says("mars.csv", l.there, l.missing)
			b.accessible("reconciliation-" + l.tag)
			b.visit(s.url + "/dashboard/reconciliation")
			b.press(`main a[href*="difference=missing_here"]`)
			b.press(`main td a`)
			b.typeIn("input[name=note]", "Vu avec le prestataire")
			b.press(`form[action$="/resolve"] button`)
			b.says(l.resolved)
			b.accessible("reconciliation-case-" + l.tag)
		})
	}
}
