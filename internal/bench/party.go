package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// party is a simulated party's server.
type party struct {
	url    string
	server *http.Server
}

func listen(ctx context.Context, h http.Handler) (*party, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a simulated party: %w", err)
	}
	p := &party{url: "http://" + l.Addr().String(), server: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}}
	go func() { _ = p.server.Serve(l) }() // ends with close, which is no failure
	return p, nil
}

func (p *party) close() { _ = p.server.Close() }
