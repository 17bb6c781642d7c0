// Package crash_test kills the gateway, and PostgreSQL under it, and holds that
// nothing was lost and nobody paid twice.
//
// The gateway under test is one `serve` process on SQLite, or two on one
// PostgreSQL, among the parties of package fieldtest. It is killed with SIGKILL
// at random moments while the shop is busy; in the end the books of all parties
// are compared.
//
//	go test ./e2e/crash                     10 kills
//	make crash KILLS=200                    more
//	go test ./e2e/crash -seed 7             the same requests and pauses; the moments that
//	                                        processes meet in are the machine's
package crash_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/e2e/fieldtest"
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
	binary := fieldtest.Build(t)
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
			c.field.CalmDown(t)
			c.judge(t)
		})
	}
}

// databaseKillEvery is how many kills of serve come with one of PostgreSQL.
const databaseKillEvery = 5

// campaign is one engine's run.
type campaign struct {
	engine        string
	chance        *rand.Rand // of the kills alone
	postgres      *pgtest.Server
	field         *fieldtest.Field
	nodes         []*fieldtest.Process
	serveKills    int
	databaseKills int
}

func newCampaign(t *testing.T, binary, engine string, seed uint64) *campaign {
	t.Helper()
	c := &campaign{engine: engine, chance: rand.New(rand.NewPCG(seed, 1))}
	o := fieldtest.Options{Binary: binary, Nodes: 1, Seed: seed, Make: func(_ int, s fieldtest.Setup) fieldtest.Node {
		p := fieldtest.NewProcess(t, s)
		c.nodes = append(c.nodes, p)
		return p
	}}
	if engine == "postgres" {
		o.Nodes = 2
		c.postgres = pgtest.Dedicated(t, pgtest.Options{Durable: true})
		var err error
		if o.Database, err = c.postgres.Create(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.field = fieldtest.New(t, o)
	return c
}

// load kills processes while the shop is busy.
func (c *campaign) load(t *testing.T, times int) {
	t.Helper()
	stop := c.field.Shop.Open()
	defer stop()
	for i := range times {
		c.pause(20, 800)
		n := c.nodes[c.chance.IntN(len(c.nodes))]
		if c.postgres != nil && i%databaseKillEvery == databaseKillEvery/2 {
			must(t, c.postgres.Crash(t.Context()))
			c.databaseKills++
			c.pause(0, 300)
		}
		c.kill(t, n)
		if c.chance.IntN(5) == 0 { // and once more while it starts
			must(t, n.Launch())
			c.pause(0, 150)
			c.kill(t, n)
		}
		must(t, n.Start(t.Context()))
		if (i+1)%25 == 0 { // a test's log shows only when it fails
			fmt.Printf("%s: %d of %d kills, %d transactions\n", c.engine, i+1, times, c.field.Shop.Count())
		}
	}
	c.pause(20, 800)
}

func (c *campaign) kill(t *testing.T, n *fieldtest.Process) {
	t.Helper()
	must(t, n.Kill())
	c.serveKills++
}

// pause lets real processes run on for a random time, in milliseconds.
func (c *campaign) pause(least, most int) {
	time.Sleep(time.Duration(least+c.chance.IntN(most-least)) * time.Millisecond)
}

func (c *campaign) judge(t *testing.T) {
	t.Helper()
	j := c.field.Judge(t)
	tally.transactions.Add(int64(j.Transactions))
	tally.faults.Add(j.Cut + j.Undelivered)
	tally.kills.Add(int64(c.serveKills + c.databaseKills))
	tally.violations.Add(int64(j.Violations))
	fmt.Printf("%s, seed %d: %d transactions (%s), %d requests cut off, %d notifications undelivered, %d kills of serve, %d of PostgreSQL, %d violations\n",
		c.engine, c.field.Seed, j.Transactions, j.Census, j.Cut, j.Undelivered, c.serveKills, c.databaseKills, j.Violations)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
