package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// submitLease is how long a submitting process is believed to be at it
	// without a sign; a longer call renews it. It ends when most providers are to
	// be asked for the first time, so that an answer need not move it.
	submitLease = 10 * time.Second
	// recordPause and recordPatience are the first pause and the whole time in
	// which an answer is offered to a database that does not take it.
	recordPause    = 100 * time.Millisecond
	recordPatience = 30 * time.Second
	// callLimit bounds a submission where its provider names no other time.
	callLimit = 30 * time.Second
)

// typedIn is what the customer typed for one submission and nobody keeps.
type typedIn struct {
	card    *pay.Card
	otp     pay.Secret
	browser map[string]string
}

// nextAttempt opens the transaction's next attempt on a rail.
func (g *Gateway) nextAttempt(t *pay.Transaction, r rail) pay.Attempt {
	now := g.now()
	t.Attempts++
	t.Submitted = true
	t.Status = pay.StatusPending
	t.NextAction = pay.NextAction{}
	t.Connection, t.Provider, t.ProviderReference = r.connection.ID, r.provider.Name, ""
	t.NextCheckAt = now.Add(spread(submitLease))
	t.Checks = 0
	return pay.Attempt{
		MerchantID: t.MerchantID, TransactionID: t.ID, Number: t.Attempts,
		Connection: r.connection.ID, Provider: r.provider.Name, Status: pay.AttemptSubmitting,
		Reference: newReference(r.provider.Reference), LeaseUntil: t.NextCheckAt,
		CreatedAt: now, UpdatedAt: now,
	}
}

// newReference makes our reference for one attempt: upper-case letters and
// digits, which every provider takes.
func newReference(rule provider.ReferenceRule) string {
	length := rule.Length
	if length == 0 {
		length = 20
	}
	return rule.Prefix + randomReference(length-len(rule.Prefix))
}

// submitAndWait submits in the background and returns what is known when the
// provider has answered, or as it stands after wait. The submission itself goes
// on whatever becomes of the caller.
func (g *Gateway) submitAndWait(ctx context.Context, t pay.Transaction, a pay.Attempt, rails []rail, typed typedIn, wait time.Duration) (pay.Transaction, error) {
	done := make(chan pay.Transaction, 1)
	g.running.Add(1)
	go func() {
		defer g.running.Done()
		done <- g.submit(context.WithoutCancel(ctx), t, a, rails, typed)
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case settled := <-done:
		return settled, nil
	case <-timer.C:
	case <-ctx.Done():
	}
	now, err := store.Transaction(context.WithoutCancel(ctx), g.Store.Read(), t.MerchantID, t.ID)
	if err != nil {
		return t, nil // recorded: the caller hears what was recorded
	}
	return now, nil
}

// submit sends the attempt, applies the answer and, after definite failure that
// no customer saw, goes on with the next rail. It returns the transaction as it
// then stands.
func (g *Gateway) submit(ctx context.Context, t pay.Transaction, a pay.Attempt, rails []rail, typed typedIn) pay.Transaction {
	for {
		res, err := g.send(ctx, t, a, rails[0], typed)
		if err != nil {
			g.Log.Warn("submission outcome is unknown", "transaction", t.ID, "attempt", a.Number, "error", err)
			res = provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}
		}
		if alreadyThere(res) {
			res = provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}
		}
		if len(rails) > 1 && mayFailOver(t, a, res) {
			next, attempt, err := g.failOver(ctx, t, a, res, rails[1])
			switch {
			case err == nil:
				t, a, rails = next, attempt, rails[1:]
				continue
			case errors.Is(err, errContradicted):
				g.Log.Warn("a notification contradicts the refusal: no failover", "transaction", t.ID, "attempt", a.Number)
				res = provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}
			default:
				g.Log.Error("failover could not be recorded", "transaction", t.ID, "error", err)
			}
		}
		settled, err := g.recordAnswer(ctx, t, a, res)
		if err != nil {
			// The answer is lost to us but not to the provider: the lease runs
			// out and the resolver asks.
			g.Log.Error("answer could not be recorded", "transaction", t.ID, "error", err)
			return t
		}
		return settled
	}
}

// recordAnswer applies a submission's answer, again for half a minute when the
// database does not take it: the answer alone may bring the name by which the
// provider can be asked. Repeating it is safe, as it is when the resolver has
// been faster.
func (g *Gateway) recordAnswer(ctx context.Context, t pay.Transaction, a pay.Attempt, res provider.Result) (pay.Transaction, error) {
	was := known{t: t}
	if a.Number == 1 {
		was.attempts = []pay.Attempt{a}
	}
	for pause := recordPause; ; pause *= 2 {
		settled, err := g.applyResult(ctx, was, pay.FromSubmit, a.Number, res)
		if err == nil || pause > recordPatience/2 {
			return settled, err
		}
		g.Log.Warn("answer could not be recorded yet", "transaction", t.ID, "error", err)
		select {
		case <-g.stopping.Done():
			return settled, err
		case <-time.After(pause):
		}
	}
}

// send makes the one network call of an attempt, under the row's lease.
func (g *Gateway) send(ctx context.Context, t pay.Transaction, a pay.Attempt, r rail, typed typedIn) (res provider.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("connector of %s panicked", r.provider.Name)
			g.Log.Error("connector panicked", "provider", r.provider.Name, "transaction", t.ID)
		}
	}()
	conn, err := g.connect(ctx, r.connection)
	if err != nil {
		return refusal(pay.AuthFailed, "the connection is not usable"), nil
	}
	limit := callLimit
	if r.provider.CallTimeout > 0 {
		limit = r.provider.CallTimeout
	}
	ctx, cancel := context.WithTimeout(g.onTranscript(ctx, t, r.connection.ID), limit)
	defer cancel()
	stop := g.keepLease(ctx, t, a)
	defer stop()
	order := g.order(t, a)
	order.Card, order.OTP, order.Browser = typed.card, typed.otp, typed.browser
	order.HookURL = g.HookURL(r.connection)
	switch t.Kind {
	case pay.Payout:
		if p, ok := conn.(provider.PaysOut); ok {
			return p.PayOut(ctx, order)
		}
		return refusal(pay.BadRequest, "this connection can't pay out"), nil
	case pay.Refund:
		return g.sendRefund(ctx, conn, order, t)
	}
	return conn.Submit(ctx, order)
}

// alreadyThere: the provider has the reference. It is random and was made for
// this attempt alone, so what is there is this very order, by a request that
// the network repeated: its fate is asked for.
func alreadyThere(r provider.Result) bool {
	return r.Outcome == pay.OutcomeFailed && r.Failure.Reason == pay.DuplicateReference
}

// refusal is a definite failure that no customer saw.
func refusal(reason pay.Reason, message string) provider.Result {
	return provider.Result{Outcome: pay.OutcomeFailed, Failure: pay.Failure{Reason: reason, Message: message}}
}

// order is the provider's view of a transaction.
func (g *Gateway) order(t pay.Transaction, a pay.Attempt) provider.Order {
	return provider.Order{
		TransactionID: t.ID, MerchantID: t.MerchantID, Mode: t.Mode, Kind: railKind(t), Front: t.Front,
		Reference: a.Reference, Amount: t.Amount, Description: t.Description, Customer: t.Customer,
		Method: t.Method, FeeBearer: t.FeeBearer, Metadata: t.Metadata,
		ReturnURL: g.CheckoutURL(t.Checkout.Token) + "/return",
	}
}

// railKind is what a transaction is to its provider: a refund without a call of
// its own there is a payout.
func railKind(t pay.Transaction) pay.Kind {
	if t.Kind == pay.Refund && t.PaidVia == pay.ViaPayout {
		return pay.Payout
	}
	return t.Kind
}

// ref names an attempt at its provider.
func ref(t pay.Transaction, a pay.Attempt) provider.Ref {
	return provider.Ref{
		TransactionID: t.ID, MerchantID: t.MerchantID, Kind: railKind(t), Reference: a.Reference,
		ProviderReference: a.ProviderReference, Amount: t.Amount, Method: t.Method, Data: a.Data,
		SubmittedAt: a.CreatedAt, HintFailed: a.HintFailed,
	}
}

// keepLease renews the attempt's lease while a slow call is open, so that no
// other node takes the silence for a crash.
func (g *Gateway) keepLease(ctx context.Context, t pay.Transaction, a pay.Attempt) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		tick := time.NewTicker(submitLease / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := g.renewLease(ctx, t.MerchantID, t.ID, a.Number); err != nil && !errors.Is(err, context.Canceled) {
				g.Log.Warn("lease could not be renewed", "transaction", t.ID, "error", err)
			}
		}
	}()
	return cancel
}

func (g *Gateway) renewLease(ctx context.Context, merchantID, id string, attempt int) error {
	return g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		until := store.Millis(g.now().Add(submitLease))
		return store.RenewLease(ctx, tx.Queries, merchantID, id, attempt, until)
	})
}

// mayFailOver: definite failure of this very attempt, no customer was asked, and
// the fault lies with the rail. Money of a payout is reserved where it lies, so
// it goes no other way.
func mayFailOver(t pay.Transaction, a pay.Attempt, r provider.Result) bool {
	return !t.Kind.Debits() && aboutAttempt(r, a) && railFault(r)
}

// railFault: definite failure that no customer saw and another rail may not share.
func railFault(r provider.Result) bool {
	if r.Outcome != pay.OutcomeFailed || r.Prompted {
		return false
	}
	switch r.Failure.Reason {
	case pay.OperatorUnavailable, pay.ProviderError, pay.AuthFailed, pay.LimitReached:
		return true
	}
	return false
}

// errContradicted: while the refusal was on its way, a notification said
// something else of the attempt. The refusal may be that of a repeated request.
var errContradicted = errors.New("a notification contradicts the refusal")

// failOver closes the failed attempt and opens the next in one commit.
func (g *Gateway) failOver(ctx context.Context, t pay.Transaction, a pay.Attempt, res provider.Result, r rail) (pay.Transaction, pay.Attempt, error) {
	var next pay.Attempt
	var now pay.Transaction
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		k, err := readKnown(ctx, tx.Queries, t.MerchantID, t.ID)
		if err != nil {
			return err
		}
		now = k.t
		if now.Status != pay.StatusPending || now.Attempts != a.Number {
			return fmt.Errorf("transaction is %s at attempt %d: no failover", now.Status, now.Attempts)
		}
		failed := k.attempts[a.Number-1]
		if unheard(failed) && !failed.HintFailed { // of what was refused outright, nobody would tell
			return errContradicted
		}
		failed.Status, failed.Failure = pay.AttemptFailed, res.Failure
		failed.ProviderReference, failed.UpdatedAt = res.ProviderReference, g.now()
		if err := store.SaveAttempt(ctx, tx.Queries, failed); err != nil {
			return err
		}
		next = g.nextAttempt(&now, r)
		now.UpdatedAt = next.CreatedAt
		if err := store.SaveTransaction(ctx, tx.Queries, &now); err != nil {
			return err // before the attempt, whose key would collide where this is stale
		}
		return store.InsertAttempt(ctx, tx.Queries, next)
	})
	if err != nil && g.landed(ctx, now, &next, err) {
		err = nil
	}
	return now, next, err
}
