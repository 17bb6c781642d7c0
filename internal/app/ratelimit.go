package app

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// burstFor is how much of a rate may come at once.
	burstFor = 10 * time.Second
	// maxClients bounds the addresses a door remembers: strangers choose how many
	// they come from.
	maxClients = 50_000
)

// throttle bounds the requests of each client address at one door, on this node.
type throttle struct {
	rate    rate.Limit
	burst   int
	now     func() time.Time
	address func(*http.Request) string
	mu      sync.Mutex
	clients map[netip.Addr]*rate.Limiter
}

// throttled puts a bound before a door; no rate is no bound.
func (a *App) throttled(perSecond float64, counts func(*http.Request) bool, next http.Handler) http.Handler {
	if perSecond <= 0 {
		return next
	}
	t := &throttle{
		rate: rate.Limit(perSecond), burst: burstOf(perSecond), now: a.config.Now,
		address: peer{a.config.TrustedProxies}.address, clients: map[netip.Addr]*rate.Limiter{},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if counts(r) && !t.allow(clientOf(t.address(r))) {
			t.refuse(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func burstOf(perSecond float64) int { return int(math.Ceil(perSecond * burstFor.Seconds())) }

// clientOf is who shares a bound: an IPv4 address, or the /64 that one IPv6
// subscriber is given. What is no address shares one bound.
func clientOf(address string) netip.Addr {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Addr{}
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip
	}
	network, err := ip.Prefix(64)
	if err != nil {
		return netip.Addr{}
	}
	return network.Addr()
}

func (t *throttle) allow(client netip.Addr) bool {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	limiter := t.clients[client]
	if limiter == nil {
		if len(t.clients) >= maxClients {
			t.forget(now)
		}
		limiter = rate.NewLimiter(t.rate, t.burst)
		t.clients[client] = limiter
	}
	return limiter.AllowN(now, 1)
}

// forget drops the clients that a fresh limiter would serve alike; where there
// are none, all of them, so that memory stays bounded whoever attacks.
func (t *throttle) forget(now time.Time) {
	for client, limiter := range t.clients {
		if limiter.TokensAt(now) >= float64(t.burst) {
			delete(t.clients, client)
		}
	}
	if len(t.clients) >= maxClients {
		clear(t.clients)
	}
}

// refuse answers 429. A provider or a program comes again by Retry-After; a
// person reads the sentence.
func (t *throttle) refuse(w http.ResponseWriter, r *http.Request) {
	seconds := max(1, int(math.Ceil(1/float64(t.rate))))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if strings.HasPrefix(r.URL.Path, "/sandbox/v1/") {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = fmt.Fprintf(w, `{"type":"about:blank","title":"Too Many Requests","status":429,"code":"rate_limited","detail":"try again in %d s"}`, seconds)
		return
	}
	http.Error(w, fmt.Sprintf("Trop de demandes : réessayez dans %d s.\nToo many requests: try again in %d s.", seconds, seconds), http.StatusTooManyRequests)
}

// acts are requests that do something; reading a page is not bounded.
func acts(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

// signsIn holds for a try of a password.
func signsIn(r *http.Request) bool { return acts(r) && r.URL.Path == "/dashboard/sign-in" }

// always bounds every request.
func always(*http.Request) bool { return true }
