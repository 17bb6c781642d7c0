package providertest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Gateway is an in-memory provider.Gateway for the tests of a dialect. It
// follows the port's promises (unique references, one caller's data invisible
// to another, a checkout opened once) and settles nothing by itself: a test
// calls Settle, or sets OnCreate.
//
// The exported fields are set before the first request.
type Gateway struct {
	// OnCreate may change a transaction as Create makes it: its fees, or its
	// status when the operator answers at once.
	OnCreate func(*pay.Transaction)
	// Refuse is what Create answers instead of a transaction.
	Refuse error
	// RefuseQuote is what Quote answers instead of a fee.
	RefuseQuote error
	// FeeBasisPoints is the fee of every quote and transaction.
	FeeBasisPoints int64
	// Funds are the balances of every merchant.
	Funds map[money.Currency]provider.Balance
	// Holders are the owners that LookUp knows, by E.164 number.
	Holders map[string]provider.Holder
	// OnPush answers the dialect's own calls to merchants; nil answers 200.
	OnPush func(provider.Call) (status int, body []byte, err error)
	// RefuseURL is what CheckURL answers.
	RefuseURL error
	// Peer is every client's address.
	Peer string
	// Base is the address of the server; a dialect's mount is Base/name.
	Base string

	// clockMu is apart, as a dialect reads the clock while Create holds mu.
	clockMu sync.Mutex
	now     time.Time

	mu       sync.Mutex
	requests []provider.Request
	pushed   []provider.Call
	list     []*pay.Transaction
	settled  chan struct{} // closed and replaced at every change
	memories map[string]*Memory
}

// NewGateway makes a gateway with 1,000,000 of every currency without decimals,
// a fee of 2.5 %, and a clock that stands still.
func NewGateway() *Gateway {
	g := &Gateway{
		FeeBasisPoints: 250,
		Funds:          map[money.Currency]provider.Balance{},
		Holders:        map[string]provider.Holder{},
		Peer:           "192.0.2.10",
		Base:           "http://passerelle.test",
		now:            time.Date(2025, 1, 6, 13, 17, 50, 0, time.UTC),
		settled:        make(chan struct{}),
		memories:       map[string]*Memory{},
	}
	for _, c := range money.Currencies() {
		g.Funds[c] = provider.Balance{Available: money.New(1_000_000, c), Pending: money.New(0, c)}
	}
	return g
}

var _ provider.Gateway = (*Gateway)(nil)

// Now is the fake clock.
func (g *Gateway) Now() time.Time {
	g.clockMu.Lock()
	defer g.clockMu.Unlock()
	return g.now
}

// Advance moves the clock.
func (g *Gateway) Advance(d time.Duration) {
	g.clockMu.Lock()
	defer g.clockMu.Unlock()
	g.now = g.now.Add(d)
}

// Requests are all requests that Create has got, refused ones too.
func (g *Gateway) Requests() []provider.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.requests)
}

// Transactions are all that was created, oldest first.
func (g *Gateway) Transactions() []pay.Transaction {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]pay.Transaction, len(g.list))
	for i, tx := range g.list {
		all[i] = *tx
	}
	return all
}

// Pushed are the calls that the dialect made to merchants by itself.
func (g *Gateway) Pushed() []provider.Call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.pushed)
}

// Settle brings news of a transaction, decided as the gateway decides it, and
// returns the transaction. An unknown id is a mistake of the test: it panics.
func (g *Gateway) Settle(id string, outcome pay.Outcome, failure pay.Failure) pay.Transaction {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.IndexFunc(g.list, func(tx *pay.Transaction) bool { return tx.ID == id })
	if i < 0 {
		panic("providertest: settle of an unknown transaction")
	}
	tx := g.list[i]
	d := pay.Decide(*tx, pay.News{Source: pay.FromCheck, Attempt: 1, Outcome: outcome, Failure: failure})
	if d.Changed {
		tx.Status, tx.Late, tx.Failure, tx.NextAction = d.Status, d.Late, failure, pay.NextAction{}
		tx.UpdatedAt = g.Now()
		if d.Status.Final() {
			tx.CompletedAt = g.Now()
		}
	}
	g.changed()
	return *tx
}

func (g *Gateway) changed() {
	close(g.settled)
	g.settled = make(chan struct{})
}

// Balance is the same for every merchant.
func (g *Gateway) Balance(_ context.Context, _ provider.Caller, c money.Currency) (provider.Balance, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b, ok := g.Funds[c]
	if !ok {
		return provider.Balance{Available: money.New(0, c), Pending: money.New(0, c)}, nil
	}
	return b, nil
}

// LookUp knows the Holders alone.
func (g *Gateway) LookUp(_ context.Context, _ provider.Caller, phone string) (provider.Holder, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h, ok := g.Holders[phone]
	if !ok {
		return provider.Holder{}, pay.NotFound("account")
	}
	return h, nil
}

// Quote is FeeBasisPoints of the amount.
func (g *Gateway) Quote(_ context.Context, _ provider.Caller, q provider.QuoteOrder) (money.Amount, error) {
	if g.RefuseQuote != nil {
		return money.Amount{}, g.RefuseQuote
	}
	return q.Amount.BasisPoints(g.FeeBasisPoints), nil
}

// PeerAddress is Peer.
func (g *Gateway) PeerAddress(*http.Request) string { return g.Peer }

// CheckURL refuses what has no http or https scheme, and all with RefuseURL set.
func (g *Gateway) CheckURL(address string) error {
	if g.RefuseURL != nil {
		return g.RefuseURL
	}
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return pay.Invalid("url", "the address is not http or https")
	}
	return nil
}

// CheckoutURL is Base/pay/token.
func (g *Gateway) CheckoutURL(token string) string { return g.Base + "/pay/" + token }

// BaseURL is Base/front.
func (g *Gateway) BaseURL(front string) string { return g.Base + "/" + front }

// Memory is the front's own; it lives as long as the gateway.
func (g *Gateway) Memory(front string) provider.Memory {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.memories[front] == nil {
		g.memories[front] = NewMemory(g.Now)
	}
	return g.memories[front]
}

// Push records the call and lets OnPush answer it.
func (g *Gateway) Push(_ context.Context, call provider.Call) (int, []byte, error) {
	g.mu.Lock()
	g.pushed = append(g.pushed, call)
	answer := g.OnPush
	g.mu.Unlock()
	if answer == nil {
		return http.StatusOK, nil, nil
	}
	return answer(call)
}
