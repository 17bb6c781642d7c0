package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/conform"
	"github.com/passerelle-pay/passerelle/provider/all"
)

func conformTo(t *testing.T, target conform.Target) []conform.Row {
	t.Helper()
	rows, err := conform.Run(t.Context(), all.Providers(), target, func(conform.Row) {})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestEveryPublishedExampleIsAnsweredAsPublished(t *testing.T) {
	g := startGateway(t, nil)
	count := map[string]int{}
	for _, r := range conformTo(t, conform.Target{Base: g.URL, Sandbox: g.URL}) {
		count[r.Provider]++
		if !r.OK || r.Skipped {
			t.Errorf("%s, %s (%s): %s", r.Provider, r.Vector, r.Source, r.Problem)
		}
	}
	for _, p := range all.Providers() {
		if count[p.Name] < 20 {
			t.Errorf("%s has %d vectors", p.Name, count[p.Name])
		}
	}
}

// short is enough for an answer that will never be right.
const short = 300 * time.Millisecond

// digits are texts that hold a number.
var digits = regexp.MustCompile(`:\s*"(\d+)"`)

func TestAServerThatAnswersWronglyIsToldFromARightOne(t *testing.T) {
	t.Run("an empty object to everything fails every vector", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "{}")
		}))
		defer server.Close()
		for _, r := range conformTo(t, conform.Target{Base: server.URL, Sandbox: server.URL, Wait: short}) {
			if r.OK {
				t.Errorf("%s, %s passes", r.Provider, r.Vector)
			}
		}
	})

	t.Run("numbers in place of texts fail in each provider that publishes such texts", func(t *testing.T) {
		g := startGateway(t, nil)
		behind, err := url.Parse(g.URL)
		if err != nil {
			t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(behind)
		proxy.ModifyResponse = func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			body = digits.ReplaceAll(body, []byte(`:$1`))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Del("Content-Length")
			return err
		}
		server := httptest.NewServer(proxy)
		defer server.Close()
		wrong := map[string]int{}
		for _, r := range conformTo(t, conform.Target{Base: server.URL, Sandbox: g.URL, Wait: short}) {
			if !r.OK {
				wrong[r.Provider]++
			}
		}
		for _, p := range all.Providers() {
			if wrong[p.Name] == 0 {
				t.Errorf("nothing of %s was found wrong", p.Name)
			}
		}
	})
}

func TestVectorsNameNoCredentialOfTheDemoMerchant(t *testing.T) {
	for _, p := range all.Providers() {
		values, err := conform.DemoCredentials(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		vectors, err := conform.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range vectors {
			for _, s := range v.Steps {
				text := s.Target + s.Body
				for _, h := range s.Header {
					text += h.Value
				}
				for name, value := range values {
					if len(value) >= 8 && strings.Contains(text, value) {
						t.Errorf("%s %s holds the demo merchant's %s, so it plays against nobody else", p.Name, v.File, name)
					}
				}
			}
		}
	}
}
