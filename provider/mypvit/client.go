package mypvit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// DefaultBaseURL is the provider's own address.
const DefaultBaseURL = "https://api.mypvit.pro"

// The versions of the API.
const (
	Version55 = "5.5"
	Version2  = "2"
)

// URLCodes are the private path parts of a merchant's endpoints. Those left
// empty are Any.
type URLCodes struct {
	Any, Rest, Link, Status, Balance, KYC, Renew, Fees, Operators string
}

// Config configures a Client.
type Config struct {
	BaseURL string // default DefaultBaseURL
	Codes   URLCodes
	// Account is the operation account, ACC_ and 13 hexadecimal digits.
	Account string
	Secret  pay.Secret
	// Version is Version55 (default) or Version2, which puts renew-secret, rest
	// and kyc under /v2.
	Version string
	// HTTP sends the requests; nil is http.DefaultClient.
	HTTP *http.Client
}

// Client calls the API of MyPVit for one operation account. It sends every
// request once. Its errors are *Error, when the provider has refused, or
// *UncertainError, when nobody knows what became of the request.
type Client struct{ config Config }

// New makes a client.
func New(c Config) *Client {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	return &Client{config: c}
}

// WithSecret is the same client with another key.
func (c *Client) WithSecret(s pay.Secret) *Client {
	with := *c
	with.config.Secret = s
	return &with
}

// Error is a refusal by the provider.
type Error struct {
	HTTPStatus int
	Code       int
	Name       string // INVALID_PHONE_NUMBER
	Message    string
	Messages   []string
}

// Error implements error. It holds the provider's text with the secret masked.
func (e *Error) Error() string {
	text := e.Message
	if len(e.Messages) > 0 {
		text += " " + strings.Join(e.Messages, "; ")
	}
	return fmt.Sprintf("mypvit refused: %s (%d, HTTP %d): %s", e.Name, e.Code, e.HTTPStatus, text)
}

// Outcome is what the refusal means for a transaction that met it: failed with
// a reason, or unknown.
func (e *Error) Outcome() (pay.Outcome, pay.Reason) {
	return classify(e.HTTPStatus, e.Name, e.Code)
}

// means reports whether the refusal is one of the documented codes, by its name
// or, where that is missing or undocumented, by its code.
func (e *Error) means(codes ...int) bool {
	row, ok := rowOf(e.HTTPStatus, e.Name, e.Code)
	return ok && slices.Contains(codes, row.code)
}

// Unauthenticated reports whether the key was refused: 401, or 403 with
// AUTHENTICATION_FAILED; never another 403.
func (e *Error) Unauthenticated() bool {
	return e.HTTPStatus == http.StatusUnauthorized || e.means(codeAuthenticationFailed)
}

// CredentialsRefused tells the gateway's trial of a connection that MyPVit
// refused who asks, not what was asked.
func (e *Error) CredentialsRefused() bool {
	_, reason := e.Outcome()
	return reason == pay.AuthFailed
}

// UncertainError says that a request may or may not have been carried out.
type UncertainError struct {
	Operation  string
	HTTPStatus int // 0 when there was no answer
	Err        error
}

// Error implements error.
func (e *UncertainError) Error() string {
	if e.HTTPStatus == 0 {
		return fmt.Sprintf("mypvit %s: outcome unknown: %v", e.Operation, e.Err)
	}
	return fmt.Sprintf("mypvit %s: outcome unknown: HTTP %d: %v", e.Operation, e.HTTPStatus, e.Err)
}

// Unwrap gives the cause.
func (e *UncertainError) Unwrap() error { return e.Err }

// Rest asks for a payment or makes a payout (give change). The account and the
// service are filled in.
func (c *Client) Rest(ctx context.Context, o Order) (Transaction, error) {
	o.Account, o.Service = c.config.Account, ServiceRESTful
	if c.config.Version != Version2 {
		o.OperatorCode = ""
	}
	var answer Transaction
	err := c.post(ctx, "rest", c.path("rest", c.config.Codes.Rest, true), o, &answer)
	if err == nil && answer.Status == "" {
		err = &UncertainError{Operation: "rest", HTTPStatus: http.StatusOK, Err: errors.New("the answer has no status")}
	}
	return answer, err
}

// Link makes a payment link; the order names the service.
func (c *Client) Link(ctx context.Context, o Order) (Link, error) {
	o.Account, o.TransactionType, o.OperatorCode = c.config.Account, TypePayment, ""
	var answer Link
	err := c.post(ctx, "link", c.path("link", c.config.Codes.Link, false), o, &answer)
	if err == nil && (answer.Status != StatusSuccess || answer.URL == "") {
		err = &UncertainError{Operation: "link", HTTPStatus: http.StatusOK, Err: errors.New("the answer has no link")}
	}
	return answer, err
}

// Status asks for a transaction by the merchant's reference; operation is
// TypePayment or TypeGiveChange.
func (c *Client) Status(ctx context.Context, reference, operation string) (State, error) {
	query := url.Values{
		"transactionId":        {reference},
		"accountOperationCode": {c.config.Account},
		"transactionOperation": {operation},
	}
	var answer State
	err := c.get(ctx, "status", c.path("status", c.config.Codes.Status, false), query, &answer)
	if err == nil && answer.Status == "" {
		err = &UncertainError{Operation: "status", HTTPStatus: http.StatusOK, Err: errors.New("the answer has no status")}
	}
	return answer, err
}

// Balance asks for the account's balance.
func (c *Client) Balance(ctx context.Context) (Balance, error) {
	var answer Balance
	err := c.get(ctx, "balance", c.path("balance", c.config.Codes.Balance, false),
		url.Values{"accountOperationCode": {c.config.Account}}, &answer)
	return answer, err
}

// KYC asks who owns a number, in the form 060000100.
func (c *Client) KYC(ctx context.Context, number string) (Customer, error) {
	var answer Customer
	err := c.get(ctx, "kyc", c.path("kyc", c.config.Codes.KYC, true),
		url.Values{"customerAccountNumber": {number}}, &answer)
	if err == nil && answer.CustomerAccountNumber == "" && answer.FullName == "" {
		err = &UncertainError{Operation: "kyc", HTTPStatus: http.StatusOK, Err: errors.New("the answer names nobody")}
	}
	return answer, err
}

// Fees asks for the fee of an amount; /v2 alone has it.
func (c *Client) Fees(ctx context.Context, amount Decimal, transactionType, operator string) (Fees, error) {
	query := url.Values{
		"amount": {string(amount)}, "transactionType": {transactionType}, "operator": {operator},
	}
	var answer Fees
	err := c.get(ctx, "get-fees", "/v2/"+c.code(c.config.Codes.Fees)+"/get-fees", query, &answer)
	return answer, err
}

// Operators lists the operators of a country, GA; /v2 alone has it.
func (c *Client) Operators(ctx context.Context, country string) ([]Operator, error) {
	var list []Operator
	err := c.get(ctx, "get-operators", "/v2/"+c.code(c.config.Codes.Operators)+"/get-operators",
		url.Values{"countryCode": {country}}, &list)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(list, func(o Operator) bool { return o.Code == "" }) {
		return nil, &UncertainError{Operation: "get-operators", HTTPStatus: http.StatusOK, Err: errors.New("an operator has no code")}
	}
	return list, nil
}

// Renew asks for a new key. The key is returned when it came in the answer;
// otherwise inline is false and it is pushed to the reception address.
func (c *Client) Renew(ctx context.Context, password pay.Secret, receptionCode string) (key ReceivedSecret, inline bool, err error) {
	form := url.Values{"operationAccountCode": {c.config.Account}, "password": {password.Reveal()}}
	if receptionCode != "" {
		form.Set("receptionUrlCode", receptionCode)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost,
		c.config.BaseURL+c.path("renew-secret", c.config.Codes.Renew, true), strings.NewReader(form.Encode()))
	if err != nil {
		return ReceivedSecret{}, false, fmt.Errorf("mypvit renew-secret: %w", bareError(err))
	}
	req.Header.Set("Content-Type", mediaForm)
	status, body, err := c.send(req, "renew-secret")
	if err != nil {
		return ReceivedSecret{}, false, err
	}
	if status/100 != 2 {
		return ReceivedSecret{}, false, c.refusal("renew-secret", status, body, password)
	}
	key, inline = parseSecret(body)
	return key, inline, nil
}

func (c *Client) code(own string) string {
	if own == "" {
		own = c.config.Codes.Any
	}
	return url.PathEscape(own)
}

func (c *Client) path(operation, code string, versioned bool) string {
	p := "/" + c.code(code) + "/" + operation
	if versioned && c.config.Version == Version2 {
		return "/v2" + p
	}
	return p
}

func (c *Client) post(ctx context.Context, operation, path string, body, answer any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("mypvit %s: write request: %w", operation, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.config.BaseURL+path, bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("mypvit %s: %w", operation, bareError(err))
	}
	req.Header.Set("Content-Type", mediaJSON)
	req.Header.Set(headerCallbackMedia, mediaJSON)
	return c.call(req, operation, answer)
}

func (c *Client) get(ctx context.Context, operation, path string, query url.Values, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.config.BaseURL+path+"?"+query.Encode(), nil)
	if err != nil {
		return fmt.Errorf("mypvit %s: %w", operation, bareError(err))
	}
	return c.call(req, operation, answer)
}

func (c *Client) call(req *http.Request, operation string, answer any) error {
	req.Header.Set(headerSecret, c.config.Secret.Reveal())
	status, body, err := c.send(req, operation)
	if err != nil {
		return err
	}
	if status/100 == 2 || failedTransaction(operation, status, body) {
		return c.read(operation, status, body, answer)
	}
	return c.refusal(operation, status, body, "")
}

// failedTransaction recognises a failed transaction that came with an HTTP 4xx:
// the transaction's own body with FAILED, not the shape of a refusal. Behind a
// 5xx it proves nothing.
func failedTransaction(operation string, status int, body []byte) bool {
	if operation != "rest" || status/100 != 4 {
		return false
	}
	f, err := decodeJSON(body)
	return err == nil && f.text("error") == "" && f.text("status") == StatusFailed
}

// read reads an object, or the list of get-operators.
func (c *Client) read(operation string, status int, body []byte, answer any) error {
	f, err := decodeJSON(body)
	if err != nil && !isList(body) {
		return &UncertainError{Operation: operation, HTTPStatus: status, Err: err}
	}
	if f.text("error") != "" && f.text("status") == "" {
		return c.refusal(operation, status, body, "")
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return &UncertainError{Operation: operation, HTTPStatus: status, Err: errors.New("a field has the wrong type")}
	}
	return nil
}

func isList(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) && provider.CheckJSON(body) == nil
}

// send does the exchange. The address is kept out of errors: it holds the
// private URL code and, for kyc, a phone number.
func (c *Client) send(req *http.Request, operation string) (int, []byte, error) {
	req.Header.Set("Accept", mediaJSON)
	res, err := c.config.HTTP.Do(req)
	if err != nil {
		return 0, nil, &UncertainError{Operation: operation, Err: bareError(err)}
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errors.New("the answer is too long")
	}
	if err != nil {
		return 0, nil, &UncertainError{Operation: operation, HTTPStatus: res.StatusCode, Err: fmt.Errorf("read answer: %w", err)}
	}
	return res.StatusCode, body, nil
}

func bareError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// refusal reads the documented error body. Without one the outcome is
// uncertain, except that a 401 proves that nothing was done.
func (c *Client) refusal(operation string, status int, body []byte, password pay.Secret) error {
	f, err := decodeJSON(body)
	if err == nil && (f.text("error") != "" || f.text("status_code") != "") {
		e := &Error{HTTPStatus: status, Name: c.clean(f.text("error"), password), Message: c.clean(f.text("message"), password)}
		var typed struct {
			StatusCode StatusCode `json:"status_code"`
			Messages   []string   `json:"messages"`
		}
		// Fields of another type than documented are left out; the name decides.
		_ = json.Unmarshal(body, &typed)
		_, _ = fmt.Sscan(string(typed.StatusCode), &e.Code)
		for _, m := range typed.Messages {
			e.Messages = append(e.Messages, c.clean(m, password))
		}
		return e
	}
	if status == http.StatusUnauthorized {
		return &Error{HTTPStatus: status, Name: nameAuthenticationFailed, Code: codeAuthenticationFailed, Message: "not authenticated"}
	}
	return &UncertainError{Operation: operation, HTTPStatus: status, Err: errUnreadable}
}

// clean makes the provider's text fit to be kept and shown: our own secrets
// masked, if it repeats them, control characters dropped, at most 300 runes.
func (c *Client) clean(text string, password pay.Secret) string {
	for _, s := range []pay.Secret{c.config.Secret, password} {
		if !s.IsZero() {
			text = strings.ReplaceAll(text, s.Reveal(), s.String())
		}
	}
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text))
	return string(runes[:min(len(runes), 300)])
}
