package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/backup"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

// documented is a block of commands in docs/operations.md.
func documented(t *testing.T, name string) string {
	t.Helper()
	block := regexp.MustCompile("(?s)<!-- runs: " + name + " -->\n```sh\n(.*?)```").FindStringSubmatch(document(t, "docs/operations.md"))
	if block == nil {
		t.Fatalf("docs/operations.md has no commands for the %s", name)
	}
	return block[1]
}

func TestWhatBackupAndRestoreSayOfPostgreSQLIsWhatTheDocumentsSay(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]string{"backup of PostgreSQL": onPostgresBackup, "restore of PostgreSQL": onPostgresRestore} {
		first, _, _ := strings.Cut(documented(t, name), "\n")
		if !strings.Contains(said, "    "+first+"\n") {
			t.Errorf("the command says %s, the document %s", said, first)
		}
	}
}

// till takes payments at a gateway and remembers what it was promised.
type till struct {
	url, key string

	mu      sync.Mutex
	ids     []string
	failure error
}

func (l *till) sell(ctx context.Context, seller int) {
	for i := 0; ctx.Err() == nil; i++ {
		id, err := l.order(fmt.Sprintf("T%d-%d", seller, i))
		l.mu.Lock()
		l.ids, l.failure = append(l.ids, id), err
		l.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (l *till) order(reference string) (id string, err error) {
	req, err := http.NewRequest(http.MethodPost, l.url+"/v1/payments", strings.NewReader(body(reference)))
	if err != nil {
		return "", err
	}
	req.Header = http.Header{"Authorization": {"Bearer " + l.key}, "Content-Type": {"application/json"}}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	var payment struct{ ID string }
	if err != nil || resp.StatusCode != http.StatusCreated || json.Unmarshal(answer, &payment) != nil {
		return "", fmt.Errorf("payment %s is answered %d: %s, %w", reference, resp.StatusCode, answer, err)
	}
	return payment.ID, nil
}

func (l *till) promised(t *testing.T) []string {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failure != nil {
		t.Fatal(l.failure)
	}
	return append([]string(nil), l.ids...)
}

// within waits for what other processes bring about.
func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// runs gives a documented block to a shell. PostgreSQL's programs are those of
// the server, as a dump wants programs no older than it.
func runs(t *testing.T, folder, block string, env []string) {
	t.Helper()
	path := os.Getenv("PATH")
	if newest, _ := filepath.Glob("/usr/lib/postgresql/*/bin"); len(newest) > 0 {
		path += string(os.PathListSeparator) + newest[len(newest)-1]
	}
	cmd := exec.Command("sh", "-e", "-c", block)
	cmd.Dir, cmd.Env = folder, append(append(os.Environ(), env...), "PATH="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\nsays %s, %v", block, out, err)
	}
}

func TestADumpOfPostgreSQLUnderLoadIsOneMomentOfTheLedgerAndAGatewayGoesOnFromIt(t *testing.T) {
	t.Parallel()
	folder, keys := t.TempDir(), secret.NewKey()
	settings := func(database string) []string {
		return []string{"PASSERELLE_DATABASE_URL=" + database, "PASSERELLE_KEYS=" + keys, "PASSERELLE_PUBLIC_URL=https://pay.example.com"}
	}
	database := pgtest.Database(t)
	add := exec.Command("passerelle", "merchant", "add", "Boutique", "--email", "b@example.test", "--json")
	add.Dir, add.Env = folder, append(os.Environ(), settings(database)...)
	out, err := add.Output()
	if err != nil {
		t.Fatalf("merchant add: %v: %s", err, out)
	}
	var merchant struct {
		TestKey string `json:"test_key"`
	}
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&merchant); err != nil {
		t.Fatal(err)
	}
	p, err := launch(folder, settings(database), "serve", "--addr=127.0.0.1:0", "--admin-addr=127.0.0.1:0", "--test-mode", "--operator-delay=100ms")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.stop(); err != nil {
			t.Errorf("stop: %v\n%s", err, p.Output())
		}
	}()
	l := &till{url: p.URL, key: merchant.TestKey}
	ctx, stop := context.WithCancel(t.Context())
	var sellers sync.WaitGroup
	for seller := range 4 {
		sellers.Go(func() { l.sell(ctx, seller) })
	}
	within(t, "payments", func() bool { return len(l.promised(t)) >= 40 })
	promised := l.promised(t)
	runs(t, folder, documented(t, "backup of PostgreSQL"), settings(database))
	stop()
	sellers.Wait()
	l.promised(t)

	// Another server, and one that the doctor finds nothing wrong with.
	restored, err := pgtest.Dedicated(t, pgtest.Options{Durable: true}).Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	runs(t, folder, documented(t, "restore of PostgreSQL"), settings(restored))
	wholeAndGoesOn(t, restored, keys, promised, l)
}

// wholeAndGoesOn checks a restored database, and that what was pending in it
// settles. As with any restore some time has passed, so that the leases of the
// time of the backup are over.
func wholeAndGoesOn(t *testing.T, database, keys string, promised []string, l *till) {
	t.Helper()
	box, err := secret.ParseKeyring(keys)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := backup.Books(t.Context(), s.RawRead()); err != nil {
		t.Error(err)
	}
	count := func(query string, args ...any) (n int) {
		if err := s.RawRead().QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, id := range promised {
		if count("SELECT COUNT(*) FROM transactions WHERE id = $1", id) != 1 {
			t.Fatalf("payment %s was answered before the dump began and is not in it", id)
		}
	}
	running, err := app.Start(context.Background(), app.Config{
		Addr: "127.0.0.1:0", DatabaseURL: database, Keys: box, AllowLoopback: true, Sandbox: true, OperatorDelay: "100ms",
		DrainFor: patience, Version: "test", Now: func() time.Time { return time.Now().Add(time.Hour) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := running.Drain(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := (&till{url: running.URL, key: l.key}).order("AFTER"); err != nil {
		t.Error(err)
	}
	within(t, "every payment of the dump ends", func() bool {
		return count("SELECT COUNT(*) FROM transactions WHERE status IN ('pending', 'requires_action')") == 0
	})
	if n := count("SELECT COUNT(*) FROM transactions WHERE status <> 'succeeded'"); n != 0 {
		t.Errorf("%d payments did not succeed, though every customer approves", n)
	}
	if err := backup.Books(t.Context(), s.RawRead()); err != nil {
		t.Error(err)
	}
}
