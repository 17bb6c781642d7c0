package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// RouteTerms is a rule that picks a connection. Each condition holds when it is
// absent or equal.
type RouteTerms struct {
	Position   int64      `json:"position,omitempty" minimum:"0" maximum:"1000000" example:"1" doc:"Routes are tried from the lowest"`
	Connection string     `json:"connection" minLength:"1" maxLength:"64" example:"con_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge" doc:"The connection it leads to"`
	Kind       kind       `json:"kind,omitempty" example:"payment"`
	Method     methodType `json:"method,omitempty" example:"mobile_money"`
	Currency   currency   `json:"currency,omitempty" example:"XAF"`
	Country    string     `json:"country,omitempty" pattern:"^[A-Z]{2}$" patternDescription:"an ISO 3166-1 alpha-2 code" example:"GA" doc:"The country of the phone number"`
	Operator   string     `json:"operator,omitempty" maxLength:"64" example:"airtel_ga"`
	Front      string     `json:"front,omitempty" maxLength:"64" example:"native" doc:"The API the transaction entered through"`
	Enabled    *bool      `json:"enabled,omitempty" example:"true" doc:"true unless told otherwise"`
}

// route is a rule in force.
type route struct {
	ID   string   `json:"id" example:"rt_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge"`
	Mode pay.Mode `json:"mode" enum:"test,live"`
	RouteTerms
	CreatedAt time.Time `json:"created_at"`
}

type routeBody struct{ Body RouteTerms }

type routeUpdate struct {
	ByID
	Body RouteTerms
}

func registerRoutes(s *server) {
	tags := []string{"Routes"}
	on(s, operation{Operation: huma.Operation{
		OperationID: "create-route", Method: http.MethodPost, Path: "/v1/routes", DefaultStatus: http.StatusCreated,
		Tags: tags, Summary: "Add a route",
		Description: "A transaction goes to the first route whose conditions hold and whose connection can carry it; the routes " +
			"after it are what it fails over to. Without any route the connections are tried in the order they were made.",
	}}, func(ctx context.Context, c *call, in *routeBody) (route, error) {
		now := s.Now().UTC()
		return s.putRoute(ctx, c, pay.NewID("rt", c.caller.MerchantID, now), now, in.Body, false)
	})
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-routes", Method: http.MethodGet, Path: "/v1/routes", Tags: tags, Summary: "List routes",
		Description: "In the order they are tried.",
	}}, s.listRoutes)
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-route", Method: http.MethodGet, Path: "/v1/routes/{id}", Tags: tags, Summary: "Read a route",
	}}, s.getRoute)
	on(s, operation{Operation: huma.Operation{
		OperationID: "update-route", Method: http.MethodPatch, Path: "/v1/routes/{id}", Tags: tags, Summary: "Replace a route's terms",
	}}, s.updateRoute)
	onSilent(s, operation{Operation: huma.Operation{
		OperationID: "delete-route", Method: http.MethodDelete, Path: "/v1/routes/{id}", Tags: tags, Summary: "Remove a route",
	}}, s.deleteRoute)
}

// putRoute writes a route, in the place of the one with its id or as a new one.
func (s *server) putRoute(ctx context.Context, c *call, id string, at time.Time, r RouteTerms, replace bool) (route, error) {
	if err := knownOperator(r.Operator); err != nil {
		return route{}, err
	}
	if _, ok := s.Gateway.Provider(r.Front); r.Front != "" && r.Front != pay.NativeFront && !ok {
		return route{}, pay.Invalid("front", "no such front")
	}
	if _, err := s.getConnection(ctx, c, &ByID{ID: r.Connection}); err != nil {
		if pay.KindOf(err) == pay.KindNotFound {
			return route{}, pay.Invalid("connection", "no such connection")
		}
		return route{}, err
	}
	row := sqlgen.Route{
		MerchantID: c.caller.MerchantID, ID: id, Mode: string(c.caller.Mode), Position: r.Position, Kind: string(r.Kind),
		Method: string(r.Method), Currency: string(r.Currency), Country: r.Country, Operator: r.Operator, Front: r.Front,
		ConnectionID: r.Connection, Enabled: r.Enabled == nil || *r.Enabled, CreatedAt: store.Millis(at),
	}
	err := s.Gateway.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if replace {
			n, err := tx.DeleteRoute(ctx, sqlgen.DeleteRouteParams{MerchantID: row.MerchantID, Mode: row.Mode, ID: id})
			if err != nil {
				return err
			}
			if n == 0 {
				return pay.NotFound("route")
			}
		}
		return tx.InsertRoute(ctx, sqlgen.InsertRouteParams(row))
	})
	if err != nil {
		return route{}, fmt.Errorf("store route: %w", err)
	}
	return renderRoute(row), nil
}

func (s *server) listRoutes(ctx context.Context, c *call, in *Page) (list[route], error) {
	rows, err := s.read().ListRoutes(ctx, sqlgen.ListRoutesParams{MerchantID: c.caller.MerchantID, Mode: string(c.caller.Mode)})
	if err != nil {
		return list[route]{}, fmt.Errorf("list routes: %w", err)
	}
	return pagedAll(*in, rows, func(r sqlgen.Route) string { return r.ID }, renderRoute)
}

func (s *server) getRoute(ctx context.Context, c *call, in *ByID) (route, error) {
	row, err := s.read().GetRoute(ctx, sqlgen.GetRouteParams{MerchantID: c.caller.MerchantID, Mode: string(c.caller.Mode), ID: in.ID})
	if err := foreign(err, row.Mode, c, "route"); err != nil {
		return route{}, err
	}
	return renderRoute(row), nil
}

func (s *server) updateRoute(ctx context.Context, c *call, in *routeUpdate) (route, error) {
	was, err := s.getRoute(ctx, c, &in.ByID)
	if err != nil {
		return route{}, err
	}
	return s.putRoute(ctx, c, was.ID, was.CreatedAt, in.Body, true)
}

func (s *server) deleteRoute(ctx context.Context, c *call, in *ByID) error {
	return s.remove(ctx, "route", func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.DeleteRoute(ctx, sqlgen.DeleteRouteParams{MerchantID: c.caller.MerchantID, Mode: string(c.caller.Mode), ID: in.ID})
	})
}

func renderRoute(r sqlgen.Route) route {
	enabled := r.Enabled
	return route{
		ID: r.ID, Mode: pay.Mode(r.Mode), CreatedAt: store.Time(r.CreatedAt),
		RouteTerms: RouteTerms{
			Position: r.Position, Connection: r.ConnectionID, Kind: kind(r.Kind), Method: methodType(r.Method),
			Currency: currency(r.Currency), Country: r.Country, Operator: r.Operator, Front: r.Front, Enabled: &enabled,
		},
	}
}
