package outbound

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// listen serves each connection with handle until the test ends.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go handle(conn)
		}
	}()
	return l.Addr().String()
}

func post(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("amount=1000"))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.ReadAll(resp.Body)
	return err
}

func TestSentIsFalseOnlyWhenThePeerCertainlyGotNothing(t *testing.T) {
	closesAtOnce := listen(t, func(c net.Conn) { _ = c.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	_ = closed.Close()
	hangsUp := listen(t, func(c net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(c))
		_ = c.Close()
	})
	silent := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	halfAnswer := listen(t, func(c net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(c))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		_ = c.Close()
	})
	noHTTP := listen(t, func(c net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(c))
		_, _ = io.WriteString(c, "SSH-2.0-x\r\n\r\n")
		_ = c.Close()
	})
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it notes each failed handshake
	untrusted.StartTLS()
	defer untrusted.Close()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()

	tests := []struct {
		name, url string
		ctx       context.Context
		want      bool
	}{
		{"nobody listens", "http://" + nobody, t.Context(), false},
		{"the address is refused", "http://10.0.0.1/", t.Context(), false},
		{"the scheme is unknown", "ftp://" + silent, t.Context(), false},
		{"the name does not resolve", "http://absent.example/", t.Context(), false},
		{"the certificate is not trusted", untrusted.URL, t.Context(), false},
		{"the peer speaks no TLS and hangs up", "https://" + closesAtOnce, t.Context(), false},
		{"the peer never answers the TLS handshake", "https://" + silent, t.Context(), false},
		{"the context had ended", "http://" + silent, canceled, false},
		{"the peer closes before reading", "http://" + closesAtOnce, t.Context(), true},
		{"the peer closes after reading", "http://" + hangsUp, t.Context(), true},
		{"the peer never answers", "http://" + silent, t.Context(), true},
		{"the answer breaks off", "http://" + halfAnswer, t.Context(), true},
		{"the answer is not HTTP", "http://" + noHTTP, t.Context(), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			timeout := 10 * time.Second
			if strings.Contains(tt.name, "never answers") {
				timeout = 200 * time.Millisecond
			}
			c := New(Policy{AllowLoopback: true, Timeout: timeout, Resolver: names(t, nil)})
			err := post(tt.ctx, c.HTTPClient(), tt.url)
			if err == nil {
				t.Fatal("want an error")
			}
			if got := Sent(err); got != tt.want {
				t.Errorf("Sent(%v) = %v, want %v", err, got, tt.want)
			}
		})
	}
}

func TestSentIsTrueForWhatItDoesNotKnow(t *testing.T) {
	for _, err := range []error{
		nil, errors.New("x"), io.ErrUnexpectedEOF, context.DeadlineExceeded,
		&net.OpError{Op: "dial", Err: errors.New("of another transport")}, ErrBodyTooLarge,
		&Error{err: io.EOF},
	} {
		if !Sent(err) {
			t.Errorf("Sent(%v) = false", err)
		}
	}
	if Sent(fmt.Errorf("asking: %w", &Error{notSent: true, err: ErrOpen})) {
		t.Error("a wrapped refusal must stay known")
	}
}

func TestTimeIsBoundedThroughTheBodyAndShowsAsATimeout(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "begin")
		_ = http.NewResponseController(w).Flush()
		<-release
	}))
	defer slow.Close()
	defer close(release)
	silent := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	c := New(Policy{AllowLoopback: true, Timeout: 100 * time.Millisecond})
	for _, url := range []string{slow.URL, "http://" + silent} {
		err := post(t.Context(), c.HTTPClient(), url)
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want a time-out", err)
		}
	}
}

func TestRedirectsAreAnswersAndNotFollowed(t *testing.T) {
	followed := false
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer target.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(target.URL, status))
		resp, err := get(t, New(Policy{AllowLoopback: true}).HTTPClient(), server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		server.Close()
		if resp.StatusCode != status || resp.Header.Get("Location") != target.URL {
			t.Errorf("status %d, want the %d itself", resp.StatusCode, status)
		}
	}
	if followed {
		t.Error("a redirect was followed")
	}
}

func TestABodyBeyondTheCapIsAnErrorAndOneAtTheCapIsNot(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscan(r.URL.Query().Get("n"), &n)
		body := strings.Repeat("x", n)
		if r.URL.Query().Get("gzip") == "" {
			_, _ = io.WriteString(w, body)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = io.WriteString(zip, body)
		_ = zip.Close()
	}))
	defer server.Close()
	c := New(Policy{AllowLoopback: true, MaxBody: 1000})
	for query, want := range map[string]int{"n=0": 0, "n=1000": 1000, "n=1001": -1, "n=100000": -1, "n=1000&gzip=1": 1000, "n=100000&gzip=1": -1} {
		resp, err := get(t, c.HTTPClient(), server.URL+"?"+query)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if want < 0 {
			if !errors.Is(err, ErrBodyTooLarge) || len(body) != 1000 || !Sent(err) {
				t.Errorf("%s: %d bytes, %v; want ErrBodyTooLarge after 1000", query, len(body), err)
			}
			continue
		}
		if err != nil || len(body) != want {
			t.Errorf("%s: %d bytes, %v; want %d", query, len(body), err, want)
		}
	}
	if got := New(Policy{}).policy.MaxBody; got != 1<<20 {
		t.Errorf("the default cap is %d, want 1 MiB", got)
	}
}

func TestRequestsCarryTheUserAgentAndNoCookiesAndIgnoreProxies(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	var agents []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agents = append(agents, r.UserAgent())
		if r.Header.Get("Cookie") != "" {
			t.Error("a cookie was kept")
		}
		http.SetCookie(w, &http.Cookie{Name: "s", Value: "1"})
	}))
	defer server.Close()
	client := New(Policy{AllowLoopback: true, UserAgent: "Passerelle/1.2"}).HTTPClient()
	for range 2 {
		resp, err := get(t, client, server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	req.Header.Set("User-Agent", "own/1")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := strings.Join(agents, " "); got != "Passerelle/1.2 Passerelle/1.2 own/1" {
		t.Errorf("user agents: %s", got)
	}
}

// net/http repeats a POST that has an Idempotency-Key when a pooled connection
// breaks; for a payment that is not its decision.
func TestAPostWithAnIdempotencyKeyIsNeverRepeated(t *testing.T) {
	var posts atomic.Int32
	address := listen(t, func(c net.Conn) {
		defer func() { _ = c.Close() }()
		in := bufio.NewReader(c)
		for {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			if req.Method == http.MethodPost {
				posts.Add(1)
				if req.Header.Get("Idempotency-Key") != "key-1" {
					t.Errorf("headers on the wire: %v", req.Header)
				}
				return // hang up without an answer
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	client := New(Policy{AllowLoopback: true, Timeout: 5 * time.Second}).HTTPClient()
	resp, err := get(t, client, "http://"+address) // pools the connection
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address, strings.NewReader("amount=1000"))
	req.Header.Set("Idempotency-Key", "key-1")
	if _, err = client.Do(req); err == nil || !Sent(err) {
		t.Errorf("POST = %v, want an error that may have been sent", err)
	}
	if n := posts.Load(); n != 1 {
		t.Errorf("the peer saw %d POSTs, want 1", n)
	}
	if req.Header.Get("Idempotency-Key") != "key-1" {
		t.Error("the caller's request was changed")
	}
}

func TestHTTP2IsSpokenWhereThePeerOffersIt(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	c := New(Policy{AllowLoopback: true})
	c.transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	c.transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	resp, err := get(t, c.HTTPClient(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "HTTP/2.0" {
		t.Errorf("spoke %s, %v", body, err)
	}
	if err := post(t.Context(), c.HTTPClient(), server.URL); err == nil || !Sent(err) {
		t.Errorf("a stream reset after the request: %v must count as sent", err)
	}
}

func TestCauseLeavesOutTheURL(t *testing.T) {
	_, err := get(t, New(Policy{}).HTTPClient(), "http://10.0.0.1/DEMOCODE?apikey=hunter2")
	if !strings.Contains(err.Error(), "hunter2") {
		t.Fatal("net/http no longer quotes URLs: Cause may go")
	}
	if text := Cause(err).Error(); strings.Contains(text, "hunter2") || strings.Contains(text, "DEMOCODE") {
		t.Errorf("Cause = %s", text)
	}
	if !errors.Is(Cause(err), ErrForbiddenAddress) || Sent(Cause(err)) {
		t.Error("Cause lost what happened")
	}
}
