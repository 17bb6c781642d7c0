package outbound

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// ErrOpen says that a breaker is open: the request was not sent, as the ones
// before it failed. [Sent] is false for it.
var ErrOpen = errors.New("outbound: circuit breaker open")

// errServer makes a 5xx answer count as a failure; it never leaves this file.
var errServer = errors.New("server error")

const (
	// breakerFailures is how many failures in a row open a breaker.
	breakerFailures = 5
	// breakerPause is how long it stays open before one request may try.
	breakerPause = 30 * time.Second
)

// Breaker wraps rt so that requests fail at once with [ErrOpen] after five
// network errors or 5xx answers in a row; after 30 seconds one request may try
// again, and its success closes the breaker. A 4xx is an answer, not a failure;
// a request that its caller gave up, or that the guard refused, says nothing
// about the peer and is not counted.
//
// Each host under rt has its own state. name, a provider and operation, says in
// errors whose breaker it is; onChange, if given, hears of each change of state
// ("closed", "half-open", "open").
func Breaker(name string, rt http.RoundTripper, onChange ...func(name, host, state string)) http.RoundTripper {
	return &breaker{name: name, next: rt, onChange: onChange, hosts: make(map[string]*hostBreaker)}
}

type hostBreaker = gobreaker.CircuitBreaker[*http.Response]

type breaker struct {
	name     string
	next     http.RoundTripper
	onChange []func(name, host, state string)

	mu    sync.Mutex
	hosts map[string]*hostBreaker
}

// RoundTrip sends req through the breaker of its host.
func (b *breaker) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.of(req.URL.Host).Execute(func() (*http.Response, error) {
		resp, err := b.next.RoundTrip(req)
		if err == nil && resp.StatusCode >= 500 {
			return resp, errServer
		}
		return resp, err
	})
	switch {
	case errors.Is(err, errServer):
		return resp, nil
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		closeBody(req)
		return nil, &Error{notSent: true, err: fmt.Errorf("%s at %s: %w", b.name, req.URL.Host, ErrOpen)}
	}
	return resp, err
}

func (b *breaker) of(host string) *hostBreaker {
	b.mu.Lock()
	defer b.mu.Unlock()
	if one, found := b.hosts[host]; found {
		return one
	}
	one := gobreaker.NewCircuitBreaker[*http.Response](gobreaker.Settings{ //nolint:bodyclose // the caller closes what passes through
		Name:        host,
		MaxRequests: 1,
		Timeout:     breakerPause,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		IsExcluded:  saysNothingOfPeer,
		OnStateChange: func(host string, _, to gobreaker.State) {
			for _, tell := range b.onChange {
				tell(b.name, host, to.String())
			}
		},
	})
	b.hosts[host] = one
	return one
}

func saysNothingOfPeer(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, ErrForbiddenAddress) ||
		errors.Is(err, ErrLoop) || errors.Is(err, ErrBadURL)
}
