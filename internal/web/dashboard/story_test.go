package dashboard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestListsShowAndFilter(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	paid, failed := b.payment("+24166000100"), b.payment("+24174000001")
	payout := b.payment("+24166000200", func(r *provider.Request) { r.Kind, r.Amount = pay.Payout, money.New(5000, money.XAF) })
	a := b.shows(b.get("/dashboard/payments"), 200, paid.Reference, failed.Reference, "15\u00a0000\u00a0F\u00a0CFA", "241••••0100", "Moov Money")
	b.lacks(a, payout.Reference, "66000100", "74000001")
	b.shows(b.get("/dashboard/payouts"), 200, payout.Reference, "5\u00a0000\u00a0F\u00a0CFA")
	b.lacks(b.shows(b.get("/dashboard/payments?status=failed"), 200, failed.Reference), paid.Reference)
	b.lacks(b.shows(b.get("/dashboard/payments?reference="+paid.Reference), 200, paid.ID), failed.ID)
	b.lacks(b.shows(b.get("/dashboard/payments?phone="+url.QueryEscape("066 00 01 00")), 200, paid.ID), failed.ID)
	today := b.clock().UTC().Format(time.DateOnly)
	yesterday := b.clock().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	b.shows(b.get("/dashboard/payments?from="+today+"&to="+today), 200, paid.ID, failed.ID)
	b.lacks(b.shows(b.get("/dashboard/payments?to="+yesterday), 200), paid.ID, failed.ID)
	b.shows(b.get("/dashboard/payments?from=1-2-3"), 422, "date")
	b.shows(b.get("/dashboard/payments?phone=abc"), 422, "téléphone")
	b.shows(b.get("/dashboard/payments?status=nothing"), 422)
	b.shows(b.get("/dashboard/payments?from=0001-01-01&to=9999-12-31"), 200)
	b.shows(b.get("/dashboard/payments?reference=%00"), 200)
}

func TestListsPageByKey(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	seen := map[string]bool{}
	for range 53 {
		seen[b.payment("", func(r *provider.Request) { r.Method = pay.Method{} }).ID] = false
	}
	for path, pages := "/dashboard/payments", 0; path != ""; pages++ {
		a := b.shows(b.get(path), 200)
		for id := range seen {
			if strings.Contains(a.body, "/transactions/"+id) {
				if seen[id] {
					t.Errorf("%s stands on two pages", id)
				}
				seen[id] = true
			}
		}
		_, rest, more := strings.Cut(a.body, `rel="next" href="`)
		next, _, _ := strings.Cut(rest, `"`)
		path = ""
		if more {
			path = "/dashboard/payments" + next
		}
		if pages > 2 {
			t.Fatal("the list has no end")
		}
	}
	for id, there := range seen {
		if !there {
			t.Errorf("%s stands on no page", id)
		}
	}
}

func TestSearchFindsByEverythingPeopleHave(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	tx := b.payment("+24166000100")
	b.payment("+24174000001")
	attempts, err := store.Attempts(t.Context(), b.store.Read(), tx.MerchantID, tx.ID)
	b.must(err)
	for _, text := range []string{tx.ID, tx.Reference, tx.ProviderReference, attempts[0].Reference, " " + tx.Reference + " "} {
		b.leads(b.get("/dashboard/search?q="+url.QueryEscape(text)), "/dashboard/transactions/"+tx.ID)
	}
	same := b.payment("+24166000100")
	b.shows(b.get("/dashboard/search?q=%2B24166000100"), 200, tx.ID, same.ID)
	for _, text := range []string{"nothing of the kind", "", "%00", "%ff"} {
		b.shows(b.get("/dashboard/search?q="+url.QueryEscape(text)), 200, "Aucun")
	}
}

func TestAStoryIsWhole(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	got := make(chan string, 10)
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Get("webhook-id") }))
	t.Cleanup(shop.Close)
	b.shows(b.post("/dashboard/webhooks", "url="+shop.URL+"/hook"), 200, "whsec_")
	tx := b.payment("+24166000100")
	b.must(b.store.Update(t.Context(), func(ctx context.Context, q *store.Tx) error {
		err := q.InsertExchange(ctx, sqlgen.InsertExchangeParams{
			MerchantID: tx.MerchantID, ID: "x_1", TransactionID: tx.ID, ConnectionID: tx.Connection, Method: "POST",
			Url: "https://operator.example/pay", Request: `{"pin":"***"}`, Status: 200, Response: `{"state":"<OK>"}`, Milliseconds: 41, CreatedAt: b.clock().UnixMilli(),
		})
		if err != nil {
			return err
		}
		return q.InsertNotification(ctx, sqlgen.InsertNotificationParams{
			MerchantID: tx.MerchantID, ID: "n_1", ConnectionID: tx.Connection, TransactionID: tx.ID, Hint: "succeeded",
			Request: "POST status=200", Outcome: "checked", CreatedAt: b.clock().UnixMilli(),
		})
	}))
	a := b.shows(b.get("/dashboard/transactions/"+tx.ID), 200, tx.ProviderReference, "payment.created", "payment.succeeded",
		"Deux pagnes &lt;wax&gt;", "https://operator.example/pay", "HTTP 200 · 41 ms", "&lt;OK&gt;", "Notification reçue", "POST status=200",
		"Écritures comptables", "Encaissements", "En attente", "we_")
	_, rest, _ := strings.Cut(a.body, "/dashboard/events/")
	_, rest, _ = strings.Cut(rest, "/dashboard/events/") // the first is payment.created, which nobody asked for
	event, _, _ := strings.Cut(rest, "/")
	b.leads(b.post("/dashboard/events/"+event+"/resend"), "/dashboard/transactions/"+tx.ID+"?done=resent")
	list, err := b.store.Read().ListTransactionDeliveries(t.Context(), sqlgen.ListTransactionDeliveriesParams{MerchantID: tx.MerchantID, TransactionID: tx.ID})
	if err != nil || len(list) != 2 {
		t.Errorf("%d deliveries, %v; want the first and the resent one", len(list), err)
	}
}

func TestAStorySpeaksThePersonsLanguage(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	tx := b.payment("+24166000001")
	tx.Alert = "the provider reports another reference"
	b.must(b.store.Update(t.Context(), func(ctx context.Context, q *store.Tx) error {
		err := q.InsertNotification(ctx, sqlgen.InsertNotificationParams{
			MerchantID: tx.MerchantID, ID: "n_1", ConnectionID: tx.Connection, TransactionID: tx.ID, Hint: "failed", CreatedAt: b.clock().UnixMilli(),
		})
		if err != nil {
			return err
		}
		return store.SaveTransaction(ctx, q.Queries, &tx)
	}))
	a := b.shows(b.get("/dashboard/transactions/"+tx.ID), 200, "Solde insuffisant chez le client", "<div>Échoué", "API Passerelle", "le prestataire parle d&#39;une autre référence")
	b.lacks(a, "insufficient_funds", "<div>failed", "<dd>native", "the provider reports")
	b.lang = "en"
	b.lacks(b.shows(b.get("/dashboard/transactions/"+tx.ID), 200, "The customer&#39;s balance is too low", "<div>Failed", "Passerelle API", tx.Alert), "insufficient_funds")
}

func TestRepeatedButtonsSayWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	b.shows(b.post("/dashboard/webhooks", "url=https://boutique.example/hook"), 200, `aria-label="Retirer https://boutique.example/hook"`, `aria-label="Désactiver https://boutique.example/hook"`)
	b.shows(b.post("/dashboard/team", "email=paul@example.com", "role=read_only"), 200, `aria-label="Retirer paul@example.com"`)
	b.shows(b.post("/dashboard/keys", "access=all", "name=Caisse"), 200, `aria-label="Révoquer Caisse …`, `aria-label="Remplacer Caisse …`)
	b.shows(b.get("/dashboard/transactions/"+b.payment("+24166000100").ID), 200, `aria-label="Renvoyer payment.created #1"`)
	b.shows(b.get("/dashboard/connections"), 200, `aria-label="Tester `, `aria-label="Désactiver `)
	b.leads(b.post("/dashboard/routes", "position=3", "connection="+b.id("/dashboard/connections", "/dashboard/connections/")), "/dashboard/routes?done=added")
	b.shows(b.get("/dashboard/routes"), 200, `aria-label="Retirer 3 · `)
}

func TestEmptyPagesSayWhatComesNext(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	for path, says := range map[string]string{
		"payments": "créez un lien de paiement", "payouts": "déposez un fichier", "refunds": "ouvrez un encaissement réussi", "": "Aucun encaissement encore",
		"links": "se partage", "routes": "dans l&#39;ordre de leur création. Ajoutez une route", "payments?status=failed": "Aucun résultat", "team": "Ce que chacun peut faire",
	} {
		b.shows(b.get("/dashboard/"+path), 200, says)
	}
	b.leads(b.post("/dashboard/mode", "mode=live"), "/dashboard/")
	b.shows(b.get("/dashboard/"), 200, "ajoutez d&#39;abord une connexion", `class="button quiet" href="/dashboard/connections"`)
	b.shows(b.get("/dashboard/connections"), 200, "rien ne peut être encaissé")
}

func TestCountriesHaveTheirNames(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	for _, page := range []string{"batches", "routes"} {
		b.shows(b.get("/dashboard/"+page), 200, `<option value="CM">Cameroun</option>`)
	}
	b.lang = "en"
	b.shows(b.get("/dashboard/routes"), 200, `<option value="CM">Cameroon</option>`, "(Cameroon)")
}

func TestARefundIsPartialThenWholeAndNeverTwice(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	tx := b.payment("+24166000100")
	story := "/dashboard/transactions/" + tx.ID
	b.leads(b.asked(story+"/refund", "amount=5 000", "reference=r-1"), story+"?done=refunded")
	b.shows(b.asked(story+"/refund", "amount=5 000", "reference=r-1"), 409, "déjà utilisée")
	if n := b.find(tx.ID).Refunded; n != 5000 {
		t.Fatalf("refunded %d, want 5000", n)
	}
	b.shows(b.get(story+"?done=refunded"), 200, "Le remboursement est lancé", "r-1", "10\u00a0000\u00a0F\u00a0CFA")
	for _, amount := range []string{"10 001", "0", "-5", "1,5", "abc"} {
		b.shows(b.post(story+"/refund", "amount="+amount, "reference=r-x"), 422, `role="alert"`)
	}
	b.leads(b.asked(story+"/refund", "amount=", "reference=r-2"), story+"?done=refunded")
	b.shows(b.post(story+"/refund", "amount=", "reference=r-3"), 409, "ne peut pas")
	b.shows(b.post(story+"/refund", "amount=", "reference=r-3", "sure=1"), 409, "ne peut pas")
	b.lacks(b.get(story), story+"/refund")
	if n := b.find(tx.ID).Refunded; n != 15000 {
		t.Errorf("refunded %d, want 15000", n)
	}
	b.shows(b.get("/dashboard/refunds"), 200, "r-1", "r-2")
	b.shows(b.get("/dashboard/audit"), 200, "transaction.refund", "5000 XAF", "transaction.refund.refused")
}

func TestWhatNobodyPaidCanBeCanceledAndWhatWasPaidNot(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	open := b.payment("", func(r *provider.Request) { r.Method = pay.Method{} })
	paid := b.payment("+24166000100")
	b.leads(b.asked("/dashboard/transactions/"+open.ID+"/cancel"), "/dashboard/transactions/"+open.ID+"?done=canceled")
	if s := b.find(open.ID).Status; s != pay.StatusCanceled {
		t.Errorf("it is %s", s)
	}
	b.shows(b.post("/dashboard/transactions/"+paid.ID+"/cancel"), 409, "ne peut plus")
}

func TestAnotherMerchantsPagesAreNotFound(t *testing.T) {
	t.Parallel()
	w := open(t)
	mine, other := w.owner("awa"), w.owner("paul")
	tx := mine.payment("+24166000100")
	events, err := w.store.Read().ListTransactionEvents(t.Context(), sqlgen.ListTransactionEventsParams{MerchantID: tx.MerchantID, TransactionID: tx.ID})
	w.must(err)
	mine.shows(mine.post("/dashboard/webhooks", "url=https://boutique.example/hook"), 200)
	ids := map[string]string{}
	for name, prefix := range map[string]string{"connections": "/dashboard/connections/", "webhooks": "/dashboard/webhooks/", "keys": "/dashboard/keys/", "team": "/dashboard/team/"} {
		if name == "keys" {
			mine.shows(mine.post("/dashboard/keys", "access=all"), 200)
		}
		_, rest, _ := strings.Cut(mine.get("/dashboard/"+name).body, `action="`+prefix)
		ids[name], _, _ = strings.Cut(rest, "/")
	}
	ids["team"] = mine.person.UserID
	link := mine.post("/dashboard/links", "reference=facture-1", "amount=1000", "currency=XAF").location
	for _, path := range []string{"/dashboard/transactions/" + tx.ID, link} {
		mine.shows(mine.get(path), 200)
		other.shows(other.get(path), 404)
	}
	for _, path := range []string{
		"/dashboard/transactions/" + tx.ID + "/check", "/dashboard/transactions/" + tx.ID + "/cancel", "/dashboard/transactions/" + tx.ID + "/refund",
		"/dashboard/events/" + events[0].ID + "/resend", link + "/cancel",
		"/dashboard/connections/" + ids["connections"] + "/test", "/dashboard/connections/" + ids["connections"] + "/enabled",
		"/dashboard/webhooks/" + ids["webhooks"] + "/enabled", "/dashboard/webhooks/" + ids["webhooks"] + "/delete",
		"/dashboard/keys/" + ids["keys"] + "/rotate", "/dashboard/keys/" + ids["keys"] + "/revoke", "/dashboard/team/" + ids["team"] + "/remove",
	} {
		if a := other.post(path, "overlap=0"); a.status != 404 {
			t.Errorf("%s is %d to another merchant", path, a.status)
		}
	}
	for _, path := range []string{"/dashboard/payments", "/dashboard/search?q=" + tx.Reference, "/dashboard/search?q=" + tx.ID, "/dashboard/search?q=%2B24166000100", "/dashboard/payments.csv", "/dashboard/audit", "/dashboard/webhooks"} {
		other.lacks(other.shows(other.get(path), 200), "/transactions/pay_", "awa@example.com", "boutique.example")
	}
	// The other mode is as far away as another merchant.
	mine.leads(mine.post("/dashboard/mode", "mode=live"), "/dashboard/")
	mine.shows(mine.get("/dashboard/transactions/"+tx.ID), 404)
	mine.lacks(mine.shows(mine.get("/dashboard/payments"), 200), tx.ID, "Mode test")
}

func TestAnExportIsInertInASpreadsheet(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	b.payment("+24166000100", func(r *provider.Request) {
		r.Reference, r.Description, r.Amount = "=1+1", `@SUM("a";b)`, money.New(123456, money.USD)
		r.Method = pay.Method{}
	})
	for i, text := range []string{"+1", "-1", " =1", "＝1"} {
		b.payment("", func(r *provider.Request) { r.Reference, r.Method = fmt.Sprintf("%s#%d", text, i), pay.Method{} })
	}
	a := b.shows(b.get("/dashboard/payments.csv"), 200, "\ufeffid;created_at;status", `;'=1+1;1234,56;USD;`, `"'@SUM(""a"";b)"`, ";'+1#0;", ";'-1#1;", ";' =1#2;", ";'＝1#3;", "\r\n")
	if kind := a.header.Get("Content-Type"); kind != "text/csv; charset=utf-8" || !strings.Contains(a.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("headers %v", a.header)
	}
	b.lacks(b.get("/dashboard/payments.csv?status=failed"), "pay_")
}
