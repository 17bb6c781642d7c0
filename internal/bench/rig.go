package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/mypvit"
)

// rig is a running gateway with one merchant, and the parties around it.
type rig struct {
	Config
	url    string // of the database
	folder string // of a temporary SQLite database
	// stopDatabase ends a PostgreSQL of our own.
	stopDatabase func() error
	keys         secret.Box
	cycles       *cycles
	operator     *operator
	shop         *shop
	parties      []*party
	running      *app.Running
	wire         *wire // to the gateway
	merchant     string
	// connection leads to the operator.
	connection sqlgen.Connection
	liveKey    string
	testKey    string
	endpoint   string // id of the shop's webhook endpoint
	owner      owner
}

// owner is who signs in to the dashboard.
type owner struct {
	email    string
	password pay.Secret
}

// newRig starts everything. The merchant's live mode goes to the played
// provider and is told to the shop.
func newRig(ctx context.Context, c Config) (_ *rig, err error) {
	r := &rig{Config: c, url: c.DatabaseURL, cycles: &cycles{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if err := r.findDatabase(ctx); err != nil {
		return nil, err
	}
	if r.keys, err = secret.ParseKeyring(secret.NewKey()); err != nil {
		return nil, err
	}
	if err := r.startParties(ctx); err != nil {
		return nil, err
	}
	if err := r.startGateway(ctx); err != nil {
		return nil, err
	}
	if err := r.addMerchant(ctx); err != nil {
		return nil, err
	}
	return r, r.preload(ctx)
}

// preloadSpread is the past that preloaded payments are dealt to.
const preloadSpread = 20 * 24 * time.Hour

// preload plays one life cycle, stops the gateway, multiplies what it left and
// starts the gateway again.
func (r *rig) preload(ctx context.Context) error {
	if r.Preload == 0 {
		return nil
	}
	r.create(time.Now())
	if err := r.settle(ctx); err != nil {
		return err
	}
	if err := r.stopGateway(); err != nil {
		return fmt.Errorf("stop the gateway: %w", err)
	}
	p := Preload{
		DatabaseURL: r.url, MerchantID: r.merchant, Mode: pay.Live, Payments: r.Preload,
		Spread: preloadSpread, Progress: r.Progress,
	}
	if err := p.Run(ctx); err != nil {
		return err
	}
	if err := r.startGateway(ctx); err != nil {
		return err
	}
	r.leadBack()
	return nil
}

// leadBack tells the operator where the gateway is now.
func (r *rig) leadBack() {
	r.operator.gateway = r.wire
	r.operator.hook = strings.TrimPrefix(r.running.App.Gateway.HookURL(r.connection), r.running.URL)
}

// findDatabase makes a temporary database unless one was given.
func (r *rig) findDatabase(ctx context.Context) (err error) {
	switch {
	case r.url != "" && store.IsPostgres(r.url) != (r.Store == Postgres):
		return fmt.Errorf("the database URL is not %s's", r.Store)
	case r.url != "":
		return nil
	case r.Store == Postgres:
		r.url, r.stopDatabase, err = startPostgres(ctx)
		return err
	}
	if r.folder, err = os.MkdirTemp("", "passerelle-bench-"); err != nil {
		return fmt.Errorf("make a folder for the database: %w", err)
	}
	r.url = filepath.Join(r.folder, "passerelle.db")
	return nil
}

func (r *rig) startParties(ctx context.Context) error {
	r.operator = newOperator(r.cycles, r.ProviderLatency)
	r.shop = &shop{}
	r.shop.hear(r.cycles.delivered)
	provided, err := listen(ctx, r.operator)
	if err != nil {
		return err
	}
	r.parties = append(r.parties, provided)
	shop, err := listen(ctx, r.shop)
	if err != nil {
		return err
	}
	r.parties = append(r.parties, shop)
	return nil
}

func (r *rig) startGateway(ctx context.Context) (err error) {
	r.running, err = app.Start(ctx, app.Config{
		Addr: "127.0.0.1:0", DatabaseURL: r.url, Keys: r.keys, AllowLoopback: true, OperatorDelay: "manual",
		Version: r.Version,
	})
	if err != nil {
		return fmt.Errorf("start the gateway: %w", err)
	}
	r.wire, err = newWire(r.running.URL)
	return err
}

// addMerchant makes the one merchant, its connection and its endpoint.
func (r *rig) addMerchant(ctx context.Context) error {
	a := r.running.App
	name := "Bench " + secret.Random(8) // a database may be used again
	r.owner.email = secret.RandomLower(8) + "@passerelle.test"
	given, err := a.AddMerchant(ctx, name, r.owner.email, app.DialectSettings{})
	if err != nil {
		return fmt.Errorf("add the merchant: %w", err)
	}
	r.merchant, r.liveKey, r.testKey = given.Merchant.ID, given.LiveKey.Reveal(), given.TestKey.Reveal()
	r.owner.password = given.Password
	connection, err := a.Gateway.AddConnection(ctx, gateway.NewConnection{
		MerchantID: r.merchant, Mode: pay.Live, Provider: mypvit.Name,
		Values: map[string]string{
			"base_url": r.parties[0].url, "code_url": operatorCode, "account": operatorAccount,
			"secret": operatorSecret, "callback_url_code": "BCH01",
		},
	})
	if err != nil {
		return fmt.Errorf("add the connection: %w", err)
	}
	r.connection = connection
	r.leadBack()
	endpoint, key, err := r.addEndpoint(ctx, r.parties[1].url)
	if err != nil {
		return err
	}
	r.endpoint = endpoint.ID
	if r.shop.verifier, err = standardwebhooks.NewWebhook(key.Reveal()); err != nil {
		return fmt.Errorf("read the signing secret: %w", err)
	}
	return nil
}

func (r *rig) addEndpoint(ctx context.Context, url string) (webhook.Endpoint, pay.Secret, error) {
	caller := provider.Caller{MerchantID: r.merchant, Mode: pay.Live, Front: pay.NativeFront}
	endpoint, key, err := r.running.App.Webhooks.Endpoints().Create(ctx, caller, url, nil, "")
	if err != nil {
		return endpoint, key, fmt.Errorf("add the webhook endpoint: %w", err)
	}
	return endpoint, key, nil
}

func (r *rig) store() *store.Store { return r.running.App.Store }

// stopGateway drains the gateway; its database stays.
func (r *rig) stopGateway() error {
	if r.running == nil {
		return nil
	}
	r.wire.close()
	running := r.running
	r.running = nil
	return running.Drain()
}

// close ends everything and removes a temporary database.
func (r *rig) close() error {
	err := r.stopGateway()
	for _, p := range r.parties {
		p.close()
	}
	if r.stopDatabase != nil {
		err = errors.Join(err, r.stopDatabase())
	}
	if r.folder != "" {
		err = errors.Join(err, os.RemoveAll(r.folder))
	}
	return err
}
