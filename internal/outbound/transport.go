package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// ErrBodyTooLarge is what reading a response beyond [Policy].MaxBody returns.
// The request was sent and may have had its effect.
var ErrBodyTooLarge = errors.New("outbound: the response body is too large")

// Error is what the guarded transport returns instead of a response.
type Error struct {
	notSent bool
	err     error
}

func (e *Error) Error() string {
	if e.notSent {
		return "not sent: " + e.err.Error()
	}
	return e.err.Error()
}

func (e *Error) Unwrap() error { return e.err }

// NotSent reports whether it is certain that the peer got no request.
func (e *Error) NotSent() bool { return e.notSent }

// Timeout reports whether time ran out, as net.Error has it.
func (e *Error) Timeout() bool {
	var timeout interface{ Timeout() bool }
	return errors.As(e.err, &timeout) && timeout.Timeout()
}

// Sent reports whether the request that ended in err may have reached the
// peer, and so may have moved money. False means certainly not: the address
// was refused, the breaker was open, the name did not resolve, the connection
// or the TLS handshake failed, or the context ended before there was a
// connection. Everything else, errors of unknown origin and nil included, is
// true.
//
// It relies on what the guarded transport observed, never on an error's text,
// and therefore knows nothing of errors of other transports.
func Sent(err error) bool {
	var witness interface{ NotSent() bool }
	return !errors.As(err, &witness) || !witness.NotSent()
}

// transport is the guarded http.RoundTripper of a Client.
type transport Client

// RoundTrip sends req, bounded in time and size, unless it is refused.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := (*Client)(t).checkDestination(req.URL); err != nil {
		closeBody(req)
		return nil, &Error{notSent: true, err: err}
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.policy.Timeout)
	var p progress
	out := req.Clone(httptrace.WithClientTrace(ctx, p.trace()))
	t.prepare(out)
	resp, err := t.transport.RoundTrip(out)
	if err != nil {
		cancel()
		return nil, &Error{notSent: !p.maySent(), err: err}
	}
	if ledBack(resp, t.policy.Via) {
		cancel()
		_ = resp.Body.Close()
		return nil, &Error{notSent: true, err: fmt.Errorf("%w: the request came back to this gateway", ErrLoop)}
	}
	resp.Request = req
	resp.Body = &cappedBody{body: resp.Body, left: t.policy.MaxBody, cancel: cancel}
	return resp, nil
}

const (
	viaHeader   = "Via"
	viaProtocol = "1.1 "
)

// Returned reports whether a request was sent by a client of that Via.
func Returned(r *http.Request, via string) bool {
	for _, line := range r.Header.Values(viaHeader) {
		for hop := range strings.SplitSeq(line, ",") {
			if strings.TrimSpace(hop) == viaProtocol+via {
				return true
			}
		}
	}
	return false
}

// RefuseReturned answers a request that came back, so that its sender knows that
// nothing was done.
func RefuseReturned(w http.ResponseWriter, via string) {
	w.Header().Set(viaHeader, viaProtocol+via)
	http.Error(w, "the address of a provider leads back to this gateway", http.StatusLoopDetected)
}

func ledBack(resp *http.Response, via string) bool {
	return via != "" && resp.StatusCode == http.StatusLoopDetected && resp.Header.Get(viaHeader) == viaProtocol+via
}

// prepare fills in the User-Agent, and spells idempotency headers so that
// net/http doesn't know them: it would take them for a licence to repeat a POST
// on a connection that broke, and not every provider that is sent one honours
// it. Header names are case-insensitive on the wire.
func (t *transport) prepare(req *http.Request) {
	if req.Header == nil {
		req.Header = make(http.Header)
	}
	if _, given := req.Header["User-Agent"]; !given {
		req.Header.Set("User-Agent", t.policy.UserAgent)
	}
	if t.policy.Via != "" {
		req.Header.Add(viaHeader, viaProtocol+t.policy.Via)
	}
	for canonical, spelt := range map[string]string{
		"Idempotency-Key":   "idempotency-key",
		"X-Idempotency-Key": "x-idempotency-key",
	} {
		if values, given := req.Header[canonical]; given {
			delete(req.Header, canonical)
			req.Header[spelt] = values
		}
	}
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close() // a RoundTripper closes the body even when it refuses
	}
}

// progress notes how far a request came. net/http may make several attempts
// for one call; it goes on to another only when the one before wrote nothing or
// could be repeated, so what counts is whether any attempt wrote a header, or
// the last one held a connection: a write may be racing with the end of the
// context there.
type progress struct {
	connected, wrote atomic.Bool
}

func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:          func(string) { p.connected.Store(false) },
		GotConn:          func(httptrace.GotConnInfo) { p.connected.Store(true) },
		WroteHeaderField: func(string, []string) { p.wrote.Store(true) },
		WroteHeaders:     func() { p.wrote.Store(true) },
	}
}

func (p *progress) maySent() bool { return p.wrote.Load() || p.connected.Load() }

// cappedBody ends with ErrBodyTooLarge where the body goes on beyond its limit.
type cappedBody struct {
	body     io.ReadCloser
	left     int64
	exceeded bool
	cancel   context.CancelFunc
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.exceeded {
		return 0, ErrBodyTooLarge
	}
	if len(p) == 0 {
		return 0, nil
	}
	if int64(len(p)) > b.left+1 { // one byte more tells an end from an excess
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	if int64(n) > b.left {
		b.exceeded = true
		return int(b.left), ErrBodyTooLarge
	}
	b.left -= int64(n)
	return n, err
}

func (b *cappedBody) Close() error {
	err := b.body.Close()
	b.cancel()
	return err
}
