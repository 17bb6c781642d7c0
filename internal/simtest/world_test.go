package simtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// The parties' addresses, and what the merchant was given.
const (
	gatewayAddress = "127.0.0.1:8080"
	shopAddress    = "127.0.0.1:7000"
	merchantID     = "sim00000"
	apiKey         = "sk_live_sim00000simulationkey0000000000000000000"
	keyring        = "ksim:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	databaseName   = "passerelle.db"
)

// world is one run: all parties, the network between them and their truth.
type world struct {
	dice
	folder  string
	network *network
	faults  *faults
	truth   *truth
	rails   map[string]*rail
	shop    *shop
	client  *http.Client
	log     *slog.Logger
	plans   []*plan

	// party are all goroutines of operators, customers and restarts.
	party sync.WaitGroup

	mu       sync.Mutex
	process  *process
	restarts int
	reserved int // refunds made at MyPayGa
	broken   error
}

// process is one life of the gateway.
type process struct {
	running *app.Running
	link    *link
	cancel  context.CancelFunc
}

func newWorld(seed uint64, folder string, log *slog.Logger) *world {
	d := dice{seed}
	w := &world{
		dice: d, folder: folder, network: newNetwork(), faults: newFaults(d), truth: newTruth(),
		rails: map[string]*rail{}, log: log,
	}
	w.client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		DialContext:       func(ctx context.Context, _, address string) (net.Conn, error) { return w.network.dial(ctx, address) },
		DisableKeepAlives: true,
	}}
	w.shop = newShop(w)
	for i, name := range []string{
		"mypvit-1", "mypvit-2", "mypayga-1", "flexpay-1", "flexpay-2", "komipay-1", "komipay-2", "cinetpay-1", "cinetpay-2",
	} {
		provider, _, _ := strings.Cut(name, "-")
		x := &rail{world: w, name: name, provider: provider, address: fmt.Sprintf("127.0.0.1:%d", 9001+i)}
		x.proto = speak(x)
		if d.chance(40, "outage", name) {
			x.from = time.Now().Add(d.within(0, 3*time.Minute, "outage from", name))
			x.to = x.from.Add(d.within(5*time.Second, time.Minute, "outage for", name))
		}
		w.rails[name] = x
	}
	return w
}

// speak gives a rail its operator's wire.
func speak(x *rail) protocol {
	switch x.provider {
	case "mypvit":
		return mypvit{x}
	case "mypayga":
		return mypayga{x}
	case "flexpay":
		return flexpay{x}
	case "komipay":
		return komipay{x}
	}
	return cinetpay{x}
}

// config is the program's, as in production but for the network and the clock's
// pace.
func (w *world) config(l *link) (app.Config, error) {
	keys, err := secret.ParseKeyring(keyring)
	if err != nil {
		return app.Config{}, err
	}
	return app.Config{
		Addr: gatewayAddress, PublicURL: "http://" + gatewayAddress, DatabaseURL: filepath.Join(w.folder, databaseName),
		Keys: keys, AllowLoopback: true, DrainFor: 2 * time.Second, OperatorDelay: "0", Version: "simulation", Log: w.log,
		Listen: l.listen, Poll: 2 * time.Second,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			for _, x := range w.rails {
				if x.address == address && x.outage() && !w.faults.isCalm() {
					w.faults.happened(unreachable)
					return nil, errRefused
				}
			}
			return l.dial(ctx, network, address)
		},
	}, nil
}

// start opens the gateway on the database.
func (w *world) start() error {
	l := w.network.link()
	c, err := w.config(l)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	running, err := app.Start(ctx, c)
	if err != nil {
		cancel()
		return fmt.Errorf("start the gateway: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.process = &process{running, l, cancel}
	return nil
}

// take removes the living process, nil when there is none.
func (w *world) take() *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.process
	w.process = nil
	return p
}

// kill ends the gateway between two instants, as a crash does, and has another
// opened after a while.
func (w *world) kill(why Fault, down time.Duration) { w.end(why, down, 0) }

// killStoreFirst ends it so that what it hears in its last moment is lost.
func (w *world) killStoreFirst(why Fault, down time.Duration) { w.end(why, down, 100*time.Millisecond) }

func (w *world) end(why Fault, down, linger time.Duration) {
	p := w.take()
	if p == nil {
		return
	}
	w.faults.happened(why)
	if linger == 0 {
		p.link.fence()
	}
	_ = p.running.App.Store.Close()
	w.party.Go(func() {
		time.Sleep(linger)
		p.bury()
		time.Sleep(down)
		if err := w.start(); err != nil {
			w.breaks(err)
		}
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.restarts++
}

// breaks reports that the simulation itself is broken.
func (w *world) breaks(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = errors.Join(w.broken, err)
}

// bury fences a process off for good and waits until nothing of it moves.
func (p *process) bury() {
	p.link.fence()
	_ = p.running.App.Store.Close()
	_ = p.running.Drain() // its errors are those of a process that is gone
	p.cancel()
}

// rest lets the gateway be down for a long time: days of waiting cost nothing.
func (w *world) rest(d time.Duration) error {
	if p := w.take(); p != nil {
		p.bury()
	}
	time.Sleep(d)
	return w.start()
}

// serve opens a party's address and returns how to close it.
func (w *world) serve(address string, h http.Handler) func() {
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	s.SetKeepAlivesEnabled(false)
	l := w.network.listen(address)
	w.party.Go(func() { _ = s.Serve(l) })
	return func() { _ = s.Close() }
}

// found writes a database with the merchant, its connections and its routes, to
// be copied for each run.
func (w *world) found() error {
	if err := w.start(); err != nil {
		return err
	}
	p := w.take()
	ctx := context.Background()
	g := p.running.App.Gateway
	if _, err := g.AddMerchant(ctx, gateway.NewMerchant{ID: merchantID, Name: "Simulation", Email: "sim@passerelle.test", Password: "simulation-password"}); err != nil {
		return err
	}
	if _, err := g.AddAPIKey(ctx, merchantID, pay.Live, apiKey); err != nil {
		return err
	}
	caller := provider.Caller{MerchantID: merchantID, Mode: pay.Live, Front: pay.NativeFront}
	if _, _, err := p.running.App.Webhooks.Endpoints().Create(ctx, caller, "http://"+shopAddress+"/webhooks", nil, ""); err != nil {
		return err
	}
	ids := map[string]string{}
	for name, x := range w.rails {
		row, err := g.AddConnection(ctx, gateway.NewConnection{
			MerchantID: merchantID, Mode: pay.Live, Provider: x.provider, Name: name, Values: x.credentials(), Opening: x.opening(),
		})
		if err != nil {
			return fmt.Errorf("connect %s: %w", name, err)
		}
		ids[name] = row.ID
	}
	if err := w.addRoutes(p, ids); err != nil {
		return err
	}
	if err := p.running.Drain(); err != nil {
		return err
	}
	p.cancel()
	return nil
}

// opening is what lies at a rail at the beginning.
func (x *rail) opening() []money.Amount {
	currency := map[string]money.Currency{"flexpay": money.CDF, "komipay": money.XOF, "cinetpay": money.XOF}[x.provider]
	if currency == "" {
		currency = money.XAF
	}
	return []money.Amount{money.New(1_000_000_000, currency)}
}

// copyDatabase gives the run its own copy of what found wrote.
func (w *world) copyDatabase(from string) error {
	b, err := os.ReadFile(filepath.Join(from, databaseName))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.folder, databaseName), b, 0o600)
}

// learnHooks asks the gateway where each rail's notifications go.
func (w *world) learnHooks() error {
	caller := provider.Caller{MerchantID: merchantID, Mode: pay.Live, Front: pay.NativeFront}
	g := w.process.running.App.Gateway
	rows, err := g.Connections(context.Background(), caller)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if x := w.rails[row.Name]; x != nil {
			x.hook = g.HookURL(row)
			x.connection = row.ID
		}
	}
	return nil
}
