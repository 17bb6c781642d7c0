package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/api"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/internal/sandbox"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/web/checkout"
	"github.com/passerelle-pay/passerelle/internal/web/dashboard"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/all"
)

// providerTimeout bounds any exchange with a provider; each provider's own
// limits are shorter, but for one that holds a call for five minutes.
const providerTimeout = 330 * time.Second

// App is the built program.
type App struct {
	config   Config
	log      *slog.Logger
	Store    *store.Store
	Gateway  *gateway.Gateway
	Sandbox  *sandbox.Sandbox
	Webhooks *webhook.Sender
	// Reconcile holds statements against the books.
	Reconcile *reconcile.Reconciler
	dialects  map[string]provider.Dialect
	known     []*provider.Provider
	// demo is what the demo merchant was issued in this run.
	demo    map[string]map[pay.Mode][]provider.Issued
	metrics *metrics
	router  *router
	handler http.Handler
	health  health
	traffic traffic
	workers []worker
}

// Build opens the database, brings its schema up to date and puts the parts
// together. publicURL is the address in links.
func Build(ctx context.Context, c Config, publicURL string) (*App, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	m := newMetrics()
	c.Log = m.countLog(c.Log)
	s, err := store.Open(ctx, c.DatabaseURL, store.Options{Log: c.Log, Now: c.Now})
	if err != nil {
		return nil, err
	}
	if err := s.SyncClock(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	c.Now = s.Now // nodes on one database share its clock
	a := &App{config: c, log: c.Log, Store: s, metrics: m}
	a.metrics.watch(s.Stats, a.health.ready.Load)
	a.metrics.watchRows(s, c.Now)
	if err := a.assemble(ctx, publicURL); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return a, nil
}

func (a *App) assemble(ctx context.Context, publicURL string) error {
	if err := a.Store.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	if a.known = slices.Clone(a.config.Providers); a.known == nil {
		a.known = all.Providers()
	}
	if err := a.addSandbox(); err != nil {
		return err
	}
	providers, merchants := a.waysOut(publicURL)
	var err error
	a.Gateway, err = gateway.New(gateway.Config{
		Store: a.Store, Box: a.config.Keys, Providers: a.known, Outbound: providers, Merchants: merchants,
		PublicURL: publicURL, PeerAddress: peer{a.config.TrustedProxies}.address, Keep: a.config.Keep, Now: a.config.Now, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.Reconcile = reconcile.New(a.Gateway)
	a.Sandbox.OnNews(a.Gateway.TakeSandboxNews)
	a.dialects = map[string]provider.Dialect{}
	for _, p := range a.known {
		if p.Speak != nil {
			a.dialects[p.Name] = p.Speak(a.Sandbox.Faults.Port(gateway.Port{Gateway: a.Gateway}))
		}
	}
	a.Webhooks = webhook.New(webhook.Config{
		Store: a.Store, Box: a.config.Keys, Outbound: merchants, Dialects: a.dialects, Render: api.Render,
		Delay: a.noticeDelay, Faults: a.Sandbox.Faults, Now: a.config.Now, Log: a.log,
	})
	if err := a.Gateway.CheckKeys(ctx); err != nil {
		return err
	}
	a.handler = a.routes(publicURL)
	a.plan()
	return nil
}

// addSandbox makes the simulated operators, which follow each provider's
// documented test data for what enters through its dialect.
func (a *App) addSandbox() error {
	delay, err := sandbox.ParseDelay(a.config.OperatorDelay)
	if err != nil {
		return err
	}
	rules := map[string]func(provider.Trial) provider.Verdict{}
	hazards := map[string][]provider.Hazard{pay.NativeFront: webhook.Hazards()}
	for _, p := range a.known {
		if p.Rules != nil {
			rules[p.Name] = p.Rules
		}
		if p.Speak != nil {
			hazards[p.Name] = p.Hazards
		}
	}
	a.Sandbox = sandbox.New(sandbox.Config{Store: a.Store, Now: a.config.Now, Log: a.log, Delay: delay, Rules: rules, Hazards: hazards, Start: a.startPath()})
	a.known = append(a.known, a.Sandbox.Provider())
	return nil
}

// noticeDelay replaces the delays that providers document for their sandboxes:
// the simulated operator has waited already.
func (a *App) noticeDelay(mode pay.Mode) (time.Duration, bool) { return 0, mode == pay.Test }

// waysOut makes the two guarded clients: to providers, where an address that
// leads back here would loop, and to merchants, whose own server may be this one.
func (a *App) waysOut(publicURL string) (providers, merchants *outbound.Client) {
	policy := outbound.Policy{
		AllowLoopback: a.config.AllowLoopback, AllowNetworks: a.config.AllowNetworks,
		UserAgent: "Passerelle/" + a.config.Version, Dial: a.config.Dial,
	}
	merchants = outbound.New(policy)
	policy.Timeout = providerTimeout
	policy.Refuse = outbound.NotSelf(func() []string { return []string{hostPort(publicURL), a.config.Addr} })
	policy.Via = a.via(publicURL)
	return outbound.New(policy), merchants
}

// via is what the nodes of this gateway call it among themselves: a request to a
// provider that arrives here would make a payment of itself, and so on for ever.
func (a *App) via(publicURL string) string {
	return "passerelle-" + a.config.Keys.Lookup(publicURL, "via")[:16]
}

// returning refuses what this gateway has sent to a provider.
func (a *App) returning(publicURL string, next http.Handler) http.Handler {
	via := a.via(publicURL)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if outbound.Returned(r, via) {
			a.log.Error("the address of a provider leads back to this gateway", "host", r.Host)
			outbound.RefuseReturned(w, via)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// faulty serves a front with the sandbox's faults, where there is a sandbox.
func (a *App) faulty(front string, h http.Handler) http.Handler {
	if !a.config.Sandbox {
		return h
	}
	return a.Sandbox.Faults.Around(front, h)
}

// routes puts every door behind the one listener.
func (a *App) routes(publicURL string) http.Handler {
	rt := newRouter()
	page := a.developerPage(publicURL)
	for _, p := range a.known {
		if d, ok := a.dialects[p.Name]; ok {
			rt.mount(p, watched(page, p.Name, "/"+p.Name, a.faulty(p.Name, d)))
		}
	}
	rates := a.config.Rates
	native := api.New(api.Config{
		Gateway: a.Gateway, Webhooks: a.Webhooks, Version: a.config.Version, PublicURL: publicURL, Now: a.config.Now, Log: a.log,
		Rate: rates.Keys, Burst: burstOf(rates.Keys),
	})
	rt.rest.Handle("/v1/", watched(page, pay.NativeFront, "", a.faulty(pay.NativeFront, native)))
	for _, prefix := range []string{"/openapi.json", "/openapi.yaml", "/docs", "/docs/"} {
		rt.rest.Handle(prefix, native)
	}
	rt.rest.Handle("/pay/", a.throttled(rates.Pages, acts, typed(checkout.New(checkout.Config{Gateway: a.Gateway, Now: a.config.Now, Log: a.log}))))
	people := a.throttled(rates.SignIn, signsIn, typed(dashboard.New(dashboard.Config{
		Gateway: a.Gateway, Webhooks: a.Webhooks, Now: a.config.Now, Log: a.log,
		Reconcile: a.Reconcile, Accounts: &account.Accounts{Store: a.Store, Box: a.config.Keys, Now: a.config.Now},
		Dialects: a.dialects,
	})))
	rt.rest.Handle("/dashboard", people)
	rt.rest.Handle("/dashboard/", people)
	rt.rest.Handle("/hooks/{provider}/{connection}", a.throttled(rates.Hooks, always, http.HandlerFunc(a.Gateway.ServeHook)))
	if a.config.Sandbox {
		control := a.throttled(rates.Control, always, typed(a.Sandbox.Handler(a.Gateway)))
		rt.rest.Handle("/sandbox", control)
		rt.rest.Handle("/sandbox/", control)
	}
	if page != nil {
		rt.rest.Handle("/sandbox/start", page.Handler())
		rt.rest.Handle("/sandbox/start/", page.Handler())
	}
	rt.rest.HandleFunc("GET /healthz", a.healthz)
	rt.rest.HandleFunc("GET /readyz", a.readyz)
	if a.config.AdminAddr == "" {
		rt.rest.Handle("GET /metrics", a.metrics.handler())
	}
	rt.rest.HandleFunc("GET /{$}", a.home)
	a.router = rt
	return a.traffic.count(a.metrics.count(a.recovered(a.returning(publicURL, rt))))
}
