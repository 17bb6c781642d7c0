package mypvit

import (
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// settled makes a payment of rest, settles it and returns its notice.
func settled(t *testing.T, s shop, media string, outcome pay.Outcome) *provider.Notice {
	t.Helper()
	r := post(restPath, with(restJSON, "free_info", nil))
	if media != "" {
		r.Header.Set("X-Callback-MediaType", media)
	}
	s.accepted(r)
	tx := s.gateway.Settle(s.last().ID, outcome, pay.Failure{})
	n, err := s.dialect.Notice(t.Context(), tx, string(tx.Status))
	if err != nil || n == nil {
		t.Fatalf("%v %v", n, err)
	}
	return n
}

func TestTheCallbackHasTheDocumentedBytes(t *testing.T) {
	s := openShop(t)
	n := settled(t, s, "", pay.OutcomeSucceeded)
	want := `{"transactionId":"` + s.last().FrontReference + `","merchantReferenceId":"REF08190271","status":"SUCCESS",` +
		`"amount":200.0,"customerID":"060000100","fees":5.0,"totalAmount":205.0,"chargeOwner":"MERCHANT","freeInfo":null,` +
		`"transactionOperation":"PAYMENT","code":200,"callbackMediaType":"application/json","operator":"MOOV_MONEY"}`
	if got := string(n.Call.Body); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if n.Call.Method != "POST" || n.Call.URL != "http://shop.test/hooks/mypvit" || n.Call.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s %v", n.Call.Method, n.Call.URL, n.Call.Header)
	}
	if n.Delay != 2*time.Second || n.Timeout != 10*time.Second || len(n.Retries) != 5 || n.Retries[4] != time.Hour {
		t.Errorf("delay %v, timeout %v, retries %v", n.Delay, n.Timeout, n.Retries)
	}
}

func TestTheCallbackIsXMLWhenTheRequestSaysSo(t *testing.T) {
	s := openShop(t)
	n := settled(t, s, "application/xml", pay.OutcomeSucceeded)
	body := string(n.Call.Body)
	_, fields, _ := strings.Cut(body, "\n")
	want := `<callback><transactionId>` + s.last().FrontReference + `</transactionId><merchantReferenceId>REF08190271</merchantReferenceId>` +
		`<status>SUCCESS</status><amount>200.0</amount><customerID>060000100</customerID><fees>5.0</fees><totalAmount>205.0</totalAmount>` +
		`<chargeOwner>MERCHANT</chargeOwner><freeInfo></freeInfo><transactionOperation>PAYMENT</transactionOperation><code>200</code>` +
		`<callbackMediaType>application/xml</callbackMediaType><operator>MOOV_MONEY</operator></callback>`
	if fields != want || n.Call.Header.Get("Content-Type") != "application/xml" {
		t.Errorf("%s\nwant\n%s", fields, want)
	}
}

func TestAFailedCallbackHasTheChosenCode(t *testing.T) {
	for option, code := range map[string]string{"": `"code":400`, "500": `"code":500`} {
		var options []string
		if option != "" {
			options = []string{"callback_failed_code", option}
		}
		body := string(settled(t, openShop(t, options...), "", pay.OutcomeFailed).Call.Body)
		if !strings.Contains(body, `"status":"FAILED"`) || !strings.Contains(body, code) {
			t.Error(body)
		}
	}
}

func TestNothingIsSentBeforeTheEnd(t *testing.T) {
	s := openShop(t)
	s.accepted(post(restPath, restJSON))
	for _, event := range []string{"pending", "requires_action", "duplicate", "created"} {
		if n, err := s.dialect.Notice(t.Context(), s.last(), event); err != nil || n != nil {
			t.Errorf("%s: %v %v", event, n, err)
		}
	}
}

func TestTheNumberThatPaidIsTold(t *testing.T) {
	s := openShop(t)
	s.newLink(linkJSON)
	s.gateway.Pay(s.last().Checkout.Token, pay.Method{Type: pay.MobileMoney, Phone: "+24160000100", Operator: "moov_ga"})
	tx := s.gateway.Settle(s.last().ID, pay.OutcomeSucceeded, pay.Failure{})
	n, err := s.dialect.Notice(t.Context(), tx, "succeeded")
	if err != nil {
		t.Fatal(err)
	}
	got := object(t, n.Call.Body)
	if got["customerID"] != "060000100" || got["operator"] != "MOOV_MONEY" || got["chargeOwner"] != "CUSTOMER" || got["freeInfo"] != "Free info" {
		t.Errorf("%v", got)
	}
}

func TestAnAcknowledgementIsJudged(t *testing.T) {
	s := openShop(t)
	notice := settled(t, s, "", pay.OutcomeFailed) // code 400
	id := s.last().FrontReference
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   provider.Ack
	}{
		{"the code echoed", 200, `{"responseCode":400,"transactionId":"` + id + `"}`, provider.Ack{Delivered: true, Verdict: "valid"}},
		{"the constant 200", 200, `{"responseCode":200,"transactionId":"` + id + `"}`, provider.Ack{Delivered: true, Verdict: "valid"}},
		{"numbers as text", 202, `{"responseCode":"200","transactionId":"` + id + `"}`, provider.Ack{Delivered: true, Verdict: "valid"}},
		{"XML", 200, `<ack><responseCode>200</responseCode><transactionId>` + id + `</transactionId></ack>`, provider.Ack{Delivered: true, Verdict: "valid"}},
		{"another id", 200, `{"responseCode":200,"transactionId":"PAY0601250139681"}`, provider.Ack{Delivered: true, Verdict: "wrong"}},
		{"another code", 200, `{"responseCode":500,"transactionId":"` + id + `"}`, provider.Ack{Delivered: true, Verdict: "wrong"}},
		{"no body", 204, ``, provider.Ack{Delivered: true, Verdict: "missing"}},
		{"a word", 200, `OK`, provider.Ack{Delivered: true, Verdict: "missing"}},
		{"a refusal", 500, `{"responseCode":200,"transactionId":"` + id + `"}`, provider.Ack{}},
		{"a redirect", 302, ``, provider.Ack{}},
	} {
		if got := s.dialect.Acknowledged(notice, c.status, []byte(c.body)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestTestDataFollowsTheDocument(t *testing.T) {
	for minor, want := range map[int64]pay.Outcome{151: pay.OutcomeSucceeded, 1000: pay.OutcomeSucceeded, 1001: pay.OutcomeFailed, 1500: pay.OutcomeFailed} {
		for _, kind := range []pay.Kind{pay.Payment, pay.Payout} {
			v := rules(provider.Trial{Kind: kind, Amount: providertest.XAF(minor)})
			if v.Exact != nil || v.Amount == nil || v.Amount.Outcome != want {
				t.Errorf("%s of %d: %+v", kind, minor, v)
			}
		}
	}
}
