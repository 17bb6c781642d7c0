package api

import (
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/pay"
)

// transaction is a payment, payout or refund as merchants see it.
type transaction struct {
	ID          string            `json:"id" example:"pay_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge"`
	Kind        kind              `json:"kind" example:"payment"`
	Mode        pay.Mode          `json:"mode" enum:"test,live" example:"test"`
	Front       string            `json:"front" example:"native" doc:"The API it entered through: native, or a provider's"`
	Status      status            `json:"status" example:"pending" doc:"An outcome that nobody knows yet is pending, never failed"`
	Amount      int64             `json:"amount" example:"15000" doc:"In the currency's ISO 4217 minor unit"`
	Currency    currency          `json:"currency" example:"XAF"`
	Reference   string            `json:"reference" example:"order-1042" doc:"The merchant's own id"`
	Description string            `json:"description,omitempty"`
	Customer    customer          `json:"customer"`
	Method      *method           `json:"method" doc:"null until the customer has chosen"`
	NextAction  *nextAction       `json:"next_action" doc:"What must happen next; null when nothing has to"`
	Failure     *failure          `json:"failure" doc:"Why it failed, or why the last try on the hosted page did"`
	Fees        fees              `json:"fees"`
	Provider    *providerRef      `json:"provider" doc:"Who carries it; null until it is sent"`
	Refunded    int64             `json:"refunded" example:"0" doc:"How much of a payment its refunds take"`
	Payment     string            `json:"payment,omitempty" doc:"The payment a refund gives back"`
	Via         string            `json:"via,omitempty" example:"provider" doc:"How a refund goes back: by the provider's own refund, or by a payout to the payer where it has none"`
	Batch       string            `json:"batch,omitempty" doc:"The batch a payout belongs to"`
	PaymentLink string            `json:"payment_link,omitempty" doc:"The link a payment was made through"`
	Late        bool              `json:"late" doc:"It succeeded after it had been reported otherwise"`
	Overdue     bool              `json:"overdue" doc:"It is pending for longer than its provider allows; we keep asking"`
	Metadata    map[string]string `json:"metadata"`
	ReturnURL   string            `json:"return_url,omitempty"`
	CheckoutURL string            `json:"checkout_url,omitempty" doc:"The hosted page, while it can be used"`
	Sequence    int64             `json:"sequence" example:"2" doc:"How many events it has had"`
	CreatedAt   time.Time         `json:"created_at" example:"2026-11-21T08:00:00Z"`
	UpdatedAt   time.Time         `json:"updated_at" example:"2026-11-21T08:00:03Z"`
	CompletedAt *time.Time        `json:"completed_at" example:"2026-11-21T08:00:03Z"`
	ExpiresAt   *time.Time        `json:"expires_at" example:"2026-11-22T08:00:00Z" doc:"When the hosted page ends if nobody uses it"`
}

// TransformSchema documents what may be null.
func (transaction) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return orNull(s, "method", "next_action", "failure", "provider", "completed_at", "expires_at")
}

type customer struct {
	Name      string `json:"name,omitempty" example:"Awa Ndong"`
	GivenName string `json:"given_name,omitempty"`
	Email     string `json:"email,omitempty" example:"awa@example.com"`
	Phone     string `json:"phone,omitempty" example:"+24177000100" doc:"E.164"`
	Address   string `json:"address,omitempty"`
	City      string `json:"city,omitempty"`
	Country   string `json:"country,omitempty" example:"GA" doc:"ISO 3166-1 alpha-2"`
	State     string `json:"state,omitempty"`
	PostCode  string `json:"post_code,omitempty"`
}

type method struct {
	Type     methodType `json:"type" example:"mobile_money"`
	Operator string     `json:"operator,omitempty" example:"airtel_ga"`
	Phone    string     `json:"phone,omitempty" example:"+24177000100"`
	Card     *card      `json:"card,omitempty"`
}

// card is all that is ever told of one.
type card struct {
	First6 string `json:"first6" example:"424242"`
	Last4  string `json:"last4" example:"4242"`
	Brand  string `json:"brand,omitempty" example:"visa"`
}

type nextAction struct {
	Type      actionType `json:"type" example:"approve_on_phone"`
	URL       string     `json:"url,omitempty" doc:"Where to send the customer's browser (redirect)"`
	Code      string     `json:"code,omitempty" doc:"What to show the customer (show_code)"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

type failure struct {
	Reason       reason `json:"reason" example:"insufficient_funds"`
	Message      string `json:"message" example:"the balance is too low"`
	ProviderCode string `json:"provider_code" doc:"The provider's own code, as it gave it"`
}

type fees struct {
	Amount
	Bearer bearer `json:"bearer,omitempty" example:"merchant" doc:"Who pays them; absent until they are known"`
}

type providerRef struct {
	Name       string `json:"name" example:"sandbox"`
	Connection string `json:"connection" example:"con_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge"`
	Reference  string `json:"reference" doc:"The provider's own id; empty until it gave one"`
}

// Render gives the public shape of a transaction: what answers, events and
// webhooks carry.
func Render(t pay.Transaction) (any, error) { return render(t), nil }

func render(t pay.Transaction) transaction {
	v := transaction{
		ID: t.ID, Kind: kind(t.Kind), Mode: t.Mode, Front: t.Front, Status: status(t.Status),
		Amount: t.Amount.Minor, Currency: currency(t.Amount.Currency), Reference: t.Reference,
		Description: t.Description, Customer: customer(t.Customer), Method: renderMethod(t.Method),
		NextAction: renderAction(t.NextAction), Failure: renderFailure(t.Failure),
		Fees:     fees{Amount{t.Fees.Minor, currency(t.Amount.Currency)}, bearer(t.FeeBearer)},
		Provider: renderProvider(t), Refunded: t.Refunded, Late: t.Late, Overdue: t.Overdue,
		Metadata: t.Metadata, ReturnURL: t.ReturnURL, CheckoutURL: checkoutURL(t), Sequence: t.Sequence,
		CreatedAt: instant(t.CreatedAt), UpdatedAt: instant(t.UpdatedAt),
		CompletedAt: instantOrNull(t.CompletedAt), ExpiresAt: instantOrNull(t.ExpiresAt),
	}
	if v.Metadata == nil {
		v.Metadata = map[string]string{}
	}
	switch t.Kind {
	case pay.Refund:
		v.Payment, v.Via = t.Parent, "provider"
		if t.PaidVia == pay.ViaPayout {
			v.Via = pay.ViaPayout
		}
	case pay.Payout:
		v.Batch = t.Parent
	case pay.Payment:
		if isLink(t) {
			v.PaymentLink = linkID(t)
		}
	}
	return v
}

func renderMethod(m pay.Method) *method {
	if m.Type == "" {
		return nil
	}
	v := &method{Type: methodType(m.Type), Operator: m.Operator, Phone: m.Phone}
	if !m.Card.IsZero() {
		v.Card = &card{First6: m.Card.First6, Last4: m.Card.Last4, Brand: m.Card.Brand}
	}
	return v
}

func renderAction(a pay.NextAction) *nextAction {
	if a.Type == "" {
		return nil
	}
	return &nextAction{Type: actionType(a.Type), URL: a.URL, Code: a.Code, ExpiresAt: instantOrNull(a.ExpiresAt)}
}

func renderFailure(f pay.Failure) *failure {
	if f.IsZero() {
		return nil
	}
	return &failure{Reason: reason(f.Reason), Message: f.Message, ProviderCode: f.ProviderCode}
}

func renderProvider(t pay.Transaction) *providerRef {
	if t.Provider == "" {
		return nil
	}
	return &providerRef{Name: t.Provider, Connection: t.Connection, Reference: t.ProviderReference}
}

// checkoutURL is the hosted page while the customer is expected there. A
// redirect to the provider's own page is none of ours.
func checkoutURL(t pay.Transaction) string {
	if t.NextAction.Type == pay.Redirect && t.Checkout.Token != "" && strings.HasSuffix(t.NextAction.URL, "/pay/"+t.Checkout.Token) {
		return t.NextAction.URL
	}
	return ""
}

// instant is a moment as the store keeps it, so that an answer and a later
// reading agree.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func instantOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = instant(t)
	return &t
}
