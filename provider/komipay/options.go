package komipay

import (
	"slices"
	"strconv"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// The dialect options.
const (
	optSeedReply       = "seed_sta_reply"
	optErrorStatus     = "error_http_status"
	optAuthStatus      = "auth_failed_status"
	optAuthBody        = "auth_failed_body"
	optWindow          = "validation_window_s"
	optLongPoll        = "status_long_poll"
	optStatusKey       = "status_key"
	optRefusalWithRef  = "refusal_reference"
	optWebhook         = "webhook_url"
	webhookAtCallback  = "callback"
	longestWindow      = 3600
	defaultWindowInSec = "300"
)

func options() []provider.Option {
	return []provider.Option{
		{Name: optSeedReply, Default: "false", Values: []string{"false", "true"}},
		{Name: optErrorStatus, Default: "body_only", Values: []string{"body_only", "mirror"}},
		{Name: optAuthStatus, Default: "401", Values: []string{"401", "403"}},
		{Name: optAuthBody, Default: "empty", Values: []string{"empty", "json", "html"}},
		{Name: optWindow, Default: defaultWindowInSec},
		{Name: optLongPoll, Default: "true", Values: []string{"true", "false"}},
		{Name: optStatusKey, Default: "strict", Values: []string{"strict", "lenient"}},
		{Name: optRefusalWithRef, Default: "false", Values: []string{"false", "true"}},
		// An address, or "callback" for the one of the merchant's other notifications.
		{Name: optWebhook, Default: ""},
	}
}

// settings are a merchant's options: overrides of the defaults, by name.
type settings map[string]string

func (s settings) get(name string) string {
	if v, ok := s[name]; ok {
		return v
	}
	for _, o := range options() {
		if o.Name == name {
			return o.Default
		}
	}
	return ""
}

func (s settings) is(name string) bool { return s.get(name) == "true" }

// window is how long a payer has to answer.
func (s settings) window() time.Duration {
	seconds, err := strconv.Atoi(s.get(optWindow))
	if err != nil {
		seconds, _ = strconv.Atoi(defaultWindowInSec)
	}
	return time.Duration(seconds) * time.Second
}

// checkSettings refuses unknown options and values. checkURL judges addresses.
func checkSettings(s map[string]string, checkURL func(string) error) error {
	known := options()
	for name, value := range s {
		i := slices.IndexFunc(known, func(o provider.Option) bool { return o.Name == name })
		switch {
		case i < 0:
			return pay.Invalid("options", "KomiPay has no option of that name")
		case len(known[i].Values) > 0 && !slices.Contains(known[i].Values, value):
			return pay.Invalid("options."+name, "the option has no such value")
		case name == optWindow:
			if n, err := strconv.Atoi(value); err != nil || n < 1 || n > longestWindow {
				return pay.Invalid("options."+name, "the window is 1 to 3600 seconds")
			}
		case name == optWebhook && value != "" && value != webhookAtCallback:
			if err := checkURL(value); err != nil {
				return err
			}
		}
	}
	return nil
}
