// Package cluster_test runs several nodes on one PostgreSQL behind a balancer
// and makes parts of it fail under load.
//
//	go test ./e2e/cluster          two nodes: one is killed, then both are restarted in turn
//	make cluster                   everything, and how much several nodes carry
//
// The parties, and what is held in the end, are those of package fieldtest:
// nothing that was accepted is lost, and nobody pays twice.
package cluster_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/e2e/fieldtest"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

var (
	whole = flag.Bool("whole", false, "run every scene, on three nodes")
	keep  = flag.String("report", "", "folder of performance.md, into which a whole run that passes puts its figures")
	seed  = flag.Uint64("seed", 0, "seed of the requests; 0 takes a new one")
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if *whole {
		code = max(code, finishReport(code == 0))
	}
	os.Exit(code)
}

// scene is one thing that happens to the nodes.
type scene struct {
	name   string
	always bool // and not in whole runs alone
	play   func(t *testing.T, s stage)
}

// stage is what every scene has.
type stage struct {
	binary string
	nodes  int
}

func TestSeveralNodesAreOneGateway(t *testing.T) {
	s := stage{binary: fieldtest.Build(t), nodes: 2}
	if *whole {
		s.nodes = 3
	}
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	for _, one := range []scene{
		{"nodes that are killed and restarted", true, killedAndRestarted},
		{"nodes that share the cores", false, sharedCores},
		{"a primary that is lost", false, lostPrimary},
		{"clocks a minute apart", false, clocksApart},
	} {
		if one.always || *whole {
			t.Run(one.name, func(t *testing.T) { one.play(t, s) })
		}
	}
}

// troupe is the field of a scene with its nodes and balancer.
type troupe struct {
	*fieldtest.Field
	nodes []*fieldtest.Process
	heard *requests
}

// newTroupe starts the nodes as processes behind a balancer.
func newTroupe(t *testing.T, s stage, database string) *troupe {
	t.Helper()
	tr := &troupe{heard: &requests{}}
	tr.Field = fieldtest.New(t, fieldtest.Options{
		Binary: s.binary, Database: database, Nodes: s.nodes, Seed: *seed, Env: []string{"PASSERELLE_DRAIN_NOTICE=" + drainNotice.String()},
		Make: func(_ int, setup fieldtest.Setup) fieldtest.Node {
			p := fieldtest.NewProcess(t, setup)
			tr.nodes = append(tr.nodes, p)
			return p
		},
		Front: balanced(t), Calm: true,
		Heard: tr.heard.note,
	})
	return tr
}

// balanced puts a balancer before the nodes.
func balanced(t *testing.T) func([]fieldtest.Node) string {
	return func(nodes []fieldtest.Node) string {
		var addresses []string
		for _, n := range nodes {
			addresses = append(addresses, n.Address())
		}
		return startBalancer(t, addresses)
	}
}

// judged calms everything down and compares the books.
func (tr *troupe) judged(t *testing.T) {
	t.Helper()
	tr.CalmDown(t)
	j := tr.Judge(t)
	told(t, "transactions", "%d (%s)", j.Transactions, j.Census)
	told(t, "violations", "%d", j.Violations)
}

// durable is a PostgreSQL that keeps what it acknowledged.
func durable(t *testing.T) (*pgtest.Server, string) {
	t.Helper()
	server := pgtest.Dedicated(t, pgtest.Options{Durable: true})
	url, err := server.Create(t.Context())
	must(t, err)
	return server, url
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// requests remembers what the shop's requests met.
type requests struct {
	mu  sync.Mutex
	all []fieldtest.Heard
}

func (r *requests) note(h fieldtest.Heard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, h)
}

// between are the first requests for an intent that were asked in a time.
// Repeats are left out: they may rightly wait for what they repeat.
func (r *requests) between(from, to time.Time) (all, failed []fieldtest.Heard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.all {
		if h.Again || h.Asked.Before(from) || !h.Asked.Before(to) {
			continue
		}
		all = append(all, h)
		if h.Failed() {
			failed = append(failed, h)
		}
	}
	return all, failed
}
