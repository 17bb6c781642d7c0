package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Port is the narrow view of the gateway that dialects get.
type Port struct{ *Gateway }

var _ provider.Gateway = Port{}

// Now is the gateway's clock.
func (p Port) Now() time.Time { return p.Gateway.Now().UTC() }

// PeerAddress is the client's IP address.
func (p Port) PeerAddress(r *http.Request) string { return p.Gateway.PeerAddress(r) }

// Find looks a transaction up among the caller's own.
func (g *Gateway) Find(ctx context.Context, c provider.Caller, s provider.Search) (pay.Transaction, error) {
	t, err := g.find(ctx, c, s)
	if err != nil {
		return pay.Transaction{}, err
	}
	if !visible(t, c) || c.Front != pay.NativeFront && t.Front != c.Front {
		return pay.Transaction{}, pay.NotFound("transaction")
	}
	if c.Front != pay.NativeFront && c.Account != "" && !s.AnyAccount && t.Account != c.Account {
		return pay.Transaction{}, pay.NotFound("transaction")
	}
	return t, nil
}

func (g *Gateway) find(ctx context.Context, c provider.Caller, s provider.Search) (pay.Transaction, error) {
	q := g.Store.Read()
	if s.Kind == "" {
		s.Kind = pay.Payment
	}
	var row sqlgen.Transaction
	var err error
	switch {
	case !printable(s.ID + s.Reference + s.FrontReference):
		return pay.Transaction{}, pay.NotFound("transaction")
	case s.ID != "":
		return store.Transaction(ctx, q, c.MerchantID, s.ID)
	case s.Reference != "" && s.AnyAccount:
		row, err = q.GetTransactionByReferenceAnyAccount(ctx, sqlgen.GetTransactionByReferenceAnyAccountParams{
			MerchantID: c.MerchantID, Mode: string(c.Mode), Front: c.Front, Kind: string(s.Kind), Reference: s.Reference,
		})
	case s.Reference != "":
		row, err = q.GetTransactionByReference(ctx, sqlgen.GetTransactionByReferenceParams{
			MerchantID: c.MerchantID, Mode: string(c.Mode), Front: c.Front, Account: c.Account,
			Kind: string(s.Kind), Reference: s.Reference,
		})
	case s.FrontReference != "":
		row, err = q.GetTransactionByFrontReference(ctx, sqlgen.GetTransactionByFrontReferenceParams{
			MerchantID: c.MerchantID, Mode: string(c.Mode), Front: c.Front, FrontReference: s.FrontReference,
		})
	default:
		return pay.Transaction{}, pay.NotFound("transaction")
	}
	if noRows(err) {
		return pay.Transaction{}, pay.NotFound("transaction")
	}
	if err != nil {
		return pay.Transaction{}, fmt.Errorf("find transaction: %w", err)
	}
	return store.DecodeTransaction(row)
}

// Balance is the caller's money in one currency, over all connections of its mode.
func (g *Gateway) Balance(ctx context.Context, c provider.Caller, cur money.Currency) (provider.Balance, error) {
	all, err := g.AllBalances(ctx, c)
	if err != nil {
		return provider.Balance{}, err
	}
	if b, ok := all[cur]; ok {
		return b, nil
	}
	none := money.New(0, cur)
	return provider.Balance{Available: none, Pending: none}, nil
}

// AllBalances sums the caller's money by currency.
func (g *Gateway) AllBalances(ctx context.Context, c provider.Caller) (map[money.Currency]provider.Balance, error) {
	mine, err := g.Connections(ctx, c)
	if err != nil {
		return nil, err
	}
	inMode := map[string]bool{}
	for _, conn := range mine {
		inMode[conn.ID] = true
	}
	list, err := ledger.Balances(ctx, g.Store.Read(), c.MerchantID)
	if err != nil {
		return nil, err
	}
	sums := map[money.Currency]provider.Balance{}
	for _, b := range list {
		if !inMode[b.Connection] {
			continue
		}
		s, ok := sums[b.Currency]
		if !ok {
			s = provider.Balance{Available: money.New(0, b.Currency), Pending: money.New(0, b.Currency)}
		}
		if b.Account == ledger.Available {
			s.Available.Minor += b.Amount
		} else {
			s.Pending.Minor += b.Amount
		}
		sums[b.Currency] = s
	}
	return sums, nil
}

// LookUp asks the first connection that can who owns a mobile money account.
func (g *Gateway) LookUp(ctx context.Context, c provider.Caller, number string) (provider.Holder, error) {
	connections, err := g.Connections(ctx, c)
	if err != nil {
		return provider.Holder{}, err
	}
	for _, row := range connections {
		if (row.Provider == SandboxProvider) != (c.Mode == pay.Test) || !row.Enabled {
			continue
		}
		conn, err := g.connect(ctx, row)
		if err != nil {
			return provider.Holder{}, err
		}
		if l, ok := conn.(provider.LooksUp); ok {
			return l.LookUp(ctx, number)
		}
	}
	return provider.Holder{}, pay.Capability("phone", "no connection can look accounts up")
}

// Merchant reads a merchant: who is paid, as its customers are told.
func (g *Gateway) Merchant(ctx context.Context, id string) (sqlgen.Merchant, error) {
	m, err := g.Store.Read().GetMerchant(ctx, id)
	if noRows(err) {
		return m, pay.NotFound("merchant")
	}
	if err != nil {
		return m, fmt.Errorf("read merchant: %w", err)
	}
	return m, nil
}

// Connections are the caller's, in its mode.
func (g *Gateway) Connections(ctx context.Context, c provider.Caller) ([]sqlgen.Connection, error) {
	list, err := g.Store.Read().ListConnections(ctx, sqlgen.ListConnectionsParams{MerchantID: c.MerchantID, Mode: string(c.Mode)})
	if err != nil {
		return nil, fmt.Errorf("list connections: %w", err)
	}
	return list, nil
}

// CheckURL refuses an address that nothing could ever be sent to.
func (g *Gateway) CheckURL(raw string) error {
	if err := g.Merchants.CheckURL(raw); err != nil {
		return pay.Invalid("url", "the address is not one that can be called")
	}
	return nil
}

// BaseURL is the address of a dialect's mount.
func (g *Gateway) BaseURL(front string) string {
	if g.MountURL != nil {
		return g.MountURL(front)
	}
	return g.PublicURL + "/" + front
}

// Push sends one request to a merchant's address now.
func (g *Gateway) Push(ctx context.Context, call provider.Call) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, call.Method, call.URL, bytes.NewReader(call.Body))
	if err != nil {
		return 0, nil, fmt.Errorf("push to merchant: %w", err)
	}
	for name, values := range call.Header {
		req.Header[name] = values
	}
	resp, err := g.Merchants.HTTPClient().Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("push to merchant: %w", outbound.Cause(err))
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.StatusCode, nil, fmt.Errorf("read merchant's answer: %w", err)
	}
	return resp.StatusCode, body, nil
}

// replayable gives a request whose body has been read back its body.
func replayable(r *http.Request, body []byte) *http.Request {
	clone := r.Clone(r.Context())
	clone.Body = io.NopCloser(bytes.NewReader(body))
	clone.ContentLength = int64(len(body))
	return clone
}

// randomReference is n upper-case letters and digits without the pairs that
// people confuse.
func randomReference(n int) string {
	const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return string(b)
}
