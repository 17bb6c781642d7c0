package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/pay"
)

type newEndpoint struct {
	Body struct {
		URL    string      `json:"url" minLength:"1" maxLength:"2048" example:"https://shop.example/webhooks"`
		Events []eventType `json:"events,omitempty" maxItems:"64" doc:"The types to send, or * for all; without them the outcomes"`
	} `nameHint:"NewWebhookEndpoint"`
}

type endpointUpdate struct {
	ByID
	Body struct {
		URL     *string      `json:"url,omitempty" minLength:"1" maxLength:"2048"`
		Events  *[]eventType `json:"events,omitempty" maxItems:"64"`
		Enabled *bool        `json:"enabled,omitempty" doc:"false stops the sending and gives up what is still owed"`
	} `nameHint:"WebhookEndpointChange"`
}

// eventType is a type of event, or * for all.
type eventType string

func (eventType) Schema(huma.Registry) *huma.Schema {
	return oneOf(append(webhook.EventTypes(), webhook.AllEvents)...)
}

// WebhookEndpoint is one of your addresses that gets events.
type WebhookEndpoint struct {
	ID              string    `json:"id" example:"we_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge"`
	Mode            pay.Mode  `json:"mode" enum:"test,live"`
	URL             string    `json:"url" example:"https://shop.example/webhooks"`
	Events          []string  `json:"events" doc:"Empty: the outcomes"`
	Enabled         bool      `json:"enabled"`
	DisabledBecause string    `json:"disabled_because,omitempty"`
	CreatedAt       time.Time `json:"created_at"`
}

// createdEndpoint shows the signing secret, this once.
type createdEndpoint struct {
	WebhookEndpoint
	Secret string `json:"secret" example:"whsec_bWFkZS11cC1zaWduaW5nLXNlY3JldA==" doc:"Verify signatures with it; it is not shown again"`
}

func registerEndpoints(s *server) {
	tags := []string{"Webhook endpoints"}
	on(s, operation{Operation: huma.Operation{
		OperationID: "create-webhook-endpoint", Method: http.MethodPost, Path: "/v1/webhook_endpoints", DefaultStatus: http.StatusCreated,
		Tags: tags, Summary: "Have events sent to an address",
		Description: "Messages follow the Standard Webhooks specification. The answer holds the signing `secret`, which is not shown again.",
	}}, s.createEndpoint)
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-webhook-endpoints", Method: http.MethodGet, Path: "/v1/webhook_endpoints", Tags: tags, Summary: "List endpoints",
	}}, s.listEndpoints)
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-webhook-endpoint", Method: http.MethodGet, Path: "/v1/webhook_endpoints/{id}", Tags: tags, Summary: "Read an endpoint",
	}}, s.getEndpoint)
	on(s, operation{Operation: huma.Operation{
		OperationID: "update-webhook-endpoint", Method: http.MethodPatch, Path: "/v1/webhook_endpoints/{id}", Tags: tags, Summary: "Change an endpoint",
	}}, s.updateEndpoint)
	onSilent(s, operation{Operation: huma.Operation{
		OperationID: "delete-webhook-endpoint", Method: http.MethodDelete, Path: "/v1/webhook_endpoints/{id}", Tags: tags, Summary: "Remove an endpoint",
	}}, s.deleteEndpoint)
}

func (s *server) createEndpoint(ctx context.Context, c *call, in *newEndpoint) (createdEndpoint, error) {
	made, secret, err := s.Webhooks.Endpoints().Create(ctx, c.caller, in.Body.URL, texts(in.Body.Events), "")
	if err != nil {
		return createdEndpoint{}, err
	}
	return createdEndpoint{renderEndpoint(made), secret.Reveal()}, nil
}

func (s *server) listEndpoints(ctx context.Context, c *call, in *Page) (list[WebhookEndpoint], error) {
	all, err := s.Webhooks.Endpoints().List(ctx, c.caller)
	if err != nil {
		return list[WebhookEndpoint]{}, err
	}
	return pagedAll(*in, all, func(e webhook.Endpoint) string { return e.ID }, renderEndpoint)
}

func (s *server) getEndpoint(ctx context.Context, c *call, in *ByID) (WebhookEndpoint, error) {
	e, err := s.Webhooks.Endpoints().Get(ctx, c.caller, in.ID)
	if err != nil {
		return WebhookEndpoint{}, err
	}
	return renderEndpoint(e), nil
}

func (s *server) updateEndpoint(ctx context.Context, c *call, in *endpointUpdate) (WebhookEndpoint, error) {
	change := webhook.Change{URL: in.Body.URL, Enabled: in.Body.Enabled}
	if in.Body.Events != nil {
		events := texts(*in.Body.Events)
		change.Events = &events
	}
	e, err := s.Webhooks.Endpoints().Update(ctx, c.caller, in.ID, change)
	if err != nil {
		return WebhookEndpoint{}, err
	}
	return renderEndpoint(e), nil
}

func (s *server) deleteEndpoint(ctx context.Context, c *call, in *ByID) error {
	return s.Webhooks.Endpoints().Delete(ctx, c.caller, in.ID)
}

func renderEndpoint(e webhook.Endpoint) WebhookEndpoint {
	if e.Events == nil {
		e.Events = []string{}
	}
	return WebhookEndpoint{
		ID: e.ID, Mode: e.Mode, URL: e.URL, Events: e.Events, Enabled: e.Enabled,
		DisabledBecause: e.DisabledBecause, CreatedAt: instant(e.CreatedAt),
	}
}

func texts(types []eventType) []string {
	list := make([]string, len(types))
	for i, t := range types {
		list[i] = string(t)
	}
	return list
}
