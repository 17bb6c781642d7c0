package simtest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
)

var (
	errRefused = errors.New("connection refused")
	errFenced  = errors.New("the process is gone")
)

// network joins all parties of a run without sockets.
type network struct {
	mu        sync.Mutex
	listeners map[string]*listener
}

func newNetwork() *network { return &network{listeners: map[string]*listener{}} }

// dial connects to whoever listens at an address.
func (n *network) dial(ctx context.Context, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[address]
	n.mu.Unlock()
	if l == nil {
		return nil, errRefused
	}
	here, there := net.Pipe()
	select {
	case l.incoming <- addressed{there, address, "127.0.0.1:50000"}:
		return addressed{here, "127.0.0.1:50000", address}, nil
	case <-l.closed:
	case <-ctx.Done():
	}
	return nil, errRefused
}

func (n *network) listen(address string) *listener {
	l := &listener{network: n, address: address, incoming: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners[address] = l
	return l
}

// listener is a net.Listener of a network.
type listener struct {
	network  *network
	address  string
	incoming chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.incoming:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		if l.network.listeners[l.address] == l {
			delete(l.network.listeners, l.address)
		}
	})
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return tcpAddr(l.address) }

func tcpAddr(address string) net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))
}

// addressed is a connection in memory with the addresses of its two ends.
type addressed struct {
	net.Conn
	local, remote string
}

func (c addressed) LocalAddr() net.Addr  { return tcpAddr(c.local) }
func (c addressed) RemoteAddr() net.Addr { return tcpAddr(c.remote) }

// link is one process's way to the network. Once fenced, all its connections
// are broken and it makes no more.
type link struct {
	network *network

	mu     sync.Mutex
	fenced bool
	open   map[net.Conn]bool
	ears   []net.Listener
}

func (n *network) link() *link { return &link{network: n, open: map[net.Conn]bool{}} }

func (l *link) dial(ctx context.Context, _, address string) (net.Conn, error) {
	c, err := l.network.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return l.keep(c)
}

func (l *link) listen(_ context.Context, _, address string) (net.Listener, error) {
	ear := l.network.listen(address)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ears = append(l.ears, ear)
	return linkListener{ear, l}, nil
}

func (l *link) keep(c net.Conn) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fenced {
		return nil, errors.Join(errFenced, c.Close())
	}
	kept := &linkConn{Conn: c, link: l}
	l.open[kept] = true
	return kept, nil
}

// fence breaks everything.
func (l *link) fence() {
	l.mu.Lock()
	open, ears := l.open, l.ears
	l.fenced, l.open, l.ears = true, map[net.Conn]bool{}, nil
	l.mu.Unlock()
	for _, ear := range ears {
		_ = ear.Close()
	}
	for c := range open {
		_ = c.Close()
	}
}

type linkListener struct {
	*listener
	link *link
}

func (l linkListener) Accept() (net.Conn, error) {
	c, err := l.listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.link.keep(c)
}

type linkConn struct {
	net.Conn
	link *link
}

func (c *linkConn) Close() error {
	c.link.mu.Lock()
	delete(c.link.open, c)
	c.link.mu.Unlock()
	return c.Conn.Close()
}
