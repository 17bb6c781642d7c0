package mypayga

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

func transferAnswer(status, message string) string {
	return `{"message":"` + message + `","description":"Balance Transfert to client","statusRequest":"200","transfert":{"transfert_status":` + status +
		`,"amount":"100","transfert_id":"16sI2OpZHGZ","country":"GA","currency":"CFA"}}`
}

func TestAPayoutWhoseAnswerIsLostIsUnknownAndToldToAPerson(t *testing.T) {
	o := paymentOrder()
	o.Kind = pay.Payout
	for name, tt := range map[string]struct {
		body    string
		outcome pay.Outcome // "" is an error
		reason  pay.Reason
		alerts  int
	}{
		"sent":            {transferAnswer(`"200"`, "Vous avez envoye 100 FCFA à 074000100."), pay.OutcomeSucceeded, "", 0},
		"sent, a number":  {transferAnswer(`200`, ""), pay.OutcomeSucceeded, "", 0},
		"refused":         {transferAnswer(`"400"`, "Plafond atteint"), pay.OutcomeFailed, pay.LimitReached, 0},
		"other":           {transferAnswer(`"100"`, "En attente"), pay.OutcomeUnknown, "", 0},
		"no balance":      {`{"message":"Echec-solde ins.","statusRequest":"400"}`, pay.OutcomeFailed, pay.InsufficientFunds, 0},
		"lost":            {"HANG UP", "", "", 1},
		"HTML":            {"<html>", "", "", 1},
		"neither id, nor": {`{"statusRequest":"200"}`, pay.OutcomeUnknown, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			c, s := connected(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls++
				script{pathTransfer: tt.body}.ServeHTTP(w, r)
			}), nil)
			r, err := c.PayOut(context.Background(), o)
			if (err != nil) != (tt.outcome == "") || r.Outcome != tt.outcome || r.Failure.Reason != tt.reason {
				t.Errorf("%+v, %v", r, err)
			}
			if len(s.Alerts()) != tt.alerts || calls != 1 {
				t.Errorf("%d alerts, %d calls", len(s.Alerts()), calls)
			}
		})
	}
}

func TestAPayoutIsAskedForByItsIDAlone(t *testing.T) {
	ref := provider.Ref{Kind: pay.Payout, Reference: "PS1", Amount: providertest.XAF(23000)}
	c, _ := connected(t, script{pathTransferStatus: read(t, "get_client_transfert.json")}, nil)
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeUnknown || r.Absent {
		t.Errorf("without an id: %+v, %v", r, err)
	}
	ref.ProviderReference = "16sI2OpZHGZ"
	r, err := c.Status(context.Background(), ref)
	if err != nil || r.Outcome != pay.OutcomeFailed || r.Failure.Reason != pay.InsufficientFunds || r.Amount != ref.Amount {
		t.Errorf("%+v, %v", r, err)
	}
	c, _ = connected(t, script{pathTransferStatus: `{"status":"404","message":"Transaction not found","data":[]}`}, nil)
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeUnknown || !r.Absent {
		t.Errorf("not found: %+v, %v", r, err)
	}
	c, _ = connected(t, script{pathTransferStatus: read(t, "get_client_transfert_seed.json")}, nil)
	if r, err := c.Status(context.Background(), ref); err == nil || r.Outcome != pay.OutcomeUnknown {
		t.Errorf("the seed's broken JSON: %+v, %v", r, err)
	}
}

func refundOrder() provider.RefundOrder {
	o := paymentOrder()
	o.Kind, o.Reference = pay.Refund, "PSREFUND000000000001"
	return provider.RefundOrder{Order: o, Payment: paymentRef()}
}

func TestARefundIsCreatedThenSent(t *testing.T) {
	created := read(t, "refund_create.json")
	for name, tt := range map[string]struct {
		script  script
		outcome pay.Outcome
		reason  pay.Reason
	}{
		"sent":          {script{pathRefundCreate: created, pathRefundSend: read(t, "refund_send_seed.json")}, pay.OutcomeSucceeded, ""},
		"no payment":    {script{pathRefundCreate: `{"message":"Transaction not found","statusRequest":"404"}`}, pay.OutcomeFailed, pay.BadRequest},
		"no refund":     {script{pathRefundCreate: created, pathRefundSend: `{"message":"Refund not found","RefundStatus":"404"}`}, pay.OutcomeFailed, pay.BadRequest},
		"not created":   {script{pathRefundCreate: `{"message":"Invalid amount","statusRequest":"400"}`}, pay.OutcomeFailed, pay.BadRequest},
		"creation lost": {script{pathRefundCreate: "HANG UP"}, pay.OutcomeFailed, pay.OperatorUnavailable},
		"refused":       {script{pathRefundCreate: created, pathRefundSend: `{"message":"Echec-solde ins.","refund_id":"rfd_165533.IzkknzlJuU3p","RefundStatus":"400"}`}, pay.OutcomeFailed, pay.InsufficientFunds},
		"sent before":   {script{pathRefundCreate: created, pathRefundSend: `{"message":"Refund already sent","RefundStatus":"409"}`}, pay.OutcomeUnknown, ""},
		"sending lost":  {script{pathRefundCreate: created, pathRefundSend: "HANG UP"}, pay.OutcomeUnknown, ""},
		"other":         {script{pathRefundCreate: created, pathRefundSend: `{"message":"?","RefundStatus":"100"}`}, pay.OutcomeUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := connected(t, tt.script, nil)
			r, err := c.Refund(context.Background(), refundOrder())
			if err != nil || r.Outcome != tt.outcome || r.Failure.Reason != tt.reason {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestARefundIsFoundAgainAfterACrash(t *testing.T) {
	created := read(t, "refund_create.json")
	answers := script{pathRefundCreate: created, pathRefundSend: "HANG UP"}
	c, _ := connected(t, answers, nil)
	_, _ = c.Refund(context.Background(), refundOrder())
	// The gateway has recorded neither the id nor the data.
	ref := provider.Ref{Kind: pay.Refund, Reference: refundOrder().Reference, Amount: providertest.XAF(100)}
	answers[pathRefundInfos] = read(t, "refund_infos_seed.json")
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomePending || r.ProviderReference != "rfd_165533.IzkknzlJuU3p" {
		t.Errorf("200 that waits for validation, unconfirmed: %+v, %v", r, err)
	}
	ref.Data = map[string]string{dataRefundID: "rfd_165533.IzkknzlJuU3p", dataRefundSent: "200"}
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeSucceeded {
		t.Errorf("confirmed: %+v, %v", r, err)
	}
	answers[pathRefundInfos] = `{"message":"Refund not found","exists":0,"refund":null,"statusRequest":"404"}`
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeUnknown || !r.Absent {
		t.Errorf("not found: %+v, %v", r, err)
	}
	ref = provider.Ref{Kind: pay.Refund, Reference: "PSUNKNOWN", Amount: providertest.XAF(100)}
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeUnknown || r.Absent {
		t.Errorf("never created: %+v, %v", r, err)
	}
}

// callbackRequest is a callback as it is posted, signed.
func callbackRequest(c Callback, secret pay.Secret) *http.Request {
	c.Hash = c.Sign(secret)
	return formRequest(c.form())
}

func TestReadNotification(t *testing.T) {
	const secret = pay.Secret("callback-secret-0001")
	paid := Callback{
		OrderStatus: "200", UniqueID: "PS0123456789ABCDEFGH", Amount: "100", PaymentToken: token, PaymentMethod: "Mobile Money",
		Message: "Payment success", ClientPhone: "074000100", StatusRequest: "200", Currency: "CFA",
	}
	with := func(change func(*Callback)) Callback { c := paid; change(&c); return c }
	for name, tt := range map[string]struct {
		callback Callback
		verified bool
		hint     pay.Outcome
		amount   money.Amount
	}{
		"paid":                         {paid, true, pay.OutcomeSucceeded, providertest.XAF(100)},
		"an Ivorian number":            {with(func(c *Callback) { c.ClientPhone = "09306316" }), true, pay.OutcomeSucceeded, money.New(100, money.XOF)},
		"the currency in full":         {with(func(c *Callback) { c.ClientPhone, c.Currency = "", "XOF" }), true, pay.OutcomeSucceeded, money.New(100, money.XOF)},
		"a card, in CFA of no country": {with(func(c *Callback) { c.ClientPhone = "" }), false, pay.OutcomeSucceeded, money.Amount{}},
		"another amount":               {with(func(c *Callback) { c.Amount = "900" }), true, pay.OutcomeSucceeded, providertest.XAF(900)},
		"an amount that can't be read": {with(func(c *Callback) { c.Amount = "1e2" }), false, pay.OutcomeSucceeded, money.Amount{}},
		// wire: mypayga §3: the amount must equal the order's, which only the
		// gateway's question for the detail holds a failure against.
		"refused":                        {with(func(c *Callback) { c.OrderStatus, c.Message = "400", "insuffient funds" }), false, pay.OutcomeFailed, money.Amount{}},
		"refused, of another amount":     {with(func(c *Callback) { c.OrderStatus, c.Amount = "400", "900" }), false, pay.OutcomeFailed, money.Amount{}},
		"unsigned status says otherwise": {with(func(c *Callback) { c.OrderStatus, c.StatusRequest = "400", "200" }), false, pay.OutcomeFailed, money.Amount{}},
		"success with a refusal's text":  {with(func(c *Callback) { c.Message = "PAYMENT FAILED, INSUF FUND" }), false, "", money.Amount{}},
		"another status":                 {with(func(c *Callback) { c.OrderStatus = "300" }), false, pay.OutcomeUnknown, money.Amount{}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := connected(t, script{}, nil)
			n, err := c.ReadNotification(callbackRequest(tt.callback, secret))
			if err != nil || n.Verified != tt.verified || n.Hint != tt.hint || n.Result.Amount != tt.amount ||
				n.Reference != paid.UniqueID || n.ProviderReference != token || n.Answer.Status != 200 || string(n.Answer.Body) != `{"ok":true}` {
				t.Errorf("%+v, %v", n, err)
			}
		})
	}
	t.Run("is asked about in every case where confirm_callbacks is set", func(t *testing.T) {
		c, _ := connected(t, script{}, map[string]string{fieldConfirmCallbacks: "true"})
		if n, err := c.ReadNotification(callbackRequest(paid, secret)); err != nil || n.Verified || n.Hint != pay.OutcomeSucceeded {
			t.Errorf("%+v, %v", n, err)
		}
	})
	t.Run("is signed with the API key where there is no callback secret", func(t *testing.T) {
		c, _ := connected(t, script{}, map[string]string{fieldCallbackSecret: ""})
		if n, err := c.ReadNotification(callbackRequest(paid, "sprod_0123456789abcdefghij")); err != nil || !n.Verified {
			t.Errorf("%+v, %v", n, err)
		}
	})
	t.Run("is refused without the right hash", func(t *testing.T) {
		c, _ := connected(t, script{}, nil)
		for name, r := range map[string]*http.Request{
			"wrong": callbackRequest(paid, "another"), "none": formRequest(paid.form()),
			"nothing at all": httptest.NewRequest(http.MethodGet, "/hooks/mypayga/1", nil),
		} {
			if _, err := c.ReadNotification(r); pay.KindOf(err) != pay.KindUnauthorized {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := c.ReadNotification(formRequest(strings.Repeat("x", maxBody+1))); pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("endless: %v", err)
		}
	})
}
