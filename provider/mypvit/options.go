package mypvit

import (
	"strconv"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// The dialect options.
const (
	optStrictCodes     = "strict_url_codes"
	optAuthStatus      = "auth_failed_status"
	optSecretGrace     = "old_secret_grace_s"
	optKeyTTL          = "secret_ttl_s"
	optPushDelay       = "secret_push_delay_s"
	optInline          = "renew_inline"
	optFreeInfo        = "free_info_charset"
	optFailedStatus    = "failed_body_status"
	optMissingCode     = "missing_param_code"
	optLinkGiveChange  = "link_give_change"
	optMaxAmount       = "max_amount"
	optMaxBalance      = "max_balance"
	optV2Minimum       = "v2_min_amount"
	optOperatorCheck   = "operator_code_check"
	optLinkTTL         = "link_ttl_min"
	optRedirectParams  = "redirect_params"
	optCallbackFailed  = "callback_failed_code"
	optSandboxDelay    = "sandbox_delay_s"
	optOverdueStatus   = "overdue_status"
	optMaintenance     = "maintenance"
	optAllowedIPs      = "allowed_ips"
	optInactive        = "inactive"
	optNotAllowed      = "not_allowed"
	optCustomers       = "customers"
	inlineAlways       = "always"
	inlineNoReception  = "no_reception_code"
	customerBlocked    = "blocked"
	customerWithoutPIN = "no_pin"
	customerUnknown    = "unknown"
)

// option is a dialect option with its check; nil accepts the listed values or,
// without a list, any text.
type option struct {
	provider.Option
	check func(string) bool
}

var dialectOptions = optionTable()

func optionTable() []option {
	one := func(name string, values ...string) option {
		return option{Option: provider.Option{Name: name, Default: values[0], Values: values}}
	}
	text := func(name, def string, check func(string) bool) option {
		return option{Option: provider.Option{Name: name, Default: def}, check: check}
	}
	return []option{
		one(optStrictCodes, "false", "true"),
		one(optAuthStatus, "403", "401"),
		text(optSecretGrace, "0", wholeNumber),
		text(optKeyTTL, "3600", wholeNumber),
		text(optPushDelay, "0", wholeNumber),
		one(optInline, "v2_only", inlineNoReception, inlineAlways),
		one(optFreeInfo, "strict", "any"),
		one(optFailedStatus, "200", "400"),
		one(optMissingCode, "1012", "10003"),
		one(optLinkGiveChange, "reject", "accept"),
		text(optMaxAmount, "", optionalNumber),
		text(optMaxBalance, "", optionalNumber),
		text(optV2Minimum, "500", wholeNumber),
		one(optOperatorCheck, "strict", "ignore"),
		text(optLinkTTL, "30", wholeNumber),
		one(optRedirectParams, "none", "reference"),
		text(optCallbackFailed, "400", wholeNumber),
		text(optSandboxDelay, "2", wholeNumber),
		one(optOverdueStatus, StatusPending, StatusAmbiguous),
		one(optMaintenance, "false", "true"),
		text(optAllowedIPs, "", func(s string) bool { return checkSenders(s) == nil }),
		text(optInactive, "", listOf("merchant", "account", "account:", "account_type:", "service:", "type:",
			"operator:", "operator_service:", "operator_type:", "url:", "fees")),
		text(optNotAllowed, "", listOf("account_type:", "service:", "operator_service:", "operator_type:", "permission:")),
		text(optCustomers, "", listOf(customerBlocked+":", customerWithoutPIN+":", customerUnknown+":")),
	}
}

func options() []provider.Option {
	var list []provider.Option
	for _, o := range dialectOptions {
		list = append(list, o.Option)
	}
	return list
}

// settings are a merchant's options: overrides of the defaults, by name.
type settings map[string]string

func (s settings) get(name string) string {
	if v, ok := s[name]; ok {
		return v
	}
	for _, o := range dialectOptions {
		if o.Name == name {
			return o.Default
		}
	}
	return ""
}

// number is an option that checkSettings has found to be whole; "" is zero.
func (s settings) number(name string) int64 {
	n, _ := strconv.ParseInt(s.get(name), 10, 64)
	return n
}

// lists reports whether the subject is in one of the list options.
func (s settings) lists(name, subject string) bool {
	for _, word := range splitList(s.get(name)) {
		if word == subject {
			return true
		}
	}
	return false
}

// checkSettings refuses unknown options and values.
func checkSettings(s map[string]string) error {
	known := map[string]option{}
	for _, o := range dialectOptions {
		known[o.Name] = o
	}
	for name, v := range s {
		o, ok := known[name]
		if !ok {
			return pay.Invalid("options", "MyPVit has no option of that name")
		}
		if !o.accepts(v) {
			return pay.Invalid("options."+name, "the option has no such value")
		}
	}
	return nil
}

func (o option) accepts(v string) bool {
	if o.check != nil {
		return o.check(v)
	}
	for _, allowed := range o.Values {
		if v == allowed {
			return true
		}
	}
	return false
}

func wholeNumber(s string) bool {
	n, err := strconv.ParseInt(s, 10, 32)
	return err == nil && n >= 0
}

func optionalNumber(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return s == "" || err == nil && n >= 0
}

// listOf accepts lists of the words given; one that ends in a colon goes on
// with any name.
func listOf(words ...string) func(string) bool {
	return func(s string) bool {
		for _, item := range splitList(s) {
			if !listed(words, item) {
				return false
			}
		}
		return true
	}
}

func listed(words []string, item string) bool {
	for _, w := range words {
		if item == w || strings.HasSuffix(w, ":") && strings.HasPrefix(item, w) && len(item) > len(w) {
			return true
		}
	}
	return false
}
