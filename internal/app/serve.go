package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// headerTimeout bounds reading a request's headers, idleTimeout an unused connection.
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// maxHeader bounds a request's headers, in bytes.
	maxHeader = 64 << 10
	// defaultDrain bounds how long open requests may take after SIGTERM.
	defaultDrain = 30 * time.Second
)

// Running is a server that has been started.
type Running struct {
	App *App
	// URL is the public address; Address the one listened on.
	URL, Address string
	// TLSAddress is the extra HTTPS listener's, "" without one; CAFile is the
	// local authority's certificate.
	TLSAddress, CAFile string

	servers []*http.Server
	failed  chan error
	stop    context.CancelFunc
	work    sync.WaitGroup
}

// Start listens, builds the program and serves. It returns once requests are
// answered; Wait blocks until ctx ends or a listener fails, then drains.
func Start(ctx context.Context, c Config) (*Running, error) {
	if c.Listen == nil {
		c.Listen = (&net.ListenConfig{}).Listen
	}
	listener, err := c.Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", c.Addr, err)
	}
	c.Addr = listener.Addr().String() // the port is known now
	r := &Running{Address: c.Addr, URL: c.PublicURL, failed: make(chan error, 4)}
	if r.URL == "" {
		r.URL = schemeOf(c) + "://" + r.Address
	}
	a, err := Build(ctx, c, r.URL)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	r.App = a
	if c.Demo {
		if err := a.seedDemo(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("seed demo merchant: %w", err), listener.Close(), a.Store.Close())
		}
	}
	if err := r.listen(ctx, c, listener); err != nil {
		return nil, errors.Join(err, a.Store.Close())
	}
	r.runWorkers()
	a.health.ready.Store(true)
	// Migrations and password hashes leave tens of megabytes behind that an idle
	// gateway would otherwise keep.
	go debug.FreeOSMemory()
	return r, nil
}

func schemeOf(c Config) string {
	if c.TLSCert != "" {
		return "https"
	}
	return "http"
}

// listen starts the listener, and those for TLS and for operators.
func (r *Running) listen(ctx context.Context, c Config, listener net.Listener) error {
	if c.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return errors.Join(fmt.Errorf("load TLS certificate: %w", err), listener.Close())
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	r.serve(listener, r.App.handler)
	if c.TLSAddr != "" {
		if err := r.listenLocalTLS(ctx, c); err != nil {
			return err
		}
	}
	if c.AdminAddr == "" {
		return nil
	}
	admin, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.AdminAddr)
	if err != nil {
		return fmt.Errorf("listen on admin address %s: %w", c.AdminAddr, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", r.App.metrics.handler())
	mux.HandleFunc("GET /healthz", r.App.healthz)
	mux.HandleFunc("GET /readyz", r.App.readyz)
	r.serve(admin, mux)
	return nil
}

func (r *Running) serve(l net.Listener, h http.Handler) {
	s := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader}
	r.servers = append(r.servers, s)
	go func() {
		if err := s.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			r.failed <- err
		}
	}()
}

func (r *Running) runWorkers() {
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	for _, w := range r.App.workers {
		r.work.Go(func() { w.run(ctx) })
	}
}

// Wait blocks until ctx ends or a listener fails, then drains: readiness turns
// 503, no accepted request is dropped, work in progress is recorded.
func (r *Running) Wait(ctx context.Context) error {
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-r.failed:
	}
	return errors.Join(failure, r.Drain())
}

// Drain stops the server as Wait does. The listeners stay open until the
// requests at work are answered, so that /readyz can say 503 meanwhile.
func (r *Running) Drain() error {
	a := r.App
	a.health.ready.Store(false)
	a.Gateway.Drain()
	limit := a.config.DrainFor
	if limit == 0 {
		limit = defaultDrain
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	a.lameDuck(ctx, limit)
	var problems []error
	for _, s := range r.servers {
		if err := s.Shutdown(ctx); err != nil {
			problems = append(problems, fmt.Errorf("drain requests: %w", err))
		}
	}
	r.stop()
	r.work.Wait()
	if err := a.Gateway.Close(ctx); err != nil {
		problems = append(problems, fmt.Errorf("drain submissions: %w", err))
	}
	return errors.Join(append(problems, a.Store.Close())...)
}
