package cluster_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
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

// probeEvery is how often a balancer asks each node whether it is ready.
const probeEvery = 100 * time.Millisecond

// errNoNode answers where no node takes the connection.
var errNoNode = errors.New("no node takes the connection")

// backends are the nodes as a balancer sees them.
type backends struct {
	nodes []*backend
	next  atomic.Uint64
}

type backend struct {
	addr  string
	ready atomic.Bool
	wires *http.Transport
}

func watchBackends(t *testing.T, addresses []string) *backends {
	t.Helper()
	b := &backends{}
	ctx, stop := context.WithCancel(context.Background())
	var probes sync.WaitGroup
	for _, addr := range addresses {
		n := &backend{addr: addr, wires: &http.Transport{MaxIdleConnsPerHost: 256}}
		b.nodes = append(b.nodes, n)
		probes.Go(func() { n.probe(ctx) })
	}
	t.Cleanup(func() { stop(); probes.Wait() })
	return b
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

// inTurn are the nodes that say they are ready, each time from another one on.
func (b *backends) inTurn() iter.Seq[*backend] {
	first := b.next.Add(1)
	return func(yield func(*backend) bool) {
		for i := range b.nodes {
			n := b.nodes[(first+uint64(i))%uint64(len(b.nodes))]
			if n.ready.Load() && !yield(n) {
				return
			}
		}
	}
}

// refused tells a connection that was not taken, so that no byte was sent. The
// node gets no more until a probe says otherwise.
func (n *backend) refused(err error) bool {
	var broken *net.OpError
	is := errors.As(err, &broken) && broken.Op == "dial"
	if is {
		n.ready.Store(false)
	}
	return is
}

// balancer is a plain HTTP balancer: it hands each request to the next node. One
// that was refused before a byte was sent goes to another node; anything else
// that breaks is its client's to repeat.
type balancer struct{ *backends }

func startBalancer(t *testing.T, addresses []string) (address string) {
	t.Helper()
	front := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Host },
		Transport: balancer{watchBackends(t, addresses)},
		ErrorLog:  slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	})
	t.Cleanup(front.Close)
	return front.Listener.Addr().String()
}

// RoundTrip implements http.RoundTripper.
func (b balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	for n := range b.inTurn() {
		r.URL.Host = n.addr
		if res, err := n.wires.RoundTrip(r); !n.refused(err) {
			return res, err
		}
	}
	return nil, errNoNode
}

// startSplitter starts a plain TCP balancer: it hands each connection to the
// next node and carries its bytes.
func startSplitter(t *testing.T, addresses []string) (address string) {
	t.Helper()
	b := watchBackends(t, addresses)
	front, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = front.Close() })
	go func() {
		for {
			client, err := front.Accept()
			if err != nil {
				return // closed
			}
			go b.carry(client)
		}
	}()
	return front.Addr().String()
}

func (b *backends) carry(client net.Conn) {
	defer func() { _ = client.Close() }()
	for n := range b.inTurn() {
		node, err := (&net.Dialer{Timeout: time.Second}).Dial("tcp", n.addr)
		if n.refused(err) {
			continue
		}
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(node, client); _ = node.Close() }()
		_, _ = io.Copy(client, node)
		_ = node.Close()
		return
	}
}
