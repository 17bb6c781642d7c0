package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// ErrBadURL says that a text is not a URL we would call, whatever its address.
var ErrBadURL = errors.New("outbound: unusable URL")

// maxURL is the longest URL accepted from a merchant.
const maxURL = 2048

// CheckURL tells a merchant at once that a URL could never be called: it wants
// http or https, a host, a port that exists, no user name or password, no
// fragment (it would not be sent), and, where the host is a literal address or
// names this machine, an address the policy allows. Errors are [ErrBadURL],
// [ErrForbiddenAddress] or [ErrLoop]; they don't quote the URL.
//
// A host name is not resolved, as what it resolves to can change: that is
// judged when connecting. See [Client.CheckAddresses] to judge it now as well.
func (c *Client) CheckURL(raw string) error {
	u, err := parseURL(raw)
	if err != nil {
		return err
	}
	if u.Fragment != "" || strings.HasSuffix(raw, "#") {
		return fmt.Errorf("%w: it has a #fragment, which would not be sent", ErrBadURL)
	}
	return c.checkDestination(u)
}

// CheckPageURL checks a URL that we send browsers to and never call: http or
// https, a host, no user name or password. Private addresses and fragments are
// a browser's own business.
func CheckPageURL(raw string) error {
	u, err := parseURL(raw)
	if err != nil {
		return err
	}
	_, _, err = destination(u)
	return err
}

// CheckAddresses resolves the host of raw and refuses it if any address it has
// now is forbidden. A name that doesn't resolve, or not now, is no error.
func (c *Client) CheckAddresses(ctx context.Context, raw string) error {
	if err := c.CheckURL(raw); err != nil {
		return err
	}
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("%w: it can't be read", ErrBadURL)
	}
	resolver := c.policy.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	addresses, err := resolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return nil //nolint:nilerr // documented: the guard judges again when connecting
	}
	for _, ip := range addresses {
		if err := c.guard.checkAddr(ip); err != nil {
			return err
		}
	}
	return nil
}

func parseURL(raw string) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, fmt.Errorf("%w: it is longer than %d characters", ErrBadURL, maxURL)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: it can't be read", ErrBadURL) // the cause would quote it
	}
	return u, nil
}

// checkDestination judges what a request to u would connect to, as far as that
// shows without resolving names.
func (c *Client) checkDestination(u *url.URL) error {
	host, port, err := destination(u)
	if err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if err := c.guard.checkAddr(ip); err != nil {
			return err
		}
	} else if isLocalName(host) && c.guard.checkAddr(loopback[0].Addr().Next()) != nil {
		return fmt.Errorf("%w: it names this machine", ErrForbiddenAddress)
	}
	return c.guard.checkSelf(net.JoinHostPort(host, port))
}

// destination returns the host, a name in lower-case ASCII or an address in its
// usual form, and the port of u.
func destination(u *url.URL) (host, port string, err error) {
	switch u.Scheme {
	case "http":
		port = "80"
	case "https":
		port = "443"
	default:
		return "", "", fmt.Errorf("%w: it must start with http:// or https://", ErrBadURL)
	}
	if u.User != nil {
		return "", "", fmt.Errorf("%w: it holds a user name or password", ErrBadURL)
	}
	if given := u.Port(); given != "" {
		port = given
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", fmt.Errorf("%w: its port must be from 1 to 65535", ErrBadURL)
	}
	host, err = canonicalName(u.Hostname())
	return host, port, err
}

// canonicalName reads a host as net/http will: an address, or a name in ASCII.
// Other spellings of addresses (2130706433, 0x7f.1, 0177.0.0.1, 127.1), which
// some resolvers accept, are refused rather than interpreted.
func canonicalName(host string) (string, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Zone() != "" {
			return "", fmt.Errorf("%w: its address has a zone", ErrBadURL)
		}
		return ip.Unmap().String(), nil
	}
	name, err := idna.Lookup.ToASCII(host)
	if isASCII(host) { // as net/http does: an underscore is fine in a name of one's own network
		name, err = strings.ToLower(host), nil
	}
	if err != nil {
		return "", fmt.Errorf("%w: its host is not a valid name", ErrBadURL)
	}
	name = strings.TrimSuffix(name, ".")
	if _, err := netip.ParseAddr(name); err == nil || !validName(name) {
		return "", fmt.Errorf("%w: its host is not a valid name", ErrBadURL)
	}
	if last := name[strings.LastIndexByte(name, '.')+1:]; isNumber(last) {
		return "", fmt.Errorf("%w: its host is an address in an unusual form", ErrForbiddenAddress)
	}
	return name, nil
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0
}

func validName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// isNumber reports whether a host's last label is a number in decimal, octal
// or hexadecimal: no top-level domain is.
func isNumber(label string) bool {
	if hex, found := strings.CutPrefix(label, "0x"); found {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
