package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// maxAnswer bounds what is read of a merchant's answer, maxKept what is
	// kept of it, in bytes.
	maxAnswer = 64 << 10
	maxKept   = 1 << 10
	// lookAhead is how many due deliveries, of all targets, are looked at for more
	// to a host that has no free place.
	lookAhead = 500
	// worthWhile is how many of them make it likely that there are more.
	worthWhile = 32
	// maxTimeout bounds a call, and a probe and its call together, so that a try
	// fits the lease.
	maxTimeout = 20 * time.Second
)

// try sends the message once, its probe first, and records what came of it.
func (j *job) try(ctx context.Context, m message) error {
	host := hostOf(m.call.URL)
	leave, pause := j.hosts.enter(host)
	if leave == nil {
		return j.turnedAway(ctx, m, host, pause)
	}
	defer leave()
	calls, cancel := context.WithTimeout(ctx, maxTimeout)
	defer cancel()
	if m.probe != nil && !j.d.Probed {
		a := j.send(calls, *m.probe, m.timeout)
		j.d.Probed = a.ok() || !m.probeRequired
		if !j.d.Probed {
			return j.failed(ctx, m, a, "probe: "+a.problem())
		}
	}
	a := j.send(calls, m.call, m.timeout)
	var ack provider.Ack
	if a.err == nil {
		ack = m.judge(a)
	}
	if ack.Verdict != "" {
		j.d.Verdict = ack.Verdict
	}
	if !ack.Delivered {
		return j.failed(ctx, m, a, a.problem())
	}
	j.d.Attempts++
	j.d.LastStatus = int64(a.status)
	return j.end(ctx, Delivered, "")
}

// turnedAway leaves the delivery for later, and with it what else is owed to the
// target by now: thousands of deliveries to a dead host, each claimed only to be
// turned away, would hold up everybody's. A dialect's notices go to as many
// hosts as the merchant's requests name, so those are looked at one by one.
func (j *job) turnedAway(ctx context.Context, m message, host string, pause time.Duration) error {
	now := j.now()
	if m.endpoint != nil && j.hosts.sweeps(host, pause) {
		n, err := j.Store.PostponeDeliveries(ctx, j.d.MerchantID, j.d.Target, now, now.Add(pause), lookAhead)
		if err != nil {
			return err
		}
		j.hosts.swept(host, n, n >= worthWhile)
	}
	return j.again(ctx, now.Add(pause))
}

// failed counts a try that failed and plans the next, if there is one.
func (j *job) failed(ctx context.Context, m message, a answer, problem string) error {
	j.d.Attempts++
	j.d.LastStatus, j.d.LastError = int64(a.status), problem
	j.Log.Info("delivery failed", "delivery", j.d.ID, "target", j.d.Target, "attempt", j.d.Attempts, "status", a.status)
	if m.endpoint != nil && a.status == http.StatusGone {
		return j.gone(ctx, *m.endpoint, problem)
	}
	pause, ok := m.retry(j.d.Attempts, a)
	if !ok {
		return j.end(ctx, Failed, problem)
	}
	return j.again(ctx, j.now().Add(pause))
}

// gone ends an endpoint that says it is no more, with all that it is owed.
func (j *job) gone(ctx context.Context, endpoint sqlgen.WebhookEndpoint, problem string) error {
	const because = "the endpoint answered 410 Gone"
	j.complete(Failed, problem)
	return j.commit(ctx, nothing, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.DisableEndpoint(ctx, sqlgen.DisableEndpointParams{
			DisabledBecause: because, MerchantID: endpoint.MerchantID, ID: endpoint.ID, Url: endpoint.Url,
		})
		if err != nil || n == 0 {
			return err
		}
		return giveUp(ctx, tx, endpoint.MerchantID, endpoint.ID, because, j.now())
	})
}

// send makes one HTTP request. The context bounds reading the answer as well.
func (s *Sender) send(ctx context.Context, call provider.Call, timeout time.Duration) answer {
	timeout = min(timeout, maxTimeout)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	method := call.Method
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, call.URL, bytes.NewReader(call.Body))
	if err != nil {
		return answer{err: errors.New("the address can't be read")} // the cause would quote it
	}
	for name, values := range call.Header {
		req.Header[name] = values // in the spelling that the dialect documents
	}
	resp, err := s.client.Do(req)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return answer{err: fmt.Errorf("no answer within %s", timeout)}
		}
		return answer{err: outbound.Cause(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	a := answer{status: resp.StatusCode, contentType: resp.Header.Get("Content-Type"), retryAfter: resp.Header.Get("Retry-After")}
	// The status is the answer; a body that breaks off changes nothing about it.
	a.body, _ = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return a
}

// answer is what a merchant's server said, or the error instead.
type answer struct {
	status      int
	contentType string
	retryAfter  string
	body        []byte
	err         error
}

func (a answer) ok() bool { return a.err == nil && a.status/100 == 2 }

// problem says why the answer is no delivery, fit to be stored and shown.
func (a answer) problem() string {
	switch {
	case a.err != nil:
		return kept(outbound.Redact("text/plain", []byte(a.err.Error())))
	case a.status/100 == 3:
		return fmt.Sprintf("answered %d: redirects are not followed", a.status)
	case len(a.body) == 0:
		return fmt.Sprintf("answered %d", a.status)
	case len(a.body) == maxAnswer:
		// Cut before redaction, half a secret could remain.
		return fmt.Sprintf("answered %d with a long body", a.status)
	}
	return kept(fmt.Sprintf("answered %d: %s", a.status, outbound.Redact(a.contentType, a.body)))
}

// kept cuts a text to what is stored of it. Control characters go: PostgreSQL
// refuses one of them, and an answer must not be able to stop its own record.
func kept(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > maxKept {
		text = strings.ToValidUTF8(text[:maxKept], "")
	}
	return text
}

// hostOf is the host and port of an address, "" for one that can't be read.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
