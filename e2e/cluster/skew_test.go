package cluster_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/e2e/fieldtest"
	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
)

// skew is how far the clock of a node is off.
const skew = time.Minute

// clocksApart runs nodes whose machines' clocks differ by two minutes in all. A
// clock can't be given to a process, so these run in this one; all else is as
// it is for the others. Were leases taken and read by those clocks, nodes would
// submit what another is submitting.
func clocksApart(t *testing.T, s stage) {
	_, url := durable(t)
	tr := &troupe{heard: &requests{}}
	tr.Field = fieldtest.New(t, fieldtest.Options{
		Binary: s.binary, Database: url, Nodes: s.nodes, Seed: *seed, Calm: true,
		Make: func(number int, setup fieldtest.Setup) fieldtest.Node {
			n := &inside{setup: setup, off: time.Duration(number-1) * skew}
			t.Cleanup(func() { _ = n.Kill() })
			return n
		},
		Front: balanced(t),
		Heard: tr.heard.note,
	})
	began := time.Now()
	closeShop := tr.Shop.Open()
	tr.awaitAnswers(t, 300)
	tr.inHand(t).checkDone(t, time.Now())
	all, failed := tr.heard.between(began, time.Now())
	told(t, "clocks", "%d nodes, %s apart, %d of %d requests failed", s.nodes, skew, len(failed), len(all))
	if len(failed) > 0 {
		t.Errorf("requests failed: %s", describe(failed))
	}
	closeShop()
	tr.judged(t)
}

// inside is a node in this process, whose clock is off.
type inside struct {
	setup   fieldtest.Setup
	off     time.Duration
	running *app.Running
	log     syncBuffer
}

func (n *inside) Address() string { return n.setup.Address }

func (n *inside) Start(ctx context.Context) error {
	keys, err := secret.ParseKeyring(n.setup.Keys)
	if err != nil {
		return err
	}
	n.running, err = app.Start(ctx, app.Config{
		Addr: n.setup.Address, DatabaseURL: n.setup.Database, Keys: keys, PublicURL: n.setup.Public,
		AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, OperatorDelay: "manual",
		Log: slog.New(slog.NewTextHandler(&n.log, nil)),
		Now: func() time.Time { return time.Now().Add(n.off) },
	})
	return err
}

// Kill ends it in order: nothing here is about what a crash leaves.
func (n *inside) Kill() error {
	if n.running == nil {
		return nil
	}
	running := n.running
	n.running = nil
	return running.Drain()
}

func (n *inside) Mentions(text string) (lines []string) {
	for line := range strings.Lines(n.log.String()) {
		if strings.Contains(line, text) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
