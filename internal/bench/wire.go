package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// callLimit bounds one request of a simulated party.
const callLimit = time.Minute

// wire sends requests to one server with as little work as HTTP allows, so that
// what is measured is the server: a client of the standard library takes as
// much CPU time as the request it sends.
type wire struct {
	address string // host:port

	mu   sync.Mutex
	free []*link
}

// link is one open connection.
type link struct {
	conn net.Conn
	in   *bufio.Reader
}

// newWire makes a wire to the server of a URL.
func newWire(base string) (*wire, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("no server at %q", base)
	}
	return &wire{address: u.Host}, nil
}

// request writes a request with a body of JSON; header is a line of its own,
// with its end, or "".
func (w *wire) request(method, path, header string, body []byte) []byte {
	b := make([]byte, 0, 256+len(body))
	b = fmt.Appendf(b, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", method, path, w.address, header)
	if len(body) > 0 {
		b = fmt.Appendf(b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b = append(b, "\r\n"...)
	return append(b, body...)
}

// do sends a request and reads its answer. A connection that breaks is not
// tried again.
func (w *wire) do(request []byte) (status int, body []byte, err error) {
	l, err := w.take()
	if err != nil {
		return 0, nil, err
	}
	status, body, err = l.exchange(request)
	if err != nil {
		return 0, nil, errors.Join(err, l.conn.Close())
	}
	w.mu.Lock()
	w.free = append(w.free, l)
	w.mu.Unlock()
	return status, body, nil
}

func (w *wire) take() (*link, error) {
	w.mu.Lock()
	if n := len(w.free); n > 0 {
		l := w.free[n-1]
		w.free = w.free[:n-1]
		w.mu.Unlock()
		return l, nil
	}
	w.mu.Unlock()
	conn, err := net.DialTimeout("tcp", w.address, callLimit)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &link{conn, bufio.NewReader(conn)}, nil
}

func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.free {
		_ = l.conn.Close()
	}
	w.free = nil
}

func (l *link) exchange(request []byte) (status int, body []byte, err error) {
	if err := l.conn.SetDeadline(time.Now().Add(callLimit)); err != nil {
		return 0, nil, fmt.Errorf("send: %w", err)
	}
	if _, err := l.conn.Write(request); err != nil {
		return 0, nil, fmt.Errorf("send: %w", err)
	}
	line, err := l.in.ReadSlice('\n')
	if err != nil || len(line) < len("HTTP/1.1 200") {
		return 0, nil, fmt.Errorf("read answer: %w", err)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("read status: %w", err)
	}
	length, chunked := 0, false
	for {
		if line, err = l.in.ReadSlice('\n'); err != nil {
			return 0, nil, fmt.Errorf("read header: %w", err)
		}
		name, value, more := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		switch {
		case !more:
			body, err = l.body(length, chunked)
			return status, body, err
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, nil, fmt.Errorf("read length: %w", err)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
}

func (l *link) body(length int, chunked bool) ([]byte, error) {
	if !chunked {
		body := make([]byte, length)
		if _, err := io.ReadFull(l.in, body); err != nil {
			return nil, fmt.Errorf("read body: %w", err)
		}
		return body, nil
	}
	body, err := io.ReadAll(httputil.NewChunkedReader(l.in))
	if err == nil {
		_, err = l.in.Discard(len("\r\n")) // the chunked reader leaves the end of the trailers
	}
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	return body, nil
}
