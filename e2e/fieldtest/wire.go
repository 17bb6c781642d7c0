package fieldtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// callLimit is how long anybody here waits for an answer. A repeat of a request
// whose process died waits for the key's lease; whoever asks gives up before
// and comes back.
const callLimit = 3 * time.Second

// answer is what came back, whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// wires has no limit of idle connections that the load would notice.
var wires = &http.Client{Timeout: callLimit, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

func call(ctx context.Context, method, url string, header http.Header, body []byte) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if header != nil {
		req.Header = header
	}
	res, err := wires.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, text}, err
}

// native makes one call of the native API.
func native(ctx context.Context, addr, key, method, path, idempotency string, body any) (answer, error) {
	header := http.Header{"Authorization": {"Bearer " + key}}
	var text []byte
	if body != nil {
		header.Set("Content-Type", "application/json")
		if idempotency != "" {
			header.Set("Idempotency-Key", idempotency)
		}
		var err error
		if text, err = json.Marshal(body); err != nil {
			return answer{}, err
		}
	}
	return call(ctx, method, "http://"+addr+path, header, text)
}

// declared is the path at which a provider was told to notify, by its name;
// those that take an address with each request are given one below /hooks.
const declared = "/declared/"

// relay is the gateway's public address: the load balancer before its nodes.
// What finds no node is lost, and the provider comes back with it or doesn't.
type relay struct {
	*httptest.Server
	door  func() string
	hooks map[string]string // path of the hook by provider
	cut   atomic.Int64
}

func startRelay(t testing.TB) *relay {
	r := &relay{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP hands a notification over.
func (r *relay) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	path := in.URL.RequestURI()
	if name, ok := strings.CutPrefix(in.URL.Path, declared); ok {
		if path = r.hooks[name]; path == "" {
			w.WriteHeader(http.StatusNoContent) // nobody here listens for it
			return
		}
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	header := in.Header.Clone()
	header.Del("Accept-Encoding")
	got, err := call(in.Context(), in.Method, "http://"+r.door()+path, header, body)
	if err != nil {
		r.cut.Add(1)
		http.Error(w, "no node answers", http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", got.header.Get("Content-Type"))
	w.WriteHeader(got.status)
	_, _ = w.Write(got.body)
}

// read decodes an answer that has to have a status.
func (a answer) read(status int, into any) error {
	if a.status != status {
		return fmt.Errorf("answered %d, want %d: %s", a.status, status, a.body)
	}
	return json.Unmarshal(a.body, into)
}

// Ask makes one call of the native API that has to succeed.
func Ask(ctx context.Context, addr, key, method, path string, body, into any) error {
	got, err := native(ctx, addr, key, method, path, "", body)
	if err == nil && got.status/100 != 2 {
		err = fmt.Errorf("%s %s: answered %d: %s", method, path, got.status, got.body)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(got.body, into)
}
