package mypvit

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// connection are the values of a made-up live connection.
func connection() map[string]string {
	return map[string]string{
		"code_url": "YZKELHFNIIUNK3GI", "account": "ACC_0123456789ABC",
		"secret": "sk_live_11111111-2222-4333-8444-555555555555", "renewal_password": "renewal-password",
		"reception_url_code": "T0FHF", "callback_url_code": "1B9LW",
		"success_redirection_url_code": "TKO7A", "failed_redirection_url_code": "JDCEY",
	}
}

func paymentOrder() provider.Order {
	return provider.Order{
		TransactionID: "pay_demo000101jh0000000000000000000000", MerchantID: "demo0001", Mode: pay.Live,
		Kind: pay.Payment, Reference: "REF000000001", Amount: providertest.XAF(200), Description: "Info libre",
		Customer:  pay.Customer{Phone: "+24160000100"},
		Method:    pay.Method{Type: pay.MobileMoney, Operator: "moov_ga", Phone: "+24160000100"},
		FeeBearer: pay.MerchantBears,
	}
}

func payoutOrder() provider.Order {
	o := paymentOrder()
	o.Kind, o.Reference = pay.Payout, "REF000000002"
	return o
}

func TestConformance(t *testing.T) {
	payout := payoutOrder()
	for _, version := range []string{Version55, Version2} {
		values := connection()
		values["api_version"] = version
		order := paymentOrder()
		order.Amount, payout.Amount = providertest.XAF(700), providertest.XAF(700)
		t.Run("version "+version, func(t *testing.T) {
			providertest.Run(t, providertest.Case{
				Provider: Provider(), Values: values, AddressFields: []string{"base_url"},
				Order: order, Payout: &payout,
				Absent:   answer(404, `{"date":"17112024-141750","status_code":4006,"error":"TRANSACTION_NOT_FOUND","message":"The transaction is not found","path":"/UW843WZ1DAY5BS7/status"}`),
				Requests: conformanceRequests(), Shape: errorShape,
			})
		})
	}
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaJSON)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func conformanceRequests() []providertest.Request {
	wrongSecret := func(r *http.Request) *http.Request {
		r.Header.Set("X-Secret", "sk_test_99999999-9999-4999-8999-999999999999")
		return r
	}
	get := func(path, query string) func(map[string]string) *http.Request {
		return func(issued map[string]string) *http.Request {
			return authorized(httptest.NewRequest(http.MethodGet, strings.ReplaceAll(path, "{code}", issued["code_url"])+"?"+query, nil))
		}
	}
	return []providertest.Request{
		{Name: "rest", Spoil: wrongSecret, Build: func(map[string]string) *http.Request {
			return post("/DEMOPVITCODE0001/rest", restJSON)
		}},
		{Name: "rest in XML", Spoil: wrongSecret, Build: func(map[string]string) *http.Request {
			return postXML("/DEMOPVITCODE0001/rest", restXML)
		}},
		{Name: "link", Spoil: wrongSecret, Build: func(map[string]string) *http.Request {
			return post("/DEMOPVITCODE0001/link", linkJSON)
		}},
		{Name: "balance", Spoil: wrongSecret, Build: get("/{code}/balance", "accountOperationCode=ACC_0000000000001")},
		{Name: "get-operators", Spoil: wrongSecret, Build: get("/v2/{code}/get-operators", "countryCode=GA")},
		{
			Name:  "renew-secret",
			Build: func(map[string]string) *http.Request { return renewal("demo-password") },
			Spoil: func(*http.Request) *http.Request { return renewal("wrong-password") },
		},
	}
}

func renewal(password string) *http.Request {
	form := url.Values{
		"operationAccountCode": {"ACC_0000000000001"}, "receptionUrlCode": {"RCV01"}, "password": {password},
	}
	r := httptest.NewRequest(http.MethodPost, "/DEMOPVITCODE0001/renew-secret", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// errorShape checks the documented refusal: five fields, the code a number.
func errorShape(_ int, header http.Header, body []byte) error {
	var e struct {
		Date       string `json:"date" xml:"date"`
		StatusCode int    `json:"status_code" xml:"status_code"`
		Error      string `json:"error" xml:"error"`
		Message    string `json:"message" xml:"message"`
		Path       string `json:"path" xml:"path"`
	}
	var err error
	if header.Get("Content-Type") == "application/xml" {
		err = xml.Unmarshal(body, &e)
	} else {
		err = json.Unmarshal(body, &e)
	}
	if err == nil && (len(e.Date) != 15 || e.StatusCode == 0 || e.Error == "" || e.Message == "" || !strings.HasPrefix(e.Path, "/")) {
		err = errors.New("a field is missing")
	}
	return err
}
