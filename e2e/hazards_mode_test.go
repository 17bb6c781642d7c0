package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
)

const callbackOrder = `{"amount":200,"reference":"REFERENCE","service":"RESTFUL","callback_url_code":"CBK01",
"customer_account_number":"066000100","merchant_operation_account_code":"ACC_0000000000001","transaction_type":"PAYMENT","owner_charge":"MERCHANT"}`

func TestAFaultIsAskedForByARequestsHeader(t *testing.T) {
	s := startStage(t, "0")
	order := func(reference string) request {
		return mypvitRequest(s.URL, "DEMOPVITCODE0001/rest", strings.Replace(callbackOrder, "REFERENCE", reference, 1))
	}
	if got := order("HTML").with("Passerelle-Fault", "html_502").must(t); got.status != http.StatusBadGateway || !strings.Contains(got.body, "<h1>") {
		t.Errorf("the answer is %v, want HTML with 502", got)
	}
	s.ends(t, "HTML", "succeeded", "")
	if got := order("THRICE").with("Passerelle-Fault", "callback_duplicate").must(t); got.status != http.StatusOK {
		t.Fatal(got)
	}
	s.rest(t)
	for reference, want := range map[string]int{"HTML": 1, "THRICE": 3} {
		if got := mypvitNotes(t, s, reference); len(got) != want {
			t.Errorf("%s: the merchant was told %d times, want %d", reference, len(got), want)
		}
	}
	native := s.demo.request(http.MethodPost, "/v1/payments", paymentBody("NATIVE")).with("Passerelle-Fault", "error_500")
	if got := native.must(t); got.status != http.StatusInternalServerError {
		t.Errorf("the native answer is %v, want 500", got)
	}
	s.ends(t, "NATIVE", "succeeded", "")
}

func TestAFaultNeverTouchesALiveRequest(t *testing.T) {
	p := startPair(t, "mypvit", func(b *app.Running) map[string]string {
		return map[string]string{
			"base_url": b.URL + "/mypvit", "code_url": "DEMOPVITCODE0001", "account": "ACC_0000000000001", "secret": mypvitSecret,
			"renewal_password": "demo-password", "reception_url_code": "RCV01", "callback_url_code": "CBK01",
			"success_redirection_url_code": "OKR01", "failed_redirection_url_code": "KOR01",
		}
	})
	faults := p.a.App.Sandbox.Faults
	for _, name := range []string{"ip_refused", "html_502", "answer_lost", "callback_never"} {
		if _, err := faults.Arm("mypvit", name, "", "", 0); err != nil {
			t.Fatal(err)
		}
	}
	mine := p.live["mypvit"]
	body := strings.NewReplacer("REFERENCE", "LIVE1", "CBK01", mine["callback_url_code"], "ACC_0000000000001", mine["account"]).Replace(callbackOrder)
	order := request{http.MethodPost, p.a.URL + "/mypvit/" + mine["code_url"] + "/rest", body, http.Header{
		"Content-Type": {"application/json"}, "X-Secret": {mine["secret"]}, "Passerelle-Fault": {"auth_401"},
	}}
	if got := order.must(t); got.status != http.StatusOK || fields(t, got.body)["status"] != "PENDING" {
		t.Errorf("the live request is answered %v", got)
	}
	if note := p.merchant.wait(t, "/mypvit", "LIVE1"); fields(t, note.body)["status"] != "SUCCESS" {
		t.Errorf("the live notification is %s", note.body)
	}
	for _, a := range faults.Armed() {
		if a.Hits != 0 || a.Transaction != "" {
			t.Errorf("%s has struck a live transaction", a.Fault)
		}
	}
}
