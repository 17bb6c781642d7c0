package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

// nextMigration is what a next version might bring, by the rules of
// docs/upgrading.md: a column with a default, an index and a table.
const nextMigration = `-- +goose Up
ALTER TABLE transactions ADD COLUMN next_version TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN next_version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX ix_transactions_next_version ON transactions (merchant_id, next_version) WHERE next_version <> '';
CREATE TABLE next_versions (id TEXT NOT NULL PRIMARY KEY);
`

// buildNext builds the version after this one: the same program with one more
// migration, laid over the source tree.
func buildNext(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	migration, overlay, binary := filepath.Join(folder, "next.sql"), filepath.Join(folder, "overlay.json"), filepath.Join(folder, "passerelle")
	place, err := filepath.Abs("../internal/store/migrations/90001_next.sql")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{place: migration}})
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{migration: nextMigration, overlay: string(text)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", binary, "../cmd/passerelle").CombinedOutput()
	if err != nil {
		t.Fatalf("build the next version: %v\n%s", err, out)
	}
	return binary
}

// balancer passes TCP connections on to nodes that say they are ready, in turn.
type balancer struct {
	net.Listener
	mu    sync.Mutex
	nodes []string
	ready map[string]bool
	turn  int
	// waits counts the connections that found no node ready.
	waits atomic.Int64
}

func startBalancer(t *testing.T) *balancer {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{Listener: l, ready: map[string]bool{}}
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { b.look(ctx) })
	work.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { b.pass(ctx, client) })
		}
	})
	t.Cleanup(func() { stop(); _ = l.Close(); work.Wait() })
	return b
}

func (b *balancer) set(nodes ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes = nodes
}

func (b *balancer) isReady(node string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ready[node]
}

// look asks every node whether it is ready, many times within a drain's notice.
func (b *balancer) look(ctx context.Context) {
	for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		b.mu.Lock()
		nodes := b.nodes
		b.mu.Unlock()
		for _, node := range nodes {
			asking, cancel := context.WithTimeout(ctx, 5*time.Second)
			status, _, err := perform(asking, http.MethodGet, "http://"+node+"/readyz", nil, "")
			cancel()
			b.mu.Lock()
			b.ready[node] = err == nil && status == http.StatusOK
			b.mu.Unlock()
		}
	}
}

// next is the node whose turn it is, "" while none is ready.
func (b *balancer) next() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.nodes {
		b.turn++
		if node := b.nodes[b.turn%len(b.nodes)]; b.ready[node] {
			return node
		}
	}
	return ""
}

// pass connects a client to a node. It waits while none is ready, as a client
// does that tries again when it is refused; it never sends anything twice.
func (b *balancer) pass(ctx context.Context, client net.Conn) {
	defer func() { _ = client.Close() }()
	var node net.Conn
	for counted := false; node == nil; {
		if name := b.next(); name != "" {
			node, _ = (&net.Dialer{}).DialContext(ctx, "tcp", name)
		}
		if ctx.Err() != nil {
			return
		}
		if node == nil && !counted {
			counted = true
			b.waits.Add(1)
		}
		if node == nil {
			time.Sleep(10 * time.Millisecond)
		}
	}
	defer func() { _ = node.Close() }()
	done := make(chan struct{}, 2)
	for from, to := range map[net.Conn]net.Conn{client: node, node: client} {
		go func() {
			_, _ = io.Copy(to, from)
			_ = to.(*net.TCPConn).CloseWrite()
			done <- struct{}{}
		}()
	}
	<-done
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// customers pay without end and remember each answer that was not the right one.
type customers struct {
	url, key string
	stop     func()
	paid     atomic.Int64
	mu       sync.Mutex
	failures []string
}

func startCustomers(t *testing.T, url, key string) *customers {
	t.Helper()
	c := &customers{url: url, key: key}
	ctx, cancel := context.WithCancel(context.Background())
	var crowd sync.WaitGroup
	for i := range 4 {
		// Two keep their connections, two make a new one for each request.
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: i%2 == 0}, Timeout: 30 * time.Second}
		crowd.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := c.pay(client, fmt.Sprintf("C%d-%d", i, n)); err != nil {
					c.mu.Lock()
					c.failures = append(c.failures, err.Error())
					c.mu.Unlock()
				}
			}
			client.CloseIdleConnections()
		})
	}
	c.stop = sync.OnceFunc(func() { cancel(); crowd.Wait() })
	t.Cleanup(c.stop)
	return c
}

func (c *customers) pay(client *http.Client, reference string) error {
	text := `{"reference":"` + reference + `","amount":2000,"currency":"XAF","method":{"type":"mobile_money","phone":"+24174000100"}}`
	var payment struct{ ID, Status string }
	if err := c.ask(client, http.MethodPost, "/v1/payments", text, reference, http.StatusCreated, &payment); err != nil {
		return err
	}
	id := payment.ID
	if err := c.ask(client, http.MethodGet, "/v1/payments/"+id, "", "", http.StatusOK, &payment); err != nil {
		return err
	}
	if payment.ID != id {
		return fmt.Errorf("asked for %s and got %s", id, payment.ID)
	}
	c.paid.Add(1)
	return nil
}

func (c *customers) ask(client *http.Client, method, path, text, key string, want int, into any) error {
	req, err := http.NewRequest(method, c.url+path, strings.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	if text != "" {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		return fmt.Errorf("%s %s is answered %d: %s, %w", method, path, resp.StatusCode, body, err)
	}
	return json.Unmarshal(body, into)
}

// more waits until some more have paid, and reports who could not.
func (c *customers) more(t *testing.T, when string) {
	t.Helper()
	from := c.paid.Load()
	eventually(t, "payments "+when, func() bool { return c.paid.Load() >= from+20 })
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.failures) > 0 {
		t.Fatalf("%s: %d requests failed: %s", when, len(c.failures), c.failures[0])
	}
}

// site is where the versions run: a database, and the settings of its nodes.
type site struct {
	t        *testing.T
	env      []string
	balancer *balancer
}

func (s site) node(binary string) (address string, end func()) {
	s.t.Helper()
	address = freeAddress(s.t)
	cmd := serve(s.t, binary, append(s.env, "PASSERELLE_ADDR="+address, "PASSERELLE_ADMIN_ADDR=127.0.0.1:0"), address)
	return address, func() {
		s.t.Helper()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			s.t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("a node did not drain: %v", err)
		}
	}
}

func (s site) await(nodes ...string) {
	s.t.Helper()
	s.balancer.set(nodes...)
	for _, node := range nodes {
		eventually(s.t, "the balancer found "+node, func() bool { return s.balancer.isReady(node) })
	}
}

func (s site) run(binary string, args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), binary, args...)
	cmd.Env = s.env
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("%v: %v: %s%s", args, err, out.String(), said.String())
	}
	return out.String()
}

func newSite(t *testing.T, database string) site {
	t.Helper()
	return site{t: t, balancer: startBalancer(t), env: append(os.Environ(),
		"PASSERELLE_DATABASE_URL="+database, "PASSERELLE_KEYS="+secret.NewKey(), "PASSERELLE_PUBLIC_URL=https://pay.example.com",
		"PASSERELLE_OPERATOR_DELAY=100ms", "PASSERELLE_RATES=off", "PASSERELLE_DRAIN_NOTICE=1s", "PASSERELLE_DRAIN=20s")}
}

// customers are those of a merchant of this site.
func (s site) customers(binary string) *customers {
	key, _ := fields(s.t, s.run(binary, "merchant", "add", "Boutique", "--email", "b@example.test", "--json"))["test_key"].(string)
	return startCustomers(s.t, "http://"+s.balancer.Addr().String(), key)
}

// settled waits until everything that was accepted has ended, whichever version
// began it.
func (s site) settled(c *customers) {
	s.t.Helper()
	c.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.failures) > 0 {
		s.t.Fatalf("%d requests failed: %s", len(c.failures), c.failures[0])
	}
	for _, status := range []string{"pending", "requires_action"} {
		eventually(s.t, "nothing is "+status, func() bool {
			var list struct{ Data []struct{ ID string } }
			err := c.ask(http.DefaultClient, http.MethodGet, "/v1/payments?limit=1&status="+status, "", "", http.StatusOK, &list)
			return err == nil && len(list.Data) == 0
		})
	}
}

func TestAnUpgradeAndItsReturnFailNoRequest(t *testing.T) {
	t.Parallel()
	current, next := build(t), buildNext(t)
	t.Run("two nodes on PostgreSQL, one after the other", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, pgtest.Database(t))
		s.run(current, "migrate")
		first, endFirst := s.node(current)
		second, endSecond := s.node(current)
		s.await(first, second)
		c := s.customers(current)
		c.more(t, "before the upgrade")

		s.run(next, "migrate")
		c.more(t, "with old nodes on the new schema")
		endFirst()
		first, endFirst = s.node(next)
		s.await(first, second)
		c.more(t, "with an old and a new node")
		endSecond()
		second, endSecond = s.node(next)
		s.await(first, second)
		c.more(t, "with new nodes")

		// The new version disappoints: the old one runs on its schema.
		endFirst()
		first, endFirst = s.node(current)
		s.await(first, second)
		c.more(t, "after going back")
		if n := s.balancer.waits.Load(); n != 0 {
			t.Errorf("%d connections found no node ready", n)
		}
		s.settled(c)
		endFirst()
		endSecond()
	})
	t.Run("one node on SQLite, with a pause", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, filepath.Join(t.TempDir(), "passerelle.db"))
		s.run(current, "migrate")
		only, end := s.node(current)
		s.await(only)
		c := s.customers(current)
		c.more(t, "before the upgrade")
		s.run(next, "migrate")
		c.more(t, "with the old node on the new schema")
		for _, version := range []string{next, current} {
			end()
			only, end = s.node(version)
			s.await(only)
			c.more(t, "after a restart")
		}
		s.settled(c)
		end()
	})
}
