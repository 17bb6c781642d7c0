package gateway

import (
	"context"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// Choice is what a customer chose and typed on the hosted page.
type Choice struct {
	Method   pay.MethodType
	Operator string
	Phone    string
	Card     *pay.Card
	OTP      pay.Secret
	Browser  map[string]string
}

// Checkout reads the transaction of a hosted page.
func (g *Gateway) Checkout(ctx context.Context, token string) (pay.Transaction, error) {
	return store.TransactionByToken(ctx, g.Store.Read(), token)
}

// PayCheckout submits what the customer chose on the hosted page. A page is used
// once; where its transaction allows another try, only after definite failure.
func (g *Gateway) PayCheckout(ctx context.Context, token string, choice Choice) (pay.Transaction, error) {
	t, err := g.Checkout(ctx, token)
	if err != nil {
		return t, err
	}
	if err := g.usable(ctx, t); err != nil {
		return t, err
	}
	req := provider.Request{
		Kind: pay.Payment, Amount: t.Amount, Reference: t.Reference, Customer: t.Customer,
		Method: pay.Method{Type: choice.Method, Operator: choice.Operator, Phone: choice.Phone},
		Card:   choice.Card, OTP: choice.OTP, Browser: choice.Browser,
	}
	if req.Method.Type != pay.CardMethod && t.Checkout.LockedPhone != "" {
		req.Method.Phone = t.Checkout.LockedPhone
	}
	if err := localPhone(&req.Method, t); err != nil {
		return t, err
	}
	if req.Method.Type == "" {
		return t, pay.Invalid("method", "the method is mobile_money, card or wallet")
	}
	if !offered(t.Checkout, req.Method.Type) {
		return t, pay.Invalid("method", "this page does not offer that method")
	}
	if err := checkMethod(&req); err != nil {
		return t, err
	}
	t.Method = req.Method
	rails, err := g.rails(ctx, t, req)
	if err != nil {
		return t, err
	}
	return g.resume(ctx, t, rails, typedIn{card: req.Card, otp: req.OTP, browser: req.Browser})
}

// localPhone reads a number as the page's customer writes it: in the country
// that the operator, else the customer, is known to be in.
func localPhone(m *pay.Method, t pay.Transaction) error {
	if m.Phone == "" || m.Type == pay.CardMethod {
		return nil
	}
	country := t.Customer.Country
	if op, ok := phone.OperatorByID(m.Operator); ok {
		country = op.Country
	}
	if country == "" {
		if n, err := phone.Parse(t.Customer.Phone, ""); err == nil {
			country = n.Country()
		}
	}
	n, err := phone.Parse(m.Phone, country)
	if err != nil {
		return pay.InvalidAs(pay.CodeInvalidPhone, "phone", "the phone number is not valid")
	}
	m.Phone = n.E164()
	return nil
}

// usable tells whether a page may still submit.
func (g *Gateway) usable(ctx context.Context, t pay.Transaction) error {
	switch {
	case t.Status == pay.StatusExpired || !t.ExpiresAt.IsZero() && !g.Now().Before(t.ExpiresAt):
		return pay.Conflict(pay.CodeCheckoutExpired, "this payment page has expired")
	case t.Status != pay.StatusRequiresAction:
		return pay.Conflict(pay.CodeCheckoutUsed, "this payment page has been used")
	}
	attempts, err := store.Attempts(ctx, g.Store.Read(), t.MerchantID, t.ID)
	if err != nil {
		return err
	}
	if open(attempts) {
		return pay.Conflict(pay.CodeCheckoutUsed, "this payment is already on its way")
	}
	return nil
}

// resume opens the next attempt of a recorded transaction and submits it. Two
// submits of one page race for the transaction's version; one wins.
func (g *Gateway) resume(ctx context.Context, t pay.Transaction, rails []rail, typed typedIn) (pay.Transaction, error) {
	if err := g.price(ctx, &t); err != nil {
		return t, err
	}
	method, fees, bearer := t.Method, t.Fees, t.FeeBearer
	var a pay.Attempt
	var now pay.Transaction
	news, err := g.telling(ctx, t.MerchantID)
	if err != nil {
		return t, err
	}
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		news.reset()
		k, err := readKnown(ctx, tx.Queries, t.MerchantID, t.ID)
		if err != nil {
			return err
		}
		now = k.t
		if now.Attempts != t.Attempts || now.Status != pay.StatusRequiresAction || open(k.attempts) {
			return pay.Conflict(pay.CodeCheckoutUsed, "this payment is already on its way")
		}
		now.Method, now.Fees, now.FeeBearer = method, fees, bearer
		now.Failure = pay.Failure{}
		a = g.nextAttempt(&now, rails[0])
		now.UpdatedAt = a.CreatedAt
		news.plan(&now, string(pay.StatusPending))
		if err := store.SaveTransaction(ctx, tx.Queries, &now); err != nil {
			return err // before the attempt, whose key would collide where this is stale
		}
		if err := store.InsertAttempt(ctx, tx.Queries, a); err != nil {
			return err
		}
		return news.tell(ctx, tx.Queries, now, string(pay.StatusPending))
	})
	news.done(err)
	if err != nil && !g.landed(ctx, now, &a, err) {
		return t, err
	}
	g.waiters.wake(t.ID)
	return g.submitAndWait(ctx, now, a, rails, typed, answerWithin)
}

// Open pushes the prompt to the locked phone of a page that asks nothing, once;
// opening it again changes nothing.
func (g *Gateway) Open(ctx context.Context, token string) (pay.Transaction, error) {
	t, err := g.Checkout(ctx, token)
	if err != nil || !t.Checkout.Push || t.Submitted || t.Status.Final() {
		return t, err
	}
	settled, err := g.PayCheckout(ctx, token, Choice{Method: pay.MobileMoney, Phone: t.Checkout.LockedPhone})
	if err != nil && pay.KindOf(err) == pay.KindConflict {
		return g.Checkout(ctx, token)
	}
	return settled, err
}

// Returned tells that the browser came back from a provider's page: a hint to
// ask for the status now.
func (g *Gateway) Returned(ctx context.Context, token string) (pay.Transaction, error) {
	t, err := g.Checkout(ctx, token)
	if err != nil || t.Status.Final() {
		return t, err
	}
	return g.checkLast(ctx, t)
}
