package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

type connectionsPage struct {
	Rows      []connectionRow
	Providers []*provider.Provider
	Tried     string // the id of the connection that was tried
	Probe     gateway.Probe
}

type connectionRow struct {
	sqlgen.Connection
	Title   string
	HookURL string
}

// newConnectionPage is the form of one provider, from its descriptor. What was
// typed into a secret field is never sent back.
type newConnectionPage struct {
	Provider   *provider.Provider
	Name       string
	Typed      map[string]string
	Currencies []money.Currency
}

// field is the name of a form's field for a provider's.
const field = "field."

// opening is the name of a form's field for the balance in a currency.
const opening = "opening."

func (h *handler) connections(v *visit) error { return h.showConnections(v, "", gateway.Probe{}, nil) }

func (h *handler) showConnections(v *visit, tried string, probe gateway.Probe, fault error) error {
	rows, err := h.rails(v.Context(), v)
	if err != nil {
		return err
	}
	page := connectionsPage{Tried: tried, Probe: probe, Providers: h.connectable(v)}
	for _, r := range rows {
		one := connectionRow{Connection: r, Title: r.Provider}
		if p, ok := h.Gateway.Provider(r.Provider); ok && p.Title != "" {
			one.Title = p.Title
		}
		if v.Role.May("manage") {
			one.HookURL = h.Gateway.HookURL(r) // whoever knows it can speak for the provider
		}
		page.Rows = append(page.Rows, one)
	}
	return h.fault(v, "connections.html", page, fault)
}

// connectable are the providers that a connection of this mode can lead to.
func (h *handler) connectable(v *visit) []*provider.Provider {
	var found []*provider.Provider
	for _, p := range h.Gateway.Providers {
		if p.Connect != nil && (p.Name == gateway.SandboxProvider) == (v.Mode == pay.Test) {
			found = append(found, p)
		}
	}
	return found
}

func (h *handler) chosen(v *visit, name string) (*provider.Provider, error) {
	for _, p := range h.connectable(v) {
		if p.Name == name {
			return p, nil
		}
	}
	return nil, pay.NotFound("provider")
}

func (h *handler) newConnection(v *visit) error {
	p, err := h.chosen(v, v.URL.Query().Get("provider"))
	if err != nil {
		return err
	}
	return h.render(v, http.StatusOK, "connection.html", newConnectionPage{Provider: p, Currencies: p.Currencies})
}

// Value is what a field holds at first, or again.
func (p newConnectionPage) Value(f provider.Field) string {
	if f.Secret {
		return ""
	}
	if typed, ok := p.Typed[f.Name]; ok {
		return typed
	}
	return f.Default
}

// Opening is what was typed as the balance in a currency.
func (p newConnectionPage) Opening(cur money.Currency) string { return p.Typed[opening+string(cur)] }

func (h *handler) addConnection(v *visit) error {
	p, err := h.chosen(v, v.PostFormValue("provider"))
	if err != nil {
		return err
	}
	n := gateway.NewConnection{
		MerchantID: v.MerchantID, Mode: v.Mode, Provider: p.Name, Name: strings.TrimSpace(v.PostFormValue("name")), Values: map[string]string{},
	}
	page := newConnectionPage{Provider: p, Name: n.Name, Typed: map[string]string{}, Currencies: p.Currencies}
	for _, f := range p.Credentials {
		if value := strings.TrimSpace(v.PostFormValue(field + f.Name)); value != "" {
			n.Values[f.Name] = value
		}
		if !f.Secret {
			page.Typed[f.Name] = v.PostFormValue(field + f.Name)
		}
	}
	for _, cur := range p.Currencies {
		page.Typed[opening+string(cur)] = v.PostFormValue(opening + string(cur))
	}
	for _, cur := range p.Currencies {
		typed := page.Typed[opening+string(cur)]
		if strings.TrimSpace(typed) == "" {
			continue
		}
		amount, err := readAmount(typed, cur)
		if err != nil {
			return h.fault(v, "connection.html", page, err)
		}
		n.Opening = append(n.Opening, amount)
	}
	err = h.act(v, "connection.add", p.Name, n.Name, func() error {
		_, err := h.Gateway.AddConnection(v.Context(), n)
		return err
	})
	if err != nil {
		return h.fault(v, "connection.html", page, err)
	}
	return h.done(v, "/dashboard/connections", "added")
}

// testConnection makes a call that moves nothing.
func (h *handler) testConnection(v *visit) error {
	id := v.PathValue("id")
	if err := h.Accounts.Record(v.Context(), v.Person, "connection.test", id, ""); err != nil {
		return err
	}
	probe, err := h.Gateway.ProbeConnection(v.Context(), v.caller(), id)
	if err != nil {
		return err
	}
	return h.showConnections(v, id, probe, nil)
}

func (h *handler) switchConnection(v *visit) error {
	id, enabled := v.PathValue("id"), v.PostFormValue("enabled") == "true"
	rails, err := h.rails(v.Context(), v)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rails, func(c sqlgen.Connection) bool { return c.ID == id })
	if i >= 0 && !enabled && !v.sure() { // none is refused
		return h.ask(v, question{Act: "disconnect", Facts: []fact{{"connection", rails[i].Name}}, Back: "/dashboard/connections"})
	}
	err = h.act(v, "connection.enabled", id, strconv.FormatBool(enabled), func() error {
		return h.Gateway.Store.Update(v.Context(), one("connection", func(ctx context.Context, tx *store.Tx) (int64, error) {
			return tx.SetConnectionEnabled(ctx, sqlgen.SetConnectionEnabledParams{
				Enabled: enabled, MerchantID: v.MerchantID, Mode: string(v.Mode), ID: id,
			})
		}))
	})
	if err != nil {
		return err
	}
	return h.done(v, "/dashboard/connections", "saved")
}

// pathsPage are the routes that pick a connection.
type pathsPage struct {
	Rows        []pathRow
	Connections []sqlgen.Connection
	Currencies  []money.Currency
	Countries   []string
	Operators   []phone.Operator
}

type pathRow struct {
	sqlgen.Route
	Connection string
}

// Label tells a route from the others for who hears its buttons.
func (r pathRow) Label() string { return strconv.FormatInt(r.Position, 10) + " · " + r.Connection }

func (h *handler) paths(v *visit) error { return h.showPaths(v, nil) }

func (h *handler) showPaths(v *visit, fault error) error {
	page := pathsPage{Currencies: money.Currencies(), Countries: phone.Countries(), Operators: phone.Operators()}
	var err error
	if page.Connections, err = h.rails(v.Context(), v); err != nil {
		return err
	}
	if page.Rows, err = h.pathRows(v); err != nil {
		return err
	}
	return h.fault(v, "routes.html", page, fault)
}

// pathRows are the routes in their order, with their connections' names.
func (h *handler) pathRows(v *visit) ([]pathRow, error) {
	rows, err := h.Gateway.Store.Read().ListRoutes(v.Context(), sqlgen.ListRoutesParams{MerchantID: v.MerchantID, Mode: string(v.Mode)})
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	rails, err := h.rails(v.Context(), v)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, c := range rails {
		names[c.ID] = c.Name
	}
	var found []pathRow
	for _, r := range rows {
		found = append(found, pathRow{r, names[r.ConnectionID]})
	}
	return found, nil
}
