package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// workLease is how long a claimed row is left to its worker.
	workLease = 60 * time.Second
	// checkLease is that of a transaction, which another node takes over within
	// half a minute; checkLimit bounds one status call below it. A shorter lease
	// bounds it by checkMargin, and is no shorter than leastLease.
	checkLease  = 25 * time.Second
	checkLimit  = 20 * time.Second
	checkMargin = 2 * time.Second
	leastLease  = 9 * time.Second
)

// ClaimTransactions takes up to limit transactions that owe work; nobody else
// gets them until their lease ends.
func (g *Gateway) ClaimTransactions(ctx context.Context, limit int) ([]store.Claimed, error) {
	return g.Store.ClaimTransactions(ctx, g.now(), checkLease, limit)
}

// Resolve does the work a claimed transaction owes: it ends a page that nobody
// used, or asks the provider what became of the open attempt.
func (g *Gateway) Resolve(ctx context.Context, c store.Claimed) error {
	t, attempts, err := store.TransactionWithAttempts(ctx, g.Store.Read(), c.MerchantID, c.ID)
	if err != nil {
		return err
	}
	if len(attempts) == 0 {
		return g.expire(ctx, t)
	}
	last := attempts[len(attempts)-1]
	if last.Status == pay.AttemptSubmitting && g.now().Before(last.LeaseUntil) {
		return g.postpone(ctx, t, last.LeaseUntil)
	}
	asked := slices.DeleteFunc(slices.Clone(attempts), func(a pay.Attempt) bool { return !owesCheck(a) })
	if len(asked) == 0 {
		if t.Status == pay.StatusRequiresAction {
			return g.expire(ctx, t)
		}
		asked = []pay.Attempt{last}
	}
	limit := g.checkTime(t)
	if len(asked) == 1 {
		_, err := g.check1(ctx, known{t, attempts}, asked[0], limit)
		return err
	}
	for _, a := range asked {
		if t, err = g.check1(ctx, known{t: t}, a, limit); err != nil {
			return err
		}
	}
	return nil
}

// CheckNow asks the provider at once, for a person or a returning browser.
func (g *Gateway) CheckNow(ctx context.Context, c provider.Caller, id string) (pay.Transaction, error) {
	t, err := g.Find(ctx, c, provider.Search{ID: id})
	if err != nil {
		return t, err
	}
	return g.checkLast(ctx, t)
}

func (g *Gateway) checkLast(ctx context.Context, t pay.Transaction) (pay.Transaction, error) {
	attempts, err := store.Attempts(ctx, g.Store.Read(), t.MerchantID, t.ID)
	if err != nil || len(attempts) == 0 {
		return t, err
	}
	a := attempts[len(attempts)-1]
	if a.Status == pay.AttemptSubmitting || a.Status == pay.AttemptFailed || t.Status == pay.StatusSucceeded {
		return t, nil
	}
	return g.check1(ctx, known{t: t}, a, checkLimit)
}

// checkTime is how long a status call of a leased transaction may take.
func (g *Gateway) checkTime(t pay.Transaction) time.Duration {
	if left := t.NextCheckAt.Sub(g.now()) - checkMargin; left > 0 {
		return min(left, checkLimit)
	}
	return checkLimit // it has changed since, and is nobody's
}

// check1 asks for one attempt's status, within limit, and applies the answer.
func (g *Gateway) check1(ctx context.Context, was known, a pay.Attempt, limit time.Duration) (pay.Transaction, error) {
	t := was.t
	conn, err := g.connectByID(ctx, t.MerchantID, a.Connection)
	if err != nil {
		return t, g.postpone(ctx, t, g.now().Add(delay(defaultPolls, t.Checks)))
	}
	callCtx, cancel := context.WithTimeout(g.onTranscript(ctx, t, a.Connection), limit)
	defer cancel()
	res, err := conn.Status(callCtx, ref(t, a))
	if err != nil {
		g.Log.Info("status is unknown", "transaction", t.ID, "provider", a.Provider, "error", err)
		res = provider.Result{Outcome: pay.OutcomeUnknown}
	}
	if res.Absent {
		return g.absent(ctx, t, a, res)
	}
	return g.applyResult(ctx, was, pay.FromCheck, a.Number, res)
}

// absent deals with a provider that documents that it does not know the
// reference: what provably never arrived is sent again where that is safe;
// otherwise absence counts as failure only where the submission got no answer,
// and after the provider's abandon window. A provider that has once known the
// attempt has it, whatever it says of it later: a page that nobody has filled in
// yet is unknown to some.
func (g *Gateway) absent(ctx context.Context, t pay.Transaction, a pay.Attempt, res provider.Result) (pay.Transaction, error) {
	p := g.providers[a.Provider]
	if mayResubmit(p, t, a) {
		return g.resubmit(ctx, t, a)
	}
	rule, ok := abandonRule(p, t.Kind)
	since := a.AbsentSince
	if since.IsZero() {
		since = g.now()
	}
	if ok && unanswered(a) && a.Absent+1 >= rule.Times && g.now().Sub(since) >= rule.After {
		res.Outcome = pay.OutcomeFailed
		res.Failure = pay.Failure{Reason: pay.ProviderError, Message: "the provider never received it"}
	} else {
		res.Outcome = pay.OutcomeUnknown
	}
	return g.applyResult(ctx, known{t: t}, pay.FromCheck, a.Number, res)
}

// mayResubmit: the provider takes a reference once, never had this one, and the
// attempt is the one at work. A card is gone after its first submission.
func mayResubmit(p *provider.Provider, t pay.Transaction, a pay.Attempt) bool {
	return p != nil && p.ResubmitSafe && a.ProviderReference == "" && t.Method.Type != pay.CardMethod &&
		!t.Status.Final() && a.Number == t.Attempts && a.Status != pay.AttemptFailed
}

// unanswered: all that was ever heard of the attempt is silence and absence.
func unanswered(a pay.Attempt) bool {
	return a.Status == pay.AttemptSubmitting || a.Status == pay.AttemptUnknown
}

func abandonRule(p *provider.Provider, k pay.Kind) (provider.Abandon, bool) {
	if p == nil {
		return provider.Abandon{}, false
	}
	rule, ok := p.Abandon[k]
	return rule, ok
}

// resubmit sends the same attempt again under the same reference; its provider
// is known to take a reference once.
func (g *Gateway) resubmit(ctx context.Context, t pay.Transaction, a pay.Attempt) (pay.Transaction, error) {
	row, err := g.connectionRow(ctx, t.MerchantID, a.Connection)
	if err != nil {
		return t, err
	}
	// The question may have taken most of the claim's time.
	if err := g.renewLease(ctx, t.MerchantID, t.ID, a.Number); err != nil {
		return t, err
	}
	res, err := g.send(ctx, t, a, rail{row, g.providers[a.Provider]}, typedIn{})
	if err != nil {
		g.Log.Warn("resubmission outcome is unknown", "transaction", t.ID, "attempt", a.Number, "error", err)
		res = provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}
	}
	if onlyThisSending(res) {
		res = provider.Result{Outcome: pay.OutcomeUnknown, Prompted: res.Prompted}
	}
	return g.applyResult(ctx, known{t: t}, pay.FromCheck, a.Number, res)
}

// onlyThisSending: the failure says that this sending did not get through (or
// met the one before), and so nothing of the first.
func onlyThisSending(r provider.Result) bool {
	return railFault(r) || alreadyThere(r)
}

// expire ends a page whose time is over: expired when nothing was ever
// submitted, failed when every try was refused.
func (g *Gateway) expire(ctx context.Context, t pay.Transaction) error {
	now := g.now()
	switch {
	case t.Status.Final():
		return g.postpone(ctx, t, time.Time{})
	case now.Before(t.ExpiresAt):
		return g.postpone(ctx, t, t.ExpiresAt)
	}
	n := pay.News{
		Source: pay.FromClock, Outcome: pay.OutcomeExpired,
		Failure: pay.Failure{Reason: pay.Expired, Message: "nobody paid in time"},
	}
	if t.Submitted {
		n.Outcome, n.Failure = pay.OutcomeFailed, t.Failure
	}
	_, err := g.end(ctx, t, n)
	if errors.Is(err, errAtWork) {
		return nil // its submission says when it is due
	}
	return err
}

var errAtWork = pay.Conflict(pay.CodeNotCancelable, "the customer is paying")

// end ends a transaction that no provider has, unless somebody submits it
// meanwhile (errAtWork).
func (g *Gateway) end(ctx context.Context, t pay.Transaction, n pay.News) (pay.Transaction, error) {
	var now known
	news, err := g.telling(ctx, t.MerchantID)
	if err != nil {
		return t, err
	}
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		news.reset()
		tx.About(t.ID)
		var err error
		if now, err = readKnown(ctx, tx.Queries, t.MerchantID, t.ID); err != nil {
			return err
		}
		if now.t.Attempts != t.Attempts {
			return errAtWork
		}
		return g.change(ctx, tx.Queries, &now, t.Version, n, nil, news)
	})
	news.done(err)
	if err != nil {
		return t, err
	}
	g.waiters.wake(t.ID)
	return now.t, nil
}

// postpone puts the next check off without touching anything else; zero owes none.
func (g *Gateway) postpone(ctx context.Context, t pay.Transaction, at time.Time) error {
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return store.SetNextCheck(ctx, tx.Queries, t.MerchantID, t.ID, t.Version, at)
	})
	if err != nil {
		return fmt.Errorf("postpone check of %s: %w", t.ID, err)
	}
	return nil
}
