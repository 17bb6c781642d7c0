package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/pay"
)

func newKeys(t *testing.T) secret.Box {
	t.Helper()
	keys, err := secret.ParseKeyring(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// The provider's address is a proxy in front of the gateway itself, of a name
// that the gateway does not know as its own.
func TestAPaymentWhoseProviderLeadsBackHereIsMadeOnceAndFails(t *testing.T) {
	running, err := app.Start(t.Context(), app.Config{
		Addr: "127.0.0.1:0", PublicURL: "https://pay.example.test", DatabaseURL: ":memory:", Keys: newKeys(t), AllowLoopback: true, OperatorDelay: "0",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Drain() })
	own := "http://" + running.Address
	to, err := url.Parse(own)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(httputil.NewSingleHostReverseProxy(to))
	defer proxy.Close()
	made, err := running.App.AddMerchant(t.Context(), "Boutique", "awa@example.com", app.DialectSettings{})
	if err != nil {
		t.Fatal(err)
	}
	credentials := map[string]string{"card_base": proxy.URL + "/flexpay", "pay_base": proxy.URL + "/flexpay/api/rest/v1", "check_base": proxy.URL + "/flexpay/api/rest/v1"}
	for _, issued := range made.Dialects["flexpay"][pay.Live] {
		credentials[issued.Name] = issued.Value.Reveal()
	}
	call := func(method, path string, body any) map[string]any {
		t.Helper()
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), method, own+path, strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+made.LiveKey.Reveal())
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var answer map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode >= 300 {
			t.Fatalf("%s %s: HTTP %d, %v, %v", method, path, resp.StatusCode, answer, err)
		}
		return answer
	}
	call(http.MethodPost, "/v1/connections", map[string]any{"provider": "flexpay", "credentials": credentials})
	payment := call(http.MethodPost, "/v1/payments", map[string]any{
		"reference": "R1", "amount": 5000, "currency": "CDF", "method": map[string]string{"type": "mobile_money", "phone": "+243991234567"},
	})
	if payment["status"] != "failed" {
		t.Errorf("the payment is %v, want failed", payment)
	}
	if list := call(http.MethodGet, "/v1/payments", nil)["data"].([]any); len(list) != 1 {
		t.Errorf("one payment became %d", len(list))
	}
}

func TestAGatewayRefusesToStartWithKeysThatOpenNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passerelle.db")
	config := app.Config{DatabaseURL: path, Keys: newKeys(t), OperatorDelay: "0"}
	first, err := app.Build(t.Context(), config, "https://pay.example.test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.AddMerchant(t.Context(), "Boutique", "awa@example.com", app.DialectSettings{}); err != nil {
		t.Fatal(err)
	}
	if err := first.Store.Close(); err != nil {
		t.Fatal(err)
	}
	right := config.Keys
	config.Keys = newKeys(t)
	if _, err := app.Build(t.Context(), config, "https://pay.example.test"); err == nil || !strings.Contains(err.Error(), "PASSERELLE_KEYS") {
		t.Errorf("with other keys: %v", err)
	}
	config.Keys = right
	again, err := app.Build(t.Context(), config, "https://pay.example.test")
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Store.Close()
}
