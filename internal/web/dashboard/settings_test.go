package dashboard_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// acme is a provider that tells its balance to who has the right key.
func acme() *provider.Provider {
	return &provider.Provider{
		Name: "acme", Title: "Acme Pay", Currencies: []money.Currency{money.XAF},
		Takes: []provider.Capability{{Kind: pay.Payment, Method: pay.MobileMoney}},
		Credentials: []provider.Field{
			{Name: "api_key", Label: "API key", Secret: true, Required: true},
			{Name: "site", Label: "Site", Required: true, Default: "main"},
		},
		Connect: func(e provider.Environment) (provider.Connector, error) { return rail{e.Secret("api_key")}, nil },
	}
}

type rail struct{ key string }

var errNotNow = errors.New("no answer")

func (r rail) Submit(context.Context, provider.Order) (provider.Result, error) {
	return provider.Result{}, errNotNow
}

func (r rail) Status(context.Context, provider.Ref) (provider.Result, error) {
	return provider.Result{}, errNotNow
}

func (r rail) Balances(context.Context) ([]money.Amount, error) {
	switch r.key {
	case "right-key-123":
		return []money.Amount{money.New(77000, money.XAF)}, nil
	case "wrong-key-123":
		return nil, &pay.Error{Kind: pay.KindUnauthorized, Code: "unauthorized", Message: "no"}
	}
	return nil, errNotNow
}

func TestAConnectionIsAddedFromItsDescriptorAndTried(t *testing.T) {
	t.Parallel()
	b := open(t, acme()).owner("awa")
	b.leads(b.post("/dashboard/mode", "mode=live"), "/dashboard/")
	b.shows(b.get("/dashboard/connections/new?provider=acme"), 200, "Clé d&#39;API", `type="password"`, `value="main"`, "Solde d&#39;ouverture")
	b.shows(b.get("/dashboard/connections/new?provider=sandbox"), 404)
	a := b.shows(b.post("/dashboard/connections", "provider=acme", "name=Compte", "field.api_key=right-key-123", "field.site=", "opening.XAF=1,5"), 422, `value="Compte"`)
	b.lacks(a, "right-key-123")
	b.shows(b.post("/dashboard/connections", "provider=acme", "name=Compte"), 422)
	for key, says := range map[string]string{"right-key-123": "77\u00a0000\u00a0F\u00a0CFA", "wrong-key-123": "refuse les identifiants", "other-key-123": "Pas de réponse"} {
		b.leads(b.post("/dashboard/connections", "provider=acme", "name="+key[:5], "field.api_key="+key, "opening.XAF=20 000"), "/dashboard/connections?done=added")
		page := b.get("/dashboard/connections").body
		_, rest, _ := strings.Cut(page, "<h2>"+key[:5]+"</h2>")
		_, rest, _ = strings.Cut(rest, `action="/dashboard/connections/`)
		id, _, _ := strings.Cut(rest, "/")
		b.lacks(b.shows(b.post("/dashboard/connections/"+id+"/test"), 200, says), key)
		b.shows(b.get("/dashboard/balances"), 200, key[:5], "20\u00a0000\u00a0F\u00a0CFA")
		b.leads(b.asked("/dashboard/connections/"+id+"/enabled", "enabled=false"), "/dashboard/connections?done=saved")
		b.shows(b.get("/dashboard/connections"), 200, "Désactivée")
		b.lacks(b.get("/dashboard/audit"), key)
	}
}

func TestARouteIsAddedAndRemoved(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	id := regexp.MustCompile(`<option value="(con_[a-z0-9]+)"`).FindStringSubmatch(b.get("/dashboard/routes").body)[1]
	b.leads(b.post("/dashboard/routes", "position=3", "connection="+id, "kind=payment", "currency=XAF", "operator=moov_ga", "country=GA"), "/dashboard/routes?done=added")
	a := b.shows(b.get("/dashboard/routes"), 200, "<td>3</td>", "Moov Money")
	for _, bad := range [][]string{
		{"position=x", "connection=" + id},
		{"position=1", "connection=con_other"},
		{"position=1", "connection=" + id, "currency=EUR"},
		{"position=1", "connection=" + id, "operator=nobody"},
		{"position=1", "connection=" + id, "kind=gift"},
	} {
		b.shows(b.post("/dashboard/routes", bad...), 422)
	}
	_, rest, _ := strings.Cut(a.body, `action="/dashboard/routes/`)
	route, _, _ := strings.Cut(rest, "/")
	b.leads(b.asked("/dashboard/routes/"+route+"/delete"), "/dashboard/routes?done=removed")
	b.shows(b.post("/dashboard/routes/"+route+"/delete"), 404)
}

func TestAKeyIsShownOnceAndRotatedWithOverlap(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	fresh := func(a answer) pay.Secret {
		t.Helper()
		m := regexp.MustCompile(`class="once">(sk_test_[A-Za-z0-9]+)<`).FindStringSubmatch(b.shows(a, 200).body)
		if m == nil {
			t.Fatalf("no key is shown:\n%s", a.body)
		}
		return pay.Secret(m[1])
	}
	works := func(key pay.Secret) bool {
		_, _, err := b.gateway.Authenticate(t.Context(), key)
		return err == nil
	}
	id := func() string {
		_, rest, _ := strings.Cut(b.get("/dashboard/keys").body, `action="/dashboard/keys/`)
		id, _, _ := strings.Cut(rest, "/")
		return id
	}
	first := fresh(b.post("/dashboard/keys", "access=all"))
	b.lacks(b.shows(b.get("/dashboard/keys"), 200, "…"+first.Reveal()[len(first.Reveal())-4:]), first.Reveal())
	second := fresh(b.post("/dashboard/keys/"+id()+"/rotate", "overlap=1h"))
	if !works(first) || !works(second) {
		t.Error("a key does not work during the overlap")
	}
	b.advance(time.Hour)
	if works(first) || !works(second) {
		t.Error("after the overlap the old key works, or the new one does not")
	}
	// Use keeps the session, of which an hour unused would have been the end.
	b = b.enter(b.caller.MerchantID, "awa@example.com", password)
	for range 2 { // the ended one is listed first and has no form
		if k := id(); k != "" {
			b.leads(b.asked("/dashboard/keys/"+k+"/revoke"), "/dashboard/keys?done=removed")
		}
	}
	if works(second) {
		t.Error("a revoked key works")
	}
	b.shows(b.post("/dashboard/keys/0000/rotate", "overlap=1h"), 404)
}

func TestAKeyIsRestrictedToWhatWasTickedAndItsSuccessorToo(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	b.shows(b.post("/dashboard/keys", "access=some", "name=Caisse"), 422, "au moins un droit")
	b.shows(b.post("/dashboard/keys"), 422)
	b.shows(b.post("/dashboard/keys", "access=some", "scopes=everything"), 422)
	if a := b.get("/dashboard/keys"); strings.Contains(a.body, "/rotate") {
		t.Fatal("a refused form made a key")
	}
	once := regexp.MustCompile(`class="once">(sk_test_[A-Za-z0-9]+)<`)
	a := b.shows(b.post("/dashboard/keys", "access=some", "name=Caisse <1>", "scopes=payments:write", "scopes=refunds:read"), 200, "Caisse &lt;1&gt;", "<code>payments:write</code>")
	first := pay.Secret(once.FindStringSubmatch(a.body)[1])
	_, rest, _ := strings.Cut(a.body, `action="/dashboard/keys/`)
	id, _, _ := strings.Cut(rest, "/")
	a = b.shows(b.post("/dashboard/keys/"+id+"/rotate", "overlap=1h"), 200)
	second := pay.Secret(once.FindStringSubmatch(a.body)[1])
	for _, key := range []pay.Secret{first, second} {
		_, scopes, err := b.gateway.Authenticate(t.Context(), key)
		b.must(err)
		if !scopes.Allow(gateway.PaymentsWrite) || !scopes.Allow(gateway.RefundsRead) || scopes.Allow(gateway.PaymentsRead) {
			t.Errorf("a key has the scopes %v", scopes)
		}
	}
	if n := strings.Count(b.get("/dashboard/keys").body, "<strong>Caisse &lt;1&gt;"); n != 2 {
		t.Errorf("the name stands %d times", n)
	}
	b.shows(b.get("/dashboard/audit"), 200, "payments:write refunds:read")
}

func TestALinkHasItsCode(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	b.shows(b.post("/dashboard/links", "reference=facture-1", "amount=12.5", "currency=XAF"), 422, `value="facture-1"`, "montant")
	a := b.post("/dashboard/links", "reference=facture-1", "amount=12,50", "currency=USD", "description=Un <b>")
	tx, err := b.gateway.Find(t.Context(), b.caller, provider.Search{FrontReference: strings.TrimPrefix(a.location, "/dashboard/links/")})
	b.must(err)
	if tx.Amount != money.New(1250, money.USD) || !tx.Checkout.Retry {
		t.Errorf("the link asks for %v", tx.Amount)
	}
	b.shows(b.get(a.location), 200, `<svg class="qr"`, b.gateway.CheckoutURL(tx.Checkout.Token), "12,50", "Un &lt;b&gt;")
	b.shows(b.get("/dashboard/links"), 200, "facture-1")
	b.shows(b.post("/dashboard/links", "reference=facture-1", "amount=1", "currency=USD"), 409, "déjà utilisée")
	b.leads(b.asked(a.location+"/cancel"), "/dashboard/links?done=canceled")
	if s := b.find(tx.ID).Status; s != pay.StatusCanceled {
		t.Errorf("the link's payment is %s", s)
	}
}

func TestAnEndpointIsAddedSwitchedAndRemoved(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	b.shows(b.post("/dashboard/webhooks", "url=ftp://boutique.example/"), 422, "appelée", `value="ftp://boutique.example/"`)
	a := b.shows(b.post("/dashboard/webhooks", "url=https://boutique.example/hook", "events=payment.failed", "events=payment.created"), 200, `class="once">whsec_`)
	secret := regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`).FindString(strings.ReplaceAll(a.body, "&#43;", "+"))
	b.lacks(b.shows(b.get("/dashboard/webhooks"), 200, "payment.failed payment.created"), secret[6:])
	_, rest, _ := strings.Cut(a.body, `action="/dashboard/webhooks/`)
	id, _, _ := strings.Cut(rest, "/")
	b.leads(b.post("/dashboard/webhooks/"+id+"/enabled", "enabled=false"), "/dashboard/webhooks?done=saved")
	b.shows(b.get("/dashboard/webhooks"), 200, "Désactivée")
	b.leads(b.asked("/dashboard/webhooks/"+id+"/delete"), "/dashboard/webhooks?done=removed")
	b.lacks(b.get("/dashboard/webhooks"), "boutique.example")
}
