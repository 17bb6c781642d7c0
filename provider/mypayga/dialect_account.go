package mypayga

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// account is a merchant's account in this dialect, of one environment. It is
// kept sealed, by each of its keys and by whose it is.
type account struct {
	MerchantID     string            `json:"merchant"`
	Name           string            `json:"name"`
	Mode           pay.Mode          `json:"mode"`
	SecretKey      string            `json:"secret_key"`
	PublicKey      string            `json:"public_key"`
	CallbackSecret string            `json:"callback_secret"`
	CallbackURL    string            `json:"callback_url,omitempty"`
	SuccessURL     string            `json:"success_url,omitempty"`
	FailureURL     string            `json:"failure_url,omitempty"`
	Options        map[string]string `json:"options,omitempty"`
}

var optionDefaults = func() map[string]string {
	defaults := map[string]string{}
	for _, o := range dialectOptions() {
		defaults[o.Name] = o.Default
	}
	return defaults
}()

// option is the account's setting, or the default.
func (a account) option(name string) string {
	return cmp.Or(a.Options[name], optionDefaults[name])
}

// caller names no account: a merchant has one per environment.
func (a account) caller() provider.Caller {
	return provider.Caller{MerchantID: a.MerchantID, Mode: a.Mode, Front: Name}
}

// environment is the account's, in the document's words.
func (a account) environment() Text {
	if a.Mode == pay.Live {
		return "production"
	}
	return "test"
}

// signingSecret is what callbacks are signed with.
func (a account) signingSecret() pay.Secret {
	if a.option(optCallbackSecret) == "secret_apikey" {
		return pay.Secret(a.SecretKey)
	}
	return pay.Secret(a.CallbackSecret)
}

func apiKeyKey(key string) string { return "apikey/" + key }

func merchantKey(m pay.Mode, merchantID string) string {
	return "merchant/" + string(m) + "/" + merchantID
}

func (d *dialect) memory() provider.Memory { return d.gw.Memory(Name) }

// accountOfKey finds whose key it is, and whether it is the public one; the
// memory compares keyed hashes.
func (d *dialect) accountOfKey(ctx context.Context, key string) (a account, public bool, err error) {
	if key == "" {
		return account{}, false, refuse(http.StatusUnauthorized, messageKey)
	}
	_, err = provider.Recall(ctx, d.memory(), apiKeyKey(key), &a)
	if errors.Is(err, provider.ErrNoItem) {
		return account{}, false, refuse(http.StatusUnauthorized, messageKey)
	}
	if err != nil {
		return account{}, false, fmt.Errorf("find account: %w", err)
	}
	return a, key != a.SecretKey, nil
}

// accountOf finds the account of a merchant; found is false when it has none.
func (d *dialect) accountOf(ctx context.Context, m pay.Mode, merchantID string) (a account, found bool, err error) {
	_, err = provider.Recall(ctx, d.memory(), merchantKey(m, merchantID), &a)
	if errors.Is(err, provider.ErrNoItem) {
		return account{}, false, nil
	}
	if err != nil {
		return account{}, false, fmt.Errorf("find account of merchant: %w", err)
	}
	return a, true, nil
}

// The demo merchant's credentials.
const (
	demoSecretKey      = "stest_demo"
	demoPublicKey      = "ptest_demo"
	demoCallbackSecret = "demo-mypayga-secret" //nolint:gosec // published, opens the sandbox only
)

// Issue makes an account or replaces its keys, secret and addresses.
func (d *dialect) Issue(ctx context.Context, o provider.IssueOrder) ([]provider.Issued, error) {
	described := provider.Provider{Title: "MyPayGa", Options: dialectOptions()}
	for name, value := range o.Options {
		if err := described.CheckOption(name, value); err != nil {
			return nil, err
		}
	}
	a, err := newAccount(o)
	if err != nil {
		return nil, err
	}
	before, existed, err := d.accountOf(ctx, o.Mode, o.MerchantID)
	if err != nil {
		return nil, err
	}
	if o.KeepCredentials && existed {
		a.SecretKey, a.PublicKey, a.CallbackSecret = before.SecretKey, before.PublicKey, before.CallbackSecret
	}
	for _, key := range []string{apiKeyKey(a.SecretKey), apiKeyKey(a.PublicKey), merchantKey(a.Mode, a.MerchantID)} {
		if err := provider.Remember(ctx, d.memory(), key, a.MerchantID, a, time.Time{}); err != nil {
			return nil, fmt.Errorf("keep account: %w", err)
		}
	}
	for _, old := range []string{before.SecretKey, before.PublicKey} {
		if !existed || old == a.SecretKey || old == a.PublicKey {
			continue
		}
		if err := d.memory().Delete(ctx, apiKeyKey(old)); err != nil {
			return nil, fmt.Errorf("withdraw a former key: %w", err)
		}
	}
	return []provider.Issued{
		{Name: fieldAPIKey, Value: pay.Secret(a.SecretKey)},
		{Name: fieldPublicKey, Value: pay.Secret(a.PublicKey), Public: true},
		{Name: fieldCallbackSecret, Value: pay.Secret(a.CallbackSecret)},
	}, nil
}

func newAccount(o provider.IssueOrder) (account, error) {
	a := account{
		MerchantID: o.MerchantID, Name: o.MerchantName, Mode: o.Mode, Options: maps.Clone(o.Options),
		SecretKey: demoSecretKey, PublicKey: demoPublicKey, CallbackSecret: demoCallbackSecret,
	}
	if !o.Demo {
		environment := "test_"
		if o.Mode == pay.Live {
			environment = "prod_"
		}
		a.SecretKey, a.PublicKey = "s"+environment+randomText(32), "p"+environment+randomText(32)
		a.CallbackSecret = randomText(40)
	}
	if o.CallbackURL != "" {
		a.CallbackURL = strings.TrimRight(o.CallbackURL, "/") + "/" + Name
	}
	if o.ReturnURL == "" {
		return a, nil
	}
	var err error
	if a.SuccessURL, err = withQuery(o.ReturnURL, "outcome", "success"); err != nil {
		return account{}, err
	}
	a.FailureURL, err = withQuery(o.ReturnURL, "outcome", "failure")
	return a, err
}

func withQuery(address, name, value string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", pay.Invalid("return_url", "the return address is not a URL")
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

const alphanumerics = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// randomText is made of letters and digits, all equally likely.
func randomText(n int) string { return randomFrom(alphanumerics, n) }

func randomDigits(n int) string { return randomFrom(alphanumerics[:10], n) }

func randomHex(n int) string { return randomFrom("0123456789abcdef", n) }

func randomFrom(alphabet string, n int) string {
	size := big.NewInt(int64(len(alphabet)))
	text := slices.Repeat([]byte{0}, n)
	for i := range text {
		k, _ := rand.Int(rand.Reader, size) // never fails: crypto/rand ends the program instead
		text[i] = alphabet[k.Int64()]
	}
	return string(text)
}
