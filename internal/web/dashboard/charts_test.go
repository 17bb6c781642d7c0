package dashboard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestTheOverviewDrawsWhatEndedInThePeriod(t *testing.T) {
	t.Parallel()
	b := open(t).owner("awa")
	b.lacks(b.shows(b.get("/dashboard/"), 200, "Activité", "Rien à afficher"), "<svg")
	dollars := func(r *provider.Request) { r.Amount = money.New(2550, money.USD) }
	b.payment("+24177000100")
	b.payment("+24177000101")
	b.payment("+24177000002") // declined
	b.payment("+24177000102", dollars)
	b.settle()
	a := b.shows(b.get("/dashboard/"), 200, "30\u00a0000\u00a0F\u00a0CFA", "25,50", "75 %", "Airtel Money GA", "<title>", "chart time", "≤ ", "1 encaissement<", "2 encaissements<", "3 réussis, 1 non abouti<", "<title>Taux de réussite</title>")
	// Thirty thousand francs and twenty-five dollars are not one number.
	b.lacks(a, "32\u00a0550", "style=", "55,50")
	if n := strings.Count(a.body, `class="chart time"`); n != 4 {
		t.Errorf("%d charts over time, want two currencies, the rate and the time", n)
	}
	b.advance(24 * time.Hour)
	b = b.enter(b.caller.MerchantID, "awa@example.com", password)
	b.lacks(b.get("/dashboard/"), "<svg")
	for _, period := range []string{"week", "month"} {
		b.shows(b.get("/dashboard/?period="+period), 200, "30\u00a0000\u00a0F\u00a0CFA", `href="/dashboard/?period=`+period+`" aria-current="true"`)
	}
	b.lang = "en"
	b.shows(b.get("/dashboard/?period=week"), 200, "Success rate", "Time to approve", "25.50")
	b.leads(b.post("/dashboard/mode", "mode=live"), "/dashboard/")
	b.lacks(b.get("/dashboard/?period=month"), "<svg")
	b.lacks(b.house.owner("ada").get("/dashboard/?period=month"), "<svg")
	b.shows(b.get("/dashboard/?period=century"), 200)
}

// settle lets the payments' events grow old enough to be counted.
func (b *browser) settle() {
	b.Helper()
	b.advance(2 * time.Minute)
	b.must(b.gateway.CountPayments(b.Context()))
}
