package komipay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	memoryToken = "token"
	// tokenKept leaves five of a token's thirty minutes unused.
	tokenKept = 25 * time.Minute
	// loginTime bounds a login, loginLease the right to make one.
	loginTime  = 10 * time.Second
	loginLease = 15 * time.Second
	loginPoll  = 50 * time.Millisecond
)

// unsentError says that there was no token, so the call itself was never made
// or, where a token was refused, did nothing.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// withToken makes a call. When KomiPay refuses the token, it logs in again and
// repeats the call once: what was refused so was never started.
func (c *connector) withToken(ctx context.Context, call func(pay.Secret) error) error {
	token, err := c.tokens.current(ctx, "")
	if err != nil {
		return &unsentError{err}
	}
	err = call(token)
	var refusal *Error
	if !errors.As(err, &refusal) || !refusal.Unauthenticated {
		return err
	}
	if token, err = c.tokens.current(ctx, token); err != nil {
		return &unsentError{err}
	}
	return call(token)
}

// tokenKeeper keeps the connection's token for all nodes.
type tokenKeeper struct {
	env    provider.Environment
	client *Client
	// account tells whose token it is: edited credentials make a kept one void.
	account string
	// pause waits; a test moves its clock instead.
	pause func(context.Context, time.Duration) error
}

// keptToken is the token in memory.
type keptToken struct {
	Account string `json:"account"`
	Token   string `json:"token"`
}

func newTokenKeeper(env provider.Environment, client *Client) *tokenKeeper {
	sum := sha256.New()
	for _, part := range []string{client.cfg.TokenBase, client.cfg.Login, client.cfg.Password.Reveal(), client.cfg.APIKey.Reveal()} {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return &tokenKeeper{env: env, client: client, account: hex.EncodeToString(sum.Sum(nil)), pause: pause}
}

// current gives a token other than the one that was refused. One node logs in
// at a time; the others wait for its token.
func (k *tokenKeeper) current(ctx context.Context, refused pay.Secret) (pay.Secret, error) {
	for {
		if token, ok := k.kept(ctx, refused); ok {
			return token, nil
		}
		release, held, err := k.env.Memory.Lease(ctx, memoryToken, loginLease)
		if err != nil {
			return "", fmt.Errorf("lease of the komipay login: %w", err)
		}
		if held {
			return k.renew(ctx, refused, release)
		}
		if err := k.pause(ctx, loginPoll); err != nil {
			return "", fmt.Errorf("wait for the komipay login: %w", err)
		}
	}
}

// renew runs under the lease.
func (k *tokenKeeper) renew(ctx context.Context, refused pay.Secret, release func()) (pay.Secret, error) {
	defer release()
	// The previous holder may have logged in while we took the lease.
	if token, ok := k.kept(ctx, refused); ok {
		return token, nil
	}
	loginCtx, cancel := context.WithTimeout(ctx, loginTime)
	defer cancel()
	token, err := k.client.GenerateToken(loginCtx)
	if err != nil {
		return "", err
	}
	kept := keptToken{Account: k.account, Token: token.Reveal()}
	if err := provider.Remember(ctx, k.env.Memory, memoryToken, "", kept, k.env.Now().Add(tokenKept)); err != nil {
		k.env.Log.WarnContext(ctx, "komipay token not kept", "error", err)
	}
	return token, nil
}

// kept reads the token from memory; one that can't be read is made anew.
func (k *tokenKeeper) kept(ctx context.Context, refused pay.Secret) (pay.Secret, bool) {
	var t keptToken
	if _, err := provider.Recall(ctx, k.env.Memory, memoryToken, &t); err != nil {
		return "", false
	}
	return pay.Secret(t.Token), t.Account == k.account && t.Token != "" && t.Token != refused.Reveal()
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
