package komipay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// codeTime is how long the payer may take to give the SMS code.
	codeTime = 15 * time.Minute
	// claimKept outlasts every check of a payment.
	claimKept     = 30 * 24 * time.Hour
	claimSent     = "sent"
	claimGivenUp  = "given up"
	codeDigits    = 5
	wrongCodeForm = "the code has five digits"
)

// claimKey is where it is decided, once for all nodes, whether the collect of a
// payment with an SMS code is sent or given up.
func claimKey(reference string) string { return "collect/" + reference }

// askForCode has the payer sent an SMS code; no payment exists before it is given.
func (c *connector) askForCode(ctx context.Context, m means, o provider.Order) (provider.Result, error) {
	err := c.withToken(ctx, func(token pay.Secret) error {
		_, err := c.client.RequestSecurityCode(ctx, token, m.name, o.Method.Phone)
		return err
	})
	if err != nil {
		return c.notStarted(err), nil
	}
	return provider.Result{
		Outcome: pay.OutcomePending, Prompted: true,
		NextAction: pay.NextAction{Type: pay.EnterOTP, ExpiresAt: c.env.Now().Add(codeTime)},
		Data:       map[string]string{dataMeans: m.name, dataCollect: collectWaiting},
	}, nil
}

// Confirm sends the collect with the payer's code, once.
func (c *connector) Confirm(ctx context.Context, ref provider.Ref, otp pay.Secret) (provider.Result, error) {
	if ref.Data[dataCollect] != collectWaiting {
		return provider.Result{}, pay.Conflict(pay.CodeNotConfirmable, "the payment waits for no code")
	}
	if !isDigits(otp.Reveal(), codeDigits) {
		return provider.Result{}, pay.Invalid("otp", wrongCodeForm)
	}
	claim, err := c.claim(ctx, ref.Reference, claimSent)
	switch {
	case err != nil:
		return provider.Result{}, err
	case claim == claimGivenUp:
		return provider.Result{}, pay.Conflict(pay.CodeNotConfirmable, "the time for the code is over")
	case claim == claimSent:
		return c.Status(ctx, ref)
	}
	r, err := c.collect(ctx, Order{
		Means: first(ref.Data[dataMeans], ZeynaTransfert), Amount: ref.Amount, Reference: ref.Reference,
		Name: payerName(pay.Customer{}, ""), Phone: ref.Method.Phone, SecurityCode: otp,
	})
	if err != nil {
		c.env.Log.WarnContext(ctx, "komipay collect with a code is uncertain", "error", err)
		r = provider.Result{Outcome: pay.OutcomeUnknown, Prompted: true}
	}
	if r.Data == nil {
		r.Data = map[string]string{}
	}
	r.Data[dataCollect] = collectSent
	return r, nil
}

// claim decides what becomes of a collect; it returns what was decided before,
// "" when nothing was.
func (c *connector) claim(ctx context.Context, reference, decision string) (string, error) {
	item := provider.Item{Value: []byte(decision), ExpiresAt: c.env.Now().Add(claimKept)}
	added, err := c.env.Memory.Add(ctx, claimKey(reference), item)
	if err != nil {
		return "", fmt.Errorf("claim collect %s: %w", reference, err)
	}
	if added {
		return "", nil
	}
	before, err := c.env.Memory.Get(ctx, claimKey(reference))
	if err != nil {
		return "", fmt.Errorf("read claim of collect %s: %w", reference, err)
	}
	return string(before.Value), nil
}

// withoutCollect tells of a payment whose collect was not sent; done is false
// when it was. When the payer's time is over nothing was ever paid, and nothing
// will be.
func (c *connector) withoutCollect(ctx context.Context, ref provider.Ref) (r provider.Result, done bool, err error) {
	late := !c.env.Now().Before(ref.SubmittedAt.Add(codeTime))
	item, err := c.env.Memory.Get(ctx, claimKey(ref.Reference))
	claim := string(item.Value)
	switch {
	case errors.Is(err, provider.ErrNoItem) && !late:
		return provider.Result{Outcome: pay.OutcomePending, Prompted: true}, true, nil
	case errors.Is(err, provider.ErrNoItem):
		if claim, err = c.claim(ctx, ref.Reference, claimGivenUp); err != nil {
			return provider.Result{}, false, err
		}
	case err != nil:
		return provider.Result{}, false, fmt.Errorf("read claim of collect %s: %w", ref.Reference, err)
	}
	if claim == claimSent {
		return provider.Result{}, false, nil
	}
	return provider.Result{
		Outcome: pay.OutcomeFailed, Prompted: true,
		Failure: pay.Failure{Reason: pay.Expired, Message: "the payer did not give the code in time"},
	}, true, nil
}

// isDigits reports whether text is n digits.
func isDigits(text string, n int) bool {
	if len(text) != n {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
