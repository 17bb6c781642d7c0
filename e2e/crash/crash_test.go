// Package crash_test kills the gateway, and PostgreSQL under it, and holds that
// nothing was lost and nobody paid twice.
//
// Three parties meet over real HTTP. The gateway under test is one `serve`
// process on SQLite, or two on one PostgreSQL. A second process plays the five
// providers through their dialects; its simulated operators keep their own
// books, which are the truth. This process is the merchant: it creates
// payments, payouts and refunds with idempotency keys, repeats what got no
// answer, takes webhooks, and remembers whatever it was told.
//
// Meanwhile the gateway is killed with SIGKILL at random moments. In the end the
// clock of its rows is put forward while it is down, as after a long outage,
// until it owes nothing that the providers could tell, and the books of all
// three are compared.
//
//	go test ./e2e/crash                     10 kills
//	make crash KILLS=200                    more
//	go test ./e2e/crash -seed 7             the same requests and pauses; the moments that
//	                                        processes meet in are the machine's
package crash_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

var (
	kills = flag.Int("kills", 10, "how often a serve process is killed, over both engines")
	seed  = flag.Uint64("seed", 0, "seed of requests and pauses; 0 takes a new one")
)

// tally is what all campaigns did together.
var tally struct{ transactions, faults, kills, violations, campaigns atomic.Int64 }

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if tally.campaigns.Load() > 0 {
		// The last line, which programs read.
		fmt.Printf("%d transactions, %d faults, %d kills, %d violations\n",
			tally.transactions.Load(), tally.faults.Load(), tally.kills.Load(), tally.violations.Load())
	}
	os.Exit(code)
}

func TestNothingIsLostAndNobodyPaysTwiceHoweverOftenTheGatewayIsKilled(t *testing.T) {
	binary := build(t)
	chosen := *seed
	if chosen == 0 {
		chosen = rand.Uint64()
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			times := *kills / 2
			if engine == "sqlite" {
				times = *kills - times
			}
			c := newCampaign(t, binary, engine, chosen)
			tally.campaigns.Add(1)
			c.load(t, times)
			c.calmDown(t)
			c.judge(t)
		})
	}
}

// databaseKillEvery is how many kills of serve come with one of PostgreSQL.
const databaseKillEvery = 5

// campaign is one engine's run.
type campaign struct {
	engine, database string
	seed             uint64
	chance           *rand.Rand // of the kills alone
	postgres         *pgtest.Server
	nodes            cluster
	providers        *providers
	shop             *shop
	databaseKills    int
}

func newCampaign(t *testing.T, binary, engine string, seed uint64) *campaign {
	t.Helper()
	c := &campaign{engine: engine, seed: seed, chance: rand.New(rand.NewPCG(seed, 1))}
	size := 1
	c.database = filepath.Join(t.TempDir(), "passerelle.db")
	if engine == "postgres" {
		size = 2
		c.postgres = pgtest.Dedicated(t, pgtest.Options{Durable: true})
		var err error
		if c.database, err = c.postgres.Create(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	relay := startRelay(t)
	c.nodes = newCluster(t, binary, size, relay.URL, c.database)
	relay.nodes = c.nodes
	c.providers = startProviders(t, binary, relay.URL)
	c.shop = newShop(t, c.nodes, c.providers, seed)
	c.shop.key = addMerchant(t, c.nodes[0])
	for _, n := range c.nodes {
		if err := n.start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	relay.hooks = c.shop.connect(t)
	c.shop.relay = relay
	return c
}

// load kills processes while the shop is busy.
func (c *campaign) load(t *testing.T, times int) {
	t.Helper()
	stop := c.shop.open()
	defer stop()
	for i := range times {
		c.pause(20, 800)
		n := c.nodes[c.chance.IntN(len(c.nodes))]
		if c.postgres != nil && i%databaseKillEvery == databaseKillEvery/2 {
			c.killDatabase(t)
			c.pause(0, 300)
		}
		must(t, n.kill())
		if c.chance.IntN(5) == 0 { // and once more while it starts
			must(t, n.launch())
			c.pause(0, 150)
			must(t, n.kill())
		}
		must(t, n.start(t.Context()))
		if (i+1)%25 == 0 { // a test's log shows only when it fails
			fmt.Printf("%s: %d of %d kills, %d transactions\n", c.engine, i+1, times, c.shop.count())
		}
	}
	c.pause(20, 800)
}

func (c *campaign) killDatabase(t *testing.T) {
	t.Helper()
	must(t, c.postgres.Crash(t.Context()))
	c.databaseKills++
}

// pause lets real processes run on for a random time, in milliseconds.
func (c *campaign) pause(least, most int) {
	time.Sleep(time.Duration(least+c.chance.IntN(most-least)) * time.Millisecond)
}

// calmDown lets the gateway find out what became of everything: thrice an hour
// passes while it is down, so that every open question is asked again, whatever
// was to be told is told, and absence is established where a provider documents
// it. Then it may take as long as real schedules need.
func (c *campaign) calmDown(t *testing.T) {
	t.Helper()
	c.outage(t)
	c.shop.settle(t)
	for range 2 {
		c.worked(t)
		c.outage(t)
	}
	c.worked(t)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if len(c.compare(t).problems) == 0 {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// outage kills every node and starts them an hour later, by the rows' clock. The
// providers' notifications that are to be repeated then come too.
func (c *campaign) outage(t *testing.T) {
	t.Helper()
	for _, n := range c.nodes {
		must(t, n.kill())
	}
	c.withRows(t, func(ctx context.Context, db *store.Store) { age(ctx, t, db, time.Hour, due...) })
	for _, n := range c.nodes {
		must(t, n.start(t.Context()))
	}
	age(t.Context(), t, c.providers.books, time.Hour, notifications)
}

// judge reports every violation with the whole story of its transaction.
func (c *campaign) judge(t *testing.T) {
	t.Helper()
	v := c.compare(t)
	c.checkBooks(t, v)
	c.checkAnswers(t, v)
	killed := c.databaseKills
	for _, n := range c.nodes {
		killed += n.kills
	}
	tally.transactions.Add(int64(len(v.ours)))
	tally.faults.Add(c.shop.cut.Load() + c.shop.relay.cut.Load())
	tally.kills.Add(int64(killed))
	tally.violations.Add(int64(len(v.problems)))
	fmt.Printf("%s, seed %d: %d transactions (%s), %d requests cut off, %d notifications undelivered, %d kills of serve, %d of PostgreSQL, %d violations\n",
		c.engine, c.seed, len(v.ours), v.census(), c.shop.cut.Load(), c.shop.relay.cut.Load(), killed-c.databaseKills, c.databaseKills, len(v.problems))
	const shown = 10
	for i, p := range v.problems {
		if i == shown {
			t.Errorf("and %d more", len(v.problems)-shown)
			break
		}
		t.Errorf("seed %d: %s\n%s", c.seed, p, c.story(t, v, p.intent))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func indent(text string) string {
	return "\t" + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n\t")
}
