package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/passerelle-pay/passerelle/internal/conform"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/all"
)

type conformCommand struct {
	Providers  []string          `arg:"" optional:"" name:"provider" help:"Providers to play; all of them when none is named."`
	BaseURL    string            `name:"base-url" help:"Address of the gateway, below which each provider has its prefix." default:"http://127.0.0.1:8080" placeholder:"URL"`
	Direct     bool              `help:"The base URL is the provider's own, without a prefix; one provider is named."`
	Credential map[string]string `mapsep:"none" help:"A credential in place of the demo merchant's: apikey=…, or PROVIDER.apikey=… for one; callback_url=… is your own server." placeholder:"NAME=VALUE"`
	SandboxURL string            `name:"sandbox-url" help:"Gateway whose sandbox acts as the customer on hosted pages; that of the base URL unless --direct." placeholder:"URL"`
	Wait       time.Duration     `help:"How long an answer that takes time is waited for, such as the end of a payment; as each vector says (20s) unless set." placeholder:"DURATION"`
	JSON       bool              `name:"json" help:"Print the rows as JSON."`
}

// Help is shown by `passerelle conform --help`.
func (conformCommand) Help() string {
	return `Plays the requests that the providers' documents print and holds the answers to the
printed ones: against a gateway that runs (passerelle dev), against another address,
or with --direct against a provider. The exit status is 0 only if no answer is wrong.

Against a provider, use its test credentials: the requests are real there.`
}

// Run plays the vectors; it fails if an answer is wrong.
func (c conformCommand) Run(ctx context.Context) error {
	providers, err := named(all.Providers(), c.Providers)
	if err != nil {
		return err
	}
	started := time.Now()
	p := progress{w: os.Stderr, live: isTerminal(os.Stderr)}
	rows, err := conform.Run(ctx, providers, c.target(providers), func(r conform.Row) { p.line(r.Provider, r.Vector) })
	p.end()
	if err != nil {
		return err
	}
	if c.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(rows); err != nil {
			return fmt.Errorf("write rows: %w", err)
		}
	} else {
		conformTable(os.Stdout, rows, time.Since(started))
	}
	for _, r := range rows {
		if !r.OK {
			return errShown
		}
	}
	return nil
}

// target reads the flags: a gateway has its sandbox at its own root, also when
// the address given is that of one of its providers.
func (c conformCommand) target(providers []*provider.Provider) conform.Target {
	t := conform.Target{Base: c.BaseURL, Direct: c.Direct, Sandbox: c.SandboxURL, Credentials: c.Credential, Wait: c.Wait}
	if t.Sandbox != "" || t.Direct {
		return t
	}
	t.Sandbox = strings.TrimRight(c.BaseURL, "/")
	if u, err := url.Parse(t.Sandbox); err == nil && len(providers) == 1 && path.Base(u.Path) == providers[0].Name {
		t.Sandbox = strings.TrimSuffix(t.Sandbox, "/"+providers[0].Name)
	}
	return t
}

// named picks providers by name; none is all.
func named(known []*provider.Provider, names []string) ([]*provider.Provider, error) {
	var list []*provider.Provider
	var titles []string
	for _, p := range known {
		if p.Speak == nil {
			continue
		}
		if len(names) == 0 {
			list = append(list, p)
		}
		titles = append(titles, p.Name)
	}
	for _, name := range names {
		found := false
		for _, p := range known {
			if p.Speak != nil && strings.EqualFold(p.Name, name) {
				list, found = append(list, p), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no provider is called %q; there are %s", name, strings.Join(titles, ", "))
		}
	}
	return list, nil
}

// conformTable prints a row per vector, below it what was not as published.
func conformTable(w io.Writer, rows []conform.Row, took time.Duration) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "\nPROVIDER\tVECTOR\tHTTP\tTIME\t")
	good, skipped := 0, 0
	for _, r := range rows {
		mark := "✓"
		switch {
		case r.Skipped:
			mark = "skipped"
			skipped++
		case r.OK:
			good++
		default:
			mark = "✗"
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%d ms\t%s\n", r.Provider, r.Vector, r.HTTPStatus, r.Millis, mark)
	}
	_ = t.Flush()
	for _, r := range rows {
		if !r.OK {
			_, _ = fmt.Fprintf(w, "\n✗ %s, %s\n  published in: %s\n  %s\n", r.Provider, r.Vector, r.Source, r.Problem)
		}
	}
	_, _ = fmt.Fprintf(w, "\n%d of %d vectors as published, in %.1f s\n", good, len(rows), took.Seconds())
	if skipped > 0 {
		_, _ = fmt.Fprintf(w, "%d skipped: they need a customer, and --sandbox-url names no sandbox\n", skipped)
	}
}
