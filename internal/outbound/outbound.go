// Package outbound is the one way out: every HTTP request that the gateway
// makes, to a provider or to a merchant's address, leaves through a [Client].
//
// # What a Client promises
//
//   - It connects to public addresses only, unless its [Policy] names more. The
//     address is judged after name resolution, at the moment of connecting, so
//     a name that resolves elsewhere the second time gains nothing.
//   - It follows no redirect, uses no proxy of the environment, keeps no cookie.
//   - It is bounded in time, and in the size of what it reads.
//   - It never repeats a request that may have been sent: retries belong to
//     those who know what a repetition costs. (An idempotent method, GET or
//     HEAD, may be repeated by net/http on a connection the peer had closed.)
//   - Its errors tell whether the request may have reached the peer: see [Sent].
//
// [Breaker] and [Recorder] wrap its transport; [Client.Wrap] makes an
// *http.Client of the result:
//
//	guarded := outbound.New(policy)
//	client := guarded.Wrap(&outbound.Recorder{
//		Next:   outbound.Breaker("sandbox", guarded.Transport()),
//		Record: store,
//	})
//
// The errors of an *http.Client quote the whole URL, query included. What is
// logged goes through [Cause] first.
package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// What a zero Policy means.
const (
	DefaultTimeout = 30 * time.Second
	DefaultMaxBody = 1 << 20

	defaultUserAgent = "Passerelle"
)

// dialTimeout bounds connecting and, apart, the TLS handshake. It is shorter
// than most request timeouts, so that an unreachable peer shows as definitely
// not sent.
const dialTimeout = 10 * time.Second

// Policy says where a Client may go and how long and how much it takes. The
// zero value is that of production: public addresses, default limits.
type Policy struct {
	// AllowLoopback opens 127.0.0.0/8, ::1 and the name localhost: in
	// development a merchant's own server is there.
	AllowLoopback bool
	// AllowNetworks opens further networks. Link-local and cloud metadata
	// addresses open only to a prefix that lies within their own network: a
	// wide prefix that happens to cover them is not enough.
	AllowNetworks []netip.Prefix
	// Refuse, when set, may refuse a destination "host:port". It is asked about
	// the URL's host and again about the address connected to: see [NotSelf].
	Refuse func(hostport string) error
	// Via is the name by which this gateway knows its own requests, in the header
	// of RFC 9110 §7.6.3: what reaches a server that refuses that name (see
	// [Returned]) led back here, by whatever names and proxies. "" sends none.
	Via string
	// Timeout bounds the whole exchange, reading the body included. The
	// request's own context may be shorter, not longer.
	Timeout time.Duration
	// MaxBody bounds a response body after decompression; reading beyond it
	// fails with [ErrBodyTooLarge].
	MaxBody int64
	// UserAgent is sent when a request has none: "Passerelle/<version>".
	UserAgent string
	// Resolver replaces the system's name resolution.
	Resolver *net.Resolver
	// Dial replaces the system's sockets, for a network in memory. The guard
	// judges the address first; names are not resolved, so it must be literal.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client is the guarded way out under one Policy. It is safe for concurrent
// use, and pools its connections: make one per policy, not one per request.
type Client struct {
	policy    Policy
	guard     guard
	dialer    *net.Dialer
	transport *http.Transport
}

// New returns a Client under p.
func New(p Policy) *Client {
	if p.Timeout <= 0 {
		p.Timeout = DefaultTimeout
	}
	if p.MaxBody <= 0 {
		p.MaxBody = DefaultMaxBody
	}
	if p.UserAgent == "" {
		p.UserAgent = defaultUserAgent
	}
	c := &Client{policy: p, guard: newGuard(p)}
	c.dialer = &net.Dialer{
		Timeout:  min(dialTimeout, p.Timeout),
		Resolver: p.Resolver,
		Control:  c.guard.control,
	}
	c.transport = &http.Transport{
		Proxy: nil, // an environment's proxy would connect where the guard can't see
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if p.Dial == nil {
				return c.dialer.DialContext(ctx, network, address)
			}
			if err := c.guard.control("tcp4", address, nil); err != nil {
				return nil, err
			}
			return p.Dial(ctx, network, address)
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    min(dialTimeout, p.Timeout),
		ForceAttemptHTTP2:      true, // a custom dialer would otherwise turn HTTP/2 off
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
	return c
}

// Transport returns the guarded transport, to be wrapped.
func (c *Client) Transport() http.RoundTripper { return (*transport)(c) }

// HTTPClient returns an *http.Client over the guarded transport.
func (c *Client) HTTPClient() *http.Client { return c.Wrap(c.Transport()) }

// Wrap returns an *http.Client over rt, which wraps c's transport. It has no
// cookie jar and hands redirects back as answers. Its Timeout is left zero: the
// transport keeps the time, as the client's own time-out error would lose
// whether the request was sent.
func (c *Client) Wrap(rt http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: rt,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// CloseIdle closes the pooled connections that nothing uses.
func (c *Client) CloseIdle() { c.transport.CloseIdleConnections() }

// Cause returns err without the URL that an *http.Client puts in front of it:
// paths and queries hold codes, tokens and phone numbers.
func Cause(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		return withURL.Err
	}
	return err
}
