package doctor

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"net/url"
	"time"
)

// shortlyBefore is how long before a certificate's end one is warned of it.
const shortlyBefore = 14 * 24 * time.Hour

// addresses looks at what people and providers call the gateway by.
func (e *examination) addresses() {
	const check = "public address"
	u, err := url.Parse(e.config.PublicURL)
	if err != nil || u.Host == "" {
		return // the configuration says so already
	}
	ip, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || err == nil && !publicAddress(ip)
	switch {
	case local:
		e.warn(check, "it is an address of this machine or network: customers and providers can't reach it", "set PASSERELLE_PUBLIC_URL to the name under which the world finds the gateway")
	case u.Scheme != "https":
		e.warn(check, "it is not https: customers type card numbers on these pages, and some providers notify https addresses only", "serve https: PASSERELLE_TLS_CERT and PASSERELLE_TLS_KEY, or a proxy in front")
	case e.config.TLSCert == "" && len(e.config.TrustedProxies) == 0:
		e.warn(check, "it is https, but serve has no certificate and trusts no proxy, so every client seems to have the proxy's address", "set PASSERELLE_TRUSTED_PROXIES to the proxy's network, or PASSERELLE_TLS_CERT and PASSERELLE_TLS_KEY")
	default:
		e.ok(check, "%s://%s", u.Scheme, u.Host)
	}
}

// publicAddress reports whether the world may know an address.
func publicAddress(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate()
}

// certificate reads what serve would present.
func (e *examination) certificate() {
	const check = "certificate"
	if e.config.TLSCert == "" || e.config.TLSKey == "" {
		return
	}
	pair, err := tls.LoadX509KeyPair(e.config.TLSCert, e.config.TLSKey)
	if err != nil || pair.Leaf == nil {
		e.fail(check, "it can't be loaded, or the key is another certificate's", "check the files of PASSERELLE_TLS_CERT and PASSERELLE_TLS_KEY, and that the user of serve may read them")
		return
	}
	now, ends := e.config.Now(), pair.Leaf.NotAfter
	host := ""
	if u, err := url.Parse(e.config.PublicURL); err == nil {
		host = u.Hostname()
	}
	switch {
	case now.After(ends) || now.Before(pair.Leaf.NotBefore):
		e.fail(check, fmt.Sprintf("it is valid from %s to %s, and not now", pair.Leaf.NotBefore.Format(time.DateOnly), ends.Format(time.DateOnly)), "renew it, and check the clock")
	case host != "" && pair.Leaf.VerifyHostname(host) != nil:
		e.fail(check, "it is not one for "+host, "get one for the host of PASSERELLE_PUBLIC_URL")
	case now.Add(shortlyBefore).After(ends):
		e.warn(check, "it ends on "+ends.Format(time.DateOnly), "renew it and restart serve")
	default:
		e.ok(check, "valid until %s", ends.Format(time.DateOnly))
	}
}

// networks looks at whom the gateway believes and whom it may call.
func (e *examination) networks() {
	sound := true
	for _, p := range e.config.TrustedProxies {
		if p.Bits() == 0 {
			sound = false
			e.fail("trusted proxies", "every address is trusted, so anybody can claim any address", "name the proxy's own network in PASSERELLE_TRUSTED_PROXIES")
		}
	}
	for _, p := range e.config.AllowNetworks {
		if p.Bits() == 0 || overlapsAny(p, "127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10") {
			sound = false
			e.warn("allowed networks", p.String()+" lets merchants' addresses reach this machine or its metadata service", "narrow PASSERELLE_ALLOW_NETWORKS to the servers that have to be called")
		}
	}
	if sound {
		e.ok("networks", "%d trusted proxies, %d networks allowed beyond the public ones", len(e.config.TrustedProxies), len(e.config.AllowNetworks))
	}
}

func overlapsAny(p netip.Prefix, others ...string) bool {
	for _, o := range others {
		if p.Overlaps(netip.MustParsePrefix(o)) {
			return true
		}
	}
	return false
}
