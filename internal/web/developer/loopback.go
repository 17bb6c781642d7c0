package developer

import (
	"net"
	"net/http"
	"net/netip"
	"time"
)

// callLimit bounds one request of a trial.
const callLimit = 30 * time.Second

// ownServer is a client that reaches one address, whatever it is asked for.
func ownServer(listener string) *http.Client {
	return &http.Client{
		Timeout:       callLimit,
		Transport:     loopback{address: reachable(listener), next: &http.Transport{}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// reachable is an address to call for one that is listened on: a listener on
// all addresses is on loopback too.
func reachable(listener string) string {
	at, err := netip.ParseAddrPort(listener)
	if err != nil || !at.Addr().IsUnspecified() {
		return listener
	}
	if at.Addr().Is4() {
		return net.JoinHostPort("127.0.0.1", port(at))
	}
	return net.JoinHostPort("::1", port(at))
}

func port(at netip.AddrPort) string {
	_, p, _ := net.SplitHostPort(at.String())
	return p
}

// loopback sends each request to the gateway's own listener. An answer may name
// any address to go on with; it is the path there that counts.
type loopback struct {
	address string
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (l loopback) RoundTrip(req *http.Request) (*http.Response, error) {
	own := req.Clone(req.Context())
	if own.Host == "" {
		own.Host = req.URL.Host
	}
	own.URL.Scheme, own.URL.Host = "http", l.address
	return l.next.RoundTrip(own)
}
