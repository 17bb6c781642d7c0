package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

type operatorFilter struct {
	Page
	Phone   string `query:"phone" maxLength:"64" example:"+24177000100" doc:"Only those of this number's country, the suggested one first"`
	Country string `query:"country" pattern:"^[A-Z]{2}$" patternDescription:"an ISO 3166-1 alpha-2 code" example:"GA"`
}

// operator is a mobile money service in one country.
type operator struct {
	ID         string     `json:"id" example:"airtel_ga"`
	Name       string     `json:"name" example:"Airtel Money"`
	Brand      string     `json:"brand" example:"airtel_money" doc:"The same service in every country"`
	Country    string     `json:"country" example:"GA"`
	Currency   currency   `json:"currency" example:"XAF" doc:"The one its wallets are held in by default"`
	Currencies []currency `json:"currencies" doc:"All that it can be paid in"`
	Prefixes   []string   `json:"prefixes" doc:"How its national numbers start; empty for a service open to every network"`
	Available  bool       `json:"available" doc:"One of your connections can take payments through it now"`
	PaysOut    bool       `json:"pays_out" doc:"One of your connections can pay out through it now"`
}

// operatorList is the list, and what a number suggests.
type operatorList struct {
	Data       []operator `json:"data"`
	NextCursor *string    `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last"`
	Suggested  string     `json:"suggested,omitempty" example:"airtel_ga" doc:"The operator that the phone number suggests; the customer may know better"`
}

// TransformSchema documents that the last page has no cursor.
func (operatorList) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return orNull(s, "next_cursor")
}

func registerOperators(s *server) {
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-operators", Method: http.MethodGet, Path: "/v1/operators",
		Tags: []string{"Operators"}, Summary: "List operators, or find a number's",
		Description: "With `phone` the operators of its country, the suggested one first. Numbers can be ported, so it stays a suggestion.",
	}}, s.listOperators)
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-operator", Method: http.MethodGet, Path: "/v1/operators/{id}",
		Tags: []string{"Operators"}, Summary: "Read an operator",
	}}, s.getOperator)
}

func (s *server) listOperators(ctx context.Context, c *call, in *operatorFilter) (operatorList, error) {
	all, suggested, err := chosen(*in)
	if err != nil {
		return operatorList{}, err
	}
	connections, err := s.Gateway.Connections(ctx, c.caller)
	if err != nil {
		return operatorList{}, err
	}
	l, err := pagedAll(in.Page, all, func(o phone.Operator) string { return o.ID }, func(o phone.Operator) operator {
		return s.operator(o, connections)
	})
	return operatorList{l.Data, l.NextCursor, suggested}, err
}

// chosen are the operators a filter asks for.
func chosen(f operatorFilter) (all []phone.Operator, suggested string, err error) {
	if f.Phone == "" {
		if f.Country != "" {
			return phone.OperatorsIn(f.Country), "", nil
		}
		return phone.Operators(), "", nil
	}
	n, err := phone.Parse(f.Phone, f.Country)
	if err != nil {
		return nil, "", pay.InvalidAs(pay.CodeInvalidPhone, "phone", "the phone number is not a mobile number of a supported country")
	}
	first, ok := phone.Suggest(n)
	if !ok {
		return nil, "", nil
	}
	all = []phone.Operator{first}
	for _, o := range phone.OperatorsIn(n.Country()) {
		if o.ID != first.ID {
			all = append(all, o)
		}
	}
	return all, first.ID, nil
}

func (s *server) getOperator(ctx context.Context, c *call, in *ByID) (operator, error) {
	o, ok := phone.OperatorByID(in.ID)
	if !ok {
		return operator{}, pay.NotFound("operator")
	}
	connections, err := s.Gateway.Connections(ctx, c.caller)
	if err != nil {
		return operator{}, err
	}
	return s.operator(o, connections), nil
}

func (s *server) operator(o phone.Operator, connections []sqlgen.Connection) operator {
	v := operator{
		ID: o.ID, Name: o.Name, Brand: o.Brand, Country: o.Country, Currency: currency(o.Currency), Prefixes: o.Prefixes,
		Available: s.reaches(connections, o, pay.Payment), PaysOut: s.reaches(connections, o, pay.Payout),
	}
	if v.Prefixes == nil {
		v.Prefixes = []string{}
	}
	for _, cur := range o.Currencies {
		v.Currencies = append(v.Currencies, currency(cur))
	}
	return v
}

// reaches tells whether any usable connection carries a kind of transaction
// through the operator. A provider that lists no country serves all of them.
func (s *server) reaches(connections []sqlgen.Connection, o phone.Operator, k pay.Kind) bool {
	return slices.ContainsFunc(connections, func(row sqlgen.Connection) bool {
		p, ok := s.Gateway.Provider(row.Provider)
		if !ok || !row.Enabled || (p.Name == gateway.SandboxProvider) != (pay.Mode(row.Mode) == pay.Test) {
			return false
		}
		return (len(p.Countries) == 0 || slices.Contains(p.Countries, o.Country)) &&
			slices.ContainsFunc(o.Currencies, func(cur money.Currency) bool { return p.Can(k, pay.MobileMoney, cur, true) })
	})
}
