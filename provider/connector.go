package provider

import (
	"context"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// Connector sends payments to a provider and asks what became of them.
type Connector interface {
	// Submit asks the provider to take a payment. An error means that we don't
	// know whether it did; a refusal is a Result with OutcomeFailed. A request
	// that provably never left is a Result too: OutcomeFailed with
	// operator_unavailable and Prompted false.
	Submit(context.Context, Order) (Result, error)
	// Status asks what became of a transaction of any kind. "I don't know this
	// reference" is OutcomeUnknown with Absent set, never a failure.
	Status(context.Context, Ref) (Result, error)
}

// PaysOut sends money to a customer. It is never called twice for one order,
// unless the provider is ResubmitSafe.
type PaysOut interface {
	PayOut(context.Context, Order) (Result, error)
}

// Refunder gives money back by the provider's own call.
type Refunder interface {
	Refund(context.Context, RefundOrder) (Result, error)
}

// Confirms takes the one-time password that the customer got.
type Confirms interface {
	Confirm(ctx context.Context, ref Ref, otp pay.Secret) (Result, error)
}

// Cancels withdraws a submitted transaction; OutcomeCanceled only when the
// provider confirms it.
type Cancels interface {
	Cancel(context.Context, Ref) (Result, error)
}

// Challenges answers a 3-D Secure step that the connector itself hosts (the
// sandbox's card acquirer); a real rail hosts its own.
type Challenges interface {
	Challenge(ctx context.Context, ref Ref, approve bool) (Result, error)
}

// LooksUp tells who owns a mobile money account (KYC). pay.ErrNotFound when nobody does.
type LooksUp interface {
	LookUp(ctx context.Context, phone string) (Holder, error)
}

// Balances tells what lies at the provider.
type Balances interface {
	Balances(context.Context) ([]money.Amount, error)
}

// Quotes tells the provider's own fee.
type Quotes interface {
	Quote(context.Context, QuoteOrder) (money.Amount, error)
}

// Validates refuses, before anything is recorded, an order that the provider
// is documented to refuse (limits, multiples); the error is a *pay.Error.
type Validates interface {
	Validate(Order) error
}

// Notified reads the provider's notifications.
type Notified interface {
	// ReadNotification reads one request to the connection's hook. The body is
	// at most 1 MiB. An error that is a *pay.Error is a refusal; its request
	// changes nothing. What is returned is a hint unless Verified.
	ReadNotification(*http.Request) (Notification, error)
}

// Maintained has work of its own to do from time to time (renew a secret
// before it expires). Next is when to call again; zero is never.
type Maintained interface {
	Maintain(context.Context) (next time.Time, err error)
}

// Order is one submission. Card and OTP live for this call only.
type Order struct {
	TransactionID string
	MerchantID    string
	Mode          pay.Mode
	Kind          pay.Kind
	// Front is the dialect that the transaction entered through.
	Front string
	// Reference is ours, made by the provider's ReferenceRule.
	Reference   string
	Amount      money.Amount
	Description string
	Customer    pay.Customer
	Method      pay.Method
	Card        *pay.Card
	// OTP is a code that the payer had before the order (some transfer companies).
	OTP       pay.Secret
	FeeBearer pay.Bearer
	Metadata  map[string]string
	// Browser describes the payer's browser for 3-D Secure, by EMV 3DS names.
	Browser map[string]string
	// ReturnURL is our own page, where the provider sends the browser back.
	ReturnURL string
	// HookURL is where the provider notifies us.
	HookURL string
}

// Ref names a submitted transaction at its provider.
type Ref struct {
	TransactionID     string
	MerchantID        string
	Kind              pay.Kind
	Reference         string
	ProviderReference string
	Amount            money.Amount
	Method            pay.Method
	Data              map[string]string
	SubmittedAt       time.Time
	// HintFailed: a notification said "not paid".
	HintFailed bool
}

// RefundOrder gives back part of a payment.
type RefundOrder struct {
	Order
	Payment Ref
}

// Result is what a provider said, in our words.
type Result struct {
	Outcome pay.Outcome // succeeded, failed, pending, unknown; canceled from Cancel
	Failure pay.Failure
	// NextAction accompanies OutcomePending.
	NextAction        pay.NextAction
	ProviderReference string
	// Data is merged into the attempt's; a connector reads it back in Ref.
	Data map[string]string
	// Amount is what the provider says was paid; zero when it says nothing. The
	// gateway compares it: a difference is unknown and an alert, never success.
	Amount money.Amount
	// Reference is our reference as the provider repeats it; "" when it doesn't.
	Reference string
	// Prompted: the customer could have been asked for a PIN. A failed result
	// without it permits failover.
	Prompted bool
	// Absent: the provider documents that it doesn't know the reference.
	Absent bool
	// Fees is what the provider says it takes; zero when it says nothing.
	Fees money.Amount
	// PaidVia names the means that the customer chose on the provider's page.
	PaidVia string
	// Operator and Phone are what the customer used there, "" when unknown.
	Operator, Phone string
	// NoticeCopies, in test mode, is how often the merchant's notifications are
	// sent; nil is once.
	NoticeCopies *int
}

// Holder is the owner of a mobile money account.
type Holder struct {
	Name     string
	Phone    string // E.164
	Operator string
	Active   bool
}

// QuoteOrder asks for a fee.
type QuoteOrder struct {
	Kind     pay.Kind
	Amount   money.Amount
	Operator string
}

// Notification is what a provider's request to our hook says.
type Notification struct {
	// Reference is ours, ProviderReference theirs; one suffices. Both empty:
	// there is nothing to look up (a ping, a pushed secret).
	Reference         string
	ProviderReference string
	// Hint is what it claims. Result is believed only when Verified (a signature
	// that covers reference, amount and outcome); otherwise the status is asked for.
	Hint     pay.Outcome
	Verified bool
	Result   Result
	// Answer goes back at once, whatever becomes of the notification.
	Answer Answer
}

// Answer is a small HTTP answer.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
}
