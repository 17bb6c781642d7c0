package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
)

const (
	loadNative  = 300
	loadDialect = 100
)

// order is one payment of the load: how it is asked for, where its merchant is
// told, and how.
type order struct {
	reference string
	request   request
	status    int
	// customer has the customer pay on the page that the answer gives, if any.
	customer func(answer) error
	at       string // the path of the merchant's server
	told     string // stands in the notification of its success
}

func TestManyPaymentsAtOnceAllSettleAndBalance(t *testing.T) {
	merchant := startShop(t)
	g := startGateway(t, func(c *app.Config) { c.CallbackURL, c.OperatorDelay = merchant.URL, "50ms" })
	orders := loadOrders(g, merchant)
	var work sync.WaitGroup
	gate := make(chan struct{})
	failures := make(chan string, len(orders))
	for _, o := range orders {
		work.Go(func() {
			<-gate
			got, err := o.request.send(t.Context())
			if err == nil && got.status != o.status {
				err = fmt.Errorf("%v, want HTTP %d", got, o.status)
			}
			if err == nil && o.customer != nil {
				err = o.customer(got)
			}
			if err != nil {
				failures <- o.reference + ": " + err.Error()
			}
		})
	}
	close(gate)
	work.Wait()
	close(failures)
	for f := range failures {
		t.Error(f)
	}
	settled := func() int64 { return count(t, g, "SELECT count(*) FROM transactions WHERE status = 'succeeded'") }
	eventually(t, "every payment is settled", func() bool { return settled() == int64(len(orders)) })
	settle(t, g)
	for _, o := range orders {
		if !merchant.told(o.at, o.told) {
			t.Errorf("%s was never told at %s", o.reference, o.at)
		}
	}
	balanced(t, g)
	if n := g.App.Sandbox.Violations(); n != 0 {
		t.Errorf("%d customers were asked twice", n)
	}
}

// told reports whether a notification with a text has arrived at a path.
func (s *shop) told(path, text string) bool {
	for _, a := range s.all(path) {
		if strings.Contains(a.body, text) {
			return true
		}
	}
	return false
}

func loadOrders(g *app.Running, merchant *shop) []order {
	var list []order
	demo := nativeCaller{g.URL, app.DemoAPIKey}
	for i := range loadNative {
		reference := fmt.Sprintf("LN%05d", i)
		list = append(list, order{
			reference: reference, request: demo.request(http.MethodPost, "/v1/payments", paymentBody(reference)),
			status: http.StatusCreated, at: "/webhooks", told: `"reference":"` + reference + `"`,
		})
	}
	for i := range loadDialect {
		reference := fmt.Sprintf("LM%05d", i)
		list = append(list, order{
			reference: reference, status: http.StatusOK, at: "/mypvit", told: `"merchantReferenceId":"` + reference + `","status":"SUCCESS"`,
			request: mypvitRequest(g.URL, "DEMOPVITCODE0001/rest", strings.Replace(mypvitOrder, "UNUSED", reference, 1)),
		})
		reference = fmt.Sprintf("LC%05d", i)
		body := strings.NewReplacer("UNUSED", reference, "http://127.0.0.1:1/notify", merchant.URL+"/cinetpay/"+reference).Replace(cinetpayOrder)
		list = append(list, order{
			reference: reference, status: http.StatusOK, at: "/cinetpay/" + reference, told: "cpm_error_message=SUCCES",
			request: cinetpayRequest(g.URL, "/v2/payment", body), customer: payGuichet(g.URL),
		})
	}
	return list
}

// payGuichet acts as the customer on the page of a CinetPay answer.
func payGuichet(base string) func(answer) error {
	return func(a answer) error {
		o, err := a.object()
		if err != nil {
			return err
		}
		data, _ := o["data"].(map[string]any)
		page, _ := data["payment_url"].(string)
		_, token, _ := strings.Cut(page, "/pay/")
		got, err := request{
			http.MethodPost, base + "/sandbox/v1/checkouts/" + token + "/pay", `{"method":"mobile_money","phone":"+2250700000100"}`,
			http.Header{"Content-Type": {"application/json"}},
		}.send(context.Background())
		if err == nil && got.status/100 != 2 {
			err = fmt.Errorf("the page refuses: %v", got)
		}
		return err
	}
}

// balanced holds that each journal and each currency has as much debit as credit.
func balanced(t *testing.T, g *app.Running) {
	t.Helper()
	const sum = "sum(CASE side WHEN 'debit' THEN amount ELSE -amount END)"
	for _, by := range []string{"currency", "journal, currency"} {
		query := "SELECT count(*) FROM (SELECT " + by + " FROM ledger_entries GROUP BY " + by + " HAVING " + sum + " <> 0) AS wrong"
		if n := count(t, g, query); n != 0 {
			t.Errorf("debits and credits differ in %d groups by %s", n, by)
		}
	}
	if n := count(t, g, "SELECT count(DISTINCT transaction_id) FROM ledger_entries WHERE transaction_id <> ''"); n != loadNative+2*loadDialect {
		t.Errorf("%d transactions stand in the ledger, want %d", n, loadNative+2*loadDialect)
	}
}
