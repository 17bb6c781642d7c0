package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Webhooks tell merchants what happened.
type Webhooks interface {
	Endpoints() webhook.Endpoints
	Resend(ctx context.Context, c provider.Caller, eventID string) ([]webhook.Delivery, error)
	Deliveries(ctx context.Context, c provider.Caller, eventID string) ([]webhook.Delivery, error)
}

// event is one thing that happened, in the shape that webhooks carry.
type event struct {
	ID        string      `json:"id" example:"evt_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge"`
	Type      string      `json:"type" example:"payment.succeeded"`
	CreatedAt time.Time   `json:"created_at"`
	Sequence  int64       `json:"sequence" example:"2" doc:"Counts from 1 within the transaction"`
	Mode      pay.Mode    `json:"mode" enum:"test,live"`
	Data      transaction `json:"data" doc:"The whole object as it was at that moment"`
}

// delivery is an event on its way to one of your addresses.
type delivery struct {
	ID            string     `json:"id"`
	Event         string     `json:"event"`
	Target        string     `json:"target" doc:"A webhook endpoint's id, or the name of the API the transaction entered through"`
	Status        string     `json:"status" example:"delivered"`
	Attempts      int        `json:"attempts"`
	LastStatus    int        `json:"last_status" doc:"The HTTP status of your last answer; 0 without one"`
	LastError     string     `json:"last_error,omitempty"`
	CreatedAt     time.Time  `json:"created_at"`
	CompletedAt   *time.Time `json:"completed_at"`
	NextAttemptAt *time.Time `json:"next_attempt_at"`
}

// TransformSchema documents what may be null.
func (delivery) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return orNull(s, "completed_at", "next_attempt_at")
}

func registerEvents(s *server) {
	tags := []string{"Events"}
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-events", Method: http.MethodGet, Path: "/v1/events",
		Tags: tags, Summary: "List events", Description: "Newest first.",
	}}, s.listEvents)
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-event", Method: http.MethodGet, Path: "/v1/events/{id}", Tags: tags, Summary: "Read an event",
	}}, s.getEvent)
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-event-deliveries", Method: http.MethodGet, Path: "/v1/events/{id}/deliveries",
		Tags: tags, Summary: "Where an event was sent",
	}}, s.listDeliveries)
	on(s, operation{Operation: huma.Operation{
		OperationID: "resend-event", Method: http.MethodPost, Path: "/v1/events/{id}/resend", DefaultStatus: http.StatusAccepted,
		Tags: tags, Summary: "Send an event again", Description: "To every enabled endpoint that had it or wants it now; 409 `no_target` when there is none.",
	}}, s.resendEvent)
}

func (s *server) listEvents(ctx context.Context, c *call, in *ofTransaction) (list[event], error) {
	before, err := in.before()
	if err != nil {
		return list[event]{}, err
	}
	var rows []sqlgen.Event
	if in.Transaction != "" {
		rows, err = s.read().ListTransactionEvents(ctx, sqlgen.ListTransactionEventsParams{
			MerchantID: c.caller.MerchantID, TransactionID: in.Transaction,
		})
		rows = newest(rows, before, c, func(e sqlgen.Event) (string, string) { return e.ID, e.Mode })
	} else {
		rows, err = s.read().ListEvents(ctx, sqlgen.ListEventsParams{
			MerchantID: c.caller.MerchantID, Mode: string(c.caller.Mode), Before: before, Count: int64(in.Limit + 1),
		})
	}
	if err != nil {
		return list[event]{}, fmt.Errorf("list events: %w", err)
	}
	found := make([]event, len(rows))
	for i, row := range rows {
		if found[i], err = renderEvent(row); err != nil {
			return list[event]{}, err
		}
	}
	return paged(in.Page, found, func(e event) string { return e.ID }, func(e event) event { return e }), nil
}

func (s *server) getEvent(ctx context.Context, c *call, in *ByID) (event, error) {
	row, err := s.read().GetEvent(ctx, sqlgen.GetEventParams{MerchantID: c.caller.MerchantID, ID: in.ID})
	if err := foreign(err, row.Mode, c, "event"); err != nil {
		return event{}, err
	}
	return renderEvent(row)
}

func renderEvent(r sqlgen.Event) (event, error) {
	var t pay.Transaction
	if err := json.Unmarshal([]byte(r.Snapshot), &t); err != nil {
		return event{}, fmt.Errorf("read snapshot of event %s: %w", r.ID, err)
	}
	return event{
		ID: r.ID, Type: r.Type, CreatedAt: store.Time(r.CreatedAt), Sequence: r.Sequence,
		Mode: pay.Mode(r.Mode), Data: render(t),
	}, nil
}

func (s *server) listDeliveries(ctx context.Context, c *call, in *ByID) (list[delivery], error) {
	found, err := s.Webhooks.Deliveries(ctx, c.caller, in.ID)
	if err != nil {
		return list[delivery]{}, err
	}
	return renderDeliveries(found), nil
}

func (s *server) resendEvent(ctx context.Context, c *call, in *ByID) (list[delivery], error) {
	found, err := s.Webhooks.Resend(ctx, c.caller, in.ID)
	if err != nil {
		return list[delivery]{}, err
	}
	return renderDeliveries(found), nil
}

// renderDeliveries makes one page of all: an event has few.
func renderDeliveries(found []webhook.Delivery) list[delivery] {
	l := list[delivery]{Data: []delivery{}}
	for _, d := range found {
		l.Data = append(l.Data, delivery{
			ID: d.ID, Event: d.EventID, Target: d.Target, Status: d.Status, Attempts: d.Attempts, LastStatus: d.LastStatus,
			LastError: d.LastError, CreatedAt: d.CreatedAt, CompletedAt: instantOrNull(d.CompletedAt),
			NextAttemptAt: instantOrNull(d.NextAttemptAt),
		})
	}
	return l
}
