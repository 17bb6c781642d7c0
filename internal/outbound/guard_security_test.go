package outbound

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// moreForbidden are spellings beyond those of the corpus above: tunnels to
// private IPv4, other metadata services, and what only a browser would mend.
var moreForbidden = []string{
	"http://[2002:a00:1::]/", "http://[2002:c0a8:101::]/", "http://[2002:a9fe:a9fe::]/", // 6to4 of private IPv4
	"http://[64:ff9b::a00:1]/", "http://[64:ff9b::c0a8:101]/", "http://[64:ff9b:1::a00:1]/", // NAT64
	"http://[2001:0:a00:1::]/", "http://[2001:2::1]/", "http://[2001:10::1]/", "http://[100::1]/", "http://[5f00::1]/", // Teredo, benchmarks, ORCHID, discard, SRv6
	"http://[::ffff:0:127.0.0.1]/", "http://[::ffff:100.64.0.1]/", "http://[::a00:1]/", "http://[ff05::1:3]/", "http://[fe80::a9fe:a9fe]/",
	"http://100.100.100.200/latest/meta-data/", "http://168.63.129.16.nip.io@10.0.0.1/", "http://192.0.0.1/", "http://192.88.99.1/",
	"http://１２７.０.０.１/", "http://127。0。0。1:8080/", "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "http://0x7f。1/",
	"http://0177.1/", "http://00000177.0.0.1/", "http://0x7f.0x0.0x0.0x1/", "http://127.0.1/", "http://0xa9.254.0251.254/", "http://4294967295/", "http://00/",
	"http://127.0.0.1\\.merchant.example/", "http://127.0.0.1%2f@merchant.example/", "http://[::1%25lo]/", "http://[fe80::1%2525lo]/", "http://LocalHost.:80/",
}

// loopbackSpelling tells whether an address of the corpora is loopback, which
// development may call.
func loopbackSpelling(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	host, err := canonicalName(u.Hostname())
	if err != nil || u.User != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return isLocalName(host) || err == nil && ip.IsLoopback()
}

func TestNeitherPolicyDialsOrResolvesAForbiddenAddress(t *testing.T) {
	corpus := append(append([]string(nil), forbidden...), moreForbidden...)
	for policy, loopbackToo := range map[string]bool{"serve": false, "dev": true} {
		t.Run(policy, func(t *testing.T) {
			var asked atomic.Int64
			c := New(Policy{AllowLoopback: loopbackToo, Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
				asked.Add(1)
				return nil, errNotHere
			}}})
			dialled := recordDials(c)
			tried := 0
			for _, raw := range corpus {
				if loopbackToo && loopbackSpelling(raw) {
					continue
				}
				tried++
				if err := c.CheckURL(raw); !errors.Is(err, ErrForbiddenAddress) && !errors.Is(err, ErrBadURL) {
					t.Errorf("CheckURL(%s) = %v, want it refused", raw, err)
				}
				if _, err := get(t, c.HTTPClient(), raw); err == nil || Sent(err) && !strings.Contains(err.Error(), "parse") {
					t.Errorf("GET %s = %v, want it refused unsent", raw, err)
				}
			}
			if got := dialled(); len(got) != 0 || asked.Load() != 0 {
				t.Errorf("dialled %v and asked %d names", got, asked.Load())
			}
			t.Logf("%d forbidden addresses, 0 dialled", tried)
		})
	}
}

func TestANameThatResolvesElsewhereTheSecondTimeGainsNothing(t *testing.T) {
	for _, inside := range []string{"127.0.0.1", "10.0.0.7", "169.254.169.254", "100.64.0.1", "fd00::1", "::1", "::ffff:10.0.0.7", "64:ff9b::a00:1", "2002:a00:1::"} {
		public, private := names(t, map[string]string{"shop.example": "8.8.8.8"}), names(t, map[string]string{"shop.example": inside})
		var second atomic.Bool
		c := New(Policy{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if second.Load() {
				return private.Dial(ctx, network, address)
			}
			return public.Dial(ctx, network, address)
		}}})
		dialled := recordDials(c)
		if err := c.CheckAddresses(t.Context(), "http://shop.example/hook"); err != nil {
			t.Fatalf("the first answer is public: %v", err)
		}
		second.Store(true)
		if _, err := get(t, c.HTTPClient(), "http://shop.example/hook"); err == nil || Sent(err) {
			t.Errorf("rebound to %s: %v, want it refused unsent", inside, err)
		}
		if got := dialled(); len(got) != 0 {
			t.Errorf("rebound to %s: dialled %v", inside, got)
		}
	}
}

// redirector answers every connection with a redirection, and notes what was
// connected to.
type redirector struct {
	mu       sync.Mutex
	location string
	status   int
	dialled  []string
}

func (r *redirector) dial(_ context.Context, _, address string) (net.Conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dialled = append(r.dialled, address)
	ours, theirs := net.Pipe()
	answer := fmt.Sprintf("HTTP/1.1 %d Elsewhere\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", r.status, r.location)
	go func() {
		defer func() { _ = theirs.Close() }()
		if _, err := http.ReadRequest(bufio.NewReader(theirs)); err == nil {
			_, _ = theirs.Write([]byte(answer))
		}
	}()
	return ours, nil
}

func TestNoRedirectionIsFollowedAnywhere(t *testing.T) {
	corpus := append(append([]string{
		"file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "ftp://10.0.0.1/", "//169.254.169.254/latest", "/elsewhere", "unix:///run/docker.sock", "https://8.8.4.4/",
	}, forbidden...), moreForbidden...)
	r := &redirector{}
	for _, allowed := range []bool{false, true} {
		c := New(Policy{AllowLoopback: allowed, Dial: r.dial})
		for i, location := range corpus {
			r.mu.Lock()
			r.location, r.dialled, r.status = location, nil, []int{301, 302, 303, 307, 308}[i%5]
			r.mu.Unlock()
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				req, err := http.NewRequestWithContext(t.Context(), method, "http://8.8.8.8/hook", strings.NewReader("{}"))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := c.HTTPClient().Do(req)
				if err != nil {
					continue // an unreadable Location may also end the exchange
				}
				_ = resp.Body.Close()
				if resp.StatusCode/100 != 3 {
					t.Errorf("redirected to %s: HTTP %d", location, resp.StatusCode)
				}
			}
			r.mu.Lock()
			for _, address := range r.dialled {
				if address != "8.8.8.8:80" {
					t.Errorf("redirected to %s: dialled %s", location, address)
				}
			}
			r.mu.Unlock()
		}
	}
}
