package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/sandbox"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	merchant   = "demo0001"
	connection = "con_demo0001"
	returnURL  = "https://pay.example/pay/token/return"
)

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// operators are the simulated ones alone, without a gateway.
type operators struct {
	*testing.T
	*sandbox.Sandbox
	clock *clock
	conn  everything
	mu    sync.Mutex
	news  []provider.Notification
	// deaf makes the gateway's side refuse notifications.
	deaf bool
	last int
}

// everything is all that the connector can do.
type everything interface {
	provider.Connector
	provider.PaysOut
	provider.Refunder
	provider.Confirms
	provider.Cancels
	provider.Challenges
	provider.LooksUp
}

func openStore(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// start opens the simulated operators on a database of their own.
func start(t *testing.T, delay string, rules ...func(provider.Trial) provider.Verdict) *operators {
	t.Helper()
	d, err := sandbox.ParseDelay(delay)
	if err != nil {
		t.Fatal(err)
	}
	o := &operators{T: t, clock: &clock{now: time.Date(2025, 1, 6, 13, 17, 50, 0, time.UTC)}}
	byFront := map[string]func(provider.Trial) provider.Verdict{}
	for _, rule := range rules {
		byFront["shopfront"] = rule
	}
	o.Sandbox = sandbox.New(sandbox.Config{Store: openStore(t, ":memory:"), Now: o.clock.Now, Delay: d, Rules: byFront})
	o.OnNews(func(_ context.Context, m, c string, n provider.Notification) error {
		o.mu.Lock()
		defer o.mu.Unlock()
		if m != merchant || c != connection {
			t.Errorf("news went to %s %s", m, c)
		}
		if o.deaf {
			return errors.New("the gateway does not answer")
		}
		o.news = append(o.news, n)
		return nil
	})
	conn, err := o.Provider().Connect(provider.Environment{MerchantID: merchant, Connection: connection, Mode: pay.Test})
	if err != nil {
		t.Fatal(err)
	}
	o.conn = conn.(everything)
	return o
}

// order is a payment by phone of 200 XAF.
func (o *operators) order(phone string) provider.Order {
	o.last++
	return provider.Order{
		TransactionID: fmt.Sprintf("pay_%d", o.last), MerchantID: merchant, Mode: pay.Test, Kind: pay.Payment,
		Front: pay.NativeFront, Reference: fmt.Sprintf("PS%06d", o.last), Amount: money.New(200, money.XAF),
		Method: pay.Method{Type: pay.MobileMoney, Operator: "moov_ga", Phone: phone}, ReturnURL: returnURL,
	}
}

// card is a payment by card of 200 XAF.
func (o *operators) card(number string) provider.Order {
	o.Helper()
	c, err := pay.ParseCard(number, "12/30", "123", o.clock.Now())
	if err != nil {
		o.Fatal(err)
	}
	order := o.order("")
	order.Method, order.Card = pay.Method{Type: pay.CardMethod, Card: c.Mask()}, &c
	return order
}

func ref(order provider.Order) provider.Ref {
	return provider.Ref{TransactionID: order.TransactionID, MerchantID: merchant, Kind: order.Kind, Reference: order.Reference, Amount: order.Amount, Method: order.Method}
}

// submit sends an order that the operators answer.
func (o *operators) submit(order provider.Order) provider.Result {
	o.Helper()
	var res provider.Result
	var err error
	switch order.Kind {
	case pay.Payout:
		res, err = o.conn.PayOut(o.Context(), order)
	default:
		res, err = o.conn.Submit(o.Context(), order)
	}
	if err != nil {
		o.Fatal(err)
	}
	return res
}

func (o *operators) status(order provider.Order) provider.Result {
	o.Helper()
	res, err := o.conn.Status(o.Context(), ref(order))
	if err != nil {
		o.Fatal(err)
	}
	return res
}

// after lets time pass and the due work be done.
func (o *operators) after(d time.Duration) {
	o.Helper()
	o.clock.advance(d)
	for {
		claimed, err := o.Claim(o.Context(), 100)
		if err != nil {
			o.Fatal(err)
		}
		for _, c := range claimed {
			if err := o.Work(o.Context(), c); err != nil && !o.deaf {
				o.Fatal(err)
			}
		}
		if len(claimed) == 0 {
			return
		}
	}
}

// heard returns the news since the last call as outcomes.
func (o *operators) heard() []pay.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	outcomes := []pay.Outcome{}
	for _, n := range o.news {
		if !n.Verified || n.Result.Outcome != n.Hint || n.Result.Reference != n.Reference {
			o.Errorf("news is not as it should be: %+v", n)
		}
		outcomes = append(outcomes, n.Hint)
	}
	o.news = nil
	return outcomes
}

func (o *operators) wantOutcome(res provider.Result, want pay.Outcome, reason pay.Reason) {
	o.Helper()
	if res.Outcome != want || res.Failure.Reason != reason {
		o.Errorf("outcome is %s %q, want %s %q", res.Outcome, res.Failure.Reason, want, reason)
	}
}
