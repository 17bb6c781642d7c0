package cinetpay

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestCheckTellsEveryState(t *testing.T) {
	phone := pay.Method{Type: pay.MobileMoney, Operator: "orange_ci", Phone: "+2250700000100"}
	tests := []struct {
		name    string
		change  func(*pay.Transaction)
		code    string
		message string
		status  string
	}{
		{"unused", func(tx *pay.Transaction) {}, "662", "WAITING_CUSTOMER_PAYMENT", "PENDING"},
		{"submitted", func(tx *pay.Transaction) {
			tx.Submitted, tx.Status, tx.NextAction = true, pay.StatusPending, pay.NextAction{}
		}, "623", "WAITING_CUSTOMER_TO_VALIDATE", "WAITING_FOR_CUSTOMER"},
		{"password", func(tx *pay.Transaction) { tx.Submitted, tx.NextAction = true, pay.NextAction{Type: pay.EnterOTP} }, "663", "WAITING_CUSTOMER_OTP_CODE", "WAITING_FOR_CUSTOMER"},
		{"3-D Secure", func(tx *pay.Transaction) { tx.Submitted, tx.NextAction = true, pay.NextAction{Type: pay.Redirect} }, "664", "WAITING_CUSTOMER_PAYMENT_AT_OPERATOR_SIDE", "WAITING_FOR_CUSTOMER"},
		{"succeeded", func(tx *pay.Transaction) { tx.Status = pay.StatusSucceeded }, "00", "SUCCES", "ACCEPTED"},
		{"canceled", func(tx *pay.Transaction) { tx.Status = pay.StatusCanceled }, "627", "TRANSACTION_CANCEL", "CANCELLED"},
		{"abandoned", func(tx *pay.Transaction) { tx.Status = pay.StatusExpired }, "627", "TRANSACTION_CANCEL", "CANCELLED"},
		{"CinetPay's own code", func(tx *pay.Transaction) {
			tx.Status, tx.Provider = pay.StatusFailed, "cinetpay"
			tx.Failure = pay.Failure{Reason: pay.LimitReached, ProviderCode: "812"}
		}, "812", "WEEKLY_MAX_NUMBER_TRANSACTION_REACHED", "REFUSED"},
		{"another rail's code", func(tx *pay.Transaction) {
			tx.Status, tx.Provider = pay.StatusFailed, "mypvit"
			tx.Failure = pay.Failure{Reason: pay.LimitReached, ProviderCode: "812"}
		}, "808", "DAILY_MAX_AMOUNT_TRANSACTION_REACHED", "REFUSED"},
	}
	for reason, code := range map[pay.Reason]string{
		pay.InsufficientFunds: "602", pay.Declined: "600", pay.WrongPINOrOTP: "604", pay.CustomerCanceled: "627",
		pay.Expired: "625", pay.LimitReached: "808", pay.InvalidPhone: "635", pay.AmountTooLow: "641",
		pay.AmountTooHigh: "642", pay.OperatorUnavailable: "804", pay.ProviderError: "606", "": "600",
	} {
		tests = append(tests, struct {
			name    string
			change  func(*pay.Transaction)
			code    string
			message string
			status  string
		}{"failed " + string(reason), func(tx *pay.Transaction) {
			tx.Status, tx.Failure = pay.StatusFailed, pay.Failure{Reason: reason}
		}, code, must2(findCode(paymentCodes, code)).message, must2(findCode(paymentCodes, code)).status})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFront(t, nil)
			f.gw.OnCreate = func(tx *pay.Transaction) {
				tx.Method, tx.CompletedAt, tx.ProviderReference = phone, time.Date(2025, 4, 7, 14, 7, 24, 0, time.UTC), "8210400000001"
				tt.change(tx)
			}
			f.create(nil)
			status, answer, data := f.check(`"transaction_id":"id-de-paiement-unique","payment_token":"not-its-token"`)
			if status != 200 || answer["code"] != tt.code || answer["message"] != tt.message || data["status"] != tt.status {
				t.Errorf("HTTP %d %v", status, answer)
			}
			_, described := answer["description"]
			if described == (tt.code == "00") {
				t.Error("description is there with code 00, or missing without")
			}
			for _, key := range strings.Fields(`amount currency status payment_method description metadata operator_id
				payment_date fund_availability_date phone_number phone_prefix`) {
				if _, ok := data[key]; !ok {
					t.Errorf("data lacks %s", key)
				}
			}
		})
	}
}

func must2[T any](v T, ok bool) T {
	if !ok {
		panic("not found")
	}
	return v
}

func TestCheckAnswersThePublishedExampleByteForByte(t *testing.T) {
	f := newFront(t, nil)
	f.gw.OnCreate = func(tx *pay.Transaction) {
		tx.Status, tx.CompletedAt, tx.ProviderReference = pay.StatusSucceeded, time.Date(2025, 4, 7, 14, 7, 24, 0, time.UTC), "8210400000001"
		tx.Method = pay.Method{Type: pay.MobileMoney, Operator: "moov_ci", Phone: "+2250100000100"}
	}
	f.create(nil)
	w := httptest.NewRecorder()
	body := `{"apikey":"demo-cinetpay-apikey","site_id":"100001","transaction_id":"id-de-paiement-unique",}`
	f.d.ServeHTTP(w, httptest.NewRequest(http.MethodPost, pathCheck, strings.NewReader(body)))
	var answer struct {
		ID string `json:"api_response_id"`
	}
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	var want, got map[string]any
	_ = json.Unmarshal([]byte(strings.Replace(read(t, "check_success.json"), "1712345680.0003", answer.ID, 1)), &want)
	_ = json.Unmarshal(w.Body.Bytes(), &got)
	if string(must(json.Marshal(got))) != string(must(json.Marshal(want))) {
		t.Errorf("got %s", w.Body)
	}
}

func TestAPaymentIsFoundByItsNamesWithSpacesAround(t *testing.T) {
	f := newFront(t, nil)
	tx := f.create(map[string]any{"transaction_id": " T1 "})
	for _, fields := range []string{`"transaction_id":" T1 "`, `"transaction_id":"T1"`, `"payment_token":" ` + tx.FrontReference + ` "`} {
		if status, answer, _ := f.check(fields); status != 200 || answer["code"] != "662" {
			t.Errorf("%s: HTTP %d %v", fields, status, answer)
		}
	}
}

func TestCheckFindsOnlyTheCallersPayments(t *testing.T) {
	f := newFront(t, nil)
	tx := f.create(nil)
	if _, answer, _ := f.check(`"token":"` + tx.FrontReference + `"`); answer["code"] != "662" {
		t.Errorf("by token: %v", answer)
	}
	if status, answer, _ := f.check(`"transaction_id":"","payment_token":null`); status != 400 || answer["code"] != "608" {
		t.Errorf("by nothing: HTTP %d %v", status, answer)
	}
	other := f.issue(provider.IssueOrder{MerchantID: "other001", Mode: pay.Test})
	live := f.issue(provider.IssueOrder{MerchantID: "demo0001", Mode: pay.Live})
	for _, who := range []map[string]string{other, live} {
		for _, name := range []string{`"transaction_id":"id-de-paiement-unique"`, `"payment_token":"` + tx.FrontReference + `"`} {
			status, answer := f.post(pathCheck, "application/json",
				`{"apikey":"`+who["apikey"]+`","site_id":"`+who["site_id"]+`",`+name+`}`)
			if _, hasData := answer["data"]; status != 400 || answer["description"] != "transaction_id not found" || hasData {
				t.Errorf("HTTP %d %v", status, answer)
			}
		}
	}
}

func TestOptionsOfCheckHaveEffect(t *testing.T) {
	for _, code := range []string{"608", "600", "627"} {
		f := newFront(t, map[string]string{optUnknownCode: code})
		if status, answer, _ := f.check(`"transaction_id":"none"`); status != 400 || answer["code"] != code {
			t.Errorf("unknown: HTTP %d %v", status, answer)
		}
	}
	t.Run("seed_check_shape", func(t *testing.T) {
		f := newFront(t, map[string]string{optSeedCheck: "true"})
		f.gw.OnCreate = func(tx *pay.Transaction) { tx.Status = pay.StatusFailed }
		f.create(nil)
		_, answer, data := f.check(`"transaction_id":"id-de-paiement-unique"`)
		if keys := slices.Sorted(maps.Keys(data)); !slices.Equal(keys, []string{"payment_date", "payment_method", "phone_number", "phone_prefix"}) {
			t.Errorf("keys %v", keys)
		}
		if keys := slices.Sorted(maps.Keys(answer)); !slices.Equal(keys, []string{"api_response_id", "code", "data", "message"}) {
			t.Errorf("keys %v", keys)
		}
	})
	t.Run("docs_spelling", func(t *testing.T) {
		f := newFront(t, map[string]string{optDocsSpelling: "true"})
		f.gw.OnCreate = func(tx *pay.Transaction) {
			tx.Status, tx.Failure.Reason = pay.StatusFailed, pay.InsufficientFunds
		}
		f.create(nil)
		if _, answer, _ := f.check(`"transaction_id":"id-de-paiement-unique"`); answer["message"] != "INSUFFICIENT_BALANCE" {
			t.Errorf("%v", answer)
		}
	})
	t.Run("checks_per_min", func(t *testing.T) {
		f := newFront(t, map[string]string{optChecksPerMinute: "2"})
		for _, want := range []int{400, 400, 429} {
			if status, _, _ := f.check(`"transaction_id":"none"`); status != want {
				t.Errorf("HTTP %d, want %d", status, want)
			}
		}
		f.gw.Advance(time.Minute)
		if status, _, _ := f.check(`"transaction_id":"none"`); status != 400 {
			t.Errorf("a minute later HTTP %d", status)
		}
	})
	t.Run("live checks are limited to 60 a minute, test ones are not", func(t *testing.T) {
		var l limiter
		now := time.Unix(1, 0)
		for i := range 70 {
			if l.allow(account{Mode: pay.Live, MerchantID: "m"}, now) != (i < 60) {
				t.Fatalf("live check %d", i)
			}
			if !l.allow(account{Mode: pay.Test, MerchantID: "m"}, now) {
				t.Fatalf("test check %d", i)
			}
		}
	})
}
