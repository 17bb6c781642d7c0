package gateway

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// answerWithin is how long a caller waits for the provider before it hears pending.
	answerWithin = 10 * time.Second
	// checkoutLife ends a hosted page that nobody used.
	checkoutLife = 24 * time.Hour
	// maxReference bounds a merchant's reference, in bytes.
	maxReference = 255
	// maxAmount bounds one transaction, in minor units: far above what operators
	// carry, and so far below what a sum can hold that no books overflow.
	maxAmount = 1_000_000_000_000
	// maxOpening bounds what lies at a provider when its connection is made.
	maxOpening = 1000 * maxAmount
)

// Create records a transaction and, when its method is complete, submits it. It
// returns the transaction as it stands once the provider has answered, or after
// ten seconds (or the request's own wait) without an answer. Refusals are
// *pay.Error and record nothing.
func (g *Gateway) Create(ctx context.Context, c provider.Caller, req provider.Request) (pay.Transaction, error) {
	return g.CreateOnce(ctx, c, req, nil)
}

// CreateOnce is Create with an idempotency claim, written in the same commit.
func (g *Gateway) CreateOnce(ctx context.Context, c provider.Caller, req provider.Request, claim *Claim) (pay.Transaction, error) {
	if req.Kind == pay.Refund {
		return g.RefundPayment(ctx, c, req, claim)
	}
	if err := g.check(c, &req); err != nil {
		return pay.Transaction{}, err
	}
	t := g.draft(c, req)
	var rails []rail
	if t.Method.Type != "" {
		var err error
		if rails, err = g.rails(ctx, t, req); err != nil {
			return pay.Transaction{}, err
		}
	} else if err := g.anyRail(ctx, t); err != nil {
		return pay.Transaction{}, err
	}
	return g.start(ctx, t, req, rails, claim)
}

// start records the draft and submits it to the first rail.
func (g *Gateway) start(ctx context.Context, t pay.Transaction, req provider.Request, rails []rail, claim *Claim) (pay.Transaction, error) {
	if err := g.price(ctx, &t); err != nil {
		return pay.Transaction{}, err
	}
	if len(rails) == 0 { // what is charged is told now, and anew once the operator is known
		t = g.awaitCustomer(t)
		return g.record(ctx, t, nil, req.NewFrontReference, claim)
	}
	a := g.nextAttempt(&t, rails[0])
	t, err := g.record(ctx, t, &a, req.NewFrontReference, claim)
	if err != nil {
		return pay.Transaction{}, err
	}
	wait := req.Wait
	if wait == 0 {
		wait = answerWithin
	}
	typed := typedIn{card: req.Card, otp: req.OTP, browser: req.Browser}
	return g.submitAndWait(ctx, t, a, rails, typed, wait)
}

// check refuses what no rail could make sense of and tidies the request.
func (g *Gateway) check(c provider.Caller, req *provider.Request) error {
	if req.Kind == "" {
		req.Kind = pay.Payment
	}
	if err := g.checkRequest(c, req); err != nil {
		return err
	}
	return checkMethod(req)
}

func (g *Gateway) checkRequest(c provider.Caller, req *provider.Request) error {
	if c.MerchantID == "" || c.Mode == "" || c.Front == "" {
		return fmt.Errorf("create %s: caller is incomplete", req.Kind)
	}
	if err := checkReference(req.Reference); err != nil {
		return err
	}
	switch {
	case !storable(req.Description):
		return pay.Invalid("description", "the description is not valid text")
	case !req.Amount.Currency.Valid():
		return pay.Invalid("currency", "the currency is not supported")
	case !req.Amount.IsPositive():
		return pay.Invalid("amount", "the amount must be above zero")
	case req.Amount.Minor > maxAmount:
		return pay.InvalidAs(pay.CodeAmountTooHigh, "amount", "the amount is above what any operator carries")
	}
	return nil
}

func checkReference(reference string) error {
	switch {
	case strings.TrimSpace(reference) == "":
		return pay.Invalid("reference", "a reference is needed")
	case !printable(reference) || strings.ContainsRune(reference, utf8.RuneError):
		return pay.Invalid("reference", "the reference holds characters that can't be printed")
	case len(reference) > maxReference:
		return pay.Invalid("reference", "the reference is too long")
	}
	return nil
}

// printable reports whether text may be a name of anything here. What is not,
// no row has; PostgreSQL would not even take it for a question.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// storable reports whether every database takes the text as it is.
func storable(text string) bool {
	return utf8.ValidString(text) && !strings.Contains(text, "\x00")
}

// checkMethod completes the method: an operator from the number, a card's mask.
func checkMethod(req *provider.Request) error {
	m := &req.Method
	switch m.Type {
	case "":
		if req.Kind != pay.Payment {
			return pay.Invalid("method", "a payout needs a method")
		}
	case pay.CardMethod:
		if req.Card == nil {
			return pay.Invalid("method.card", "the card is needed")
		}
		m.Card = req.Card.Mask()
	case pay.MobileMoney, pay.Wallet:
		return checkPhone(req)
	default:
		return pay.Invalid("method.type", "the method is mobile_money, card or wallet")
	}
	return nil
}

func checkPhone(req *provider.Request) error {
	m := &req.Method
	if m.Phone == "" {
		m.Phone = req.Customer.Phone
	}
	if m.Phone == "" {
		return pay.Invalid("method.phone", "a phone number is needed")
	}
	n, err := phone.Parse(m.Phone, "")
	if err != nil {
		return pay.InvalidAs(pay.CodeInvalidPhone, "method.phone", "the phone number is not valid in a supported country")
	}
	m.Phone = n.E164()
	if m.Operator == "" {
		if op, ok := phone.Suggest(n); ok {
			m.Operator = op.ID
		}
		return nil
	}
	op, ok := phone.OperatorByID(m.Operator)
	if !ok {
		return pay.Invalid("method.operator", "no such operator")
	}
	if op.Country != n.Country() {
		return pay.Invalid("method.operator", "the operator is not in the phone number's country")
	}
	return nil
}

// draft makes the transaction of a request, not yet recorded.
func (g *Gateway) draft(c provider.Caller, req provider.Request) pay.Transaction {
	now := g.now()
	t := pay.Transaction{
		ID: pay.NewID(pay.PrefixOf(req.Kind), c.MerchantID, now), MerchantID: c.MerchantID, Mode: c.Mode,
		Kind: req.Kind, Status: pay.StatusPending, Front: c.Front, Account: c.Account,
		Reference: req.Reference, FrontData: req.FrontData, Amount: req.Amount,
		Description: req.Description, Customer: req.Customer, Method: req.Method,
		FeeBearer: req.FeeBearer, ReturnURL: req.ReturnURL, Metadata: req.Metadata,
		Pinned: req.Connection, Parent: req.Parent, Checkout: req.Checkout, NoticeCopies: 1,
		CreatedAt: now, UpdatedAt: now,
	}
	t.Fees.Currency = t.Amount.Currency
	if t.Checkout.Token == "" {
		t.Checkout.Token = pay.NewToken(c.MerchantID)
	}
	t.Checkout.Returns = withID(t.Checkout.Returns, t.ID)
	life := req.ExpiresIn
	if life == 0 {
		life = checkoutLife
	}
	if t.Kind == pay.Payment {
		t.ExpiresAt = now.Add(life)
	}
	return t
}

// withID fills the transaction's id into the fields of its ways back.
func withID(ways map[pay.Status]pay.Return, id string) map[pay.Status]pay.Return {
	filled := maps.Clone(ways)
	for st, way := range filled {
		way.Fields = maps.Clone(way.Fields)
		for name, value := range way.Fields {
			if value == pay.ReturnID {
				way.Fields[name] = id
			}
		}
		filled[st] = way
	}
	return filled
}

// awaitCustomer makes a draft wait on its hosted page.
func (g *Gateway) awaitCustomer(t pay.Transaction) pay.Transaction {
	t.Status = pay.StatusRequiresAction
	t.NextAction = pay.NextAction{Type: pay.Redirect, URL: g.CheckoutURL(t.Checkout.Token), ExpiresAt: t.ExpiresAt}
	t.NextCheckAt = t.ExpiresAt
	return t
}

// CheckoutURL is the hosted page of a token.
func (g *Gateway) CheckoutURL(token string) string { return g.PublicURL + "/pay/" + token }
