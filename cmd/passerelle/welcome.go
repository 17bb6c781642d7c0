package main

import (
	"fmt"
	"io"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/web/developer"
)

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

	for _, front := range r.App.DemoFronts() {
		p.front(front)
	}
	p.line("\nReady at %s. Ctrl-C stops it.\n", r.URL)
}

func (p printer) addresses(r *app.Running, callback string) {
	p.entry("Gateway", r.URL)
	p.entry("Start here", r.URL+"/sandbox/start  (all of this as a page, with trials and a live log)")
	p.entry("API reference", r.URL+"/docs")
	if r.App.Serves("/dashboard") {
		p.entry("Dashboard", fmt.Sprintf("%s/dashboard  (%s, %s)", r.URL, app.DemoEmail, app.DemoPassword))
	}
	p.entry("Virtual phones", r.URL+"/sandbox")
	p.entry("Hosted checkout", r.URL+"/pay/{token}  (each payment brings its own)")
	if callback == "" {
		p.entry("Notifications", "collected and shown at "+r.URL+"/sandbox; --callback-url sends them to you")
	} else {
		p.entry("Notifications", "sent to "+r.App.DemoCallback())
	}
	if r.TLSAddress != "" {
		p.entry("HTTPS", fmt.Sprintf("https://%s  (trust %s)", r.TLSAddress, r.CAFile))
	}
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

func (p printer) front(f developer.Front) {
	if f.Provider == nil {
		p.line("\nNative API  %s/v1", f.Base)
	} else {
		p.line("\n%s  %s  in place of https://%s", f.Title, f.Base, f.InPlaceOf)
	}
	for _, c := range f.Credentials {
		p.entry(c.Name, c.Value)
	}
	if f.Curl != "" {
		p.line("\n%s", f.Curl)
	}
}
