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
const (
	againAfter   = 2 * time.Minute
	requestKept  = 24 * time.Hour
	againLease   = time.Minute
	writeTimeout = 5 * time.Second
)

// openRequest is an initialisation whose answer has not been seen.
type openRequest struct {
	Request PaymentRequest `json:"request"`
	At      time.Time      `json:"at"`
}

func requestKey(reference string) string     { return "request:" + reference }
func renamedKey(transactionID string) string { return "renamed:" + transactionID }

// rememberRequest keeps a request until its answer is seen. Failing to do so
// costs only the second initialisation, so the payment goes on.
func (c *connector) rememberRequest(ctx context.Context, reference string, r PaymentRequest) {
	now := c.env.Now()
	err := provider.Remember(ctx, c.env.Memory, requestKey(reference), "", openRequest{r, now}, now.Add(requestKept))
	if err != nil {
		c.env.Log.WarnContext(ctx, "payment request not remembered", "reference", reference, "error", err)
	}
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
// of, once its time has come and on one node alone.
func (c *connector) initialiseAgain(ctx context.Context, ref provider.Ref, lost openRequest, answer *Error) (provider.Result, error) {
	if c.env.Now().Sub(lost.At) < againAfter {
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
	again.TransactionID = "PSR" + rand.Text()[:20]
	now := c.env.Now()
	err = provider.Remember(ctx, c.env.Memory, renamedKey(again.TransactionID), "", ref.Reference, now.Add(2*requestKept))
	if err != nil {
		return provider.Result{}, fmt.Errorf("remember new transaction id: %w", err)
	}
	c.rememberRequest(ctx, ref.Reference, again)
	result, err := c.createPage(ctx, ref.Reference, again)
	if err != nil {
		return provider.Result{Outcome: pay.OutcomeUnknown}, err
	}
	return result, nil
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
