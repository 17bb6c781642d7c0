package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// known is a transaction with its attempts as somebody has just read or written
// them; without attempts it only names the transaction.
type known struct {
	t        pay.Transaction
	attempts []pay.Attempt
}

// about names a transaction that is yet to be read.
func about(merchantID, id string) known {
	return known{t: pay.Transaction{MerchantID: merchantID, ID: id}}
}

func readKnown(ctx context.Context, q *sqlgen.Queries, merchantID, id string) (k known, err error) {
	k.t, k.attempts, err = store.TransactionWithAttempts(ctx, q, merchantID, id)
	return k, err
}

// still returns what was known, if that is how it still stands; else it reads.
func (k known) still(ctx context.Context, tx *store.Tx) (known, error) {
	if len(k.attempts) > 0 {
		same, err := store.Unchanged(ctx, tx, k.t)
		if err != nil {
			return k, err
		}
		if same {
			return known{k.t, slices.Clone(k.attempts)}, nil
		}
	}
	return readKnown(ctx, tx.Queries, k.t.MerchantID, k.t.ID)
}

// applyResult applies what a provider said about one attempt.
func (g *Gateway) applyResult(ctx context.Context, was known, from pay.Source, attempt int, res provider.Result) (pay.Transaction, error) {
	n := pay.News{
		Source: from, Attempt: attempt, Outcome: res.Outcome,
		Failure: res.Failure, NextAction: res.NextAction,
	}
	return g.apply(ctx, was, n, &res)
}

// apply is the only function that changes a transaction's state, whoever brings
// the news: a submit's answer, a notification, a status check, a person or the
// clock. It is idempotent; it moves the state, posts to the ledger and writes
// the event and the deliveries it owes, in one commit (commit 2). It begins from
// what was known of the transaction, and reads where that has changed.
func (g *Gateway) apply(ctx context.Context, was known, n pay.News, res *provider.Result) (pay.Transaction, error) {
	var now known
	news, err := g.telling(ctx, was.t.MerchantID)
	if err != nil {
		return was.t, err
	}
	first := true
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		news.reset()
		tx.About(was.t.ID)
		if !first {
			was.attempts = nil
		}
		first = false
		if now, err = was.still(ctx, tx); err != nil {
			return err
		}
		return g.change(ctx, tx.Queries, &now, was.t.Version, n, res, news)
	})
	news.done(err)
	if err != nil {
		return now.t, fmt.Errorf("apply %s from %s to %s: %w", n.Outcome, n.Source, was.t.ID, err)
	}
	g.waiters.wake(was.t.ID)
	return now.t, nil
}

// change does apply's work inside its commit, of an answer to who read the
// transaction at the version asked. What it writes comes after what it
// reads, so that the writes can travel together.
func (g *Gateway) change(ctx context.Context, q *sqlgen.Queries, of *known, asked int64, n pay.News, res *provider.Result, news *telling) error {
	t, attempts := &of.t, of.attempts
	if n.Attempt > len(attempts) {
		return fmt.Errorf("no attempt %d", n.Attempt)
	}
	var a *pay.Attempt
	var was pay.AttemptStatus
	if n.Attempt > 0 {
		a = &attempts[n.Attempt-1]
		was = a.Status
	}
	now := g.now()
	overtaken := false
	if a != nil && res != nil {
		heard := *res // the closure may run again, from what was said
		n = g.believe(t, a, n, &heard)
		overtaken = isOvertaken(*t, asked, *a, n)
		if overtaken && contradicted(*a) && (n.Outcome == pay.OutcomeFailed || n.Outcome == pay.OutcomeCanceled) {
			n = pay.News{Source: n.Source, Attempt: n.Attempt, Outcome: pay.OutcomeUnknown} // the next question decides
		}
		learn(a, n, &heard, now, overtaken)
		learnAbout(t, a, &heard)
	}
	n = g.inContext(*t, was, n)
	before := t.Status
	d := pay.Decide(*t, n)
	if d.Refused {
		return errors.New("our own clock can't end what was submitted")
	}
	if d.Duplicate && was == pay.AttemptSucceeded {
		d.Event = "" // repeating it is no third success
	}
	g.mutate(t, a, n, d)
	g.schedule(t, attempts, n, d, overtaken)
	t.UpdatedAt = now
	if d.Event != "" {
		news.plan(t, d.Event)
	}
	if a != nil && res != nil {
		if err := store.SaveAttempt(ctx, q, *a); err != nil {
			return err
		}
	}
	if err := store.SaveTransaction(ctx, q, t); err != nil {
		return err
	}
	if t.Status != before {
		if err := g.book(ctx, q, *t, before); err != nil {
			return err
		}
	}
	if d.Late {
		if err := g.oweLateRefund(ctx, q, *t); err != nil {
			return err
		}
	}
	if d.Event == "" {
		return nil
	}
	return news.tell(ctx, q, *t, d.Event)
}

// believe checks what a provider says against what was ordered. An answer about
// another reference says nothing of this one, and another amount is no success:
// both are unknown, and an alert.
func (g *Gateway) believe(t *pay.Transaction, a *pay.Attempt, n pay.News, res *provider.Result) pay.News {
	paid := n.Outcome == pay.OutcomeSucceeded || n.Outcome == pay.OutcomeUnknown
	switch {
	case !aboutAttempt(*res, *a):
		t.Alert = "the provider reports another reference"
		*res = provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}
	case paid && res.Amount != (money.Amount{}) && res.Amount != t.Amount:
		t.Alert = "the provider reports another amount or currency"
	default:
		return n
	}
	g.Log.Error("provider's answer does not match the order", "transaction", t.ID, "provider", a.Provider)
	return pay.News{Source: n.Source, Attempt: n.Attempt, Outcome: pay.OutcomeUnknown}
}

// aboutAttempt: a provider that repeats our reference repeats this one.
func aboutAttempt(res provider.Result, a pay.Attempt) bool {
	return res.Reference == "" || res.Reference == a.Reference
}

// inContext reads news about one attempt as news about the transaction: what
// befell an earlier attempt says nothing of the one at work, unless it took the
// money; a refused payer stays on a page that allows another try, and is told
// when the page's life ends; "still waiting" takes no page away.
func (g *Gateway) inContext(t pay.Transaction, was pay.AttemptStatus, n pay.News) pay.News {
	switch {
	case t.Status.Final() || n.Attempt == 0:
	case n.Attempt != t.Attempts && n.Outcome != pay.OutcomeSucceeded,
		n.Outcome == pay.OutcomePending && staysFailed(was, n):
		return pay.News{Source: n.Source, Attempt: n.Attempt, Outcome: pay.OutcomeUnknown}
	case n.Outcome == pay.OutcomeFailed && t.Checkout.Retry:
		n.Outcome = pay.OutcomePending
		n.NextAction = pay.NextAction{Type: pay.Redirect, URL: g.CheckoutURL(t.Checkout.Token), ExpiresAt: t.ExpiresAt}
	case n.Outcome == pay.OutcomePending && n.NextAction == (pay.NextAction{}) && t.Status == pay.StatusRequiresAction &&
		was != pay.AttemptFailed && (n.Source == pay.FromCheck || n.Source == pay.FromNotification):
		n.NextAction = t.NextAction
	}
	return n
}

// mutate writes the decision into the transaction.
func (g *Gateway) mutate(t *pay.Transaction, a *pay.Attempt, n pay.News, d pay.Decision) {
	switch {
	case d.Duplicate:
		t.Alert = "a second attempt succeeded as well: one of them must be given back"
	case d.Contradiction:
		t.Alert = "the provider now denies the success it reported"
	}
	if d.Duplicate || d.Contradiction {
		g.Log.Error("transaction needs a person", "transaction", t.ID, "alert", t.Alert)
	}
	if !d.Changed {
		return
	}
	t.Status, t.NextAction = d.Status, pay.NextAction{}
	if d.Status == pay.StatusPending || d.Status == pay.StatusRequiresAction {
		t.NextAction = n.NextAction
	}
	t.Failure = n.Failure
	if d.Status == pay.StatusSucceeded {
		t.Failure, t.Late = pay.Failure{}, d.Late
		if a != nil {
			t.PaidAttempt, t.Connection, t.Provider, t.ProviderReference = a.Number, a.Connection, a.Provider, a.ProviderReference
		}
	}
	if d.Status.Final() {
		t.CompletedAt, t.Overdue = g.now(), false
	}
}

// book posts what a new status means in money.
func (g *Gateway) book(ctx context.Context, q *sqlgen.Queries, t pay.Transaction, before pay.Status) error {
	now := g.now()
	switch {
	case t.Status == pay.StatusSucceeded:
		held := t.Kind.Debits() && !before.Final()
		if err := ledger.Post(ctx, q, ledger.Settled(t, held, now)); err != nil {
			return err
		}
		if t.Kind == pay.Refund && before.Final() {
			return g.takeFromParent(ctx, q, t)
		}
	case t.Status.Final() && t.Kind.Debits():
		if err := ledger.Post(ctx, q, ledger.Released(t, now)); err != nil {
			return err
		}
		if t.Kind == pay.Refund {
			return g.giveBackToParent(ctx, q, t)
		}
	}
	return nil
}
