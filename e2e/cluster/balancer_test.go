package cluster_test

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/e2e/fieldtest"
)

// probeEvery is how often the balancer asks each node whether it is ready.
const probeEvery = 100 * time.Millisecond

// errNoNode answers where no node takes the connection.
var errNoNode = errors.New("no node takes the connection")

// balancer is a plain HTTP balancer: it hands each request to the next node
// that says it is ready. One that was refused before a byte was sent goes to
// another node; anything else that breaks is its client's to repeat.
type balancer struct {
	*httptest.Server
	nodes   []*backend
	next    atomic.Uint64
	retried atomic.Int64
}

type backend struct {
	addr  string
	ready atomic.Bool
	wires *http.Transport
}

func startBalancer(t *testing.T, addresses ...string) *balancer {
	t.Helper()
	b := &balancer{}
	for _, addr := range addresses {
		b.nodes = append(b.nodes, &backend{addr: addr, wires: &http.Transport{MaxIdleConnsPerHost: 256}})
	}
	b.Server = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Host },
		Transport: b,
		ErrorLog:  log.New(discard{}, "", 0),
	})
	ctx, stop := context.WithCancel(context.Background())
	var probes sync.WaitGroup
	for _, n := range b.nodes {
		probes.Go(func() { n.probe(ctx) })
	}
	t.Cleanup(func() { stop(); probes.Wait(); b.Close() })
	return b
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// address is where clients connect.
func (b *balancer) address() string { return b.Listener.Addr().String() }

// RoundTrip implements http.RoundTripper.
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	first := b.next.Add(1)
	for i := range b.nodes {
		n := b.nodes[(first+uint64(i))%uint64(len(b.nodes))]
		if !n.ready.Load() {
			continue
		}
		r.URL.Host = n.addr
		res, err := n.wires.RoundTrip(r)
		var broken *net.OpError
		if !errors.As(err, &broken) || broken.Op != "dial" {
			return res, err
		}
		n.ready.Store(false) // until a probe says otherwise
		b.retried.Add(1)
	}
	return nil, errNoNode
}

func (n *backend) probe(ctx context.Context) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		limit, cancel := context.WithTimeout(ctx, time.Second)
		n.ready.Store(fieldtest.Ready(limit, n.addr))
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
