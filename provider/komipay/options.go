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
		{
			Name: optSeedReply, Default: "false", Values: []string{"false", "true"},
			Help: "Shape of the answer to a payment by a transfer company: false is KomiPay's own (code, statut), true that of the integrator's notes (success, status).",
		},
		{
			Name: optErrorStatus, Default: "body_only", Values: []string{"body_only", "mirror"},
			Help: "HTTP status of a business refusal: body_only is 200 whatever code the body has, mirror is that code.",
		},
		{
			Name: optAuthStatus, Default: "401", Values: []string{"401", "403"},
			Help: "HTTP status of the answer to a missing, wrong or expired token.",
		},
		{
			Name: optAuthBody, Default: "empty", Values: []string{"empty", "json", "html"},
			Help: "Body of the answer to a missing, wrong or expired token: empty is none, json a refusal, html a page.",
		},
		{
			Name: optWindow, Default: defaultWindowInSec,
			Help: "Seconds, 1 to 3600, that the payer has: a call is held open for so long at most, and then says that the payment failed.",
		},
		{
			Name: optLongPoll, Default: "true", Values: []string{"true", "false"},
			Help: "Status call about a pending payment: true holds it open until the outcome or the end of the window, false answers at once.",
		},
		{
			Name: optStatusKey, Default: "strict", Values: []string{"strict", "lenient"},
			Help: "Name of the API key in the status call: strict takes apikey alone, lenient api_key as well.",
		},
		{
			Name: optRefusalWithRef, Default: "false", Values: []string{"false", "true"},
			Help: "Answer of a collect that was refused: false has no reference, as in the notes, true has reference_transaction.",
		},
		{
			Name: optWebhook, Default: "",
			Help: "Where notifications go: an address, the word callback for that of --callback-url, or empty for nowhere.",
		},
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
