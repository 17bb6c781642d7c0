package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// DialectSettings are with what a merchant's credentials in a dialect were
// issued last.
type DialectSettings struct {
	CallbackURL string            `json:"callback_url,omitempty"`
	ReturnURL   string            `json:"return_url,omitempty"`
	Options     map[string]string `json:"options,omitempty"`
	// Demo: the credentials are the published ones.
	Demo bool `json:"demo,omitempty"`
}

func dialectKey(name, merchantID string, mode pay.Mode) string {
	return name + "/" + string(mode) + "/" + merchantID
}

// DialectSettings reads the settings of a merchant's dialect; issued is false
// where it has no credentials.
func (g *Gateway) DialectSettings(ctx context.Context, name, merchantID string, mode pay.Mode) (s DialectSettings, issued bool, err error) {
	_, err = provider.Recall(ctx, g.memory("dialect-settings"), dialectKey(name, merchantID, mode), &s)
	if errors.Is(err, provider.ErrNoItem) {
		return DialectSettings{}, false, nil
	}
	if err != nil {
		return DialectSettings{}, false, fmt.Errorf("recall settings of dialect %s: %w", name, err)
	}
	return s, true, nil
}

// Issue makes or changes a merchant's credentials in a dialect, and remembers
// with what settings.
func (g *Gateway) Issue(ctx context.Context, name string, d provider.Dialect, o provider.IssueOrder) ([]provider.Issued, error) {
	issued, err := d.Issue(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("issue %s credentials: %w", name, err)
	}
	s := DialectSettings{CallbackURL: o.CallbackURL, ReturnURL: o.ReturnURL, Options: o.Options, Demo: o.Demo}
	if err := provider.Remember(ctx, g.memory("dialect-settings"), dialectKey(name, o.MerchantID, o.Mode), o.MerchantID, s, time.Time{}); err != nil {
		return nil, fmt.Errorf("keep settings of dialect %s: %w", name, err)
	}
	return issued, nil
}
