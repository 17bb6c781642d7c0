package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// The demo merchant's published credentials for the native API. Those of the
// dialects stand in each provider's folder.
const (
	DemoMerchantID    = "dem00000"
	DemoMerchantName  = "Boutique Démo"
	DemoEmail         = "demo@passerelle.test"
	DemoPassword      = "demo-password"
	DemoAPIKey        = "sk_test_demo"                                   //nolint:gosec // published, opens the sandbox only
	DemoWebhookSecret = "whsec_ZGVtby1wYXNzZXJlbGxlLXdlYmhvb2stc2VjcmV0" //nolint:gosec // published, signs test events only
)

// demoEndpointPath is where the demo merchant gets native webhooks.
const demoEndpointPath = "/webhooks"

// generatedPassword is the length of a first password, in letters and digits.
const generatedPassword = 20

// Credentials are what a merchant is given, once.
type Credentials struct {
	Merchant sqlgen.Merchant
	TestKey  pay.Secret
	LiveKey  pay.Secret
	Password pay.Secret
	// Dialects holds the issued credentials by provider and mode.
	Dialects map[string]map[pay.Mode][]provider.Issued
}

// DialectSettings are where a merchant's dialects send notifications and
// browsers, and the options that differ from the providers' defaults.
type DialectSettings struct {
	CallbackURL, ReturnURL string
	// Options by provider, then by name.
	Options map[string]map[string]string
}

// AddMerchant creates a merchant with keys of both modes and credentials in
// every dialect.
func (a *App) AddMerchant(ctx context.Context, name, email string, s DialectSettings) (Credentials, error) {
	if err := a.checkSettings(s); err != nil {
		return Credentials{}, err
	}
	password := pay.Secret(secret.Random(generatedPassword))
	m, err := a.Gateway.AddMerchant(ctx, gateway.NewMerchant{Name: name, Email: email, Password: password})
	if err != nil {
		return Credentials{}, err
	}
	c, err := a.issueAll(ctx, m, s)
	c.Password = password
	return c, err
}

// RotateKeys issues a merchant's credentials anew; the old API keys end at once.
// Addresses and options of its dialects stay, but for those that s names.
func (a *App) RotateKeys(ctx context.Context, name string, s DialectSettings) (Credentials, error) {
	if err := a.checkSettings(s); err != nil {
		return Credentials{}, err
	}
	m, err := a.Store.Read().GetMerchantByName(ctx, name)
	if err != nil {
		return Credentials{}, pay.NotFound("merchant")
	}
	for _, mode := range []pay.Mode{pay.Test, pay.Live} {
		if err := a.Gateway.RevokeAPIKeys(ctx, m.ID, mode, a.config.Now()); err != nil {
			return Credentials{}, err
		}
	}
	return a.issueAll(ctx, m, s)
}

// checkSettings refuses what no dialect could use, before anything is issued.
func (a *App) checkSettings(s DialectSettings) error {
	for name, address := range map[string]string{"callback": s.CallbackURL, "return": s.ReturnURL} {
		if address == "" {
			continue
		}
		if err := a.Gateway.CheckURL(address); err != nil {
			return fmt.Errorf("the %s address can't be called: give a public http or https address, or name its network in PASSERELLE_ALLOW_NETWORKS", name)
		}
	}
	for name, options := range s.Options {
		p, ok := a.Gateway.Provider(name)
		if !ok {
			return pay.Invalid("option", fmt.Sprintf("no provider is called %q", name))
		}
		for option, value := range options {
			if err := p.CheckOption(option, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *App) issueAll(ctx context.Context, m sqlgen.Merchant, s DialectSettings) (Credentials, error) {
	c := Credentials{Merchant: m, Dialects: map[string]map[pay.Mode][]provider.Issued{}}
	var err error
	if c.TestKey, err = a.Gateway.AddAPIKey(ctx, m.ID, pay.Test, ""); err != nil {
		return c, err
	}
	if c.LiveKey, err = a.Gateway.AddAPIKey(ctx, m.ID, pay.Live, ""); err != nil {
		return c, err
	}
	for _, mode := range []pay.Mode{pay.Test, pay.Live} {
		order := provider.IssueOrder{Mode: mode, CallbackURL: s.CallbackURL, ReturnURL: s.ReturnURL}
		if err := a.issueDialects(ctx, m, order, s.Options, c.Dialects); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (a *App) issueDialects(ctx context.Context, m sqlgen.Merchant, order provider.IssueOrder, options map[string]map[string]string, into map[string]map[pay.Mode][]provider.Issued) error {
	order.MerchantID, order.MerchantName = m.ID, m.Name
	for name, d := range a.dialects {
		asked, err := a.asBefore(ctx, name, order, options[name])
		if err != nil {
			return err
		}
		issued, err := a.Gateway.Issue(ctx, name, d, asked)
		if err != nil {
			return err
		}
		if into[name] == nil {
			into[name] = map[pay.Mode][]provider.Issued{}
		}
		into[name][order.Mode] = issued
	}
	return nil
}

// asBefore fills an order with the settings that the merchant's dialect has
// already, where the order has none of its own.
func (a *App) asBefore(ctx context.Context, name string, o provider.IssueOrder, options map[string]string) (provider.IssueOrder, error) {
	before, _, err := a.Gateway.DialectSettings(ctx, name, o.MerchantID, o.Mode)
	if err != nil {
		return o, err
	}
	o.CallbackURL = cmp.Or(o.CallbackURL, before.CallbackURL)
	o.ReturnURL = cmp.Or(o.ReturnURL, before.ReturnURL)
	o.Options = maps.Clone(before.Options)
	for option, value := range options {
		if o.Options == nil {
			o.Options = map[string]string{}
		}
		o.Options[option] = value
	}
	return o, nil
}

// seedDemo lays down the demo merchant, once per database; its addresses follow
// the callback URL of this run.
func (a *App) seedDemo(ctx context.Context) error {
	if err := a.refuseStrangers(ctx); err != nil {
		return err
	}
	_, err := a.Gateway.AddMerchant(ctx, gateway.NewMerchant{
		ID: DemoMerchantID, Name: DemoMerchantName, Email: DemoEmail, Password: DemoPassword,
	})
	fresh := err == nil
	if err != nil && !errors.Is(err, &pay.Error{Kind: pay.KindConflict}) {
		return err
	}
	if fresh {
		if _, err := a.Gateway.AddAPIKey(ctx, DemoMerchantID, pay.Test, DemoAPIKey); err != nil {
			return err
		}
	}
	callback := a.DemoCallback()
	if err := a.seedEndpoint(ctx, callback+demoEndpointPath); err != nil {
		return err
	}
	order := provider.IssueOrder{
		Mode: pay.Test, Demo: true, CallbackURL: callback, ReturnURL: a.Gateway.PublicURL + "/sandbox/return",
	}
	m := sqlgen.Merchant{ID: DemoMerchantID, Name: DemoMerchantName}
	a.demo = map[string]map[pay.Mode][]provider.Issued{}
	return a.issueDialects(ctx, m, order, nil, a.demo)
}

// refuseStrangers keeps the demo merchant, whose credentials everybody knows,
// out of a database that was not made for it.
func (a *App) refuseStrangers(ctx context.Context) error {
	list, err := a.Store.Read().ListMerchants(ctx)
	if err != nil {
		return fmt.Errorf("look for the demo merchant: %w", err)
	}
	for _, m := range list {
		if m.ID == DemoMerchantID {
			return nil
		}
	}
	if len(list) > 0 {
		return errors.New("this database has merchants of its own, and the demo merchant's credentials are public: use another database")
	}
	return nil
}

// seedEndpoint points the demo merchant's one webhook endpoint at this run's address.
func (a *App) seedEndpoint(ctx context.Context, url string) error {
	caller := provider.Caller{MerchantID: DemoMerchantID, Mode: pay.Test, Front: pay.NativeFront}
	endpoints := a.Webhooks.Endpoints()
	list, err := endpoints.List(ctx, caller)
	if err != nil {
		return err
	}
	for _, e := range list {
		if strings.HasSuffix(e.URL, demoEndpointPath) {
			_, err := endpoints.Update(ctx, caller, e.ID, webhook.Change{URL: &url})
			return err
		}
	}
	_, _, err = endpoints.Create(ctx, caller, url, nil, DemoWebhookSecret)
	return err
}

// DemoCredentials are the demo merchant's in one dialect, by name.
func (a *App) DemoCredentials(front string) map[string]string {
	values := map[string]string{}
	for _, issued := range a.demo[front][pay.Test] {
		values[issued.Name] = issued.Value.Reveal()
	}
	return values
}

// Providers lists the providers with a dialect, in their listed order.
func (a *App) Providers() []*provider.Provider {
	var list []*provider.Provider
	for _, p := range a.known {
		if p.Speak != nil {
			list = append(list, p)
		}
	}
	return list
}
