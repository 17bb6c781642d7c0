package providertest

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Surroundings is what a connector under test works with, and what it did there.
type Surroundings struct {
	provider.Environment

	mu     sync.Mutex
	now    time.Time
	alerts []string
}

// NewSurroundings makes an environment for one connection of the provider.
// values are credentials and settings by field name; a field without a value
// gets its default. Its HTTP client follows no redirects and ends after 5 s.
func NewSurroundings(t testing.TB, p provider.Provider, values map[string]string) *Surroundings {
	t.Helper()
	s := &Surroundings{now: time.Date(2025, 1, 6, 13, 17, 50, 0, time.UTC)}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s.Environment = provider.Environment{
		Connection: "con_demo0001", MerchantID: "demo0001", Mode: pay.Live,
		Credentials: map[string]pay.Secret{}, Settings: map[string]string{},
		HTTP: &http.Client{
			Transport: transport, Timeout: 5 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Memory:  NewMemory(s.Time),
		HookURL: "https://passerelle.test/hooks/" + p.Name + "/con_demo0001token",
		Now:     s.Time,
		Log:     slog.New(slog.NewTextHandler(io.Discard, nil)),
		Sent:    MayHaveBeenSent,
		Alert:   s.alert,
	}
	known := map[string]bool{}
	for _, f := range p.Credentials {
		known[f.Name] = true
		value, ok := values[f.Name]
		if !ok {
			value = f.Default
		}
		if f.Secret {
			s.Credentials[f.Name] = pay.Secret(value)
		} else {
			s.Settings[f.Name] = value
		}
	}
	for name := range values {
		if !known[name] {
			t.Fatalf("providertest: %s has no credential field %q", p.Name, name)
		}
	}
	return s
}

// MayHaveBeenSent is false only for an error of dialling: without a connection
// no request left.
func MayHaveBeenSent(err error) bool {
	var op *net.OpError
	return !errors.As(err, &op) || op.Op != "dial"
}

// Time is the environment's clock, which stands still until advanced.
func (s *Surroundings) Time() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Advance moves the clock.
func (s *Surroundings) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *Surroundings) alert(message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alerts = append(s.alerts, message)
}

// Alerts are the messages to a person so far.
func (s *Surroundings) Alerts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.alerts)
}

// Secrets are the texts that no error, alert or log line may hold. Short ones
// are left out, as they would be found in anything.
func (s *Surroundings) Secrets() []string {
	var texts []string
	for _, secret := range s.Credentials {
		if text := secret.Reveal(); len(text) >= 6 {
			texts = append(texts, text)
		}
	}
	return texts
}

// Leaks returns the first secret found in text, "" for none.
func (s *Surroundings) Leaks(text string) string {
	for _, secret := range s.Secrets() {
		if strings.Contains(text, secret) {
			return secret
		}
	}
	return ""
}
