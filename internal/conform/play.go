package conform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"
)

const (
	// pollEvery is the pause before an answer is asked for again.
	pollEvery = 200 * time.Millisecond
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 1 << 20
)

// errNoCustomer: the target has no sandbox in which a customer could act.
var errNoCustomer = errors.New("needs a customer, and the target has no sandbox (--sandbox-url)")

// player plays one vector.
type player struct {
	http    *http.Client
	base    string
	sandbox string
	wait    time.Duration
	values  script
	// status is that of the last answer.
	status int
	// last is the exchange at hand; its tries are those of the step.
	last Exchange
}

func (p *player) play(ctx context.Context, v Vector) error {
	for _, s := range v.Steps {
		err := p.step(ctx, s)
		if errors.Is(err, errNoCustomer) {
			return err
		}
		if err != nil {
			return fmt.Errorf("%s: %s", s.Title, p.values.hide(err.Error()))
		}
	}
	return nil
}

func (p *player) step(ctx context.Context, s Step) error {
	if s.Method == methodCustomer {
		return p.customer(ctx, s)
	}
	within := s.Want.Within
	if within > 0 && p.wait > 0 {
		within = p.wait
	}
	deadline := time.Now().Add(within)
	for {
		status, header, body, err := p.send(ctx, s)
		if err != nil {
			return err
		}
		p.status = status
		wrong, err := p.compare(s.Want, status, header, body)
		if err != nil || wrong == nil {
			return err
		}
		if !time.Now().Before(deadline) {
			return errors.New(strings.Join(wrong, "; "))
		}
		if err := pause(ctx, pollEvery); err != nil {
			return errors.New(strings.Join(wrong, "; "))
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *player) send(ctx context.Context, s Step) (int, http.Header, string, error) {
	target, err := p.values.fillTarget(s.Target)
	if err != nil {
		return 0, nil, "", err
	}
	if strings.HasPrefix(target, "/") {
		target = p.base + target
	}
	header := http.Header{}
	for _, h := range s.Header {
		value, err := p.values.fill(h.Value, asIs)
		if err != nil {
			return 0, nil, "", err
		}
		header.Set(h.Name, value)
	}
	contentType := header.Get("Content-Type")
	body, err := p.values.fill(s.Body, bodyEscape(contentType, s.Body))
	if err != nil {
		return 0, nil, "", err
	}
	if strings.HasPrefix(contentType, "multipart/") {
		// Multipart lines end as those of a header do; a text file's do not.
		body = strings.ReplaceAll(body, "\n", "\r\n") + "\r\n"
	}
	return p.exchange(ctx, s.Method, target, header, body)
}

func (p *player) exchange(ctx context.Context, method, target string, header http.Header, body string) (int, http.Header, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return 0, nil, "", fmt.Errorf("make request: %w", err)
	}
	if _, named := header["Accept"]; !named {
		header.Set("Accept", "*/*") // as curl, PHP and the browsers say by default
	}
	req.Header = header
	p.last.sent(method, target, header, body)
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, nil, "", fmt.Errorf("send request: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp.StatusCode, nil, "", fmt.Errorf("read answer: %w", err)
	}
	p.last.answered(resp.StatusCode, resp.Header, string(answer))
	return resp.StatusCode, resp.Header, string(answer), nil
}

// compare lists what is not as published; only a right answer is captured from.
func (p *player) compare(w Want, status int, header http.Header, body string) ([]string, error) {
	m := matching{kept: maps.Clone(p.values)}
	if w.Status != status {
		m.wrong = append(m.wrong, fmt.Sprintf("HTTP %d, want %d, with %s", status, w.Status, cut(strings.TrimSpace(body))))
		return m.wrong, nil
	}
	for _, h := range w.Header {
		form, err := p.values.fill(h.Value, regexp.QuoteMeta)
		if err != nil {
			return nil, err
		}
		if got := header.Get(h.Name); !m.found(regexp.MustCompile("^(?:"+form+")$"), got) {
			m.differ("header "+h.Name, "is %q, want %s", cut(got), form)
		}
	}
	if err := p.compareBody(&m, w.Body, body); err != nil {
		return nil, err
	}
	if m.wrong == nil {
		p.values = m.kept
	}
	return m.wrong, nil
}

func (p *player) compareBody(m *matching, want, got string) error {
	switch {
	case want == wantAny:
		return nil
	case want == wantEmpty:
		if got != "" {
			m.differ("", "is %s, want none", cut(got))
		}
		return nil
	case !isJSON(want):
		want, err := p.values.fill(want, regexp.QuoteMeta)
		if err == nil {
			m.lines(want, got)
		}
		return err
	}
	want, err := p.values.fill(want, asJSON)
	if err != nil {
		return err
	}
	published, err := decode(want)
	if err != nil {
		return fmt.Errorf("read the published answer: %w", err)
	}
	answer, err := decode(got)
	if err != nil {
		m.differ("", "is no JSON: %s", cut(strings.TrimSpace(got)))
		return nil
	}
	m.value("", published, answer)
	return nil
}
