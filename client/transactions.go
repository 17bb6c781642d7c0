package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// CreatePayment takes a payment.
func (c *Client) CreatePayment(ctx context.Context, n NewTransaction, opts ...CallOption) (Transaction, error) {
	return post[Transaction](ctx, c, "/v1/payments", n, opts)
}

// Payment reads a payment.
func (c *Client) Payment(ctx context.Context, id string) (Transaction, error) {
	return get[Transaction](ctx, c, "/v1/payments/"+url.PathEscape(id), nil)
}

// Filter narrows a list of transactions; empty fields match all.
type Filter struct {
	Status    string
	Reference string
	Phone     string // international
	// PageSize is how many are read at a time, at most 100; 0 is the gateway's own.
	PageSize int
}

func (f Filter) query() url.Values {
	return query(f.PageSize, "status", f.Status, "reference", f.Reference, "phone", f.Phone)
}

// Payments goes through the payments, newest first, reading page after page.
func (c *Client) Payments(ctx context.Context, f Filter) iter.Seq2[Transaction, error] {
	return all[Transaction](ctx, c, "/v1/payments", f.query())
}

// ConfirmPayment passes the customer's one-time password on.
func (c *Client) ConfirmPayment(ctx context.Context, id, otp string, opts ...CallOption) (Transaction, error) {
	return post[Transaction](ctx, c, "/v1/payments/"+url.PathEscape(id)+"/confirm", map[string]string{"otp": otp}, opts)
}

// CancelPayment gives a payment up; CodeNotCancelable when the customer may be paying.
func (c *Client) CancelPayment(ctx context.Context, id string, opts ...CallOption) (Transaction, error) {
	return post[Transaction](ctx, c, "/v1/payments/"+url.PathEscape(id)+"/cancel", nil, opts)
}

// CreatePayout sends money to a customer.
func (c *Client) CreatePayout(ctx context.Context, n NewTransaction, opts ...CallOption) (Transaction, error) {
	return post[Transaction](ctx, c, "/v1/payouts", n, opts)
}

// Payout reads a payout.
func (c *Client) Payout(ctx context.Context, id string) (Transaction, error) {
	return get[Transaction](ctx, c, "/v1/payouts/"+url.PathEscape(id), nil)
}

// Payouts goes through the payouts, newest first.
func (c *Client) Payouts(ctx context.Context, f Filter) iter.Seq2[Transaction, error] {
	return all[Transaction](ctx, c, "/v1/payouts", f.query())
}

// NewRefund asks for a refund; Amount 0 gives back all that is left.
type NewRefund struct {
	Reference   string            `json:"reference"`
	Payment     string            `json:"payment"`
	Amount      int64             `json:"amount,omitempty"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// CreateRefund gives a payment back.
func (c *Client) CreateRefund(ctx context.Context, n NewRefund, opts ...CallOption) (Transaction, error) {
	return post[Transaction](ctx, c, "/v1/refunds", n, opts)
}

// Refund reads a refund.
func (c *Client) Refund(ctx context.Context, id string) (Transaction, error) {
	return get[Transaction](ctx, c, "/v1/refunds/"+url.PathEscape(id), nil)
}

// Refunds goes through the refunds, newest first.
func (c *Client) Refunds(ctx context.Context, f Filter) iter.Seq2[Transaction, error] {
	return all[Transaction](ctx, c, "/v1/refunds", f.query())
}

// Batch is a set of payouts asked for at once.
type Batch struct {
	ID        string          `json:"id"`
	Mode      string          `json:"mode"`
	Reference string          `json:"reference"`
	Status    string          `json:"status"` // processing, completed, awaiting_approval, rejected
	Total     int64           `json:"total"`
	Counts    map[string]int  `json:"counts"` // by status
	Refused   []RefusedPayout `json:"refused"`
	Payouts   []Transaction   `json:"payouts"`
	CreatedAt time.Time       `json:"created_at"`
}

// RefusedPayout is one that was refused before it became a payout.
type RefusedPayout struct {
	Index     int    `json:"index"`
	Reference string `json:"reference"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	Param     string `json:"param"`
}

// CreateBatch sends money to many customers. It answers at once; [Client.Batch]
// tells how far it is.
func (c *Client) CreateBatch(ctx context.Context, reference string, payouts []NewTransaction, opts ...CallOption) (Batch, error) {
	return post[Batch](ctx, c, "/v1/payouts/batches", map[string]any{"reference": reference, "payouts": payouts}, opts)
}

// Batch reads a batch with its payouts.
func (c *Client) Batch(ctx context.Context, id string) (Batch, error) {
	return get[Batch](ctx, c, "/v1/payouts/batches/"+url.PathEscape(id), nil)
}

// NewPaymentLink asks for a link.
type NewPaymentLink struct {
	Reference   string            `json:"reference"`
	Amount      int64             `json:"amount"`
	Currency    string            `json:"currency"`
	Description string            `json:"description,omitempty"`
	Customer    *NewCustomer      `json:"customer,omitempty"`
	ReturnURL   string            `json:"return_url,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	ExpiresIn   int64             `json:"expires_in,omitempty"`
}

// PaymentLink is a payment that waits at URL for whoever opens it.
type PaymentLink struct {
	ID          string            `json:"id"`
	Mode        string            `json:"mode"`
	URL         string            `json:"url"`
	Status      string            `json:"status"`
	Reference   string            `json:"reference"`
	Amount      int64             `json:"amount"`
	Currency    string            `json:"currency"`
	Description string            `json:"description"`
	Payment     string            `json:"payment"`
	Metadata    map[string]string `json:"metadata"`
	CreatedAt   time.Time         `json:"created_at"`
	ExpiresAt   *time.Time        `json:"expires_at"`
}

// CreatePaymentLink makes a link to pay.
func (c *Client) CreatePaymentLink(ctx context.Context, n NewPaymentLink, opts ...CallOption) (PaymentLink, error) {
	return post[PaymentLink](ctx, c, "/v1/payment_links", n, opts)
}

// PaymentLink reads a link.
func (c *Client) PaymentLink(ctx context.Context, id string) (PaymentLink, error) {
	return get[PaymentLink](ctx, c, "/v1/payment_links/"+url.PathEscape(id), nil)
}

// PaymentLinks goes through the links, newest first.
func (c *Client) PaymentLinks(ctx context.Context) iter.Seq2[PaymentLink, error] {
	return all[PaymentLink](ctx, c, "/v1/payment_links", nil)
}

// CancelPaymentLink withdraws a link that nobody has used.
func (c *Client) CancelPaymentLink(ctx context.Context, id string, opts ...CallOption) (PaymentLink, error) {
	return post[PaymentLink](ctx, c, "/v1/payment_links/"+url.PathEscape(id)+"/cancel", nil, opts)
}

func get[T any](ctx context.Context, c *Client, path string, q url.Values) (T, error) {
	var v T
	err := c.do(ctx, call{method: http.MethodGet, path: path, query: q}, nil, &v)
	return v, err
}

func post[T any](ctx context.Context, c *Client, path string, body any, opts []CallOption) (T, error) {
	var v T
	err := c.do(ctx, call{method: http.MethodPost, path: path, body: body}, opts, &v)
	return v, err
}
