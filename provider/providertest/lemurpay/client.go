package lemurpay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/passerelle-pay/passerelle/pay"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// Client calls LemurPay.
type Client struct {
	Base string
	Key  pay.Secret
	HTTP *http.Client
}

// Refusal is LemurPay's documented refusal of a request. Any other error says
// nothing about the payment.
type Refusal struct{ Code string }

// Error implements error.
func (r *Refusal) Error() string { return "lemurpay refuses the request: " + r.Code }

// CredentialsRefused tells the gateway's trial of a connection that LemurPay
// refused who asks, not what was asked.
func (r *Refusal) CredentialsRefused() bool { return r.Code == codeKey }

// Pay posts an order.
func (c *Client) Pay(ctx context.Context, o Order) (Payment, error) {
	body, err := json.Marshal(o)
	if err != nil {
		return Payment{}, fmt.Errorf("encode order: %w", err)
	}
	return c.call(ctx, http.MethodPost, pathPayments, body)
}

// Find asks what became of an order.
func (c *Client) Find(ctx context.Context, id string) (Payment, error) {
	return c.call(ctx, http.MethodGet, pathPayments+"/"+url.PathEscape(id), nil)
}

func (c *Client) call(ctx context.Context, method, path string, body []byte) (Payment, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return Payment{}, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Key "+c.Key.Reveal())
	req.Header.Set("Content-Type", "application/json")
	res, err := c.HTTP.Do(req)
	if err != nil {
		return Payment{}, fmt.Errorf("call lemurpay: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return Payment{}, fmt.Errorf("read answer: %w", err)
	}
	return read(res.StatusCode, text)
}

// read believes what is documented and nothing else. It quotes nothing of an
// answer that it can't read: it may hold the key.
func read(status int, text []byte) (Payment, error) {
	var p Payment
	if status/100 == 2 && json.Unmarshal(text, &p) == nil && p.ID != "" && outcomes[p.State] != "" {
		return p, nil
	}
	var refused problem
	if json.Unmarshal(text, &refused) == nil && refusals[refused.Error].status == status {
		return Payment{}, &Refusal{Code: refused.Error}
	}
	return Payment{}, fmt.Errorf("lemurpay answered HTTP %d with what it does not document", status)
}
