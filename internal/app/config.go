package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/sandbox"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/provider"
)

// Config is everything a server is built from. Development and production fill
// it differently; nothing below asks which of the two it is.
type Config struct {
	// Addr is the one listener, AdminAddr an extra one for metrics ("" puts them
	// on Addr).
	Addr      string
	AdminAddr string
	// DatabaseURL is a SQLite path, ":memory:" or a postgres:// URL.
	DatabaseURL string
	Keys        secret.Box
	// KeysProblem is why the keys that were given can't be used.
	KeysProblem error
	// PublicURL is the address in links; "" is http://Addr once it is known.
	PublicURL string
	// TrustedProxies are the peers whose forwarded headers count.
	TrustedProxies []netip.Prefix
	// Rates bound what one client may ask; the zero value is no bound.
	Rates Rates
	// AllowLoopback and AllowNetworks open the way out beyond public addresses.
	AllowLoopback bool
	AllowNetworks []netip.Prefix
	// Keep is how long records are kept that nobody owes anything for any more.
	Keep gateway.Keep
	// Sandbox serves test mode: virtual phones and the control API.
	Sandbox bool
	// OperatorDelay is how long a sandbox customer takes: "1s", "0", "manual".
	OperatorDelay string
	// Providers are those the program speaks; nil is the whole list.
	Providers []*provider.Provider
	// Demo seeds the demo merchant; CallbackURL is its own server.
	Demo        bool
	CallbackURL string
	// TLSCert and TLSKey serve HTTPS on Addr; TLSAddr adds an HTTPS listener
	// under a local CA kept in CADir.
	TLSCert, TLSKey string
	TLSAddr, CADir  string
	// DrainFor bounds how long SIGTERM waits for open requests; DrainNotice is
	// how long readiness says 503 first, with the listeners still open.
	DrainFor, DrainNotice time.Duration
	Version               string
	Log                   *slog.Logger
	Now                   func() time.Time
	// Listen and Dial replace the system's sockets by a network in memory, and
	// Poll the longest pause between two looks for due rows, where time is
	// simulated; zero values are the system's and the runners' own.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Poll   time.Duration
}

// Check refuses a configuration that is not whole, naming all that is missing.
func (c Config) Check() error {
	var problems []error
	if c.DatabaseURL == "" {
		problems = append(problems, errors.New("PASSERELLE_DATABASE_URL is missing: a SQLite path such as /var/lib/passerelle/passerelle.db, or postgres://user@host/db"))
	}
	if c.KeysProblem != nil {
		problems = append(problems, c.KeysProblem)
	} else if c.Keys.Empty() {
		problems = append(problems, errors.New("PASSERELLE_KEYS is missing: one or more id:base64 keys; `passerelle keys new` makes one"))
	}
	if c.PublicURL != "" {
		if err := checkPublicURL(c.PublicURL); err != nil {
			problems = append(problems, err)
		}
	}
	if _, err := sandbox.ParseDelay(c.OperatorDelay); err != nil {
		problems = append(problems, fmt.Errorf("PASSERELLE_OPERATOR_DELAY: %w", err))
	}
	if c.DrainFor < 0 || c.DrainNotice < 0 {
		problems = append(problems, errors.New("PASSERELLE_DRAIN and PASSERELLE_DRAIN_NOTICE can't be negative"))
	}
	if c.Keep.Deliveries < 0 || c.Keep.Exchanges < 0 || c.Keep.Sandbox < 0 {
		problems = append(problems, errors.New("PASSERELLE_KEEP_DELIVERIES, PASSERELLE_KEEP_EXCHANGES and PASSERELLE_KEEP_SANDBOX can't be negative; 0 keeps for good"))
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		problems = append(problems, errors.New("PASSERELLE_TLS_CERT and PASSERELLE_TLS_KEY go together"))
	}
	return errors.Join(problems...)
}

func checkPublicURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("PASSERELLE_PUBLIC_URL must be an address such as https://pay.example.com")
	}
	if u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return errors.New("PASSERELLE_PUBLIC_URL must have no path, query or fragment")
	}
	return nil
}

// ParseNetworks reads a comma-separated list of CIDRs or single addresses.
func ParseNetworks(name, text string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		if addr, err := netip.ParseAddr(part); err == nil {
			list = append(list, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not a network such as 10.0.0.0/8", name, part)
		}
		list = append(list, p.Masked())
	}
	return list, nil
}
