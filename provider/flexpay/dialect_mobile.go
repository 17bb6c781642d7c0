package flexpay

import (
	"context"
	"net/http"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// The names of the operations that are not a card's alone.
const (
	opMobile = "paymentService"
	opPayout = "merchantPayOutService"
)

// The required fields, in the order of the document's table. Phone is, unless
// the payment is by card.
var (
	mobileRequired = []string{"merchant", "type", "reference", "phone", "amount", "currency", "callbackUrl"}
	byCardRequired = []string{"merchant", "type", "reference", "amount", "currency", "callbackUrl"}
)

// mobileAnswer is every answer of paymentService. Clients compare code with "0".
type mobileAnswer struct {
	Code              string  `json:"code"`
	Message           string  `json:"message"`
	OrderNumber       *string `json:"orderNumber"`
	Reference         *string `json:"reference"`
	ProviderReference *string `json:"provider_reference"`
	URL               *string `json:"url"`
}

// payoutAnswer is every answer of merchantPayOutService.
type payoutAnswer struct {
	Code        string  `json:"code"`
	Message     string  `json:"message"`
	OrderNumber *string `json:"orderNumber"`
}

// serveMobile serves paymentService. A payment that fails at once was taken all
// the same: its reference is used, and its end is told like any other.
func serveMobile(d *dialect, w http.ResponseWriter, r *http.Request, c call) {
	byCard := c.params.text("type") == typeCard
	tx, refused := d.createMobile(r.Context(), c, byCard)
	switch {
	case refused != nil && refused.status != 0:
		writeError(w, refused)
	case refused != nil:
		writeJSON(w, http.StatusOK, mobileAnswer{Code: codeNo, Message: refused.message})
	case byCard:
		address := d.gw.CheckoutURL(tx.Checkout.Token)
		writeJSON(w, http.StatusOK, mobileAnswer{Code: codeOK, Message: messageRedirect, OrderNumber: &tx.FrontReference, URL: &address})
	default:
		writeJSON(w, http.StatusOK, mobileAnswer{Code: codeOK, Message: messagePush, OrderNumber: &tx.FrontReference})
	}
}

func (d *dialect) createMobile(ctx context.Context, c call, byCard bool) (pay.Transaction, *refusal) {
	required := mobileRequired
	if byCard {
		required = byCardRequired
	}
	request, refused := d.order(ctx, c, opMobile, pay.Payment, required)
	switch {
	case refused != nil:
		return pay.Transaction{}, refused
	case byCard:
		return d.create(ctx, c, onCardPage(request, c))
	case c.params.text("type") != typeMobile:
		return pay.Transaction{}, refuse(messageType)
	}
	if refused := toPhone(&request, c); refused != nil {
		return pay.Transaction{}, refused
	}
	return d.create(ctx, c, request)
}

// toPhone directs a request to the phone that it names.
func toPhone(request *provider.Request, c call) *refusal {
	n, operator, ok := readPhone(c.params.text("phone"))
	if !ok {
		return refuse(messagePhone)
	}
	request.Method = pay.Method{Type: pay.MobileMoney, Operator: operator, Phone: n.E164()}
	request.Customer.Phone = n.E164()
	request.NewFrontReference = func() string { return newOrderNumber(n.Digits()) }
	// The answer has no page for the payer to go to.
	request.Push = request.Kind == pay.Payment
	return nil
}

// servePayout serves merchantPayOutService.
func servePayout(d *dialect, w http.ResponseWriter, r *http.Request, c call) {
	tx, refused := d.createPayout(r.Context(), c)
	switch {
	case refused != nil && refused.status != 0:
		writeError(w, refused)
	case refused != nil:
		writeJSON(w, http.StatusOK, payoutAnswer{Code: codeNo, Message: refused.message})
	default:
		writeJSON(w, http.StatusOK, payoutAnswer{Code: codeOK, Message: messagePayout, OrderNumber: &tx.FrontReference})
	}
}

func (d *dialect) createPayout(ctx context.Context, c call) (pay.Transaction, *refusal) {
	request, refused := d.order(ctx, c, opPayout, pay.Payout, mobileRequired)
	switch {
	case refused != nil:
		return pay.Transaction{}, refused
	case c.params.text("type") != typeMobile:
		return pay.Transaction{}, refuse(messageType)
	}
	if refused := toPhone(&request, c); refused != nil {
		return pay.Transaction{}, refused
	}
	return d.create(ctx, c, request)
}
