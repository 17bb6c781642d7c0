package cinetpay

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// account is a merchant's account in this dialect. It is kept sealed, once by
// what requests bring and once by whose it is.
type account struct {
	MerchantID string            `json:"merchant"`
	Mode       pay.Mode          `json:"mode"`
	APIKey     string            `json:"apikey"`
	SiteID     string            `json:"site_id"`
	SecretKey  string            `json:"secret_key"`
	Password   string            `json:"password"`
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
	return provider.Caller{MerchantID: a.MerchantID, Mode: a.Mode, Front: Name, Account: a.SiteID}
}

// abandonAfter is how long a page waits for its customer.
func (a account) abandonAfter() time.Duration {
	minutes, err := strconv.Atoi(a.option(optAbandonMinutes))
	if err != nil || minutes <= 0 {
		minutes = 30
	}
	return time.Duration(minutes) * time.Minute
}

func apiKeyKey(apiKey string) string { return "apikey:" + apiKey }

func merchantKey(m pay.Mode, merchantID string) string {
	return "merchant:" + string(m) + ":" + merchantID
}

func (d *dialect) memory() provider.Memory { return d.gw.Memory(Name) }

// accountOfKey finds whose apikey it is; the memory compares keyed hashes.
func (d *dialect) accountOfKey(ctx context.Context, apiKey string) (account, error) {
	var a account
	_, err := provider.Recall(ctx, d.memory(), apiKeyKey(apiKey), &a)
	if errors.Is(err, provider.ErrNoItem) {
		return account{}, &pay.Error{Kind: pay.KindUnauthorized, Code: "auth_not_found", Message: "apikey is not valid"}
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
	demoAPIKey   = "demo-cinetpay-apikey" //nolint:gosec // published, opens the sandbox only
	demoSiteID   = "100001"
	demoSecret   = "demo-cinetpay-secret" //nolint:gosec // published, opens the sandbox only
	demoPassword = "demo-password"
)

// Issue makes an account or replaces its secrets. The site id stays: it is
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
		APIKey: demoAPIKey, SiteID: demoSiteID, SecretKey: demoSecret, Password: demoPassword,
	}
	switch {
	case o.KeepCredentials && existed:
		a.APIKey, a.SiteID, a.SecretKey, a.Password = before.APIKey, before.SiteID, before.SecretKey, before.Password
	case !o.Demo:
		a.APIKey = randomHex(12) + "." + randomDigits(8)
		a.SiteID = cmp.Or(before.SiteID, randomDigits(8))
		a.SecretKey, a.Password = randomHex(16), rand.Text()
	}
	for _, key := range []string{apiKeyKey(a.APIKey), merchantKey(a.Mode, a.MerchantID)} {
		if err := provider.Remember(ctx, d.memory(), key, a.MerchantID, a, time.Time{}); err != nil {
			return nil, fmt.Errorf("keep account: %w", err)
		}
	}
	if existed && before.APIKey != a.APIKey {
		if err := d.memory().Delete(ctx, apiKeyKey(before.APIKey)); err != nil {
			return nil, fmt.Errorf("withdraw the former apikey: %w", err)
		}
	}
	return []provider.Issued{
		{Name: fieldAPIKey, Value: pay.Secret(a.APIKey)},
		{Name: fieldSiteID, Value: pay.Secret(a.SiteID), Public: true},
		{Name: fieldSecretKey, Value: pay.Secret(a.SecretKey)},
		{Name: fieldTransferPassword, Value: pay.Secret(a.Password)},
	}, nil
}

// checkOptions refuses unknown options and values.
func checkOptions(options map[string]string) error {
	known := dialectOptions()
	for name, value := range options {
		i := slices.IndexFunc(known, func(o provider.Option) bool { return o.Name == name })
		if i < 0 {
			return pay.Invalid(name, "there is no such option")
		}
		if values := known[i].Values; len(values) > 0 && !slices.Contains(values, value) {
			return pay.Invalid(name, "the option has no such value")
		}
		isNumber := name == optAbandonMinutes || name == optChecksPerMinute && value != ""
		if n, err := strconv.Atoi(value); isNumber && (err != nil || n <= 0) {
			return pay.Invalid(name, "the option is a positive number")
		}
	}
	return nil
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// randomDigits makes n digits, the first of them not 0.
func randomDigits(n int64) string {
	low := new(big.Int).Exp(big.NewInt(10), big.NewInt(n-1), nil)
	k, _ := rand.Int(rand.Reader, new(big.Int).Mul(low, big.NewInt(9))) // never fails
	return k.Add(k, low).String()
}

// limiter counts checks per site. Each node counts for itself, which is enough
// to hold off a loop.
type limiter struct {
	mu    sync.Mutex
	sites map[string]*rate.Limiter
}

// liveChecksPerMinute is CinetPay's limit.
const liveChecksPerMinute = 60

// allow reports whether the account may check once more now.
func (l *limiter) allow(a account, now time.Time) bool {
	perMinute, err := strconv.Atoi(a.option(optChecksPerMinute))
	if err != nil {
		if a.Mode != pay.Live {
			return true
		}
		perMinute = liveChecksPerMinute
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sites == nil {
		l.sites = map[string]*rate.Limiter{}
	}
	key := string(a.Mode) + a.MerchantID
	every := rate.Every(time.Minute / time.Duration(perMinute))
	site, ok := l.sites[key]
	if !ok || site.Burst() != perMinute {
		site = rate.NewLimiter(every, perMinute)
		l.sites[key] = site
	}
	return site.AllowN(now, 1)
}
