package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// balance is money in one currency, over all connections of the key's mode.
type balance struct {
	Currency  currency `json:"currency" example:"XAF"`
	Available int64    `json:"available" example:"985000" doc:"What payouts and refunds can use"`
	Pending   int64    `json:"pending" example:"15000" doc:"What open payouts and refunds hold"`
}

type byCurrency struct {
	Currency currency `path:"currency" doc:"ISO 4217"`
}

func registerBalances(s *server) {
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-balances", Method: http.MethodGet, Path: "/v1/balances",
		Tags: []string{"Balances"}, Summary: "Your money by currency",
		Description: "One array with a balance for each currency that was ever moved; nothing is converted between currencies.",
	}}, s.listBalances)
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-balance", Method: http.MethodGet, Path: "/v1/balances/{currency}",
		Tags: []string{"Balances"}, Summary: "Your money in one currency",
	}}, s.getBalance)
}

func (s *server) listBalances(ctx context.Context, c *call, _ *struct{}) ([]balance, error) {
	all, err := s.Gateway.AllBalances(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	found := []balance{}
	for _, cur := range money.Currencies() {
		if b, ok := all[cur]; ok {
			found = append(found, renderBalance(cur, b))
		}
	}
	return found, nil
}

func (s *server) getBalance(ctx context.Context, c *call, in *byCurrency) (balance, error) {
	cur := money.Currency(in.Currency)
	if !cur.Valid() {
		return balance{}, pay.NotFound("balance")
	}
	b, err := s.Gateway.Balance(ctx, c.caller, cur)
	if err != nil {
		return balance{}, err
	}
	return renderBalance(cur, b), nil
}

func renderBalance(cur money.Currency, b provider.Balance) balance {
	return balance{Currency: currency(cur), Available: b.Available.Minor, Pending: b.Pending.Minor}
}
