package doctor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/all"
)

const (
	// probesAtOnce is how many connections are tried at the same time.
	probesAtOnce = 4
	// named is how many things one finding names.
	named = 5
)

// holdings are the rows that the examination is about.
type holdings struct {
	merchants   map[string]string // names by id
	connections []sqlgen.Connection
	endpoints   []sqlgen.WebhookEndpoint
}

// rows looks at what merchants have stored.
func (e *examination) rows(ctx context.Context, s *store.Store) {
	h, err := read(ctx, s.Read())
	if err != nil {
		e.fail("rows", "they can't be read: "+e.hidden(err), "check the database")
		return
	}
	if len(h.merchants) == 0 {
		e.warn("merchants", "there are none", "`passerelle merchant add NAME --email E` makes one")
		return
	}
	e.ok("merchants", "%d in the database", len(h.merchants))
	if e.config.Keys.Empty() || e.config.KeysProblem != nil {
		return
	}
	e.sealed(h)
	e.endpoints(ctx, h)
	e.connections(ctx, s, h)
}

func read(ctx context.Context, q *sqlgen.Queries) (holdings, error) {
	h := holdings{merchants: map[string]string{}}
	merchants, err := q.ListMerchants(ctx)
	if err != nil {
		return h, fmt.Errorf("list merchants: %w", err)
	}
	for _, m := range merchants {
		h.merchants[m.ID] = m.Name
		for _, mode := range []pay.Mode{pay.Test, pay.Live} {
			connections, err := q.ListConnections(ctx, sqlgen.ListConnectionsParams{MerchantID: m.ID, Mode: string(mode)})
			if err != nil {
				return h, fmt.Errorf("list connections: %w", err)
			}
			endpoints, err := q.ListEndpoints(ctx, sqlgen.ListEndpointsParams{MerchantID: m.ID, Mode: string(mode)})
			if err != nil {
				return h, fmt.Errorf("list webhook endpoints: %w", err)
			}
			h.connections, h.endpoints = append(h.connections, connections...), append(h.endpoints, endpoints...)
		}
	}
	return h, nil
}

// sealed opens every sealed row with the keys.
func (e *examination) sealed(h holdings) {
	const check = "sealed rows"
	var shut []string
	old := 0
	for _, c := range h.connections {
		if _, err := e.config.Keys.Open(c.Credentials, "connection", c.MerchantID, c.ID); err != nil {
			shut = append(shut, "connection "+c.ID)
		} else if e.config.Keys.NeedsReseal(c.Credentials) {
			old++
		}
	}
	for _, w := range h.endpoints {
		if _, err := webhook.OpenSecret(e.config.Keys, w); err != nil {
			shut = append(shut, "webhook endpoint "+w.ID)
		} else if e.config.Keys.NeedsReseal(w.Secret) {
			old++
		}
	}
	total := len(h.connections) + len(h.endpoints)
	if len(shut) > 0 {
		e.fail(check, fmt.Sprintf("%d of %d can't be opened with these keys: %s", len(shut), total, listed(shut)), "put the key that sealed them back into PASSERELLE_KEYS, behind the first one")
	} else {
		e.ok(check, "all %d open", total)
	}
	if old > 0 {
		e.warn(check, fmt.Sprintf("%d are sealed with an older key", old), "keep that key until `passerelle keys rotate` has sealed them anew")
	}
}

func listed(names []string) string {
	if len(names) > named {
		return strings.Join(names[:named], ", ") + fmt.Sprintf(" and %d more", len(names)-named)
	}
	return strings.Join(names, ", ")
}

func (e *examination) policy() outbound.Policy {
	return outbound.Policy{
		AllowLoopback: e.config.AllowLoopback, AllowNetworks: e.config.AllowNetworks,
		UserAgent: "Passerelle/" + e.config.Version,
	}
}

// endpoints holds each webhook endpoint's address to the guard.
func (e *examination) endpoints(ctx context.Context, h holdings) {
	const check = "webhook endpoints"
	client := outbound.New(e.policy())
	good := 0
	for _, w := range h.endpoints {
		who := fmt.Sprintf("%s of %s, at %s", w.ID, h.merchants[w.MerchantID], hostOf(w.Url))
		if !w.Enabled {
			if w.DisabledBecause != "" {
				e.warn(check, who+", is switched off: "+w.DisabledBecause, "see what its server answers, then switch it on in the dashboard")
			}
			continue
		}
		err := client.CheckURL(w.Url)
		if err == nil && !e.offline {
			err = client.CheckAddresses(ctx, w.Url)
		}
		if err != nil {
			e.fail(check, who+", would not be called: "+reason(err), "change its address, or name its network in PASSERELLE_ALLOW_NETWORKS")
			continue
		}
		good++
	}
	e.ok(check, "%d may be called", good)
}

// reason is why the guard refuses, without the address.
func reason(err error) string {
	for _, known := range []error{outbound.ErrForbiddenAddress, outbound.ErrLoop, outbound.ErrBadURL} {
		if errors.Is(err, known) {
			return strings.TrimPrefix(known.Error(), "outbound: ")
		}
	}
	return "it can't be read"
}

func hostOf(raw string) string {
	if u, err := url.Parse(raw); err == nil && u.Host != "" {
		return u.Host
	}
	return "an unreadable address"
}

// connections tries each live connection by a call that moves nothing.
func (e *examination) connections(ctx context.Context, s *store.Store, h holdings) {
	const check = "live connections"
	var live []sqlgen.Connection
	for _, c := range h.connections {
		if c.Mode == string(pay.Live) && c.Enabled {
			live = append(live, c)
		}
	}
	switch {
	case len(live) == 0:
		e.warn(check, "there are none: live payments have no way out", "add one in the dashboard, or with POST /v1/connections and a live key")
		return
	case e.offline:
		e.ok(check, "%d, not tried (--offline)", len(live))
		return
	case e.config.PublicURL == "":
		e.warn(check, "not tried, as there is no public address yet", "set PASSERELLE_PUBLIC_URL")
		return
	}
	g, err := e.gateway(s)
	if err != nil {
		e.fail(check, "they can't be tried: "+err.Error(), "complete the configuration")
		return
	}
	found := make([]Finding, len(live))
	places := make(chan struct{}, probesAtOnce)
	var wg sync.WaitGroup
	for i, c := range live {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			found[i] = try(ctx, g, c, fmt.Sprintf("%s, %s of %s", c.ID, c.Provider, h.merchants[c.MerchantID]))
		})
	}
	wg.Wait()
	e.findings = append(e.findings, found...)
}

func (e *examination) gateway(s *store.Store) (*gateway.Gateway, error) {
	known := e.config.Providers
	if known == nil {
		known = all.Providers()
	}
	return gateway.New(gateway.Config{
		Store: s, Box: e.config.Keys, Providers: known, Outbound: outbound.New(e.policy()),
		PublicURL: e.config.PublicURL, Now: e.config.Now, Log: slog.New(slog.DiscardHandler),
	})
}

// try leaves the answer's text out: it may quote an address or a credential.
func try(ctx context.Context, g *gateway.Gateway, c sqlgen.Connection, who string) Finding {
	const check = "live connections"
	p, err := g.ProbeConnection(ctx, provider.Caller{MerchantID: c.MerchantID, Mode: pay.Mode(c.Mode), Front: pay.NativeFront}, c.ID)
	switch {
	case err != nil:
		return Finding{check, Fail, who + ", can't be read", "check the database"}
	case p.Refused:
		return Finding{check, Fail, who + ", refuses the credentials", "write the provider's current ones in the dashboard"}
	case !p.Reached:
		return Finding{check, Fail, who + ", did not answer as it should", "check the connection's settings, the way out of this machine, and whether the provider is up; the log of serve says more when the dashboard's test button is pressed"}
	}
	return Finding{Check: check, Level: OK, Message: who + ", takes the credentials"}
}
