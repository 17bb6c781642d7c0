package client

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
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
)

// requests are those that a stub got, in order.
type requests struct {
	mu   sync.Mutex
	list []*http.Request
}

// add keeps a request with its body and returns how many there are.
func (q *requests) add(r *http.Request) int {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, r)
	return len(q.list)
}

func (q *requests) all() []*http.Request {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.list)
}

// gateway answers each request with the next of its answers.
func gateway(t *testing.T, answers ...http.HandlerFunc) (*Client, *requests) {
	t.Helper()
	seen := &requests{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[min(seen.add(r), len(answers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	c := New(server.URL+"/", "sk_test_made_up")
	c.pause = func(context.Context, time.Duration) error { return nil }
	return c, seen
}

func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// breaks ends the connection without an answer.
func breaks(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

const succeeded = `{"id":"pay_1","kind":"payment","status":"succeeded","amount":15000,"currency":"XAF","next_action":null,
	"failure":null,"provider":{"name":"sandbox","connection":"con_1","reference":"OP1"},"created_at":"2026-11-21T08:00:00.123Z","completed_at":"2026-11-21T08:00:01Z"}`

var order = NewTransaction{Reference: "order-1", Amount: 15000, Currency: "XAF", Method: &NewMethod{Type: MobileMoney, Phone: "+24177000100"}}

func TestACallCarriesKeyBodyAndIdempotencyKey(t *testing.T) {
	c, seen := gateway(t, answers(201, succeeded))
	p, err := c.CreatePayment(t.Context(), order, WithRequestID("shop-7"))
	if err != nil {
		t.Fatal(err)
	}
	if p.ID != "pay_1" || !p.Final() || p.Provider.Reference != "OP1" || p.CompletedAt == nil || p.NextAction != nil {
		t.Errorf("payment is %+v", p)
	}
	r := seen.all()[0]
	body, _ := io.ReadAll(r.Body)
	const want = `{"reference":"order-1","amount":15000,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`
	if r.Method != "POST" || r.URL.Path != "/v1/payments" || string(body) != want {
		t.Errorf("sent %s %s %s", r.Method, r.URL.Path, body)
	}
	for name, value := range map[string]string{"Authorization": "Bearer sk_test_made_up", "Content-Type": "application/json", "X-Request-Id": "shop-7"} {
		if r.Header.Get(name) != value {
			t.Errorf("%s is %q", name, r.Header.Get(name))
		}
	}
	if r.Header.Get("Idempotency-Key") == "" {
		t.Error("there is no idempotency key")
	}
}

func TestAPostIsRepeatedWithTheSameKeyAfterANetworkError(t *testing.T) {
	c, seen := gateway(t, breaks, answers(503, ``), answers(201, succeeded))
	if _, err := c.CreatePayment(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	if len(seen.all()) != 3 {
		t.Fatalf("%d requests were sent", len(seen.all()))
	}
	first := seen.all()[0].Header.Get("Idempotency-Key")
	for _, r := range seen.all() {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Idempotency-Key") != first || !strings.Contains(string(body), "order-1") {
			t.Errorf("repeated with key %q and body %s", r.Header.Get("Idempotency-Key"), body)
		}
	}
	if _, err := c.CreatePayment(t.Context(), order); err != nil || seen.all()[3].Header.Get("Idempotency-Key") == first {
		t.Error("another call has the same key")
	}
	if _, err := c.CreatePayment(t.Context(), order, WithKey("mine")); err != nil || seen.all()[4].Header.Get("Idempotency-Key") != "mine" {
		t.Error("the program's own key is not used")
	}
}

func TestRepeatingEnds(t *testing.T) {
	c, seen := gateway(t, breaks)
	if _, err := c.Payment(t.Context(), "pay_1"); err == nil || len(seen.all()) != 1+defaultRetries {
		t.Errorf("after %d requests the error is %v", len(seen.all()), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Payment(ctx, "pay_1"); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled call ends with %v", err)
	}
}

func TestARefusalIsAProblemAndNotRepeated(t *testing.T) {
	c, seen := gateway(t, answers(409, `{"type":"https://pay.example/docs#error-duplicate_reference","title":"Conflict","status":409,
		"detail":"the reference is already used","code":"duplicate_reference","param":"reference","existing":"pay_0","request_id":"req_1"}`))
	_, err := c.CreatePayment(t.Context(), order)
	var p *Problem
	if !errors.As(err, &p) || p.Code != CodeDuplicateReference || p.Status != 409 || p.Param != "reference" || p.Existing != "pay_0" || p.RequestID != "req_1" {
		t.Errorf("problem is %+v", p)
	}
	if len(seen.all()) != 1 {
		t.Errorf("%d requests were sent", len(seen.all()))
	}
}

func TestAnAnswerOfSomebodyElseIsAProblemToo(t *testing.T) {
	c, _ := gateway(t, answers(404, `<html>no such page</html>`))
	_, err := c.Payment(t.Context(), "pay_1")
	var p *Problem
	if !errors.As(err, &p) || p.Status != 404 || p.Code != "unreadable" {
		t.Errorf("error is %v", err)
	}
}

func TestRetryAfterIsWaitedFor(t *testing.T) {
	c, _ := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		answers(429, `{"code":"rate_limited"}`)(w, r)
	}, answers(200, `[]`))
	var waited time.Duration
	c.pause = func(_ context.Context, d time.Duration) error { waited = d; return nil }
	if _, err := c.Balances(t.Context()); err != nil || waited != 7*time.Second {
		t.Errorf("waited %s, error %v", waited, err)
	}
}

func TestListsAreReadPageByPage(t *testing.T) {
	c, seen := gateway(t,
		answers(200, `{"data":[{"id":"pay_3"},{"id":"pay_2"}],"next_cursor":"abc"}`),
		answers(200, `{"data":[{"id":"pay_1"}],"next_cursor":null}`))
	var ids []string
	for p, err := range c.Payments(t.Context(), Filter{Status: StatusPending, PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.ID)
	}
	if strings.Join(ids, " ") != "pay_3 pay_2 pay_1" {
		t.Errorf("ids are %v", ids)
	}
	if q := seen.all()[1].URL.Query(); q.Get("cursor") != "abc" || q.Get("status") != "pending" || q.Get("limit") != "2" {
		t.Errorf("second page is asked for by %v", q)
	}
}

func TestAListStopsAtAnErrorAndWhenItsReaderDoes(t *testing.T) {
	c, seen := gateway(t, answers(200, `{"data":[{"id":"evt_2"},{"id":"evt_1"}],"next_cursor":"abc"}`), answers(401, `{"code":"unauthorized"}`))
	for _, err := range c.Events(t.Context(), "") {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if len(seen.all()) != 1 {
		t.Errorf("%d pages were read for one event", len(seen.all()))
	}
	var last error
	n := 0
	for _, err := range c.Events(t.Context(), "") {
		n, last = n+1, err
	}
	if n != 1 || last == nil {
		t.Errorf("%d events and error %v", n, last)
	}
}

// signed makes the headers of a webhook as the Standard Webhooks specification
// says: base64(HMAC-SHA256(key, "id.timestamp.body")).
func signed(key []byte, id string, at time.Time, body string) http.Header {
	ts := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + ts + "." + body))
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", ts)
	h.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return h
}

func TestVerify(t *testing.T) {
	key := []byte("a made-up webhook signing secret")
	secret := "whsec_" + base64.StdEncoding.EncodeToString(key)
	body := `{"id":"evt_1","type":"payment.succeeded","created_at":"2026-11-21T08:00:00Z","sequence":2,"mode":"test","data":` + succeeded + `}`

	e, err := Verify(secret, signed(key, "evt_1", time.Now(), body), []byte(body))
	if err != nil || e.Type != "payment.succeeded" || e.Sequence != 2 || e.Data.Amount != 15000 {
		t.Errorf("event is %+v, error %v", e, err)
	}
	for name, c := range map[string]struct {
		header http.Header
		body   string
	}{
		"a changed body":          {signed(key, "evt_1", time.Now(), body), strings.Replace(body, "15000", "15001", 1)},
		"another secret":          {signed([]byte("another"), "evt_1", time.Now(), body), body},
		"an old message":          {signed(key, "evt_1", time.Now().Add(-6*time.Minute), body), body},
		"a message from tomorrow": {signed(key, "evt_1", time.Now().Add(24*time.Hour), body), body},
		"no signature":            {http.Header{}, body},
	} {
		if _, err := Verify(secret, c.header, []byte(c.body)); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	if _, err := Verify("whsec_not base64", http.Header{}, nil); err == nil || strings.Contains(err.Error(), "not base64") {
		t.Errorf("the secret is told: %v", err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	c := New("https://pay.example", "sk_live_made_up")
	card := NewCard{Number: "4111111111111111", Expiry: "12/60", CVV: "737"}
	text := fmt.Sprintf("%v %+v %#v %s %v %+v %#v", c, c, c, c, card, card, card)
	for _, secret := range []string{"sk_live", "411111111111", "737"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is printed: %s", secret, text)
		}
	}
}
