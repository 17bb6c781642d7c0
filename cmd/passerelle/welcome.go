package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/provider"
)

// nativeCurl takes a payment of 1500 F from a phone in Gabon.
const nativeCurl = `curl %[1]s/v1/payments \
  -H 'Authorization: Bearer %[2]s' -H "Idempotency-Key: $(date +%%s)" -H 'Content-Type: application/json' \
  -d '{"reference":"'"ORDER$(date +%%s)"'","amount":1500,"currency":"XAF","method":{"type":"mobile_money","phone":"+24174000100"}}'`

// printer writes lines; a terminal that is gone loses them.
type printer struct{ w io.Writer }

func (p printer) line(format string, args ...any) { _, _ = fmt.Fprintf(p.w, format+"\n", args...) }

func (p printer) entry(name, value string) { p.line("  %-28s %s", name, value) }

// welcome prints what a developer needs to begin: addresses, what the simulated
// customers do, and for each API its credentials and one command to paste.
func welcome(w io.Writer, r *app.Running, d devCommand) {
	p := printer{w}
	p.line("\nPasserelle %s\n", version)
	p.addresses(r, d.CallbackURL)
	p.line("\n%s A phone number that ends in 0001 has no money, in 0002 says no,\nin 0011 is asked for a code (1234): docs/sandbox.md has them all.", customers(d.OperatorDelay))

	p.line("\nNative API  %s/v1", r.URL)
	p.entry("api_key", app.DemoAPIKey)
	p.entry("webhook_secret", app.DemoWebhookSecret)
	p.line("\n"+nativeCurl, r.URL, app.DemoAPIKey)
	for _, known := range r.App.Providers() {
		p.dialect(r, known, listener(r, d.CallbackURL)+"/"+known.Name)
	}
	p.line("\nReady at %s. Ctrl-C stops it.\n", r.URL)
}

func (p printer) addresses(r *app.Running, callback string) {
	p.entry("Gateway", r.URL)
	p.entry("API reference", r.URL+"/docs")
	if r.App.Serves("/dashboard") {
		p.entry("Dashboard", fmt.Sprintf("%s/dashboard  (%s, %s)", r.URL, app.DemoEmail, app.DemoPassword))
	}
	p.entry("Virtual phones", r.URL+"/sandbox")
	p.entry("Hosted checkout", r.URL+"/pay/{token}  (each payment brings its own)")
	if callback == "" {
		p.entry("Notifications", "collected and shown at "+r.URL+"/sandbox; --callback-url sends them to you")
	} else {
		p.entry("Notifications", "sent to "+listener(r, callback))
	}
	if r.TLSAddress != "" {
		p.entry("HTTPS", fmt.Sprintf("https://%s  (trust %s)", r.TLSAddress, r.CAFile))
	}
}

// listener is where the demo merchant gets its notifications.
func listener(r *app.Running, callback string) string {
	if callback == "" {
		return r.URL + "/sandbox/inbox"
	}
	return strings.TrimRight(callback, "/")
}

func customers(delay string) string {
	switch delay {
	case "manual":
		return "Customers answer when you press the button on their virtual phone."
	case "0", "0s":
		return "Customers pay at once."
	}
	return fmt.Sprintf("Customers pay after %s.", delay)
}

func (p printer) dialect(r *app.Running, known *provider.Provider, callback string) {
	base := r.App.Gateway.BaseURL(known.Name)
	p.line("\n%s  %s  in place of https://%s", known.Title, base, known.Hosts[0])
	issued := r.App.DemoCredentials(known.Name)
	for _, name := range slices.Sorted(maps.Keys(issued)) {
		p.entry(name, issued[name])
	}
	if known.Curl == nil {
		return
	}
	issued[provider.IssuedCallback] = callback
	p.line("\n%s", known.Curl(base, issued))
}
