package komipay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// DefaultTokenBase is the provider's own address.
const DefaultTokenBase = "https://www.komipay.com" + basePath

// Config configures a Client.
type Config struct {
	// TokenBase is the API's address (default DefaultTokenBase), APIBase that of
	// the payment calls (default: below TokenBase).
	TokenBase string
	APIBase   string
	Login     string
	Password  pay.Secret
	APIKey    pay.Secret
	// Keypass is the second secret, needed for cards.
	Keypass pay.Secret
	// SpacedAmounts writes "5 000" in place of "5000".
	SpacedAmounts bool
	// HTTP sends the requests; nil is a client that follows no redirects and
	// waits as long as a payer may.
	HTTP *http.Client
}

// Client calls KomiPay's API. It sends every request once. Its errors are
// *Error, when KomiPay has refused, or *UncertainError, when nobody knows what
// became of the request. A token is good for 30 minutes.
type Client struct{ cfg Config }

// New makes a client.
func New(cfg Config) *Client {
	cfg.TokenBase = strings.TrimRight(first(cfg.TokenBase, DefaultTokenBase), "/")
	cfg.APIBase = strings.TrimRight(first(cfg.APIBase, cfg.TokenBase+versionPath), "/")
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{
			Timeout:       collectTime + 10*time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &Client{cfg: cfg}
}

// Error is a refusal by KomiPay.
type Error struct {
	Operation  string
	HTTPStatus int
	Code       int    // the body's, 0 without one
	Statut     string // the JSON text of statut
	Message    string
	Reason     pay.Reason
	// Unauthenticated: the token, the key or the keypass was refused, and
	// nothing was started.
	Unauthenticated bool
}

// Error implements error. It holds KomiPay's words with the secrets masked.
func (e *Error) Error() string {
	return fmt.Sprintf("komipay %s refused: %s (code %d, HTTP %d): %s", e.Operation, e.Reason, e.Code, e.HTTPStatus, e.Message)
}

// CredentialsRefused tells the gateway's trial of a connection that KomiPay
// refused who asks, not what was asked.
func (e *Error) CredentialsRefused() bool { return e.Unauthenticated }

// UncertainError says that a request may or may not have been carried out.
type UncertainError struct {
	Operation  string
	HTTPStatus int // 0 when there was no answer
	Err        error
}

// Error implements error.
func (e *UncertainError) Error() string {
	if e.HTTPStatus == 0 {
		return fmt.Sprintf("komipay %s: outcome unknown: %v", e.Operation, e.Err)
	}
	return fmt.Sprintf("komipay %s: outcome unknown: HTTP %d: %v", e.Operation, e.HTTPStatus, e.Err)
}

// Unwrap gives the cause.
func (e *UncertainError) Unwrap() error { return e.Err }

// GenerateToken logs in.
func (c *Client) GenerateToken(ctx context.Context) (pay.Secret, error) {
	a, err := c.post(ctx, opToken, "", tokenRequest{c.cfg.Login, c.cfg.Password.Reveal(), c.cfg.APIKey.Reveal()}, nil)
	if err != nil {
		return "", err
	}
	if err := c.settled(opToken, a, a.token); err != nil {
		return "", err
	}
	return pay.Secret(a.token), nil
}

// Order asks to take a payment.
type Order struct {
	// Means is a value of mobile_money: AirtelMoney, BankCard.
	Means     string
	Amount    money.Amount // XOF
	Reference string       // the merchant's own, unique
	Name      string       // of the payer
	// Phone is the payer's, in any form; not for cards.
	Phone string
	// SecurityCode is what a payer of ZeynaTransfert got by SMS.
	SecurityCode pay.Secret
	Card         *Card
}

// Card is the card of an Order with BankCard.
type Card struct {
	Number pay.Secret // digits
	Expiry string     // MM/YY
	// EncryptedCVV is from EncryptCVV.
	EncryptedCVV pay.Secret
	Browser      Browser
}

// Browser describes the payer's browser for 3-D Secure.
type Browser struct {
	JavaEnabled, JavascriptEnabled bool
	ScreenHeight, ScreenWidth      string
	TimeZone                       string // hours east of UTC
	ChallengeWindowSize            string // 01 to 05
}

// Collection is a collect that was not refused: succeeded or pending.
type Collection struct {
	Outcome pay.Outcome
	Answer
}

// Collect asks for a payment. A telco's call stays open until the payer has
// answered, for up to five minutes. A second call with the same reference is
// refused by KomiPay; after an *UncertainError ask for the status instead.
func (c *Client) Collect(ctx context.Context, token pay.Secret, o Order) (Collection, error) {
	body, family, err := c.collectBody(o)
	if err != nil {
		return Collection{}, err
	}
	secrets := []pay.Secret{token, o.SecurityCode}
	if o.Card != nil {
		secrets = append(secrets, o.Card.Number, o.Card.EncryptedCVV, pay.Secret(groupedCard(o.Card.Number.Reveal())))
	}
	a, err := c.post(ctx, opCollect, token, body, secrets, family == CardFamily)
	if err != nil {
		return Collection{}, err
	}
	outcome, reason := classifyCollect(family, a)
	switch outcome {
	case pay.OutcomeFailed:
		return Collection{}, c.refusal(opCollect, a, reason)
	case pay.OutcomeUnknown:
		return Collection{}, uncertain(opCollect, a)
	}
	return Collection{Outcome: outcome, Answer: a}, nil
}

// collectBody fills in what the flow wants (wire: komipay §2.2).
func (c *Client) collectBody(o Order) (collectRequest, Family, error) {
	m, ok := meansByName(o.Means)
	if !ok || (m.family == CardFamily) != (o.Card != nil) {
		return collectRequest{}, 0, errors.New("komipay: the means and the order don't go together")
	}
	if o.Amount.Currency != money.XOF || !o.Amount.IsPositive() {
		return collectRequest{}, 0, errAmount
	}
	r := collectRequest{
		MobileMoney: m.name, APIKey: c.cfg.APIKey.Reveal(), Amount: formatAmount(o.Amount, c.cfg.SpacedAmounts),
		Name: o.Name, SecurityCode: o.SecurityCode.Reveal(), Reference: o.Reference,
	}
	if m.family == CardFamily {
		b := o.Card.Browser
		r.cardRequest = &cardRequest{
			Number: groupedCard(o.Card.Number.Reveal()), Expiry: o.Card.Expiry, CVV: o.Card.EncryptedCVV.Reveal(),
			JavaEnabled: b.JavaEnabled, JavascriptEnabled: b.JavascriptEnabled,
			ScreenHeight: b.ScreenHeight, ScreenWidth: b.ScreenWidth,
			TimeZone: b.TimeZone, ChallengeWindowSize: b.ChallengeWindowSize,
		}
		return r, m.family, nil
	}
	n, err := normalPhone(o.Phone)
	if err != nil {
		return collectRequest{}, 0, err
	}
	r.Phone = n.Subscriber()
	if m.family == STA {
		r.Phone, r.Country = n.E164(), "Niger"
	}
	return r, m.family, nil
}

// State is what has become of a payment.
type State struct {
	Outcome pay.Outcome // succeeded, failed, pending or unknown
	Reason  pay.Reason
	// Absent: KomiPay doesn't know the reference, or not yet.
	Absent bool
	Answer
}

// Status asks for a payment by KomiPay's reference or the merchant's. The call
// stays open while the payment is pending: give it a deadline of your own.
// card says what kind of payment it is, as that decides how a refusal reads.
func (c *Client) Status(ctx context.Context, token pay.Secret, reference string, card bool) (State, error) {
	a, err := c.post(ctx, opStatus, token, statusRequest{c.cfg.APIKey.Reveal(), reference}, []pay.Secret{token})
	if err != nil {
		return State{}, err
	}
	s := State{Answer: a}
	s.Outcome, s.Reason, s.Absent = classifyStatus(card, a)
	return s, nil
}

// EncryptCVV has a CVV encrypted by KomiPay, for Card.EncryptedCVV.
func (c *Client) EncryptCVV(ctx context.Context, token, cvv pay.Secret) (pay.Secret, error) {
	a, err := c.post(ctx, opEncryptCVV, token, cvvRequest{c.cfg.APIKey.Reveal(), cvv.Reveal()}, []pay.Secret{token, cvv}, true)
	if err != nil {
		return "", err
	}
	if err := c.settled(opEncryptCVV, a, a.cvv); err != nil {
		return "", err
	}
	return pay.Secret(a.cvv), nil
}

// RequestSecurityCode has the transfer company send the payer a code by SMS. It
// returns how many were asked for.
func (c *Client) RequestSecurityCode(ctx context.Context, token pay.Secret, means, phone string) (int, error) {
	n, err := normalPhone(phone)
	if err != nil {
		return 0, err
	}
	a, err := c.post(ctx, opSecurityCode, token, codeRequest{means, n.E164(), c.cfg.APIKey.Reveal()}, []pay.Secret{token})
	if err != nil {
		return 0, err
	}
	return a.Attempts, c.settled(opSecurityCode, a, "-")
}

// settled is nil for an answer that carries what was asked for.
func (c *Client) settled(operation string, a Answer, wanted string) error {
	switch {
	case a.Statut == statutTrue && a.accepted() && wanted != "":
		return nil
	case a.Code == 400 && a.Statut == statutFalse:
		return c.refusal(operation, a, reasonOf(a.Message, false))
	}
	return uncertain(operation, a)
}

func (c *Client) refusal(operation string, a Answer, reason pay.Reason) *Error {
	return &Error{
		Operation: operation, HTTPStatus: a.HTTPStatus, Code: a.Code, Statut: a.Statut, Message: a.Message,
		Reason: reason, Unauthenticated: a.unauthenticated(),
	}
}

func uncertain(operation string, a Answer) *UncertainError {
	return &UncertainError{Operation: operation, HTTPStatus: a.HTTPStatus, Err: errors.New("the answer proves nothing")}
}
