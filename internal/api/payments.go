package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

type paymentBody struct{ Body newTransaction }

// ByID names one object.
type ByID struct {
	ID string `path:"id" maxLength:"64" doc:"The object's id"`
}

// transactionFilter narrows a list of transactions.
type transactionFilter struct {
	Page
	Status    status `query:"status" doc:"Only those in this status"`
	Reference string `query:"reference" maxLength:"255" doc:"Only the one with this reference"`
	Phone     string `query:"phone" maxLength:"32" doc:"Only those of this phone number, in international form"`
}

type confirmation struct {
	ByID
	Body struct {
		OTP string `json:"otp" minLength:"1" maxLength:"32" example:"1234" doc:"The one-time password that the customer got"`
	} `nameHint:"Confirmation"`
}

func registerPayments(s *server) {
	on(s, operation{commits: true, Operation: huma.Operation{
		OperationID: "create-payment", Method: http.MethodPost, Path: "/v1/payments", DefaultStatus: http.StatusCreated,
		Tags: []string{"Payments"}, Summary: "Take a payment",
		Description: "Takes money from a customer. With a complete `method` it is sent to the operator at once; the answer " +
			"comes when the provider has answered, after ten seconds at most. Without `method` the answer's " +
			"`next_action` is a redirect to the hosted checkout, where the customer chooses.\n\n" +
			"A refusal by the operator is 201 with status `failed` and its reason in `failure`; an outcome that nobody " +
			"knows yet is `pending`.",
	}}, s.createPayment)
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-payments", Method: http.MethodGet, Path: "/v1/payments",
		Tags: []string{"Payments"}, Summary: "List payments", Description: "Newest first, whichever API they entered through.",
	}}, s.lister(pay.Payment))
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-payment", Method: http.MethodGet, Path: "/v1/payments/{id}",
		Tags: []string{"Payments"}, Summary: "Read a payment",
	}}, s.getter(pay.Payment, "payment"))
	on(s, operation{Operation: huma.Operation{
		OperationID: "confirm-payment", Method: http.MethodPost, Path: "/v1/payments/{id}/confirm",
		Tags: []string{"Payments"}, Summary: "Pass on a one-time password",
		Description: "For a payment whose `next_action` is `enter_otp`; 409 `not_confirmable` for any other.",
	}}, s.confirmPayment)
	on(s, operation{Operation: huma.Operation{
		OperationID: "cancel-payment", Method: http.MethodPost, Path: "/v1/payments/{id}/cancel",
		Tags: []string{"Payments"}, Summary: "Give a payment up",
		Description: "What no operator has yet is canceled at once. What was sent is canceled only if the provider confirms " +
			"it, and is 409 `not_cancelable` otherwise, since the customer may be paying.",
	}}, s.cancelPayment)
}

func (s *server) createPayment(ctx context.Context, c *call, in *paymentBody) (transaction, error) {
	req, err := s.request(pay.Payment, in.Body)
	if err != nil {
		return transaction{}, err
	}
	return s.create(ctx, c, req)
}

func (s *server) create(ctx context.Context, c *call, req provider.Request) (transaction, error) {
	t, err := s.Gateway.CreateOnce(ctx, c.caller, req, c.claim)
	if err != nil {
		return transaction{}, err
	}
	return render(t), nil
}

// lister lists the transactions of a kind.
func (s *server) lister(k pay.Kind) func(context.Context, *call, *transactionFilter) (list[transaction], error) {
	return func(ctx context.Context, c *call, in *transactionFilter) (list[transaction], error) {
		before, err := in.before()
		if err != nil {
			return list[transaction]{}, err
		}
		number, err := e164(in.Phone, "", "phone")
		if err != nil {
			return list[transaction]{}, err
		}
		rows, err := s.Gateway.List(ctx, c.caller, gateway.Filter{
			Kind: k, Status: pay.Status(in.Status), Reference: in.Reference, Phone: number,
			Before: before, Limit: in.Limit + 1,
		})
		if err != nil {
			return list[transaction]{}, err
		}
		return paged(in.Page, rows, func(t pay.Transaction) string { return t.ID }, render), nil
	}
}

// getter reads one transaction of a kind; an id of another kind is not found.
func (s *server) getter(k pay.Kind, what string) func(context.Context, *call, *ByID) (transaction, error) {
	return func(ctx context.Context, c *call, in *ByID) (transaction, error) {
		t, err := s.find(ctx, c, k, what, in.ID)
		if err != nil {
			return transaction{}, err
		}
		return render(t), nil
	}
}

func (s *server) find(ctx context.Context, c *call, k pay.Kind, what, id string) (pay.Transaction, error) {
	t, err := s.Gateway.Find(ctx, c.caller, provider.Search{ID: id})
	if pay.KindOf(err) == pay.KindNotFound && err != nil || err == nil && t.Kind != k {
		return pay.Transaction{}, pay.NotFound(what)
	}
	return t, err
}

func (s *server) confirmPayment(ctx context.Context, c *call, in *confirmation) (transaction, error) {
	if _, err := s.find(ctx, c, pay.Payment, "payment", in.ID); err != nil {
		return transaction{}, err
	}
	t, err := s.Gateway.Confirm(ctx, c.caller, in.ID, pay.Secret(in.Body.OTP))
	if err != nil {
		return transaction{}, err
	}
	return render(t), nil
}

func (s *server) cancelPayment(ctx context.Context, c *call, in *ByID) (transaction, error) {
	if _, err := s.find(ctx, c, pay.Payment, "payment", in.ID); err != nil {
		return transaction{}, err
	}
	t, err := s.Gateway.Cancel(ctx, c.caller, in.ID)
	if err != nil {
		return transaction{}, err
	}
	return render(t), nil
}

// seconds is a duration as the API writes it.
func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
