package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
)

type serveCommand struct {
	database
	Addr           string        `help:"Address to listen on." default:":8080" env:"PASSERELLE_ADDR"`
	AdminAddr      string        `help:"Address for /metrics, /healthz and /readyz alone." default:"127.0.0.1:9090" env:"PASSERELLE_ADMIN_ADDR"`
	TrustedProxies string        `help:"Proxies whose forwarded headers count." env:"PASSERELLE_TRUSTED_PROXIES" placeholder:"CIDRS"`
	Rates          string        `help:"Requests a second of one client, where they differ from pages=50,sign-in=2,hooks=1000,control=500,keys=5000; off for no bound." env:"PASSERELLE_RATES" placeholder:"RATES"`
	TLSCert        string        `name:"tls-cert" help:"Certificate file; serves HTTPS." env:"PASSERELLE_TLS_CERT" placeholder:"FILE"`
	TLSKey         string        `name:"tls-key" help:"Key file of the certificate." env:"PASSERELLE_TLS_KEY" placeholder:"FILE"`
	TestMode       bool          `help:"Serve the sandbox at /sandbox: virtual phones and control API." env:"PASSERELLE_TEST_MODE"`
	OperatorDelay  string        `help:"How long a sandbox customer takes: 1s, 0, manual." default:"1s" env:"PASSERELLE_OPERATOR_DELAY"`
	Drain          time.Duration `help:"How long SIGTERM waits for open requests." default:"30s" env:"PASSERELLE_DRAIN"`
	DrainNotice    time.Duration `help:"How long /readyz says 503 before anything closes, for load balancers to look elsewhere." default:"0s" env:"PASSERELLE_DRAIN_NOTICE"`
	KeepDeliveries int           `help:"Days for which webhook deliveries are kept that have ended; 0 keeps them for good." default:"30" env:"PASSERELLE_KEEP_DELIVERIES" placeholder:"DAYS"`
	KeepExchanges  int           `help:"Days for which exchanges with providers, and their notifications, are kept." default:"90" env:"PASSERELLE_KEEP_EXCHANGES" placeholder:"DAYS"`
	KeepSandbox    int           `help:"Days for which what ended in the sandbox is kept." default:"30" env:"PASSERELLE_KEEP_SANDBOX" placeholder:"DAYS"`
	LogFormat      string        `help:"text or json." enum:"text,json" default:"json" env:"PASSERELLE_LOG_FORMAT"`
	LogLevel       string        `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info" env:"PASSERELLE_LOG_LEVEL"`
}

// Help is shown by `passerelle serve --help`.
func (serveCommand) Help() string {
	return `Settings come from flags, PASSERELLE_* variables or passerelle.yaml, in that order.
Several processes on one PostgreSQL are one gateway. SIGTERM drains: no accepted
request is dropped.`
}

// Run serves until a signal, then drains.
func (s serveCommand) Run(ctx context.Context) error {
	config, err := s.config()
	if err != nil {
		return err
	}
	running, err := app.Start(ctx, config)
	if err != nil {
		return err
	}
	config.Log.Info("serving", "address", running.Address, "public_url", running.URL, "version", version)
	err = running.Wait(ctx)
	config.Log.Info("drained")
	return err
}

func (s serveCommand) config() (app.Config, error) {
	c, problems := s.judged()
	if err := errors.Join(problems...); err != nil {
		return c, fmt.Errorf("this configuration can't be served:\n%w", err)
	}
	return c, nil
}

// judged is the configuration with all that is wrong with it.
func (s serveCommand) judged() (c app.Config, problems []error) {
	c = app.Config{
		Addr: s.Addr, AdminAddr: s.AdminAddr, TLSCert: s.TLSCert, TLSKey: s.TLSKey, Sandbox: s.TestMode,
		OperatorDelay: s.OperatorDelay, DrainFor: s.Drain, DrainNotice: s.DrainNotice, Log: logger(s.LogFormat, s.LogLevel),
	}
	const day = 24 * time.Hour
	c.Keep = gateway.Keep{
		Deliveries: time.Duration(s.KeepDeliveries) * day, Exchanges: time.Duration(s.KeepExchanges) * day,
		Sandbox: time.Duration(s.KeepSandbox) * day,
	}
	s.fill(&c)
	var err error
	if c.TrustedProxies, err = app.ParseNetworks("PASSERELLE_TRUSTED_PROXIES", s.TrustedProxies); err != nil {
		problems = append(problems, err)
	}
	if c.AllowNetworks, err = s.networks(); err != nil {
		problems = append(problems, err)
	}
	if c.Rates, err = app.ParseRates(s.Rates); err != nil {
		problems = append(problems, err)
	}
	if err := store.CheckURL(c.DatabaseURL); err != nil {
		problems = append(problems, fmt.Errorf("PASSERELLE_DATABASE_URL: %w", err))
	}
	problems = append(problems, c.Check())
	if c.PublicURL == "" {
		problems = append(problems, errors.New("PASSERELLE_PUBLIC_URL is missing: the address in links and in notifications, such as https://pay.example.com"))
	}
	return c, problems
}
