package flexpay

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

const testToken = "jeton-secret-0001"

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func cdf(units int64) money.Amount { return money.New(units*100, money.CDF) }

func mobileOrder() provider.Order {
	return provider.Order{
		TransactionID: "pay_demo00010001", MerchantID: "demo0001", Mode: pay.Live, Kind: pay.Payment,
		Reference: "PS0123456789ABCDEFGH", Amount: cdf(50), Description: "Panier",
		Method:    pay.Method{Type: pay.MobileMoney, Operator: "mpesa_cd", Phone: "+243810000100"},
		ReturnURL: "https://passerelle.test/pay/token/return", HookURL: "https://passerelle.test/hooks/flexpay/1",
	}
}

func cardOrder() provider.Order {
	o := mobileOrder()
	o.Amount, o.Method = money.New(10000, money.USD), pay.Method{Type: pay.CardMethod}
	return o
}

func payoutOrder() provider.Order {
	o := mobileOrder()
	o.Kind = pay.Payout
	return o
}

// knowing is the provider whose connector has an orderNumber for every status
// check of the suite.
func knowing(t *testing.T) provider.Provider {
	p := Provider()
	p.Connect = func(e provider.Environment) (provider.Connector, error) {
		item := provider.Item{Value: []byte("Zx8LmQ2pRt5K000000000001")}
		if err := e.Memory.Put(t.Context(), orderKey(mobileOrder().Reference), item); err != nil {
			return nil, err
		}
		return connect(e)
	}
	return p
}

func TestConformance(t *testing.T) {
	payout := payoutOrder()
	values := func(more map[string]string) map[string]string {
		v := map[string]string{fieldToken: testToken, fieldMerchant: "ZANDO"}
		for name, value := range more {
			v[name] = value
		}
		return v
	}
	bases := []string{fieldCardBase, fieldPayBase, fieldCheckBase}
	for name, c := range map[string]providertest.Case{
		"mobile money": {
			Provider: knowing(t), Values: values(nil), AddressFields: bases, Order: mobileOrder(), Payout: &payout,
			Absent: answers(200, read(t, "check_not_found.json")), Requests: conformanceRequests(), Shape: checkShape,
		},
		"card v1":      {Provider: knowing(t), Values: values(nil), AddressFields: bases, Order: cardOrder()},
		"card v1 json": {Provider: knowing(t), Values: values(map[string]string{fieldV1Body: BodyJSON}), AddressFields: bases, Order: cardOrder()},
		"card v1.1":    {Provider: knowing(t), Values: values(map[string]string{fieldCardAPI: CardV11}), AddressFields: bases, Order: cardOrder()},
	} {
		t.Run(name, func(t *testing.T) { providertest.Run(t, c) })
	}
}

// checkShape holds a refusal to the documented one of 401.
func checkShape(status int, header http.Header, body []byte) error {
	if header.Get("Content-Type") != "application/json" {
		return errors.New("the type is not exactly application/json")
	}
	var e struct {
		Error   string `json:"error"`
		Message string `json:"message"`
		Status  int    `json:"status"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	if e.Error == "" || e.Message == "" || e.Status != status {
		return errors.New("error, message or status is missing")
	}
	return nil
}

func conformanceRequests() []providertest.Request {
	const cardFields = `"merchant":"DEMO","reference":"MM0000XXFFR159","amount":100,"currency":"USD","callback_url":"https://abcd.efgh.cd/callback"`
	const mobileFields = `{"merchant":"DEMO","type":"1","reference":"MM0000XXFFR159","phone":"243810000100","amount":"575",` +
		`"currency":"CDF","callbackUrl":"https://abcd.efgh.cd/callback"}`
	wrongHeader := func(r *http.Request) *http.Request {
		r.Header.Set("Authorization", "Bearer wrong")
		return r
	}
	inBody := func(path string) providertest.Request {
		build := func(token string) *http.Request {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(`{"authorization":"`+token+`",`+cardFields+`}`))
			r.Header.Set("Content-Type", "application/json")
			return r
		}
		return providertest.Request{
			Name:  path,
			Build: func(issued map[string]string) *http.Request { return build(issued[fieldToken]) },
			Spoil: func(*http.Request) *http.Request { return build("wrong") },
		}
	}
	inHeader := func(method, path, body string) providertest.Request {
		return providertest.Request{Name: path, Spoil: wrongHeader, Build: func(issued map[string]string) *http.Request {
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			if body == "" {
				r.Body = http.NoBody
			}
			r.Header.Set("Authorization", "Bearer "+issued[fieldToken])
			r.Header.Set("Content-Type", "application/json")
			return r
		}}
	}
	form := func(token string) *http.Request {
		values := url.Values{
			"authorization": {token}, "merchant": {"DEMO"}, "reference": {"MM0000XXFFR159"}, "amount": {"100"}, "currency": {"USD"},
		}
		r := httptest.NewRequest(http.MethodPost, "/v1/pay", strings.NewReader(values.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	return []providertest.Request{
		inBody("/v1/pay"), inBody("/v1.1/pay"), inBody("/v2/pay"), inBody("/api/rest/v1/vpos/ask"), inBody("/vpos/ask"),
		{
			Name:  "v1/pay as a form",
			Build: func(issued map[string]string) *http.Request { return form(issued[fieldToken]) },
			Spoil: func(*http.Request) *http.Request { return form("wrong") },
		},
		inHeader(http.MethodPost, "/paymentService", mobileFields),
		inHeader(http.MethodPost, "/api/rest/v1/paymentService", mobileFields),
		inHeader(http.MethodPost, "/merchantPayOutService", mobileFields),
		inHeader(http.MethodPost, "/api/rest/v1/merchantPayOutService", mobileFields),
		inHeader(http.MethodGet, "/check/Qrk6ZaXts5Mv243850000100", ""),
		inHeader(http.MethodGet, "/api/rest/v1/check/Qrk6ZaXts5Mv243850000100", ""),
	}
}
