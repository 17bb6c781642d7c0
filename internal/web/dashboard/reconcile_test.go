package dashboard_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// rail is the id of the merchant's sandbox connection.
func (b *browser) rail() string {
	b.Helper()
	rows, err := b.store.Read().ListConnections(b.Context(), sqlgen.ListConnectionsParams{MerchantID: b.caller.MerchantID, Mode: "test"})
	b.must(err)
	return rows[0].ID
}

// statement uploads one as the form does.
func (b *browser) statement(content string, fields ...string) answer {
	b.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	b.must(form.WriteField("connection", b.rail()))
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		b.must(form.WriteField(name, value))
	}
	part, err := form.CreateFormFile("file", `C:\relevés\mars.csv`)
	b.must(err)
	_, err = part.Write([]byte(content))
	b.must(err)
	b.must(form.Close())
	req, err := http.NewRequestWithContext(b.Context(), "POST", b.url+"/dashboard/reconciliation", &body)
	b.must(err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Origin", b.url)
	return b.do(req)
}

// ended waits until the run of an upload has ended, and gives its page.
func (b *browser) ended(uploaded answer) answer {
	b.Helper()
	if uploaded.status != http.StatusSeeOther {
		b.Fatalf("the upload is answered %d\n%s", uploaded.status, uploaded.body)
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		a := b.shows(b.get(uploaded.location), 200)
		if !strings.Contains(a.body, "data-live") {
			return a
		}
		if time.Now().After(deadline) {
			b.Fatal("the run does not end")
		}
	}
}

// reference is that of a payment's last attempt, as the provider knows it.
func (b *browser) reference(t pay.Transaction) string {
	b.Helper()
	list, err := store.Attempts(b.Context(), b.store.Read(), t.MerchantID, t.ID)
	b.must(err)
	return list[len(list)-1].Reference
}

var casePath = regexp.MustCompile(`/dashboard/reconciliation/cases/rca_[a-z0-9]+`)

func TestAStatementIsUploadedComparedAndItsDifferencesResolved(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	tx := b.payment("+24166000001") // which fails for want of money
	b.shows(b.get("/dashboard/reconciliation"), 200, "Nouveau relevé", "Aucun écart ouvert.", `name="column.provider_reference"`)
	day := b.clock().UTC().Format(time.DateOnly)
	file := "reference;amount;currency;status;kind;date\n" +
		fmt.Sprintf("%s;15 000;XAF;paid;payment;%s\n", b.reference(tx), day) +
		fmt.Sprintf("=HYPERLINK(1);5000;XAF;paid;payment;%s\n", day)
	page := b.ended(b.statement(file))
	b.shows(page, 200, "mars.csv", "Terminé", "Payé là-bas, pas ici", "Inconnu ne veut pas dire échoué")
	b.lacks(page, "relevés\\", "data-live")
	list := b.shows(b.get("/dashboard/reconciliation/cases?connection="+b.rail()), 200, "Absent ici", "5\u00a0000\u00a0F\u00a0CFA", "Vérifier maintenant")
	paths := casePath.FindAllString(list.body, -1)
	if len(paths) != 2 {
		t.Fatalf("%d cases are listed:\n%s", len(paths), list.body)
	}
	b.shows(b.get("/dashboard/reconciliation"), 200, "Écarts ouverts", `cases?connection=`+b.rail()+`&amp;difference=missing_here`)

	// The file for spreadsheets holds no formula and opens in French.
	out := b.shows(b.get("/dashboard/reconciliation/cases.csv?connection="+b.rail()), 200, "'=HYPERLINK(1)", ";missing_here;")
	if !strings.HasPrefix(out.body, "\ufeff") {
		t.Error("the file has no byte order mark")
	}
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.body, "\ufeff")))
	reader.Comma = ';'
	if rows, err := reader.ReadAll(); err != nil || len(rows) != 3 {
		t.Errorf("%d rows, %v", len(rows), err)
	}

	// A case ends with a note, once, and the trail says who did it.
	unknown := paths[0]
	if !strings.Contains(b.get(unknown).body, "HYPERLINK") {
		unknown = paths[1]
	}
	b.shows(b.post(unknown+"/resolve", "note=  "), 422, "Dites ce qui a été fait")
	b.shows(b.post(unknown+"/check"), 409, "rien à vérifier")
	b.leads(b.post(unknown+"/resolve", "note=Client <retrouvé>"), unknown+"?done=caseResolved")
	b.shows(b.get(unknown), 200, "Résolu", "awa@example.com", "Client &lt;retrouvé&gt;")
	b.shows(b.post(unknown+"/resolve", "note=encore"), 409, "déjà résolu")
	b.shows(b.get("/dashboard/audit"), 200, "statement.reconcile", "case.resolve")

	// Checking asks the provider; the same statement again makes nothing new.
	other := paths[0]
	if other == unknown {
		other = paths[1]
	}
	b.leads(b.post(other+"/check"), other+"?done=checked")
	b.lang = "en"
	again := b.ended(b.statement(file))
	b.shows(again, 200, "Done", `<tr><td>New differences</td><td class="num">0</td></tr>`)
	if n := len(casePath.FindAllString(b.get("/dashboard/reconciliation/cases?status=all&connection="+b.rail()).body, -1)); n != 2 {
		t.Errorf("%d cases after the second time, want 2", n)
	}
}

func TestWhatIsWrongWithAStatementIsSaidByLineAndColumn(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	b.payment("+24166000100")
	b.shows(b.ended(b.statement("Réf;Montant;Devise;Date\nX;douze;XAF;2026-03-02\n")), 200, "Échec", "ligne 2", "« Montant »", "pas un montant")
	b.shows(b.ended(b.statement("Client;Brut;Devise\nX;12;XAF\n")), 200, "« Notre référence »", "Aucun intitulé")
	b.shows(b.ended(b.statement("Client;Brut;Devise\nX;12;XAF\n", "column.reference=Client", "column.amount=Brut", "from=2026-03-01", "to=2026-03-31")), 200, "Terminé")
	b.shows(b.statement("x", "from=2026-03-31", "to=2026-03-01"), 422, "date n&#39;est pas valable", `value="2026-03-31"`)
	b.shows(b.statement("x", "only=gift"), 422)
	b.shows(b.statement("x", "connection=con_other"), 404)
	b.shows(b.post("/dashboard/reconciliation", "connection="+b.rail()), 422)
	b.shows(b.get("/dashboard/reconciliation/cases?connection="+b.rail()+"&difference=none"), 404)
	b.shows(b.get("/dashboard/reconciliation/cases"), 404)
}

func TestWhoOnlyReadsSeesDifferencesAndActsOnNone(t *testing.T) {
	t.Parallel()
	owner := open(t).owner("awa")
	day := owner.clock().UTC().Format(time.DateOnly)
	file := "reference;amount;currency;date\nINCONNU;5000;XAF;" + day + "\n"
	operator, reader := owner.colleague(account.Operator), owner.colleague(account.ReadOnly)
	run := operator.statement(file)
	operator.ended(run)
	cases := "/dashboard/reconciliation/cases?connection=" + owner.rail()
	one := casePath.FindString(reader.shows(reader.get(cases), 200, "INCONNU").body)
	reader.lacks(reader.shows(reader.get(one), 200, "INCONNU"), `name="note"`)
	reader.lacks(reader.shows(reader.get("/dashboard/reconciliation"), 200, "mars.csv"), `type="file"`)
	reader.shows(reader.post(one+"/resolve", "note=x"), 403)
	reader.shows(reader.post(one+"/check"), 403)
	reader.shows(reader.statement(file), 403)

	stranger := owner.owner("bintou")
	for _, path := range []string{one, run.location} {
		stranger.shows(stranger.get(path), 404)
	}
	stranger.shows(stranger.post(one+"/resolve", "note=x"), 404)
	stranger.lacks(stranger.get(cases), "INCONNU")
	operator.leads(operator.post(one+"/resolve", "note=fait"), one+"?done=caseResolved")
}
