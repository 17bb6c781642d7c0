package outbound

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// captureLimit bounds what is kept of a body while it passes. A longer body is
// left out altogether: cut before redaction, half a secret could remain.
const captureLimit = 1 << 20

// transcriptLimit bounds a body in a transcript, after redaction.
const transcriptLimit = 64 << 10

// Exchange is one request and what came of it, redacted.
type Exchange struct {
	Method, URL    string
	RequestHeader  http.Header
	RequestBody    string
	Status         int // 0 when there was no answer
	ResponseHeader http.Header
	ResponseBody   string
	Started        time.Time
	Duration       time.Duration // until the body was read or closed, or the error came
	Err            string        // of the request, or of reading the body
	Sent           bool          // whether the request may have reached the peer
}

// Recorder is an http.RoundTripper that hands each exchange of Next to Record,
// with credentials, card data and phone numbers masked as [Redact] does, and
// with Secrets masked wherever they appear.
type Recorder struct {
	Next http.RoundTripper
	// Secrets are values known to be secret, such as a connection's
	// credentials: providers put them in paths and in fields of any name.
	// Values under four characters are ignored, as they would mask innocent
	// text everywhere.
	Secrets []string
	// Record is called once per exchange, on the goroutine that ends it: when
	// the response body has been read to its end or closed, or with the error.
	// It holds that goroutine up and must be quick. It receives the request's
	// context.
	Record func(context.Context, Exchange)
}

// RoundTrip passes req on to Next.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	started := time.Now()
	req, sent, err := captureRequest(req)
	if err != nil {
		return nil, &Error{notSent: true, err: fmt.Errorf("reading the request body: %w", err)}
	}
	rec := &recording{recorder: r, req: req, sent: sent, started: started}
	resp, err := r.Next.RoundTrip(req)
	if err != nil {
		rec.finish(err)
		return nil, err
	}
	rec.resp = resp
	resp.Body = &recordedBody{ReadCloser: resp.Body, recording: rec}
	return resp, nil
}

// captureRequest returns the request's body, and a request that still has it.
func captureRequest(req *http.Request) (*http.Request, capture, error) {
	var kept capture
	if req.Body == nil || req.Body == http.NoBody {
		return req, kept, nil
	}
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			closeBody(req)
			return nil, kept, err
		}
		defer func() { _ = body.Close() }()
		_, err = io.Copy(&kept, body)
		return req, kept, err
	}
	all, err := io.ReadAll(req.Body)
	closeBody(req)
	if err != nil {
		return nil, kept, err
	}
	_, _ = kept.Write(all) // never fails
	out := req.Clone(req.Context())
	out.ContentLength = int64(len(all))
	out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(all)), nil }
	out.Body, _ = out.GetBody()
	return out, kept, nil
}

// capture keeps what is written to it, up to captureLimit.
type capture struct {
	kept []byte
	over bool
}

func (c *capture) Write(p []byte) (int, error) {
	if len(c.kept)+len(p) > captureLimit {
		c.over, c.kept = true, nil
	}
	if !c.over {
		c.kept = append(c.kept, p...)
	}
	return len(p), nil
}

func (c *capture) text(r *redactor, contentType string) string {
	if c.over {
		return fmt.Sprintf("[a body over %d bytes is not recorded]", captureLimit)
	}
	text := r.body(contentType, c.kept)
	if len(text) > transcriptLimit {
		text = strings.ToValidUTF8(text[:transcriptLimit], "") + "[cut]"
	}
	return text
}

// recording is one exchange on its way.
type recording struct {
	recorder *Recorder
	req      *http.Request
	sent     capture
	resp     *http.Response
	started  time.Time

	mu       sync.Mutex // a body may be closed while another goroutine reads it
	received capture
	finished bool
}

func (rec *recording) keep(p []byte) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	_, _ = rec.received.Write(p) // never fails
}

// finish reports the exchange, the first time it is called.
func (rec *recording) finish(err error) {
	rec.mu.Lock()
	done := rec.finished
	rec.finished = true
	received := rec.received
	rec.mu.Unlock()
	if done {
		return
	}
	r := newRedactor(rec.recorder.Secrets)
	x := Exchange{
		Method:        rec.req.Method,
		URL:           r.url(rec.req.URL),
		RequestHeader: r.header(rec.req.Header),
		RequestBody:   rec.sent.text(r, rec.req.Header.Get("Content-Type")),
		Started:       rec.started,
		Duration:      time.Since(rec.started),
		Sent:          true,
	}
	if err != nil {
		x.Err, x.Sent = r.text(err.Error()), Sent(err)
	}
	if rec.resp != nil {
		x.Sent = true
		x.Status = rec.resp.StatusCode
		x.ResponseHeader = r.header(rec.resp.Header)
		x.ResponseBody = received.text(r, rec.resp.Header.Get("Content-Type"))
	}
	rec.recorder.Record(rec.req.Context(), x)
}

// recordedBody copies what its reader gets into the recording.
type recordedBody struct {
	io.ReadCloser
	recording *recording
}

func (b *recordedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.recording.keep(p[:n])
	switch {
	case err == io.EOF:
		b.recording.finish(nil)
	case err != nil:
		b.recording.finish(err)
	}
	return n, err
}

func (b *recordedBody) Close() error {
	err := b.ReadCloser.Close()
	b.recording.finish(nil)
	return err
}
