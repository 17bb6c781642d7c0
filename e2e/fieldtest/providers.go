package fieldtest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// operatorDelay is how long a simulated customer takes.
const operatorDelay = "50ms"

// providers is the second process: it speaks the five dialects, and its
// operators keep the truth.
type providers struct {
	*Process
	books *store.Store
}

func startProviders(t testing.TB, binary, notify string) *providers {
	t.Helper()
	data := t.TempDir()
	p := &providers{Process: &Process{binary: binary, addr: FreeAddress(t), log: filepath.Join(data, "providers.log")}}
	p.args = []string{
		"dev", "--addr", p.addr, "--data", data, "--callback-url", notify + strings.TrimSuffix(declared, "/"),
		"--operator-delay", operatorDelay, "--log-level", "warn",
	}
	p.killAtEnd(t)
	must(t, p.Start(t.Context()))
	var err error
	p.books, err = store.Open(t.Context(), filepath.Join(data, "passerelle.db"), store.Options{})
	must(t, err)
	t.Cleanup(func() { _ = p.books.Close() })
	return p
}

// pay has the customer pay on the page that a hosted payment leads to.
func (p *providers) pay(ctx context.Context, page, number string) error {
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	_, token, _ := strings.Cut(u.Path, "/pay/")
	body := fmt.Sprintf(`{"method":"mobile_money","phone":%q}`, number)
	got, err := call(ctx, http.MethodPost, "http://"+p.addr+"/sandbox/v1/checkouts/"+token+"/pay",
		http.Header{"Content-Type": {"application/json"}}, []byte(body))
	if err == nil && got.status/100 != 2 {
		err = fmt.Errorf("the page at %s answers %d: %s", page, got.status, got.body)
	}
	return err
}

// credentials are those of the providers' demo merchant, which stand in the
// documentation, and where this process serves each provider.
func (p *providers) credentials() map[string]map[string]string {
	base := "http://" + p.addr
	return map[string]map[string]string{
		"komipay": {
			"token_base": base + "/komipay/APIs/mobile_money.php", "login": "demo@passerelle.test", "password": "demo-password",
			"api_key": "Dx4tPEtaaXiHlqW0w9Lh8ExQS25yWDZxSTlLLzNLMHEvcStCTDRMd0JRbmxvWVdTY295TjA1R3MwbXc9", "keypass": "demo-keypass",
		},
		"mypvit": {
			"base_url": base + "/mypvit", "code_url": "DEMOPVITCODE0001", "account": "ACC_0000000000001",
			"secret": "sk_test_00000000-0000-4000-8000-000000000001", "callback_url_code": "CBK01",
		},
		"flexpay": {
			"card_base": base + "/flexpay", "pay_base": base + "/flexpay/api/rest/v1",
			"token": "demo-flexpay-token", "merchant": "DEMO",
		},
		"cinetpay": {
			"base_url": base + "/cinetpay", "transfer_base_url": base + "/cinetpay/v1", "apikey": "demo-cinetpay-apikey",
			"site_id": "100001", "secret_key": "demo-cinetpay-secret", "transfer_password": "demo-password",
		},
		"mypayga": {
			"base_url": base + "/mypayga", "card_base_url": base + "/mypayga", "apikey": "stest_demo",
			"public_apikey": "ptest_demo", "callback_secret": "demo-mypayga-secret",
		},
	}
}

// AddMerchant creates the shop's account at the gateway under test, before the
// gateway runs, and returns its live key.
func AddMerchant(t testing.TB, s Setup) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.Binary, "merchant", "add", "Boutique", "--email", "b@example.test", "--json")
	cmd.Env = s.environ()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("merchant add: %v\n%s", err, out)
	}
	var made struct {
		LiveKey string `json:"live_key"`
	}
	must(t, answer{status: 0, body: out}.read(0, &made))
	return made.LiveKey
}
