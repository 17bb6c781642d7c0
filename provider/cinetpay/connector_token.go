package cinetpay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// A token lives five minutes; one minute is left for the call that uses it.
	tokenKept  = 4 * time.Minute
	loginLease = 15 * time.Second
	// How long to wait for another node's login before making one's own, which
	// does no harm.
	loginWait = 2 * time.Second
	loginPoll = 50 * time.Millisecond
)

// loginError says that there was no token, so the call itself was never made.
type loginError struct{ err error }

func (e *loginError) Error() string { return e.err.Error() }
func (e *loginError) Unwrap() error { return e.err }

// withToken makes a call of the transfer API. When CinetPay refuses the token,
// it logs in again once; the refused call has done nothing and is repeated.
func (c *connector) withToken(ctx context.Context, call func(pay.Secret) error) error {
	token, err := c.token(ctx, "")
	if err != nil {
		return &loginError{err}
	}
	err = call(token)
	if !tokenRefused(err) {
		return err
	}
	if token, err = c.token(ctx, token); err != nil {
		return &loginError{err}
	}
	return call(token)
}

func tokenRefused(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Outcome != pay.OutcomeFailed {
		return false
	}
	return e.Code == codeTokenExpired || e.Code == codeTokenInvalid || e.Code == codeTokenRefresh
}

// token gives the connection's token, other than the one that was refused. One
// node logs in at a time.
func (c *connector) token(ctx context.Context, stale pay.Secret) (pay.Secret, error) {
	if token, ok := c.cachedToken(ctx, stale); ok {
		return token, nil
	}
	deadline := time.Now().Add(loginWait)
	for {
		release, held, err := c.env.Memory.Lease(ctx, c.tokenKey(), loginLease)
		if err != nil {
			return "", fmt.Errorf("lease of the transfer login: %w", err)
		}
		if held {
			defer release()
			// The previous holder may have logged in while we waited.
			if token, ok := c.cachedToken(ctx, stale); ok {
				return token, nil
			}
			return c.login(ctx)
		}
		if token, ok := c.cachedToken(ctx, stale); ok {
			return token, nil
		}
		if time.Now().After(deadline) {
			return c.login(ctx)
		}
		if err := pause(ctx, loginPoll); err != nil {
			return "", err
		}
	}
}

// tokenKey names the token by what it was got with, as a token of credentials
// that were replaced would move another account's money.
func (c *connector) tokenKey() string {
	return "transfer_token\x00" + c.env.Secret(fieldAPIKey) + "\x00" + c.env.Secret(fieldTransferPassword)
}

func (c *connector) cachedToken(ctx context.Context, stale pay.Secret) (pay.Secret, bool) {
	var token string
	if _, err := provider.Recall(ctx, c.env.Memory, c.tokenKey(), &token); err != nil {
		return "", false
	}
	return pay.Secret(token), token != stale.Reveal()
}

// login gets a token and keeps it. COULD_NOT_CREATE_TOKEN is tried once more.
func (c *connector) login(ctx context.Context) (pay.Secret, error) {
	token, err := c.client.Login(ctx)
	if hasCode(err, codeNoToken) {
		token, err = c.client.Login(ctx)
	}
	if err != nil {
		return "", err
	}
	until := c.env.Now().Add(tokenKept)
	if err := provider.Remember(ctx, c.env.Memory, c.tokenKey(), "", token.Reveal(), until); err != nil {
		c.env.Log.WarnContext(ctx, "transfer token not kept", "error", err)
	}
	return token, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
