package pay

import (
	"time"

	"github.com/passerelle-pay/passerelle/money"
)

// Kind says in which direction a transaction moves money.
type Kind string

const (
	// Payment takes money from a customer.
	Payment Kind = "payment"
	// Payout sends money to a customer.
	Payout Kind = "payout"
	// Refund gives back all or part of a payment; it is a transaction of its own.
	Refund Kind = "refund"
)

// Debits reports whether the kind takes money out of the merchant's balance.
func (k Kind) Debits() bool { return k == Payout || k == Refund }

// Mode separates test money from real money. Data of one mode is invisible to the other.
type Mode string

const (
	// Test always goes to the sandbox.
	Test Mode = "test"
	// Live goes to the merchant's connections.
	Live Mode = "live"
)

// Status is a transaction's state as a merchant sees it.
type Status string

// The six statuses. An outcome nobody knows is StatusPending.
const (
	StatusRequiresAction Status = "requires_action"
	StatusPending        Status = "pending"
	StatusSucceeded      Status = "succeeded"
	StatusFailed         Status = "failed"
	StatusCanceled       Status = "canceled"
	StatusExpired        Status = "expired"
)

// Statuses lists every status.
func Statuses() []Status {
	return []Status{
		StatusRequiresAction, StatusPending, StatusSucceeded,
		StatusFailed, StatusCanceled, StatusExpired,
	}
}

// Final reports whether a merchant may act on the status. All but succeeded
// can still become succeeded, late, if a provider proves it.
func (s Status) Final() bool {
	switch s {
	case StatusSucceeded, StatusFailed, StatusCanceled, StatusExpired:
		return true
	}
	return false
}

// MethodType is how the customer pays.
type MethodType string

// The method types. The empty type means that the customer has not chosen yet.
const (
	MobileMoney MethodType = "mobile_money"
	CardMethod  MethodType = "card"
	Wallet      MethodType = "wallet"
)

// ViaPayout is how a refund goes back where the provider has no call for it.
const ViaPayout = "payout"

// Bearer is who pays a fee.
type Bearer string

// The two bearers.
const (
	MerchantBears Bearer = "merchant"
	CustomerBears Bearer = "customer"
)

// NativeFront is the front of transactions that enter through the native API.
// Every other front is a dialect's name.
const NativeFront = "native"

// Customer is the person who pays or is paid.
type Customer struct {
	Name      string `json:"name,omitempty"`
	GivenName string `json:"given_name,omitempty"`
	Email     string `json:"email,omitempty"`
	Phone     string `json:"phone,omitempty"` // E.164
	Address   string `json:"address,omitempty"`
	City      string `json:"city,omitempty"`
	Country   string `json:"country,omitempty"` // ISO 3166-1 alpha-2
	State     string `json:"state,omitempty"`
	PostCode  string `json:"post_code,omitempty"`
}

// Method is the chosen means of payment as it may be stored: a card only by its
// first six and last four digits.
type Method struct {
	Type     MethodType `json:"type,omitempty"`
	Operator string     `json:"operator,omitempty"` // id from phone.Operators
	Phone    string     `json:"phone,omitempty"`    // E.164
	Card     CardMask   `json:"card,omitzero"`
}

// ActionType is what must happen next for a transaction to go on.
type ActionType string

// The action types of the native API.
const (
	ApproveOnPhone ActionType = "approve_on_phone"
	Redirect       ActionType = "redirect"
	EnterOTP       ActionType = "enter_otp"
	ShowCode       ActionType = "show_code"
)

// NextAction tells the customer's side what to do.
type NextAction struct {
	Type      ActionType `json:"type,omitempty"`
	URL       string     `json:"url,omitempty"`
	Code      string     `json:"code,omitempty"`
	ExpiresAt time.Time  `json:"expires_at,omitzero"`
}

// RequiresAction reports whether the action makes the status requires_action;
// approving on a phone and showing a code happen elsewhere and are pending.
func (a NextAction) RequiresAction() bool { return a.Type == Redirect || a.Type == EnterOTP }

// Transaction is one movement of money and everything a merchant may know of it.
// Times are UTC. Each event keeps a copy as JSON under the fields' names, without
// what is empty: two a payment are a good part of what a payment takes on disk.
type Transaction struct {
	ID         string
	MerchantID string
	Mode       Mode
	Kind       Kind
	Status     Status

	// Front is the dialect it entered through, Account the merchant's account
	// there ("" natively), Reference the merchant's own id, unique per merchant,
	// mode, front, account and kind.
	Front     string `json:",omitzero"`
	Account   string `json:",omitzero"`
	Reference string `json:",omitzero"`
	// FrontReference is the id that the dialect itself gave ("" natively),
	// unique per merchant, mode and front.
	FrontReference string `json:",omitzero"`
	// FrontData is what the dialect must remember of the request: URL codes,
	// free text, notification addresses. Never a secret.
	FrontData map[string]string `json:",omitzero"`

	Amount      money.Amount
	Description string   `json:",omitzero"`
	Customer    Customer `json:",omitzero"`
	Method      Method   `json:",omitzero"`
	FeeBearer   Bearer   `json:",omitzero"`
	Fees        money.Amount
	ReturnURL   string            `json:",omitzero"`
	Metadata    map[string]string `json:",omitzero"`
	// Pinned is the connection that the merchant named ("" lets the routes choose).
	Pinned string `json:",omitzero"`

	NextAction NextAction `json:",omitzero"`
	Failure    Failure    `json:",omitzero"`
	// Connection, Provider and ProviderReference belong to the attempt that counts.
	Connection        string `json:",omitzero"`
	Provider          string `json:",omitzero"`
	ProviderReference string `json:",omitzero"`
	// PaidVia names the means the provider reports, when the customer chose it
	// there; of a refund it is ViaPayout where its provider has no refund of its own.
	PaidVia string `json:",omitzero"`

	// Parent is the payment that a refund gives back.
	Parent string `json:",omitzero"`
	// Refunded is how much of a succeeded payment succeeded or open refunds take, minor units.
	Refunded int64 `json:",omitzero"`

	Checkout Checkout `json:",omitzero"`

	// Erased: its personal data was taken out of it, and does not come back.
	Erased bool `json:",omitzero"`

	// Submitted: a provider may know of it. From then on our own clock ends nothing.
	Submitted bool `json:",omitzero"`
	// Late: it succeeded after it had been final otherwise.
	Late bool `json:",omitzero"`
	// Overdue: pending for longer than its provider allows; shown and alerted.
	Overdue bool `json:",omitzero"`
	// Alert says what a person must look at: a contradiction, an amount that
	// differs, a second success.
	Alert string `json:",omitzero"`
	// NoticeCopies is how often each notification to the merchant is sent: 1,
	// except for the sandbox numbers that double or lose it. Test mode only.
	NoticeCopies int `json:",omitzero"`
	// Attempts counts submissions; Sequence counts events. PaidAttempt is the
	// attempt that made it succeed, 0 while none has.
	Attempts    int   `json:",omitzero"`
	PaidAttempt int   `json:",omitzero"`
	Sequence    int64 `json:",omitzero"`
	// Untold: it is known that none of its events was owed to anybody yet.
	Untold bool `json:",omitzero"`

	CreatedAt   time.Time `json:",omitzero"`
	UpdatedAt   time.Time `json:",omitzero"`
	CompletedAt time.Time `json:",omitzero"`
	// ExpiresAt ends a checkout that nobody used.
	ExpiresAt time.Time `json:",omitzero"`
	// NextCheckAt is when the transaction owes work; zero owes none.
	NextCheckAt time.Time `json:",omitzero"`
	// Checks counts status checks since the last news.
	Checks int `json:",omitzero"`
	// Version guards updates: who read an older one must read again.
	Version int64
}

// Checkout is the hosted page of a transaction. Every transaction has a token;
// only those without a complete method, or with a step in the browser, use it.
type Checkout struct {
	Token string `json:"token,omitempty"`
	// Methods the page offers; empty offers all that the rail takes.
	Methods []MethodType `json:"methods,omitempty"`
	// LockedPhone is an E.164 number that the payer may not change.
	LockedPhone string `json:"locked_phone,omitempty"`
	// Retry lets a refused payer try again after definite failure.
	Retry bool `json:"retry,omitempty"`
	// Push submits to LockedPhone as soon as the page is opened.
	Push bool `json:"push,omitempty"`
	// Language of the page, "fr" or "en"; empty follows the browser.
	Language string `json:"language,omitempty"`
	// Returns tells where the browser goes at the end, by status; a status that
	// is absent falls back to failed, then to succeeded.
	Returns map[Status]Return `json:"returns,omitempty"`
}

// ReturnID as the value of a return field stands for the transaction's id,
// which whoever asks for the transaction can't know yet.
const ReturnID = "{id}"

// Return is the way back to the shop.
type Return struct {
	URL    string `json:"url"`
	Method string `json:"method,omitempty"` // GET (default) or POST
	// Fields go into the query (GET) or the form (POST).
	Fields map[string]string `json:"fields,omitempty"`
}

// ReturnFor gives the way back for a status, and whether there is one.
func (c Checkout) ReturnFor(s Status) (Return, bool) {
	for _, key := range []Status{s, StatusFailed, StatusSucceeded} {
		if r, ok := c.Returns[key]; ok && r.URL != "" {
			return r, true
		}
	}
	return Return{}, false
}

// AttemptStatus is what we know of one submission.
type AttemptStatus string

// The attempt statuses.
const (
	AttemptSubmitting AttemptStatus = "submitting" // recorded; the provider may or may not have it
	AttemptPending    AttemptStatus = "pending"    // the provider has it
	AttemptUnknown    AttemptStatus = "unknown"    // sent, and nobody knows
	AttemptSucceeded  AttemptStatus = "succeeded"
	AttemptFailed     AttemptStatus = "failed"
)

// Attempt is one submission of a transaction to one connection.
type Attempt struct {
	MerchantID    string
	TransactionID string
	Number        int // from 1
	Connection    string
	Provider      string
	Status        AttemptStatus
	// Reference is ours, in the provider's alphabet, and unique at the provider.
	Reference         string
	ProviderReference string
	// Data is what the connector must remember (a token, a page). Never a secret.
	Data    map[string]string
	Failure Failure
	// Prompted: the customer could have been asked for a PIN. Unknown counts as yes.
	Prompted bool
	// HintFailed: a notification said "not paid" before any check did.
	HintFailed bool
	// HintPaid: a notification said "paid".
	HintPaid bool
	// HintedAt is when a notification last spoke of the attempt.
	HintedAt time.Time
	// Absent counts the provider's answers "I don't know this reference", since AbsentSince.
	Absent      int
	AbsentSince time.Time
	// LeaseUntil is how long the submitting process may still be at it.
	LeaseUntil time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
}
