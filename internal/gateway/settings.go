package gateway

import (
	"context"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// settings are the rows that people change and every payment reads. On another
// node a change counts within a second.
type settings struct {
	keys        *store.Settings[string, sqlgen.ApiKey]
	connections *store.Settings[modeKey, []sqlgen.Connection]
	connection  *store.Settings[rowKey, sqlgen.Connection]
	hooks       *store.Settings[string, sqlgen.Connection]
	routes      *store.Settings[modeKey, []sqlgen.Route]
	fees        *store.Settings[string, []sqlgen.FeeSchedule]
	listeners   *store.Settings[string, []listener]
}

// modeKey names a merchant's rows of a mode, rowKey one row of a merchant.
type (
	modeKey struct {
		merchant string
		mode     pay.Mode
	}
	rowKey struct{ merchant, id string }
)

func newSettings(s *store.Store) settings {
	return settings{
		keys:        store.NewSettings[string, sqlgen.ApiKey](s),
		connections: store.NewSettings[modeKey, []sqlgen.Connection](s),
		connection:  store.NewSettings[rowKey, sqlgen.Connection](s),
		hooks:       store.NewSettings[string, sqlgen.Connection](s),
		routes:      store.NewSettings[modeKey, []sqlgen.Route](s),
		fees:        store.NewSettings[string, []sqlgen.FeeSchedule](s),
		listeners:   store.NewSettings[string, []listener](s),
	}
}

// apiKey finds a key by its hash; sql.ErrNoRows when there is none.
func (g *Gateway) apiKey(ctx context.Context, hash string) (sqlgen.ApiKey, error) {
	return g.settings.keys.Get(hash, func() (sqlgen.ApiKey, error) { return g.Store.Read().GetAPIKey(ctx, hash) })
}

// connectionsOf are a merchant's connections of a mode, in the order they were made.
func (g *Gateway) connectionsOf(ctx context.Context, merchantID string, mode pay.Mode) ([]sqlgen.Connection, error) {
	list, err := g.settings.connections.Get(modeKey{merchantID, mode}, func() ([]sqlgen.Connection, error) {
		return g.Store.Read().ListConnections(ctx, sqlgen.ListConnectionsParams{MerchantID: merchantID, Mode: string(mode)})
	})
	if err != nil {
		return nil, fmt.Errorf("list connections: %w", err)
	}
	return list, nil
}

// connectionRow finds one connection; pay.ErrNotFound when the merchant has none of that id.
func (g *Gateway) connectionRow(ctx context.Context, merchantID, id string) (sqlgen.Connection, error) {
	row, err := g.settings.connection.Get(rowKey{merchantID, id}, func() (sqlgen.Connection, error) {
		return g.Store.Read().GetConnection(ctx, sqlgen.GetConnectionParams{MerchantID: merchantID, ID: id})
	})
	if noRows(err) {
		return row, pay.NotFound("connection")
	}
	if err != nil {
		return row, fmt.Errorf("read connection: %w", err)
	}
	return row, nil
}

// connectionOfHook finds the connection of a hook's token; sql.ErrNoRows when there is none.
func (g *Gateway) connectionOfHook(ctx context.Context, token string) (sqlgen.Connection, error) {
	hash := g.hookHash(token)
	return g.settings.hooks.Get(hash, func() (sqlgen.Connection, error) {
		return g.Store.Read().GetConnectionByHook(ctx, hash)
	})
}

func (g *Gateway) routesOf(ctx context.Context, merchantID string, mode pay.Mode) ([]sqlgen.Route, error) {
	list, err := g.settings.routes.Get(modeKey{merchantID, mode}, func() ([]sqlgen.Route, error) {
		return g.Store.Read().ListRoutes(ctx, sqlgen.ListRoutesParams{MerchantID: merchantID, Mode: string(mode)})
	})
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	return list, nil
}

func (g *Gateway) feesOf(ctx context.Context, merchantID string) ([]sqlgen.FeeSchedule, error) {
	list, err := g.settings.fees.Get(merchantID, func() ([]sqlgen.FeeSchedule, error) {
		return g.Store.Read().ListFeeSchedules(ctx, merchantID)
	})
	if err != nil {
		return nil, fmt.Errorf("list fee schedules: %w", err)
	}
	return list, nil
}
