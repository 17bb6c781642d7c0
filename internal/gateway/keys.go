package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Scope is something that an API key may do.
type Scope string

// The scopes. To write is not to read: a shop's page that makes payments need
// not be able to list them.
const (
	PaymentsRead     Scope = "payments:read"
	PaymentsWrite    Scope = "payments:write"
	LinksRead        Scope = "links:read"
	LinksWrite       Scope = "links:write"
	PayoutsRead      Scope = "payouts:read"
	PayoutsWrite     Scope = "payouts:write"
	RefundsRead      Scope = "refunds:read"
	RefundsWrite     Scope = "refunds:write"
	LedgerRead       Scope = "ledger:read"
	EventsRead       Scope = "events:read"
	AccountsRead     Scope = "accounts:read"
	WebhooksRead     Scope = "webhooks:read"
	WebhooksWrite    Scope = "webhooks:write"
	ConnectionsRead  Scope = "connections:read"
	ConnectionsWrite Scope = "connections:write"
)

// AllScopes lists what a key can be restricted to.
func AllScopes() []Scope {
	return []Scope{
		PaymentsRead, PaymentsWrite, LinksRead, LinksWrite, PayoutsRead, PayoutsWrite, RefundsRead, RefundsWrite,
		LedgerRead, EventsRead, AccountsRead, WebhooksRead, WebhooksWrite, ConnectionsRead, ConnectionsWrite,
	}
}

// Scopes are what one key may do; none at all is everything.
type Scopes []Scope

// Allow reports whether a key may do what takes that scope.
func (s Scopes) Allow(needed Scope) bool { return len(s) == 0 || slices.Contains(s, needed) }

func (s Scopes) text() string {
	words := make([]string, len(s))
	for i, one := range s {
		words[i] = string(one)
	}
	return strings.Join(words, " ")
}

// ScopesOf reads the scopes of a stored key.
func ScopesOf(row sqlgen.ApiKey) Scopes {
	var s Scopes
	for word := range strings.FieldsSeq(row.Scopes) {
		s = append(s, Scope(word))
	}
	return s
}

// maxKeyName bounds the name that people give a key, in characters.
const maxKeyName = 100

// NewAPIKey asks for a key.
type NewAPIKey struct {
	MerchantID string
	Mode       pay.Mode
	// Name is for people.
	Name   string
	Scopes Scopes
	// Fixed is the demo merchant's; "" makes a key.
	Fixed string
}

// AddAPIKey makes a key that may do everything and returns it, once; fixed is
// the demo's, "" makes one.
func (g *Gateway) AddAPIKey(ctx context.Context, merchantID string, mode pay.Mode, fixed string) (pay.Secret, error) {
	return g.MakeAPIKey(ctx, NewAPIKey{MerchantID: merchantID, Mode: mode, Fixed: fixed})
}

// MakeAPIKey makes a key and returns it, once.
func (g *Gateway) MakeAPIKey(ctx context.Context, n NewAPIKey) (pay.Secret, error) {
	n.Name = strings.TrimSpace(n.Name)
	if utf8.RuneCountInString(n.Name) > maxKeyName || !utf8.ValidString(n.Name) || strings.ContainsRune(n.Name, 0) {
		return "", pay.Invalid("name", fmt.Sprintf("a key's name has up to %d characters", maxKeyName))
	}
	for _, s := range n.Scopes {
		if !slices.Contains(AllScopes(), s) {
			return "", pay.Invalid("scopes", "no such scope")
		}
	}
	key, row := g.newKey(n)
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.InsertAPIKey(ctx, row) })
	if err != nil {
		return "", fmt.Errorf("store API key: %w", err)
	}
	return key, nil
}

func (g *Gateway) newKey(n NewAPIKey) (pay.Secret, sqlgen.InsertAPIKeyParams) {
	key := n.Fixed
	if key == "" {
		key = secret.NewAPIKey("sk_"+string(n.Mode)+"_", n.MerchantID)
	}
	return pay.Secret(key), sqlgen.InsertAPIKeyParams{
		KeyHash: g.Box.HashAPIKey(key), MerchantID: n.MerchantID, Mode: string(n.Mode),
		Hint: key[len(key)-4:], CreatedAt: g.Now().UnixMilli(), Name: n.Name, Scopes: n.Scopes.text(),
	}
}

// ReplaceAPIKey makes a key's successor, with its name and scopes, and ends the
// key at a moment, so that both work until then.
func (g *Gateway) ReplaceAPIKey(ctx context.Context, old sqlgen.ApiKey, ends time.Time) (pay.Secret, error) {
	key, row := g.newKey(NewAPIKey{MerchantID: old.MerchantID, Mode: pay.Mode(old.Mode), Name: old.Name, Scopes: ScopesOf(old)})
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.RevokeAPIKey(ctx, sqlgen.RevokeAPIKeyParams{RevokedAt: ends.UnixMilli(), MerchantID: old.MerchantID, KeyHash: old.KeyHash})
		if err != nil {
			return err
		}
		if n == 0 && (old.RevokedAt == 0 || old.RevokedAt > ends.UnixMilli()) {
			return pay.NotFound("key") // it has ended meanwhile
		}
		return tx.InsertAPIKey(ctx, row)
	})
	if err != nil {
		return "", fmt.Errorf("replace API key: %w", err)
	}
	return key, nil
}

// RevokeAPIKeys ends a merchant's keys of a mode at a moment, so that a rotation may overlap.
func (g *Gateway) RevokeAPIKeys(ctx context.Context, merchantID string, mode pay.Mode, at time.Time) error {
	return g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.RevokeAPIKeys(ctx, sqlgen.RevokeAPIKeysParams{RevokedAt: at.UnixMilli(), MerchantID: merchantID, Mode: string(mode)})
		return err
	})
}

// Authenticate finds whose API key it is, and what it may do.
func (g *Gateway) Authenticate(ctx context.Context, key pay.Secret) (provider.Caller, Scopes, error) {
	unauthorized := &pay.Error{Kind: pay.KindUnauthorized, Code: "unauthorized", Message: "the API key is missing or not valid"}
	if key.IsZero() {
		return provider.Caller{}, nil, unauthorized
	}
	row, err := g.apiKey(ctx, g.Box.HashAPIKey(key.Reveal()))
	if noRows(err) || err == nil && row.RevokedAt != 0 && g.Now().UnixMilli() >= row.RevokedAt {
		return provider.Caller{}, nil, unauthorized
	}
	if err != nil {
		return provider.Caller{}, nil, fmt.Errorf("look up API key: %w", err)
	}
	return provider.Caller{MerchantID: row.MerchantID, Mode: pay.Mode(row.Mode), Front: pay.NativeFront}, ScopesOf(row), nil
}
