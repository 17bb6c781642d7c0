package lemurpay

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// demoKey is the demo merchant's.
const demoKey = "lemur_demo"

// noticeRetries are the delays after each failure to deliver.
var noticeRetries = []time.Duration{time.Minute, 10 * time.Minute, time.Hour}

// account is a merchant's in this dialect. The gateway keeps it sealed.
type account struct {
	MerchantID string   `json:"merchant"`
	Mode       pay.Mode `json:"mode"`
	Key        string   `json:"key"`
	Callback   string   `json:"callback,omitempty"`
}

func (a account) caller() provider.Caller {
	return provider.Caller{MerchantID: a.MerchantID, Mode: a.Mode, Front: Name}
}

func keyOf(key string) string                       { return "key/" + key }
func merchantOf(m pay.Mode, merchant string) string { return "merchant/" + string(m) + "/" + merchant }

// Issue makes a key, in place of the one before.
func (d dialect) Issue(ctx context.Context, o provider.IssueOrder) ([]provider.Issued, error) {
	a := account{MerchantID: o.MerchantID, Mode: o.Mode, Key: "lemur_" + rand.Text()}
	if o.Demo {
		a.Key = demoKey
	}
	if o.CallbackURL != "" {
		a.Callback = strings.TrimRight(o.CallbackURL, "/") + "/" + Name
	}
	memory := d.gateway.Memory(Name)
	before, err := d.accountOf(ctx, o.Mode, o.MerchantID)
	if err != nil {
		return nil, err
	}
	if o.KeepCredentials && before.Key != "" {
		a.Key = before.Key
	}
	if before.Key != "" && before.Key != a.Key {
		if err := memory.Delete(ctx, keyOf(before.Key)); err != nil {
			return nil, fmt.Errorf("withdraw key: %w", err)
		}
	}
	for _, name := range []string{keyOf(a.Key), merchantOf(a.Mode, a.MerchantID)} {
		if err := provider.Remember(ctx, memory, name, a.MerchantID, a, time.Time{}); err != nil {
			return nil, fmt.Errorf("keep account: %w", err)
		}
	}
	return []provider.Issued{{Name: fieldKey, Value: pay.Secret(a.Key)}}, nil
}

// accountOf finds a merchant's account, an empty one when it has none.
func (d dialect) accountOf(ctx context.Context, m pay.Mode, merchant string) (account, error) {
	return d.recall(ctx, merchantOf(m, merchant))
}

func (d dialect) authenticate(r *http.Request) (account, error) {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Key ")
	if !ok || key == "" {
		return account{}, refusal(codeKey)
	}
	a, err := d.recall(r.Context(), keyOf(key))
	if err == nil && a.Key == "" {
		err = refusal(codeKey)
	}
	return a, err
}

func (d dialect) recall(ctx context.Context, name string) (account, error) {
	var a account
	_, err := provider.Recall(ctx, d.gateway.Memory(Name), name, &a)
	if errors.Is(err, provider.ErrNoItem) {
		return account{}, nil
	}
	if err != nil {
		return account{}, fmt.Errorf("recall account: %w", err)
	}
	return a, nil
}
