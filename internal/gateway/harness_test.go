package gateway_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// world is a gateway on a real store with scripted providers: the sandbox in
// test mode, alpha (every power) and beta (submits and pays out) in live mode.
type world struct {
	*testing.T
	*gateway.Gateway
	store   *store.Store
	path    string // of the SQLite file, "" on PostgreSQL
	box     secret.Box
	clock   *clock
	sandbox *fake
	alpha   *fake
	beta    *fake
	dialect *provider.Provider
	// merchant is Boutique; test and live are its native callers.
	merchant string
	test     provider.Caller
	live     provider.Caller
	// connections of the merchant by provider.
	connections map[string]sqlgen.Connection
}

const (
	alphaSecret = "alpha-secret-kept-sealed"
	payer       = "+24177001234" // Airtel, Gabon
	otherPayer  = "+24166001234" // Moov, Gabon
)

// onEachEngine runs a test on SQLite and on PostgreSQL.
func onEachEngine(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "passerelle.db")
		copyFile(t, migratedFile(t), path)
		test(t, newWorld(t, path, path))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, pgtest.Cloned(t, "gateway", migrate), ""))
	})
}

func migrate(url string) error {
	s, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return s.Migrate(context.Background())
}

// migrateOnce makes a migrated SQLite file that the tests copy.
var migrateOnce = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "passerelle-gateway-")
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

func migratedFile(t *testing.T) []byte {
	t.Helper()
	b, err := migrateOnce()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func copyFile(t *testing.T, content []byte, path string) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T, url, path string) *world {
	t.Helper()
	w := &world{
		T: t, path: path, clock: newClock(), connections: map[string]sqlgen.Connection{},
		sandbox: newFake(gateway.SandboxProvider), alpha: newFake("alpha"), beta: newFake("beta"),
		dialect: &provider.Provider{Name: "gamma", Title: "Gamma"},
	}
	var err error
	if w.box, err = secret.ParseKeyring(secret.NewKey()); err != nil {
		t.Fatal(err)
	}
	if w.store, err = store.Open(t.Context(), url, store.Options{Now: w.clock.Now}); err != nil {
		t.Fatal(err)
	}
	w.Gateway = w.newGateway()
	t.Cleanup(func() {
		for _, f := range []*fake{w.sandbox, w.alpha, w.beta} {
			f.release()
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.Close(ctx); err != nil {
			t.Error("a submission never ended:", err)
		}
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	w.merchant, w.test, w.live = w.newMerchant("Boutique")
	return w
}

// newGateway is one more node on the same store, with the same keys and providers.
func (w *world) newGateway() *gateway.Gateway {
	w.Helper()
	g, err := gateway.New(gateway.Config{
		Store: w.store, Box: w.box,
		Providers: []*provider.Provider{w.sandbox.descriptor(), w.alpha.descriptor(), w.beta.descriptor(), w.dialect},
		Outbound:  outbound.New(outbound.Policy{AllowLoopback: true}),
		PublicURL: "https://pay.example.com/", Now: w.clock.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.Fatal(err)
	}
	return g
}

// newMerchant adds a merchant with a sandbox, alpha and beta; the sandbox and
// alpha hold 1,000,000 XAF. Routes are absent, so that alpha comes before beta.
func (w *world) newMerchant(name string) (id string, test, live provider.Caller) {
	w.Helper()
	id = pay.NewMerchantID()
	err := w.store.Update(w.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertMerchant(ctx, sqlgen.InsertMerchantParams{ID: id, Name: name, Email: "ada@example.com", CreatedAt: 1})
	})
	if err != nil {
		w.Fatal(err)
	}
	opening := []money.Amount{money.New(1_000_000, money.XAF)}
	for _, n := range []gateway.NewConnection{
		{MerchantID: id, Mode: pay.Test, Provider: gateway.SandboxProvider, Opening: opening},
		{MerchantID: id, Mode: pay.Live, Provider: "alpha", Opening: opening, Values: map[string]string{"token": alphaSecret}},
		{MerchantID: id, Mode: pay.Live, Provider: "beta"},
	} {
		w.clock.Advance(time.Millisecond) // the order of connections is that of their making
		row, err := w.AddConnection(w.Context(), n)
		if err != nil {
			w.Fatal(err)
		}
		if w.merchant == "" { // the first is the test's own
			w.connections[n.Provider] = row
		}
	}
	caller := provider.Caller{MerchantID: id, Mode: pay.Test, Front: pay.NativeFront}
	test = caller
	caller.Mode = pay.Live
	return id, test, caller
}

// order is a payment of 5,000 XAF by a push to the payer's phone.
func order(reference string) provider.Request {
	return provider.Request{
		Kind: pay.Payment, Reference: reference, Amount: money.New(5000, money.XAF),
		Method: pay.Method{Type: pay.MobileMoney, Phone: payer},
	}
}

// page is order without a method: the customer chooses on the hosted page.
func page(reference string, retry bool) provider.Request {
	r := order(reference)
	r.Method = pay.Method{}
	r.Checkout.Retry = retry
	return r
}

func payout(reference string, minor int64) provider.Request {
	r := order(reference)
	r.Kind, r.Amount = pay.Payout, money.New(minor, money.XAF)
	return r
}

// byPhone is what a customer chooses on the hosted page.
func byPhone(number string) gateway.Choice {
	return gateway.Choice{Method: pay.MobileMoney, Phone: number}
}

// create creates a transaction that must be accepted.
func (w *world) create(c provider.Caller, r provider.Request) pay.Transaction {
	w.Helper()
	tx, err := w.Create(w.Context(), c, r)
	if err != nil {
		w.Fatalf("create %s: %v", r.Reference, err)
	}
	return tx
}

// read gives the transaction as it stands.
func (w *world) read(tx pay.Transaction) pay.Transaction {
	w.Helper()
	now, err := store.Transaction(w.Context(), w.store.Read(), tx.MerchantID, tx.ID)
	if err != nil {
		w.Fatal(err)
	}
	return now
}

func (w *world) attempts(tx pay.Transaction) []pay.Attempt {
	w.Helper()
	list, err := store.Attempts(w.Context(), w.store.Read(), tx.MerchantID, tx.ID)
	if err != nil {
		w.Fatal(err)
	}
	return list
}

// work does all work that is due now, once, and returns how many rows owed some.
func (w *world) work() int {
	w.Helper()
	return w.workOn(w.Gateway)
}

func (w *world) workOn(g *gateway.Gateway) int {
	w.Helper()
	list, err := g.ClaimTransactions(w.Context(), 100)
	if err != nil {
		w.Fatal(err)
	}
	for _, c := range list {
		if err := g.Resolve(w.Context(), c); err != nil {
			w.Errorf("resolve %s: %v", c.ID, err)
		}
	}
	return len(list)
}

// after lets d pass and does the work that is due then.
func (w *world) after(d time.Duration) int {
	w.Helper()
	w.clock.Advance(d)
	return w.work()
}

// status fails the test unless the transaction is in that state now.
func (w *world) status(tx pay.Transaction, want pay.Status) pay.Transaction {
	w.Helper()
	now := w.read(tx)
	if now.Status != want {
		w.Errorf("%s is %s (failure %+v), want %s", tx.Reference, now.Status, now.Failure, want)
	}
	return now
}

// eventually waits for what goroutines bring about, which no clock of ours drives.
func (w *world) eventually(what string, done func() bool) {
	w.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if done() {
			return
		}
	}
	w.Fatalf("waited in vain: %s", what)
}

// refused fails the test unless err is a refusal of that kind and, where given, code.
func (w *world) refused(err error, kind pay.ErrorKind, code string) {
	w.Helper()
	if pay.KindOf(err) != kind || err == nil {
		w.Fatalf("got %v, want a refusal of kind %s", err, kind)
	}
	if e := asError(err); code != "" && e.Code != code {
		w.Errorf("refused with %s, want %s", e.Code, code)
	}
}

// hook sends the provider's notification over HTTP and returns the answer's status.
func (w *world) hook(f *fake, body string) int {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodPost, f.hookURL(), stringBody(body))
	if err != nil {
		w.Fatal(err)
	}
	return serveHook(w.Gateway, req)
}

// clock is the gateway's, moved by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
