package mypvit

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// pushTimeout bounds the delivery of a new key.
	pushTimeout = 5 * time.Second
	// renewalLease bounds one renewal; others of the account wait for it.
	renewalLease = 15 * time.Second
	renewalPoll  = 50 * time.Millisecond
)

// renewSecret gives an account a new key. The key is pushed to the merchant's
// address before the answer; /v2 also returns it.
func (c *call) renewSecret() error {
	form, err := c.form()
	if err != nil {
		return err
	}
	read := func(names ...string) string {
		for _, n := range names {
			if v := form.Get(n); v != "" {
				return v
			}
		}
		if c.v2 {
			return c.query(names...)
		}
		return ""
	}
	code, reception := read(accountNames("operationAccountCode")...), read("receptionUrlCode")
	password := read("password")
	inline := c.inline(reception)
	switch {
	case code == "":
		return missing("operationAccountCode")
	case reception == "" && !inline:
		return missing("receptionUrlCode")
	case password == "":
		return missing("password")
	}
	a, err := c.findAccount(c.r.Context(), c.book, code)
	if err != nil {
		return err
	}
	if !same(a.Password, password) {
		return refuse(codeAuthenticationFailed)
	}
	provider.Authenticated(c.r.Context(), provider.Caller{MerchantID: c.book.MerchantID, Mode: a.Mode, Front: Name, Account: code})
	if err := c.checkCaller(); err != nil {
		return err
	}
	if err := c.checkAccount(a); err != nil {
		return err
	}
	var to address
	if reception != "" {
		to, err = c.addressOf(reception, useReception, codeInvalidReception, codeReceptionNotActive)
		if err != nil {
			return err
		}
	}
	key, err := c.renewAccount(code, to)
	if err != nil {
		return err
	}
	if inline {
		return c.answer(http.StatusOK, InlineSecret{Account: key.Account, Secret: key.SecretKey, ExpiresIn: key.ExpiresIn})
	}
	return c.answer(http.StatusOK, Renewal{
		StatusCode: statusText(http.StatusOK), Message: "Secret key generated and sent successfully",
	})
}

// inline reports whether the key is returned in the answer.
func (c *call) inline(reception string) bool {
	switch c.book.Options.get(optInline) {
	case inlineAlways:
		return true
	case inlineNoReception:
		return c.v2 || reception == ""
	}
	return c.v2
}

// form reads the body alone: a password in a v5.5 query is not looked at.
func (c *call) form() (url.Values, error) {
	if c.r.ContentLength == 0 && c.v2 && c.r.Header.Get("Content-Type") == "" {
		return url.Values{}, nil
	}
	if _, err := c.media(); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(c.r.Body)
	if err != nil {
		return nil, unreadable(err)
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, refuse(codeUnreadableBody)
	}
	return form, nil
}

// renewAccount renews under a lease, so that two renewals at a time each yield
// their own key and the last one is good.
func (c *call) renewAccount(code string, to address) (PushedSecret, error) {
	ctx, cancel := context.WithTimeout(c.r.Context(), renewalLease)
	defer cancel()
	release, err := c.holdAccount(ctx, code)
	if err != nil {
		return PushedSecret{}, err
	}
	defer release()
	a, err := c.loadAccount(ctx, code)
	if err != nil {
		return PushedSecret{}, err
	}
	ttl := c.book.Options.number(optKeyTTL)
	key := PushedSecret{Account: code, SecretKey: newSecret(a.Mode), ExpiresIn: ttl}
	delay := time.Duration(c.book.Options.number(optPushDelay)) * time.Second
	if to.Use != "" && delay == 0 {
		if err := c.pushFirst(ctx, a, key, to); err != nil {
			return PushedSecret{}, err
		}
	}
	now := c.gateway.Now()
	a.Previous, a.PreviousUntil = a.Secret, now.Add(time.Duration(c.book.Options.number(optSecretGrace))*time.Second)
	a.Secret, a.ExpiresAt, a.Next = key.SecretKey, now.Add(time.Duration(ttl)*time.Second), ""
	if err := c.saveAccount(context.WithoutCancel(ctx), a); err != nil {
		return PushedSecret{}, err
	}
	if to.Use != "" && delay > 0 {
		c.pushLater(context.WithoutCancel(ctx), key, to, delay)
	}
	return key, nil
}

func (c *call) holdAccount(ctx context.Context, code string) (release func(), err error) {
	for {
		release, held, err := c.memory.Lease(ctx, "renew/"+code, renewalLease)
		if err != nil {
			return nil, fmt.Errorf("lease renewal: %w", err)
		}
		if held {
			return release, nil
		}
		if err := pause(ctx, renewalPoll); err != nil {
			return nil, refuse(codeUnavailable)
		}
	}
}

// pushFirst delivers the key. While it is on its way it is good beside the old
// one, since its receiver may use it before we hear that it arrived; when it
// does not arrive, the old key alone stays.
func (c *call) pushFirst(ctx context.Context, a account, key PushedSecret, to address) error {
	a.Next = key.SecretKey
	if err := c.saveAccount(ctx, a); err != nil {
		return err
	}
	if c.push(ctx, key, to) {
		return nil
	}
	a.Next = ""
	if err := c.saveAccount(context.WithoutCancel(ctx), a); err != nil {
		return err
	}
	return refuse(codeSendingSecret)
}

// push reports whether the merchant's server took the key.
func (d *dialect) push(ctx context.Context, key PushedSecret, to address) bool {
	body, err := encode(mediaJSON, "secret", key)
	if err != nil || to.URL == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	status, _, err := d.gateway.Push(ctx, provider.Call{
		Method: http.MethodPost, URL: to.URL, Header: http.Header{"Content-Type": {mediaJSON}}, Body: body,
	})
	return err == nil && status/100 == 2
}

// pushLater answers first and delivers after the delay. A push that is lost
// then is the hazard that the option is there to show.
func (c *call) pushLater(ctx context.Context, key PushedSecret, to address, delay time.Duration) {
	d := c.dialect
	go func() {
		if pause(ctx, delay) == nil {
			d.push(ctx, key, to)
		}
	}()
}
