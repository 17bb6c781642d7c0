package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/provider"
)

// heard is a request that a front has accepted, to be sent again with one thing
// wrong about it. Where it made something of its own reference, mark stands in
// that reference's place.
type heard struct {
	request
	status  int
	creates bool
}

// mark stands for the reference of a request that makes something. Like the
// references of the scenes it has only letters and digits.
const mark = "XREFERENCEX"

// fresh is the request with a reference that was never used.
func (h heard) fresh(unique func() string) request {
	return h.named(unique())
}

// named is the request with a given reference, escaped as its place demands.
func (h heard) named(reference string) request {
	r := h.request
	r.url = strings.ReplaceAll(r.url, mark, url.QueryEscape(reference))
	r.body = strings.ReplaceAll(r.body, mark, reference)
	return r
}

// listener keeps what a provider's scenes send. They are the requests that its
// document prints, so a provider is held to the mischief below by being listed.
type listener struct {
	front, base string
	mu          sync.Mutex
	all         []heard
	// names are the references given out, and whether one was seen already: what
	// comes later asks about what the first request has made.
	names map[string]bool
	seen  map[string]bool
}

// RoundTrip implements http.RoundTripper.
func (l *listener) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("read the scene's request: %w", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("play the scene: %w", err)
	}
	if strings.HasPrefix(r.URL.String(), l.base+"/") && resp.StatusCode < 300 {
		told, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, fmt.Errorf("read the answer to the scene: %w", err)
		}
		resp.Body = io.NopCloser(bytes.NewReader(told))
		if l.accepted(answer{resp.StatusCode, "application/json", string(told)}) {
			l.keep(heard{request: request{r.Method, r.URL.String(), string(body), r.Header.Clone()}, status: resp.StatusCode})
		}
	}
	return resp, nil
}

// accepted leaves out the refusals that scenes want, some of which are 200.
func (l *listener) accepted(a answer) bool {
	return refusedAs[l.front] == nil || refusedAs[l.front](a) != nil
}

// keep keeps one request of each form.
func (l *listener) keep(h heard) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, used := range l.names {
		if !used && strings.Contains(h.url+" "+h.body, name) {
			l.names[name] = true
			h.creates = true
			h.url, h.body = strings.ReplaceAll(h.url, name, mark), strings.ReplaceAll(h.body, name, mark)
		}
	}
	if key := h.form(); !l.seen[key] {
		l.seen[key] = true
		l.all = append(l.all, h)
	}
}

var fieldNames = regexp.MustCompile(`"(\w+)"\s*:|<(\w+)>|(?:^|[?&])(\w+)=`)

// form is where a request goes and which fields it has; other values in them
// would meet the same mischief again.
func (h heard) form() string {
	path, query, _ := strings.Cut(h.url, "?")
	body, err := url.QueryUnescape(h.body)
	if err != nil {
		body = h.body
	}
	var names []string
	for _, m := range fieldNames.FindAllStringSubmatch("?"+query+"&"+body, -1) {
		names = append(names, m[1]+m[2]+m[3])
	}
	slices.Sort(names)
	return fmt.Sprint(h.method, path, h.header.Get("Content-Type"), slices.Compact(names), h.creates, h.status)
}

func (l *listener) unique() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := uniqueName()
	l.names[name] = false
	return name
}

var uniqueNames struct {
	sync.Mutex
	n int
}

// uniqueName makes a reference of 15 capital letters and digits.
func uniqueName() string {
	uniqueNames.Lock()
	defer uniqueNames.Unlock()
	uniqueNames.n++
	return fmt.Sprintf("REF%07d%05d", time.Now().Unix()%10_000_000, uniqueNames.n)
}

// listenTo plays a provider's scenes and returns what they have sent.
func listenTo(t *testing.T, g *app.Running, s *shop, p *provider.Provider) []heard {
	t.Helper()
	l := &listener{front: p.Name, base: g.App.Gateway.BaseURL(p.Name), names: map[string]bool{}, seen: map[string]bool{}}
	stage := &provider.Stage{
		Base: l.base, Credentials: g.App.DemoCredentials(p.Name), Callback: s.URL + "/" + p.Name,
		HTTP: &http.Client{
			Transport:     l,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Received: s.received(), Pay: payAsCustomer(g.URL), Unique: l.unique, Store: map[string]string{}, Now: time.Now,
	}
	for _, scene := range p.Scenes {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, _, err := scene.Play(ctx, stage)
		cancel()
		if err != nil {
			t.Errorf("%s, %s: %v", p.Name, scene.Operation, err)
		}
	}
	if len(l.all) == 0 {
		t.Fatalf("the scenes of %s send nothing", p.Name)
	}
	return l.all
}

// received hands out each request of the shop once, as the scenes ask.
func (s *shop) received() func(context.Context, string) (provider.Received, error) {
	taken := map[int]bool{}
	return func(ctx context.Context, wanted string) (provider.Received, error) {
		for {
			s.mu.Lock()
			for i, a := range s.got {
				if !taken[i] && (strings.Contains(a.body, wanted) || strings.Contains(a.query, wanted) || strings.Contains(a.path, wanted)) {
					taken[i] = true
					s.mu.Unlock()
					return provider.Received{Method: a.method, Path: a.path, Query: a.query, Header: a.header, Body: []byte(a.body)}, nil
				}
			}
			s.mu.Unlock()
			select {
			case <-ctx.Done():
				return provider.Received{}, fmt.Errorf("no notification with %q", wanted)
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
}

// payAsCustomer acts on a hosted page by the sandbox's control API.
func payAsCustomer(base string) func(context.Context, string, map[string]string) error {
	return func(ctx context.Context, page string, choice map[string]string) error {
		for range 4 {
			if _, token, ok := strings.Cut(page, "/pay/"); ok {
				token, _, _ = strings.Cut(token, "/")
				fields := make([]string, 0, len(choice))
				for name, value := range choice {
					fields = append(fields, fmt.Sprintf("%q:%q", name, value))
				}
				status, body, err := perform(ctx, http.MethodPost, base+"/sandbox/v1/checkouts/"+token+"/pay",
					http.Header{"Content-Type": {"application/json"}}, "{"+strings.Join(fields, ",")+"}")
				if err == nil && status/100 != 2 {
					err = fmt.Errorf("the page refuses: HTTP %d %s", status, body)
				}
				return err
			}
			_, next, err := perform(ctx, http.MethodGet, page, nil, "")
			if err != nil {
				return err
			}
			page = next
		}
		return errors.New("the page leads nowhere")
	}
}
