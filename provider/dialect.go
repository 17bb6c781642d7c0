package provider

import (
	"context"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// Dialect is a provider's API as we serve it. Its handler sees paths without
// the mount prefix: "/v2/payment".
type Dialect interface {
	http.Handler
	// Issue makes (or, for the demo merchant, lays down the published) test or
	// live credentials of a merchant in this dialect. Issuing again replaces
	// them; for the demo merchant it renews the addresses and keeps a secret that
	// was rotated since.
	Issue(context.Context, IssueOrder) ([]Issued, error)
	// Notice builds what the merchant is sent about an event, nil when this
	// dialect has nothing to say of it. tx is the transaction as it was at the event.
	Notice(ctx context.Context, tx pay.Transaction, event string) (*Notice, error)
	// Acknowledged judges the merchant's answer to a notice.
	Acknowledged(notice *Notice, status int, body []byte) Ack
}

// IssueOrder says for whom credentials are issued.
type IssueOrder struct {
	MerchantID   string
	MerchantName string
	Mode         pay.Mode
	// Demo lays down the fixed credentials of the demo merchant.
	Demo bool
	// CallbackURL is the merchant's own server, to which the dialect appends the
	// provider's name ("URL/mypvit"); "" leaves notifications without an address
	// where the dialect can't learn it from requests.
	CallbackURL string
	// ReturnURL is where a browser is sent, with ?outcome=success or failure.
	ReturnURL string
	// Options override the descriptor's defaults, by name.
	Options map[string]string
	// KeepCredentials changes the addresses and options of what was issued
	// before and leaves its credentials as they are, renewed ones too. What is
	// returned then may be empty. Where nothing was issued, it changes nothing.
	KeepCredentials bool
}

// IssuedCallback names, beside the credentials that Provider.Curl gets, the
// address for notifications of a provider whose requests name one.
const IssuedCallback = "callback_url"

// Issued is one credential, to be printed once.
type Issued struct {
	Name   string // snake_case: "site_id"
	Value  pay.Secret
	Public bool // may be shown again
}

// Notice is one notification to a merchant.
type Notice struct {
	// Probe, when set, is sent once before the first attempt (CinetPay's GET ping).
	Probe *Call
	// ProbeRequired: nothing else is sent until the probe gets a 2xx.
	ProbeRequired bool
	Call          Call
	// Retries are the delays after each failure to deliver; after the last the
	// notice is given up.
	Retries []time.Duration
	// Timeout of one try; zero is 10 s.
	Timeout time.Duration
	// Delay before the first try, replaced by --operator-delay in the sandbox.
	Delay time.Duration
}

// Call is one outgoing HTTP request.
type Call struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte
}

// Ack is the verdict on a merchant's answer.
type Ack struct {
	// Delivered stops the resending.
	Delivered bool
	// Verdict is shown to the merchant: "valid", "wrong", "missing", "".
	Verdict string
}

// Caller is whom a dialect has authenticated.
type Caller struct {
	MerchantID string
	Mode       pay.Mode
	Front      string
	// Account is the merchant's account in the dialect.
	Account string
}

// Request asks the gateway for a new transaction.
type Request struct {
	Kind      pay.Kind
	Reference string
	// NewFrontReference makes the id that the dialect gives the transaction; it
	// is called again when the merchant has one of that name. Nil gives none.
	NewFrontReference func() string
	FrontData         map[string]string
	Amount            money.Amount
	Description       string
	Customer          pay.Customer
	// Method with an empty type leaves the choice to the hosted checkout.
	Method    pay.Method
	Card      *pay.Card
	OTP       pay.Secret
	Browser   map[string]string
	FeeBearer pay.Bearer
	Metadata  map[string]string
	Checkout  pay.Checkout
	ReturnURL string
	// ExpiresIn ends an unused checkout; zero is the gateway's default (24 h).
	ExpiresIn time.Duration
	// Push: the customer has no browser at hand, so a rail that needs one is a
	// capability error.
	Push bool
	// Connection pins the route; "" lets the routes choose.
	Connection string
	// Parent is the payment a refund gives back (transaction id).
	Parent string
	// Wait bounds how long Create waits for the provider; zero is 10 s. A
	// dialect that holds its answer open (KomiPay) waits longer.
	Wait time.Duration
}

// Search names a transaction of a caller; the first non-empty field counts.
type Search struct {
	ID             string
	Reference      string
	FrontReference string
	Kind           pay.Kind // with Reference; "" is pay.Payment
	// AnyAccount looks in all accounts of the caller's front.
	AnyAccount bool
}

// Gateway is the port through which a dialect reaches the use cases. Errors are
// *pay.Error where the caller is at fault; whatever else is ours.
type Gateway interface {
	// Create records a transaction and, with a complete method, submits it.
	Create(context.Context, Caller, Request) (pay.Transaction, error)
	// Find looks a transaction up among the caller's own; pay.ErrNotFound otherwise.
	Find(context.Context, Caller, Search) (pay.Transaction, error)
	// Wait returns the transaction as soon as its status is final or ctx ends,
	// holding no database connection meanwhile.
	Wait(context.Context, Caller, string) (pay.Transaction, error)
	// Confirm passes the customer's one-time password on.
	Confirm(ctx context.Context, c Caller, id string, otp pay.Secret) (pay.Transaction, error)
	// Cancel gives a transaction up.
	Cancel(ctx context.Context, c Caller, id string) (pay.Transaction, error)
	// Open pushes a checkout with Push set to its locked phone, once.
	Open(ctx context.Context, token string) (pay.Transaction, error)
	// Balance is the caller's available money in a currency.
	Balance(context.Context, Caller, money.Currency) (Balance, error)
	// LookUp tells who owns a mobile money account.
	LookUp(ctx context.Context, c Caller, phone string) (Holder, error)
	// Quote is the fee of the schedule in force, for the caller.
	Quote(context.Context, Caller, QuoteOrder) (money.Amount, error)
	// PeerAddress is the client's IP address; forwarded headers count only from
	// trusted proxies.
	PeerAddress(*http.Request) string
	// CheckURL refuses an address that notifications could never be sent to.
	CheckURL(string) error
	// CheckoutURL is the hosted page of a token.
	CheckoutURL(token string) string
	// BaseURL is the address of this dialect's mount, without a trailing slash.
	BaseURL(front string) string
	// Memory is the dialect's own.
	Memory(front string) Memory
	// Push sends one request to a merchant's address now, through the outgoing
	// guard, and returns the status; for messages that are not about a transaction.
	Push(context.Context, Call) (status int, body []byte, err error)
	Now() time.Time
}

// Balance is money at a merchant's disposal, and what open payouts and refunds hold.
type Balance struct {
	Available money.Amount
	Pending   money.Amount
}
