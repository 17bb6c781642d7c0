package cinetpay

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
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

// paid is a payment that succeeded.
func (f *front) paid() pay.Transaction {
	f.Helper()
	tx := f.create(map[string]any{"metadata": "order-42", "description": "Panier A&B =1+1 %"})
	f.gw.Pay(tx.Checkout.Token, pay.Method{Type: pay.MobileMoney, Operator: "orange_ci", Phone: "+2250700000100"})
	return f.gw.Settle(tx.ID, pay.OutcomeSucceeded, pay.Failure{})
}

func TestNoticeIsTheSixteenSignedFields(t *testing.T) {
	f := newFront(t, nil)
	n := f.notice(f.paid(), "succeeded")
	if n.Call.Method != http.MethodPost || n.Call.URL != "https://www.exemple.com/notify" ||
		n.Call.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("call %+v", n.Call)
	}
	var names []string
	got := map[string]string{}
	concatenated := ""
	for pair := range strings.SplitSeq(string(n.Call.Body), "&") {
		name, value, _ := strings.Cut(pair, "=")
		names = append(names, name)
		got[name], _ = url.QueryUnescape(value)
		concatenated += got[name]
	}
	if !slices.Equal(names, notificationFields) {
		t.Errorf("fields %v", names)
	}
	for name, want := range map[string]string{
		"cpm_site_id": "100001", "cpm_trans_id": "id-de-paiement-unique", "cpm_trans_date": "2025-01-06 13:17:50",
		"cpm_amount": "100", "cpm_currency": "XOF", "payment_method": "OM", "cel_phone_num": "0700000100",
		"cpm_phone_prefixe": "225", "cpm_language": "fr", "cpm_version": "V4", "cpm_payment_config": "SINGLE",
		"cpm_page_action": "PAYMENT", "cpm_custom": "order-42", "cpm_designation": "Panier A&B =1+1 %",
		"cpm_error_message": "SUCCES",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if len(got["signature"]) != 64 || !(Notification{SiteID: concatenated}).Verify(demoSecret, n.Call.Header.Get(headerToken)) {
		t.Error("the x-token is not the HMAC of the values as they come")
	}
	want := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour}
	if !slices.Equal(n.Retries, want) || n.Timeout != 10*time.Second {
		t.Errorf("retries %v, timeout %s", n.Retries, n.Timeout)
	}
	if n.Probe == nil || n.ProbeRequired || n.Probe.Method != http.MethodGet || n.Probe.URL != n.Call.URL || n.Probe.Body != nil {
		t.Errorf("probe %+v", n.Probe)
	}
}

func TestNoticeIsSentOnChangesAfterTheCustomerHasSubmitted(t *testing.T) {
	f := newFront(t, nil)
	final := newFront(t, map[string]string{optNotifyOn: "final"})
	waiting := pay.Transaction{
		MerchantID: "demo0001", Mode: pay.Test, Kind: pay.Payment, Status: pay.StatusRequiresAction, Account: demoSiteID,
		Reference: "T1", Amount: xof(100), FrontData: map[string]string{frontNotifyURL: "https://www.exemple.com/notify"},
	}
	submitted := waiting
	submitted.Status, submitted.Submitted = pay.StatusPending, true
	if f.notice(waiting, "requires_action") != nil {
		t.Error("the making of a page is told")
	}
	if n := f.notice(submitted, "pending"); n == nil || !strings.HasSuffix(string(n.Call.Body), "cpm_error_message=WAITING_CUSTOMER_TO_VALIDATE") {
		t.Error("the waiting for the customer is not told")
	}
	if final.notice(submitted, "pending") != nil {
		t.Error("notify_on final tells what is not final")
	}
	expired := waiting
	expired.Status = pay.StatusExpired
	if n := final.notice(expired, "expired"); n == nil || !strings.HasSuffix(string(n.Call.Body), "cpm_error_message=TRANSACTION_CANCEL") {
		t.Error("an abandoned page is not told as TRANSACTION_CANCEL")
	}
	if f.notice(submitted, "duplicate") != nil {
		t.Error("CinetPay has no word for a second success")
	}
	unknown := submitted
	unknown.MerchantID = "nobody01"
	if f.notice(unknown, "succeeded") != nil {
		t.Error("a merchant without an account is notified")
	}
}

func TestOptionsOfNoticesHaveEffect(t *testing.T) {
	t.Run("notify_format seed_json", func(t *testing.T) {
		f := newFront(t, map[string]string{optNotifyFormat: "seed_json"})
		n := f.notice(f.paid(), "succeeded")
		if string(n.Call.Body) != `{"cpm_trans_id":"id-de-paiement-unique","cpm_site_id":"100001"}` ||
			n.Call.Header.Get("Content-Type") != "application/json" || n.Call.Header.Get(headerToken) != "" {
			t.Errorf("%s %v", n.Call.Body, n.Call.Header)
		}
	})
	t.Run("notify_ping", func(t *testing.T) {
		required := newFront(t, map[string]string{optNotifyPing: "required"})
		if n := required.notice(required.paid(), "succeeded"); n.Probe == nil || !n.ProbeRequired {
			t.Error("required has no effect")
		}
		off := newFront(t, map[string]string{optNotifyPing: "off"})
		if n := off.notice(off.paid(), "succeeded"); n.Probe != nil {
			t.Error("off has no effect")
		}
	})
}

func TestAnyTwoHundredAcknowledges(t *testing.T) {
	f := newFront(t, nil)
	for status, want := range map[int]bool{200: true, 204: true, 302: false, 405: false, 500: false} {
		if got := f.d.Acknowledged(nil, status, []byte("whatever")); got.Delivered != want {
			t.Errorf("HTTP %d: %+v", status, got)
		}
	}
}
