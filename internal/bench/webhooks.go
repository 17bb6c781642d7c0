package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// WebhooksResult is what delivery from the outbox alone comes to.
type WebhooksResult struct {
	Store string `json:"store"`
	// Deliveries were owed when the gateway started, and are all to one endpoint.
	Deliveries          int     `json:"deliveries"`
	DeliveriesPerSecond float64 `json:"deliveries_per_s"`
	// BesideDead is the same with as many owed to an endpoint that takes
	// connections and never answers.
	BesideDead     float64 `json:"deliveries_per_s_beside_a_dead_endpoint"`
	CPUPerDelivery float64 `json:"cpu_ms_per_delivery"`
}

// deliveriesPerSecond makes up how many deliveries are prepared for a run of
// a duration.
const deliveriesPerSecond = 3000

// deliveryLimit bounds a run that comes to no end.
const deliveryLimit = 5 * time.Minute

// RunWebhooks measures signed deliveries from the transactional outbox.
func RunWebhooks(ctx context.Context, c Config) (result WebhooksResult, err error) {
	if err := c.check(); err != nil {
		return result, err
	}
	r, err := newRig(ctx, c)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	result.Store = c.Store
	result.Deliveries = max(100, int(c.Duration.Seconds()*deliveriesPerSecond))
	r.create(time.Now()) // its rows are what is copied
	if err := r.settle(ctx); err != nil {
		return result, err
	}
	if result.DeliveriesPerSecond, result.CPUPerDelivery, err = r.deliver(ctx, result.Deliveries, []string{r.endpoint}); err != nil {
		return result, err
	}
	dead, silent, err := r.addDeadEndpoint(ctx)
	if err != nil {
		return result, err
	}
	// Before the gateway stops, which would wait for its answers.
	defer silent.close()
	result.BesideDead, _, err = r.deliver(ctx, result.Deliveries, []string{r.endpoint, dead})
	return result, err
}

// addDeadEndpoint adds an endpoint whose server never answers.
func (r *rig) addDeadEndpoint(ctx context.Context) (string, *party, error) {
	silent, err := listen(ctx, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }))
	if err != nil {
		return "", nil, err
	}
	endpoint, _, err := r.addEndpoint(ctx, silent.url)
	return endpoint.ID, silent, err
}

// deliver lays down n owed deliveries per target while no gateway runs, starts
// one and measures until the shop has all of its own.
func (r *rig) deliver(ctx context.Context, n int, targets []string) (rate, cpu float64, err error) {
	if err := r.stopGateway(); err != nil {
		return 0, 0, fmt.Errorf("stop the gateway: %w", err)
	}
	r.tell("laying down %d payments that owe %d webhooks each", n, len(targets))
	p := Preload{DatabaseURL: r.url, MerchantID: r.merchant, Mode: pay.Live, Payments: n, owed: targets}
	if err := p.Run(ctx); err != nil {
		return 0, 0, err
	}
	count := newArrivals(n)
	r.shop.hear(count.heard)
	r.tell("delivering")
	before := cpuTime()
	if err := r.startGateway(ctx); err != nil {
		return 0, 0, err
	}
	select {
	case <-count.all:
	case <-ctx.Done():
		return 0, 0, fmt.Errorf("deliver: %w", ctx.Err())
	case <-time.After(deliveryLimit):
		return 0, 0, fmt.Errorf("%d webhooks were not delivered within %s", n, deliveryLimit)
	}
	took := count.last.Sub(count.first).Seconds()
	return round(float64(n-1) / took), round(float64(cpuTime()-before) / float64(time.Millisecond) / float64(n)), nil
}

// arrivals counts webhooks, each payment's once.
type arrivals struct {
	mu          sync.Mutex
	want        int
	seen        map[string]bool
	first, last time.Time
	all         chan struct{} // closed by the last
}

func newArrivals(want int) *arrivals {
	return &arrivals{want: want, seen: make(map[string]bool, want), all: make(chan struct{})}
}

func (a *arrivals) heard(reference string) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen[reference] || len(a.seen) == a.want {
		return
	}
	if len(a.seen) == 0 {
		a.first = now
	}
	a.seen[reference] = true
	a.last = now
	if len(a.seen) == a.want {
		close(a.all)
	}
}
