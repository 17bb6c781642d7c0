package mypayga

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// chain is our connector that calls our dialect over HTTP.
func chain(t *testing.T, api string) (*connector, *front) {
	t.Helper()
	f := newFront(t, nil)
	server := httptest.NewServer(f.d)
	t.Cleanup(server.Close)
	c, _ := connected(t, f.d, map[string]string{
		fieldAPIKey: demoSecretKey, fieldPublicKey: demoPublicKey, fieldCallbackSecret: demoCallbackSecret,
		fieldAPI: api, fieldCardBaseURL: server.URL,
	})
	return c, f
}

func TestTheConnectorAndTheDialectUnderstandEachOther(t *testing.T) {
	ctx := context.Background()
	for _, api := range []string{apiSeed, apiV1} {
		for _, end := range []pay.Failure{{}, {Reason: pay.WrongPINOrOTP, Message: "Code de confirmation incorrect"}} {
			c, f := chain(t, api)
			r, err := c.Submit(ctx, paymentOrder())
			if err != nil || r.Outcome != pay.OutcomePending {
				t.Fatalf("%s: %+v, %v", api, r, err)
			}
			ref := paymentRef()
			ref.ProviderReference, ref.Data = r.ProviderReference, r.Data
			if r, err := c.Status(ctx, ref); err != nil || r.Outcome != pay.OutcomeUnknown && r.Outcome != pay.OutcomePending || r.Absent {
				t.Errorf("%s, pending: %+v, %v", api, r, err)
			}
			want := pay.OutcomeSucceeded
			if !end.IsZero() {
				want = pay.OutcomeFailed
			}
			tx := f.gw.Settle(f.last().ID, want, end)
			call := f.notice(tx).Call
			hook := httptest.NewRequest(call.Method, call.URL, strings.NewReader(string(call.Body)))
			hook.Header = call.Header
			n, err := c.ReadNotification(hook)
			paid := want == pay.OutcomeSucceeded // alone is applied as it comes
			if err != nil || n.Verified != paid || n.Hint != want || paid && n.Result.Outcome != want || n.Reference != paymentOrder().Reference {
				t.Errorf("%s, callback: %+v, %v", api, n, err)
			}
			s, err := c.Status(ctx, ref)
			if err != nil || s.Outcome != want || s.Amount != paymentOrder().Amount || s.Reference != "" || s.Failure.Reason != end.Reason {
				t.Errorf("%s, settled: %+v, %v", api, s, err)
			}
		}
	}
}

func TestMoneyGoesBackAndOutFromConnectorToDialect(t *testing.T) {
	ctx := context.Background()
	c, f := chain(t, apiSeed)
	paid, err := c.Submit(ctx, paymentOrder())
	if err != nil {
		t.Fatal(err)
	}
	f.gw.Settle(f.last().ID, pay.OutcomeSucceeded, pay.Failure{})
	now := f.gw.Now()
	f.gw.OnCreate = func(tx *pay.Transaction) { tx.Status, tx.CompletedAt = pay.StatusSucceeded, now }
	o := refundOrder()
	o.Payment.ProviderReference, o.Payment.Data = paid.ProviderReference, paid.Data
	r, err := c.Refund(ctx, o)
	if err != nil || r.Outcome != pay.OutcomeSucceeded {
		t.Errorf("refund: %+v, %v", r, err)
	}
	s, err := c.Status(ctx, provider.Ref{Kind: pay.Refund, Reference: o.Reference, Amount: o.Amount, ProviderReference: r.ProviderReference})
	if err != nil || s.Outcome != pay.OutcomeSucceeded {
		t.Errorf("refund status: %+v, %v", s, err)
	}
	payout := paymentOrder()
	payout.Kind = pay.Payout
	r, err = c.PayOut(ctx, payout)
	if err != nil || r.Outcome != pay.OutcomeSucceeded {
		t.Fatalf("payout: %+v, %v", r, err)
	}
	s, err = c.Status(ctx, provider.Ref{Kind: pay.Payout, Reference: "PS2", Amount: payout.Amount, ProviderReference: r.ProviderReference})
	if err != nil || s.Outcome != pay.OutcomeSucceeded || s.Amount != payout.Amount {
		t.Errorf("payout status: %+v, %v", s, err)
	}
	fee, err := c.Quote(ctx, provider.QuoteOrder{Kind: pay.Payment, Amount: providertest.XAF(10_000), Operator: "airtel_ga"})
	if err != nil || fee != providertest.XAF(175) {
		t.Errorf("quote: %s, %v", fee, err)
	}
}

func TestTheCardFormOfTheConnectorOpensThePageOfTheDialect(t *testing.T) {
	c, f := chain(t, apiSeed)
	o := paymentOrder()
	o.Method = pay.Method{Type: pay.CardMethod}
	r, err := c.Submit(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	page, err := url.Parse(r.NextAction.URL)
	if err != nil {
		t.Fatal(err)
	}
	form, err := c.client.CardForm(page.Query().Get(queryCard), page.Query().Get("hash"))
	if err != nil {
		t.Fatal(err)
	}
	values := url.Values{}
	for name, value := range form.Fields {
		values.Set(name, value)
	}
	w, _ := f.do(formTo(pathCardForm, values.Encode()))
	if w.Code != http.StatusSeeOther || f.last().Reference != o.Reference {
		t.Errorf("HTTP %d %s", w.Code, w.Body)
	}
}
