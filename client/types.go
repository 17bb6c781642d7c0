package client

import "time"

// Statuses of a transaction. An outcome that nobody knows yet is pending.
const (
	StatusRequiresAction = "requires_action"
	StatusPending        = "pending"
	StatusSucceeded      = "succeeded"
	StatusFailed         = "failed"
	StatusCanceled       = "canceled"
	StatusExpired        = "expired"
)

// Types of method and of next action.
const (
	MobileMoney = "mobile_money"
	Card        = "card"
	Wallet      = "wallet"

	ApproveOnPhone = "approve_on_phone"
	Redirect       = "redirect"
	EnterOTP       = "enter_otp"
	ShowCode       = "show_code"
)

// NewTransaction asks for a payment or a payout.
type NewTransaction struct {
	Reference   string       `json:"reference"`
	Amount      int64        `json:"amount"` // minor units
	Currency    string       `json:"currency"`
	Description string       `json:"description,omitempty"`
	Customer    *NewCustomer `json:"customer,omitempty"`
	// Method is nil for a payment whose customer chooses on the hosted checkout.
	Method    *NewMethod        `json:"method,omitempty"`
	ReturnURL string            `json:"return_url,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	// Connection pins the route; empty lets the routes choose.
	Connection string `json:"connection,omitempty"`
	// ExpiresIn ends an unused hosted checkout, in seconds; 0 is a day.
	ExpiresIn int64 `json:"expires_in,omitempty"`
}

// NewCustomer is who pays or is paid. Phone is international, or local with Country.
type NewCustomer struct {
	Name      string `json:"name,omitempty"`
	GivenName string `json:"given_name,omitempty"`
	Email     string `json:"email,omitempty"`
	Phone     string `json:"phone,omitempty"`
	Address   string `json:"address,omitempty"`
	City      string `json:"city,omitempty"`
	Country   string `json:"country,omitempty"`
	State     string `json:"state,omitempty"`
	PostCode  string `json:"post_code,omitempty"`
}

// Customer is who pays or is paid; Phone is E.164.
type Customer NewCustomer

// NewMethod is how to pay. Without Operator the number decides.
type NewMethod struct {
	Type     string   `json:"type"`
	Operator string   `json:"operator,omitempty"`
	Phone    string   `json:"phone,omitempty"`
	Card     *NewCard `json:"card,omitempty"`
}

// NewCard is a card as the customer typed it. It prints as its last four digits.
type NewCard struct {
	Number string `json:"number"`
	Expiry string `json:"expiry"` // MM/YY
	CVV    string `json:"cvv"`
	Holder string `json:"holder,omitempty"`
}

// String tells the last four digits at most.
func (c NewCard) String() string {
	if len(c.Number) < 13 {
		return "card"
	}
	return "card ending in " + c.Number[len(c.Number)-4:]
}

// GoString is String, so that %#v leaks nothing.
func (c NewCard) GoString() string { return c.String() }

// Transaction is a payment, payout or refund.
type Transaction struct {
	ID          string      `json:"id"`
	Kind        string      `json:"kind"` // payment, payout, refund
	Mode        string      `json:"mode"` // test, live
	Front       string      `json:"front"`
	Status      string      `json:"status"`
	Amount      int64       `json:"amount"`
	Currency    string      `json:"currency"`
	Reference   string      `json:"reference"`
	Description string      `json:"description"`
	Customer    Customer    `json:"customer"`
	Method      *Method     `json:"method"`
	NextAction  *NextAction `json:"next_action"`
	Failure     *Failure    `json:"failure"`
	Fees        Fees        `json:"fees"`
	Provider    *Provider   `json:"provider"`
	// Refunded is how much of a payment its refunds take.
	Refunded int64 `json:"refunded"`
	// Payment is what a refund gives back, Batch what a payout belongs to,
	// PaymentLink what a payment was made through.
	Payment     string `json:"payment"`
	Batch       string `json:"batch"`
	PaymentLink string `json:"payment_link"`
	// Late: it succeeded after it had been reported otherwise. Overdue: it is
	// pending for longer than its provider allows.
	Late        bool              `json:"late"`
	Overdue     bool              `json:"overdue"`
	Metadata    map[string]string `json:"metadata"`
	ReturnURL   string            `json:"return_url"`
	CheckoutURL string            `json:"checkout_url"`
	Sequence    int64             `json:"sequence"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
	CompletedAt *time.Time        `json:"completed_at"`
	ExpiresAt   *time.Time        `json:"expires_at"`
}

// Final reports whether the status is an outcome. All but succeeded can still
// become succeeded, late, if the provider proves it.
func (t Transaction) Final() bool {
	switch t.Status {
	case StatusSucceeded, StatusFailed, StatusCanceled, StatusExpired:
		return true
	}
	return false
}

// Method is how it is paid; of a card only what may be shown.
type Method struct {
	Type     string `json:"type"`
	Operator string `json:"operator"`
	Phone    string `json:"phone"`
	Card     *struct {
		First6 string `json:"first6"`
		Last4  string `json:"last4"`
		Brand  string `json:"brand"`
	} `json:"card"`
}

// NextAction is what must happen next.
type NextAction struct {
	Type      string     `json:"type"`
	URL       string     `json:"url"`
	Code      string     `json:"code"`
	ExpiresAt *time.Time `json:"expires_at"`
}

// Failure is why it failed; Reason comes from one list for all providers.
type Failure struct {
	Reason       string `json:"reason"`
	Message      string `json:"message"`
	ProviderCode string `json:"provider_code"`
}

// Fees are what it costs, and who bears them.
type Fees struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Bearer   string `json:"bearer"`
}

// Provider is who carries it.
type Provider struct {
	Name       string `json:"name"`
	Connection string `json:"connection"`
	Reference  string `json:"reference"`
}
