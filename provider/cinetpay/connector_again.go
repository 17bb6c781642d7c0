package cinetpay

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// An initialisation whose answer is lost has charged nobody: the payment needs
// the page, and nobody has its address. When CinetPay still has no data about
// it after two minutes, it is initialised again under a new transaction_id
// (wire: cinetpay §4.2). What that takes is kept in the connection's memory,
// from before the first call, so that it outlives a crash.
//
// One that came too fast (429) has used up no id: it is made again under the
// same, at the next question, until limitedFor is over.
const (
	againAfter   = 2 * time.Minute
	limitedFor   = 10 * time.Minute
	requestKept  = 24 * time.Hour
	againLease   = time.Minute
	writeTimeout = 5 * time.Second
)

// openRequest is an initialisation whose answer has not been seen, or that
// CinetPay has put off.
type openRequest struct {
	Request PaymentRequest `json:"request"`
	At      time.Time      `json:"at"`
	// LimitedSince is when it was first put off; zero when its answer is lost.
	LimitedSince time.Time `json:"limited_since,omitzero"`
}

func requestKey(reference string) string     { return "request:" + reference }
func renamedKey(transactionID string) string { return "renamed:" + transactionID }

// rememberRequest keeps a request until its answer is seen, and reports whether
// it could. Failing to do so costs only the second initialisation, so that a
// first one goes on.
func (c *connector) rememberRequest(ctx context.Context, reference string, open openRequest) bool {
	err := provider.Remember(ctx, c.env.Memory, requestKey(reference), "", open, open.At.Add(requestKept))
	if err != nil {
		c.env.Log.WarnContext(ctx, "payment request not remembered", "reference", reference, "error", err)
	}
	return err == nil
}

// noPage is the result of a refused initialisation. One that came too fast is
// kept for later. Should its id be taken by then, CinetPay has it after all, as
// no other payment bears it: it is asked for like one whose answer is lost.
func (c *connector) noPage(ctx context.Context, reference string, r PaymentRequest, limited time.Time, refusal *Error) provider.Result {
	now := c.env.Now()
	since := limited
	if since.IsZero() {
		since = now
	}
	switch {
	case refusal.Code == codeTooMany && now.Sub(since) < limitedFor &&
		c.rememberRequest(ctx, reference, openRequest{Request: r, At: now, LimitedSince: since}):
		return putOff(refusal)
	case refusal.Reason == pay.DuplicateReference && !limited.IsZero():
		return putOff(refusal)
	case refusal.Outcome == pay.OutcomeFailed:
		c.forgetRequest(ctx, reference)
	}
	return failure(refusal)
}

// putOff is the result of a refusal that ends nothing.
func putOff(refusal *Error) provider.Result {
	r := failure(refusal)
	r.Outcome, r.Failure.Reason = pay.OutcomeUnknown, ""
	return r
}

// forgetRequest drops a request that was refused or never left, also when the
// caller has stopped waiting: it holds the customer's name.
func (c *connector) forgetRequest(ctx context.Context, reference string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if err := c.env.Memory.Delete(ctx, requestKey(reference)); err != nil {
		c.env.Log.WarnContext(ctx, "payment request not forgotten", "reference", reference, "error", err)
	}
}

// submittedAs gives the transaction_id under which CinetPay has the payment,
// and the request if its answer has not been seen.
func (c *connector) submittedAs(ctx context.Context, ref provider.Ref) (string, *openRequest) {
	if id := ref.Data[dataTransactionID]; id != "" {
		return id, nil
	}
	if ref.Data[dataToken] != "" {
		return ref.Reference, nil
	}
	var open openRequest
	if _, err := provider.Recall(ctx, c.env.Memory, requestKey(ref.Reference), &open); err != nil {
		if !errors.Is(err, provider.ErrNoItem) {
			c.env.Log.WarnContext(ctx, "payment request not recalled", "reference", ref.Reference, "error", err)
		}
		return ref.Reference, nil
	}
	return open.Request.TransactionID, &open
}

// initialiseAgain replaces a lost initialisation that CinetPay knows nothing
// of, or makes one that was put off, once its time has come and on one node
// alone. A question that came too fast itself has told nothing.
func (c *connector) initialiseAgain(ctx context.Context, ref provider.Ref, lost openRequest, answer *Error) (provider.Result, error) {
	limited := !lost.LimitedSince.IsZero()
	if answer.Code == codeTooMany || !limited && c.env.Now().Sub(lost.At) < againAfter {
		return failure(answer), nil
	}
	release, held, err := c.env.Memory.Lease(ctx, requestKey(ref.Reference), againLease)
	if err != nil {
		return provider.Result{}, fmt.Errorf("lease of lost payment request: %w", err)
	}
	if !held {
		return failure(answer), nil
	}
	defer release()
	again := lost.Request
	if !limited {
		if again.TransactionID, err = c.newTransactionID(ctx, ref.Reference); err != nil {
			return provider.Result{}, err
		}
	}
	// From here on its answer may be lost, whatever became of it before.
	c.rememberRequest(ctx, ref.Reference, openRequest{Request: again, At: c.env.Now()})
	result, err := c.createPage(ctx, ref.Reference, again, lost.LimitedSince)
	if err != nil {
		return provider.Result{Outcome: pay.OutcomeUnknown}, err
	}
	return result, nil
}

// newTransactionID makes another transaction_id of our reference, by which a
// notification finds the reference again.
func (c *connector) newTransactionID(ctx context.Context, reference string) (string, error) {
	id := "PSR" + rand.Text()[:20]
	err := provider.Remember(ctx, c.env.Memory, renamedKey(id), "", reference, c.env.Now().Add(2*requestKept))
	if err != nil {
		return "", fmt.Errorf("remember new transaction id: %w", err)
	}
	return id, nil
}

// referenceOf gives our reference of a transaction_id.
func (c *connector) referenceOf(ctx context.Context, transactionID string) (string, error) {
	var reference string
	_, err := provider.Recall(ctx, c.env.Memory, renamedKey(transactionID), &reference)
	switch {
	case errors.Is(err, provider.ErrNoItem):
		return transactionID, nil
	case err != nil:
		return "", fmt.Errorf("recall transaction id: %w", err)
	}
	return reference, nil
}
