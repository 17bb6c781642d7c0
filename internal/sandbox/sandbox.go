package sandbox

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// Config is what the simulated operators are built from.
type Config struct {
	Store *store.Store
	// Now is the operators' clock; nil is time.Now.
	Now func() time.Time
	Log *slog.Logger
	// Delay is how long a customer takes to answer.
	Delay Delay
	// Rules are the providers' documented test data, by the front that a
	// transaction entered through.
	Rules map[string]func(provider.Trial) provider.Verdict
	// Hazards are what can be armed, by front.
	Hazards map[string][]provider.Hazard
	// Start is the path of the page on which a developer begins, "" where there
	// is none.
	Start string
}

// News is one notification of an operator to the gateway.
type News func(ctx context.Context, merchantID, connectionID string, n provider.Notification) error

// Sandbox is the simulated operators. It is safe for concurrent use, and
// several of them on one database are the same operators.
type Sandbox struct {
	Config
	news       News
	onWork     func()
	violations atomic.Int64
	inbox      inbox
	// Faults are the hazards that can be armed, and those that are.
	Faults *Faults
}

// New builds the simulated operators. Register OnNews before traffic.
func New(c Config) *Sandbox {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sandbox{Config: c, onWork: func() {}}
	s.news = func(context.Context, string, string, provider.Notification) error { return nil }
	s.inbox.init()
	s.Faults = newFaults(c.Hazards, s.now)
	return s
}

// OnNews registers where the operators' notifications go.
func (s *Sandbox) OnNews(f News) { s.news = f }

// OnWork registers who is told that an operation owes work now.
func (s *Sandbox) OnWork(f func()) { s.onWork = f }

// Violations counts how often a customer was asked to pay while an earlier
// request for the same transaction was still open. A gateway that keeps its
// promise leaves it at zero.
func (s *Sandbox) Violations() int64 { return s.violations.Load() }

func (s *Sandbox) now() time.Time { return s.Now().UTC() }

// Provider describes the simulated operators as a provider like any other.
func (s *Sandbox) Provider() *provider.Provider {
	// Absence is proof here, but a card is not kept for a second try: its
	// payment that never arrived has to end.
	abandon := provider.Abandon{Times: 2, After: time.Minute}
	return &provider.Provider{
		Name: gateway.SandboxProvider, Title: "Sandbox",
		Countries: phone.Countries(), Currencies: []money.Currency{money.XAF, money.XOF, money.GNF, money.CDF, money.USD},
		Takes: []provider.Capability{
			{Kind: pay.Payment, Method: pay.MobileMoney},
			{Kind: pay.Payment, Method: pay.CardMethod},
			{Kind: pay.Payment, Method: pay.Wallet},
			{Kind: pay.Payout, Method: pay.MobileMoney},
			{Kind: pay.Payout, Method: pay.Wallet},
			{Kind: pay.Refund, Method: pay.MobileMoney},
			{Kind: pay.Refund, Method: pay.CardMethod},
			{Kind: pay.Refund, Method: pay.Wallet},
		},
		Reference:    provider.ReferenceRule{Prefix: "PS", Length: 20},
		Abandon:      map[pay.Kind]provider.Abandon{pay.Payment: abandon, pay.Payout: abandon, pay.Refund: abandon},
		ResubmitSafe: true,
		Connect: func(e provider.Environment) (provider.Connector, error) {
			return connector{s: s, merchant: e.MerchantID, connection: e.Connection}, nil
		},
	}
}
