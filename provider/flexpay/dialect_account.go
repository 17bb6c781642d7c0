package flexpay

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// account is a merchant's account in this dialect. It is kept sealed, once by
// the token that requests bring and once by whose it is.
type account struct {
	MerchantID string            `json:"merchant_id"`
	Mode       pay.Mode          `json:"mode"`
	Token      string            `json:"token"`
	Merchant   string            `json:"merchant"` // FlexPay's merchant code
	Options    map[string]string `json:"options,omitempty"`
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

func (a account) caller() provider.Caller {
	return provider.Caller{MerchantID: a.MerchantID, Mode: a.Mode, Front: Name, Account: a.Merchant}
}

func tokenKey(token string) string { return "token:" + token }

func merchantKey(m pay.Mode, merchantID string) string {
	return "merchant:" + string(m) + ":" + merchantID
}

func (d *dialect) memory() provider.Memory { return d.gw.Memory(Name) }

// accountOfToken finds whose token it is; the memory compares keyed hashes.
func (d *dialect) accountOfToken(ctx context.Context, token string) (account, error) {
	unknown := &pay.Error{Kind: pay.KindUnauthorized, Code: "unauthorized", Message: "the token is not valid"}
	if token == "" {
		return account{}, unknown
	}
	var a account
	_, err := provider.Recall(ctx, d.memory(), tokenKey(token), &a)
	if errors.Is(err, provider.ErrNoItem) {
		return account{}, unknown
	}
	if err != nil {
		return account{}, fmt.Errorf("find account: %w", err)
	}
	return a, nil
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
	demoToken    = "demo-flexpay-token" //nolint:gosec // published, opens the sandbox only
	demoMerchant = "DEMO"
)

// Issue makes an account or replaces its token. The merchant code stays: it is
// the account under which payments are found again.
func (d *dialect) Issue(ctx context.Context, o provider.IssueOrder) ([]provider.Issued, error) {
	if err := checkOptions(o.Options); err != nil {
		return nil, err
	}
	before, existed, err := d.accountOf(ctx, o.Mode, o.MerchantID)
	if err != nil {
		return nil, err
	}
	a := account{
		MerchantID: o.MerchantID, Mode: o.Mode, Options: maps.Clone(o.Options),
		Token: demoToken, Merchant: demoMerchant,
	}
	switch {
	case o.KeepCredentials && existed:
		a.Token, a.Merchant = before.Token, before.Merchant
	case !o.Demo:
		a.Token = rand.Text() + rand.Text()
		a.Merchant = cmp.Or(before.Merchant, "M"+rand.Text()[:9])
	}
	for _, key := range []string{tokenKey(a.Token), merchantKey(a.Mode, a.MerchantID)} {
		if err := provider.Remember(ctx, d.memory(), key, a.MerchantID, a, time.Time{}); err != nil {
			return nil, fmt.Errorf("keep account: %w", err)
		}
	}
	if existed && before.Token != a.Token {
		if err := d.memory().Delete(ctx, tokenKey(before.Token)); err != nil {
			return nil, fmt.Errorf("withdraw the former token: %w", err)
		}
	}
	return []provider.Issued{
		{Name: fieldToken, Value: pay.Secret(a.Token)},
		{Name: fieldMerchant, Value: pay.Secret(a.Merchant), Public: true},
	}, nil
}

// maxRetries bounds callback_retries.
const maxRetries = 20

// checkOptions refuses unknown options and values.
func checkOptions(options map[string]string) error {
	p := provider.Provider{Title: "FlexPay", Options: dialectOptions()}
	for name, value := range options {
		if err := p.CheckOption(name, value); err != nil {
			return err
		}
		if n, err := strconv.Atoi(value); name == optCallbackRetries && (err != nil || n < 0 || n > maxRetries) {
			return pay.Invalid(name, "the option is a number from 0 to "+strconv.Itoa(maxRetries))
		}
	}
	return nil
}

const (
	digits   = "0123456789"
	alphanum = digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// newOrderNumber makes an orderNumber: twelve random letters and digits, then
// the payer's phone, or for a card twelve random digits.
func newOrderNumber(phoneDigits string) string {
	if phoneDigits == "" {
		phoneDigits = randomOf(digits, 12)
	}
	return randomOf(alphanum, 12) + phoneDigits
}

// randomOf draws n characters evenly: bytes beyond the last whole multiple of
// the alphabet are drawn again.
func randomOf(alphabet string, n int) string {
	var out strings.Builder
	limit := 256 - 256%len(alphabet)
	b := make([]byte, 1)
	for out.Len() < n {
		_, _ = rand.Read(b) // never fails
		if int(b[0]) < limit {
			out.WriteByte(alphabet[int(b[0])%len(alphabet)])
		}
	}
	return out.String()
}
