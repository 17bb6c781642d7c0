package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sample is a curl command as a provider's document prints it.
type sample struct {
	method, url, body string
	header            http.Header
}

// readSample reads a printed command and puts the demo merchant's credentials
// and our address in place of those it shows; nothing else is touched.
func readSample(t *testing.T, name string, replace ...string) sample {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "documents", name+".curl"))
	if err != nil {
		t.Fatal(err)
	}
	words := shellWords(strings.NewReplacer(replace...).Replace(string(text)))
	if len(words) == 0 || words[0] != "curl" {
		t.Fatalf("%s is no curl command", name)
	}
	s := sample{header: http.Header{}}
	var form []string
	for i := 1; i < len(words); i++ {
		word := words[i]
		switch word {
		case "--location":
			continue
		case "-X", "-H", "--header", "-d", "--data", "--data-urlencode":
			i++
		}
		switch value := words[i]; word {
		case "-X":
			s.method = value
		case "-H", "--header":
			key, v, _ := strings.Cut(value, ": ")
			s.header.Set(key, v)
		case "-d", "--data":
			s.body = value
		case "--data-urlencode":
			key, v, _ := strings.Cut(value, "=")
			form = append(form, key+"="+url.QueryEscape(v))
		default:
			s.url = word
		}
	}
	if form != nil {
		s.body = strings.Join(form, "&")
	}
	if s.method == "" {
		s.method = http.MethodGet
		if s.body != "" {
			s.method = http.MethodPost
		}
	}
	return s
}

// shellWords splits a command as a shell would: single and double quotes, and
// a backslash at the end of a line.
func shellWords(text string) []string {
	var words []string
	var word strings.Builder
	quote, started := rune(0), false
	flush := func() {
		if started {
			words = append(words, word.String())
		}
		word.Reset()
		started = false
	}
	for _, c := range strings.ReplaceAll(text, "\\\n", " ") {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, started = c, true
		case c == ' ' || c == '\n' || c == '\t':
			flush()
		default:
			word.WriteRune(c)
			started = true
		}
	}
	flush()
	return words
}

// send performs the sample and returns the status and body.
func (s sample) send(t *testing.T) (int, string) {
	t.Helper()
	status, body, err := perform(t.Context(), s.method, s.url, s.header, s.body)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

func perform(ctx context.Context, method, target string, header http.Header, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return 0, "", fmt.Errorf("make request: %w", err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("send request: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if location := resp.Header.Get("Location"); location != "" {
		b = []byte(location)
	}
	return resp.StatusCode, string(b), err
}
