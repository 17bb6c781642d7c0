package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

type newConnection struct {
	Body struct {
		Provider    string            `json:"provider" minLength:"1" maxLength:"64" example:"sandbox" doc:"A name from /v1/providers; with a test key only the sandbox, with a live key any other"`
		Name        string            `json:"name,omitempty" maxLength:"200" example:"Main account" doc:"Your own name for it"`
		Credentials map[string]string `json:"credentials,omitempty" doc:"The provider's fields by name; those that are secret are written and never shown"`
		Opening     []amountInput     `json:"opening,omitempty" maxItems:"16" doc:"What lies at the provider now"`
	} `nameHint:"NewConnection"`
}

type amountInput struct {
	Amount   int64    `json:"amount" minimum:"1" maximum:"9007199254740991" example:"1000000"`
	Currency currency `json:"currency" example:"XAF"`
}

// connection is one of your accounts at a provider, without its secrets.
type connection struct {
	ID        string            `json:"id" example:"con_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge"`
	Mode      pay.Mode          `json:"mode" enum:"test,live"`
	Provider  string            `json:"provider" example:"sandbox"`
	Name      string            `json:"name" example:"Main account"`
	Enabled   bool              `json:"enabled"`
	Settings  map[string]string `json:"settings" doc:"The credential fields that are not secret"`
	HookURL   string            `json:"hook_url" doc:"Where the provider sends its notifications; keep it to yourself and the provider"`
	CreatedAt time.Time         `json:"created_at"`
}

func registerConnections(s *server) {
	tags := []string{"Connections"}
	on(s, operation{Operation: huma.Operation{
		OperationID: "create-connection", Method: http.MethodPost, Path: "/v1/connections", DefaultStatus: http.StatusCreated,
		Tags: tags, Summary: "Connect an account at a provider",
		Description: "`GET /v1/providers` tells which `credentials` a provider needs.",
	}}, s.createConnection)
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-connections", Method: http.MethodGet, Path: "/v1/connections", Tags: tags, Summary: "List connections",
	}}, s.listConnections)
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-connection", Method: http.MethodGet, Path: "/v1/connections/{id}", Tags: tags, Summary: "Read a connection",
	}}, s.getConnection)
}

func (s *server) createConnection(ctx context.Context, c *call, in *newConnection) (connection, error) {
	n := gateway.NewConnection{
		MerchantID: c.caller.MerchantID, Mode: c.caller.Mode, Provider: in.Body.Provider, Name: in.Body.Name, Values: in.Body.Credentials,
	}
	seen := map[currency]bool{}
	for i, a := range in.Body.Opening {
		if seen[a.Currency] {
			return connection{}, pay.Invalid(fmt.Sprintf("opening[%d].currency", i), "the currency is there twice")
		}
		seen[a.Currency] = true
		n.Opening = append(n.Opening, inCurrency(a.Amount, a.Currency))
	}
	row, err := s.Gateway.AddConnection(ctx, n)
	if err != nil {
		return connection{}, atCredential(err)
	}
	return s.connection(row)
}

// atCredential puts the field that a provider misses under credentials. The
// name of a field that it does not know is not repeated: it may be a value.
func atCredential(err error) error {
	e, ok := asRefusal(err)
	if !ok || e.Param == "provider" {
		return err
	}
	if e.Param == "mode" {
		return atParam("provider", err)
	}
	return atParam(fieldName("body.credentials."+e.Param), err)
}

func (s *server) listConnections(ctx context.Context, c *call, in *Page) (list[connection], error) {
	rows, err := s.Gateway.Connections(ctx, c.caller)
	if err != nil {
		return list[connection]{}, err
	}
	all := make([]connection, len(rows))
	for i, row := range rows {
		if all[i], err = s.connection(row); err != nil {
			return list[connection]{}, err
		}
	}
	return pagedAll(*in, all, func(v connection) string { return v.ID }, func(v connection) connection { return v })
}

func (s *server) getConnection(ctx context.Context, c *call, in *ByID) (connection, error) {
	row, err := s.read().GetConnection(ctx, sqlgen.GetConnectionParams{MerchantID: c.caller.MerchantID, ID: in.ID})
	if err := foreign(err, row.Mode, c, "connection"); err != nil {
		return connection{}, err
	}
	return s.connection(row)
}

func (s *server) connection(r sqlgen.Connection) (connection, error) {
	v := connection{
		ID: r.ID, Mode: pay.Mode(r.Mode), Provider: r.Provider, Name: r.Name, Enabled: r.Enabled,
		Settings: map[string]string{}, HookURL: s.Gateway.HookURL(r), CreatedAt: store.Time(r.CreatedAt),
	}
	if err := json.Unmarshal([]byte(r.Settings), &v.Settings); err != nil {
		return v, fmt.Errorf("read settings of connection %s: %w", r.ID, err)
	}
	return v, nil
}

// providerInfo describes a provider that can be connected.
type providerInfo struct {
	Name       string            `json:"name" example:"sandbox"`
	Title      string            `json:"title" example:"Sandbox"`
	Countries  []string          `json:"countries" doc:"ISO 3166-1 alpha-2 codes; empty: no restriction"`
	Currencies []currency        `json:"currencies"`
	Takes      []capability      `json:"takes" doc:"What it can carry"`
	Fields     []credentialField `json:"credentials" doc:"What a connection to it is made of"`
}

type capability struct {
	Kind   kind       `json:"kind"`
	Method methodType `json:"method"`
	Hosted bool       `json:"hosted" doc:"The customer finishes on the provider's page"`
}

type credentialField struct {
	Name     string `json:"name" example:"api_key"`
	Label    string `json:"label" example:"API key"`
	Secret   bool   `json:"secret" doc:"Written and never shown"`
	Required bool   `json:"required"`
	Default  string `json:"default,omitempty"`
	URL      bool   `json:"url" doc:"It is an address"`
}

type byName struct {
	Name string `path:"name" maxLength:"64" doc:"The provider's name"`
}

func registerProviders(s *server) {
	tags := []string{"Providers"}
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-providers", Method: http.MethodGet, Path: "/v1/providers", Tags: tags, Summary: "List providers",
		Description: "What can be connected, and with which credentials.",
	}}, func(_ context.Context, _ *call, in *Page) (list[providerInfo], error) {
		return pagedAll(*in, s.connectable(), func(p *provider.Provider) string { return p.Name }, describeProvider)
	})
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-provider", Method: http.MethodGet, Path: "/v1/providers/{name}", Tags: tags, Summary: "Read a provider",
	}}, func(_ context.Context, _ *call, in *byName) (providerInfo, error) {
		for _, p := range s.connectable() {
			if p.Name == in.Name {
				return describeProvider(p), nil
			}
		}
		return providerInfo{}, pay.NotFound("provider")
	})
}

func (s *server) connectable() []*provider.Provider {
	var found []*provider.Provider
	for _, p := range s.Gateway.Providers {
		if p.Connect != nil {
			found = append(found, p)
		}
	}
	return found
}

func describeProvider(p *provider.Provider) providerInfo {
	v := providerInfo{
		Name: p.Name, Title: p.Title, Countries: append([]string{}, p.Countries...), Currencies: currenciesOf(p.Currencies),
		Takes: []capability{}, Fields: []credentialField{},
	}
	if v.Title == "" {
		v.Title = strings.ToUpper(p.Name[:1]) + p.Name[1:]
	}
	for _, c := range p.Takes {
		v.Takes = append(v.Takes, capability{Kind: kind(c.Kind), Method: methodType(c.Method), Hosted: c.Hosted})
	}
	for _, f := range p.Credentials {
		v.Fields = append(v.Fields, credentialField(f))
	}
	return v
}

func currenciesOf(list []money.Currency) []currency {
	found := make([]currency, len(list))
	for i, c := range list {
		found[i] = currency(c)
	}
	return found
}
