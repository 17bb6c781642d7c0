package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

// bounded is a door of one request a second, and how often it was passed.
func bounded(now *time.Time) (door http.Handler, passed *int) {
	a := &App{config: Config{Now: func() time.Time { return *now }, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	passed = new(int)
	return a.throttled(1, acts, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { *passed++ })), passed
}

func knock(door http.Handler, method, from, forwarded string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/pay/token", nil)
	r.RemoteAddr = from
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
	}
	w := httptest.NewRecorder()
	door.ServeHTTP(w, r)
	return w
}

func TestAFloodFromOneAddressIsToldToComeBackAndOthersPass(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	door, passed := bounded(&now)
	const stranger = "203.0.113.9:4000"
	for range 10 {
		knock(door, http.MethodPost, stranger, "")
	}
	// Another port, and a forged header, are the same client.
	for _, forged := range []string{"", "198.51.100.1", "10.0.0.1"} {
		w := knock(door, http.MethodPost, "203.0.113.9:4001", forged)
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
			t.Errorf("the eleventh request, forwarded for %q, got %d and Retry-After %q", forged, w.Code, w.Header().Get("Retry-After"))
		}
	}
	if *passed != 10 {
		t.Fatalf("%d requests passed, want 10", *passed)
	}
	for what, w := range map[string]*httptest.ResponseRecorder{
		"a page that is only read": knock(door, http.MethodGet, stranger, ""),
		"another address":          knock(door, http.MethodPost, "203.0.113.10:4000", ""),
		"a client of our proxy":    knock(door, http.MethodPost, "10.0.0.1:4000", "198.51.100.1"),
	} {
		if w.Code != http.StatusOK {
			t.Errorf("%s got %d", what, w.Code)
		}
	}
	now = now.Add(time.Second)
	if w := knock(door, http.MethodPost, stranger, ""); w.Code != http.StatusOK {
		t.Errorf("a second later the stranger got %d", w.Code)
	}
}

func TestOneSubscriberIsOneClientWhateverAddressItTakes(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.9": "203.0.113.9", "::ffff:203.0.113.9": "203.0.113.9",
		"2001:db8:1:2:aaaa::1": "2001:db8:1:2::", "2001:db8:1:2:bbbb::2%eth0": "2001:db8:1:2::",
		"not an address": "invalid IP",
	} {
		if got := clientOf(address).String(); got != want {
			t.Errorf("clientOf(%s) = %s, want %s", address, got, want)
		}
	}
}

func TestStrangersCannotFillTheMemory(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	th := &throttle{rate: 1, burst: 10, now: func() time.Time { return now }, clients: map[netip.Addr]*rate.Limiter{}}
	for i := range maxClients + 10 {
		th.allow(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if len(th.clients) > maxClients {
		t.Errorf("%d clients are remembered", len(th.clients))
	}
}

func TestRatesAreReadOverTheDefaults(t *testing.T) {
	standard := DefaultRates()
	other := standard
	other.Pages, other.SignIn = 7.5, 0
	for text, want := range map[string]Rates{"": standard, "off": {}, "pages=7.5, sign-in=0": other} {
		if got, err := ParseRates(text); err != nil || got != want {
			t.Errorf("ParseRates(%q) = %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"pages", "pages=", "pages=-1", "pages=many", "pages=NaN", "pages=Inf", "pages=1e9", "doors=1", "off,pages=1"} {
		if got, err := ParseRates(text); err == nil {
			t.Errorf("ParseRates(%q) = %+v, want a refusal", text, got)
		}
	}
}

func FuzzParseRates(f *testing.F) {
	for _, seed := range []string{"", "off", "pages=50,sign-in=2,hooks=1000,control=500,keys=5000", "pages=1e5", "hooks=0x1p4", "keys==1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rates, err := ParseRates(text)
		if err != nil {
			return
		}
		for name, value := range rates.named() {
			if !(*value >= 0 && *value <= maxRate) {
				t.Errorf("%s = %v", name, *value)
			}
		}
		if again, err := ParseRates(fmt.Sprintf("pages=%v,sign-in=%v,hooks=%v,control=%v,keys=%v", rates.Pages, rates.SignIn, rates.Hooks, rates.Control, rates.Keys)); err != nil || again != rates {
			t.Errorf("read again: %+v, %v", again, err)
		}
	})
}
