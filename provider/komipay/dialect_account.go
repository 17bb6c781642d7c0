package komipay

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// account is a merchant's account in this dialect, kept sealed.
type account struct {
	MerchantID string   `json:"merchant"`
	Mode       pay.Mode `json:"mode"`
	// Number is the merchant's in references: KP-693-B2C-00000001.
	Number   string    `json:"number"`
	Login    string    `json:"login"`
	Password string    `json:"password"`
	APIKey   string    `json:"api_key"`
	Keypass  string    `json:"keypass"`
	Cipher   cipherKey `json:"cipher"`
	// Callback is where the merchant's notifications go, if the option
	// webhook_url says so.
	Callback string   `json:"callback,omitempty"`
	Options  settings `json:"options,omitempty"`
}

// owner is whose credential it is.
type owner struct {
	MerchantID string   `json:"merchant"`
	Mode       pay.Mode `json:"mode"`
}

// issuedToken is a token of an account. It names the key it was issued for, so
// that new credentials end it.
type issuedToken struct {
	owner
	APIKey string    `json:"api_key"`
	Until  time.Time `json:"until"`
}

func loginKey(login string) string   { return "login/" + login }
func apiKeyKey(apiKey string) string { return "api_key/" + apiKey }
func tokenKey(token string) string   { return "token/" + token }
func accountKey(o owner) string      { return "account/" + string(o.Mode) + "/" + o.MerchantID }

func (a account) owner() owner { return owner{a.MerchantID, a.Mode} }

func (a account) caller() provider.Caller {
	return provider.Caller{MerchantID: a.MerchantID, Mode: a.Mode, Front: Name, Account: a.Number}
}

// webhook is where the account's notifications go, "" for nowhere.
func (a account) webhook() string {
	if address := a.Options.get(optWebhook); address != webhookAtCallback {
		return address
	}
	return a.Callback
}

// newReference makes a reference of the account's payments.
func (a account) newReference() string {
	return referencePrefix + a.Number + "-B2C-" + randomDigits(8)
}

// same compares hashes, so that neither content nor length can be timed.
func same(kept, given string) bool {
	x, y := sha256.Sum256([]byte(kept)), sha256.Sum256([]byte(given))
	return kept != "" && subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// loadAccount finds the account of a merchant; provider.ErrNoItem without one.
func (d *dialect) loadAccount(ctx context.Context, o owner) (account, error) {
	var a account
	if _, err := provider.Recall(ctx, d.memory, accountKey(o), &a); err != nil {
		return account{}, fmt.Errorf("recall account: %w", err)
	}
	return a, nil
}

// accountBy finds the account of a login or an API key.
func (d *dialect) accountBy(ctx context.Context, key string) (account, error) {
	var o owner
	if _, err := provider.Recall(ctx, d.memory, key, &o); err != nil {
		return account{}, fmt.Errorf("recall credential: %w", err)
	}
	return d.loadAccount(ctx, o)
}

// The demo merchant's published credentials.
const (
	demoLogin    = "demo@passerelle.test"
	demoPassword = "demo-password"
	demoAPIKey   = "Dx4tPEtaaXiHlqW0w9Lh8ExQS25yWDZxSTlLLzNLMHEvcStCTDRMd0JRbmxvWVdTY295TjA1R3MwbXc9" //nolint:gosec // published, opens the sandbox only
	demoKeypass  = "demo-keypass"
	// demoNumber is the one that the published API key holds.
	demoNumber = "693"
)

// Issue makes an account or replaces its credentials: tokens issued before end.
// The number stays, as references are found again by it.
func (d *dialect) Issue(ctx context.Context, o provider.IssueOrder) ([]provider.Issued, error) {
	if err := checkSettings(o.Options, d.gateway.CheckURL); err != nil {
		return nil, err
	}
	before, err := d.loadAccount(ctx, owner{o.MerchantID, o.Mode})
	if err != nil && !errors.Is(err, provider.ErrNoItem) {
		return nil, err
	}
	a, err := newAccount(o, before.Number, d.gateway.Now())
	if err != nil {
		return nil, err
	}
	if o.KeepCredentials && before.APIKey != "" {
		a.Number, a.Login, a.Password, a.APIKey, a.Keypass, a.Cipher =
			before.Number, before.Login, before.Password, before.APIKey, before.Keypass, before.Cipher
	}
	if o.CallbackURL != "" {
		a.Callback = strings.TrimRight(o.CallbackURL, "/") + "/" + Name
	}
	if before.APIKey != "" && before.APIKey != a.APIKey {
		if err := d.memory.Delete(ctx, apiKeyKey(before.APIKey)); err != nil {
			return nil, fmt.Errorf("withdraw credentials: %w", err)
		}
	}
	for key, value := range map[string]any{
		accountKey(a.owner()): a, loginKey(a.Login): a.owner(), apiKeyKey(a.APIKey): a.owner(),
	} {
		if err := provider.Remember(ctx, d.memory, key, a.MerchantID, value, time.Time{}); err != nil {
			return nil, fmt.Errorf("keep account: %w", err)
		}
	}
	issued := []provider.Issued{
		{Name: fieldLogin, Value: pay.Secret(a.Login), Public: true},
		{Name: fieldPassword, Value: pay.Secret(a.Password)},
		{Name: fieldAPIKey, Value: pay.Secret(a.APIKey)},
		{Name: fieldKeypass, Value: pay.Secret(a.Keypass)},
	}
	if o.Demo {
		issued = append(issued, provider.Issued{Name: "cipher_key", Value: pay.Secret(a.Cipher), Public: true})
	}
	return issued, nil
}

func newAccount(o provider.IssueOrder, number string, now time.Time) (account, error) {
	a := account{
		MerchantID: o.MerchantID, Mode: o.Mode, Options: settings(o.Options), Number: demoNumber,
		Login: demoLogin, Password: demoPassword, APIKey: demoAPIKey, Keypass: demoKeypass, Cipher: demoCipherKey,
	}
	if o.Demo {
		return a, nil
	}
	a.Number = first(number, randomDigits(6))
	// The login has the form of an e-mail address, and no mail can reach it.
	a.Login = o.MerchantID + "." + string(o.Mode) + "@komipay.invalid"
	a.Password, a.Keypass, a.Cipher = rand.Text(), rand.Text(), newCipherKey()
	var err error
	a.APIKey, err = a.Cipher.encrypt("merchant-" + a.Number + "|" + string(o.Mode) + "|" + now.UTC().Format(time.DateOnly))
	return a, err
}

// newCipherKey makes 32 ASCII bytes of 128 random bits, as the published key is text.
func newCipherKey() cipherKey {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return cipherKey(hex.EncodeToString(b))
}

// randomDigits makes n digits, of which the first may be 0.
func randomDigits(n int64) string {
	k, _ := rand.Int(rand.Reader, new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil)) // never fails
	return fmt.Sprintf("%0*d", int(n), k)
}
