package webhook

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// nativeTimeout is how long an endpoint has to answer.
const nativeTimeout = 15 * time.Second

// Payload is the body of a native webhook: an event with the whole object as
// it was at that moment.
type Payload struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	CreatedAt time.Time `json:"created_at"`
	Sequence  int64     `json:"sequence"`
	Mode      pay.Mode  `json:"mode"`
	Data      any       `json:"data"`
}

// native makes the Standard Webhooks message for an endpoint. The webhook-id is
// the event's, the same for every try; the signature covers the moment of this one.
func (s *Sender) native(ctx context.Context, d sqlgen.Delivery, event sqlgen.Event, t pay.Transaction) (message, error) {
	// As of a second ago at worst: where another node has just changed it, this
	// try could as well have been made before.
	endpoint, err := s.endpoints.Get(d.MerchantID+"/"+d.Target, func() (sqlgen.WebhookEndpoint, error) {
		return s.Store.Read().GetEndpoint(ctx, sqlgen.GetEndpointParams{MerchantID: d.MerchantID, ID: d.Target})
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return message{}, &unsendable{Failed, "the endpoint no longer exists"}
	case err != nil:
		return message{}, fmt.Errorf("read endpoint %s: %w", d.Target, err)
	case !endpoint.Enabled:
		return message{}, &unsendable{Failed, "the endpoint is disabled"}
	}
	body, err := s.payload(event, t)
	if err != nil {
		return message{}, err
	}
	now := s.now()
	header, err := s.sign(endpoint, event.ID, now, body)
	if err != nil {
		return message{}, err
	}
	return message{
		call:    provider.Call{Method: http.MethodPost, URL: endpoint.Url, Header: header, Body: body},
		timeout: nativeTimeout, endpoint: &endpoint,
		judge: func(a answer) provider.Ack { return provider.Ack{Delivered: a.ok()} },
		retry: func(n int64, a answer) (time.Duration, bool) { return nativeRetry(n, a, s.now()) },
	}, nil
}

func (s *Sender) payload(event sqlgen.Event, t pay.Transaction) ([]byte, error) {
	data, err := s.Render(t)
	if err != nil {
		return nil, fmt.Errorf("render transaction of event %s: %w", event.ID, err)
	}
	body, err := json.Marshal(Payload{
		ID: event.ID, Type: event.Type, CreatedAt: store.Time(event.CreatedAt),
		Sequence: event.Sequence, Mode: pay.Mode(event.Mode), Data: data,
	})
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", event.ID, err)
	}
	return body, nil
}

// snapshot is the transaction as it was at an event.
func snapshot(event sqlgen.Event) (pay.Transaction, error) {
	var t pay.Transaction
	if err := json.Unmarshal([]byte(event.Snapshot), &t); err != nil {
		return t, fmt.Errorf("read snapshot of event %s: %w", event.ID, err)
	}
	return t, nil
}

func (s *Sender) sign(endpoint sqlgen.WebhookEndpoint, id string, at time.Time, body []byte) (http.Header, error) {
	key, err := OpenSecret(s.Box, endpoint)
	if err != nil {
		return nil, err
	}
	signer, err := standardwebhooks.NewWebhook(key.Reveal())
	if err != nil {
		return nil, fmt.Errorf("read signing secret of endpoint %s", endpoint.ID) // the cause quotes it
	}
	signature, err := signer.Sign(id, at, body)
	if err != nil {
		return nil, fmt.Errorf("sign event %s: %w", id, err)
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return h, nil
}
