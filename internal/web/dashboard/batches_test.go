package dashboard_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const payroll = "reference;montant;devise;telephone;nom\n" +
	"paie-1;15 000;XAF;+241 66 00 01 00;Awa <N'Zué>\n" +
	"paie-2;20 000;XAF;+241 66 00 00 01;Paul\n" // 0001: insufficient funds

// upload sends a file as the form does.
func (b *browser) upload(name, content string, change ...func(*http.Request)) answer {
	b.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	b.must(form.WriteField("reference", name))
	b.must(form.WriteField("country", "GA"))
	part, err := form.CreateFormFile("file", "paie.csv")
	b.must(err)
	_, err = part.Write([]byte(content))
	b.must(err)
	b.must(form.Close())
	req, err := http.NewRequestWithContext(b.Context(), "POST", b.url+"/dashboard/batches", &body)
	b.must(err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Origin", b.url)
	for _, f := range change {
		f(req)
	}
	return b.do(req)
}

// draft uploads a file and gives the page of its preview.
func (b *browser) draft(name, content string) string {
	b.Helper()
	a := b.upload(name, content)
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/dashboard/batches/pob_") {
		b.Fatalf("answer is %d to %q\n%s", a.status, a.location, a.body)
	}
	return a.location
}

// batch finds the batch of a page, once nothing of it is left to do.
func (b *browser) batch(page string) (found gateway.Batch) {
	b.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		var err error
		found, err = b.gateway.FindBatch(b.Context(), b.caller, strings.TrimPrefix(page, "/dashboard/batches/"))
		b.must(err)
		if found.Row.NextWorkAt == 0 {
			return found
		}
	}
	b.Fatal("the batch was never worked")
	return found
}

func TestAFileIsSeenConfirmedPaidAndAccountedFor(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	page := b.draft("Paie de février", payroll)
	seen := b.shows(b.get(page), 200, "Paie de février", "paie-1", "paie-2", "&#43;24166000100", "Awa &lt;N&#39;Zué&gt;", "35\u00a0000\u00a0F\u00a0CFA", "Confirmer et payer")
	b.lacks(seen, "devra l'approuver", "À corriger")
	if n := len(must(b.gateway.ListBatches(t.Context(), b.caller, "", 10))); n != 0 {
		t.Fatalf("%d batches before the confirmation", n)
	}
	b.leads(b.post(page+"/confirm"), page+"?done=batchStarted")
	b.batch(page)
	b.leads(b.post(page+"/confirm"), page) // the button pressed twice
	if n := len(must(b.gateway.ListBatches(t.Context(), b.caller, "", 10))); n != 1 {
		t.Fatalf("%d batches", n)
	}
	done := b.shows(b.get(page), 200, "Terminé", "2 / 2", "Réussi 1", "Échoué 1", "Solde insuffisant", "241••••0100")
	b.lacks(done, "24166000100", "http-equiv", "<script")
	b.shows(b.get("/dashboard/batches"), 200, "Paie de février", "2 / 2", "awa@example.com")
	b.shows(b.get("/dashboard/audit"), 200, "batch.create", "Paie de février 35000 XAF")

	paid := b.batch(page).Payouts
	file := b.shows(b.get(page+"/result.csv"), 200)
	want := "\ufeffline;reference;amount;currency;status;reason;transaction;provider_reference\r\n"
	for i, t := range []struct{ amount, state string }{{"15000", "succeeded;"}, {"20000", "failed;insufficient_funds"}} {
		p := paid[0]
		if p.Reference != fmt.Sprint("paie-", i+1) {
			p = paid[1]
		}
		want += fmt.Sprintf("%d;paie-%d;%s;XAF;%s;%s;%s\r\n", i+2, i+1, t.amount, t.state, p.ID, p.ProviderReference)
	}
	if file.body != want || !strings.Contains(file.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("got\n%q\nwant\n%q", file.body, want)
	}
}

func TestAFileWithABadLineIsNotPaidAtAll(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	old := b.payment("+24166000100", func(r *provider.Request) { r.Kind, r.Reference = pay.Payout, "déjà-payée" })
	bad := payroll + "paie-1;5;XAF;+24166000100;\npaie-4;15.000;XAF;066 00 01 00;\n" + old.Reference + ";5;XAF;+24166000100;\npaie-6;5;EUR;+24166000100;\n"
	page := b.draft("Février", bad)
	b.shows(b.get(page), 200, "Lignes à corriger",
		"<td>4</td><td>référence</td><td>la référence est déjà plus haut dans le fichier</td><td>paie-1</td>",
		"<td>5</td><td>montant</td><td>montant ambigu",
		"<td>6</td><td>référence</td><td>la référence a déjà été payée",
		"<td>7</td><td>devise</td><td>devise inconnue")
	b.lacks(b.get(page), "Confirmer")
	b.lang = "en"
	b.shows(b.get(page), 200, "Lines to mend", "<td>7</td><td>currency</td><td>unknown currency")
	b.lang = "fr"
	b.shows(b.post(page+"/confirm"), 422, "rien n&#39;est payé")
	b.shows(b.post(page+"/discard"), 303)
	b.shows(b.get(page), 404)
	for content, says := range map[string]string{
		"PK\x03\x04": "pas un fichier CSV", "": "aucune ligne", "a;b\n": "titres des colonnes", "ref;tel\n": "cette colonne manque",
	} {
		b.shows(b.get(b.draft("X", content)), 200, says)
	}
	if n := len(must(b.gateway.ListBatches(t.Context(), b.caller, "", 10))); n != 0 {
		t.Errorf("%d batches were made", n)
	}
	b.shows(b.upload("Gros", strings.Repeat("x", 600<<10)), 422, "trop volumineux")
	b.shows(b.upload("Énorme", strings.Repeat("x", 3<<20)), 422, "trop volumineux")
	b.shows(b.upload("", payroll), 422, "référence")
	b.shows(b.post("/dashboard/batches", "reference=x"), 422, "Choisissez un fichier")
}

func TestAPreviewIsHeldToTheBooksOfTheMomentItIsConfirmed(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	page := b.draft("Février", payroll)
	b.payment("+24166000100", func(r *provider.Request) { r.Kind, r.Reference = pay.Payout, "paie-1" })
	b.shows(b.post(page+"/confirm"), 422, "la référence a déjà été payée")
	page = b.draft("Trop", "ref;montant;devise;tel\na;3 000 000;XAF;+24166000100\n")
	b.shows(b.get(page), 200, "le solde disponible ne suffit pas", "2\u00a0015\u00a0000\u00a0F\u00a0CFA") // 1,000,000 less 15,000
	b.leads(b.post(page+"/confirm"), page+"?done=batchStarted")
	b.batch(page)
	b.shows(b.get(page), 200, "Refusé 1", "Solde disponible insuffisant")
	b.shows(b.upload("Trop", payroll), 409, "déjà utilisée")
}

func TestABatchAboveTheOwnersLimitNeedsASecondPerson(t *testing.T) {
	t.Parallel()
	w := open(t)
	owner := w.owner("awa")
	b := owner.colleague(account.Operator)
	reader := owner.colleague(account.ReadOnly)
	b.shows(b.get("/dashboard/batches/limits"), 403)
	b.shows(b.post("/dashboard/batches/limits", "currency=XAF", "amount="), 403)
	owner.shows(owner.post("/dashboard/batches/limits", "currency=XAF", "amount=1,5"), 422, `value="1,5"`)
	owner.leads(owner.post("/dashboard/batches/limits", "currency=XAF", "amount=34 999"), "/dashboard/batches/limits?done=saved")
	owner.shows(owner.get("/dashboard/batches/limits"), 200, `value="34999"`, "34\u00a0999\u00a0F\u00a0CFA")

	page := b.draft("Février", payroll)
	b.lacks(b.shows(b.get(page), 200, "devra l&#39;approuver", "34\u00a0999\u00a0F\u00a0CFA", "awa@example.com", "demander l&#39;approbation"), "operator@example.com</p>")
	b.leads(b.post(page+"/confirm"), page+"?done=batchHeld")
	b.lacks(b.shows(b.get(page), 200, "À approuver", "0 / 2", "Retirer le lot"), page+"/approve")
	b.shows(b.post(page+"/approve"), 403, "autre personne")
	reader.lacks(reader.shows(reader.get(page), 200, "241••••0100"), "/approve", "/reject", "24166000100")
	reader.shows(reader.post(page+"/approve"), 403)
	reader.shows(reader.post(page+"/reject"), 403)
	if n := len(b.batch(page).Payouts); n != 0 {
		t.Fatalf("%d payouts before approval", n)
	}
	owner.shows(owner.get(page), 200, page+"/approve", "&#43;24166000100")
	owner.leads(owner.post(page+"/approve"), page+"?done=batchApproved")
	if n := len(b.batch(page).Payouts); n != 2 {
		t.Errorf("%d payouts after approval", n)
	}
	owner.shows(owner.post(page+"/approve"), 409, "plus de décision")
	owner.shows(owner.get(page), 200, "Approuvé par", "awa@example.com")
	owner.shows(owner.get("/dashboard/audit"), 200, "payout_limit.set", "batch.create", "batch.approve", "batch.approve.refused", "Une autre personne doit approuver ce lot")

	second := b.draft("Mars", strings.ReplaceAll(payroll, "paie", "mars"))
	b.leads(b.post(second+"/confirm"), second+"?done=batchHeld")
	owner.leads(owner.post(second+"/reject"), second+"?done=batchRejected")
	owner.shows(owner.get(second), 200, "Rejeté", "Non payé 2")
	owner.leads(owner.post("/dashboard/batches/limits", "currency=XAF", "amount="), "/dashboard/batches/limits?done=saved")
	third := b.draft("Avril", strings.ReplaceAll(payroll, "paie", "avril"))
	b.leads(b.post(third+"/confirm"), third+"?done=batchStarted")
	b.batch(third)
}

func TestBatchesAreKeptFromStrangers(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.owner("awa")
	reader, operator := b.colleague(account.ReadOnly), b.colleague(account.Operator)
	draft := b.draft("Février", payroll)
	made := b.draft("Mars", strings.ReplaceAll(payroll, "paie", "mars"))
	b.leads(b.post(made+"/confirm"), made+"?done=batchStarted")
	b.batch(made)
	stranger := w.owner("eve")
	for _, who := range []*browser{stranger, operator} { // a draft is its person's alone
		who.shows(who.get(draft), 404)
		who.shows(who.post(draft+"/confirm"), 404)
	}
	for _, path := range []string{made, made + "/result.csv", "/dashboard/batches/pob_%00", "/dashboard/batches/" + strings.Repeat("x", 99)} {
		stranger.shows(stranger.get(path), 404)
	}
	for _, act := range []string{"/approve", "/reject", "/confirm"} {
		stranger.shows(stranger.post(made+act), 404)
	}
	reader.shows(reader.upload("Avril", payroll), 403)
	reader.lacks(reader.shows(reader.get("/dashboard/batches"), 200, "Mars"), "enctype", "/dashboard/batches/limits")
	foreign := func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }
	b.shows(b.upload("Avril", payroll, foreign), 403, "autre site")
	for _, act := range []string{draft + "/confirm", draft + "/discard", made + "/approve", made + "/reject", "/dashboard/batches/limits"} {
		req := b.request("POST", act, nil)
		foreign(req)
		b.shows(b.do(req), 403, "autre site")
	}
	b.leads(b.post("/dashboard/mode", "mode=live"), "/dashboard/")
	b.shows(b.get(made), 404)
	b.shows(b.get(draft), 404)
}

func TestAResultFileHasNoFormulas(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	page := b.draft("=1+1", "ref;montant;devise;tel\n\"=HYPERLINK(\"\"http://x\"\")\";5;XAF;+24166000100\n@ref;5;XAF;+24166000100\n")
	b.leads(b.post(page+"/confirm"), page+"?done=batchStarted")
	b.batch(page)
	b.shows(b.get(page+"/result.csv"), 200, "\r\n2;\"'=HYPERLINK(\"\"http://x\"\")\";5;", "\r\n3;'@ref;5;")
}

func TestABatchAtWorkUpdatesItselfWithOrWithoutScript(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	page := b.draft("Février", "ref;montant;devise;tel\na;5;XAF;+24166000007\n") // 0007: a time-out, so that nobody knows
	b.leads(b.post(page+"/confirm"), page+"?done=batchStarted")
	b.batch(page)
	a := b.shows(b.get(page), 200, "En cours", "0 / 1", `<noscript><meta http-equiv="refresh"`, `src="/dashboard/static/live.js"`, `id="live" data-live`)
	if csp := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self'; script-src 'self'; object-src 'none'") {
		t.Errorf("policy %q", csp)
	}
	if s := b.get("/dashboard/static/live.js"); s.status != 200 || !strings.Contains(s.header.Get("Content-Type"), "javascript") {
		t.Errorf("the script is %d %v", s.status, s.header)
	}
}

func TestALongBatchPagesWithItsBadLinesFirst(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	b.must(b.gateway.SetPayoutLimit(t.Context(), b.caller, money.New(0, money.XAF)))
	var file strings.Builder
	file.WriteString("ref;montant;devise;tel\n")
	for i := range 150 {
		fmt.Fprintf(&file, "p-%03d;5;XAF;+24166000100\n", i)
	}
	page := b.draft("Long", file.String())
	b.leads(b.post(page+"/confirm"), page+"?done=batchHeld")
	b.lacks(b.shows(b.get(page), 200, "p-000", "p-099", `rel="next" href="?from=100"`), "p-100")
	b.lacks(b.shows(b.get(page+"?from=100"), 200, "p-100", "p-149", `rel="prev" href="?from=0"`), "p-099", `rel="next"`)
	b.shows(b.get(page+"?from=x"), 200, "p-000")
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
