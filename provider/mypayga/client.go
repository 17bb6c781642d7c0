package mypayga

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// The provider's own addresses.
const (
	DefaultBaseURL     = "https://api.mypayga.com"
	DefaultCardBaseURL = "https://www.mypayga.com"
)

const (
	mediaJSON = "application/json"
	mediaForm = "application/x-www-form-urlencoded"
	// maxAnswer is the most that is read of an answer.
	maxAnswer = 1 << 20
	// maxText bounds what is kept of the provider's words.
	maxText = 300
)

// Config is what a Client needs.
type Config struct {
	// APIKey is the secret key, stest_ or sprod_.
	APIKey pay.Secret
	// PublicKey, ptest_ or pprod_, opens the card form. Where either key will
	// do and the key stands in the address, it is used in place of the secret.
	PublicKey string
	// BaseURL and CardBaseURL are the provider's own when empty.
	BaseURL     string
	CardBaseURL string
	// HTTP is a client that follows no redirects and ends after 30 s when nil.
	HTTP *http.Client
}

// Client calls MyPayGa. It repeats nothing by itself. An answer that refuses is
// an [*Error]; any other error says that nobody knows what has become of the
// request.
type Client struct {
	cfg Config
}

// New makes a client.
func New(cfg Config) *Client {
	cfg.BaseURL = strings.TrimRight(cmp.Or(cfg.BaseURL, DefaultBaseURL), "/")
	cfg.CardBaseURL = strings.TrimRight(cmp.Or(cfg.CardBaseURL, DefaultCardBaseURL), "/")
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &Client{cfg: cfg}
}

// Error is an answer that refuses.
type Error struct {
	HTTPStatus int
	// Status is the one in the body, or the HTTP status where the body has none.
	Status  string
	Message string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("mypayga: status %s (HTTP %d): %s", e.Status, e.HTTPStatus, e.Message)
}

// Reason is why it was refused: by the status where that says it, else by the
// message.
func (e *Error) Reason() pay.Reason {
	switch e.Status {
	case "401":
		return pay.AuthFailed
	case "409":
		return pay.DuplicateReference
	case statusAbsent:
		// Of an action, which names what it is to act on; a question that finds
		// nothing is no refusal (wire: mypayga §1).
		return pay.BadRequest
	}
	return reasonOf(e.Message)
}

// CredentialsRefused tells the gateway's trial of a connection that MyPayGa
// refused who asks, not what was asked.
func (e *Error) CredentialsRefused() bool { return e.Reason() == pay.AuthFailed }

// operation is how a call's answer tells its status.
type operation struct {
	method, path string
	// status is the field of the status; marker is a field whose presence means
	// success where the answer has none.
	status, marker string
}

// post sends a form with the secret key, which never goes into an address there.
func (c *Client) post(ctx context.Context, op operation, values url.Values, into any) error {
	values.Set("apikey", c.cfg.APIKey.Reveal())
	req, err := c.request(ctx, op, "", strings.NewReader(values.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", mediaForm)
	return c.exchange(req, op, into)
}

// get sends a query, with the public key where there is one.
func (c *Client) get(ctx context.Context, op operation, values url.Values, into any) error {
	values.Set("apikey", cmp.Or(c.cfg.PublicKey, c.cfg.APIKey.Reveal()))
	return c.getAs(ctx, op, values, into)
}

func (c *Client) getAs(ctx context.Context, op operation, values url.Values, into any) error {
	req, err := c.request(ctx, op, "?"+values.Encode(), http.NoBody)
	if err != nil {
		return err
	}
	return c.exchange(req, op, into)
}

// postJSON is for the newer API.
func (c *Client) postJSON(ctx context.Context, op operation, body, into any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	req, err := c.request(ctx, op, "", bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", mediaJSON)
	return c.exchange(req, op, into)
}

func (c *Client) request(ctx context.Context, op operation, query string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, op.method, c.cfg.BaseURL+op.path+query, body)
	if err != nil {
		return nil, errors.New("the base URL is not valid") // the cause would quote the key
	}
	req.Header.Set("Accept", mediaJSON)
	req.Header.Set("User-Agent", "passerelle/1")
	return req, nil
}

// exchange sends a request and reads the answer: into gets a success, a refusal
// is an *Error, all else is doubt.
func (c *Client) exchange(req *http.Request, op operation, into any) error {
	resp, err := c.cfg.HTTP.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read answer (HTTP %d): %w", resp.StatusCode, err)
	case len(body) > maxAnswer:
		return fmt.Errorf("answer too large (HTTP %d)", resp.StatusCode)
	case resp.StatusCode >= 500, resp.StatusCode/100 == 3:
		return fmt.Errorf("no answer of the API (HTTP %d)", resp.StatusCode)
	}
	var fields map[string]json.RawMessage
	if err := unmarshal(body, &fields); err != nil || fields == nil {
		return fmt.Errorf("unreadable answer (HTTP %d)", resp.StatusCode)
	}
	if err := c.judge(resp.StatusCode, op, fields); err != nil {
		return err
	}
	if err := unmarshal(body, into); err != nil {
		return fmt.Errorf("%w (HTTP %d)", err, resp.StatusCode)
	}
	return nil
}

// statusFields are all names of a status, for answers that use another
// operation's.
var statusFields = []string{"request_status", "status_request", "statusRequest", "code", "status", "RefundStatus"}

// judge decides by the status whether an answer is a success (nil), a refusal
// (*Error) or proves nothing.
func (c *Client) judge(httpStatus int, op operation, fields map[string]json.RawMessage) error {
	status := statusOf(op.status, fields)
	refusal := &Error{HTTPStatus: httpStatus, Status: status, Message: c.scrub(textOf(fields["message"]))}
	code, err := strconv.Atoi(status)
	succeeded := httpStatus/100 == 2
	switch {
	case status == "" && succeeded && isPresent(fields[op.marker]):
		return nil
	case status == "" && httpStatus/100 == 4 && refusal.Message != "" && httpStatus != http.StatusRequestTimeout && httpStatus != http.StatusTooManyRequests:
		refusal.Status = strconv.Itoa(httpStatus)
		return refusal
	case status == "" || err != nil:
		return fmt.Errorf("answer without a status (HTTP %d)", httpStatus)
	case status == statusOK && succeeded, op.path == pathPay && code/100 == 2 && succeeded:
		return nil
	case code < 300 || code >= 500:
		// No documented refusal: neither says that nothing was done.
		return fmt.Errorf("answer with status %d (HTTP %d)", code, httpStatus)
	}
	return refusal
}

func statusOf(own string, fields map[string]json.RawMessage) string {
	for _, name := range append([]string{own}, statusFields...) {
		if text := textOf(fields[name]); text != "" {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// textOf reads a scalar; anything else is "".
func textOf(raw json.RawMessage) string {
	text, err := scalar(raw)
	if err != nil {
		return ""
	}
	return text
}

func isPresent(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
}

// scrub keeps the key out of texts in which it may be echoed, plain or
// urlencoded, and cuts them.
func (c *Client) scrub(text string) string {
	if key := c.cfg.APIKey; !key.IsZero() {
		text = strings.ReplaceAll(text, key.Reveal(), key.String())
		text = strings.ReplaceAll(text, url.QueryEscape(key.Reveal()), key.String())
	}
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText])
	}
	return strings.TrimSpace(text)
}

// withoutURL drops the address from an error of the HTTP client: it may hold a key.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return fmt.Errorf("%s: %w", strings.ToLower(u.Op), u.Err)
	}
	return err
}
