package listen

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// maxAnswer bounds what is read of an answer, which is not shown, so that the
// connection can be used again.
const maxAnswer = 64 << 10

// forward sends an event until it is taken, or the tries are used up. Only the
// end of ctx is an error.
func (f *forwarder) forward(ctx context.Context, e event) error {
	for try := 0; ; try++ {
		started := f.Now()
		status, err := f.send(ctx, e)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		answer := fmt.Sprintf("%d %s", status, http.StatusText(status))
		if err != nil {
			answer = err.Error()
		}
		taken := err == nil && status/100 == 2
		what := fmt.Sprintf("%s  %-22s %s  →  %s", f.clock(), e.Type, e.ID, answer)
		switch {
		case taken:
			f.line("%s, %d ms", what, f.Now().Sub(started).Milliseconds())
			return nil
		case try == len(retries):
			f.line("%s; given up after %d tries", what, try+1)
			return nil
		}
		f.line("%s; again in %s", what, retries[try])
		if err := f.Pause(ctx, retries[try]); err != nil {
			return err
		}
	}
}

// send posts an event as a Standard Webhooks message; the signature covers the
// moment of this try.
func (f *forwarder) send(ctx context.Context, e event) (int, error) {
	now := f.Now()
	signature, err := f.signer.Sign(e.ID, now, e.raw)
	if err != nil {
		return 0, fmt.Errorf("sign: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.Forward, bytes.NewReader(e.raw))
	if err != nil {
		return 0, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("webhook-id", e.ID)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	req.Header.Set("webhook-signature", signature)
	resp, err := f.http.Do(req)
	if err != nil {
		return 0, cause(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	return resp.StatusCode, nil
}
