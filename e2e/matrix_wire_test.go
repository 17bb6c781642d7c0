package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// wire is the network before a gateway: a proxy that stands at the gateway's
// public address and can do what networks do.
type wire struct {
	*httptest.Server
	target    atomic.Pointer[url.URL]
	transport *http.Transport
	// hook is where notifications go that the provider sends to the address
	// declared with it; those that a request named come under /hooks anyway.
	hook atomic.Pointer[string]

	mu     sync.Mutex
	lossy  []string // paths whose answers get lost
	lost   int
	held   chan struct{} // closed when notifications may pass; nil: they may
	copies int
	passed int // notifications handed over, copies included
}

// declared is the path below which a provider was told to notify.
const declared = "/declared/"

func startWire(t *testing.T) *wire {
	t.Helper()
	w := &wire{copies: 1, transport: &http.Transport{}}
	proxy := &httputil.ReverseProxy{Transport: w.transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(w.target.Load())
		r.Out.Host = r.In.Host
	}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodGet && strings.HasPrefix(r.URL.Path, "/hooks/"):
			w.news(rw, r, r.URL.RequestURI())
		case strings.HasPrefix(r.URL.Path, declared):
			w.news(rw, r, *w.hook.Load())
		case w.loses(r.URL.Path):
			// The gateway gets the request and answers; nobody hears it.
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			w.countLoss()
			rw.Header().Set("Content-Type", "text/html")
			rw.WriteHeader(http.StatusGatewayTimeout)
			_, _ = io.WriteString(rw, "<h1>504 Gateway Time-out</h1>")
		default:
			proxy.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(w.Close)
	return w
}

// leadTo sets the gateway behind the wire, which has been started. Before the
// gateway drains, connections are closed that were never used: it would wait
// for their first request.
func (w *wire) leadTo(t *testing.T, address string) {
	t.Helper()
	t.Cleanup(func() {
		w.transport.CloseIdleConnections()
		http.DefaultClient.CloseIdleConnections()
	})
	u, err := url.Parse("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	w.target.Store(u)
}

// news hands a notification over, as often as it is to come.
func (w *wire) news(rw http.ResponseWriter, r *http.Request, path string) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	held, copies := w.held, w.copies
	w.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-r.Context().Done():
			return
		}
	}
	var first *http.Response
	for range copies {
		res, err := w.handOver(r, path, body)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = res.Body.Close() }()
		if first == nil {
			first = res
		}
	}
	rw.Header().Set("Content-Type", first.Header.Get("Content-Type"))
	rw.WriteHeader(first.StatusCode)
	_, _ = io.Copy(rw, first.Body)
}

func (w *wire) handOver(r *http.Request, path string, body []byte) (*http.Response, error) {
	target := w.target.Load().Scheme + "://" + w.target.Load().Host + path
	out, err := http.NewRequestWithContext(r.Context(), r.Method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header = r.Header.Clone()
	w.mu.Lock()
	w.passed++
	w.mu.Unlock()
	return w.transport.RoundTrip(out)
}

func (w *wire) loses(path string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, end := range w.lossy {
		// One that ends in a slash goes on with a reference.
		if strings.HasSuffix(path, end) || strings.HasSuffix(end, "/") && strings.Contains(path, end) {
			return true
		}
	}
	return false
}

func (w *wire) countLoss() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost++
}

// lose makes the answers of some calls get lost from now on.
func (w *wire) lose(paths []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lossy, w.lost = paths, 0
}

// losses is how many answers got lost since.
func (w *wire) losses() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

// hold keeps notifications on their way until the returned function is called.
func (w *wire) hold() (release func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	held := make(chan struct{})
	w.held = held
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.held == held {
			close(held)
			w.held = nil
		}
	}
}

// repeat makes every notification come so many times from now on.
func (w *wire) repeat(copies int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.copies, w.passed = copies, 0
}

// handedOver is how many notifications, copies included, have passed since.
func (w *wire) handedOver() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.passed
}

// clock is real time, moved forward by hand.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }
