package mypayga

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

func connection() map[string]string {
	return map[string]string{
		fieldAPIKey: "sprod_0123456789abcdefghij", fieldPublicKey: "pprod_0123456789abcdefghij",
		fieldCallbackSecret: "callback-secret-0001",
	}
}

func paymentOrder() provider.Order {
	return provider.Order{
		TransactionID: "pay_demo00010001", MerchantID: "demo0001", Mode: pay.Live, Kind: pay.Payment,
		Reference: "PS0123456789ABCDEFGH", Amount: providertest.XAF(100), Description: "Panier",
		Customer:  pay.Customer{Name: "Larry", GivenName: "Jacob", Email: "client@example.test", Phone: "+24174000100", Country: "GA"},
		Method:    pay.Method{Type: pay.MobileMoney, Operator: "airtel_ga", Phone: "+24174000100"},
		ReturnURL: "https://passerelle.test/pay/x/return", HookURL: "https://passerelle.test/hooks/mypayga/1",
	}
}

// givesReferences answers gethash, which comes before each payment.
func givesReferences(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != pathHash {
		return false
	}
	_, _ = io.WriteString(w, `{"code":"200","message":"References created successfully","hash":"00ff","payment_token":"AbCdEfGhIjKlMnOpQrStUvWx1","uniqueID":"PS0123456789ABCDEFGH"}`)
	return true
}

func TestConformance(t *testing.T) {
	payout := paymentOrder()
	payout.Kind, payout.Reference = pay.Payout, "PS0123456789ABCDEFGJ"
	for _, api := range []string{apiSeed, apiV1} {
		t.Run("api "+api, func(t *testing.T) {
			values := connection()
			values[fieldAPI] = api
			providertest.Run(t, providertest.Case{
				Provider: Provider(), Values: values, AddressFields: []string{fieldBaseURL},
				Order: paymentOrder(), Payout: &payout, Preliminary: givesReferences,
				Requests: conformanceRequests(), Shape: refusalShape,
			})
		})
	}
}

// conformanceRequests are of the newer API, whose refusals have their HTTP
// status; the others tell them in the body alone.
func conformanceRequests() []providertest.Request {
	return []providertest.Request{{
		Name: "v1/payment",
		Build: func(issued map[string]string) *http.Request {
			return jsonTo(pathPay, `{"apikey":"`+issued[fieldAPIKey]+`","urls":{"callback_url":"http://shop.test/hook"},"client_phone":"074121212",
				"amount":"100","country":"GA","network":"AM","type":"mobile_money","unique_id":"ORDER42","currency":"XAF"}`)
		},
		Spoil: func(r *http.Request) *http.Request {
			body, _ := io.ReadAll(r.Body)
			return jsonTo(pathPay, strings.Replace(string(body), demoSecretKey, "stest_other", 1))
		},
	}}
}

func jsonTo(path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", mediaJSON)
	return r
}

// refusalShape holds a refusal to a message and one status field.
func refusalShape(_ int, header http.Header, body []byte) error {
	if header.Get("Content-Type") != "application/json; charset=utf-8" {
		return errors.New("not JSON")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return err
	}
	if len(fields) != 2 || textOf(fields["message"]) == "" || statusOf("", fields) == "" {
		return errors.New("not a message and a status")
	}
	return nil
}
