// Package client speaks to a Passerelle gateway's native API.
//
//	c := client.New("https://pay.example", os.Getenv("PASSERELLE_KEY"))
//	p, err := c.CreatePayment(ctx, client.NewTransaction{
//		Reference: "order-1042", Amount: 15000, Currency: "XAF",
//		Method: &client.NewMethod{Type: "mobile_money", Phone: "+24177000100"},
//	})
//
// # Amounts
//
// Amounts are integers in the currency's ISO 4217 minor unit: 15000 XAF is
// 15 000 F, 15000 USD is 150 dollars.
//
// # Errors
//
// A refusal is a [*Problem]; switch on its Code. Any other error means that
// the outcome is not known: ask again with the same idempotency key, or read the
// object. A payment that the operator refuses is no error but a [Transaction]
// with status failed.
//
// # Repeating
//
// Every POST carries an idempotency key, made for the call unless [WithKey]
// gives one. The client repeats a call that met a network error or an overloaded
// gateway, with the same key, so that it happens once. A program that may die
// between a call and its answer should choose the key itself and keep it.
//
// # Webhooks
//
// [Verify] checks a webhook's signature and reads its [Event].
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// defaultTimeout is above the ten seconds that the gateway waits for a
	// provider, and the thirty for another request with the same key.
	defaultTimeout = 45 * time.Second
	defaultRetries = 3
	firstPause     = 200 * time.Millisecond
	longestPause   = 20 * time.Second
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 16 << 20
)

// Client calls one gateway with one API key. It is safe for concurrent use.
type Client struct {
	base    string
	key     string
	http    *http.Client
	retries int
	pause   func(context.Context, time.Duration) error
}

// Option changes a client.
type Option func(*Client)

// WithHTTPClient replaces the HTTP client.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// WithRetries sets how often a call is repeated after a network error or an
// overloaded gateway; 0 never repeats.
func WithRetries(n int) Option { return func(c *Client) { c.retries = max(0, n) } }

// New makes a client of the gateway at baseURL.
func New(baseURL, key string, opts ...Option) *Client {
	c := &Client{
		base: strings.TrimRight(baseURL, "/"), key: key, retries: defaultRetries,
		http: &http.Client{Timeout: defaultTimeout}, pause: sleep,
	}
	for _, o := range opts {
		o(c)
	}
	return c
}

// String names the gateway and never the key.
func (c *Client) String() string { return "client of " + c.base }

// GoString is String, so that %#v leaks nothing.
func (c *Client) GoString() string { return c.String() }

// CallOption changes one call.
type CallOption func(*call)

// WithKey sets the idempotency key of a call that creates or changes
// something: 1 to 255 characters, kept by the gateway for 48 hours.
func WithKey(key string) CallOption { return func(c *call) { c.key = key } }

// WithRequestID sets the request's id, which comes back in a Problem and
// stands in the gateway's log.
func WithRequestID(id string) CallOption { return func(c *call) { c.requestID = id } }

// call is one request, before it is sent.
type call struct {
	method, path string
	query        url.Values
	body         any
	key          string
	requestID    string
}

// do sends a call, repeating it where that is safe, and reads the answer into out.
func (c *Client) do(ctx context.Context, k call, opts []CallOption, out any) error {
	for _, o := range opts {
		o(&k)
	}
	if k.method == http.MethodPost && k.key == "" {
		k.key = rand.Text()
	}
	var body []byte
	if k.body != nil {
		var err error
		if body, err = json.Marshal(k.body); err != nil {
			return fmt.Errorf("%s %s: encode body: %w", k.method, k.path, err)
		}
	}
	for try := 0; ; try++ {
		again, err := c.once(ctx, k, body, out)
		if err == nil {
			return nil
		}
		if again < 0 || try >= c.retries || ctx.Err() != nil {
			return err
		}
		if stop := c.pause(ctx, max(again, backoff(try))); stop != nil {
			return errors.Join(err, stop)
		}
	}
}

// never says that a call must not be repeated.
const never = -1 * time.Second

// once sends a call once. Again is the least pause before it may be repeated.
func (c *Client) once(ctx context.Context, k call, body []byte, out any) (again time.Duration, err error) {
	req, err := c.request(ctx, k, body)
	if err != nil {
		return never, err
	}
	repeatable := k.method == http.MethodGet || k.method == http.MethodPost
	resp, err := c.http.Do(req)
	if err != nil {
		if !repeatable {
			return never, fmt.Errorf("%s %s: %w", k.method, k.path, err)
		}
		return 0, fmt.Errorf("%s %s: %w", k.method, k.path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil && repeatable:
		return 0, fmt.Errorf("%s %s: read answer: %w", k.method, k.path, err)
	case err != nil:
		return never, fmt.Errorf("%s %s: read answer: %w", k.method, k.path, err)
	case resp.StatusCode >= 300:
		p := readProblem(resp, answer)
		if repeatable && overloaded(resp.StatusCode) {
			return retryAfter(resp.Header), p
		}
		return never, p
	case out == nil || resp.StatusCode == http.StatusNoContent:
		return never, nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return never, fmt.Errorf("%s %s: read answer: %w", k.method, k.path, err)
	}
	return never, nil
}

func (c *Client) request(ctx context.Context, k call, body []byte) (*http.Request, error) {
	address := c.base + k.path
	if len(k.query) > 0 {
		address += "?" + k.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, k.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", k.method, k.path, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if k.key != "" {
		req.Header.Set("Idempotency-Key", k.key)
	}
	if k.requestID != "" {
		req.Header.Set("X-Request-Id", k.requestID)
	}
	return req, nil
}

// overloaded: the gateway, or what stands before it, says to come back later.
func overloaded(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, longestPause)
}

// backoff doubles with each try, spread so that clients do not return together.
func backoff(try int) time.Duration {
	d := min(firstPause<<min(try, 16), longestPause)
	return d/2 + mathrand.N(d/2+1) //nolint:gosec // G404: spreads clients, hides nothing
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
