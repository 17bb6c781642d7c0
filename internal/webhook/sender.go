package webhook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// The statuses of a delivery.
const (
	Pending   = "pending"
	Delivered = "delivered"
	Failed    = "failed"
	// Skipped: the dialect has nothing to say of the event.
	Skipped = "skipped"
)

// Config is what a Sender is built from.
type Config struct {
	Store *store.Store
	Box   secret.Box
	// Outbound is the guarded way to merchants' addresses.
	Outbound *outbound.Client
	// Dialects are the fronts that send notices of their own, by name.
	Dialects map[string]provider.Dialect
	// Render gives the native API's object of a transaction, to be encoded as JSON.
	Render func(pay.Transaction) (any, error)
	// Delay, when it says true, replaces the delay that a dialect puts before
	// its first try. Nil replaces none.
	Delay func(pay.Mode) (time.Duration, bool)
	// Faults spoil notifications of test transactions on demand; nil spoils none.
	Faults Faults
	// PerHost bounds the deliveries that are on their way to one host at once;
	// zero is 32. It is well below the number of workers.
	PerHost int
	Now     func() time.Time
	Log     *slog.Logger
}

// Sender delivers events. It is safe for concurrent use.
type Sender struct {
	Config
	client    *http.Client
	hosts     *hosts
	endpoints *store.Settings[string, sqlgen.WebhookEndpoint]
	onWork    func()
}

// New builds a Sender.
func New(c Config) *Sender {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.PerHost <= 0 {
		c.PerHost = defaultPerHost
	}
	return &Sender{
		Config: c, client: c.Outbound.HTTPClient(), hosts: newHosts(c.PerHost),
		endpoints: store.NewSettings[string, sqlgen.WebhookEndpoint](c.Store), onWork: func() {},
	}
}

// OnWork registers who is told that deliveries are due now. Call it before traffic.
func (s *Sender) OnWork(f func()) { s.onWork = f }

// Endpoints are the use cases on merchants' endpoints, on the sender's store.
func (s *Sender) Endpoints() Endpoints {
	return Endpoints{Store: s.Store, Box: s.Box, CheckURL: s.Outbound.CheckURL, Now: s.Now}
}

// Claim takes up to limit deliveries that are due; nobody else gets them until
// their lease ends.
func (s *Sender) Claim(ctx context.Context, limit int) ([]store.DueDelivery, error) {
	return s.Store.ClaimDeliveries(ctx, s.now(), limit)
}

// Work does what a claimed delivery owes: one try, or a reason to make it later
// or never. An error leaves the row to its lease.
func (s *Sender) Work(ctx context.Context, due store.DueDelivery) error {
	d, event, err := s.read(ctx, due)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read delivery %s: %w", due.ID, err)
	}
	if d.Status != Pending || d.NextAttemptAt <= s.now().UnixMilli() {
		return nil // it has ended, or the lease has before the work began
	}
	j := &job{Sender: s, d: d, lease: d.NextAttemptAt}
	if !due.First {
		if waits, err := j.waitsForEarlier(ctx); waits || err != nil {
			return err
		}
	}
	m, err := s.prepare(ctx, due, d, event)
	start := j.start(m)
	var never *unsendable
	switch {
	case errors.As(err, &never):
		return j.end(ctx, never.status, never.because)
	case err != nil:
		return j.trouble(ctx, err)
	case d.Attempts == 0 && j.now().Before(start):
		return j.again(ctx, start)
	}
	return j.tryFaulty(ctx, m)
}

// read gets the delivery and its event, unless their writer has handed them over.
func (s *Sender) read(ctx context.Context, due store.DueDelivery) (d sqlgen.Delivery, event sqlgen.Event, err error) {
	if due.Row != nil && due.Event != nil {
		return *due.Row, *due.Event, nil
	}
	d, err = s.Store.Read().GetDelivery(ctx, sqlgen.GetDeliveryParams{MerchantID: due.MerchantID, ID: due.ID})
	if err != nil || d.Status != Pending {
		return d, event, err
	}
	event, err = s.Store.Read().GetEvent(ctx, sqlgen.GetEventParams{MerchantID: d.MerchantID, ID: d.EventID})
	if err != nil {
		return d, event, fmt.Errorf("read event %s: %w", d.EventID, err)
	}
	return d, event, nil
}

func (s *Sender) now() time.Time { return s.Now().UTC() }

// message is what a delivery sends, whoever wrote it.
type message struct {
	// about is the transaction as it was at the event.
	about         pay.Transaction
	probe         *provider.Call
	probeRequired bool
	call          provider.Call
	timeout       time.Duration
	// delay before the first try, counted from the event.
	delay time.Duration
	judge func(answer) provider.Ack
	// retry is the pause after the n-th try has failed; false gives up.
	retry func(n int64, a answer) (time.Duration, bool)
	// endpoint is the native endpoint called, nil for a dialect.
	endpoint *sqlgen.WebhookEndpoint
}

// unsendable says that a delivery ends without a try.
type unsendable struct{ status, because string }

func (u *unsendable) Error() string { return u.because }

// prepare makes the message of a delivery. A target that is no dialect is an
// endpoint.
func (s *Sender) prepare(ctx context.Context, due store.DueDelivery, d sqlgen.Delivery, event sqlgen.Event) (m message, err error) {
	var t pay.Transaction
	if due.About != nil {
		t = *due.About
	} else if t, err = snapshot(event); err != nil {
		return message{}, err
	}
	if dialect, ok := s.Dialects[d.Target]; ok {
		m, err = notice(ctx, dialect, event, s.told(t))
	} else {
		m, err = s.native(ctx, d, event, t)
	}
	m.about = t
	return m, err
}

// start is when the first try may be made.
func (j *job) start(m message) time.Time {
	delay := m.delay
	if j.Delay != nil && m.endpoint == nil {
		if other, ok := j.Delay(pay.Mode(j.d.Mode)); ok {
			delay = other
		}
	}
	return store.Time(j.d.CreatedAt).Add(delay)
}
