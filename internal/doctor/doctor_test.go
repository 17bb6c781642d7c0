package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/doctor"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// account is a connection whose key decides what its provider answers.
type account struct {
	provider.Connector
	key   string
	calls *atomic.Int64
}

func (a account) Balances(context.Context) ([]money.Amount, error) {
	a.calls.Add(1)
	switch a.key {
	case "good-provider-key":
		return []money.Amount{money.New(100, money.XAF)}, nil
	case "old-provider-key":
		return nil, &pay.Error{Kind: pay.KindUnauthorized, Message: "key " + a.key + " is refused"}
	}
	return nil, errors.New("no answer to " + a.key)
}

// rig is a database that a gateway has used.
type rig struct {
	*testing.T
	config   app.Config
	app      *app.App
	merchant string
	calls    *atomic.Int64
}

func keyring(t *testing.T) secret.Box {
	t.Helper()
	keys, err := secret.ParseKeyring(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func build(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, calls: &atomic.Int64{}}
	r.config = app.Config{
		DatabaseURL: filepath.Join(t.TempDir(), "gateway.db"), Keys: keyring(t), PublicURL: "https://pay.example.com", OperatorDelay: "1s",
		Providers: []*provider.Provider{{
			Name: "bank", Title: "Bank", Currencies: []money.Currency{money.XAF},
			Credentials: []provider.Field{{Name: "key", Label: "Key", Secret: true, Required: true}},
			Connect: func(e provider.Environment) (provider.Connector, error) {
				return account{key: e.Secret("key"), calls: r.calls}, nil
			},
		}},
	}
	a, err := app.Build(t.Context(), r.config, r.config.PublicURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Store.Close() })
	r.app = a
	c, err := a.AddMerchant(t.Context(), "Boutique Awa", "awa@example.com", app.DialectSettings{})
	if err != nil {
		t.Fatal(err)
	}
	r.merchant = c.Merchant.ID
	return r
}

func (r *rig) connect(key string) string {
	r.Helper()
	row, err := r.app.Gateway.AddConnection(r.Context(), gateway.NewConnection{
		MerchantID: r.merchant, Mode: pay.Live, Provider: "bank", Values: map[string]string{"key": key},
	})
	if err != nil {
		r.Fatal(err)
	}
	return row.ID
}

func (r *rig) listenAt(address string) {
	r.Helper()
	caller := provider.Caller{MerchantID: r.merchant, Mode: pay.Live, Front: pay.NativeFront}
	if _, _, err := r.app.Webhooks.Endpoints().Create(r.Context(), caller, address, nil, ""); err != nil {
		r.Fatal(err)
	}
}

func examine(t *testing.T, c app.Config, o doctor.Options) []doctor.Finding {
	t.Helper()
	findings := doctor.Examine(t.Context(), c, nil, o)
	for _, f := range findings {
		if f.Level != doctor.OK && f.Next == "" {
			t.Errorf("%s does not say what to do: %s", f.Check, f.Message)
		}
	}
	return findings
}

// holds requires a finding of that level whose message has the text.
func holds(t *testing.T, findings []doctor.Finding, check string, level doctor.Level, text string) {
	t.Helper()
	for _, f := range findings {
		if f.Check == check && f.Level == level && strings.Contains(f.Message, text) {
			return
		}
	}
	t.Errorf("no %s of %q with %q in %+v", level, check, text, findings)
}

func TestASoundSetUpHasNothingThatFails(t *testing.T) {
	t.Parallel()
	r := build(t)
	id := r.connect("good-provider-key")
	r.listenAt("https://93.184.216.34/hooks/awa")
	findings := examine(t, r.config, doctor.Options{})
	if !doctor.Healthy(findings) {
		t.Errorf("found %+v", findings)
	}
	holds(t, findings, "live connections", doctor.OK, id+", bank of Boutique Awa, takes the credentials")
	holds(t, findings, "webhook endpoints", doctor.OK, "1 may be called")
	holds(t, findings, "schema", doctor.OK, "up to date")
	holds(t, findings, "durability", doctor.OK, "each commit waits for the disk")
	holds(t, findings, "sealed rows", doctor.OK, "all 3 open") // a sandbox connection is the merchant's from the start
}

func TestCredentialsThatAProviderRefusesAreAFailureAndNeverShow(t *testing.T) {
	t.Parallel()
	r := build(t)
	refused, silent := r.connect("old-provider-key"), r.connect("lost-provider-key")
	findings := examine(t, r.config, doctor.Options{})
	if doctor.Healthy(findings) {
		t.Error("nothing fails")
	}
	holds(t, findings, "live connections", doctor.Fail, refused+", bank of Boutique Awa, refuses the credentials")
	holds(t, findings, "live connections", doctor.Fail, silent+", bank of Boutique Awa, did not answer")
	shown, err := json.Marshal(findings)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(shown), "provider-key") {
		t.Errorf("a credential shows in %s", shown)
	}
}

func TestOfflineNoProviderIsCalled(t *testing.T) {
	t.Parallel()
	r := build(t)
	r.connect("old-provider-key")
	findings := examine(t, r.config, doctor.Options{Offline: true})
	if !doctor.Healthy(findings) || r.calls.Load() != 0 {
		t.Errorf("%d calls, found %+v", r.calls.Load(), findings)
	}
	holds(t, findings, "live connections", doctor.OK, "not tried")
}

func TestRowsThatTheKeysCanNotOpenAreNamed(t *testing.T) {
	t.Parallel()
	r := build(t)
	id := r.connect("good-provider-key")
	c := r.config
	c.Keys = keyring(t)
	holds(t, examine(t, c, doctor.Options{Offline: true}), "sealed rows", doctor.Fail, "connection "+id)
}

func TestAnEndpointThatTheGuardRefusesIsAFailureAndOnlyItsHostShows(t *testing.T) {
	t.Parallel()
	r := build(t)
	r.listenAt("https://93.184.216.34/hooks/token-in-path")
	if err := r.app.Store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw().ExecContext(ctx, "UPDATE webhook_endpoints SET url = 'http://10.1.2.3/hooks/token-in-path'")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	findings := examine(t, r.config, doctor.Options{Offline: true})
	holds(t, findings, "webhook endpoints", doctor.Fail, "at 10.1.2.3, would not be called: forbidden address")
	for _, f := range findings {
		if strings.Contains(f.Message, "token-in-path") {
			t.Errorf("the address shows in %+v", f)
		}
	}
}

func TestADatabaseThatIsNotThereIsNotMade(t *testing.T) {
	folder := t.TempDir()
	c := app.Config{DatabaseURL: filepath.Join(folder, "new", "gateway.db"), Keys: keyring(t)}
	findings := examine(t, c, doctor.Options{Offline: true})
	holds(t, findings, "database", doctor.Warn, "there is none yet")
	holds(t, findings, "disk", doctor.OK, "free")
	if list, err := os.ReadDir(folder); err != nil || len(list) > 0 {
		t.Errorf("the folder has %v (%v)", list, err)
	}
	c.DatabaseURL = folder
	holds(t, examine(t, c, doctor.Options{}), "database", doctor.Fail, "not that of a file")
	c.DatabaseURL = ":memory:"
	holds(t, examine(t, c, doctor.Options{}), "database", doctor.Fail, "lost")
	t.Chdir(folder)
	c.DatabaseURL = "mysql://awa:word-of-pass@db/gateway"
	for _, f := range examine(t, c, doctor.Options{}) {
		if f.Check == "database" || f.Check == "disk" {
			t.Errorf("another database's address is taken for a file: %+v", f)
		}
	}
}

func TestAnOldSchemaIsToldAndLeft(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gateway.db")
	s, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c := app.Config{DatabaseURL: path, Keys: keyring(t)}
	for range 2 { // looking twice finds the same
		holds(t, examine(t, c, doctor.Options{Offline: true}), "schema", doctor.Warn, "migrations are missing")
	}
}

func TestADatabaseServerThatIsAwayIsAFailureWithoutItsPassword(t *testing.T) {
	t.Parallel()
	c := app.Config{DatabaseURL: "postgres://awa:word%2Fof%2Fpass@127.0.0.1:1/gateway", Keys: keyring(t)}
	findings := examine(t, c, doctor.Options{Offline: true})
	holds(t, findings, "database", doctor.Fail, "it can't be opened")
	for _, f := range findings {
		if strings.Contains(f.Message, "word/of/pass") || strings.Contains(f.Message, "word%2Fof%2Fpass") {
			t.Errorf("the password shows in %+v", f)
		}
	}
}

func TestEveryProblemOfTheConfigurationIsAFinding(t *testing.T) {
	t.Parallel()
	findings := doctor.Examine(t.Context(), app.Config{}, []error{errors.New("one is missing"), errors.New("another is wrong")}, doctor.Options{})
	holds(t, findings, "configuration", doctor.Fail, "one is missing")
	holds(t, findings, "configuration", doctor.Fail, "another is wrong")
}

func TestAPostgreSQLThatDoesNotWaitForItsDiskIsAFailure(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t) // of a server that keeps nothing
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Migrate(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	findings := examine(t, app.Config{DatabaseURL: url, Keys: keyring(t)}, doctor.Options{Offline: true})
	holds(t, findings, "database", doctor.OK, "postgres answers")
	holds(t, findings, "durability", doctor.Fail, "fsync")
	holds(t, findings, "clock of the database", doctor.OK, "agrees")
	holds(t, findings, "schema", doctor.OK, "up to date")
	holds(t, findings, "merchants", doctor.Warn, "there are none")
}
