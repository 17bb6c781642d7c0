package mypvit

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// codeOwner is whose URL code it is; Operation is "" for one good for all.
type codeOwner struct {
	MerchantID string   `json:"merchant"`
	Mode       pay.Mode `json:"mode"`
	Operation  string   `json:"operation,omitempty"`
}

// The uses of an address in the merchant's space.
const (
	useCallback    = "callback"
	useReception   = "reception"
	useRedirection = "redirection"
)

// address is what stands behind a URL code of the merchant's space.
type address struct {
	Use string `json:"use"`
	URL string `json:"url"`
}

// book is what MyPVit knows of a merchant in one mode.
type book struct {
	MerchantID string             `json:"merchant"`
	Mode       pay.Mode           `json:"mode"`
	Name       string             `json:"name"`
	Options    settings           `json:"options"`
	Codes      []string           `json:"codes"`
	Accounts   []string           `json:"accounts"`
	Addresses  map[string]address `json:"addresses"`
	// Success is the redirection code of the good outcome; the other is of the bad.
	Success string `json:"success,omitempty"`
}

// account is one operation account with its key.
type account struct {
	MerchantID string   `json:"merchant"`
	Mode       pay.Mode `json:"mode"`
	Code       string   `json:"code"`
	// Operator is the only one it takes, "" for any.
	Operator string `json:"operator,omitempty"`
	Password string `json:"password"`

	Secret    string    `json:"secret"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Previous is good until PreviousUntil, by old_secret_grace_s.
	Previous      string    `json:"previous,omitempty"`
	PreviousUntil time.Time `json:"previous_until,omitzero"`
	// Next is being pushed: its receiver may use it before we learn that the
	// push has arrived.
	Next string `json:"next,omitempty"`
}

// accepts compares in constant time with every key that is good at the moment.
func (a account) accepts(secret string, now time.Time) bool {
	current := same(a.Secret, secret) && (a.ExpiresAt.IsZero() || now.Before(a.ExpiresAt))
	previous := same(a.Previous, secret) && now.Before(a.PreviousUntil)
	return current || previous || same(a.Next, secret)
}

// same compares hashes, so that neither content nor length can be timed.
func same(kept, given string) bool {
	x, y := sha256.Sum256([]byte(kept)), sha256.Sum256([]byte(given))
	return kept != "" && subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func codeKey(code string) string { return "code/" + code }
func bookKey(merchantID string, mode pay.Mode) string {
	return "merchant/" + merchantID + "/" + string(mode)
}
func accountKey(code string) string { return "account/" + code }

func (d *dialect) codeOwner(ctx context.Context, code string) (codeOwner, error) {
	var owner codeOwner
	_, err := provider.Recall(ctx, d.memory, codeKey(code), &owner)
	if errors.Is(err, provider.ErrNoItem) {
		return codeOwner{}, refuse(codeAPINotFound)
	}
	if err != nil {
		return codeOwner{}, fmt.Errorf("recall URL code: %w", err)
	}
	return owner, nil
}

func (d *dialect) loadBook(ctx context.Context, merchantID string, mode pay.Mode) (book, error) {
	var b book
	if _, err := provider.Recall(ctx, d.memory, bookKey(merchantID, mode), &b); err != nil {
		return book{}, fmt.Errorf("recall merchant: %w", err)
	}
	return b, nil
}

func (d *dialect) loadAccount(ctx context.Context, code string) (account, error) {
	var a account
	if _, err := provider.Recall(ctx, d.memory, accountKey(code), &a); err != nil {
		return account{}, fmt.Errorf("recall account: %w", err)
	}
	return a, nil
}

func (d *dialect) saveAccount(ctx context.Context, a account) error {
	if err := provider.Remember(ctx, d.memory, accountKey(a.Code), a.MerchantID, a, time.Time{}); err != nil {
		return fmt.Errorf("keep account: %w", err)
	}
	return nil
}

// findAccount finds one of the merchant's accounts: another merchant's does
// not exist, and one of the other environment does not go with this URL.
func (d *dialect) findAccount(ctx context.Context, b book, code string) (account, error) {
	a, err := d.loadAccount(ctx, code)
	switch {
	case errors.Is(err, provider.ErrNoItem), err == nil && a.MerchantID != b.MerchantID:
		return account{}, refuse(codeAccountNotFound)
	case err != nil:
		return account{}, err
	case a.Mode != b.Mode:
		return account{}, refuse(codeInvalidEnvironment)
	}
	return a, nil
}

// merchantAccounts are the accounts whose keys may authenticate a request: the
// one it names, when that is the merchant's own, or else all of the merchant's,
// in both modes.
func (d *dialect) merchantAccounts(ctx context.Context, b book, named string) ([]account, error) {
	if named != "" {
		a, err := d.loadAccount(ctx, named)
		if err == nil && a.MerchantID == b.MerchantID {
			return []account{a}, nil
		}
		if err != nil && !errors.Is(err, provider.ErrNoItem) {
			return nil, err
		}
	}
	codes := append([]string(nil), b.Accounts...)
	other := pay.Live
	if b.Mode == pay.Live {
		other = pay.Test
	}
	sibling, err := d.loadBook(ctx, b.MerchantID, other)
	if err != nil && !errors.Is(err, provider.ErrNoItem) {
		return nil, err
	}
	var list []account
	for _, code := range append(codes, sibling.Accounts...) {
		a, err := d.loadAccount(ctx, code)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// addressOf finds the address behind a URL code, of the use that is wanted:
// invalid or inactive it is refused with the code of that use.
func (c *call) addressOf(code, use string, invalid, notActive int) (address, error) {
	a, ok := c.book.Addresses[code]
	switch {
	case !ok || a.Use != use:
		return address{}, refuse(invalid)
	case c.inactive("url:" + code):
		return address{}, refuse(notActive)
	}
	return a, nil
}
