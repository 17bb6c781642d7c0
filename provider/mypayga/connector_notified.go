package mypayga

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// tokenMemory is how long a token that differs from ours is known to be of a
// reference.
const tokenMemory = 90 * 24 * time.Hour

func tokenKey(token string) string { return "token/" + token }

// rememberToken keeps whose a token is that MyPayGa answered in place of the
// one we sent: callbacks may name either. Losing it loses nothing for good,
// since a callback also has our reference and the status is asked for.
func (c *connector) rememberToken(ctx context.Context, token, reference string) {
	err := provider.Remember(ctx, c.env.Memory, tokenKey(token), "", reference, c.env.Now().Add(tokenMemory))
	if err != nil {
		c.env.Log.WarnContext(ctx, "mypayga: a token is not remembered", "error", err)
	}
}

// ReadNotification reads a callback, and shows the card form to a browser that
// comes for it. A callback without the right hash changes nothing.
func (c *connector) ReadNotification(r *http.Request) (provider.Notification, error) {
	if q := r.URL.Query(); r.Method == http.MethodGet && q.Has(queryCard) {
		return c.showCardForm(q)
	}
	callback, err := ReadCallback(r)
	if err != nil {
		return provider.Notification{}, pay.Invalid("body", "the callback can't be read")
	}
	if !callback.Verify(c.callbackSecret()) {
		return provider.Notification{}, &pay.Error{
			Kind: pay.KindUnauthorized, Code: pay.CodeInvalid, Param: "hash", Message: "the hash is not valid",
		}
	}
	n := provider.Notification{
		ProviderReference: callback.PaymentToken,
		Answer:            provider.Answer{Status: http.StatusOK, ContentType: mediaJSON, Body: []byte(`{"ok":true}`)},
	}
	if n.Reference, err = c.referenceOf(r.Context(), callback); err != nil {
		return provider.Notification{}, err
	}
	c.judge(&n, callback)
	return n, nil
}

// callbackSecret is the dedicated one, or the API key: which of the two the
// provider signs with, it does not say.
func (c *connector) callbackSecret() pay.Secret {
	if s := c.env.Credentials[fieldCallbackSecret]; !s.IsZero() {
		return s
	}
	return c.env.Credentials[fieldAPIKey]
}

// referenceOf finds our reference: the unique id where it is one of ours, else
// the one that a token which differs from ours was remembered for.
func (c *connector) referenceOf(ctx context.Context, callback Callback) (string, error) {
	if strings.HasPrefix(callback.UniqueID, referencePrefix) || callback.PaymentToken == "" {
		return callback.UniqueID, nil
	}
	var reference string
	_, err := provider.Recall(ctx, c.env.Memory, tokenKey(callback.PaymentToken), &reference)
	if errors.Is(err, provider.ErrNoItem) {
		return callback.UniqueID, nil
	}
	if err != nil {
		return "", fmt.Errorf("reference of a callback: %w", err)
	}
	return reference, nil
}

// judge decides what a callback with a valid hash proves: success, whose amount
// the gateway compares. status_request is not signed and counts for nothing. What
// leaves a doubt (a success whose message tells of a refusal, an amount in no
// known currency) is a hint, and so is every failure: that its amount is the
// order's, which the callback has to be held against as well, only the detail tells.
func (c *connector) judge(n *provider.Notification, callback Callback) {
	outcome := orderOutcome(callback.OrderStatus)
	if outcome == pay.OutcomeSucceeded && refusalText(callback.Message) {
		return
	}
	n.Hint = outcome
	if c.confirm || outcome != pay.OutcomeSucceeded {
		return
	}
	currency := currencyOfCallback(callback)
	amount, err := money.Parse(callback.Amount, currency)
	if err != nil {
		return
	}
	n.Verified = true
	n.Result = provider.Result{Outcome: outcome, Amount: amount, Prompted: true, PaidVia: callback.PaymentMethod}
}

// currencyOfCallback finds the franc of a callback: named in full, or by the
// customer's number, which is signed. "" where neither says it.
func currencyOfCallback(c Callback) money.Currency {
	if named := money.Currency(strings.ToUpper(c.Currency)); named == money.XAF || named == money.XOF {
		return named
	}
	n, err := readPhone(c.ClientPhone, "")
	if err != nil {
		return ""
	}
	return currencyOf(n)
}
