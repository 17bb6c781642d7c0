package api

import (
	"errors"
	"testing"

	"github.com/passerelle-pay/passerelle/client"
)

// The client's own tests can't meet the real API; here it does.
func TestTheClientSpeaksThisAPI(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	ctx := t.Context()
	c := client.New(r.url, r.key)
	method := &client.NewMethod{Type: client.MobileMoney, Phone: "+24177000100"}

	p, err := c.CreatePayment(ctx, client.NewTransaction{
		Reference: "c-1", Amount: 15000, Currency: "XAF", Customer: &client.NewCustomer{Name: "Awa Ndong"}, Method: method,
	})
	must(t, err)
	if p.Status != client.StatusSucceeded || p.Customer.Name != "Awa Ndong" || p.Method.Operator != "airtel_ga" || p.CompletedAt == nil {
		t.Errorf("payment is %+v", p)
	}
	_, err = c.CreatePayment(ctx, client.NewTransaction{Reference: "c-1", Amount: 15000, Currency: "XAF", Method: method})
	var problem *client.Problem
	if !errors.As(err, &problem) || problem.Code != client.CodeDuplicateReference || problem.Existing != p.ID {
		t.Errorf("a second payment with the reference: %v", err)
	}
	again, err := c.Payment(ctx, p.ID)
	must(t, err)
	if again.ID != p.ID || again.UpdatedAt != p.UpdatedAt {
		t.Errorf("read payment is %+v", again)
	}
	otp, err := c.CreatePayment(ctx, client.NewTransaction{Reference: "c-2", Amount: 100, Currency: "XAF", Method: &client.NewMethod{Type: client.MobileMoney, Phone: "+24177000011"}})
	must(t, err)
	confirmed, err := c.ConfirmPayment(ctx, otp.ID, "1234")
	must(t, err)
	if otp.NextAction.Type != client.EnterOTP || confirmed.Status != client.StatusSucceeded {
		t.Errorf("confirmed payment is %+v", confirmed)
	}
	refund, err := c.CreateRefund(ctx, client.NewRefund{Reference: "c-3", Payment: p.ID, Amount: 5000})
	must(t, err)
	if refund.Payment != p.ID || refund.Amount != 5000 {
		t.Errorf("refund is %+v", refund)
	}
	payout, err := c.CreatePayout(ctx, client.NewTransaction{Reference: "c-4", Amount: 100, Currency: "XAF", Method: method})
	must(t, err)
	link, err := c.CreatePaymentLink(ctx, client.NewPaymentLink{Reference: "c-5", Amount: 100, Currency: "XOF"})
	must(t, err)
	link, err = c.CancelPaymentLink(ctx, link.ID)
	must(t, err)
	if payout.Kind != "payout" || link.Status != client.StatusCanceled || link.URL == "" {
		t.Errorf("payout %+v, link %+v", payout, link)
	}
	batch, err := c.CreateBatch(ctx, "c-6", []client.NewTransaction{{Reference: "c-6-1", Amount: 100, Currency: "XAF", Method: method}})
	must(t, err)
	if batch, err = c.Batch(ctx, batch.ID); err != nil || batch.Total != 1 {
		t.Errorf("batch %+v, error %v", batch, err)
	}
	count := 0
	for _, err := range c.Payments(ctx, client.Filter{PageSize: 1}) {
		must(t, err)
		count++
	}
	if count != 3 {
		t.Errorf("%d payments are listed, want 3", count)
	}
	readsTheRest(t, c, p.ID)
}

func readsTheRest(t *testing.T, c *client.Client, payment string) {
	ctx := t.Context()
	balances, err := c.Balances(ctx)
	must(t, err)
	holder, err := c.LookUpAccount(ctx, "+24177000100")
	must(t, err)
	likely, err := c.SuggestOperators(ctx, "+24177000100")
	must(t, err)
	quote, err := c.QuoteFee(ctx, "payment", 15000, "XAF", "")
	must(t, err)
	if len(balances) != 5 || holder.Name != "Awa Ndong" || likely[0].ID != "airtel_ga" || quote.Amount != 15000 || quote.Fees.Bearer != "merchant" {
		t.Errorf("%+v %+v %+v %+v", balances, holder, likely, quote)
	}
	endpoint, err := c.CreateWebhookEndpoint(ctx, "http://127.0.0.1:9/hook", []string{"payment.succeeded"})
	must(t, err)
	for e, err := range c.Events(ctx, payment) {
		must(t, err)
		if e.Type == "payment.succeeded" {
			must(t, c.ResendEvent(ctx, e.ID))
		}
		if e.Data.ID != payment {
			t.Errorf("event is %+v", e)
		}
	}
	endpoint2, err := c.EnableWebhookEndpoint(ctx, endpoint.ID, false)
	must(t, err)
	must(t, c.DeleteWebhookEndpoint(ctx, endpoint.ID))
	if endpoint.Secret == "" || endpoint2.Enabled {
		t.Errorf("endpoint %+v, then %+v", endpoint, endpoint2)
	}
	entries := 0
	for e, err := range c.LedgerEntries(ctx, payment) {
		must(t, err)
		entries++
		if e.Currency != "XAF" {
			t.Errorf("entry is %+v", e)
		}
	}
	connections := 0
	for con, err := range c.Connections(ctx) {
		must(t, err)
		connections++
		if one, err := c.Connection(ctx, con.ID); err != nil || one.Provider != "sandbox" {
			t.Errorf("connection %+v, error %v", one, err)
		}
	}
	if entries < 2 || connections != 1 {
		t.Errorf("%d entries, %d connections", entries, connections)
	}
}
