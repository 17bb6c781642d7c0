package dashboard_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/flexpay"
)

func TestADialectIsSetUpItsOptionsChangeAndItsCredentialsAreReplaced(t *testing.T) {
	t.Parallel()
	known := flexpay.Provider()
	b := open(t, &known).owner("awa")
	b.shows(b.get("/dashboard/dialects"), 200, "FlexPay", b.url+"/flexpay", "Pas encore")
	b.shows(b.post("/dashboard/dialects/flexpay", "option.callback_retries=3"), 409, "abord")
	b.shows(b.get("/dashboard/dialects/nobody"), 404)
	token := regexp.MustCompile(`<dt>token</dt><dd class="once">([^<]+)</dd>`)
	issue := func(post func(string, ...string) answer) string {
		t.Helper()
		a := b.shows(post("/dashboard/dialects/flexpay/issue"), 200, "une seule fois")
		m := token.FindStringSubmatch(a.body)
		if m == nil {
			t.Fatalf("no token is shown:\n%s", a.body)
		}
		return m[1]
	}
	first := issue(b.post) // nothing is replaced yet
	page := b.shows(b.get("/dashboard/dialects/flexpay"), 200, "option.", "par défaut")
	b.lacks(page, first)
	form := []string{"callback_url=https://boutique.example/hooks", "return_url="}
	for _, o := range known.Options {
		value := o.Default
		if o.Name == "callback_retries" {
			value = "7"
		}
		form = append(form, "option."+o.Name+"="+value)
	}
	b.leads(b.post("/dashboard/dialects/flexpay", form...), "/dashboard/dialects/flexpay?done=saved")
	s, issued, err := b.gateway.DialectSettings(t.Context(), "flexpay", b.caller.MerchantID, pay.Test)
	b.must(err)
	if !issued || len(s.Options) != 1 || s.Options["callback_retries"] != "7" || s.CallbackURL != "https://boutique.example/hooks" {
		t.Errorf("the settings are %+v", s)
	}
	second := issue(b.asked)
	if again, _, err := b.gateway.DialectSettings(t.Context(), "flexpay", b.caller.MerchantID, pay.Test); err != nil || again.Options["callback_retries"] != "7" || second == first {
		t.Errorf("replacing the credentials left %+v, %v", again, err)
	}
	for _, bad := range []string{"callback_url=ftp://boutique.example/", "option.callback_retries=often", "option.callback_retries=-1"} {
		refused := append([]string{bad}, form...)
		b.shows(b.post("/dashboard/dialects/flexpay", refused...), 422)
	}
	if a := b.get("/dashboard/audit"); strings.Contains(a.body, first) || strings.Contains(a.body, second) {
		t.Error("the audit trail has a credential")
	} else {
		b.shows(a, 200, "dialect.change", "callback_retries", "dialect.issue")
	}
	b.shows(b.colleague(account.Operator).get("/dashboard/dialects"), 403)
}

func TestAConnectionsCredentialsAreReplacedAndNeverShown(t *testing.T) {
	t.Parallel()
	b := open(t, acme()).owner("awa")
	b.leads(b.post("/dashboard/mode", "mode=live"), "/dashboard/")
	b.leads(b.post("/dashboard/connections", "provider=acme", "name=Compte", "field.api_key=wrong-key-123", "field.site=nord"), "/dashboard/connections?done=added")
	id := regexp.MustCompile(`href="/dashboard/connections/(con_[a-z0-9]+)"`).FindStringSubmatch(b.get("/dashboard/connections").body)[1]
	b.lacks(b.shows(b.get("/dashboard/connections/"+id), 200, `value="Compte"`, `value="nord"`, "vide : inchangé"), "wrong-key-123")
	b.shows(b.post("/dashboard/connections/"+id+"/test"), 200, "refuse les identifiants")

	b.leads(b.post("/dashboard/connections/"+id, "name=Compte sud", "field.api_key=right-key-123", "field.site=sud"), "/dashboard/connections?done=edited")
	b.lacks(b.shows(b.post("/dashboard/connections/"+id+"/test"), 200, "Le prestataire répond", "Compte sud"), "right-key-123")
	b.leads(b.post("/dashboard/connections/"+id, "name=", "field.api_key=", "field.site=est"), "/dashboard/connections?done=edited")
	b.shows(b.post("/dashboard/connections/"+id+"/test"), 200, "Le prestataire répond", "Compte sud")
	b.lacks(b.shows(b.get("/dashboard/connections/"+id), 200, `value="est"`), "right-key-123")
	b.lacks(b.shows(b.get("/dashboard/audit"), 200, "connection.change", "api_key site"), "right-key-123", "wrong-key-123")

	b.shows(b.colleague(account.Operator).get("/dashboard/connections/"+id), 403)
	stranger := b.owner("ada")
	b.leads(stranger.post("/dashboard/mode", "mode=live"), "/dashboard/")
	b.shows(stranger.get("/dashboard/connections/"+id), 404)
	b.shows(stranger.post("/dashboard/connections/"+id, "field.api_key=right-key-123"), 404)
	b.leads(b.post("/dashboard/mode", "mode=test"), "/dashboard/")
	b.shows(b.get("/dashboard/connections/"+id), 404)
}

func TestRoutesAreSwitchedAndChangePlaces(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	id := regexp.MustCompile(`<option value="(con_[a-z0-9]+)"`).FindStringSubmatch(b.get("/dashboard/routes").body)[1]
	for _, country := range []string{"GA", "CI", "CD"} { // all in one place
		b.leads(b.post("/dashboard/routes", "position=5", "connection="+id, "country="+country), "/dashboard/routes?done=added")
	}
	row := regexp.MustCompile(`<td>(\d+)</td>.*<td>(Gabon|Côte d&#39;Ivoire|RD Congo)</td>`)
	form := regexp.MustCompile(`action="/dashboard/routes/(rt_[a-z0-9]+)/move"`)
	order := func() (countries string, ids []string) {
		page := b.get("/dashboard/routes").body
		for _, m := range row.FindAllStringSubmatch(page, -1) {
			countries += m[1] + m[2] + " "
		}
		for i, m := range form.FindAllStringSubmatch(page, -1) {
			if i%2 == 0 {
				ids = append(ids, m[1])
			}
		}
		return countries, ids
	}
	_, ids := order()
	b.leads(b.post("/dashboard/routes/"+ids[2]+"/move", "direction=up"), "/dashboard/routes?done=saved")
	got, after := order()
	if after[1] != ids[2] || after[2] != ids[1] || !strings.HasPrefix(got, "1") || !strings.Contains(got, " 3") {
		t.Errorf("the order is %s, %v of %v", got, after, ids)
	}
	b.leads(b.post("/dashboard/routes/"+after[0]+"/move", "direction=up"), "/dashboard/routes?done=saved")
	b.leads(b.post("/dashboard/routes/"+after[2]+"/move", "direction=down"), "/dashboard/routes?done=saved")
	if same, _ := order(); same != got {
		t.Errorf("moving beyond the ends made %s of %s", same, got)
	}
	b.shows(b.post("/dashboard/routes/"+ids[0]+"/move", "direction=sideways"), 422)
	b.shows(b.post("/dashboard/routes/rt_other/move", "direction=up"), 404)
	b.leads(b.post("/dashboard/routes/"+ids[0]+"/enabled", "enabled=false"), "/dashboard/routes?done=saved")
	b.shows(b.get("/dashboard/routes"), 200, "Désactivée")
	b.shows(b.post("/dashboard/routes/rt_other/enabled", "enabled=false"), 404)
}

func TestADialectsPageCountsTheAcknowledgementsThatItsProviderWantsToSee(t *testing.T) {
	t.Parallel()
	known := flexpay.Provider()
	known.GoLive = provider.GoLive{Succeeded: 2, Failed: 2}
	b := open(t, &known).owner("awa")
	b.lacks(b.get("/dashboard/dialects/flexpay"), "Avant la production") // it has no credentials yet
	b.post("/dashboard/dialects/flexpay/issue")
	b.shows(b.get("/dashboard/dialects/flexpay"), 200, "Avant la production", "0/2")
	acknowledge := func(transaction, event, mode, verdict string, times int) {
		t.Helper()
		b.must(b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			for range times {
				d := sqlgen.InsertDeliveryParams{
					MerchantID: b.caller.MerchantID, ID: pay.NewID("dlv", b.caller.MerchantID, time.Now()), Mode: mode,
					TransactionID: transaction, EventID: "evt_" + transaction, Sequence: 2, Type: "payment." + event, Target: "flexpay",
					Status: "delivered", Verdict: verdict, CreatedAt: 1, CompletedAt: 1,
				}
				if err := tx.InsertDelivery(ctx, d); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	acknowledge("pay_1", "succeeded", "test", provider.AckValid, 3) // a notification that was doubled is one
	acknowledge("pay_2", "succeeded", "live", provider.AckValid, 1)
	acknowledge("pay_3", "failed", "test", provider.AckValid, 1)
	acknowledge("pay_4", "expired", "test", provider.AckValid, 1)
	acknowledge("pay_5", "succeeded", "test", provider.AckWrong, 1)
	acknowledge("pay_6", "failed", "test", provider.AckMissing, 1)
	acknowledge("pay_7", "failed", "test", "", 1)
	page := b.shows(b.get("/dashboard/dialects/flexpay"), 200,
		`<span class="tag pending">1/2</span> paiements réussis`, `<span class="tag succeeded">2/2</span> paiements non aboutis`, "2 notifications sans réponse conforme")
	b.lacks(page, "3/2")
}
