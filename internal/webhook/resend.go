package webhook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Delivery is one event owed to one target, and what came of it so far.
type Delivery struct {
	ID            string
	TransactionID string
	EventID       string
	Sequence      int64
	Type          string
	// Target is an endpoint's id, or the name of the front.
	Target   string
	Status   string
	Attempts int
	// LastStatus is the HTTP status of the last answer, 0 without one;
	// LastError says what was wrong with it.
	LastStatus int
	LastError  string
	// Verdict is a dialect's on the last acknowledgement: "valid", "wrong", "missing".
	Verdict     string
	CreatedAt   time.Time
	CompletedAt time.Time
	// NextAttemptAt is zero once the delivery has ended.
	NextAttemptAt time.Time
}

// Deliveries are those of one of the caller's events, oldest first.
func (s *Sender) Deliveries(ctx context.Context, c provider.Caller, eventID string) ([]Delivery, error) {
	event, err := s.event(ctx, c, eventID)
	if err != nil {
		return nil, err
	}
	rows, err := s.deliveries(ctx, event)
	if err != nil {
		return nil, err
	}
	return views(rows), nil
}

// Resend owes an event once more, to each target that it was owed to or would
// be today, and returns the new deliveries. Endpoints that are disabled or
// deleted are left out.
func (s *Sender) Resend(ctx context.Context, c provider.Caller, eventID string) ([]Delivery, error) {
	event, err := s.event(ctx, c, eventID)
	if err != nil {
		return nil, err
	}
	targets, err := s.targets(ctx, c, event)
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		return nil, pay.Conflict("no_target", "no enabled endpoint takes this event")
	}
	now := s.now()
	var rows []sqlgen.Delivery
	for _, target := range targets {
		rows = append(rows, sqlgen.Delivery{
			MerchantID: event.MerchantID, ID: pay.NewID("dlv", event.MerchantID, now), Mode: event.Mode,
			TransactionID: event.TransactionID, EventID: event.ID, Sequence: event.Sequence, Type: event.Type,
			Target: target, Status: Pending, CreatedAt: now.UnixMilli(), NextAttemptAt: now.UnixMilli(),
		})
	}
	err = s.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, row := range rows {
			if err := tx.InsertDelivery(ctx, sqlgen.InsertDeliveryParams(row)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("resend event %s: %w", event.ID, err)
	}
	s.onWork()
	return views(rows), nil
}

// targets are where an event goes when it is resent.
func (s *Sender) targets(ctx context.Context, c provider.Caller, event sqlgen.Event) ([]string, error) {
	t, err := snapshot(event)
	if err != nil {
		return nil, err
	}
	if t.Front != pay.NativeFront {
		return []string{t.Front}, nil
	}
	endpoints, err := s.Endpoints().List(ctx, c)
	if err != nil {
		return nil, err
	}
	before, err := s.deliveries(ctx, event)
	if err != nil {
		return nil, err
	}
	_, name, _ := strings.Cut(event.Type, ".")
	var targets []string
	for _, e := range endpoints {
		had := slices.ContainsFunc(before, func(d sqlgen.Delivery) bool { return d.Target == e.ID })
		if e.Enabled && had || e.Wants(t.Kind, name) {
			targets = append(targets, e.ID)
		}
	}
	return targets, nil
}

func (s *Sender) event(ctx context.Context, c provider.Caller, id string) (sqlgen.Event, error) {
	event, err := s.Store.Read().GetEvent(ctx, sqlgen.GetEventParams{MerchantID: c.MerchantID, ID: id})
	if errors.Is(err, sql.ErrNoRows) || err == nil && event.Mode != string(c.Mode) {
		return sqlgen.Event{}, pay.NotFound("event")
	}
	if err != nil {
		return event, fmt.Errorf("read event %s: %w", id, err)
	}
	return event, nil
}

func (s *Sender) deliveries(ctx context.Context, event sqlgen.Event) ([]sqlgen.Delivery, error) {
	rows, err := s.Store.Read().ListEventDeliveries(ctx, sqlgen.ListEventDeliveriesParams{
		MerchantID: event.MerchantID, TransactionID: event.TransactionID, EventID: event.ID,
	})
	if err != nil {
		return nil, fmt.Errorf("list deliveries of event %s: %w", event.ID, err)
	}
	return rows, nil
}

func views(rows []sqlgen.Delivery) []Delivery {
	list := make([]Delivery, 0, len(rows))
	for _, d := range rows {
		list = append(list, Delivery{
			ID: d.ID, TransactionID: d.TransactionID, EventID: d.EventID, Sequence: d.Sequence,
			Type: d.Type, Target: d.Target, Status: d.Status, Attempts: int(d.Attempts),
			LastStatus: int(d.LastStatus), LastError: d.LastError, Verdict: d.Verdict,
			CreatedAt: store.Time(d.CreatedAt), CompletedAt: store.Time(d.CompletedAt),
			NextAttemptAt: store.Time(d.NextAttemptAt),
		})
	}
	return list
}
