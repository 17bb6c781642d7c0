package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// NewMerchant asks for a merchant and its owner.
type NewMerchant struct {
	// ID is fixed for the demo merchant; "" makes one.
	ID       string
	Name     string
	Email    string
	Password pay.Secret
}

// sandboxOpening is what a merchant's sandbox holds at the beginning, so that
// payouts and refunds can be tried.
func sandboxOpening() []money.Amount {
	return []money.Amount{
		money.New(1_000_000, money.XAF), money.New(1_000_000, money.XOF), money.New(1_000_000, money.GNF),
		money.New(1_000_000_00, money.CDF), money.New(1_000_00, money.USD),
	}
}

// AddMerchant creates a merchant, its owner and its sandbox connection.
func (g *Gateway) AddMerchant(ctx context.Context, n NewMerchant) (sqlgen.Merchant, error) {
	name, email := strings.TrimSpace(n.Name), strings.ToLower(strings.TrimSpace(n.Email))
	if name == "" {
		return sqlgen.Merchant{}, pay.Invalid("name", "a merchant needs a name")
	}
	if !strings.Contains(email, "@") {
		return sqlgen.Merchant{}, pay.Invalid("email", "an e-mail address is needed")
	}
	hash, err := secret.HashPassword(ctx, n.Password.Reveal())
	if err != nil {
		return sqlgen.Merchant{}, fmt.Errorf("hash password: %w", err)
	}
	if n.ID == "" {
		n.ID = pay.NewMerchantID()
	}
	now := g.now()
	m := sqlgen.Merchant{ID: n.ID, Name: name, Email: email, CreatedAt: now.UnixMilli()}
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertMerchant(ctx, sqlgen.InsertMerchantParams(m)); err != nil {
			return err
		}
		user := sqlgen.InsertUserParams{ID: pay.NewID("usr", m.ID, now), MerchantID: m.ID, Email: email, PasswordHash: hash, Role: "owner", CreatedAt: m.CreatedAt}
		if err := tx.InsertUser(ctx, user); err != nil {
			return err
		}
		return g.addConnection(ctx, tx.Queries, NewConnection{
			MerchantID: m.ID, Mode: pay.Test, Provider: SandboxProvider, Name: "Sandbox", Opening: sandboxOpening(),
		}, pay.NewID("con", m.ID, now))
	})
	switch {
	case store.IsUnique(err, store.UniqueMerchantName):
		return m, pay.Conflict("duplicate_name", "a merchant of that name exists")
	case store.IsUnique(err, store.UniqueUserEmail):
		return m, pay.Conflict("duplicate_email", "a user with that e-mail address exists")
	case err != nil:
		return m, fmt.Errorf("add merchant: %w", err)
	}
	return m, nil
}

// NewConnection asks for a connection: one merchant's account at one provider.
type NewConnection struct {
	MerchantID string
	Mode       pay.Mode
	Provider   string
	Name       string
	// Values are the descriptor's credential fields by name, secret or not.
	Values map[string]string
	// Opening is what lies at the provider now, per currency.
	Opening []money.Amount
}

// AddConnection validates and stores a connection and returns its id.
func (g *Gateway) AddConnection(ctx context.Context, n NewConnection) (sqlgen.Connection, error) {
	if _, ok := g.providers[n.Provider]; !ok {
		return sqlgen.Connection{}, pay.Invalid("provider", "no such provider")
	}
	id := pay.NewID("con", n.MerchantID, g.now())
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return g.addConnection(ctx, tx.Queries, n, id)
	})
	if err != nil {
		return sqlgen.Connection{}, err
	}
	g.onWork(WorkConnections)
	return g.connectionRow(ctx, n.MerchantID, id)
}

func (g *Gateway) addConnection(ctx context.Context, q *sqlgen.Queries, n NewConnection, id string) error {
	p, ok := g.providers[n.Provider]
	if !ok {
		return pay.Invalid("provider", "no such provider")
	}
	if (p.Name == SandboxProvider) != (n.Mode == pay.Test) {
		return pay.Invalid("mode", "test mode goes to the sandbox, live mode to providers")
	}
	secrets, settings, err := g.sortFields(p, n.Values)
	if err != nil {
		return err
	}
	sealed, err := g.sealCredentials(n.MerchantID, id, secrets)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	now := g.now()
	name := n.Name
	if name == "" {
		name = p.Title
	}
	err = q.InsertConnection(ctx, sqlgen.InsertConnectionParams{
		MerchantID: n.MerchantID, ID: id, Mode: string(n.Mode), Provider: p.Name, Name: name,
		Credentials: sealed, Settings: string(plain), HookHash: g.hookHash(g.hookToken(n.MerchantID, id)),
		Enabled: true, NextMaintainAt: now.UnixMilli(), CreatedAt: now.UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("store connection: %w", err)
	}
	for _, amount := range n.Opening {
		if amount.Minor > maxOpening {
			return pay.InvalidAs(pay.CodeAmountTooHigh, "opening", "the opening balance is too high")
		}
		if err := ledger.Post(ctx, q, ledger.Opened(n.MerchantID, n.Mode, id, amount, now)); err != nil {
			return err
		}
	}
	return nil
}

// sortFields checks a connection's values against the descriptor and parts the
// secret ones from the rest.
func (g *Gateway) sortFields(p *provider.Provider, values map[string]string) (secrets, settings map[string]string, err error) {
	secrets, settings = map[string]string{}, map[string]string{}
	known := map[string]bool{}
	for _, f := range p.Credentials {
		known[f.Name] = true
		v := strings.TrimSpace(values[f.Name])
		if v == "" {
			v = f.Default
		}
		switch {
		case v == "" && f.Required:
			return nil, nil, pay.Invalid(f.Name, "this field is needed")
		case v == "":
			continue
		case f.URL:
			if err := g.Outbound.CheckURL(v); err != nil {
				return nil, nil, pay.Invalid(f.Name, "the address is not one that can be called")
			}
		}
		if f.Secret {
			secrets[f.Name] = v
		} else {
			settings[f.Name] = v
		}
	}
	for name := range values {
		if !known[name] {
			return nil, nil, pay.Invalid(name, "the provider has no such field")
		}
	}
	return secrets, settings, nil
}
