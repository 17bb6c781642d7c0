package webhook

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// maxEndpoints bounds the endpoints of a merchant in one mode: each event is
// sent to all of them.
const maxEndpoints = 32

// AllEvents asks for every type of event.
const AllEvents = pay.EveryEvent

// Endpoints are the use cases on a merchant's endpoints. An endpoint belongs to
// a merchant and a mode; to any other caller it does not exist.
type Endpoints struct {
	Store *store.Store
	Box   secret.Box
	// CheckURL refuses an address that could never be called.
	CheckURL func(string) error
	Now      func() time.Time
}

// Endpoint is one address that gets a merchant's events, without its secret.
type Endpoint struct {
	ID   string
	Mode pay.Mode
	URL  string
	// Events are the types asked for; none asks for the outcomes.
	Events  []string
	Enabled bool
	// DisabledBecause says why an endpoint is not enabled.
	DisabledBecause string
	CreatedAt       time.Time
}

// Wants reports whether the endpoint asks for a type of event.
func (e Endpoint) Wants(kind pay.Kind, event string) bool {
	return e.Enabled && pay.Wanted(e.Events, kind, event)
}

// EventTypes lists every type of event that an endpoint may ask for by name.
func EventTypes() []string {
	names := []string{"created"}
	for _, s := range pay.Statuses() {
		names = append(names, string(s))
	}
	names = append(names, "duplicate")
	var types []string
	for _, kind := range []pay.Kind{pay.Payment, pay.Payout, pay.Refund} {
		for _, name := range names {
			types = append(types, pay.EventType(kind, name))
		}
	}
	return types
}

// Create adds an endpoint and returns its signing secret, which is not shown
// again. Fixed is the secret to use; "" makes one. Once it returns, every node
// tells the endpoint what it asks for.
func (e Endpoints) Create(ctx context.Context, c provider.Caller, url string, events []string, fixed pay.Secret) (Endpoint, pay.Secret, error) {
	list, err := e.checked(url, events)
	if err != nil {
		return Endpoint{}, "", err
	}
	key := fixed
	if key.IsZero() {
		key = NewSecret()
	} else if err := checkSecret(key); err != nil {
		return Endpoint{}, "", err
	}
	now := e.Now().UTC()
	row := sqlgen.InsertEndpointParams{
		MerchantID: c.MerchantID, ID: pay.NewID("we", c.MerchantID, now), Mode: string(c.Mode),
		Url: url, Events: list, Enabled: true, CreatedAt: now.UnixMilli(),
	}
	if row.Secret, err = SealSecret(e.Box, key, row.MerchantID, row.ID); err != nil {
		return Endpoint{}, "", err
	}
	err = e.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		others, err := tx.ListEndpoints(ctx, sqlgen.ListEndpointsParams{MerchantID: c.MerchantID, Mode: string(c.Mode)})
		if err != nil {
			return fmt.Errorf("list endpoints: %w", err)
		}
		if len(others) >= maxEndpoints {
			return pay.Conflict("too_many_endpoints", fmt.Sprintf("a merchant has at most %d webhook endpoints", maxEndpoints))
		}
		return tx.InsertEndpoint(ctx, row)
	})
	if err != nil {
		return Endpoint{}, "", fmt.Errorf("add endpoint: %w", err)
	}
	e.Store.Spread(ctx)
	made, err := decode(sqlgen.WebhookEndpoint(row))
	return made, key, err
}

// Change is what Update changes; nil leaves as it is.
type Change struct {
	URL    *string
	Events *[]string
	// Enabled puts a disabled endpoint back to work. One that is disabled loses
	// what it is still owed; its events can be resent.
	Enabled *bool
}

// Update changes an endpoint, for every node once it returns.
func (e Endpoints) Update(ctx context.Context, c provider.Caller, id string, change Change) (Endpoint, error) {
	var after Endpoint
	err := e.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := e.row(ctx, tx.Queries, c, id)
		if err != nil {
			return err
		}
		if after, err = e.change(&row, change); err != nil {
			return err
		}
		_, err = tx.UpdateEndpoint(ctx, sqlgen.UpdateEndpointParams{
			Url: row.Url, Events: row.Events, Secret: row.Secret, Enabled: row.Enabled,
			DisabledBecause: row.DisabledBecause, MerchantID: row.MerchantID, ID: row.ID,
		})
		if err != nil {
			return fmt.Errorf("update endpoint %s: %w", id, err)
		}
		if row.Enabled {
			return nil
		}
		return giveUp(ctx, tx, c.MerchantID, id, "the endpoint is disabled", e.Now().UTC())
	})
	if err == nil && after.Enabled {
		e.Store.Spread(ctx)
	}
	return after, err
}

// change applies a change to a row.
func (e Endpoints) change(row *sqlgen.WebhookEndpoint, change Change) (Endpoint, error) {
	before, err := decode(*row)
	if err != nil {
		return Endpoint{}, err
	}
	url, events := before.URL, before.Events
	if change.URL != nil {
		url = *change.URL
	}
	if change.Events != nil {
		events = *change.Events
	}
	if row.Events, err = e.checked(url, events); err != nil {
		return Endpoint{}, err
	}
	row.Url = url
	if change.Enabled != nil && *change.Enabled != row.Enabled {
		row.Enabled, row.DisabledBecause = *change.Enabled, ""
		if !row.Enabled {
			row.DisabledBecause = "disabled by its owner"
		}
	}
	return decode(*row)
}

// Delete removes an endpoint and gives up what it was owed.
func (e Endpoints) Delete(ctx context.Context, c provider.Caller, id string) error {
	return e.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.DeleteEndpoint(ctx, sqlgen.DeleteEndpointParams{MerchantID: c.MerchantID, Mode: string(c.Mode), ID: id})
		if err != nil {
			return fmt.Errorf("delete endpoint %s: %w", id, err)
		}
		if n == 0 {
			return pay.NotFound("webhook endpoint")
		}
		return giveUp(ctx, tx, c.MerchantID, id, "the endpoint was deleted", e.Now().UTC())
	})
}

// Get reads one endpoint of the caller's.
func (e Endpoints) Get(ctx context.Context, c provider.Caller, id string) (Endpoint, error) {
	row, err := e.row(ctx, e.Store.Read(), c, id)
	if err != nil {
		return Endpoint{}, err
	}
	return decode(row)
}

// List reads the caller's endpoints, oldest first.
func (e Endpoints) List(ctx context.Context, c provider.Caller) ([]Endpoint, error) {
	rows, err := e.Store.Read().ListEndpoints(ctx, sqlgen.ListEndpointsParams{MerchantID: c.MerchantID, Mode: string(c.Mode)})
	if err != nil {
		return nil, fmt.Errorf("list endpoints: %w", err)
	}
	list := make([]Endpoint, 0, len(rows))
	for _, row := range rows {
		one, err := decode(row)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

func (e Endpoints) row(ctx context.Context, q *sqlgen.Queries, c provider.Caller, id string) (sqlgen.WebhookEndpoint, error) {
	row, err := q.GetEndpoint(ctx, sqlgen.GetEndpointParams{MerchantID: c.MerchantID, ID: id})
	if errors.Is(err, sql.ErrNoRows) || err == nil && row.Mode != string(c.Mode) {
		return sqlgen.WebhookEndpoint{}, pay.NotFound("webhook endpoint")
	}
	if err != nil {
		return row, fmt.Errorf("read endpoint %s: %w", id, err)
	}
	return row, nil
}

// checked refuses an address that can't be called and unknown types of event,
// and returns the types as they are stored.
func (e Endpoints) checked(url string, events []string) (string, error) {
	if err := e.CheckURL(url); err != nil {
		return "", pay.Invalid("url", "the address is not one that can be called")
	}
	known := append(EventTypes(), AllEvents)
	list := []string{}
	for _, event := range events {
		if !slices.Contains(known, event) {
			return "", pay.Invalid("events", "there is no such type of event")
		}
		if !slices.Contains(list, event) {
			list = append(list, event)
		}
	}
	b, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("encode events: %w", err)
	}
	return string(b), nil
}

func decode(row sqlgen.WebhookEndpoint) (Endpoint, error) {
	e := Endpoint{
		ID: row.ID, Mode: pay.Mode(row.Mode), URL: row.Url, Enabled: row.Enabled,
		DisabledBecause: row.DisabledBecause, CreatedAt: store.Time(row.CreatedAt),
	}
	if err := json.Unmarshal([]byte(row.Events), &e.Events); err != nil {
		return e, fmt.Errorf("read events of endpoint %s: %w", row.ID, err)
	}
	return e, nil
}

// giveUp ends all that an endpoint is owed.
func giveUp(ctx context.Context, tx *store.Tx, merchantID, id, because string, now time.Time) error {
	_, err := tx.FailTargetDeliveries(ctx, sqlgen.FailTargetDeliveriesParams{
		LastError: because, CompletedAt: now.UnixMilli(), MerchantID: merchantID, Target: id,
	})
	if err != nil {
		return fmt.Errorf("give up deliveries to endpoint %s: %w", id, err)
	}
	return nil
}
