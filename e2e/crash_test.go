package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

// slowProvider is a MyPVit that takes a payment, and never gets to answer
// before its caller is killed. It keeps its own truth.
type slowProvider struct {
	*httptest.Server
	mu    sync.Mutex
	taken map[string]int // rest calls by reference
	asked chan string
}

func startSlowProvider(t *testing.T) *slowProvider {
	p := &slowProvider{taken: map[string]int{}, asked: make(chan string, 16)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{code}/rest", func(_ http.ResponseWriter, r *http.Request) {
		var order struct{ Reference string }
		_ = json.NewDecoder(r.Body).Decode(&order)
		p.mu.Lock()
		p.taken[order.Reference]++
		p.mu.Unlock()
		p.asked <- order.Reference
		<-r.Context().Done()
	})
	mux.HandleFunc("GET /{code}/status", func(w http.ResponseWriter, r *http.Request) {
		reference := r.URL.Query().Get("transactionId")
		p.mu.Lock()
		defer p.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if p.taken[reference] == 0 {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprintf(w, `{"date":"01012025-141750","status_code":4006,"error":"TRANSACTION_NOT_FOUND","message":"The transaction is not found","path":"/X/status"}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"date":"01/01/2025 13:49:40","status":"SUCCESS","amount":2000.0,"fees":5.0,"operator":"AIRTEL_MONEY","merchant_reference_id":%q,"customer_account_number":"074000100","merchant_operation_account_code":"ACC_0123456789ABC"}`, reference)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(func() { p.CloseClientConnections(); p.Close() })
	return p
}

func (p *slowProvider) calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, times := range p.taken {
		n += times
	}
	return n
}

func TestKillNineBetweenTheFirstCommitAndTheAnswerLosesNothingAndPaysOnce(t *testing.T) {
	binary := build(t)
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			database := filepath.Join(t.TempDir(), "passerelle.db")
			if engine == "postgres" {
				database = pgtest.Database(t)
			}
			rail := startSlowProvider(t)
			addr := freeAddress(t)
			env := append(os.Environ(),
				"PASSERELLE_DATABASE_URL="+database, "PASSERELLE_KEYS="+secret.NewKey(),
				"PASSERELLE_PUBLIC_URL=http://"+addr, "PASSERELLE_ADDR="+addr, "PASSERELLE_ADMIN_ADDR="+freeAddress(t),
				"PASSERELLE_ALLOW_NETWORKS=127.0.0.0/8")
			liveKey := addMerchant(t, binary, env)
			server := serve(t, binary, env, addr)
			connect(t, addr, liveKey, rail.URL)

			answered := make(chan string, 1)
			go func() {
				_, body, err := native(context.Background(), addr, liveKey, http.MethodPost, "/v1/payments",
					`{"reference":"commande-1","amount":2000,"currency":"XAF","method":{"type":"mobile_money","phone":"+24174000100"}}`)
				answered <- fmt.Sprint(body, err)
			}()
			select {
			case <-rail.asked:
			case answer := <-answered:
				t.Fatalf("answered before the provider was asked: %s", answer)
			}
			if err := server.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = server.Wait()

			serve(t, binary, env, addr)
			eventually(t, "the payment settled by itself", func() bool {
				_, body, err := native(t.Context(), addr, liveKey, http.MethodGet, "/v1/payments?reference=commande-1", "")
				return err == nil && strings.Contains(body, `"status":"succeeded"`)
			})
			if n := rail.calls(); n != 1 {
				t.Errorf("the provider was asked to take the money %d times, want once", n)
			}
			_, entries, _ := native(t.Context(), addr, liveKey, http.MethodGet, "/v1/ledger/entries", "")
			if n := strings.Count(entries, `"account":"payments"`); n != 1 {
				t.Errorf("the ledger has %d payments, want 1: %s", n, entries)
			}
		})
	}
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "passerelle")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../cmd/passerelle").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

func addMerchant(t *testing.T, binary string, env []string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "merchant", "add", "Boutique", "--email", "b@example.test", "--json")
	cmd.Env = env
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("merchant add: %v\n%s", err, out)
	}
	key, _ := fields(t, string(out))["live_key"].(string)
	if !strings.HasPrefix(key, "sk_live_") {
		t.Fatalf("live key is %q", key)
	}
	return key
}

// serve starts a process and waits until it is ready.
func serve(t *testing.T, binary string, env []string, addr string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary, "serve", "--log-format=text", "--log-level=warn")
	cmd.Env = env
	logs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for scanner := bufio.NewScanner(logs); scanner.Scan(); {
			t.Log(scanner.Text())
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(t, "the server was ready", func() bool {
		status, _, err := perform(t.Context(), http.MethodGet, "http://"+addr+"/readyz", nil, "")
		return err == nil && status == http.StatusOK
	})
	return cmd
}

func connect(t *testing.T, addr, key, rail string) {
	t.Helper()
	status, body, err := native(t.Context(), addr, key, http.MethodPost, "/v1/connections", fmt.Sprintf(
		`{"provider":"mypvit","name":"rail","credentials":{"base_url":%q,"code_url":"ABCDEFGHIJKLMNOP","account":"ACC_0123456789ABC","secret":"sk_live_1","callback_url_code":"CBK99"}}`, rail))
	if err != nil || status != http.StatusCreated {
		t.Fatalf("connect: %d %s %v", status, body, err)
	}
}

// native makes one call of the native API.
func native(ctx context.Context, addr, key, method, path, body string) (int, string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	header := http.Header{"Authorization": {"Bearer " + key}}
	if body != "" {
		header.Set("Content-Type", "application/json")
	}
	return perform(ctx, method, "http://"+addr+path, header, body)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
