package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// maxControl bounds the body of a control request, in bytes.
const maxControl = 64 << 10

// Checkouts is what the control API needs of the gateway to act as the customer
// on a hosted page.
type Checkouts interface {
	Checkout(ctx context.Context, token string) (pay.Transaction, error)
	PayCheckout(ctx context.Context, token string, choice gateway.Choice) (pay.Transaction, error)
	Challenge(ctx context.Context, token string, approve bool) (pay.Transaction, error)
	Confirm(ctx context.Context, c provider.Caller, id string, otp pay.Secret) (pay.Transaction, error)
	Cancel(ctx context.Context, c provider.Caller, id string) (pay.Transaction, error)
}

var _ Checkouts = (*gateway.Gateway)(nil)

// control is the handler under /sandbox.
type control struct {
	*Sandbox
	checkouts Checkouts
}

// Handler serves /sandbox and everything under it. It knows test transactions only.
func (s *Sandbox) Handler(checkouts Checkouts) http.Handler {
	c := control{s, checkouts}
	// The sandbox has no login, so a page elsewhere must not press its buttons.
	guarded := http.NewServeMux()
	guarded.HandleFunc("GET /sandbox", c.showIndex)
	guarded.HandleFunc("GET /sandbox/{$}", c.showIndex)
	guarded.HandleFunc("GET /sandbox/static/{file}", c.serveStatic)
	guarded.HandleFunc("GET /sandbox/open", c.openPhone)
	guarded.HandleFunc("POST /sandbox/empty", c.emptyInbox)
	guarded.HandleFunc("POST /sandbox/faults", c.pressFault)
	guarded.HandleFunc("POST /sandbox/phones/{msisdn}/{answer}", c.pressButton)
	guarded.HandleFunc("POST /sandbox/v1/checkouts/{token}/pay", c.payCheckout)
	guarded.HandleFunc("POST /sandbox/v1/checkouts/{token}/challenge", c.answerChallenge)
	guarded.HandleFunc("POST /sandbox/v1/checkouts/{token}/otp", c.enterOTP)
	guarded.HandleFunc("POST /sandbox/v1/checkouts/{token}/cancel", c.cancelCheckout)
	guarded.HandleFunc("GET /sandbox/v1/phones", c.listPhones)
	guarded.HandleFunc("GET /sandbox/v1/phones/{msisdn}", c.getPhone)
	guarded.HandleFunc("POST /sandbox/v1/phones/{msisdn}/approve", c.approve)
	guarded.HandleFunc("POST /sandbox/v1/phones/{msisdn}/decline", c.decline)
	guarded.HandleFunc("POST /sandbox/v1/phones/{msisdn}/expire", c.expire)
	guarded.HandleFunc("GET /sandbox/v1/inbox", c.listInbox)
	guarded.HandleFunc("DELETE /sandbox/v1/inbox", c.clearInbox)
	guarded.HandleFunc("GET /sandbox/v1/faults", c.listFaults)
	guarded.HandleFunc("POST /sandbox/v1/faults", c.armFault)
	guarded.HandleFunc("DELETE /sandbox/v1/faults", c.disarmFaults)
	guarded.HandleFunc("DELETE /sandbox/v1/faults/{id}", c.disarmFault)
	guarded.HandleFunc("/sandbox/v1/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusNotFound, pay.CodeNotFound, "", "no such operation of the sandbox")
	})

	mux := http.NewServeMux()
	// These two are reached from other sites by design: shops and providers
	// notify the one, and send browsers to the other.
	mux.HandleFunc("/sandbox/inbox/", c.receive)
	mux.HandleFunc("/sandbox/return", c.showReturn)
	mux.Handle("/", http.NewCrossOriginProtection().Handler(guarded))
	return mux
}

// outcome is what the control API says of a transaction.
type outcome struct {
	Payment    string       `json:"payment"`
	Status     pay.Status   `json:"status"`
	NextAction *action      `json:"next_action,omitempty"`
	Failure    *pay.Failure `json:"failure,omitempty"`
}

type action struct {
	Type pay.ActionType `json:"type"`
	URL  string         `json:"url,omitempty"`
	Code string         `json:"code,omitempty"`
}

func outcomeOf(t pay.Transaction) outcome {
	o := outcome{Payment: t.ID, Status: t.Status}
	if t.NextAction.Type != "" {
		o.NextAction = &action{t.NextAction.Type, t.NextAction.URL, t.NextAction.Code}
	}
	if !t.Failure.IsZero() {
		o.Failure = &t.Failure
	}
	return o
}

// test finds the transaction of a token, if it is a test one.
func (c control) test(r *http.Request) (pay.Transaction, error) {
	t, err := c.checkouts.Checkout(r.Context(), r.PathValue("token"))
	if err == nil && t.Mode != pay.Test {
		return pay.Transaction{}, pay.NotFound("checkout")
	}
	return t, err
}

// choiceBody is what a customer types on a hosted page.
type choiceBody struct {
	Method   string     `json:"method"`
	Operator string     `json:"operator"`
	Phone    string     `json:"phone"`
	Number   pay.Secret `json:"number"`
	Expiry   string     `json:"expiry"`
	CVV      pay.Secret `json:"cvv"`
	OTP      pay.Secret `json:"otp"`
}

func (c control) payCheckout(w http.ResponseWriter, r *http.Request) {
	var body choiceBody
	err := readJSON(w, r, &body)
	var t pay.Transaction
	if err == nil {
		t, err = c.test(r)
	}
	if err == nil {
		t, err = c.choose(r.Context(), t, body)
	}
	c.answer(w, r, http.StatusAccepted, t, err)
}

func (c control) choose(ctx context.Context, t pay.Transaction, body choiceBody) (pay.Transaction, error) {
	choice := gateway.Choice{
		Method: pay.MethodType(body.Method), Operator: body.Operator, Phone: body.Phone, OTP: body.OTP,
	}
	if choice.Method == pay.CardMethod {
		card, err := pay.ParseCard(body.Number.Reveal(), body.Expiry, body.CVV.Reveal(), c.now())
		if err != nil {
			return t, err
		}
		choice.Card = &card
	}
	return c.checkouts.PayCheckout(ctx, t.Checkout.Token, choice)
}

func (c control) answerChallenge(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Approve *bool `json:"approve"`
	}
	err := readJSON(w, r, &body)
	if err == nil && body.Approve == nil {
		err = pay.Invalid("approve", "approve is true or false")
	}
	var t pay.Transaction
	if err == nil {
		t, err = c.test(r)
	}
	if err == nil {
		t, err = c.checkouts.Challenge(r.Context(), t.Checkout.Token, *body.Approve)
	}
	c.answer(w, r, http.StatusOK, t, err)
}

func (c control) enterOTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		OTP pay.Secret `json:"otp"`
	}
	err := readJSON(w, r, &body)
	var t pay.Transaction
	if err == nil {
		t, err = c.test(r)
	}
	if err == nil {
		t, err = c.checkouts.Confirm(r.Context(), owner(t), t.ID, body.OTP)
	}
	c.answer(w, r, http.StatusOK, t, err)
}

func (c control) cancelCheckout(w http.ResponseWriter, r *http.Request) {
	t, err := c.test(r)
	if err == nil {
		t, err = c.checkouts.Cancel(r.Context(), owner(t), t.ID)
	}
	c.answer(w, r, http.StatusOK, t, err)
}

// owner is the caller that may see a transaction: whoever holds its page's
// token acts for its customer.
func owner(t pay.Transaction) provider.Caller {
	return provider.Caller{MerchantID: t.MerchantID, Mode: t.Mode, Front: pay.NativeFront}
}

func (c control) answer(w http.ResponseWriter, r *http.Request, status int, t pay.Transaction, err error) {
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	writeJSON(w, status, outcomeOf(t))
}

func (c control) listPhones(w http.ResponseWriter, r *http.Request) {
	list, err := c.Phones(r.Context())
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"phones": list})
}

func (c control) getPhone(w http.ResponseWriter, r *http.Request) {
	p, err := c.Phone(r.Context(), r.PathValue("msisdn"))
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, p)
}

func (c control) approve(w http.ResponseWriter, r *http.Request) {
	c.press(w, r, c.Approve)
}

func (c control) decline(w http.ResponseWriter, r *http.Request) {
	c.press(w, r, c.Decline)
}

func (c control) expire(w http.ResponseWriter, r *http.Request) {
	c.press(w, r, c.Expire)
}

func (c control) press(w http.ResponseWriter, r *http.Request, button func(context.Context, string) (Entry, error)) {
	e, err := button(r.Context(), r.PathValue("msisdn"))
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, e)
}

// readJSON reads one small JSON object. Its refusal never quotes the body.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
	if err := d.Decode(v); err != nil {
		return badJSON()
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badJSON()
	}
	return nil
}
