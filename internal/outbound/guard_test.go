package outbound

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// errNotHere is what the recording dialer answers instead of connecting.
var errNotHere = errors.New("tests connect to nothing but loopback")

// recordDials makes c note each address that its guard lets through, without
// ever connecting to it.
func recordDials(c *Client) (dialled func() []string) {
	var mu sync.Mutex
	var list []string
	judge := c.dialer.Control
	c.dialer.Control = func(network, address string, raw syscall.RawConn) error {
		if err := judge(network, address, raw); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		list = append(list, address)
		return errNotHere
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

// names resolves made-up names, without a network: it answers DNS queries on a
// loopback socket.
func names(t *testing.T, table map[string]string) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply, ok := dnsReply(buf[:n], table); ok {
				_, _ = server.WriteTo(reply, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func dnsReply(query []byte, table map[string]string) ([]byte, bool) {
	var msg dnsmessage.Message
	if err := msg.Unpack(query); err != nil || len(msg.Questions) != 1 {
		return nil, false
	}
	q := msg.Questions[0]
	msg.Response, msg.Additionals = true, nil
	ip, err := netip.ParseAddr(table[strings.TrimSuffix(q.Name.String(), ".")])
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
	switch {
	case err != nil:
		msg.RCode = dnsmessage.RCodeNameError
	case ip.Is4() && q.Type == dnsmessage.TypeA:
		msg.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: ip.As4()}}}
	case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
		msg.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}}}
	}
	reply, err := msg.Pack()
	return reply, err == nil
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return client.Do(req)
}

// forbidden are addresses that production must never connect to, in every
// spelling that some parser takes for one.
var forbidden = []string{
	"http://127.0.0.1/", "http://127.0.0.1:8080/admin", "http://127.8.9.10/", "http://127.0.0.1./",
	"http://0.0.0.0/", "http://0.0.0.0:8080/", "http://0.1.2.3/",
	"http://10.0.0.1/", "http://10.255.255.255/", "http://172.16.0.1/", "http://172.31.255.254/",
	"http://192.168.1.1/", "https://192.168.0.254:8443/",
	"http://100.64.0.1/", "http://100.127.255.254/", // carrier-grade NAT
	"http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/v2/credentials", // cloud metadata
	"http://192.0.0.192/opc/v1/", "http://192.0.2.1/", "http://198.18.0.1/", "http://198.51.100.7/", "http://203.0.113.9/",
	"http://224.0.0.1/", "http://239.255.255.250:1900/", "http://240.0.0.1/", "http://255.255.255.255/",
	"http://2130706433/", "http://3232235777/", "http://2852039166/latest/", // decimal
	"http://0x7f000001/", "http://0x7f.0.0.1/", "http://0x7f.1/", "http://127.0.0.0x1/", "http://0X7F.0.0.1/", // hexadecimal
	"http://017700000001/", "http://0177.0.0.1/", "http://127.0.0.01/", // octal
	"http://127.1/", "http://10.1/", "http://0/", // short
	"http://[::]/", "http://[::1]/", "http://[::1]:8080/", "http://[0:0:0:0:0:0:0:1]/",
	"http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::ffff:169.254.169.254]/", "http://[::ffff:10.0.0.1]/",
	"http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b::169.254.169.254]/",
	"http://[2002:7f00:1::]/", "http://[2001:0:1::1]/", "http://[2001:db8::1]/",
	"http://[fc00::1]/", "http://[fd12:3456:789a::1]/", "http://[fd00:ec2::254]/latest/",
	"http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fec0::1]/", "http://[ff02::1]/",
	"http://localhost/", "http://LOCALHOST:8080/", "http://localhost./", "http://api.localhost/",
	"http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", // what IDNA maps to digits and dots
	"http://merchant.example@127.0.0.1/", "http://127.0.0.1#@merchant.example/", "http://127.0.0.1?@merchant.example/",
}

func TestNothingIsDialledAtForbiddenAddresses(t *testing.T) {
	c := New(Policy{})
	dialled := recordDials(c)
	for _, raw := range forbidden {
		if err := c.CheckURL(raw); !errors.Is(err, ErrForbiddenAddress) && !errors.Is(err, ErrBadURL) {
			t.Errorf("CheckURL(%s) = %v, want it refused", raw, err)
		}
		_, err := get(t, c.HTTPClient(), raw)
		if !errors.Is(err, ErrForbiddenAddress) && !errors.Is(err, ErrBadURL) {
			t.Errorf("GET %s = %v, want it refused", raw, err)
		}
		if Sent(err) {
			t.Errorf("GET %s counts as sent", raw)
		}
	}
	if len(forbidden) < 30 {
		t.Errorf("the corpus shrank to %d", len(forbidden))
	}
	if got := dialled(); len(got) != 0 {
		t.Errorf("dialled %v", got)
	}
}

// The URL's spelling is only the first line: here the dialer itself is asked.
func TestTheDialerRefusesForbiddenAddressesWhateverLedThere(t *testing.T) {
	c := New(Policy{})
	dialled := recordDials(c)
	for _, address := range []string{
		"127.0.0.1:80", "localhost:80", "0.0.0.0:80", "10.1.2.3:443", "169.254.169.254:80", "100.100.100.200:80",
		"[::]:80", "[::1]:80", "[::ffff:127.0.0.1]:80", "[::ffff:a9fe:a9fe]:80", "[fe80::1%lo]:80", "[fc00::1]:80",
		"[ff02::1]:80", "224.0.0.1:80", "[64:ff9b::7f00:1]:80", "[2002:a9fe:a9fe::]:80",
	} {
		conn, err := c.transport.DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		if !errors.Is(err, ErrForbiddenAddress) {
			t.Errorf("dial %s = %v, want it refused", address, err)
		}
	}
	if err := c.guard.control("unixgram", "/run/docker.sock", nil); !errors.Is(err, ErrForbiddenAddress) {
		t.Errorf("a local socket: %v", err)
	}
	if got := dialled(); len(got) != 0 {
		t.Errorf("dialled %v", got)
	}
}

func TestNamesThatResolveToForbiddenAddressesAreNotDialled(t *testing.T) {
	table := map[string]string{
		"inside.merchant.example": "10.0.0.7",
		"self.merchant.example":   "127.0.0.1",
		"meta.merchant.example":   "169.254.169.254",
		"six.merchant.example":    "fd00::1",
	}
	table["public.merchant.example"] = "8.8.8.8"
	c := New(Policy{Resolver: names(t, table)})
	dialled := recordDials(c)
	for name := range table {
		raw := "http://" + name + "/notify"
		if err := c.CheckURL(raw); err != nil {
			t.Errorf("CheckURL(%s) = %v, but names are judged when connecting", raw, err)
		}
		now := c.CheckAddresses(t.Context(), raw)
		_, err := get(t, c.HTTPClient(), raw)
		if name == "public.merchant.example" {
			if now != nil || !errors.Is(err, errNotHere) {
				t.Errorf("%s: %v, %v; want it allowed", name, now, err)
			}
			continue
		}
		if !errors.Is(now, ErrForbiddenAddress) || !errors.Is(err, ErrForbiddenAddress) || Sent(err) {
			t.Errorf("%s: CheckAddresses = %v, GET = %v; want both refused", name, now, err)
		}
	}
	if got := dialled(); !slices.Equal(got, []string{"8.8.8.8:80"}) {
		t.Errorf("dialled %v, want only the public address", got)
	}
	if err := c.CheckAddresses(t.Context(), "http://absent.merchant.example/"); err != nil {
		t.Errorf("a name that doesn't resolve: %v", err)
	}
}

func TestPublicAddressesAreAllowed(t *testing.T) {
	c := New(Policy{})
	dialled := recordDials(c)
	for _, raw := range []string{"https://8.8.8.8/", "http://1.1.1.1:8080/x", "https://[2606:4700::1111]/"} {
		if err := c.CheckURL(raw); err != nil {
			t.Errorf("CheckURL(%s) = %v", raw, err)
		}
		if _, err := get(t, c.HTTPClient(), raw); !errors.Is(err, errNotHere) {
			t.Errorf("GET %s = %v, want the guard to let it through", raw, err)
		}
	}
	for _, raw := range []string{"https://shop.example/notify?id=1", "http://boutique_1.example:8080", "https://épicerie.example/", "https://xn--picerie-9ua.example/"} {
		if err := c.CheckURL(raw); err != nil {
			t.Errorf("CheckURL(%s) = %v", raw, err)
		}
	}
	want := []string{"8.8.8.8:443", "1.1.1.1:8080", "[2606:4700::1111]:443"}
	if got := dialled(); !slices.Equal(got, want) {
		t.Errorf("dialled %v, want %v", got, want)
	}
}

func TestUnusableURLsAreRefusedWithoutBeingQuoted(t *testing.T) {
	c := New(Policy{AllowLoopback: true})
	for _, raw := range []string{
		"", "shop.example", "//shop.example/", "http:shop.example", "http:///notify", "ftp://shop.example/", "file:///etc/passwd",
		"gopher://shop.example:70/", "javascript:alert(1)", "http://shop.example:0/", "http://shop.example:65536/", "http://shop.example:x/",
		"http://user:hunter2@shop.example/", "http://shop.example/#hunter2", "http://shop.example/#", "http://shop example/",
		"http://shop..example/", "http://shop.example\\@127.0.0.1/", "http://%31%32%37.0.0.1/", "http://[::1", "http://a.example/\n", "unix:/run/x",
		"https://shop.example/" + strings.Repeat("a", maxURL),
	} {
		err := c.CheckURL(raw)
		if !errors.Is(err, ErrBadURL) {
			t.Errorf("CheckURL(%q) = %v, want ErrBadURL", raw, err)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "shop") {
			t.Errorf("the error quotes the URL: %v", err)
		}
	}
	for raw, ok := range map[string]bool{
		"https://shop.example/#/thanks": true, "http://192.168.1.4:3000/back": true, "http://localhost/": true,
		"javascript:alert(1)": false, "https://u:p@shop.example/": false, "/back": false, "": false,
	} {
		if err := CheckPageURL(raw); (err == nil) != ok {
			t.Errorf("CheckPageURL(%q) = %v", raw, err)
		}
	}
}

func TestThePolicyOpensWhatItNamesAndNoMore(t *testing.T) {
	prefixes := func(list ...string) (out []netip.Prefix) {
		for _, p := range list {
			out = append(out, netip.MustParsePrefix(p))
		}
		return out
	}
	tests := []struct {
		name           string
		policy         Policy
		opened, closed []string
	}{
		{
			"loopback",
			Policy{AllowLoopback: true},
			[]string{"http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/", "http://app.localhost/", "http://[::ffff:127.0.0.1]/"},
			[]string{"http://10.0.0.1/", "http://0.0.0.0/", "http://[::]/", "http://169.254.169.254/", "http://2130706433/", "http://[fe80::1]/"},
		},
		{
			"a private network",
			Policy{AllowNetworks: prefixes("10.1.0.0/16", "fd12::/16")},
			[]string{"http://10.1.2.3/", "http://[::ffff:10.1.2.3]/", "http://[fd12::5]/"},
			[]string{"http://10.2.0.1/", "http://127.0.0.1/", "http://localhost/", "http://[fd13::1]/"},
		},
		{
			"an IPv4-mapped prefix",
			Policy{AllowNetworks: prefixes("::ffff:10.1.0.0/112")},
			[]string{"http://10.1.2.3/"},
			[]string{"http://10.2.0.1/"},
		},
		{
			"everything but metadata",
			Policy{AllowNetworks: prefixes("0.0.0.0/0", "::/0")},
			[]string{"http://10.1.2.3/", "http://[fd12::5]/", "http://127.0.0.1/"},
			[]string{"http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://[fe80::1]/"},
		},
		{
			"link-local by name",
			Policy{AllowNetworks: prefixes("169.254.7.0/24")},
			[]string{"http://169.254.7.1/"},
			[]string{"http://169.254.169.254/"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := New(tt.policy)
			for _, raw := range tt.opened {
				if err := c.CheckURL(raw); err != nil {
					t.Errorf("CheckURL(%s) = %v, want it allowed", raw, err)
				}
			}
			for _, raw := range tt.closed {
				if err := c.CheckURL(raw); !errors.Is(err, ErrForbiddenAddress) {
					t.Errorf("CheckURL(%s) = %v, want it refused", raw, err)
				}
			}
		})
	}
}

func TestAConnectorCannotBePointedAtItsOwnGateway(t *testing.T) {
	hits := 0
	gateway := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
	defer gateway.Close()
	_, port, _ := net.SplitHostPort(gateway.Listener.Addr().String())
	c := New(Policy{
		AllowLoopback: true,
		Refuse:        NotSelf(func() []string { return []string{"pay.example.com:443", "0.0.0.0:" + port} }),
		Resolver:      names(t, map[string]string{"alias.example.com": "127.0.0.1"}),
	})
	for _, raw := range []string{
		gateway.URL, "http://localhost:" + port, "http://[::1]:" + port, "http://127.9.9.9:" + port,
		"https://pay.example.com", "https://PAY.example.com.:443/v1", "http://alias.example.com:" + port,
	} {
		_, err := get(t, c.HTTPClient(), raw)
		if !errors.Is(err, ErrLoop) || Sent(err) {
			t.Errorf("GET %s = %v, want ErrLoop", raw, err)
		}
	}
	if hits != 0 {
		t.Errorf("the gateway was called %d times", hits)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	resp, err := get(t, c.HTTPClient(), other.URL)
	if err != nil {
		t.Fatalf("another gateway on this machine: %v", err)
	}
	_ = resp.Body.Close()
}

func TestARequestThatCameBackIsKnownToHaveDoneNothing(t *testing.T) {
	handled := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if Returned(r, "passerelle-ours") {
			RefuseReturned(w, "passerelle-ours")
			return
		}
		handled++
		w.WriteHeader(http.StatusLoopDetected) // another's word about another loop
	}))
	defer server.Close()
	_, err := get(t, New(Policy{AllowLoopback: true, Via: "passerelle-ours"}).HTTPClient(), server.URL)
	if !errors.Is(err, ErrLoop) || Sent(err) || handled != 0 {
		t.Errorf("our own request: %v, handled %d times", err, handled)
	}
	for _, via := range []string{"", "passerelle-theirs", "passerelle-ours2"} {
		resp, err := get(t, New(Policy{AllowLoopback: true, Via: via}).HTTPClient(), server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusLoopDetected {
			t.Errorf("by way of %q: HTTP %d", via, resp.StatusCode)
		}
	}
	if handled != 3 {
		t.Errorf("%d requests of others were handled, want 3", handled)
	}
	behindProxies := httptest.NewRequest(http.MethodGet, "/", nil)
	behindProxies.Header.Set("Via", "1.0 fred, 1.1 passerelle-ours")
	if !Returned(behindProxies, "passerelle-ours") {
		t.Error("a request that came back through a proxy is not known")
	}
}
