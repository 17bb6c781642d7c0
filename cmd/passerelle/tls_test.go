package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/provider/all"
)

// pinned is a client that trusts one authority alone and reaches every host at
// one address, as a hosts file would have it.
func pinned(t *testing.T, authority, address string) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("the authority is no certificate")
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		},
		ForceAttemptHTTP2: true,
	}}
}

func TestDevServesEveryProvidersOwnHostOverHTTPSUnderItsLocalAuthority(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := startDev(t, "--data", data, "--tls", "--tls-addr", "127.0.0.1:0")
	m := regexp.MustCompile(`HTTPS +https://(\S+)  \(trust (\S+)\)`).FindStringSubmatch(p.Output())
	if m == nil {
		t.Fatalf("the address of HTTPS is not printed:\n%s", p.Output())
	}
	if want := filepath.Join(data, "ca.pem"); m[2] != want {
		t.Errorf("the authority is %s, want %s", m[2], want)
	}
	if info, err := os.Stat(filepath.Join(data, "ca-key.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the authority's key: %v, %v", info.Mode(), err)
	}
	client := pinned(t, m[2], m[1])

	status, body := fetch(t, client, "https://api.mypvit.pro/DEMOPVITCODE0001/balance?operationAccountCode=ACC_0000000000001",
		"X-Secret", "sk_test_00000000-0000-4000-8000-000000000001")
	if status != http.StatusOK || !strings.Contains(body, "1000000") {
		t.Errorf("MyPVit's own host answers %d: %s", status, body)
	}
	resp, err := client.Post("https://api-checkout.cinetpay.com/v2/payment/check", "application/json",
		strings.NewReader(`{"apikey":"demo-cinetpay-apikey","site_id":"100001","transaction_id":"NONE"}`))
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if !strings.Contains(string(answer), "MINIMUM_REQUIRED_FIELDS") {
		t.Errorf("CinetPay's own host answers %d: %s", resp.StatusCode, answer)
	}
	for _, known := range all.Providers() {
		for _, host := range known.Hosts {
			if status, body := fetch(t, client, "https://"+host+"/healthz", "", ""); strings.TrimSpace(body) == "ok" {
				t.Errorf("%s is answered by the gateway itself (%d), not by the dialect", host, status)
			}
		}
	}
	if status, body := fetch(t, client, "https://localhost/healthz", "", ""); status != http.StatusOK || body != "ok\n" {
		t.Errorf("localhost answers %d: %s", status, body)
	}
	if _, err := client.Get("https://pay.example.com/healthz"); err == nil {
		t.Error("the certificate is good for a stranger's host")
	}
}

func TestTheLocalAuthorityIsKeptSoThatItIsTrustedOnce(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var seen []string
	for range 2 {
		p, err := launch("", nil, "dev", "--addr", "127.0.0.1:0", "--data", data, "--tls", "--tls-addr", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		pem, err := os.ReadFile(filepath.Join(data, "ca.pem"))
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, string(pem))
		if err := p.stop(); err != nil {
			t.Errorf("stop: %v\n%s", err, p.Output())
		}
	}
	if seen[0] != seen[1] {
		t.Error("the authority changed with a restart")
	}
}

func TestAProvidersHostHeaderAloneLeadsToItsDialect(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--data", ":memory:")
	req, err := http.NewRequest(http.MethodGet, p.URL+"/DEMOPVITCODE0001/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "api.mypvit.pro"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(answer), "1008") { // X-Secret is missing
		t.Errorf("it answers %d: %s", resp.StatusCode, answer)
	}
}

func fetch(t *testing.T, client *http.Client, url, header, value string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != "" {
		req.Header.Set(header, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
