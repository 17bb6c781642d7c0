package fieldtest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
)

// Node is one gateway of those under test.
type Node interface {
	Address() string
	// Start returns once it takes requests.
	Start(ctx context.Context) error
	// Kill ends it and returns once it is gone. It can be started again.
	Kill() error
	// Mentions are the lines of its log that hold a text.
	Mentions(text string) []string
}

// Setup is what a node is told.
type Setup struct {
	Binary, Address, Database string
	Keys, Public              string
	Env                       []string // more settings
}

func (s Setup) environ() []string {
	return append(append(os.Environ(),
		"PASSERELLE_DATABASE_URL="+s.Database, "PASSERELLE_KEYS="+s.Keys, "PASSERELLE_PUBLIC_URL="+s.Public,
		"PASSERELLE_ADDR="+s.Address, "PASSERELLE_ALLOW_NETWORKS=127.0.0.0/8"), s.Env...)
}

// Options say what is set up.
type Options struct {
	Binary string // of [Build]
	// Database is PostgreSQL's URL; "" is a new SQLite file.
	Database string
	Nodes    int
	Seed     uint64
	// Env are more settings of the nodes.
	Env []string
	// Make makes a node; nil makes a [Process].
	Make func(number int, s Setup) Node
	// Front stands before the nodes and returns the address that clients and
	// providers use; nil sends each request to a node at random.
	Front func(nodes []Node) string
	// Calm: the shop's own server makes no trouble.
	Calm bool
	// Heard is told of every request of the shop, by several at once.
	Heard func(Heard)
}

// Field is a gateway under test, the providers and a merchant around it.
type Field struct {
	Database  string
	Seed      uint64
	Nodes     []Node
	Shop      *Shop
	Providers *providers
	door      func() string
}

// New starts all parties. The shop asks for nothing before [Shop.Open].
func New(t testing.TB, o Options) *Field {
	t.Helper()
	f := &Field{Database: o.Database, Seed: o.Seed}
	if f.Database == "" {
		f.Database = filepath.Join(t.TempDir(), "passerelle.db")
	}
	relay := startRelay(t)
	setup := Setup{Binary: o.Binary, Database: f.Database, Keys: secret.NewKey(), Public: relay.URL, Env: o.Env}
	if o.Make == nil {
		o.Make = func(_ int, s Setup) Node { return NewProcess(t, s) }
	}
	for i := range o.Nodes {
		setup.Address = FreeAddress(t)
		f.Nodes = append(f.Nodes, o.Make(i, setup))
	}
	f.door = f.anyNode
	if o.Front != nil {
		front := o.Front(f.Nodes)
		f.door = func() string { return front }
	}
	relay.door = f.door
	f.Providers = startProviders(t, o.Binary, relay.URL)
	f.Shop = newShop(t, f.door, f.Providers, o.Seed)
	f.Shop.heard = o.Heard
	f.Shop.calm.Store(o.Calm)
	f.Shop.key = AddMerchant(t, setup)
	f.startNodes(t)
	relay.hooks = f.Shop.connect(t)
	f.Shop.relay = relay
	return f
}

// anyNode is the address of any node, dead or alive.
func (f *Field) anyNode() string {
	return f.Nodes[rand.IntN(len(f.Nodes))].Address()
}

func (f *Field) startNodes(t testing.TB) {
	t.Helper()
	for _, n := range f.Nodes {
		must(t, n.Start(t.Context()))
	}
	for deadline := time.Now().Add(Patience); !Ready(t.Context(), f.door()); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no node is ready behind the front")
		}
	}
}

// Ready asks for readiness once.
func Ready(ctx context.Context, addr string) bool {
	a, err := call(ctx, http.MethodGet, "http://"+addr+"/readyz", nil, nil)
	return err == nil && a.status == http.StatusOK
}

// CalmDown lets the gateway find out what became of everything: thrice an hour
// passes while it is down, so that every open question is asked again, whatever
// was to be told is told, and absence is established where a provider documents
// it. Then it may take as long as real schedules need.
func (f *Field) CalmDown(t testing.TB) {
	t.Helper()
	f.outage(t)
	f.Shop.settle(t)
	for range 2 {
		f.worked(t)
		f.outage(t)
	}
	f.worked(t)
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); {
		if len(f.compare(t).problems) == 0 {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// outage kills every node and starts them an hour later, by the rows' clock. The
// providers' notifications that are to be repeated then come too.
func (f *Field) outage(t testing.TB) {
	t.Helper()
	for _, n := range f.Nodes {
		must(t, n.Kill())
	}
	f.withRows(t, func(ctx context.Context, db *store.Store) { age(ctx, t, db, time.Hour, due...) })
	f.startNodes(t)
	age(t.Context(), t, f.Providers.books, time.Hour, notifications)
}

// Judgement is what [Field.Judge] found.
type Judgement struct {
	Transactions, Violations int
	// Census counts the transactions by status.
	Census string
	// Cut are requests without an answer, Undelivered notifications that met no node.
	Cut, Undelivered int64
}

// Judge compares the books of all parties and fails the test for every
// violation, with the whole story of its transaction.
func (f *Field) Judge(t testing.TB) Judgement {
	t.Helper()
	v := f.compare(t)
	f.checkBooks(t, v)
	f.checkAnswers(t, v)
	const shown = 10
	for i, p := range v.problems {
		if i == shown {
			t.Errorf("and %d more", len(v.problems)-shown)
			break
		}
		t.Errorf("seed %d: %s\n%s", f.Seed, p, f.story(t, v, p.intent))
	}
	return Judgement{
		Transactions: len(v.ours), Violations: len(v.problems), Census: v.census(),
		Cut: f.Shop.cut.Load(), Undelivered: f.Shop.relay.cut.Load(),
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func indent(text string) string {
	return "\t" + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n\t")
}
