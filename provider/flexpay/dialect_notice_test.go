package flexpay

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func (f *front) notice(tx pay.Transaction, event string) *provider.Notice {
	f.Helper()
	n, err := f.d.Notice(context.Background(), tx, event)
	if err != nil {
		f.Fatal(err)
	}
	return n
}

// ended is a transaction made by an operation, with its end.
func (f *front) ended(path string, changes map[string]any, outcome pay.Outcome) pay.Transaction {
	f.Helper()
	if status, answer := f.post(path, asJSON(mobileFields(changes))); answer["message"] == nil || status != 200 {
		f.Fatalf("HTTP %d %v", status, answer)
	}
	tx := f.last()
	if tx.Status == pay.StatusRequiresAction {
		f.gw.Pay(tx.Checkout.Token, pay.Method{Type: pay.CardMethod, Card: pay.CardMask{Brand: "visa"}})
	}
	failure := pay.Failure{}
	if outcome == pay.OutcomeFailed {
		failure.Reason = pay.InsufficientFunds
	}
	tx = f.gw.Settle(tx.ID, outcome, failure)
	tx.FrontReference = "Zx8LmQ2pRt5K000000000001"
	if outcome == pay.OutcomeSucceeded {
		tx.ProviderReference = "AA00000BCDE"
	}
	return tx
}

func TestCallbacksHaveTheFieldsOfTheirOperationInOrder(t *testing.T) {
	const seedOK = `{"code":"0","reference":"ORD1001","provider_reference":"AA00000BCDE","orderNumber":"Zx8LmQ2pRt5K000000000001"}`
	const seedNo = `{"code":"1","reference":"ORD1001","provider_reference":"","orderNumber":"Zx8LmQ2pRt5K000000000001"}`
	const start = `{"code":"0","reference":"ORD1001","provider_reference":"AA00000BCDE","orderNumber":"Zx8LmQ2pRt5K000000000001",` +
		`"amount":"50.0","amountCustomer":"51.0",`
	const phoneOK = start + `"phone":"243810000100","currency":"CDF","createdAt":"06-01-2025 14:17:50","channel":"mpesa"}`
	const cardOK = start + `"currency":"CDF","createdAt":"06-01-2025 14:17:50","channel":"visa"}`
	for _, tt := range []struct {
		path, profile string
		outcome       pay.Outcome
		want          string
	}{
		{"/v1/pay", "by_operation", pay.OutcomeSucceeded, seedOK},
		{"/v1/pay", "by_operation", pay.OutcomeFailed, seedNo},
		{"/v1/pay", "extended", pay.OutcomeSucceeded, cardOK},
		{"/v2/pay", "by_operation", pay.OutcomeSucceeded, cardOK},
		{"/v1.1/pay", "by_operation", pay.OutcomeSucceeded, cardOK},
		{"/vpos/ask", "by_operation", pay.OutcomeSucceeded, cardOK},
		{"/v1.1/pay", "seed", pay.OutcomeSucceeded, seedOK},
		{"/paymentService", "by_operation", pay.OutcomeSucceeded, phoneOK},
		{"/paymentService", "seed", pay.OutcomeFailed, seedNo},
		{"/merchantPayOutService", "by_operation", pay.OutcomeSucceeded, phoneOK},
	} {
		f := newFront(t, map[string]string{optCallbackProfile: tt.profile})
		tx := f.ended(tt.path, nil, tt.outcome)
		n := f.notice(tx, string(tx.Status))
		if string(n.Call.Body) != tt.want {
			t.Errorf("%s %s:\n got %s\nwant %s", tt.path, tt.profile, n.Call.Body, tt.want)
		}
		if n.Call.Method != http.MethodPost || n.Call.URL != "https://abcd.efgh.cd/callback" || n.Call.Header.Get("Content-Type") != "application/json" {
			t.Errorf("call %+v", n.Call)
		}
	}
}

func TestCallbacksComeOnceTheEndIsKnownAndAreRepeated(t *testing.T) {
	f := newFront(t, nil)
	tx := f.ended("/paymentService", nil, pay.OutcomeSucceeded)
	for event, want := range map[string]bool{
		"succeeded": true, "failed": true, "canceled": true, "expired": true,
		"pending": false, "requires_action": false, "duplicate": false,
	} {
		if got := f.notice(tx, event) != nil; got != want {
			t.Errorf("%s is told: %v", event, got)
		}
	}
	n := f.notice(tx, "succeeded")
	if !slices.Equal(n.Retries, []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute}) ||
		n.Timeout != 10*time.Second || n.Delay != 2*time.Second {
		t.Errorf("retries %v, timeout %s, delay %s", n.Retries, n.Timeout, n.Delay)
	}
	for retries, want := range map[string]int{"0": 0, "1": 1, "5": 5} {
		f := newFront(t, map[string]string{optCallbackRetries: retries})
		if n := f.notice(tx, "succeeded"); len(n.Retries) != want {
			t.Errorf("callback_retries %s: %v", retries, n.Retries)
		}
	}
	silent := tx
	silent.FrontData = nil
	stranger := tx
	stranger.MerchantID = "nobody01"
	if f.notice(silent, "succeeded") != nil || f.notice(stranger, "succeeded") != nil {
		t.Error("a callback without an address, or of a merchant without an account")
	}
	live := f.issue(provider.IssueOrder{MerchantID: "demo0001", Mode: pay.Live})
	tx.Mode = pay.Live
	if n := f.notice(tx, "succeeded"); live[fieldToken] == "" || n.Delay != 0 {
		t.Error("a live callback is delayed")
	}
}

func TestAnyTwoHundredAcknowledges(t *testing.T) {
	f := newFront(t, nil)
	for status, want := range map[int]bool{200: true, 204: true, 302: false, 401: false, 500: false} {
		if got := f.d.Acknowledged(nil, status, []byte("whatever")); got.Delivered != want {
			t.Errorf("HTTP %d: %+v", status, got)
		}
	}
}
