package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

type merchantCommand struct {
	Add      merchantAdd      `cmd:"" help:"Create a merchant and its owner; prints its keys and credentials, once."`
	List     merchantList     `cmd:"" help:"List merchants."`
	Password merchantPassword `cmd:"" help:"Let back in who lost the password or the authenticator."`
	Keys     merchantKeys     `cmd:"" help:"Rotate a merchant's API keys and dialect credentials; once the new ones are printed, the old ones are refused everywhere. Addresses and options of its dialects stay, but for those that are given."`
}

// dialectFlags say how a merchant's dialects behave.
type dialectFlags struct {
	CallbackURL string   `name:"callback-url" help:"The merchant's own server, for notifications in dialects that don't name one per request." placeholder:"URL"`
	ReturnURL   string   `name:"return-url" help:"Where browsers go after a hosted page, with ?outcome=success or failure." placeholder:"URL"`
	Option      []string `help:"Option of a dialect: provider.name=value; may be repeated." placeholder:"OPTION"`
}

func (f dialectFlags) settings() (app.DialectSettings, error) {
	s := app.DialectSettings{CallbackURL: f.CallbackURL, ReturnURL: f.ReturnURL, Options: map[string]map[string]string{}}
	for _, text := range f.Option {
		name, value, ok := strings.Cut(text, "=")
		known, option, dotted := strings.Cut(name, ".")
		if !ok || !dotted {
			return s, fmt.Errorf("option %q is not provider.name=value", text)
		}
		if s.Options[known] == nil {
			s.Options[known] = map[string]string{}
		}
		s.Options[known][option] = value
	}
	return s, nil
}

type merchantAdd struct {
	database
	dialectFlags
	Name  string `arg:"" help:"Name that payers see."`
	Email string `required:"" help:"The owner's e-mail address."`
	JSON  bool   `name:"json" help:"Print as JSON."`
}

// Run creates the merchant.
func (m merchantAdd) Run(ctx context.Context) error {
	settings, err := m.settings()
	if err != nil {
		return err
	}
	return onDatabase(ctx, m.database, func(a *app.App) error {
		c, err := a.AddMerchant(ctx, m.Name, m.Email, settings)
		if err != nil {
			return err
		}
		return printCredentials(os.Stdout, c, m.JSON)
	})
}

type merchantKeys struct {
	database
	dialectFlags
	Name string `arg:"" help:"The merchant's name."`
	JSON bool   `name:"json" help:"Print as JSON."`
}

// Run rotates the keys.
func (m merchantKeys) Run(ctx context.Context) error {
	settings, err := m.settings()
	if err != nil {
		return err
	}
	return onDatabase(ctx, m.database, func(a *app.App) error {
		c, err := a.RotateKeys(ctx, m.Name, settings)
		if err != nil {
			return err
		}
		// Until now a running gateway may still take the old keys; once the new
		// ones are shown, none does.
		select {
		case <-ctx.Done():
		case <-time.After(store.SettingsLife):
		}
		return printCredentials(os.Stdout, c, m.JSON)
	})
}

type merchantPassword struct {
	database
	Name  string `arg:"" help:"The merchant's name or id."`
	Email string `help:"Whose password; the owner's unless set." placeholder:"ADDRESS"`
}

// Help is shown by `passerelle merchant password --help`.
func (merchantPassword) Help() string {
	return `Sets a new password for the dashboard and prints it, once. The person's authenticator
and sessions end, and the audit trail has it. It can run beside serve.`
}

// Run sets the password.
func (m merchantPassword) Run(ctx context.Context) error {
	return onDatabase(ctx, m.database, func(a *app.App) error {
		merchant, err := findMerchant(ctx, a.Store, m.Name)
		if err != nil {
			return err
		}
		box, err := m.keyring()
		if err != nil {
			return err
		}
		people := &account.Accounts{Store: a.Store, Box: box, Now: time.Now}
		user, password, err := people.ResetPassword(ctx, account.Person{MerchantID: merchant.ID, Email: commandLine}, m.Email)
		if err != nil {
			return err
		}
		p := printer{os.Stdout}
		p.line("%s / %s", user.Email, password.Reveal())
		p.line("This is shown once. Sessions and the authenticator have ended; sign in, and set another up under My account.")
		return nil
	})
}

type merchantList struct{ database }

// Run lists the merchants.
func (m merchantList) Run(ctx context.Context) error {
	return onDatabase(ctx, m.database, func(a *app.App) error {
		list, err := a.Store.Read().ListMerchants(ctx)
		if err != nil {
			return fmt.Errorf("list merchants: %w", err)
		}
		t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(t, "ID\tNAME\tEMAIL\tSINCE")
		for _, m := range list {
			_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", m.ID, m.Name, m.Email, store.Time(m.CreatedAt).Format("2006-01-02"))
		}
		return t.Flush()
	})
}

// findMerchant finds a merchant by name or id.
func findMerchant(ctx context.Context, s *store.Store, name string) (sqlgen.Merchant, error) {
	list, err := s.Read().ListMerchants(ctx)
	if err != nil {
		return sqlgen.Merchant{}, fmt.Errorf("list merchants: %w", err)
	}
	for _, m := range list {
		if m.ID == name || m.Name == name {
			return m, nil
		}
	}
	return sqlgen.Merchant{}, fmt.Errorf("no merchant is called %q; `passerelle merchant list` names them", name)
}

// onDatabase builds the program without listening, for one command.
func onDatabase(ctx context.Context, d database, do func(*app.App) error) error {
	c := app.Config{OperatorDelay: "1s", Log: logger("text", "warn")}
	d.fill(&c)
	var err error
	c.AllowNetworks, err = d.networks()
	if err := errors.Join(err, c.Check()); err != nil {
		return err
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://localhost:8080"
	}
	a, err := app.Build(ctx, c, c.PublicURL)
	if err != nil {
		return err
	}
	defer func() { _ = a.Store.Close() }()
	return do(a)
}

// shownCredentials is the output of --json: one object per dialect.
type shownCredentials map[string]any

func printCredentials(w io.Writer, c app.Credentials, asJSON bool) error {
	if asJSON {
		out := shownCredentials{
			"merchant": map[string]string{"id": c.Merchant.ID, "name": c.Merchant.Name, "email": c.Merchant.Email},
			"test_key": c.TestKey.Reveal(), "live_key": c.LiveKey.Reveal(),
		}
		if !c.Password.IsZero() {
			out["password"] = c.Password.Reveal()
		}
		for name, modes := range c.Dialects {
			out[name] = map[string]any{"test": revealed(modes[pay.Test]), "live": revealed(modes[pay.Live])}
		}
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(out)
	}
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	p("%s (%s). These are shown once; keep them safe.\n", c.Merchant.Name, c.Merchant.ID)
	p("  test key    %s", c.TestKey.Reveal())
	p("  live key    %s", c.LiveKey.Reveal())
	if !c.Password.IsZero() {
		p("  dashboard   %s / %s", c.Merchant.Email, c.Password.Reveal())
	}
	names := make([]string, 0, len(c.Dialects))
	for name := range c.Dialects {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, mode := range []pay.Mode{pay.Test, pay.Live} {
			p("\n%s, %s", name, mode)
			for _, i := range c.Dialects[name][mode] {
				p("  %-28s %s", i.Name, i.Value.Reveal())
			}
		}
	}
	return nil
}

func revealed(list []provider.Issued) map[string]string {
	values := map[string]string{}
	for _, i := range list {
		values[i.Name] = i.Value.Reveal()
	}
	return values
}

type migrateCommand struct{ database }

// Run migrates the database.
func (m migrateCommand) Run(ctx context.Context) error {
	if m.DatabaseURL == "" {
		return pay.Invalid("database-url", "PASSERELLE_DATABASE_URL is missing: a SQLite path, or postgres://user@host/db")
	}
	s, err := store.Open(ctx, m.DatabaseURL, store.Options{Log: logger("text", "info")})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	fmt.Println("the schema is up to date")
	return nil
}
