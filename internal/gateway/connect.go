package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// connectors keeps the connectors made of connection rows; a changed row makes
// a new one.
type connectors struct {
	mu sync.Mutex
	by map[string]linked
}

type linked struct {
	row  sqlgen.Connection
	conn provider.Connector
}

func (l *connectors) init() { l.by = map[string]linked{} }

// connectByID is connect for a connection's id.
func (g *Gateway) connectByID(ctx context.Context, merchantID, id string) (provider.Connector, error) {
	row, err := g.connectionRow(ctx, merchantID, id)
	if err != nil {
		return nil, err
	}
	return g.connect(ctx, row)
}

// connect makes the connector of a connection, or returns the one already made.
func (g *Gateway) connect(_ context.Context, row sqlgen.Connection) (provider.Connector, error) {
	row.NextMaintainAt = 0 // moves by itself and changes nothing for the connector
	g.links.mu.Lock()
	defer g.links.mu.Unlock()
	if l, ok := g.links.by[row.ID]; ok && l.row == row {
		return l.conn, nil
	}
	p, ok := g.providers[row.Provider]
	if !ok || p.Connect == nil {
		return nil, fmt.Errorf("connection %s: no connector for provider %q", row.ID, row.Provider)
	}
	env, err := g.environment(row)
	if err != nil {
		return nil, err
	}
	conn, err := p.Connect(env)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", row.Provider, err)
	}
	g.links.by[row.ID] = linked{row, conn}
	return conn, nil
}

// environment is what a connector gets to work with.
func (g *Gateway) environment(row sqlgen.Connection) (provider.Environment, error) {
	credentials, err := g.openCredentials(row)
	if err != nil {
		return provider.Environment{}, err
	}
	settings := map[string]string{}
	if err := json.Unmarshal([]byte(row.Settings), &settings); err != nil {
		return provider.Environment{}, fmt.Errorf("read settings of connection %s: %w", row.ID, err)
	}
	var secrets []string
	for _, s := range credentials {
		secrets = append(secrets, s.Reveal())
	}
	log := g.Log.With("connection", row.ID, "provider", row.Provider)
	return provider.Environment{
		Connection: row.ID, MerchantID: row.MerchantID, Mode: pay.Mode(row.Mode),
		Credentials: credentials, Settings: settings, HTTP: g.clientFor(row.Provider, secrets),
		Memory: g.memory("connection/" + row.ID), HookURL: g.HookURL(row), Now: g.Now, Log: log,
		Sent:  outbound.Sent,
		Alert: func(message string) { log.Error("connection needs a person", "alert", message) },
	}, nil
}

// clientFor wraps the guarded client with the breaker and the transcript.
func (g *Gateway) clientFor(name string, secrets []string) *http.Client {
	return g.Outbound.Wrap(&outbound.Recorder{
		Next:    outbound.Breaker(name, g.Outbound.Transport(), g.breakerChanged),
		Secrets: secrets,
		Record:  g.transcribe,
	})
}

// breakerChanged tells of a provider that stopped answering, or answers again.
func (g *Gateway) breakerChanged(name, host, state string) {
	if state == "open" {
		g.Log.Warn("provider is not called for a while: it does not answer", "provider", name, "host", host)
		return
	}
	g.Log.Info("provider is called again", "provider", name, "host", host, "state", state)
}

func (g *Gateway) openCredentials(row sqlgen.Connection) (map[string]pay.Secret, error) {
	plain, err := g.Box.Open(row.Credentials, "connection", row.MerchantID, row.ID)
	if err != nil {
		return nil, fmt.Errorf("open credentials of connection %s: %w", row.ID, err)
	}
	var values map[string]string
	if err := json.Unmarshal(plain, &values); err != nil {
		return nil, fmt.Errorf("read credentials of connection %s: %w", row.ID, err)
	}
	secrets := make(map[string]pay.Secret, len(values))
	for name, v := range values {
		secrets[name] = pay.Secret(v)
	}
	return secrets, nil
}

func (g *Gateway) sealCredentials(merchantID, id string, values map[string]string) (string, error) {
	plain, err := json.Marshal(values)
	if err != nil {
		return "", fmt.Errorf("encode credentials: %w", err)
	}
	return g.Box.Seal(plain, "connection", merchantID, id)
}

// HookURL is where the provider's notifications for a connection go. Its last
// part is unguessable and derived, so that it need not be stored in clear.
func (g *Gateway) HookURL(row sqlgen.Connection) string {
	return g.PublicURL + "/hooks/" + row.Provider + "/" + g.hookToken(row.MerchantID, row.ID)
}

func (g *Gateway) hookToken(merchantID, connectionID string) string {
	return g.Box.Lookup(merchantID+"/"+connectionID, "hook-token")[:40]
}

func (g *Gateway) hookHash(token string) string { return g.Box.Lookup(token, "hook-hash") }
