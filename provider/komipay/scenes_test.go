package komipay

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// operate makes the fake gateway's operators answer by the generic test data:
// telcos and banks within the call, transfer companies after it.
func operate(g *providertest.Gateway) {
	g.OnCreate = func(tx *pay.Transaction) {
		outcome, failure := pay.OutcomeSucceeded, pay.Failure{}
		switch {
		case strings.HasSuffix(tx.Method.Phone, "0001"):
			outcome, failure.Reason = pay.OutcomeFailed, pay.InsufficientFunds
		case tx.Method.Card.Last4 == "0002":
			outcome, failure.Reason = pay.OutcomeFailed, pay.Declined
		case tx.Method.Card.Last4 == "3220":
			tx.Status = pay.StatusRequiresAction
			tx.NextAction = pay.NextAction{Type: pay.Redirect, URL: "http://passerelle.test/pay/" + tx.Checkout.Token + "/challenge"}
			return
		}
		if tx.Method.Type == pay.Wallet {
			id := tx.ID
			time.AfterFunc(20*time.Millisecond, func() { g.Settle(id, outcome, failure) })
			return
		}
		tx.Status, tx.Failure, tx.NextAction = pay.Status(outcome), failure, pay.NextAction{}
	}
}

// serveDialect serves the demo merchant's dialect over HTTP.
func serveDialect(t *testing.T, options map[string]string) (*httptest.Server, *providertest.Gateway, map[string]string) {
	t.Helper()
	g := providertest.NewGateway()
	operate(g)
	d := speak(g)
	issued, err := providertest.Issue(t.Context(), d, provider.IssueOrder{MerchantID: "demo0001", Mode: pay.Test, Demo: true, Options: options})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/komipay", d))
	t.Cleanup(server.Close)
	return server, g, issued
}

func TestScenesPlayAsDocumented(t *testing.T) {
	server, g, issued := serveDialect(t, nil)
	var count atomic.Int64
	stage := &provider.Stage{
		Base: server.URL + "/komipay", HTTP: server.Client(), Credentials: issued, Callback: "http://shop.test/komipay",
		Unique: func() string { return fmt.Sprintf("SCENE%010d", count.Add(1)) }, Store: map[string]string{}, Now: g.Now,
	}
	for _, scene := range Provider().Scenes {
		t.Run(scene.Operation, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if status, outcome, err := scene.Play(ctx, stage); err != nil {
				t.Errorf("HTTP %d %s: %v", status, outcome, err)
			}
		})
	}
}

// TestTheConnectorMeetsTheDialect runs both sides against each other, whatever
// options the dialect has.
func TestTheConnectorMeetsTheDialect(t *testing.T) {
	for _, options := range []map[string]string{
		nil,
		{optErrorStatus: "mirror", optSeedReply: "true", optRefusalWithRef: "true"},
		{optLongPoll: "false", optStatusKey: "lenient", optAuthStatus: "403", optAuthBody: "html"},
	} {
		server, _, issued := serveDialect(t, options)
		world := providertest.NewSurroundings(t, Provider(), map[string]string{
			fieldTokenBase: server.URL + "/komipay" + basePath, fieldLogin: issued["login"], fieldPassword: issued["password"],
			fieldAPIKey: issued["api_key"], fieldKeypass: issued["keypass"], fieldAmountFormat: formatSpaced,
		})
		c, err := connect(world.Environment)
		if err != nil {
			t.Fatal(err)
		}
		meet := func(reference string, o provider.Order) (provider.Result, provider.Order) {
			t.Helper()
			o.Reference = reference
			r, err := c.Submit(t.Context(), o)
			if err != nil {
				t.Fatalf("%s with %v: %v", reference, options, err)
			}
			return r, o
		}
		if r, _ := meet("PS000000000000000001", order(pay.MobileMoney, "airtel_ne")); r.Outcome != pay.OutcomeSucceeded {
			t.Errorf("%v: telco %+v", options, r)
		}
		poor := order(pay.MobileMoney, "moov_ne")
		poor.Method.Phone = "+22794000001"
		if r, _ := meet("PS000000000000000002", poor); r.Outcome != pay.OutcomeFailed || r.Failure.Reason != pay.InsufficientFunds || !r.Prompted {
			t.Errorf("%v: telco refusal %+v", options, r)
		}
		r, o := meet("PS000000000000000003", order(pay.Wallet, "nita_ne"))
		if r.Outcome != pay.OutcomePending || r.NextAction.Type != pay.ShowCode {
			t.Errorf("%v: transfer company %+v", options, r)
		}
		ref := refOf(o, r.Data)
		ref.ProviderReference = r.ProviderReference
		for r.Outcome == pay.OutcomePending {
			if r, err = c.Status(t.Context(), ref); err != nil {
				t.Fatal(err)
			}
		}
		if r.Outcome != pay.OutcomeSucceeded || r.Amount != o.Amount || r.Reference != o.Reference {
			t.Errorf("%v: status %+v", options, r)
		}
		if r, _ := meet("PS000000000000000004", cardOrder()); r.Outcome != pay.OutcomePending || r.NextAction.Type != pay.Redirect {
			t.Errorf("%v: card %+v", options, r)
		}
		if r, err := c.Status(t.Context(), refOf(order(pay.Wallet, "nita_ne"), nil)); err != nil || !r.Absent || r.Outcome != pay.OutcomeUnknown {
			t.Errorf("%v: unknown reference %+v %v", options, r, err)
		}
	}
}
