package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider/all"
)

// production is a database with the settings of every command on it.
type production struct {
	dir string
	env []string
}

func newProduction(t *testing.T) production {
	t.Helper()
	dir := t.TempDir()
	return production{dir, []string{
		"PASSERELLE_DATABASE_URL=" + filepath.Join(dir, "gateway.db"), "PASSERELLE_PUBLIC_URL=http://gateway.test",
		"PASSERELLE_KEYS=k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
	}}
}

// run executes one command and returns its standard output.
func (p production) run(t *testing.T, args ...string) []byte {
	t.Helper()
	command := exec.Command("passerelle", args...)
	command.Dir, command.Env = p.dir, append(os.Environ(), p.env...)
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		t.Fatalf("passerelle %s: %v\n%s", strings.Join(args, " "), err, problems.String())
	}
	return out.Bytes()
}

// issued is what `merchant add --json` prints.
type issued struct {
	Merchant map[string]string `json:"merchant"`
	TestKey  string            `json:"test_key"`
	LiveKey  string            `json:"live_key"`
	Password string            `json:"password"`
}

// credentials reads one dialect's object of the same output.
func credentials(t *testing.T, out []byte, dialect string) (test, live map[string]string) {
	t.Helper()
	var whole map[string]json.RawMessage
	var modes map[string]map[string]string
	if err := json.Unmarshal(out, &whole); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(whole[dialect], &modes); err != nil {
		t.Fatalf("no object for %s: %v", dialect, err)
	}
	return modes["test"], modes["live"]
}

func TestAMerchantIsPrintedAsOneObjectWithItsCredentialsInEveryDialect(t *testing.T) {
	t.Parallel()
	out := newProduction(t).run(t, "merchant", "add", "Boutique Awa", "--email", "awa@example.com", "--json")
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(out, &keys); err != nil {
		t.Fatal(err)
	}
	want := []string{"merchant", "test_key", "live_key", "password"}
	for _, p := range all.Providers() {
		want = append(want, p.Name)
		test, live := credentials(t, out, p.Name)
		if len(test) == 0 || len(live) != len(test) {
			t.Errorf("%s: %d test and %d live credentials", p.Name, len(test), len(live))
		}
		same := 0
		for name, value := range test {
			if value == "" || live[name] == "" {
				t.Errorf("%s %s is empty", p.Name, name)
			}
			if value == live[name] {
				same++
			}
		}
		if same == len(test) {
			t.Errorf("%s: test and live credentials are the same", p.Name)
		}
	}
	for _, name := range want {
		if _, ok := keys[name]; !ok {
			t.Errorf("%s is missing", name)
		}
		delete(keys, name)
	}
	if len(keys) > 0 {
		t.Errorf("more than documented: %v", keys)
	}
	var m issued
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	if m.Merchant["name"] != "Boutique Awa" || m.Merchant["email"] != "awa@example.com" || m.Merchant["id"] == "" {
		t.Errorf("merchant is %v", m.Merchant)
	}
	if !strings.HasPrefix(m.TestKey, "sk_test_") || !strings.HasPrefix(m.LiveKey, "sk_live_") || len(m.Password) < 16 {
		t.Errorf("test key %.8s…, live key %.8s…, a password of %d characters", m.TestKey, m.LiveKey, len(m.Password))
	}
}

func TestRotatedKeysEndAtOnceInARunningGateway(t *testing.T) {
	t.Parallel()
	p := newProduction(t)
	before := p.run(t, "merchant", "add", "Boutique Awa", "--email", "awa@example.com", "--json")
	gateway, err := launch(p.dir, p.env, "serve", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := gateway.stop(); err != nil {
			t.Errorf("stop: %v\n%s", err, gateway.Output())
		}
	}()
	old := read(t, before)
	for _, key := range []string{old.TestKey, old.LiveKey} {
		if got := balances(t, gateway.URL, key); got != http.StatusOK {
			t.Fatalf("a fresh key is answered %d", got)
		}
	}
	oldTest, _ := credentials(t, before, "cinetpay")
	if got := checkCinetPay(t, gateway.URL, oldTest); strings.Contains(got, "AUTH_NOT_FOUND") {
		t.Fatalf("fresh credentials are answered %s", got)
	}

	after := p.run(t, "merchant", "keys", "Boutique Awa", "--json")
	fresh := read(t, after)
	if fresh.Password != "" {
		t.Error("rotating keys printed a password")
	}
	for _, key := range []string{old.TestKey, old.LiveKey} {
		if got := balances(t, gateway.URL, key); got != http.StatusUnauthorized {
			t.Errorf("a key that was rotated away is answered %d", got)
		}
	}
	for _, key := range []string{fresh.TestKey, fresh.LiveKey} {
		if got := balances(t, gateway.URL, key); got != http.StatusOK {
			t.Errorf("the new key is answered %d", got)
		}
	}
	newTest, _ := credentials(t, after, "cinetpay")
	if got := checkCinetPay(t, gateway.URL, oldTest); !strings.Contains(got, "AUTH_NOT_FOUND") {
		t.Errorf("dialect credentials that were rotated away are answered %s", got)
	}
	if got := checkCinetPay(t, gateway.URL, newTest); strings.Contains(got, "AUTH_NOT_FOUND") {
		t.Errorf("new dialect credentials are answered %s", got)
	}
	for _, secret := range slices.Concat([]string{old.TestKey, old.LiveKey, fresh.TestKey, fresh.LiveKey}, values(oldTest)) {
		if len(secret) > 8 && strings.Contains(gateway.Output(), secret) {
			t.Error("a credential is in the log")
		}
	}
}

func values(m map[string]string) []string {
	var list []string
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

func read(t *testing.T, out []byte) issued {
	t.Helper()
	var m issued
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func balances(t *testing.T, url, key string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url+"/v1/balances", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// checkCinetPay asks for a payment that does not exist; only who is known is told so.
func checkCinetPay(t *testing.T, url string, c map[string]string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"apikey": c["apikey"], "site_id": c["site_id"], "transaction_id": "NONE"})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url+"/cinetpay/v2/payment/check", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return answer.String()
}

func TestRotatingAMerchantsKeysKeepsTheAddressesAndOptionsThatAreNotGiven(t *testing.T) {
	t.Parallel()
	p := newProduction(t)
	out := p.run(t, "merchant", "add", "Boutique Awa", "--email", "awa@example.com", "--json", "--callback-url", "https://shop.example/hooks",
		"--option", "flexpay.callback_retries=9", "--option", "flexpay.v1_html=redirect")
	p.run(t, "merchant", "keys", "Boutique Awa", "--return-url", "https://shop.example/back", "--option", "flexpay.callback_retries=5")
	p.run(t, "merchant", "keys", "Boutique Awa")
	merchant := read(t, out).Merchant["id"]
	where := database{DatabaseURL: filepath.Join(p.dir, "gateway.db"), Keys: "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}
	err := onDatabase(t.Context(), where, func(a *app.App) error {
		for _, mode := range []pay.Mode{pay.Test, pay.Live} {
			s, issued, err := a.Gateway.DialectSettings(t.Context(), "flexpay", merchant, mode)
			if err != nil {
				return err
			}
			want := map[string]string{"callback_retries": "5", "v1_html": "redirect"}
			if !issued || !maps.Equal(s.Options, want) || s.CallbackURL != "https://shop.example/hooks" || s.ReturnURL != "https://shop.example/back" {
				t.Errorf("%s: the settings are %+v", mode, s)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
