package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/pay"
)

func registerPayouts(s *server) {
	on(s, operation{commits: true, Operation: huma.Operation{
		OperationID: "create-payout", Method: http.MethodPost, Path: "/v1/payouts", DefaultStatus: http.StatusCreated,
		Tags: []string{"Payouts"}, Summary: "Send money to a customer",
		Description: "Takes the body of a payment; `method` is needed. The money is reserved first (422 `insufficient_balance` " +
			"when there is too little) and given back only after definite failure. A payout in doubt stays `pending` " +
			"and is never sent twice.",
	}}, s.createPayout)
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-payouts", Method: http.MethodGet, Path: "/v1/payouts",
		Tags: []string{"Payouts"}, Summary: "List payouts", Description: "Newest first.",
	}}, s.lister(pay.Payout))
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-payout", Method: http.MethodGet, Path: "/v1/payouts/{id}",
		Tags: []string{"Payouts"}, Summary: "Read a payout",
	}}, s.getter(pay.Payout, "payout"))
}

func (s *server) createPayout(ctx context.Context, c *call, in *paymentBody) (transaction, error) {
	req, err := s.request(pay.Payout, in.Body)
	if err != nil {
		return transaction{}, err
	}
	return s.create(ctx, c, req)
}
