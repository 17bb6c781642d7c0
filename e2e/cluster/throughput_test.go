package cluster_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/e2e/fieldtest"
	"github.com/passerelle-pay/passerelle/internal/secret"
)

const (
	// leastShare of one node's throughput is what several reach on its cores.
	leastShare = 0.8
	// customers pay one after the other, each when its last payment is settled.
	customers = 128
	warmUp    = 5 * time.Second
	measured  = 8 * time.Second
	rounds    = 2
)

// front puts a balancer before nodes and returns where it listens.
type front func(t *testing.T, addresses []string) string

func noBalancer(_ *testing.T, addresses []string) string { return addresses[0] }

// sharedCores measures settled payments per second by one node and by several,
// with the same load and each sort of balancer. The rounds take turns, so that
// what else the machine does falls on all of them.
func sharedCores(t *testing.T, s stage) {
	setups := []struct {
		name  string
		nodes int
		front front
	}{
		{"one node", 1, noBalancer},
		{fmt.Sprintf("%d nodes, TCP balancer", s.nodes), s.nodes, startSplitter},
		{"one node, HTTP balancer", 1, startBalancer},
		{fmt.Sprintf("%d nodes, HTTP balancer", s.nodes), s.nodes, startBalancer},
	}
	best := make([]sample, len(setups))
	for range rounds {
		for i, one := range setups {
			if got := throughput(t, s.binary, one.nodes, one.front); got.rate > best[i].rate {
				best[i] = got
			}
		}
	}
	for i, one := range setups {
		told(t, one.name, "%.0f payments/s, %.2f ms of the nodes' processor time each", best[i].rate, best[i].cost)
	}
	share := best[1].rate / best[0].rate
	told(t, "several by one", "%.2f by TCP; by HTTP %.2f of one behind the same balancer", share, best[3].rate/best[2].rate)
	told(t, "one by several in processor time", "%.2f by TCP, %.2f by HTTP", best[0].cost/best[1].cost, best[2].cost/best[3].cost)
	if share < leastShare {
		t.Errorf("%d nodes settle %.2f of what one does, want %.2f", s.nodes, share, leastShare)
	}
}

// sample is what was measured: payments per second, and milliseconds of the
// nodes' processor time for each, which does not depend on what else runs.
type sample struct{ rate, cost float64 }

// throughput is how many payments a second a set of nodes settles: created,
// notified of, asked about, booked, and told to the merchant.
func throughput(t *testing.T, binary string, size int, put front) sample {
	t.Helper()
	_, database := durable(t)
	setup := fieldtest.Setup{Binary: binary, Database: database, Keys: secret.NewKey()}
	var addresses []string
	for range size {
		addresses = append(addresses, fieldtest.FreeAddress(t))
	}
	front := put(t, addresses)
	setup.Public = "http://" + front
	key := fieldtest.AddMerchant(t, setup)
	var nodes []*fieldtest.Process
	for _, addr := range addresses {
		setup.Address = addr
		n := fieldtest.NewProcess(t, setup)
		must(t, n.Start(t.Context()))
		defer func() { must(t, n.Stop()) }()
		nodes = append(nodes, n)
	}
	eventually(t, "the nodes are ready", func() bool { return fieldtest.Ready(t.Context(), front) })
	m := &market{front: front, key: key, waiting: map[string]chan struct{}{}}
	m.open(t)
	return m.measure(t, nodes)
}

// market is the load: customers, who wait until the merchant's server has heard
// of their payment, and an operator between.
type market struct {
	front, key string
	operator   *operator
	settled    atomic.Int64
	mu         sync.Mutex
	waiting    map[string]chan struct{} // by reference
}

// open connects the operator and the merchant's server.
func (m *market) open(t *testing.T) {
	t.Helper()
	m.operator = startOperator(t)
	server := httptest.NewServer(http.HandlerFunc(m.hear))
	t.Cleanup(server.Close)
	var connection struct {
		Hook string `json:"hook_url"`
	}
	must(t, fieldtest.Ask(t.Context(), m.front, m.key, http.MethodPost, "/v1/connections", m.operator.connection(), &connection))
	m.operator.hook.Store(connection.Hook)
	var endpoint any
	must(t, fieldtest.Ask(t.Context(), m.front, m.key, http.MethodPost, "/v1/webhook_endpoints", map[string]any{"url": server.URL}, &endpoint))
}

// hear takes a webhook; its signature is checked elsewhere.
func (m *market) hear(w http.ResponseWriter, r *http.Request) {
	var e struct {
		Type string
		Data struct{ Reference string }
	}
	if !readJSON(w, r, &e) {
		return
	}
	w.WriteHeader(http.StatusNoContent)
	m.mu.Lock()
	defer m.mu.Unlock()
	if done := m.waiting[e.Data.Reference]; done != nil && e.Type == "payment.succeeded" {
		close(done)
		delete(m.waiting, e.Data.Reference)
	}
}

// measure counts what is settled after the warm-up.
func (m *market) measure(t *testing.T, nodes []*fieldtest.Process) sample {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var crowd sync.WaitGroup
	for who := range customers {
		crowd.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if err := m.pay(ctx, fmt.Sprintf("P%02d-%06d", who, i)); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	time.Sleep(warmUp)
	from, before, spent := time.Now(), m.settled.Load(), processorTime(t, nodes)
	time.Sleep(measured)
	settled, took := float64(m.settled.Load()-before), time.Since(from)
	spent = processorTime(t, nodes) - spent
	cancel()
	crowd.Wait()
	return sample{rate: settled / took.Seconds(), cost: spent.Seconds() * 1000 / max(1, settled)}
}

// processorTime is what the nodes have used together.
func processorTime(t *testing.T, nodes []*fieldtest.Process) (sum time.Duration) {
	t.Helper()
	for _, n := range nodes {
		used, err := n.CPU(t.Context())
		must(t, err)
		sum += used
	}
	return sum
}

// pay makes one payment and waits until it is settled.
func (m *market) pay(ctx context.Context, reference string) error {
	done := make(chan struct{})
	m.mu.Lock()
	m.waiting[reference] = done
	m.mu.Unlock()
	var made struct{ ID string }
	err := fieldtest.Ask(ctx, m.front, m.key, http.MethodPost, "/v1/payments", map[string]any{
		"reference": reference, "amount": 500, "currency": "XAF",
		"method": map[string]any{"type": "mobile_money", "phone": "+24174000000"},
	}, &made)
	if err != nil {
		return err
	}
	select {
	case <-done:
		m.settled.Add(1)
		return nil
	case <-ctx.Done():
		return nil
	case <-time.After(fieldtest.Patience):
		return fmt.Errorf("payment %s was never settled", reference)
	}
}
