package dashboard_test

import (
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestAnOwnerSetsThePolicies(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.owner("awa")
	b.lacks(b.shows(b.get("/dashboard/policies"), 200, "Rembourser automatiquement", `href="/dashboard/policies" aria-current="page"`), " checked")
	b.shows(b.post("/dashboard/policies", "refund_late=1", "personal_days=abc"), 422, `value="abc"`, " checked", "nombre entier")
	b.shows(b.post("/dashboard/policies", "personal_days=-1"), 422, "nombre entier")
	b.shows(b.post("/dashboard/policies", "personal_days=99999"), 422, "dix ans")
	b.leads(b.post("/dashboard/policies", "refund_late=1", "personal_days= 365 "), "/dashboard/policies?done=saved")
	b.shows(b.get("/dashboard/policies"), 200, " checked", `value="365"`)
	p, err := w.gateway.Policy(t.Context(), b.caller.MerchantID)
	w.must(err)
	if want := (gateway.Policy{RefundLate: true, PersonalDays: 365}); p != want {
		t.Errorf("the policy is %+v, want %+v", p, want)
	}
	b.leads(b.post("/dashboard/policies", "personal_days="), "/dashboard/policies?done=saved")
	b.lacks(b.get("/dashboard/policies"), " checked", "365")
	b.shows(b.get("/dashboard/audit"), 200, "policy.set", "refund_late true, personal_days 365", "policy.set.refused")
	b.lang = "en"
	b.shows(b.get("/dashboard/policies"), 200, "Refund late payments automatically")
}

func TestOnlyAnOwnerSeesAndSetsThePolicies(t *testing.T) {
	t.Parallel()
	w := open(t)
	owner := w.owner("awa")
	for _, role := range []account.Role{account.Operator, account.ReadOnly} {
		b := owner.colleague(role)
		b.lacks(b.get("/dashboard/"), "/dashboard/policies")
		b.shows(b.get("/dashboard/policies"), 403)
		b.shows(b.post("/dashboard/policies", "refund_late=1"), 403)
		b.shows(b.post("/dashboard/policies/erase", "phone=+24166000100", "sure=1"), 403)
	}
	if p, err := w.gateway.Policy(t.Context(), owner.caller.MerchantID); err != nil || p != (gateway.Policy{}) {
		t.Errorf("the policy is %+v, %v", p, err)
	}
}

func TestACustomerIsErasedFromThePage(t *testing.T) {
	t.Parallel()
	w := open(t)
	b, other := w.owner("awa"), w.owner("paul")
	page := func(r *provider.Request) { // the customer has not paid yet
		r.Method, r.Customer = pay.Method{}, pay.Customer{Name: "Zéphyrine", Phone: "+24166000100"}
	}
	tx, theirs := b.payment("", page), other.payment("", page)
	b.shows(b.post("/dashboard/policies/erase", "phone=+24166000100"), 422, "définitif")
	b.shows(b.post("/dashboard/policies/erase", "sure=1"), 422, "Indiquez un numéro")
	b.shows(b.post("/dashboard/policies/erase", "sure=1", "phone=123"), 422, "pas valable")
	b.shows(b.post("/dashboard/policies/erase", "sure=1", "phone=+24166000100"), 200, "Opérations effacées : 0", "Encore en cours, effacées dans l&#39;heure qui suit leur fin : 1")
	_, err := w.gateway.Cancel(t.Context(), b.caller, tx.ID)
	w.must(err)
	b.shows(b.post("/dashboard/policies/erase", "sure=1", "phone=+24166000100"), 200, "Opérations effacées : 1")
	if now := b.find(tx.ID); now.Customer != (pay.Customer{}) || now.Method.Phone != "" || !now.Erased {
		t.Errorf("the payment has %+v of her", now.Customer)
	}
	if now := other.find(theirs.ID); now.Customer.Name != "Zéphyrine" {
		t.Error("another merchant's customer was erased")
	}
	trail := b.shows(b.get("/dashboard/audit"), 200, "personal.erase", "transactions 1, batches 0")
	if strings.Contains(trail.body, "66000100") || strings.Contains(trail.body, "Zéphyrine") {
		t.Error("the audit trail tells who was erased")
	}
}
