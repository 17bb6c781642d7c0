// Package demo plays the documented requests of every provider and of the
// native API, over real HTTP, against a gateway and its sandbox that it starts
// itself, and says of each whether it went as documented.
package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// operatorDelay is how long the simulated customers take: long enough to see
	// a pending payment, short enough not to bore.
	operatorDelay = "150ms"
	// sceneLimit bounds one operation.
	sceneLimit = 20 * time.Second
)

// Row is the result of one operation.
type Row struct {
	Provider   string `json:"provider"`
	Operation  string `json:"operation"`
	HTTPStatus int    `json:"http_status"`
	Outcome    string `json:"outcome"`
	Millis     int64  `json:"ms"`
	OK         bool   `json:"ok"`
	// Problem says what was not as documented; shown beside the table.
	Problem string `json:"-"`
}

// Run starts a gateway with a temporary database and plays every scene. shown
// is told of each row as it is known.
func Run(ctx context.Context, version string, shown func(Row)) (rows []Row, err error) {
	shop, err := startMerchant(ctx)
	if err != nil {
		return nil, err
	}
	defer shop.close()
	keys, err := secret.ParseKeyring(secret.NewKey())
	if err != nil {
		return nil, err
	}
	running, err := app.Start(ctx, app.Config{
		Addr: "127.0.0.1:0", DatabaseURL: ":memory:", Keys: keys, AllowLoopback: true,
		Sandbox: true, OperatorDelay: operatorDelay, Demo: true, CallbackURL: shop.url,
		DrainFor: 20 * time.Second, Version: version,
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, running.Drain()) }()
	p := player{shop: shop, running: running, shown: shown}
	p.play(ctx, "native", nativeScenes(), p.stage("native", running.URL, map[string]string{"api_key": app.DemoAPIKey}))
	for _, known := range running.App.Providers() {
		base := running.App.Gateway.BaseURL(known.Name)
		p.play(ctx, known.Name, known.Scenes, p.stage(known.Name, base, running.App.DemoCredentials(known.Name)))
	}
	return p.rows, nil
}

// player plays scenes and keeps the rows.
type player struct {
	shop    *merchant
	running *app.Running
	shown   func(Row)
	rows    []Row
	count   atomic.Int64
}

func (p *player) play(ctx context.Context, name string, scenes []provider.Scene, stage *provider.Stage) {
	for _, s := range scenes {
		sceneCtx, cancel := context.WithTimeout(ctx, sceneLimit)
		started := time.Now()
		status, outcome, err := s.Play(sceneCtx, stage)
		cancel()
		row := Row{
			Provider: name, Operation: s.Operation, HTTPStatus: status, Outcome: outcome,
			Millis: time.Since(started).Milliseconds(), OK: err == nil,
		}
		if err != nil {
			row.Problem = err.Error()
		}
		p.rows = append(p.rows, row)
		p.shown(row)
	}
}

func (p *player) stage(name, base string, credentials map[string]string) *provider.Stage {
	client := &http.Client{
		Timeout:       sceneLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &provider.Stage{
		Base: base, HTTP: client, Credentials: credentials, Callback: p.shop.url + "/" + name,
		Received: p.shop.take, Pay: p.pay(client), Unique: p.unique, Store: map[string]string{}, Now: time.Now,
	}
}

// unique makes a reference of 15 letters and digits, as the strictest provider takes.
func (p *player) unique() string {
	return fmt.Sprintf("REF%09d%03d", time.Now().Unix()%1_000_000_000, p.count.Add(1))
}

// pay acts as the customer on a hosted page: it follows the address that a
// dialect gave out to /pay/{token}, then uses the sandbox's control API.
func (p *player) pay(client *http.Client) func(context.Context, string, map[string]string) error {
	return func(ctx context.Context, page string, choice map[string]string) error {
		token, err := p.token(ctx, client, page)
		if err != nil {
			return err
		}
		body, err := json.Marshal(choice)
		if err != nil {
			return fmt.Errorf("encode the customer's choice: %w", err)
		}
		target := p.running.URL + "/sandbox/v1/checkouts/" + token + "/pay"
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
		if err != nil {
			return fmt.Errorf("pay as the customer: %w", err)
		}
		req.Header.Set("Content-Type", "application/json")
		status, answer, err := do(client, req)
		if err != nil {
			return fmt.Errorf("pay as the customer: %w", err)
		}
		if status/100 != 2 {
			return fmt.Errorf("the hosted page refused the customer with %d: %s", status, answer)
		}
		return nil
	}
}

func (p *player) token(ctx context.Context, client *http.Client, page string) (string, error) {
	for range 3 {
		u, err := url.Parse(page)
		if err != nil {
			return "", fmt.Errorf("read the page's address: %w", err)
		}
		if token, ok := strings.CutPrefix(u.Path, "/pay/"); ok {
			token, _, _ = strings.Cut(token, "/")
			return token, nil
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
		if err != nil {
			return "", fmt.Errorf("open the page: %w", err)
		}
		resp, err := client.Do(req)
		if err != nil {
			return "", fmt.Errorf("open the page: %w", err)
		}
		_ = resp.Body.Close()
		next, err := resp.Location()
		if err != nil {
			return "", fmt.Errorf("the page at %s leads nowhere: HTTP %d", u.Path, resp.StatusCode)
		}
		page = next.String()
	}
	return "", errors.New("the page redirects without end")
}

func do(client *http.Client, req *http.Request) (int, []byte, error) {
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, body, err
}
