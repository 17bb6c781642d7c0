package dashboard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/flexpay"
)

// id is the one in the first address on a page that begins so.
func (b *browser) id(page, prefix string) string {
	b.Helper()
	_, rest, found := strings.Cut(b.get(page).body, `action="`+prefix)
	if !found {
		b.Fatalf("%s has no form of %s", page, prefix)
	}
	id, _, _ := strings.Cut(rest, "/")
	return id
}

func TestWhatNobodyTakesBackIsAskedAboutFirst(t *testing.T) {
	t.Parallel()
	known := flexpay.Provider()
	b := open(t, &known).owner("awa")
	paid, waiting := b.payment("+24166000100"), b.payment("", func(r *provider.Request) { r.Method = pay.Method{} })
	link := b.post("/dashboard/links", "reference=facture-1", "amount=1000", "currency=XAF").location
	b.shows(b.post("/dashboard/keys", "access=all", "name=Caisse"), 200)
	b.shows(b.post("/dashboard/webhooks", "url=https://boutique.example/hook"), 200)
	b.shows(b.post("/dashboard/team", "email=paul@example.com", "role=read_only"), 200)
	b.post("/dashboard/dialects/flexpay/issue")
	rail := b.id("/dashboard/connections", "/dashboard/connections/")
	b.leads(b.post("/dashboard/routes", "position=3", "connection="+rail), "/dashboard/routes?done=added")
	key := "/dashboard/keys/" + b.id("/dashboard/keys", "/dashboard/keys/")
	for _, c := range []struct {
		path  string
		pairs []string
		says  []string
		back  string
	}{
		{"/dashboard/transactions/" + paid.ID + "/refund", []string{"amount=5 000", "reference=r-1"}, []string{"Rembourser ce paiement\u00a0?", paid.Reference, "5\u00a0000\u00a0F\u00a0CFA", `name="reference" value="r-1"`}, "/dashboard/transactions/" + paid.ID},
		// Nothing typed is all that is left, and the answer says how much that was.
		{"/dashboard/transactions/" + paid.ID + "/refund", []string{"amount=", "reference=r-1"}, []string{"<dd>15\u00a0000\u00a0F\u00a0CFA</dd>", `name="amount" value="15000"`}, "/dashboard/transactions/" + paid.ID},
		{"/dashboard/transactions/" + waiting.ID + "/cancel", nil, []string{"Annuler cette opération\u00a0?", waiting.Reference}, "/dashboard/transactions/" + waiting.ID},
		{link + "/cancel", nil, []string{"Retirer ce lien\u00a0?", "facture-1"}, link},
		{key + "/revoke", nil, []string{"Révoquer cette clé\u00a0?", "Caisse …"}, "/dashboard/keys"},
		{key + "/rotate", []string{"overlap=0"}, []string{"sans délai", "Caisse …", `name="overlap" value="0"`}, "/dashboard/keys"},
		{"/dashboard/team/" + b.id("/dashboard/team", "/dashboard/team/") + "/remove", nil, []string{"Retirer cette personne\u00a0?", "paul@example.com", "Lecture seule"}, "/dashboard/team"},
		{"/dashboard/dialects/flexpay/issue", nil, []string{"Remplacer ces identifiants\u00a0?", "FlexPay"}, "/dashboard/dialects/flexpay"},
		{"/dashboard/webhooks/" + b.id("/dashboard/webhooks", "/dashboard/webhooks/") + "/delete", nil, []string{"Retirer cette adresse\u00a0?", "https://boutique.example/hook"}, "/dashboard/webhooks"},
		{"/dashboard/routes/" + b.id("/dashboard/routes", "/dashboard/routes/") + "/delete", nil, []string{"Retirer cette route\u00a0?", "<dd>3</dd>"}, "/dashboard/routes"},
		{"/dashboard/connections/" + rail + "/enabled", []string{"enabled=false"}, []string{"Désactiver cette connexion\u00a0?", `name="enabled" value="false"`}, "/dashboard/connections"},
	} {
		trail := strings.Count(b.get("/dashboard/audit").body, "<code")
		a := b.shows(b.post(c.path, c.pairs...), 200, append(c.says, "Confirmer", `href="`+c.back+`">Revenir`)...)
		b.lacks(a, "<script")
		if now := strings.Count(b.get("/dashboard/audit").body, "<code"); now != trail {
			t.Errorf("%s: the trail has an act that was only asked about", c.path)
		}
		b.shows(b.get(c.back), 200)
		// Another site can neither ask nor answer.
		req := b.request("POST", c.path, append(c.pairs, "sure=1"))
		req.Header.Set("Origin", "https://evil.example")
		b.shows(b.do(req), 403, "autre site")
		b.lang = "en"
		b.shows(b.post(c.path, c.pairs...), 200, "?</h1>", "Confirm", ">Go back<")
		b.lang = "fr"
	}
	if now := b.find(paid.ID); now.Refunded != 0 || b.find(waiting.ID).Status.Final() {
		t.Errorf("something was done: %+v", now)
	}
	b.shows(b.get("/dashboard/connections"), 200, `tag on`)
}

// What can't be is said at once, not after the question.
func TestAnActThatIsRefusedIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	paid := b.payment("+24166000100")
	story := "/dashboard/transactions/" + paid.ID
	b.lacks(b.shows(b.post(story+"/refund", "amount=15 001", "reference=r-1"), 422, "dépasse ce qui reste", `name="amount" inputmode="decimal" maxlength="24" value="15 001"`), `name="sure"`)
	b.lacks(b.shows(b.post(story+"/cancel"), 409, "ne peut plus"), `name="sure"`)
	open := b.payment("", func(r *provider.Request) { r.Method = pay.Method{} })
	b.lacks(b.shows(b.post("/dashboard/transactions/"+open.ID+"/refund", "reference=r-1"), 409, "ne peut pas"), `name="sure"`)
	b.shows(b.post("/dashboard/team/"+b.person.UserID+"/remove", "sure=1"), 404)
	for _, act := range []string{"/dashboard/team/usr_other/remove", "/dashboard/routes/rt_other/delete", "/dashboard/keys/0000/revoke", "/dashboard/webhooks/we_other/delete"} {
		b.shows(b.post(act), 404)
	}
	reader := b.colleague(account.ReadOnly)
	reader.shows(reader.post(story+"/refund", "reference=r-1"), 403)
}

func TestThePublishedKeyOfTheDemoMerchantCanNotEnd(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	_, err := b.gateway.AddAPIKey(t.Context(), b.caller.MerchantID, pay.Test, "sk_test_demo")
	b.must(err)
	a := b.shows(b.get("/dashboard/keys"), 200, "…demo", "publiés et ne changent pas")
	b.lacks(a, "/revoke", "/rotate")
	// The one beside it can: its forms name it, and the published one has none.
	b.shows(b.post("/dashboard/keys", "access=all"), 200, "/revoke")
	rows, err := b.store.Read().ListAPIKeys(t.Context(), b.caller.MerchantID)
	b.must(err)
	refused := 0
	for _, r := range rows {
		path := "/dashboard/keys/" + b.gateway.Box.Lookup(r.KeyHash, "api-key-id")[:16]
		for _, act := range []string{"/revoke", "/rotate"} {
			if r.Hint == "demo" {
				b.shows(b.post(path+act, "overlap=0", "sure=1"), 409, "publiés et ne changent pas")
				refused++
			}
		}
	}
	if _, _, err := b.gateway.Authenticate(t.Context(), "sk_test_demo"); err != nil || refused != 2 {
		t.Errorf("%d acts were refused, and the key says %v", refused, err)
	}
}

func TestAMistypedCodeLeavesTheAuthenticatorThatIsBeingSetUp(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.owner("awa")
	key := func(a answer) string {
		_, rest, _ := strings.Cut(a.body, `class="once">`)
		key, _, _ := strings.Cut(rest, "<")
		return key
	}
	a := b.shows(b.post("/dashboard/profile/factor"), 200)
	first := key(a)
	var form []string
	for _, m := range hidden.FindAllStringSubmatch(a.body, -1) {
		if m[1] == "factor" {
			form = append(form, "factor="+strings.NewReplacer("&amp;", "&", "&#43;", "+").Replace(m[2]))
		}
	}
	for range 2 {
		a = b.shows(b.post("/dashboard/profile/factor/confirm", append(form, "code=000000")...), 422, "incorrect", `<svg class="qr"`)
		if again := key(a); again != first || first == "" {
			t.Fatalf("the key is %q, and was %q", again, first)
		}
	}
	for _, bad := range []string{"factor=javascript:alert(1)", "factor=otpauth://totp/x?secret=<b>", "factor=" + strings.Repeat("x", 3000)} {
		b.lacks(b.shows(b.post("/dashboard/profile/factor/confirm", bad, "code=000000"), 422), `<svg class="qr"`)
	}
	w.advance(16 * 60 * 1e9) // the wrong codes counted as tries
	b.leads(b.post("/dashboard/profile/factor/confirm", append(form, "code="+codeAt(t, first, w.clock()))...), "/dashboard/profile?done=saved")
}

func TestARefusedFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	b := open(t, acme()).owner("awa")
	checked := func(name, value string) string { return fmt.Sprintf(`name="%s" value="%s" checked`, name, value) }
	b.shows(b.post("/dashboard/keys", "access=some", "name=Caisse"), 422, `value="Caisse"`, checked("access", "some"))
	a := b.shows(b.post("/dashboard/keys", "access=some", "name="+strings.Repeat("x", 101), "scopes=payments:write", "scopes=refunds:read"), 422, checked("scopes", "payments:write"), checked("scopes", "refunds:read"))
	b.lacks(a, checked("scopes", "payments:read"), checked("access", "all"))
	b.lacks(b.shows(b.post("/dashboard/keys", "access=all", "name=Caisse"), 200, checked("access", "all")), `value="Caisse"`)

	b.shows(b.post("/dashboard/team", "email=paul", "role=read_only"), 422, `value="paul"`, `value="read_only" selected`)
	b.lacks(b.shows(b.post("/dashboard/team", "email=paul@example.com", "role=read_only"), 200), `value="paul`, " selected")

	b.shows(b.post("/dashboard/policies/erase", "phone=0770012", "email=a@example.com"), 422, `value="0770012"`, `value="a@example.com"`)
	b.shows(b.post("/dashboard/webhooks", "url=ftp://boutique.example/", "events=payment.failed"), 422, checked("events", "payment.failed"), "<details open>")

	b.leads(b.post("/dashboard/mode", "mode=live"), "/dashboard/")
	b.shows(b.post("/dashboard/connections", "provider=acme", "name=Compte", "field.api_key=x", "opening.XAF=1,5"), 422, `name="opening.XAF" inputmode="decimal" maxlength="24" value="1,5"`)
}
