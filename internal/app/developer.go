package app

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/web/developer"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// nativeCurl takes a payment of 1500 F from a phone in Gabon.
const nativeCurl = `curl %[1]s/v1/payments \
  -H 'Authorization: Bearer %[2]s' -H "Idempotency-Key: $(date +%%s)" -H 'Content-Type: application/json' \
  -d '{"reference":"'"ORDER$(date +%%s)"'","amount":1500,"currency":"XAF","method":{"type":"mobile_money","phone":"+24174000100"}}'`

// startPath is the address of the developer's page, "" where there is none.
func (a *App) startPath() string {
	if !a.config.Demo || !a.config.Sandbox {
		return ""
	}
	return "/sandbox/start"
}

// developerPage is the page on which a developer begins, with the demo merchant
// and nowhere else.
func (a *App) developerPage(publicURL string) *developer.Page {
	if a.startPath() == "" {
		return nil
	}
	return developer.New(developer.Config{
		PublicURL: publicURL, Listener: a.config.Addr, Fronts: a.DemoFronts, MerchantID: DemoMerchantID,
		Email: DemoEmail, Password: DemoPassword, WebhookSecret: DemoWebhookSecret, CallbackURL: a.config.CallbackURL,
		Store: a.Store, Now: a.config.Now, Log: a.log,
	})
}

// watched tells the developer's page, where there is one, of each request.
func watched(page *developer.Page, front, prefix string, h http.Handler) http.Handler {
	if page == nil {
		return h
	}
	return page.Watch(front, prefix, h)
}

// DemoFronts are the APIs with what the demo merchant needs to call them: what
// `dev` prints and what the developer's page shows.
func (a *App) DemoFronts() []developer.Front {
	base := a.Gateway.PublicURL
	fronts := []developer.Front{{
		Name: pay.NativeFront, Title: "Passerelle", Base: base, Callback: a.DemoCallback() + demoEndpointPath,
		Credentials: []developer.Credential{{Name: "api_key", Value: DemoAPIKey}, {Name: "webhook_secret", Value: DemoWebhookSecret}},
		Curl:        fmt.Sprintf(nativeCurl, base, DemoAPIKey),
	}}
	for _, known := range a.Providers() {
		fronts = append(fronts, a.demoFront(known))
	}
	return fronts
}

func (a *App) demoFront(known *provider.Provider) developer.Front {
	f := developer.Front{
		Name: known.Name, Title: known.Title, Base: a.Gateway.BaseURL(known.Name), Provider: known,
		Callback: a.DemoCallback() + "/" + known.Name,
	}
	if len(known.Hosts) > 0 {
		f.InPlaceOf = known.Hosts[0]
	}
	issued := a.DemoCredentials(known.Name)
	for _, name := range slices.Sorted(maps.Keys(issued)) {
		f.Credentials = append(f.Credentials, developer.Credential{Name: name, Value: issued[name]})
	}
	if known.Curl != nil {
		issued[provider.IssuedCallback] = f.Callback
		f.Curl = known.Curl(f.Base, issued)
	}
	return f
}

// DemoCallback is where the demo merchant gets its notifications: its own
// server, or the sandbox's inbox.
func (a *App) DemoCallback() string {
	if a.config.CallbackURL == "" {
		return a.Gateway.PublicURL + "/sandbox/inbox"
	}
	return strings.TrimRight(a.config.CallbackURL, "/")
}
