// Package e2e_test runs the whole program from outside, over real HTTP.
package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
)

// startGateway runs a gateway with a temporary SQLite database.
func startGateway(t *testing.T, change func(*app.Config)) *app.Running {
	t.Helper()
	keys, err := secret.ParseKeyring(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	c := app.Config{
		Addr: "127.0.0.1:0", DatabaseURL: ":memory:", Keys: keys, AllowLoopback: true, Sandbox: true,
		OperatorDelay: "100ms", Demo: true, DrainFor: 20 * time.Second, Version: "test",
	}
	if change != nil {
		change(&c)
	}
	running, err := app.Start(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Drain(); err != nil {
			t.Errorf("drain: %v", err)
		}
	})
	return running
}

// arrived is one request that a shop got.
type arrived struct {
	method, path, query, body string
	header                    http.Header
}

// shop is a merchant's server that keeps what it gets and acknowledges it.
type shop struct {
	*httptest.Server
	mu  sync.Mutex
	got []arrived
}

func startShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.got = append(s.got, arrived{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header.Clone()})
		s.mu.Unlock()
		var fields map[string]any
		_ = json.Unmarshal(body, &fields)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"responseCode": fields["code"], "transactionId": fields["transactionId"]})
	}))
	t.Cleanup(s.Close)
	return s
}

// all returns what has arrived at a path so far.
func (s *shop) all(path string) []arrived {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []arrived
	for _, a := range s.got {
		if a.path == path {
			list = append(list, a)
		}
	}
	return list
}

// wait returns the first request at a path whose body or query holds mark.
func (s *shop) wait(t *testing.T, path, mark string) arrived {
	t.Helper()
	var found arrived
	eventually(t, "a notification at "+path+" with "+mark, func() bool {
		for _, a := range s.all(path) {
			if strings.Contains(a.body, mark) || strings.Contains(a.query, mark) {
				found = a
				return true
			}
		}
		return false
	})
	return found
}

// eventually polls a condition that real time and other processes bring about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("%s never happened", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// fields reads a JSON object.
func fields(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("not a JSON object: %v: %s", err, text)
	}
	return m
}
