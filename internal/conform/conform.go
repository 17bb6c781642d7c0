package conform

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// atOnce is how many vectors play at the same time: most of them wait for a
	// customer, and none needs another.
	atOnce = 8
	// vectorLimit bounds one vector, callLimit one request of it.
	vectorLimit = 90 * time.Second
	callLimit   = 30 * time.Second
)

// pageFallback stands for the merchant's own server where the target can't
// reach one of ours.
const pageFallback = "https://www.exemple.com"

// Target is what the vectors are played against.
type Target struct {
	// Base is a gateway's address, where each provider has its prefix, or with
	// Direct a provider's own.
	Base   string
	Direct bool
	// Sandbox is the address of the gateway whose control API acts as the
	// customer; "" skips what needs one.
	Sandbox string
	// Credentials replace the demo merchant's: "name" for every provider that has
	// it, "provider.name" for one. "callback_url" is the merchant's own server.
	Credentials map[string]string
	// Wait is how long an answer that takes time is waited for; 0 is as each
	// vector says.
	Wait time.Duration
}

// Row is the result of one vector.
type Row struct {
	Provider   string `json:"provider"`
	Vector     string `json:"vector"`
	Source     string `json:"source"`
	HTTPStatus int    `json:"http_status"`
	Millis     int64  `json:"ms"`
	OK         bool   `json:"ok"`
	// Skipped: nothing was wrong, and not all of it could be played.
	Skipped bool `json:"skipped,omitempty"`
	// Problem says what was not as published, or why it was skipped.
	Problem string `json:"problem,omitempty"`
}

// job is one vector with what it plays with.
type job struct {
	vector Vector
	base   string
	values script
}

// Run plays the vectors of the providers and returns a row for each, in the
// order of the files. shown is told of each row as it is known. An error means
// that nothing could be played; a wrong answer is a row that is not OK.
func Run(ctx context.Context, providers []*provider.Provider, t Target, shown func(Row)) ([]Row, error) {
	jobs, err := prepare(ctx, providers, t)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Timeout:       callLimit,
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: atOnce},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	if err := reach(ctx, client, t.Base); err != nil {
		return nil, err
	}
	rows := make([]Row, len(jobs))
	places := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i, j := range jobs {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			rows[i] = j.play(ctx, client, t)
			mu.Lock()
			defer mu.Unlock()
			shown(rows[i])
		})
	}
	wg.Wait()
	return rows, ctx.Err()
}

// reach tells an address where nobody listens from wrong answers.
func reach(ctx context.Context, client *http.Client, base string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base, nil)
	if err != nil {
		return fmt.Errorf("read base URL: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("nothing answers at %s; `passerelle dev` starts a gateway to play against: %w", base, err)
	}
	_ = resp.Body.Close()
	return nil
}

func (j job) play(ctx context.Context, client *http.Client, t Target) Row {
	ctx, cancel := context.WithTimeout(ctx, vectorLimit+t.Wait)
	defer cancel()
	p := player{http: client, base: j.base, sandbox: strings.TrimRight(t.Sandbox, "/"), wait: t.Wait, values: j.values}
	started := time.Now()
	err := p.play(ctx, j.vector)
	row := Row{
		Provider: j.vector.Provider, Vector: j.vector.Name, Source: j.vector.Source, HTTPStatus: p.status,
		Millis: time.Since(started).Milliseconds(), OK: err == nil,
	}
	if err != nil {
		row.Problem = err.Error()
	}
	if errors.Is(err, errNoCustomer) {
		row.OK, row.Skipped = true, true
	}
	return row
}

func prepare(ctx context.Context, providers []*provider.Provider, t Target) ([]job, error) {
	if t.Direct && len(providers) != 1 {
		return nil, errors.New("a provider's own address serves one provider: name it")
	}
	var jobs []job
	used := map[string]bool{provider.IssuedCallback: true}
	for _, p := range providers {
		vectors, err := Load(p)
		if err != nil {
			return nil, err
		}
		values, err := DemoCredentials(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, key := range override(p.Name, values, t.Credentials) {
			used[key] = true
		}
		base, err := mount(t, p.Name)
		if err != nil {
			return nil, err
		}
		values["base_url"], values[provider.IssuedCallback] = base, callback(t, p.Name)
		for _, v := range vectors {
			jobs = append(jobs, job{v, base, maps.Clone(values)})
		}
	}
	for key := range t.Credentials {
		if !used[key] {
			return nil, fmt.Errorf("no provider that is played has a credential %q", key)
		}
	}
	if len(jobs) == 0 {
		return nil, errors.New("there are no vectors to play")
	}
	return jobs, nil
}

// mount is a provider's address: below the gateway's, unless that is it already.
func mount(t Target, name string) (string, error) {
	u, err := url.Parse(t.Base)
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https"}, u.Scheme) {
		return "", fmt.Errorf("%q is no http or https address", t.Base)
	}
	base := strings.TrimRight(t.Base, "/")
	if t.Direct || path.Base(u.Path) == name {
		return base, nil
	}
	return base + "/" + name, nil
}

// callback is where the merchant would be told; the sandbox keeps an inbox.
func callback(t Target, name string) string {
	if given := t.Credentials[provider.IssuedCallback]; given != "" {
		return strings.TrimRight(given, "/")
	}
	if t.Sandbox != "" {
		return strings.TrimRight(t.Sandbox, "/") + "/sandbox/inbox/" + name
	}
	return pageFallback
}
