package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// ConnectionChange is what becomes of a connection.
type ConnectionChange struct {
	Name string
	// Values are credential fields by name. A secret one that is absent or empty
	// stays as it is, as nobody is shown what to repeat; another falls back to
	// its default.
	Values map[string]string
}

// ChangeConnection replaces a connection's name and credentials. Every node
// uses them from its next call on: a connector is kept only as long as its row
// is as it was (connect).
func (g *Gateway) ChangeConnection(ctx context.Context, c provider.Caller, id string, change ConnectionChange) error {
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.GetConnection(ctx, sqlgen.GetConnectionParams{MerchantID: c.MerchantID, ID: id})
		if noRows(err) || err == nil && row.Mode != string(c.Mode) {
			return pay.NotFound("connection")
		}
		if err != nil {
			return err
		}
		update, err := g.changed(row, change)
		if err != nil {
			return err
		}
		_, err = tx.UpdateConnection(ctx, update)
		return err
	})
	if err != nil {
		return fmt.Errorf("change connection %s: %w", id, err)
	}
	g.onWork(WorkConnections)
	return nil
}

// changed is a connection's row with a change.
func (g *Gateway) changed(row sqlgen.Connection, change ConnectionChange) (sqlgen.UpdateConnectionParams, error) {
	update := sqlgen.UpdateConnectionParams{
		MerchantID: row.MerchantID, ID: row.ID, Name: strings.TrimSpace(change.Name), Enabled: row.Enabled,
		NextMaintainAt: g.Now().UnixMilli(),
	}
	if update.Name == "" {
		update.Name = row.Name
	}
	p, ok := g.providers[row.Provider]
	if !ok {
		return update, pay.Invalid("provider", "no such provider")
	}
	before, err := g.openCredentials(row)
	if err != nil {
		return update, err
	}
	values := maps.Clone(change.Values)
	if values == nil {
		values = map[string]string{}
	}
	for _, f := range p.Credentials {
		if f.Secret && strings.TrimSpace(values[f.Name]) == "" {
			values[f.Name] = before[f.Name].Reveal()
		}
	}
	secrets, settings, err := g.sortFields(p, values)
	if err != nil {
		return update, err
	}
	if update.Credentials, err = g.sealCredentials(row.MerchantID, row.ID, secrets); err != nil {
		return update, err
	}
	plain, err := json.Marshal(settings)
	if err != nil {
		return update, fmt.Errorf("encode settings: %w", err)
	}
	update.Settings = string(plain)
	return update, nil
}

// errWrongKeys: with other keys every merchant's requests would be refused as
// unauthorized, and nothing would say why.
var errWrongKeys = errors.New("the keys in PASSERELLE_KEYS open nothing of what this database holds: give those it was made with (`passerelle doctor` says more)")

// CheckKeys fails where there are sealed rows and none can be opened.
func (g *Gateway) CheckKeys(ctx context.Context) error {
	merchants, err := g.Store.Read().ListMerchants(ctx)
	if err != nil {
		return fmt.Errorf("list merchants: %w", err)
	}
	shut := 0
	for _, m := range merchants {
		rows, err := g.Store.Read().ListConnections(ctx, sqlgen.ListConnectionsParams{MerchantID: m.ID, Mode: string(pay.Test)})
		if err != nil {
			return fmt.Errorf("list connections: %w", err)
		}
		for _, row := range rows {
			if _, err := g.openCredentials(row); err == nil {
				return nil
			}
			shut++
		}
	}
	if shut > 0 {
		return errWrongKeys
	}
	return nil
}
