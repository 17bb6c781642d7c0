package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

type newRefund struct {
	Body struct {
		Reference   string   `json:"reference" minLength:"1" maxLength:"255" example:"refund-1042" doc:"Your own id of the refund"`
		Payment     string   `json:"payment" minLength:"1" maxLength:"64" example:"pay_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge" doc:"The payment to give back"`
		Amount      int64    `json:"amount,omitempty" minimum:"1" maximum:"9007199254740991" example:"5000" doc:"In the payment's currency; all that is left unless given"`
		Description string   `json:"description,omitempty" maxLength:"500"`
		Metadata    metadata `json:"metadata,omitempty"`
	} `nameHint:"NewRefund"`
}

func registerRefunds(s *server) {
	on(s, operation{commits: true, Operation: huma.Operation{
		OperationID: "create-refund", Method: http.MethodPost, Path: "/v1/refunds", DefaultStatus: http.StatusCreated,
		Tags: []string{"Refunds"}, Summary: "Give a payment back",
		Description: "All or part of a succeeded payment, by the provider's own refund where it has one, else by a payout to the payer.",
	}}, s.createRefund)
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-refunds", Method: http.MethodGet, Path: "/v1/refunds",
		Tags: []string{"Refunds"}, Summary: "List refunds", Description: "Newest first.",
	}}, s.lister(pay.Refund))
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-refund", Method: http.MethodGet, Path: "/v1/refunds/{id}",
		Tags: []string{"Refunds"}, Summary: "Read a refund",
	}}, s.getter(pay.Refund, "refund"))
}

func (s *server) createRefund(ctx context.Context, c *call, in *newRefund) (transaction, error) {
	b := in.Body
	if err := b.Metadata.check(); err != nil {
		return transaction{}, err
	}
	p, err := s.find(ctx, c, pay.Payment, "payment", b.Payment)
	if err != nil {
		return transaction{}, atParam("payment", err)
	}
	t, err := s.Gateway.RefundPayment(ctx, c.caller, provider.Request{
		Reference: b.Reference, Parent: p.ID, Amount: money.New(b.Amount, p.Amount.Currency),
		Description: b.Description, Metadata: b.Metadata,
	}, c.claim)
	if err != nil {
		return transaction{}, err
	}
	return render(t), nil
}
