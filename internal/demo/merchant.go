package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// merchant is a small shop's server: it keeps every notification it gets and
// acknowledges each as the strictest of the providers asks for.
type merchant struct {
	url    string
	server *http.Server

	mu   sync.Mutex
	got  []provider.Received
	news chan struct{} // closed and replaced at each arrival
}

func startMerchant(ctx context.Context) (*merchant, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start demo merchant: %w", err)
	}
	m := &merchant{url: "http://" + l.Addr().String(), news: make(chan struct{})}
	m.server = &http.Server{Handler: m, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = m.server.Serve(l) }() // ends with Close, which is no failure
	return m, nil
}

// ServeHTTP keeps the request and acknowledges it.
func (m *merchant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	m.keep(provider.Received{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body})
	ack := map[string]any{"received": true}
	var fields map[string]any
	if json.Unmarshal(body, &fields) == nil {
		// A provider that wants its notification echoed gets code and id back.
		if code, ok := fields["code"]; ok {
			ack["responseCode"], ack["transactionId"] = code, fields["transactionId"]
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(ack)
}

func (m *merchant) keep(r provider.Received) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got = append(m.got, r)
	close(m.news)
	m.news = make(chan struct{})
}

// take returns the first request that holds mark and was not taken before, and
// waits for it while ctx lasts.
func (m *merchant) take(ctx context.Context, mark string) (provider.Received, error) {
	for {
		m.mu.Lock()
		for i, r := range m.got {
			if holds(r, mark) {
				m.got = append(m.got[:i:i], m.got[i+1:]...)
				m.mu.Unlock()
				return r, nil
			}
		}
		news := m.news
		m.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
			return provider.Received{}, fmt.Errorf("no notification with %q arrived", mark)
		}
	}
}

func holds(r provider.Received, mark string) bool {
	return bytes.Contains(r.Body, []byte(mark)) || strings.Contains(r.Query, mark) || strings.Contains(r.Path, mark)
}

func (m *merchant) close() { _ = m.server.Close() }
