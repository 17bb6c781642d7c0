package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
)

type devCommand struct {
	Addr          string `help:"Address to listen on." default:"127.0.0.1:8080"`
	Data          string `help:"Folder of the database and keys; :memory: keeps nothing." default:"./passerelle-data"`
	CallbackURL   string `name:"callback-url" help:"The demo merchant's own server; without it an inbox at /sandbox shows every notification." placeholder:"URL"`
	OperatorDelay string `help:"How long the sandbox customer takes to answer: 1s, 0, or manual to answer on the virtual phone." default:"1s"`
	PublicURL     string `help:"Address in links, when it is not the one listened on." env:"PASSERELLE_PUBLIC_URL" placeholder:"URL"`
	DatabaseURL   string `help:"Another database than the one in the data folder." env:"PASSERELLE_DATABASE_URL" placeholder:"URL"`
	TLS           bool   `name:"tls" help:"Serve HTTPS too, under a local certificate authority kept in the data folder."`
	TLSAddr       string `name:"tls-addr" help:"Address of the HTTPS listener." default:"127.0.0.1:8443"`
	LogLevel      string `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
}

// Run serves until a signal.
func (d devCommand) Run(ctx context.Context) error {
	config, err := d.config()
	if err != nil {
		return err
	}
	if d.Data == ":memory:" {
		defer func() { _ = os.RemoveAll(config.CADir) }()
	} else {
		release, err := lockFolder(d.Data)
		if err != nil {
			return err
		}
		defer release()
	}
	running, err := app.Start(ctx, config)
	if err != nil {
		return err
	}
	welcome(os.Stdout, running, d)
	return running.Wait(ctx)
}

func (d devCommand) config() (app.Config, error) {
	c := app.Config{
		Addr: d.Addr, PublicURL: strings.TrimRight(d.PublicURL, "/"), AllowLoopback: true, Sandbox: true,
		OperatorDelay: d.OperatorDelay, Demo: true, CallbackURL: d.CallbackURL, Version: version,
		Log: logger("text", d.LogLevel), DatabaseURL: d.DatabaseURL,
	}
	if err := d.place(&c); err != nil {
		return c, err
	}
	if d.TLS {
		c.TLSAddr = d.TLSAddr
	}
	return c, c.Check()
}

// place chooses where the database and the keys are.
func (d devCommand) place(c *app.Config) error {
	var err error
	if d.Data == ":memory:" {
		if c.DatabaseURL == "" {
			c.DatabaseURL = ":memory:"
		}
		if c.Keys, err = secret.ParseKeyring(secret.NewKey()); err != nil {
			return err
		}
		c.CADir, err = os.MkdirTemp("", "passerelle-ca-")
		return err
	}
	if err := os.MkdirAll(d.Data, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if c.DatabaseURL == "" {
		c.DatabaseURL = filepath.Join(d.Data, "passerelle.db")
	}
	c.CADir = d.Data
	c.Keys, err = secret.LoadOrCreateKeyring(filepath.Join(d.Data, "keys"))
	return err
}
