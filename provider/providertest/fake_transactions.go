package providertest

import (
	"context"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// defaultExpiry ends a checkout that nobody used, as the port documents.
const defaultExpiry = 24 * time.Hour

// Create records the request. With a complete method the transaction is
// submitted and waits for approval on the phone; otherwise it waits on the
// hosted page.
func (g *Gateway) Create(_ context.Context, c provider.Caller, r provider.Request) (pay.Transaction, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, r)
	if g.Refuse != nil {
		return pay.Transaction{}, g.Refuse
	}
	same := provider.Search{Reference: r.Reference, Kind: r.Kind}
	if existing := g.find(c, same); existing != nil {
		known := *existing
		return pay.Transaction{}, &pay.Error{
			Kind: pay.KindConflict, Code: pay.CodeDuplicateReference, Param: "reference",
			Message: "the reference was used before", Existing: &known,
		}
	}
	if r.Kind.Debits() {
		if left, err := g.Funds[r.Amount.Currency].Available.Cmp(r.Amount); err != nil || left < 0 {
			return pay.Transaction{}, &pay.Error{
				Kind: pay.KindFunds, Code: pay.CodeInsufficientBalance, Message: "the balance is too low",
			}
		}
	}
	tx := g.transaction(c, r)
	if g.OnCreate != nil {
		g.OnCreate(tx)
	}
	g.list = append(g.list, tx)
	g.changed()
	return *tx, nil
}

func (g *Gateway) transaction(c provider.Caller, r provider.Request) *pay.Transaction {
	expires := r.ExpiresIn
	if expires == 0 {
		expires = defaultExpiry
	}
	tx := &pay.Transaction{
		ID:         pay.NewID(pay.PrefixOf(r.Kind), c.MerchantID, g.Now()),
		MerchantID: c.MerchantID, Mode: c.Mode, Kind: r.Kind, Status: pay.StatusPending,
		Front: c.Front, Account: c.Account, Reference: r.Reference,
		FrontReference: g.newFrontReference(c, r), FrontData: r.FrontData,
		Amount: r.Amount, Description: r.Description, Customer: r.Customer, Method: r.Method,
		FeeBearer: r.FeeBearer, Fees: r.Amount.BasisPoints(g.FeeBasisPoints),
		ReturnURL: r.ReturnURL, Metadata: r.Metadata, Pinned: r.Connection,
		Checkout: r.Checkout, NoticeCopies: 1, Parent: r.Parent,
		CreatedAt: g.Now(), UpdatedAt: g.Now(), ExpiresAt: g.Now().Add(expires),
	}
	if tx.FeeBearer == "" {
		tx.FeeBearer = pay.MerchantBears
	}
	if tx.Checkout.Token == "" {
		tx.Checkout.Token = pay.NewToken(c.MerchantID)
	}
	if r.Card != nil {
		tx.Method.Card = r.Card.Mask()
	}
	switch {
	case r.Method.Type == pay.CardMethod && r.Card != nil, r.Method.Type != pay.CardMethod && r.Method.Phone != "":
		tx.Submitted, tx.Attempts = true, 1
		tx.NextAction = pay.NextAction{Type: pay.ApproveOnPhone}
	case r.Kind == pay.Refund:
		tx.Submitted, tx.Attempts = true, 1
	default:
		tx.Status = pay.StatusRequiresAction
		tx.NextAction = pay.NextAction{Type: pay.Redirect, URL: g.CheckoutURL(tx.Checkout.Token)}
	}
	return tx
}

func (g *Gateway) newFrontReference(c provider.Caller, r provider.Request) string {
	if r.NewFrontReference == nil {
		return ""
	}
	for {
		name := r.NewFrontReference()
		if g.find(c, provider.Search{FrontReference: name, AnyAccount: true}) == nil {
			return name
		}
	}
}

// find applies a search among the caller's own; g.mu is held.
func (g *Gateway) find(c provider.Caller, s provider.Search) *pay.Transaction {
	kind := s.Kind
	if kind == "" {
		kind = pay.Payment
	}
	for _, tx := range g.list {
		own := tx.MerchantID == c.MerchantID && tx.Mode == c.Mode && tx.Front == c.Front
		if !own || !s.AnyAccount && tx.Account != c.Account {
			continue
		}
		switch {
		case s.ID != "":
			if tx.ID == s.ID {
				return tx
			}
		case s.Reference != "":
			if tx.Reference == s.Reference && tx.Kind == kind {
				return tx
			}
		case s.FrontReference != "" && tx.FrontReference == s.FrontReference:
			return tx
		}
	}
	return nil
}

// Find looks among the caller's own transactions.
func (g *Gateway) Find(_ context.Context, c provider.Caller, s provider.Search) (pay.Transaction, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	tx := g.find(c, s)
	if tx == nil {
		return pay.Transaction{}, pay.NotFound("transaction")
	}
	return *tx, nil
}

// Wait returns when the transaction is settled or ctx ends.
func (g *Gateway) Wait(ctx context.Context, c provider.Caller, id string) (pay.Transaction, error) {
	for {
		g.mu.Lock()
		tx := g.find(c, provider.Search{ID: id, AnyAccount: true})
		if tx == nil {
			g.mu.Unlock()
			return pay.Transaction{}, pay.NotFound("transaction")
		}
		now, settled := *tx, g.settled
		g.mu.Unlock()
		if now.Status.Final() {
			return now, nil
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return now, nil
		}
	}
}

// Confirm takes 1234 for right.
func (g *Gateway) Confirm(ctx context.Context, c provider.Caller, id string, otp pay.Secret) (pay.Transaction, error) {
	tx, err := g.Find(ctx, c, provider.Search{ID: id, AnyAccount: true})
	if err != nil {
		return tx, err
	}
	if tx.NextAction.Type != pay.EnterOTP {
		return tx, pay.Conflict(pay.CodeNotConfirmable, "it waits for no password")
	}
	if otp != "1234" {
		return g.Settle(id, pay.OutcomeFailed, pay.Failure{Reason: pay.WrongPINOrOTP}), nil
	}
	return g.Settle(id, pay.OutcomeSucceeded, pay.Failure{}), nil
}

// Cancel gives up what was not submitted.
func (g *Gateway) Cancel(ctx context.Context, c provider.Caller, id string) (pay.Transaction, error) {
	tx, err := g.Find(ctx, c, provider.Search{ID: id, AnyAccount: true})
	if err != nil {
		return tx, err
	}
	if tx.Submitted || tx.Status.Final() {
		return tx, pay.Conflict(pay.CodeNotCancelable, "it was submitted")
	}
	return g.Settle(id, pay.OutcomeCanceled, pay.Failure{}), nil
}

// Open submits a checkout with Push set, once; opening it again, or one without
// Push, or one that has expired, changes nothing.
func (g *Gateway) Open(_ context.Context, token string) (pay.Transaction, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, tx := range g.list {
		if tx.Checkout.Token != token || token == "" {
			continue
		}
		if !tx.Checkout.Push || tx.Submitted || tx.Status.Final() || !g.Now().Before(tx.ExpiresAt) {
			return *tx, nil
		}
		tx.Submitted, tx.Attempts, tx.Status = true, 1, pay.StatusPending
		tx.Method = pay.Method{Type: pay.MobileMoney, Phone: tx.Checkout.LockedPhone, Operator: tx.Method.Operator}
		tx.NextAction = pay.NextAction{Type: pay.ApproveOnPhone}
		g.changed()
		return *tx, nil
	}
	return pay.Transaction{}, pay.NotFound("checkout")
}

// Pay submits a hosted checkout, as the customer on its page does.
func (g *Gateway) Pay(token string, m pay.Method) pay.Transaction {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, tx := range g.list {
		if tx.Checkout.Token == token && token != "" {
			tx.Method, tx.Submitted, tx.Attempts = m, true, 1
			tx.Status, tx.NextAction = pay.StatusPending, pay.NextAction{Type: pay.ApproveOnPhone}
			return *tx
		}
	}
	panic("providertest: payment of an unknown checkout")
}

// XAF is an amount in Central African francs, for tests.
func XAF(minor int64) money.Amount { return money.New(minor, money.XAF) }
