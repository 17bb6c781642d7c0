package flexpay

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

const (
	userAgent = "passerelle/1"
	maxAnswer = 1 << 20
	mediaJSON = "application/json"
	mediaForm = "application/x-www-form-urlencoded"
	// acceptCard asks v1/pay for JSON and takes a page.
	acceptCard = "application/json, text/html;q=0.5"
)

// The versions of the card API.
const (
	CardV1  = "v1"
	CardV11 = "v1.1"
)

// The bodies of v1/pay.
const (
	BodyForm = "form"
	BodyJSON = "json"
)

// visaHost is where FlexPay's card pages were seen beside its card API.
const visaHost = "gwvisa.flexpay.cd"

// Config is what a Client needs.
type Config struct {
	// Token may have "Bearer " before it.
	Token    pay.Secret
	Merchant string
	// CardBase is the address of the card API, PayBase that of mobile money and
	// payouts with its path ("https://backend.flexpay.cd/api/rest/v1"), and
	// CheckBase that of checks; PayBase when empty.
	CardBase, PayBase, CheckBase string
	// CardAPI is CardV1 (default) or CardV11.
	CardAPI string
	// V1Body is BodyForm (default) or BodyJSON.
	V1Body string
	// CheckoutHosts are where a card page found in HTML may be; when empty, the
	// card API's host and gwvisa.flexpay.cd.
	CheckoutHosts []string
	// HTTP is a client that follows no redirects and ends after 30 s when nil.
	HTTP *http.Client
}

// Client calls FlexPay's APIs. It repeats nothing by itself. An answer that
// refuses is an [*Error]; any other error says that nobody knows what has
// become of the request.
type Client struct {
	cfg Config
}

// New makes a client.
func New(cfg Config) *Client {
	cfg.Token = pay.Secret(withoutBearer(cfg.Token.Reveal()))
	cfg.CardBase = strings.TrimRight(cfg.CardBase, "/")
	cfg.PayBase = strings.TrimRight(cfg.PayBase, "/")
	cfg.CheckBase = cmp.Or(strings.TrimRight(cfg.CheckBase, "/"), cfg.PayBase)
	cfg.CardAPI = cmp.Or(cfg.CardAPI, CardV1)
	cfg.V1Body = cmp.Or(cfg.V1Body, BodyForm)
	if len(cfg.CheckoutHosts) == 0 {
		cfg.CheckoutHosts = []string{visaHost}
		if u, err := url.Parse(cfg.CardBase); err == nil && u.Hostname() != "" {
			cfg.CheckoutHosts = append(cfg.CheckoutHosts, u.Hostname())
		}
	}
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
	HTTPStatus int
	Code       string
	Message    string
	// Outcome is pay.OutcomeFailed when the answer proves that nothing was done,
	// pay.OutcomeUnknown when it proves nothing.
	Outcome pay.Outcome
	Reason  pay.Reason
	// NotFound: FlexPay has no transaction of that orderNumber, or not yet.
	NotFound bool
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("flexpay: code %q %s (HTTP %d)", e.Code, e.Message, e.HTTPStatus)
}

// CredentialsRefused tells the gateway's trial of a connection that FlexPay
// refused who asks, not what was asked.
func (e *Error) CredentialsRefused() bool { return e.Reason == pay.AuthFailed }

// Initiation is a transaction that FlexPay has taken. For a card either field
// may be empty: without URL nobody can pay, and without OrderNumber only the
// callback tells it.
type Initiation struct {
	OrderNumber string
	// URL is the card page.
	URL     string
	Message string
}

// PayCard asks for a card page, by the version of the API that is configured.
func (c *Client) PayCard(ctx context.Context, r CardRequest) (Initiation, error) {
	body := cardBody{Authorization: c.bearer(), Merchant: c.cfg.Merchant, CardRequest: r}
	req, err := c.cardRequest(ctx, body)
	if err != nil {
		return Initiation{}, fmt.Errorf("pay by card: %w", err)
	}
	in, err := c.initiate(req, true)
	if err != nil {
		return Initiation{}, fmt.Errorf("pay by card: %w", err)
	}
	return in, nil
}

func (c *Client) cardRequest(ctx context.Context, body cardBody) (*http.Request, error) {
	switch {
	case c.cfg.CardAPI == CardV11:
		req, err := c.jsonRequest(ctx, c.cfg.CardBase+pathCardV11, body)
		if err == nil {
			c.authorize(req)
		}
		return req, err
	case c.cfg.V1Body == BodyJSON:
		body.HomeURL = ""
		req, err := c.jsonRequest(ctx, c.cfg.CardBase+pathCardV1, body)
		if err == nil {
			c.authorize(req)
			req.Header.Set("Accept", acceptCard)
		}
		return req, err
	}
	form := url.Values{}
	for _, field := range body.form() {
		form.Set(field[0], field[1])
	}
	req, err := c.request(ctx, http.MethodPost, c.cfg.CardBase+pathCardV1, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	c.authorize(req)
	req.Header.Set("Content-Type", mediaForm)
	req.Header.Set("Accept", acceptCard)
	return req, nil
}

// PayMobile prompts a phone for a payment.
func (c *Client) PayMobile(ctx context.Context, r MobileRequest) (Initiation, error) {
	in, err := c.mobile(ctx, pathMobile, r)
	if err != nil {
		return Initiation{}, fmt.Errorf("pay by mobile money: %w", err)
	}
	return in, nil
}

// PayOut sends money to a phone.
func (c *Client) PayOut(ctx context.Context, r MobileRequest) (Initiation, error) {
	in, err := c.mobile(ctx, pathPayout, r)
	if err != nil {
		return Initiation{}, fmt.Errorf("pay out: %w", err)
	}
	return in, nil
}

func (c *Client) mobile(ctx context.Context, path string, r MobileRequest) (Initiation, error) {
	req, err := c.jsonRequest(ctx, c.cfg.PayBase+path, mobileBody{Merchant: c.cfg.Merchant, Type: typeMobile, MobileRequest: r})
	if err != nil {
		return Initiation{}, err
	}
	c.authorize(req)
	return c.initiate(req, false)
}

// Check asks what has become of a transaction. An answer without one is an
// [*Error] whose Outcome is unknown: not found is never failed.
func (c *Client) Check(ctx context.Context, orderNumber string) (Transaction, error) {
	req, err := c.request(ctx, http.MethodGet, c.cfg.CheckBase+pathCheck+url.PathEscape(orderNumber), nil)
	if err != nil {
		return Transaction{}, fmt.Errorf("check: %w", err)
	}
	c.authorize(req)
	got, err := c.exchange(req)
	if err != nil {
		return Transaction{}, fmt.Errorf("check: %w", err)
	}
	var a checkAnswer
	err = decode(got.body, &a)
	switch {
	case got.status != http.StatusOK:
		refusal := &Error{
			HTTPStatus: got.status, Code: c.scrub(a.Code.String()), Message: c.scrub(a.Message.String()), Outcome: pay.OutcomeUnknown,
		}
		// What was refused is the question, which tells nothing of the payment.
		if got.status == http.StatusUnauthorized || got.status == http.StatusForbidden {
			refusal.Reason = pay.AuthFailed
		}
		return Transaction{}, fmt.Errorf("check: %w", refusal)
	case err != nil:
		return Transaction{}, errors.New("check: unreadable answer")
	case a.Code != codeOK || a.Transaction == nil:
		return Transaction{}, fmt.Errorf("check: %w", &Error{
			HTTPStatus: got.status, Code: c.scrub(a.Code.String()), Message: c.scrub(a.Message.String()),
			Outcome: pay.OutcomeUnknown, NotFound: a.Code == codeNo && a.Transaction == nil,
		})
	}
	return *a.Transaction, nil
}

// bearer is the token as headers and bodies have it.
func (c *Client) bearer() string { return "Bearer " + c.cfg.Token.Reveal() }

func (c *Client) authorize(req *http.Request) { req.Header.Set("Authorization", c.bearer()) }

func (c *Client) jsonRequest(ctx context.Context, address string, body any) (*http.Request, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	req, err := c.request(ctx, http.MethodPost, address, bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", mediaJSON)
	return req, nil
}

func (c *Client) request(ctx context.Context, method, address string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, errors.New("the base address is not valid")
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", mediaJSON)
	return req, nil
}

// received is an answer as it came.
type received struct {
	status int
	header http.Header
	body   []byte
}

func (c *Client) exchange(req *http.Request) (received, error) {
	resp, err := c.cfg.HTTP.Do(req)
	if err != nil {
		return received{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return received{}, fmt.Errorf("read answer (HTTP %d): %w", resp.StatusCode, err)
	}
	if len(body) > maxAnswer {
		return received{}, fmt.Errorf("answer too large (HTTP %d)", resp.StatusCode)
	}
	return received{resp.StatusCode, resp.Header, body}, nil
}

// maxText bounds what we keep of a provider's words.
const maxText = 300

// scrub keeps our token out of texts that FlexPay may have echoed it in, plain
// or urlencoded.
func (c *Client) scrub(text string) string {
	if token := c.cfg.Token; !token.IsZero() {
		text = strings.ReplaceAll(text, token.Reveal(), token.String())
		text = strings.ReplaceAll(text, url.QueryEscape(token.Reveal()), token.String())
	}
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText])
	}
	return text
}
