package mypayga

import (
	"net/http"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
)

// wire: mypayga §1 (409: already paid or in progress) and §2.1 (the same
// references while unpaid).
func TestAPaymentThatFailedIsTriedAgainUnderItsOwnNames(t *testing.T) {
	const hash = "apikey=ptest_demo&uniqueID=ORDER42&amount=1500&phone=074000100"
	f := newFront(t, nil)
	token := f.post(pathHash, hash).at("payment_token")
	ask := func(wanted string) {
		t.Helper()
		a := f.post(pathRequest, "apikey=stest_demo&amount=1500&client_phone=074000100&payment_token="+token)
		if a.at("statusRequest") != wanted || wanted == "200" && a.at("payment_token") != token {
			t.Errorf("%v, want %s", a, wanted)
		}
	}
	told := func(ref, status string) {
		t.Helper()
		a := f.get(pathDetail + "?apikey=ptest_demo&payment_ref=" + ref)
		if a.at("final_status") != status || status != "" && (a.at("merchand_ref") != "ORDER42" || a.at("payment.payment_token") != token) {
			t.Errorf("%s: %v, want %s", ref, a, status)
		}
	}
	for try := 1; try <= 3; try++ {
		if again := f.post(pathHash, hash); again.at("payment_token") != token {
			t.Fatalf("references of try %d: %v", try, again)
		}
		ask("200")
		ask("409") // in progress
		told(token, "")
		told("ORDER42", "")
		outcome, failure := pay.OutcomeFailed, pay.Failure{Reason: pay.InsufficientFunds}
		if try == 3 {
			outcome, failure = pay.OutcomeSucceeded, pay.Failure{}
		}
		tx := f.gw.Settle(f.last().ID, outcome, failure)
		callback := string(f.notice(tx).Call.Body)
		if !strings.Contains(callback, `"unique_id":"ORDER42","amount":"1500","payment_token":"`+token+`"`) {
			t.Errorf("callback of try %d: %s", try, callback)
		}
		told(token, map[bool]string{true: "200", false: "400"}[try == 3])
		told("ORDER42", map[bool]string{true: "200", false: "400"}[try == 3])
	}
	ask("409") // paid
	if a := f.post(pathHash, hash); a.at("code") != "409" || len(f.gw.Transactions()) != 3 {
		t.Errorf("references of a paid one: %v", a)
	}
	if a := f.post(pathRefundCreate, "apikey=stest_demo&amount=1500&payment_token="+token); a.at("statusRequest") != "200" {
		t.Errorf("refund of the try that paid: %v", a)
	}
}

func TestAnotherAmountIsNoFurtherTry(t *testing.T) {
	const hash = "apikey=ptest_demo&uniqueID=ORDER42&amount=1500&phone=074000100"
	f := newFront(t, nil)
	token := f.post(pathHash, hash).at("payment_token")
	f.post(pathRequest, "apikey=stest_demo&amount=1500&client_phone=074000100&payment_token="+token)
	f.gw.Settle(f.last().ID, pay.OutcomeFailed, pay.Failure{Reason: pay.Declined})
	if a := f.post(pathHash, strings.Replace(hash, "1500", "1600", 1)); a.at("code") != "409" {
		t.Errorf("%v", a)
	}
	if a := f.post(pathRequest, "apikey=stest_demo&amount=1600&client_phone=074000100&payment_token="+token); a.at("message") != "Invalid amount" {
		t.Errorf("%v", a)
	}
}

func TestAMerchantsOwnNamesAreGoodAgainAfterAFailure(t *testing.T) {
	for _, name := range []string{"payment_token=MINE", "mpga_uniqueId=MINE", "payment_token=MINE&mpga_uniqueId=MINE"} {
		f := newFront(t, nil)
		request := "apikey=stest_demo&amount=1500&client_phone=074000100&" + name
		// Another order of the merchant's has the name that a second try would have.
		f.post(pathRequest, "apikey=stest_demo&amount=1500&client_phone=074000100&payment_token=MINE~2")
		other := f.last().ID
		for range 2 {
			if a := f.post(pathRequest, request); a.at("statusRequest") != "200" {
				t.Fatalf("%s: %v", name, a)
			}
			f.gw.Settle(f.last().ID, pay.OutcomeFailed, pay.Failure{Reason: pay.Declined})
		}
		if a := f.get(pathDetail + "?apikey=ptest_demo&payment_ref=MINE"); a.at("merchand_ref") != "MINE" || a.at("final_status") != "400" {
			t.Errorf("%s: %v", name, a)
		}
		f.gw.Settle(other, pay.OutcomeSucceeded, pay.Failure{})
		if a := f.get(pathDetail + "?apikey=ptest_demo&payment_ref=MINE~2"); a.at("merchand_ref") != "MINE~2" || a.at("final_status") != "200" {
			t.Errorf("the other order: %v", a)
		}
		if len(f.gw.Transactions()) != 3 {
			t.Errorf("%s: %d payments", name, len(f.gw.Transactions()))
		}
	}
}

func TestACardThatWasRefusedIsTriedAgainByTheSameForm(t *testing.T) {
	f := newFront(t, nil)
	token := f.post(pathHash, "apikey=ptest_demo&uniqueID=C1&amount=1500&phone=074000100").at("payment_token")
	pages := map[string]bool{}
	for _, outcome := range []pay.Outcome{pay.OutcomeFailed, pay.OutcomeSucceeded} {
		w, _ := f.do(formTo(pathCardForm, "apikey=ptest_demo&payment_token="+token))
		if w.Code != http.StatusSeeOther {
			t.Fatalf("HTTP %d %s", w.Code, w.Body)
		}
		pages[w.Header().Get("Location")] = true
		back, _ := f.last().Checkout.ReturnFor(pay.StatusFailed)
		if back.Fields["payment_token"] != token {
			t.Errorf("back with %v", back.Fields)
		}
		f.gw.Settle(f.last().ID, outcome, pay.Failure{})
	}
	w, _ := f.do(formTo(pathCardForm, "apikey=ptest_demo&payment_token="+token))
	if w.Code != http.StatusBadRequest || len(pages) != 2 || len(f.gw.Transactions()) != 2 {
		t.Errorf("once paid: HTTP %d, %d pages", w.Code, len(pages))
	}
}

func TestAPaymentIsTriedSoOftenAndNoMore(t *testing.T) {
	f := newFront(t, nil)
	const request = "apikey=stest_demo&amount=1500&client_phone=074000100&payment_token=MINE"
	for range maxTries {
		if a := f.post(pathRequest, request); a.at("statusRequest") != "200" {
			t.Fatalf("%v", a)
		}
		f.gw.Settle(f.last().ID, pay.OutcomeFailed, pay.Failure{Reason: pay.Declined})
	}
	if a := f.post(pathRequest, request); a.at("statusRequest") != "409" {
		t.Errorf("%v", a)
	}
}
