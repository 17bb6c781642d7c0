package cinetpay

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
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// The provider's own addresses.
const (
	DefaultBaseURL         = "https://api-checkout.cinetpay.com"
	DefaultTransferBaseURL = "https://client.cinetpay.com/v1"
)

const (
	// The edge refuses requests without a User-Agent (code 1010).
	userAgent = "passerelle/1"
	maxAnswer = 1 << 20
)

// Config is what a Client needs. APIKey and SiteID open the Checkout API,
// APIKey and Password the transfer API.
type Config struct {
	APIKey   pay.Secret
	SiteID   string
	Password pay.Secret
	// BaseURL and TransferBaseURL are the provider's own when empty.
	BaseURL         string
	TransferBaseURL string
	// Language of the transfer API's descriptions: "fr" (default) or "en".
	Language string
	// HTTP is a client that follows no redirects and ends after 30 s when nil.
	HTTP *http.Client
}

// Client calls CinetPay's Checkout and transfer APIs. It repeats nothing by
// itself. An answer that refuses is an [*Error]; any other error says that
// nobody knows what has become of the request.
type Client struct {
	cfg Config
}

// New makes a client.
func New(cfg Config) *Client {
	cfg.BaseURL = strings.TrimRight(cmp.Or(cfg.BaseURL, DefaultBaseURL), "/")
	cfg.TransferBaseURL = strings.TrimRight(cmp.Or(cfg.TransferBaseURL, DefaultTransferBaseURL), "/")
	cfg.Language = cmp.Or(cfg.Language, "fr")
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &Client{cfg: cfg}
}

// Error is an answer that carries a code in place of what was asked for.
type Error struct {
	HTTPStatus  int
	Code        string
	Message     string
	Description string
	// Outcome is pay.OutcomeFailed when the code proves that nothing was done,
	// pay.OutcomeUnknown when it proves nothing.
	Outcome pay.Outcome
	Reason  pay.Reason
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("cinetpay: code %s %s (HTTP %d)", e.Code, e.Message, e.HTTPStatus)
	if e.Description != "" {
		text += ": " + e.Description
	}
	return text
}

// CredentialsRefused tells the gateway's trial of a connection that CinetPay
// refused who asks, not what was asked.
func (e *Error) CredentialsRefused() bool { return e.Reason == pay.AuthFailed }

// CreatePayment makes a payment page. Nothing is charged before a customer uses it.
func (c *Client) CreatePayment(ctx context.Context, r PaymentRequest) (Page, error) {
	e, status, err := c.checkout(ctx, pathPayment, paymentBody{c.credentials(), r})
	if err != nil {
		return Page{}, fmt.Errorf("create payment: %w", err)
	}
	page := Page{Token: e.PaymentToken, URL: e.PaymentURL}
	if isObject(e.Data) {
		var nested Page
		if err := json.Unmarshal(e.Data, &nested); err != nil {
			return Page{}, fmt.Errorf("create payment: read data: %w", err)
		}
		page = Page{Token: cmp.Or(nested.Token, page.Token), URL: cmp.Or(nested.URL, page.URL)}
	}
	if e.Code.String() != codeCreated || !isWebAddress(page.URL.String()) {
		outcome, reason := classifyInit(e.Code.String(), e.Description.String(), status)
		return Page{}, c.refusal(e, status, outcome, reason)
	}
	return page, nil
}

// CheckPayment asks what has become of a payment. An answer without data is an
// [*Error] whose Outcome is unknown, as CinetPay documents no answer for a
// payment that it doesn't have.
func (c *Client) CheckPayment(ctx context.Context, l Lookup) (Payment, error) {
	e, status, err := c.checkout(ctx, pathCheck, checkBody{c.credentials(), l})
	if err != nil {
		return Payment{}, fmt.Errorf("check payment: %w", err)
	}
	if !isObject(e.Data) || bytes.Equal(bytes.Join(bytes.Fields(e.Data), nil), []byte("{}")) {
		// What was refused is the question, which tells nothing of the payment.
		var reason pay.Reason
		if initReasons[e.Code.String()] == pay.AuthFailed {
			reason = pay.AuthFailed
		}
		return Payment{}, c.refusal(e, status, pay.OutcomeUnknown, reason)
	}
	p := Payment{
		Code: e.Code.String(), Message: c.scrub(e.Message.String()), Description: c.scrub(e.Description.String()),
	}
	if err := json.Unmarshal(e.Data, &p.Data); err != nil {
		return Payment{}, fmt.Errorf("check payment: read data: %w", err)
	}
	p.Data = p.Data.or(e.PaymentData)
	return p, nil
}

func (c *Client) credentials() credentials {
	return credentials{APIKey: c.cfg.APIKey.Reveal(), SiteID: c.cfg.SiteID}
}

// checkout posts JSON and reads the envelope, whatever the HTTP status: it is
// documented nowhere and public clients saw the same error with several.
func (c *Client) checkout(ctx context.Context, path string, body any) (envelope, int, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return envelope{}, 0, fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.BaseURL+path, bytes.NewReader(encoded))
	if err != nil {
		return envelope{}, 0, errors.New("the base URL is not valid")
	}
	req.Header.Set("Content-Type", "application/json")
	return c.exchange(req)
}

// exchange sends a request and reads an envelope with a code.
func (c *Client) exchange(req *http.Request) (envelope, int, error) {
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "application/json")
	resp, err := c.cfg.HTTP.Do(req)
	if err != nil {
		return envelope{}, 0, withoutURL(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return envelope{}, resp.StatusCode, fmt.Errorf("read answer (HTTP %d): %w", resp.StatusCode, err)
	}
	if len(body) > maxAnswer {
		return envelope{}, resp.StatusCode, fmt.Errorf("answer too large (HTTP %d)", resp.StatusCode)
	}
	var e envelope
	// The parser's own message is left out: it may quote what it could not read.
	if json.Unmarshal(body, &e) != nil {
		return envelope{}, resp.StatusCode, fmt.Errorf("unreadable answer (HTTP %d)", resp.StatusCode)
	}
	if e.Code.String() == "" {
		return envelope{}, resp.StatusCode, fmt.Errorf("answer without a code (HTTP %d)", resp.StatusCode)
	}
	return e, resp.StatusCode, nil
}

// refusal makes the error of an answer; token is the transfer API's, if it was sent.
func (c *Client) refusal(e envelope, status int, outcome pay.Outcome, reason pay.Reason, token ...pay.Secret) *Error {
	return &Error{
		HTTPStatus: status, Code: c.scrub(e.Code.String(), token...), Message: c.scrub(e.Message.String(), token...),
		Description: c.scrub(e.Description.String(), token...), Outcome: outcome, Reason: reason,
	}
}

// maxText bounds what we keep of a provider's words.
const maxText = 300

// scrub keeps our credentials out of texts that CinetPay may have echoed them
// in, plain or urlencoded.
func (c *Client) scrub(text string, token ...pay.Secret) string {
	for _, secret := range append(token, c.cfg.APIKey, c.cfg.Password) {
		if !secret.IsZero() {
			text = strings.ReplaceAll(text, secret.Reveal(), secret.String())
			text = strings.ReplaceAll(text, url.QueryEscape(secret.Reveal()), secret.String())
		}
	}
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText])
	}
	return text
}

// withoutURL drops the address from an error of the HTTP client, since the
// transfer API's has a token in its query.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return fmt.Errorf("%s: %w", strings.ToLower(u.Op), u.Err)
	}
	return err
}

func isObject(data json.RawMessage) bool {
	data = bytes.TrimSpace(data)
	return len(data) > 0 && data[0] == '{'
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
