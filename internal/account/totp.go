package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what RFC 6238 and every authenticator use; its HMAC is not broken
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

const (
	// factorStep is how long a code is good (RFC 6238 §4); a clock may be one
	// step off.
	factorStep  = 30 * time.Second
	factorBytes = 20
	factorMod   = 1_000_000 // six digits
)

var base32Plain = base32.StdEncoding.WithPadding(base32.NoPadding)

// timeCode is the time-based one-time password of a step (RFC 6238, RFC 4226 §5.3).
func timeCode(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%06d", number%factorMod)
}

// Factor is an authenticator that is being set up; it is shown once.
type Factor struct {
	// Key is what people type, URL what their camera reads.
	Key, URL pay.Secret
}

// HasSecondFactor tells whether a person signs in with an authenticator.
func (a *Accounts) HasSecondFactor(ctx context.Context, p Person) (bool, error) {
	row, err := a.Store.Read().GetSecondFactor(ctx, sqlgen.GetSecondFactorParams{MerchantID: p.MerchantID, UserID: p.UserID})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("read second factor: %w", err)
	}
	return row.Confirmed, nil
}

// OfferSecondFactor makes an authenticator, which counts once it is confirmed.
func (a *Accounts) OfferSecondFactor(ctx context.Context, p Person) (Factor, error) {
	key := make([]byte, factorBytes)
	_, _ = rand.Read(key) // never fails: it ends the program instead
	sealed, err := a.Box.Seal(key, "second-factor", p.MerchantID, p.UserID)
	if err != nil {
		return Factor{}, fmt.Errorf("seal second factor: %w", err)
	}
	err = a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.OfferSecondFactor(ctx, sqlgen.OfferSecondFactorParams{MerchantID: p.MerchantID, UserID: p.UserID, Secret: sealed})
		if err == nil && n == 0 {
			err = pay.Conflict("has_factor", "there is an authenticator already")
		}
		return err
	})
	if err != nil {
		return Factor{}, fmt.Errorf("store second factor: %w", err)
	}
	text := base32Plain.EncodeToString(key)
	link := url.URL{
		Scheme: "otpauth", Host: "totp", Path: "/Passerelle:" + p.Email,
		RawQuery: url.Values{"secret": {text}, "issuer": {"Passerelle"}}.Encode(),
	}
	return Factor{Key: pay.Secret(text), URL: pay.Secret(link.String())}, nil
}

// ConfirmSecondFactor puts an authenticator in force by its first code.
func (a *Accounts) ConfirmSecondFactor(ctx context.Context, p Person, code string) error {
	return a.provenBy(ctx, p, code, "second_factor.add", func(context.Context, *store.Tx) error { return nil })
}

// DropSecondFactor ends an authenticator by one of its codes.
func (a *Accounts) DropSecondFactor(ctx context.Context, p Person, code string) error {
	return a.provenBy(ctx, p, code, "second_factor.remove", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteSecondFactor(ctx, sqlgen.DeleteSecondFactorParams{MerchantID: p.MerchantID, UserID: p.UserID})
		return err
	})
}

// provenBy does what a right code allows. A wrong one counts as a try to sign in.
func (a *Accounts) provenBy(ctx context.Context, p Person, code, action string, do func(context.Context, *store.Tx) error) error {
	byAccount, byAddress := a.Box.Lookup(p.Email, "sign-in-account"), a.Box.Lookup(p.Address, "sign-in-address")
	allowed, err := a.countTry(ctx, byAccount, byAddress)
	if err != nil {
		return err
	}
	if !allowed {
		return ErrLocked
	}
	right, err := a.useCode(ctx, p.MerchantID, p.UserID, code)
	if err != nil {
		return err
	}
	if !right {
		return ErrCode
	}
	err = a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := do(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ForgetSignInAttempts(ctx, byAccount); err != nil {
			return err
		}
		if _, err := tx.ForgiveSignInAttempt(ctx, byAddress); err != nil {
			return err
		}
		return a.append(ctx, tx.Queries, p, action, "", "")
	})
	if err != nil {
		return fmt.Errorf("change second factor: %w", err)
	}
	return nil
}

// secondFactor reports whether a person with the right password may come in:
// they have no authenticator, or its code.
func (a *Accounts) secondFactor(ctx context.Context, merchantID, userID, code string) (bool, error) {
	has, err := a.HasSecondFactor(ctx, Person{MerchantID: merchantID, UserID: userID})
	if err != nil || !has {
		return err == nil, err
	}
	return a.useCode(ctx, merchantID, userID, code)
}

// useCode takes a code, once.
func (a *Accounts) useCode(ctx context.Context, merchantID, userID, code string) (bool, error) {
	row, err := a.Store.Read().GetSecondFactor(ctx, sqlgen.GetSecondFactorParams{MerchantID: merchantID, UserID: userID})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read second factor: %w", err)
	}
	key, err := a.Box.Open(row.Secret, "second-factor", merchantID, userID)
	if err != nil {
		return false, fmt.Errorf("open second factor: %w", err)
	}
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	now := a.Now().Unix() / int64(factorStep/time.Second)
	matched := int64(0)
	for step := now - 1; step <= now+1; step++ {
		if subtle.ConstantTimeCompare([]byte(timeCode(key, step)), []byte(code)) == 1 {
			matched = step
		}
	}
	if matched == 0 {
		return false, nil
	}
	var n int64
	err = a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = tx.UseSecondFactor(ctx, sqlgen.UseSecondFactorParams{Step: matched, MerchantID: merchantID, UserID: userID})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("use second factor: %w", err)
	}
	return n == 1, nil
}
