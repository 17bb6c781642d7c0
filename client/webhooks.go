package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Event is one thing that happened, with the whole object as it was at that moment.
type Event struct {
	ID        string      `json:"id"`
	Type      string      `json:"type"` // payment.succeeded
	CreatedAt time.Time   `json:"created_at"`
	Sequence  int64       `json:"sequence"` // from 1 within the transaction
	Mode      string      `json:"mode"`
	Data      Transaction `json:"data"`
}

// ErrSignature says that a webhook was not signed with the endpoint's secret,
// or is older than five minutes.
var ErrSignature = errors.New("the webhook's signature is not valid")

// Verify checks that a webhook comes from the gateway and reads its event. Body
// is the request's body, byte for byte; secret is the endpoint's (whsec_…). Use
// nothing of a request that does not verify.
//
// A webhook may come more than once: Event.ID is the same each time, and
// Event.Sequence tells which of two events about one transaction is newer.
func Verify(secret string, header http.Header, body []byte) (Event, error) {
	var e Event
	w, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return e, errors.New("the webhook secret is not readable") // the cause quotes it
	}
	if err := w.Verify(body, header); err != nil {
		return e, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return Event{}, fmt.Errorf("read webhook: %w", err)
	}
	return e, nil
}

// Events goes through the events, newest first; transaction narrows them, "" does not.
func (c *Client) Events(ctx context.Context, transaction string) iter.Seq2[Event, error] {
	return all[Event](ctx, c, "/v1/events", query(0, "transaction", transaction))
}

// Event reads an event.
func (c *Client) Event(ctx context.Context, id string) (Event, error) {
	return get[Event](ctx, c, "/v1/events/"+url.PathEscape(id), nil)
}

// ResendEvent sends an event again to every enabled endpoint that had it or wants it.
func (c *Client) ResendEvent(ctx context.Context, id string, opts ...CallOption) error {
	return c.do(ctx, call{method: http.MethodPost, path: "/v1/events/" + url.PathEscape(id) + "/resend"}, opts, nil)
}

// WebhookEndpoint is one of your addresses that gets events. Secret is there
// only in the answer that created it.
type WebhookEndpoint struct {
	ID              string    `json:"id"`
	Mode            string    `json:"mode"`
	URL             string    `json:"url"`
	Events          []string  `json:"events"`
	Enabled         bool      `json:"enabled"`
	DisabledBecause string    `json:"disabled_because"`
	CreatedAt       time.Time `json:"created_at"`
	Secret          string    `json:"secret"`
}

// CreateWebhookEndpoint has events sent to an address; without types it gets the outcomes.
func (c *Client) CreateWebhookEndpoint(ctx context.Context, address string, types []string, opts ...CallOption) (WebhookEndpoint, error) {
	body := map[string]any{"url": address}
	if len(types) > 0 {
		body["events"] = types
	}
	return post[WebhookEndpoint](ctx, c, "/v1/webhook_endpoints", body, opts)
}

// WebhookEndpoints goes through your endpoints.
func (c *Client) WebhookEndpoints(ctx context.Context) iter.Seq2[WebhookEndpoint, error] {
	return all[WebhookEndpoint](ctx, c, "/v1/webhook_endpoints", nil)
}

// EnableWebhookEndpoint starts or stops the sending to an endpoint.
func (c *Client) EnableWebhookEndpoint(ctx context.Context, id string, enabled bool) (WebhookEndpoint, error) {
	var e WebhookEndpoint
	err := c.do(ctx, call{
		method: http.MethodPatch, path: "/v1/webhook_endpoints/" + url.PathEscape(id), body: map[string]bool{"enabled": enabled},
	}, nil, &e)
	return e, err
}

// DeleteWebhookEndpoint removes an endpoint.
func (c *Client) DeleteWebhookEndpoint(ctx context.Context, id string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: "/v1/webhook_endpoints/" + url.PathEscape(id)}, nil, nil)
}
