package listen

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

const (
	patience   = 30 * time.Second
	testSecret = "whsec_bGlzdGVuLXRlc3Qtc2VjcmV0LTEyMzQ1Njc4OTA="
)

// gatewayDouble answers GET /v1/events as the reference documents it: newest
// first, two a page.
type gatewayDouble struct {
	mu     sync.Mutex
	events []map[string]any
	status int
}

func (g *gatewayDouble) add(id string, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.events = append(g.events, map[string]any{
		"id": id, "type": "payment.succeeded", "created_at": at.Format(time.RFC3339Nano), "sequence": 2, "mode": "test",
		"data": map[string]any{"id": "pay_" + id, "amount": 1500},
	})
	slices.SortStableFunc(g.events, func(a, b map[string]any) int {
		return strings.Compare(b["created_at"].(string), a["created_at"].(string))
	})
}

func (g *gatewayDouble) answer(status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status = status
}

func (g *gatewayDouble) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.URL.Path != "/v1/events" || r.Header.Get("Authorization") != "Bearer sk_test_demo" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if g.status != 0 {
		w.WriteHeader(g.status)
		return
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	to := min(from+2, len(g.events))
	page := map[string]any{"data": g.events[from:to]}
	if to < len(g.events) {
		page["next_cursor"] = strconv.Itoa(to)
	}
	_ = json.NewEncoder(w).Encode(page)
}

// received is one forwarded event.
type received struct {
	header http.Header
	body   []byte
}

// rig is a gateway, a developer's server, and forwarding between them.
type rig struct {
	*testing.T
	gateway *gatewayDouble
	got     chan received
	stop    func() error

	mu     sync.Mutex
	refuse int // how many events the server refuses
	out    bytes.Buffer
}

func (r *rig) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Write(p)
}

func (r *rig) output() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String()
}

// says waits until all the texts are printed.
func (r *rig) says(texts ...string) {
	r.Helper()
	deadline := time.Now().Add(patience)
	for _, text := range texts {
		for !strings.Contains(r.output(), text) {
			if time.Now().After(deadline) {
				r.Fatalf("%q is not printed, but\n%s", text, r.output())
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
}

func (r *rig) next() received {
	r.Helper()
	select {
	case got := <-r.got:
		return got
	case <-time.After(patience):
		r.Fatalf("nothing was forwarded\n%s", r.output())
		return received{}
	}
}

// run forwards, with pauses that cost no time.
func run(t *testing.T, g *gatewayDouble) *rig {
	t.Helper()
	r := &rig{T: t, gateway: g, got: make(chan received, 10)}
	source := httptest.NewServer(g)
	t.Cleanup(source.Close)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		refused := r.refuse > 0
		r.refuse--
		r.mu.Unlock()
		if refused {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.got <- received{req.Header, body}
	}))
	t.Cleanup(target.Close)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Config{
			Gateway: source.URL + "/", Key: "sk_test_demo", Forward: target.URL + "/webhooks", Secret: testSecret, Out: r,
			Pause: func(ctx context.Context, _ time.Duration) error { return pause(ctx, time.Millisecond) },
		})
	}()
	r.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("forwarding ended with %v", err)
		}
	})
	r.says("Listening for test events")
	return r
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestEventsFromNowOnAreForwardedOnceAndInOrder(t *testing.T) {
	t.Parallel()
	g := &gatewayDouble{}
	for i := range 5 {
		g.add(fmt.Sprint("old", i), noon.Add(time.Duration(i)*time.Second))
	}
	r := run(t, g)
	g.answer(http.StatusServiceUnavailable) // both are there at the next look
	g.add("evt1", noon.Add(10*time.Second))
	g.add("evt2", noon.Add(12*time.Second))
	g.answer(0)
	// This one was made before the others and is committed after them.
	for _, want := range []string{"evt1", "evt2"} {
		if got := r.next().header.Get("webhook-id"); got != want {
			t.Fatalf("%s is forwarded, want %s", got, want)
		}
	}
	g.add("late", noon.Add(11*time.Second))
	if got := r.next().header.Get("webhook-id"); got != "late" {
		t.Errorf("%s is forwarded, want the late one", got)
	}
	g.add("last", noon.Add(13*time.Second))
	if got := r.next().header.Get("webhook-id"); got != "last" {
		t.Errorf("%s is forwarded again", got)
	}
	r.says("payment.succeeded", "evt1", "200 OK")
}

func TestWhatIsForwardedIsSignedAsStandardWebhooksAre(t *testing.T) {
	t.Parallel()
	r := run(t, &gatewayDouble{})
	r.gateway.add("evt_1", noon)
	got := r.next()
	var body struct {
		ID   string `json:"id"`
		Data struct {
			Amount int `json:"amount"`
		} `json:"data"`
	}
	if err := json.Unmarshal(got.body, &body); err != nil || body.ID != "evt_1" || body.Data.Amount != 1500 {
		t.Errorf("forwarded %s (%v)", got.body, err)
	}
	// https://www.standardwebhooks.com: HMAC-SHA256 of id.timestamp.body.
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(testSecret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", got.header.Get("webhook-id"), got.header.Get("webhook-timestamp"), got.body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if signature := got.header.Get("webhook-signature"); signature != want {
		t.Errorf("signed %s, want %s", signature, want)
	}
	if kind := got.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("sent as %s", kind)
	}
}

func TestARefusedEventIsTriedAgainAndThenGivenUp(t *testing.T) {
	t.Parallel()
	r := run(t, &gatewayDouble{})
	r.mu.Lock()
	r.refuse = 2
	r.mu.Unlock()
	r.gateway.add("evt_patient", noon)
	if got := r.next().header.Get("webhook-id"); got != "evt_patient" {
		t.Errorf("forwarded %s", got)
	}
	r.says("500 Internal Server Error; again in 1s", "again in 2s", "200 OK")
	r.mu.Lock()
	r.refuse = len(retries) + 1
	r.mu.Unlock()
	r.gateway.add("evt_hopeless", noon.Add(time.Second))
	r.says("given up after 4 tries")
	r.gateway.add("evt_next", noon.Add(2*time.Second))
	if got := r.next().header.Get("webhook-id"); got != "evt_next" {
		t.Errorf("forwarded %s", got)
	}
}

func TestAGatewayThatGoesAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := run(t, &gatewayDouble{})
	r.gateway.answer(http.StatusServiceUnavailable)
	r.says("the gateway does not answer (HTTP 503); waiting for it")
	r.gateway.add("evt_meanwhile", noon)
	r.gateway.answer(0)
	r.says("the gateway answers again")
	if got := r.next().header.Get("webhook-id"); got != "evt_meanwhile" {
		t.Errorf("forwarded %s", got)
	}
	if err := r.stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestWhatCanNotWorkIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	source := httptest.NewServer(&gatewayDouble{})
	t.Cleanup(source.Close)
	good := Config{Gateway: source.URL, Key: "sk_test_demo", Forward: "http://127.0.0.1:1/", Secret: testSecret, Out: io.Discard}
	for want, change := range map[string]func(*Config){
		"only a test key": func(c *Config) { c.Key = "sk_live_abc" },
		"--forward is":    func(c *Config) { c.Forward = "localhost:3000" },
		"--url is":        func(c *Config) { c.Gateway = "ftp://x" },
		"signing secret":  func(c *Config) { c.Secret = "whsec_%" },
		"does not know":   func(c *Config) { c.Key = pay.Secret("sk_test_other") },
	} {
		c := good
		change(&c)
		err := Run(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if err != nil && strings.Contains(err.Error(), "abc") {
			t.Errorf("the key shows in %v", err)
		}
	}
}
