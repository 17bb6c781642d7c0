package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const merchant = "boutique"

var caller = provider.Caller{MerchantID: merchant, Mode: pay.Test, Front: pay.NativeFront}

// onBothEngines runs a test against a sender on SQLite and one on PostgreSQL.
func onBothEngines(t *testing.T, run func(*testing.T, *bench)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, newBench(t, ":memory:"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Cloned(t, "webhook", func(url string) error {
			s, err := store.Open(context.Background(), url, store.Options{})
			if err != nil {
				return err
			}
			defer s.Close()
			return s.Migrate(context.Background())
		})
		run(t, newBench(t, url))
	})
}

// bench is a store with one merchant, a clock that stands still, and a sender.
type bench struct {
	*testing.T
	store   *store.Store
	box     secret.Box
	sender  *Sender
	dialect *fakeDialect
	log     bytes.Buffer

	mu  sync.Mutex
	now time.Time
}

func newBench(t *testing.T, url string) *bench {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	if !store.IsPostgres(url) { // there the template has the schema
		must(t, s.Migrate(t.Context()))
	}
	box, err := secret.ParseKeyring(secret.NewKey())
	must(t, err)
	b := &bench{T: t, store: s, box: box, dialect: &fakeDialect{}, now: time.Now().UTC().Truncate(time.Millisecond)}
	b.sender = b.newSender(outbound.Policy{AllowLoopback: true})
	b.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertMerchant(ctx, sqlgen.InsertMerchantParams{ID: merchant, Name: "Boutique", Email: "b@example.com"})
	})
	return b
}

// newSender makes another node's sender on the same store.
func (b *bench) newSender(p outbound.Policy) *Sender {
	out := outbound.New(p)
	b.Cleanup(out.CloseIdle)
	return New(Config{
		Store: b.store, Box: b.box, Outbound: out, Now: b.clock,
		Dialects: map[string]provider.Dialect{"fake": b.dialect},
		Render: func(t pay.Transaction) (any, error) {
			return map[string]any{"id": t.ID, "amount": t.Amount.Minor, "status": t.Status}, nil
		},
		Log: slog.New(slog.NewTextHandler(&lockedWriter{mu: &b.mu, w: &b.log}, nil)),
	})
}

// lockedWriter locks what several senders write to.
type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bench) update(f store.Closure) {
	b.Helper()
	must(b.T, b.store.Update(b.Context(), f))
}

// endpoint adds an endpoint at url and returns its id and secret.
func (b *bench) endpoint(url string, events ...string) (string, pay.Secret) {
	b.Helper()
	e, key, err := b.sender.Endpoints().Create(b.Context(), caller, url, events, "")
	must(b.T, err)
	return e.ID, key
}

// owe writes an event of a transaction and copies of its delivery to target,
// and returns the ids of the deliveries.
func (b *bench) owe(transaction string, sequence int64, event, target string, copies int) []string {
	b.Helper()
	front := pay.NativeFront
	if target == "fake" {
		front = "fake"
	}
	return b.oweFrom(front, transaction, sequence, event, target, copies)
}

func (b *bench) oweFrom(front, transaction string, sequence int64, event, target string, copies int) []string {
	b.Helper()
	now := b.clock()
	t := pay.Transaction{
		ID: transaction, MerchantID: merchant, Mode: pay.Test, Kind: pay.Payment, Status: pay.StatusSucceeded,
		Front: front, Amount: money.New(1500, money.XAF), Sequence: sequence,
	}
	snapshot, err := json.Marshal(t)
	must(b.T, err)
	e := sqlgen.InsertEventParams{
		MerchantID: merchant, ID: pay.NewID(pay.PrefixEvent, merchant, now), Mode: "test", TransactionID: transaction,
		Sequence: sequence, Type: "payment." + event, Snapshot: string(snapshot), CreatedAt: now.UnixMilli(),
	}
	ids := make([]string, copies)
	for i := range ids {
		ids[i] = pay.NewID("dlv", merchant, now)
	}
	b.update(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertEvent(ctx, e); err != nil {
			return err
		}
		for _, id := range ids {
			err := tx.InsertDelivery(ctx, sqlgen.InsertDeliveryParams{
				MerchantID: merchant, ID: id, Mode: "test", TransactionID: transaction, EventID: e.ID,
				Sequence: sequence, Type: e.Type, Target: target, Status: Pending,
				CreatedAt: e.CreatedAt, NextAttemptAt: e.CreatedAt,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return ids
}

// work claims and works until nothing is due at the present time.
func (b *bench) work() {
	b.Helper()
	for range 100 {
		list, err := b.sender.Claim(b.Context(), 10)
		must(b.T, err)
		if len(list) == 0 {
			return
		}
		for _, c := range list {
			must(b.T, b.sender.Work(b.Context(), c))
		}
	}
	b.Fatal("deliveries stay due")
}

func (b *bench) delivery(id string) sqlgen.Delivery {
	b.Helper()
	d, err := b.store.Read().GetDelivery(b.Context(), sqlgen.GetDeliveryParams{MerchantID: merchant, ID: id})
	must(b.T, err)
	return d
}

// wants compares what matters of a delivery.
func (b *bench) wants(id, status string, attempts int64) sqlgen.Delivery {
	b.Helper()
	d := b.delivery(id)
	if d.Status != status || d.Attempts != attempts {
		b.Fatalf("delivery is %s after %d attempts (%s), want %s after %d", d.Status, d.Attempts, d.LastError, status, attempts)
	}
	if ended := d.CompletedAt != 0 && d.NextAttemptAt == 0; ended != (status != Pending) {
		b.Fatalf("%s delivery has completed_at %d and next_attempt_at %d", status, d.CompletedAt, d.NextAttemptAt)
	}
	return d
}

// pause is how far ahead the next attempt is.
func (b *bench) pause(id string) time.Duration {
	b.Helper()
	return store.Time(b.delivery(id).NextAttemptAt).Sub(b.clock())
}

// receiver is a merchant's server that answers by script.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	seen []received
}

type received struct {
	method string
	path   string
	header http.Header
	body   []byte
}

// receive starts a server; script answers the n-th request, n from 1.
func (b *bench) receive(script func(n int, w http.ResponseWriter, r received)) *receiver {
	rec := &receiver{}
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		one := received{r.Method, r.URL.Path, r.Header.Clone(), body}
		rec.mu.Lock()
		rec.seen = append(rec.seen, one)
		n := len(rec.seen)
		rec.mu.Unlock()
		script(n, w, one)
	}))
	b.Cleanup(rec.Close)
	return rec
}

func (r *receiver) requests() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.seen...)
}

// always answers with one status.
func always(status int) func(int, http.ResponseWriter, received) {
	return func(_ int, w http.ResponseWriter, _ received) { w.WriteHeader(status) }
}

// firstly answers with the statuses in turn, the last again and again.
func firstly(statuses ...int) func(int, http.ResponseWriter, received) {
	return func(n int, w http.ResponseWriter, _ received) {
		w.WriteHeader(statuses[min(n, len(statuses))-1])
	}
}

// fakeDialect says what a test puts into it.
type fakeDialect struct {
	http.Handler
	notice func(pay.Transaction, string) (*provider.Notice, error)
	judge  func(*provider.Notice, int, []byte) provider.Ack
}

func (*fakeDialect) Issue(context.Context, provider.IssueOrder) ([]provider.Issued, error) {
	return nil, nil
}

func (d *fakeDialect) Notice(_ context.Context, t pay.Transaction, event string) (*provider.Notice, error) {
	return d.notice(t, event)
}

func (d *fakeDialect) Acknowledged(n *provider.Notice, status int, body []byte) provider.Ack {
	if d.judge == nil {
		return provider.Ack{Delivered: status/100 == 2}
	}
	return d.judge(n, status, body)
}

// tells makes the dialect send n to url about everything.
func (d *fakeDialect) tells(url string, n provider.Notice) {
	d.notice = func(t pay.Transaction, event string) (*provider.Notice, error) {
		one := n
		one.Call = provider.Call{
			Method: http.MethodPost, URL: url,
			Header: http.Header{"x-token": {"made-up"}, "Content-Type": {"text/plain"}},
			Body:   []byte(t.ID + " " + event),
		}
		return &one, nil
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
