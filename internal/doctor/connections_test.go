package doctor_test

import (
	"context"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/doctor"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider/all"
)

// bases are a connection's addresses, as paths below a gateway that plays the
// provider.
var bases = map[string]map[string]string{
	"komipay":  {"token_base": "/komipay/APIs/mobile_money.php"},
	"mypvit":   {"base_url": "/mypvit"},
	"flexpay":  {"card_base": "/flexpay", "pay_base": "/flexpay/api/rest/v1"},
	"cinetpay": {"base_url": "/cinetpay", "transfer_base_url": "/cinetpay/v1"},
	"mypayga":  {"base_url": "/mypayga", "card_base_url": "/mypayga"},
}

// accounts are credentials that each provider takes, by provider. The providers
// are the dialects of another gateway.
func accounts(t *testing.T) map[string]map[string]string {
	t.Helper()
	far, err := app.Start(context.Background(), app.Config{
		Addr: "127.0.0.1:0", DatabaseURL: ":memory:", Keys: keyring(t), OperatorDelay: "0", DrainFor: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := far.Drain(); err != nil {
			t.Error(err)
		}
	})
	issued, err := far.App.AddMerchant(t.Context(), "Far", "far@example.com", app.DialectSettings{})
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]map[string]string{}
	for _, p := range all.Providers() {
		values := map[string]string{}
		for _, i := range issued.Dialects[p.Name][pay.Test] {
			values[i.Name] = i.Value.Reveal()
		}
		for _, field := range p.Credentials {
			if v, ok := values[field.Name]; ok {
				if list[p.Name] == nil {
					list[p.Name] = map[string]string{}
				}
				list[p.Name][field.Name] = v
			}
		}
		for name, path := range bases[p.Name] {
			list[p.Name][name] = far.URL + path
		}
	}
	return list
}

func TestEachProvidersRefusalOfTheCredentialsIsToldFromItsTakingThem(t *testing.T) {
	t.Parallel()
	r := build(t)
	far := accounts(t)
	config := app.Config{
		DatabaseURL: filepath.Join(t.TempDir(), "near.db"), Keys: r.config.Keys, PublicURL: r.config.PublicURL,
		OperatorDelay: "0", AllowLoopback: true,
	}
	near, err := app.Build(t.Context(), config, config.PublicURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Store.Close() })
	c, err := near.AddMerchant(t.Context(), "Near", "near@example.com", app.DialectSettings{})
	if err != nil {
		t.Fatal(err)
	}
	connect := func(name string, values map[string]string) string {
		row, err := near.Gateway.AddConnection(t.Context(), gateway.NewConnection{
			MerchantID: c.Merchant.ID, Mode: pay.Live, Provider: name, Values: values,
		})
		if err != nil {
			t.Fatal(err)
		}
		return row.ID + ", " + name + " of Near, "
	}
	with := func(name, field, value string) map[string]string {
		values := maps.Clone(far[name])
		if _, ok := values[field]; !ok {
			t.Fatalf("%s has no %s", name, field)
		}
		values[field] = value
		return values
	}
	// MyPayGa's questions bring the public key, where there is one.
	far["mypayga"]["public_apikey"] = ""
	// Without a transfer password CinetPay tells no balance, and takes payments.
	const transferPassword = "transfer_password"
	taken := []string{connect("cinetpay", with("cinetpay", transferPassword, ""))}
	checkout := with("cinetpay", "apikey", "wrong-key")
	checkout[transferPassword] = ""
	refused := []string{connect("cinetpay", checkout), connect("cinetpay", with("cinetpay", transferPassword, "wrong-password"))}
	for name, secret := range map[string]string{"komipay": "password", "mypvit": "secret", "flexpay": "token", "cinetpay": "apikey", "mypayga": "apikey"} {
		taken = append(taken, connect(name, far[name]))
		refused = append(refused, connect(name, with(name, secret, "wrong-"+far[name][secret])))
	}
	findings := examine(t, config, doctor.Options{})
	for _, who := range taken {
		holds(t, findings, "live connections", doctor.OK, who+"takes the credentials")
	}
	for _, who := range refused {
		holds(t, findings, "live connections", doctor.Fail, who+"refuses the credentials")
	}
}
