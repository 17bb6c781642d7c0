package doctor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/doctor"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(moment time.Time) func() time.Time { return func() time.Time { return moment } }

func TestPublicAddressesThatTheWorldCanNotUseAreToldOf(t *testing.T) {
	t.Parallel()
	proxy := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		url     string
		proxies []netip.Prefix
		level   doctor.Level
		text    string
	}{
		{"https://pay.example.com", proxy, doctor.OK, "https://pay.example.com"},
		{"https://pay.example.com", nil, doctor.Warn, "trusts no proxy"},
		{"http://pay.example.com", proxy, doctor.Warn, "not https"},
		{"https://127.0.0.1:8080", proxy, doctor.Warn, "this machine"},
		{"https://192.168.1.4", proxy, doctor.Warn, "this machine or network"},
		{"http://localhost:8080", proxy, doctor.Warn, "this machine"},
	} {
		config := app.Config{PublicURL: c.url, TrustedProxies: c.proxies}
		holds(t, examine(t, config, doctor.Options{Offline: true}), "public address", c.level, c.text)
	}
}

func TestNetworksThatAreTooWideAreToldOf(t *testing.T) {
	t.Parallel()
	everyone := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	holds(t, examine(t, app.Config{TrustedProxies: everyone}, doctor.Options{}), "trusted proxies", doctor.Fail, "every address is trusted")
	for _, network := range []string{"0.0.0.0/0", "127.0.0.1/32", "169.254.169.254/32"} {
		config := app.Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix(network)}}
		holds(t, examine(t, config, doctor.Options{}), "allowed networks", doctor.Warn, network)
	}
}

func TestAClockThatIsBehindIsAFailure(t *testing.T) {
	t.Parallel()
	holds(t, examine(t, app.Config{Now: at(time.Unix(0, 0))}, doctor.Options{}), "clock", doctor.Fail, "1970-01-01")
	holds(t, examine(t, app.Config{Now: at(noon)}, doctor.Options{}), "clock", doctor.OK, "2026-03-01")
}

// certificate writes one for a host, that ends at a moment.
func certificate(t *testing.T, host string, ends time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: noon.AddDate(0, -1, 0), NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestACertificateIsHeldToTheHostAndTheDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		host  string
		ends  time.Time
		level doctor.Level
		text  string
	}{
		{"pay.example.com", noon.AddDate(0, 3, 0), doctor.OK, "valid until 2026-06-01"},
		{"pay.example.com", noon.AddDate(0, 0, 3), doctor.Warn, "it ends on 2026-03-04"},
		{"pay.example.com", noon.AddDate(0, 0, -1), doctor.Fail, "not now"},
		{"www.example.com", noon.AddDate(0, 3, 0), doctor.Fail, "not one for pay.example.com"},
	} {
		config := app.Config{PublicURL: "https://pay.example.com", Now: at(noon)}
		config.TLSCert, config.TLSKey = certificate(t, c.host, c.ends)
		holds(t, examine(t, config, doctor.Options{Offline: true}), "certificate", c.level, c.text)
	}
	config := app.Config{PublicURL: "https://pay.example.com", TLSCert: "missing.pem", TLSKey: "missing.pem"}
	holds(t, examine(t, config, doctor.Options{Offline: true}), "certificate", doctor.Fail, "can't be loaded")
}
