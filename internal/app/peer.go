package app

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// peer finds a request's client address. Forwarded headers count only when the
// connection comes from a trusted proxy, and then from the right: the last hop
// that no proxy of ours added is the client.
type peer struct{ trusted []netip.Prefix }

func (p peer) address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if !p.trusts(host) {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := strings.TrimSpace(hops[i])
		if hop == "" {
			continue
		}
		if _, err := netip.ParseAddr(hop); err != nil {
			return host
		}
		host = hop
		if !p.trusts(hop) {
			return hop
		}
	}
	return host
}

func (p peer) trusts(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, network := range p.trusted {
		if network.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}
