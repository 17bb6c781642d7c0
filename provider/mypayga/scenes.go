package mypayga

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// scenes are the documented operations, in an order in which each finds what
// it needs in the stage's store.
func scenes() []provider.Scene {
	return slices.Concat(paymentScenes(), testDataScenes(), moneyScenes(), linkScenes(), newerScenes())
}

// Keys of the stage's store.
const (
	storeToken    = "mypayga token"
	storeUniqueID = "mypayga unique id"
	storeTransfer = "mypayga transfer"
	storeRefund   = "mypayga refund"
	storeLink     = "mypayga link"
	storeOrderRef = "mypayga order_ref"
	storeNewer    = "mypayga v1 token"
)

// answer is a JSON answer as it came.
type answer map[string]any

// at gives the text of a field, or of a field of a field: "transaction.amount".
func (a answer) at(path string) string {
	var v any = map[string]any(a)
	for name := range strings.SplitSeq(path, ".") {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[name]
		case []any:
			if len(inner) == 0 {
				return ""
			}
			object, _ := inner[0].(map[string]any)
			v = object[name]
		}
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// wants holds an answer to texts by field.
func (a answer) wants(fields map[string]string) error {
	for name, want := range fields {
		if got := a.at(name); got != want {
			return fmt.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	return nil
}

// fill puts the demo merchant's keys and other values into a sample of the
// document, whose line breaks travel with it.
func fill(s *provider.Stage, sample string, values ...string) string {
	values = append(values, "{secret}", s.Credentials[fieldAPIKey], "{public}", s.Credentials[fieldPublicKey], "\n", "%0A", " ", "%20")
	return strings.NewReplacer(values...).Replace(sample)
}

// query plays a request whose parameters are all in its address.
func query(ctx context.Context, s *provider.Stage, method, target string) (int, answer, error) {
	return send(ctx, s, method, target, "", nil)
}

// php plays a request as PHP's curl does with an array of fields.
func php(ctx context.Context, s *provider.Stage, path string, fields map[string]string) (int, answer, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			return 0, nil, fmt.Errorf("write form: %w", err)
		}
	}
	if err := form.Close(); err != nil {
		return 0, nil, fmt.Errorf("write form: %w", err)
	}
	return send(ctx, s, http.MethodPost, path, form.FormDataContentType(), body.Bytes())
}

func send(ctx context.Context, s *provider.Stage, method, target, contentType string, body []byte) (int, answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.Base+target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("make request: %w", err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("send request: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp.StatusCode, nil, fmt.Errorf("read answer: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var a answer
	if err := decoder.Decode(&a); err != nil {
		return resp.StatusCode, nil, fmt.Errorf("answer is no JSON: %w", err)
	}
	return resp.StatusCode, a, nil
}

// called waits for the callback of a token, verifies its hash as a receiver
// does and holds it to a status and a message.
func called(ctx context.Context, s *provider.Stage, token, status, message string) (Callback, error) {
	got, err := s.Received(ctx, token)
	if err != nil {
		return Callback{}, fmt.Errorf("wait for the callback: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, got.Method, "/?"+got.Query, bytes.NewReader(got.Body))
	if err != nil {
		return Callback{}, fmt.Errorf("read callback: %w", err)
	}
	r.Header = got.Header
	c, err := ReadCallback(r)
	switch {
	case err != nil:
		return c, err
	case !c.Verify(secretOf(s)):
		return c, errors.New("the hash of the callback is wrong")
	case c.OrderStatus != status || c.StatusRequest != status:
		return c, fmt.Errorf("order_status is %s, not %s", c.OrderStatus, status)
	case message != "" && c.Message != message:
		return c, fmt.Errorf("message is %q, not %q", c.Message, message)
	}
	return c, nil
}

const scenePoll = 50 * time.Millisecond

// detailed asks for the detail until the payment is final.
func detailed(ctx context.Context, s *provider.Stage, ref string) (int, answer, error) {
	target := fill(s, pathDetail+"?\npayment_ref={ref}\n&apikey={public}", "{ref}", ref)
	for {
		status, a, err := query(ctx, s, http.MethodGet, target)
		if err != nil || a.at("code") != statusAbsent {
			return status, a, err
		}
		if err := pause(ctx, scenePoll); err != nil {
			return status, a, fmt.Errorf("wait for the payment's end: %w", err)
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

// plain is a scene of one request without a body.
func plain(method, sample string, want map[string]string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		status, a, err := query(ctx, s, method, fill(s, sample, "{unique}", s.Unique()))
		if err == nil {
			err = a.wants(want)
		}
		return status, a.at("message"), err
	}
}
