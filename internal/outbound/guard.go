package outbound

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

var (
	// ErrForbiddenAddress says that the destination is not one the policy
	// allows: a private, loopback, link-local or otherwise special address.
	ErrForbiddenAddress = errors.New("outbound: forbidden address")
	// ErrLoop says that the destination is this gateway itself.
	ErrLoop = errors.New("outbound: the address leads back to this gateway")
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// metadata are the networks where clouds hand credentials to whoever asks from
// the machine: link-local, and the IPv6 address of Amazon's service.
var metadata = []netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("fd00:ec2::/32"),
}

// guard decides about addresses. The list of special networks is the ssrf
// package's, generated from the registries of IANA.
type guard struct {
	ssrf    *ssrf.Guardian
	allowed []netip.Prefix
	refuse  func(hostport string) error
}

func newGuard(p Policy) guard {
	var allowed []netip.Prefix
	for _, prefix := range p.AllowNetworks {
		allowed = append(allowed, unmap(prefix))
	}
	if p.AllowLoopback {
		allowed = append(allowed, loopback...)
	}
	var v4, v6 []netip.Prefix
	for _, prefix := range allowed {
		if prefix.Addr().Is4() {
			v4 = append(v4, prefix)
		} else {
			v6 = append(v6, prefix)
		}
	}
	return guard{
		ssrf:    ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...)),
		allowed: allowed,
		refuse:  p.Refuse,
	}
}

// unmap turns a prefix of IPv4-mapped addresses into the IPv4 prefix it means:
// connections to such addresses are made, and judged, as IPv4.
func unmap(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

// control is the dialer's last word before connecting: address is what the
// socket is about to connect to, after name resolution.
func (g guard) control(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: network %s", ErrForbiddenAddress, network)
	}
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: not an address and port", ErrForbiddenAddress)
	}
	if err := g.checkAddr(target.Addr()); err != nil {
		return err
	}
	return g.checkSelf(address)
}

// checkAddr judges an address, whatever the port.
func (g guard) checkAddr(ip netip.Addr) error {
	ip = ip.Unmap()
	for _, network := range metadata {
		if network.Contains(ip) && !g.names(ip, network) {
			return fmt.Errorf("%w: %s is link-local or a metadata service", ErrForbiddenAddress, ip)
		}
	}
	if err := g.ssrf.SafeAddr(ip); err != nil {
		return fmt.Errorf("%w: %s is not public", ErrForbiddenAddress, ip)
	}
	return nil
}

// names reports whether an allowed prefix within network contains ip.
func (g guard) names(ip netip.Addr, network netip.Prefix) bool {
	return slices.ContainsFunc(g.allowed, func(p netip.Prefix) bool {
		return p.Contains(ip) && p.Bits() >= network.Bits()
	})
}

func (g guard) checkSelf(hostport string) error {
	if g.refuse == nil {
		return nil
	}
	if err := g.refuse(hostport); err != nil {
		return fmt.Errorf("%w: %w", ErrLoop, err)
	}
	return nil
}

// NotSelf returns a [Policy].Refuse that refuses the gateway's own addresses,
// so that a connector can't be pointed at the gateway that calls it. own
// returns "host:port" pairs, of the public URL and of the listener; it is asked
// each time, as a listener's port may be known only after the client is made.
// All loopback names and addresses count as one host.
func NotSelf(own func() []string) func(hostport string) error {
	return func(hostport string) error {
		target := canonicalHost(hostport)
		for _, self := range own() {
			if canonicalHost(self) == target {
				return errors.New("this is the gateway's own address")
			}
		}
		return nil
	}
}

// canonicalHost brings the spellings of one host and port together.
func canonicalHost(hostport string) string {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return strings.ToLower(hostport)
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		// A listener on every address is reached at loopback too.
		if ip.IsLoopback() || ip.IsUnspecified() {
			host = "localhost"
		} else {
			host = ip.String()
		}
	}
	if isLocalName(host) || host == "" {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

func isLocalName(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
