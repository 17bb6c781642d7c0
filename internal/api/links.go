package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// prefixLink starts a link's id, which is the front reference of its payment.
const prefixLink = "plink"

type newLink struct {
	Body struct {
		Reference   string       `json:"reference" minLength:"1" maxLength:"255" example:"invoice-77" doc:"Your own id; a link shares its references with payments"`
		Amount      int64        `json:"amount" minimum:"1" maximum:"9007199254740991" example:"15000"`
		Currency    currency     `json:"currency" example:"XAF"`
		Description string       `json:"description,omitempty" maxLength:"500" example:"Invoice 77" doc:"Shown to the customer"`
		Customer    *newCustomer `json:"customer,omitempty"`
		ReturnURL   string       `json:"return_url,omitempty" maxLength:"2048"`
		Metadata    metadata     `json:"metadata,omitempty"`
		ExpiresIn   int64        `json:"expires_in,omitempty" minimum:"60" maximum:"2592000" example:"86400" doc:"Seconds after which the unused link ends; a day unless told otherwise"`
	} `nameHint:"NewPaymentLink"`
}

// paymentLink is a payment that waits on its hosted page for whoever opens it.
type paymentLink struct {
	ID          string            `json:"id" example:"plink_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge"`
	Mode        pay.Mode          `json:"mode" enum:"test,live"`
	URL         string            `json:"url" example:"https://pay.example/pay/7kq2m9x4abcdefgh0123456789jkmnpq" doc:"Send it to the customer"`
	Status      status            `json:"status" doc:"The payment's status"`
	Reference   string            `json:"reference" example:"invoice-77"`
	Amount      int64             `json:"amount" example:"15000"`
	Currency    currency          `json:"currency" example:"XAF"`
	Description string            `json:"description,omitempty"`
	Payment     string            `json:"payment" doc:"The id of the payment that the link asks for"`
	Metadata    map[string]string `json:"metadata"`
	CreatedAt   time.Time         `json:"created_at"`
	ExpiresAt   *time.Time        `json:"expires_at"`
}

func registerLinks(s *server) {
	on(s, operation{commits: true, Operation: huma.Operation{
		OperationID: "create-payment-link", Method: http.MethodPost, Path: "/v1/payment_links", DefaultStatus: http.StatusCreated,
		Tags: []string{"Payment links"}, Summary: "Make a link to pay",
		Description: "A payment whose customer chooses the method on the hosted page at `url`, and may try again after a refusal.",
	}}, s.createLink)
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-payment-links", Method: http.MethodGet, Path: "/v1/payment_links",
		Tags: []string{"Payment links"}, Summary: "List links", Description: "Newest first.",
	}}, s.listLinks)
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-payment-link", Method: http.MethodGet, Path: "/v1/payment_links/{id}",
		Tags: []string{"Payment links"}, Summary: "Read a link",
	}}, s.getLink)
	on(s, operation{Operation: huma.Operation{
		OperationID: "cancel-payment-link", Method: http.MethodPost, Path: "/v1/payment_links/{id}/cancel",
		Tags: []string{"Payment links"}, Summary: "Withdraw a link", Description: "409 `not_cancelable` once somebody is paying or has paid.",
	}}, s.cancelLink)
}

func (s *server) createLink(ctx context.Context, c *call, in *newLink) (paymentLink, error) {
	b := in.Body
	req, err := s.request(pay.Payment, newTransaction{
		Reference: b.Reference, Amount: b.Amount, Currency: b.Currency, Description: b.Description,
		Customer: b.Customer, ReturnURL: b.ReturnURL, Metadata: b.Metadata, ExpiresIn: b.ExpiresIn,
	})
	if err != nil {
		return paymentLink{}, err
	}
	req.NewFrontReference = func() string { return pay.NewID(prefixLink, c.caller.MerchantID, s.Now()) }
	t, err := s.Gateway.CreateOnce(ctx, c.caller, req, c.claim)
	if err != nil {
		return paymentLink{}, err
	}
	return s.link(t), nil
}

// isLink tells whether a payment was asked for by a link.
func isLink(t pay.Transaction) bool {
	return t.Front == pay.NativeFront && strings.HasPrefix(t.FrontReference, prefixLink+"_")
}

func linkID(t pay.Transaction) string { return t.FrontReference }

func (s *server) link(t pay.Transaction) paymentLink {
	v := render(t)
	return paymentLink{
		ID: linkID(t), Mode: t.Mode, URL: s.Gateway.CheckoutURL(t.Checkout.Token), Status: v.Status,
		Reference: t.Reference, Amount: v.Amount, Currency: v.Currency, Description: t.Description, Payment: t.ID,
		Metadata: v.Metadata, CreatedAt: v.CreatedAt, ExpiresAt: v.ExpiresAt,
	}
}

func (s *server) findLink(ctx context.Context, c *call, id string) (pay.Transaction, error) {
	t, err := s.Gateway.Find(ctx, c.caller, provider.Search{FrontReference: id})
	if err != nil && pay.KindOf(err) == pay.KindNotFound || err == nil && !isLink(t) {
		return t, pay.NotFound("payment link")
	}
	return t, err
}

func (s *server) getLink(ctx context.Context, c *call, in *ByID) (paymentLink, error) {
	t, err := s.findLink(ctx, c, in.ID)
	if err != nil {
		return paymentLink{}, err
	}
	return s.link(t), nil
}

func (s *server) cancelLink(ctx context.Context, c *call, in *ByID) (paymentLink, error) {
	t, err := s.findLink(ctx, c, in.ID)
	if err != nil {
		return paymentLink{}, err
	}
	if t, err = s.Gateway.Cancel(ctx, c.caller, t.ID); err != nil {
		return paymentLink{}, err
	}
	return s.link(t), nil
}

func (s *server) listLinks(ctx context.Context, c *call, in *Page) (list[paymentLink], error) {
	before, err := in.before()
	if err != nil {
		return list[paymentLink]{}, err
	}
	rows, err := s.read().ListByFrontReference(ctx, sqlgen.ListByFrontReferenceParams{
		MerchantID: c.caller.MerchantID, Mode: string(c.caller.Mode), Front: pay.NativeFront,
		Before: before, Count: int64(in.Limit + 1),
	})
	if err != nil {
		return list[paymentLink]{}, fmt.Errorf("list payment links: %w", err)
	}
	found := make([]pay.Transaction, len(rows))
	for i, row := range rows {
		if found[i], err = store.DecodeTransaction(row); err != nil {
			return list[paymentLink]{}, err
		}
	}
	return paged(*in, found, linkID, s.link), nil
}

// inCurrency is an amount of the API in the gateway's type.
func inCurrency(minor int64, c currency) money.Amount { return money.New(minor, money.Currency(c)) }
