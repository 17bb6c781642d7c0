package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// probeLimit bounds the trial of a connection.
const probeLimit = 20 * time.Second

// Probe is what a harmless call over a connection showed.
type Probe struct {
	// Reached: the provider answered, and did not refuse the credentials.
	Reached bool
	// Refused: the provider answered that the credentials are wrong.
	Refused bool
	// Balances are what lies there, where the provider tells.
	Balances []money.Amount
}

// ProbeConnection tries a connection by a call that moves nothing: its balance,
// or the status of a reference that was never used. What went wrong is logged;
// its text may quote an address or an answer and is not for a page.
func (g *Gateway) ProbeConnection(ctx context.Context, c provider.Caller, id string) (p Probe, err error) {
	row, err := g.connectionRow(ctx, c.MerchantID, id)
	if err != nil {
		return p, err
	}
	if row.Mode != string(c.Mode) {
		return p, pay.NotFound("connection")
	}
	defer func() {
		if r := recover(); r != nil {
			g.Log.Error("connector panicked", "provider", row.Provider, "connection", row.ID)
			p, err = Probe{}, nil
		}
	}()
	conn, err := g.connect(ctx, row)
	if err != nil {
		g.Log.Warn("connection is not usable", "connection", row.ID, "error", err)
		return p, nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	p, err = g.probe(ctx, c, conn, g.providers[row.Provider])
	if err != nil {
		g.Log.Info("connection was tried in vain", "connection", row.ID, "error", err)
		p.Refused = credentialsRefused(err)
	}
	return p, nil
}

// credentialsRefused reads what a connector's error tells of its credentials:
// it is one of ours, or the client's own, which says so itself.
func credentialsRefused(err error) bool {
	if kind := pay.KindOf(err); kind == pay.KindUnauthorized || kind == pay.KindForbidden {
		return true
	}
	var own interface{ CredentialsRefused() bool }
	return errors.As(err, &own) && own.CredentialsRefused()
}

func (g *Gateway) probe(ctx context.Context, c provider.Caller, conn provider.Connector, p *provider.Provider) (Probe, error) {
	if b, ok := conn.(provider.Balances); ok {
		amounts, err := b.Balances(ctx)
		switch {
		case err == nil:
			return Probe{Reached: true, Balances: amounts}, nil
		case pay.KindOf(err) != pay.KindCapability:
			return Probe{}, fmt.Errorf("ask for the balance: %w", err)
		}
		// The credentials are enough for payments and open no balance.
	}
	made := newReference(p.Reference)
	ref := provider.Ref{
		MerchantID: c.MerchantID, Kind: pay.Payment, Reference: made, SubmittedAt: g.now(),
		// Some providers are asked by their own reference alone, and without one
		// nothing would be sent.
		ProviderReference: made,
	}
	if len(p.Currencies) > 0 {
		ref.Amount = money.New(1, p.Currencies[0])
	}
	res, err := conn.Status(ctx, ref)
	if err != nil {
		return Probe{}, fmt.Errorf("ask for a status: %w", err)
	}
	refused := res.Failure.Reason == pay.AuthFailed
	return Probe{Reached: !refused, Refused: refused}, nil
}
