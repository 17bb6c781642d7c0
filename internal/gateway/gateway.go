package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/provider"
)

// Config is what a gateway is built from.
type Config struct {
	Store *store.Store
	Box   secret.Box
	// Providers are all that the gateway knows, the sandbox's own included.
	Providers []*provider.Provider
	// Outbound is the way out to providers; it refuses an address that leads
	// back to this gateway.
	Outbound *outbound.Client
	// Merchants is the way out to merchants' own servers.
	Merchants *outbound.Client
	// PublicURL is the address in links, without a trailing slash.
	PublicURL string
	// MountURL gives the address of a dialect's mount; nil uses PublicURL/<front>.
	MountURL func(front string) string
	// PeerAddress is the client's IP address; nil takes the connection's.
	PeerAddress func(*http.Request) string
	// Keep says how long records that nobody owes anything for are kept.
	Keep Keep
	Now  func() time.Time
	Log  *slog.Logger
}

// Gateway is the core. It is safe for concurrent use and keeps no state that
// another node would miss.
type Gateway struct {
	Config
	providers map[string]*provider.Provider
	settings  settings
	waiters   waiters
	links     connectors
	// transcripts of calls are written behind the payments.
	transcripts transcripts
	running     sync.WaitGroup
	// draining ends with Drain, stopping with Close.
	draining, stopping context.Context
	drain, stop        context.CancelFunc
	// onWork is told that rows owe work now.
	onWork   func(Work)
	handOver HandOver
}

// Work names a kind of row that owes work.
type Work string

// The kinds of work.
const (
	WorkTransactions Work = "transactions"
	WorkDeliveries   Work = "deliveries"
	WorkConnections  Work = "connections"
)

// New builds a gateway.
func New(c Config) (*Gateway, error) {
	if c.Store == nil || c.Outbound == nil || c.PublicURL == "" {
		return nil, errors.New("gateway: store, outbound client and public URL are needed")
	}
	if c.Merchants == nil {
		c.Merchants = c.Outbound
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.PeerAddress == nil {
		c.PeerAddress = func(r *http.Request) string { return r.RemoteAddr }
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	g := &Gateway{Config: c, providers: map[string]*provider.Provider{}, settings: newSettings(c.Store), onWork: func(Work) {}}
	g.stopping, g.stop = context.WithCancel(context.Background())
	g.draining, g.drain = context.WithCancel(g.stopping)
	for _, p := range c.Providers {
		g.providers[p.Name] = p
	}
	g.waiters.init()
	g.links.init()
	return g, nil
}

// OnWork registers who is told that rows owe work now. Call it before traffic.
func (g *Gateway) OnWork(f func(Work)) { g.onWork = f }

// now is the time to the millisecond, as it is stored: what was written and what
// is read back are equal.
func (g *Gateway) now() time.Time { return g.Now().UTC().Truncate(time.Millisecond) }

// Provider finds a provider by name.
func (g *Gateway) Provider(name string) (*provider.Provider, bool) {
	p, ok := g.providers[name]
	return p, ok
}

// Close waits until the submissions at work have been recorded, or ctx ends;
// what is left then is found again by its lease.
func (g *Gateway) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() { g.running.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	g.stop()
	return ctx.Err()
}
