package fieldtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	// clerks ask for new things, patients repeat what got no answer.
	clerks   = 8
	patients = 4
	// thinking is the longest pause of a clerk between two intents.
	thinking = 40 * time.Millisecond
)

// wish is an intent and all that the shop was told of it.
type wish struct {
	intent
	id       string   // of the first 2xx
	refused  string   // the answer that was a definite refusal
	statuses []string // as answers and notices told them, in order of arrival
	notices  []notice
	served   bool // the customer has been on the provider's page
}

// Shop is the merchant: it drives the load and remembers.
type Shop struct {
	door        func() string
	heard       func(Heard)
	providers   *providers
	relay       *relay
	seed        uint64
	key         string
	connections map[string]string // id by provider
	endpoint    *httptest.Server
	verifier    *standardwebhooks.Webhook
	calm        atomic.Bool // its own server makes no trouble any more
	cut         atomic.Int64

	mu       sync.Mutex
	wishes   []*wish
	known    map[string]*wish // by reference
	matters  map[matter]bool
	paid     []*wish // payments that can be refunded
	pending  []*wish // without an answer
	troubles []problem
}

func newShop(t testing.TB, door func() string, p *providers, seed uint64) *Shop {
	t.Helper()
	s := &Shop{door: door, providers: p, seed: seed, known: map[string]*wish{}, matters: map[matter]bool{}}
	s.endpoint = httptest.NewServer(http.HandlerFunc(s.notified))
	t.Cleanup(s.endpoint.Close)
	return s
}

// connect connects the shop's account at each provider and asks for webhooks.
// It returns the paths of the hooks by what the providers were told.
func (s *Shop) connect(t testing.TB) map[string]string {
	t.Helper()
	hooks := map[string]string{}
	s.connections = map[string]string{}
	ask := func(path string, body any, into any) {
		got, err := native(t.Context(), s.door(), s.key, http.MethodPost, path, "", body)
		must(t, err)
		must(t, got.read(http.StatusCreated, into))
	}
	credentials := s.providers.credentials()
	for _, a := range accounts {
		var made struct {
			ID   string `json:"id"`
			Hook string `json:"hook_url"`
		}
		ask("/v1/connections", map[string]any{
			"provider": a.provider, "credentials": credentials[a.provider],
			"opening": []any{map[string]any{"amount": 100_000 * a.unit, "currency": a.currency}},
		}, &made)
		s.connections[a.provider] = made.ID
		hook, err := url.Parse(made.Hook)
		must(t, err)
		hooks[a.provider] = hook.RequestURI()
	}
	var made struct {
		Secret string `json:"secret"`
	}
	ask("/v1/webhook_endpoints", map[string]any{"url": s.endpoint.URL + "/webhooks"}, &made)
	var err error
	s.verifier, err = standardwebhooks.NewWebhook(made.Secret)
	must(t, err)
	return hooks
}

// Open lets the clerks work until the returned function is called, which comes
// back when the last of them has put down the phone.
func (s *Shop) Open() (stop func()) {
	closing := make(chan struct{})
	var work sync.WaitGroup
	for i := range clerks {
		chance := rand.New(rand.NewPCG(s.seed, uint64(100+i)))
		work.Go(func() {
			for !over(closing, rest(chance)) {
				s.want(chance)
			}
		})
	}
	for range patients {
		work.Go(func() {
			for !over(closing, 50*time.Millisecond) {
				if w := s.next(); w != nil {
					s.ask(w, true)
				}
			}
		})
	}
	return func() { close(closing); work.Wait() }
}

func rest(chance *rand.Rand) time.Duration { return time.Duration(chance.Int64N(int64(thinking))) }

// over waits a moment, or reports that it is closing time.
func over(closing <-chan struct{}, moment time.Duration) bool {
	select {
	case <-closing:
		return true
	case <-time.After(moment):
		return false
	}
}

// want makes up an intent and asks for it, at times twice at once, as
// impatient programs do.
func (s *Shop) want(chance *rand.Rand) {
	w := s.wish(chance)
	if chance.IntN(12) == 0 {
		var twins sync.WaitGroup
		twins.Go(func() { s.ask(w, false) })
		twins.Go(func() { s.ask(w, false) })
		twins.Wait()
		return
	}
	s.ask(w, false)
}

// wish is a new intent: a payment, a payout, or the refund of what was paid.
func (s *Shop) wish(chance *rand.Rand) *wish {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := intent{kind: payment, account: accounts[chance.IntN(len(accounts))]}
	switch roll := chance.IntN(100); {
	case roll < 12 && i.account.paysOut:
		i.kind = payout
	case roll >= 82 && len(s.paid) > 0:
		n := chance.IntN(len(s.paid))
		parent := s.paid[n]
		s.paid = slices.Delete(s.paid, n, n+1)
		i = intent{kind: refund, account: parent.account, phone: parent.phone, amount: parent.amount, parent: parent.id}
	}
	for i.kind != refund {
		i.phone, i.amount = draw(chance, i.account)
		// A number and amount serve one intent in either direction: its refund
		// goes the other way.
		back := i
		back.kind = map[string]string{payment: payout, payout: payment}[i.kind]
		if !s.matters[i.matter()] && !s.matters[back.matter()] {
			break
		}
	}
	i.reference = fmt.Sprintf("%s-%06d", i.kind, len(s.wishes)+1)
	w := &wish{intent: i}
	s.matters[i.matter()] = true
	s.wishes = append(s.wishes, w)
	s.known[i.reference] = w
	return w
}

// Heard is what one request of the shop met.
type Heard struct {
	Asked time.Time
	Took  time.Duration
	// Again says that it repeats one without an answer.
	Again  bool
	Status int // 0 without an answer
	Body   []byte
	Err    error
}

// Failed tells a request that has to be repeated.
func (h Heard) Failed() bool {
	return h.Err != nil || h.Status >= http.StatusInternalServerError || h.Status == http.StatusTooManyRequests
}

// ask makes the request once. What gets no answer is to be repeated.
func (s *Shop) ask(w *wish, again bool) {
	asked := time.Now()
	got, err := native(context.Background(), s.door(), s.key, http.MethodPost, w.path(), w.reference, w.body(s.connections[w.account.provider]))
	h := Heard{Asked: asked, Took: time.Since(asked), Again: again, Status: got.status, Body: got.body, Err: err}
	if s.heard != nil {
		s.heard(h)
	}
	switch {
	case h.Failed():
		s.cut.Add(1)
		s.mu.Lock()
		s.pending = append(s.pending, w)
		s.mu.Unlock()
	case got.status != http.StatusCreated:
		s.mu.Lock()
		w.refused = fmt.Sprintf("%d %s", got.status, got.body)
		s.mu.Unlock()
	default:
		s.answered(w, got)
	}
}

// answered remembers a 2xx, and sends the customer where it says.
func (s *Shop) answered(w *wish, got answer) {
	var a struct {
		ID, Status string
		Next       struct{ Type, URL string } `json:"next_action"`
	}
	err := got.read(http.StatusCreated, &a)
	s.mu.Lock()
	if err != nil || w.id != "" && w.id != a.ID {
		s.troubles = append(s.troubles, problem{w, fmt.Sprintf("one key was answered with two objects: %s and %s (%v)", w.id, got.body, err)})
	}
	w.id = a.ID
	w.statuses = append(w.statuses, a.Status)
	visit := a.Next.Type == "redirect" && !w.served
	w.served = w.served || visit
	s.mu.Unlock()
	if !visit {
		return
	}
	if err := s.providers.pay(context.Background(), a.Next.URL, w.phone); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.troubles = append(s.troubles, problem{w, "the customer could not pay: " + err.Error()})
	}
}

// next is the oldest intent without an answer.
func (s *Shop) next() *wish {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) == 0 {
		return nil
	}
	w := s.pending[0]
	s.pending = s.pending[1:]
	return w
}

// settle repeats what has no answer until everything has one.
func (s *Shop) settle(t testing.TB) {
	t.Helper()
	s.calm.Store(true)
	deadline := time.Now().Add(Patience)
	var work sync.WaitGroup
	for range clerks {
		work.Go(func() {
			for w := s.next(); w != nil && time.Now().Before(deadline); w = s.next() {
				s.ask(w, true)
			}
		})
	}
	work.Wait()
}

// Count is how many intents there are.
func (s *Shop) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wishes)
}

// Waiting is how many intents have been asked for without an answer.
func (s *Shop) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending)
}

// Try asks one node for the shop's payments.
func (s *Shop) Try(ctx context.Context, addr string) (status int, contentType string, body []byte, err error) {
	got, err := native(ctx, addr, s.key, http.MethodGet, "/v1/payments?limit=1", "", nil)
	return got.status, got.header.Get("Content-Type"), got.body, err
}
