package reconcile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// noon is when the first thing happened that the books know of.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// house is a merchant with a connection, whose books are written directly: how
// they came about does not matter here.
type house struct {
	testing.TB
	*reconcile.Reconciler
	store      *store.Store
	connection string
	caller     provider.Caller
	answer     provider.Result // of the provider's status
	last       int
	day        time.Time // of the property test's books

	mu  sync.Mutex
	now time.Time
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func migrate(url string) error {
	s, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return s.Migrate(context.Background())
}

// migrated is a SQLite file that the tests copy.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "passerelle-reconcile-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "passerelle.db")
	if err := migrate(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func sqlitePath(t testing.TB) string {
	t.Helper()
	content, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "passerelle.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func onEachEngine(t *testing.T, test func(h *house)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(open(t, sqlitePath(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(open(t, pgtest.Cloned(t, "reconcile", migrate)))
	})
}

// open makes a house on a database. Its day ends long after what it books.
func open(t testing.TB, url string) *house {
	t.Helper()
	h := &house{TB: t, now: noon.AddDate(0, 0, 5)}
	s, err := store.Open(t.Context(), url, store.Options{Now: h.clock})
	h.must(err)
	h.store = s
	t.Cleanup(func() { h.must(s.Close()) })
	box, err := secret.ParseKeyring(secret.NewKey())
	h.must(err)
	out := outbound.New(outbound.Policy{})
	acme := &provider.Provider{
		Name: "acme", Title: "Acme Pay", Currencies: []money.Currency{money.XAF, money.USD},
		Takes:     []provider.Capability{{Kind: pay.Payment, Method: pay.MobileMoney}},
		Reference: provider.ReferenceRule{Prefix: "PS", Length: 20},
		Connect:   func(provider.Environment) (provider.Connector, error) { return rail{h}, nil },
		Statement: provider.Statement{Paid: []string{"ACCEPTED"}, Unpaid: []string{"REFUSED"}, Zone: time.Hour},
	}
	g, err := gateway.New(gateway.Config{
		Store: s, Box: box, Providers: []*provider.Provider{acme}, Outbound: out, PublicURL: "https://pay.example.com", Now: h.clock,
	})
	h.must(err)
	t.Cleanup(func() { h.must(g.Close(context.Background())) })
	h.Reconciler = reconcile.New(g)
	t.Cleanup(h.Close)
	merchant := pay.NewMerchantID()
	h.caller = provider.Caller{MerchantID: merchant, Mode: pay.Live, Front: pay.NativeFront}
	h.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertMerchant(ctx, sqlgen.InsertMerchantParams{ID: merchant, Name: "Boutique " + merchant, Email: "awa@example.com", CreatedAt: 1})
	})
	row, err := g.AddConnection(t.Context(), gateway.NewConnection{MerchantID: merchant, Mode: pay.Live, Provider: "acme"})
	h.must(err)
	h.connection = row.ID
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) update(f func(context.Context, *store.Tx) error) {
	h.Helper()
	h.must(h.store.Update(h.Context(), f))
}

// rail answers what the house's provider says.
type rail struct{ h *house }

func (r rail) Submit(context.Context, provider.Order) (provider.Result, error) {
	return provider.Result{Outcome: pay.OutcomeUnknown}, nil
}

func (r rail) Status(context.Context, provider.Ref) (provider.Result, error) { return r.h.answer, nil }

// booked is one movement as the books have it.
type booked struct {
	kind   pay.Kind
	status pay.Status
	amount money.Amount
	fees   int64
	at     time.Time // submitted; settled a minute later
}

func payment(minor int64) booked {
	return booked{kind: pay.Payment, status: pay.StatusSucceeded, amount: money.New(minor, money.XAF), at: noon}
}

// book writes a transaction with one attempt, and its journal if it succeeded.
func (h *house) book(b booked) pay.Transaction {
	h.Helper()
	var t pay.Transaction
	h.last++
	t = h.transaction(b, h.last)
	h.update(func(ctx context.Context, tx *store.Tx) error { return h.write(ctx, tx, t, b) })
	return t
}

func reference(n int) string { return fmt.Sprintf("PS%012d", n) }
func theirs(n int) string    { return fmt.Sprintf("ACME-%08d", n) }

func (h *house) transaction(b booked, n int) pay.Transaction {
	t := pay.Transaction{
		ID: pay.NewID(pay.PrefixOf(b.kind), h.caller.MerchantID, b.at), MerchantID: h.caller.MerchantID, Mode: pay.Live, Kind: b.kind,
		Status: b.status, Front: pay.NativeFront, Reference: fmt.Sprintf("commande-%d", n), Amount: b.amount,
		Fees: money.New(b.fees, b.amount.Currency), Connection: h.connection, Provider: "acme", ProviderReference: theirs(n),
		Checkout: pay.Checkout{Token: pay.NewToken(h.caller.MerchantID)}, Submitted: true, Attempts: 1, Sequence: 1, Version: 1,
		CreatedAt: b.at, UpdatedAt: b.at,
	}
	if b.status == pay.StatusSucceeded {
		t.PaidAttempt, t.CompletedAt = 1, b.at.Add(time.Minute)
	}
	return t
}

func (h *house) write(ctx context.Context, tx *store.Tx, t pay.Transaction, b booked) error {
	if err := store.InsertTransaction(ctx, tx.Queries, t); err != nil {
		return err
	}
	var n int
	if _, err := fmt.Sscanf(t.ProviderReference, "ACME-%d", &n); err != nil {
		return err
	}
	a := pay.Attempt{
		MerchantID: t.MerchantID, TransactionID: t.ID, Number: 1, Connection: h.connection, Provider: "acme", Reference: reference(n),
		ProviderReference: t.ProviderReference, Status: attemptStatus(t.Status), Prompted: true, CreatedAt: b.at, UpdatedAt: b.at,
	}
	if err := store.InsertAttempt(ctx, tx.Queries, a); err != nil || t.Status != pay.StatusSucceeded {
		return err
	}
	return ledger.Post(ctx, tx.Queries, ledger.Settled(t, false, t.CompletedAt))
}

func attemptStatus(s pay.Status) pay.AttemptStatus {
	switch s {
	case pay.StatusSucceeded:
		return pay.AttemptSucceeded
	case pay.StatusFailed:
		return pay.AttemptFailed
	}
	return pay.AttemptPending
}

// header is of the statements that the tests write: in French, with semicolons.
const header = "Référence;Référence prestataire;Montant;Devise;Frais;Statut;Date;Type\n"

// line of a statement: the time is Libreville's, an hour ahead of UTC.
func line(ref, theirs, amount, status, kind string, at time.Time) string {
	return strings.Join([]string{ref, theirs, amount, "XAF", "", status, at.Add(time.Hour).Format("02/01/2006 15:04:05"), kind}, ";") + "\n"
}

func (h *house) order(change ...func(*reconcile.Order)) reconcile.Order {
	o := reconcile.Order{MerchantID: h.caller.MerchantID, Connection: h.connection, FileName: "mars.csv", By: "awa@example.com", From: noon.Add(-time.Hour), To: noon.Add(10 * time.Hour)}
	for _, f := range change {
		f(&o)
	}
	return o
}

func (h *house) reconcile(statement string, change ...func(*reconcile.Order)) reconcile.Run {
	h.Helper()
	h.advance(time.Minute)
	run, err := h.Run(h.Context(), h.order(change...), strings.NewReader(statement))
	h.must(err)
	return run
}

// cases are all of the connection, oldest first.
func (h *house) cases(status string) []reconcile.Case {
	h.Helper()
	list, err := h.Cases(h.Context(), h.caller, reconcile.Filter{Connection: h.connection, Status: status, Limit: 10_000})
	h.must(err)
	return list
}
