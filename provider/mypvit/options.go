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
	one := func(name, help string, values ...string) option {
		return option{Option: provider.Option{Name: name, Default: values[0], Values: values, Help: help}}
	}
	text := func(name, help, def string, check func(string) bool) option {
		return option{Option: provider.Option{Name: name, Default: def, Help: help}, check: check}
	}
	return []option{
		one(optStrictCodes,
			"What a URL code opens: false lets each of the merchant's codes serve every operation, true the one that it was issued for, and answers 4000 elsewhere.",
			"false", "true"),
		one(optAuthStatus,
			"HTTP status of code 3100, a wrong or expired key or a wrong password: 403 as in the document, 401 as on the provider's pages.",
			"403", "401"),
		text(optSecretGrace,
			"Seconds for which the key before is taken after a renewal.",
			"0", wholeNumber),
		text(optKeyTTL,
			"Seconds for which a renewed key is taken; the key that was issued does not end.",
			"3600", wholeNumber),
		text(optPushDelay,
			"Seconds from the answer to a renewal to the push of its key; 0 pushes before answering.",
			"0", wholeNumber),
		one(optInline,
			"When renew-secret has the key in its answer: v2_only under /v2, no_reception_code also where the request names no reception code, always every time.",
			"v2_only", inlineNoReception, inlineAlways),
		one(optFreeInfo,
			"Characters of free_info: strict takes letters, digits, dash and space, any takes all.",
			"strict", "any"),
		one(optFailedStatus,
			"HTTP status of the answer to a GIVE_CHANGE that failed.",
			"200", "400"),
		one(optMissingCode,
			"Code of MISSING_REQUEST_PARAM: 1012 as in the document's table, 10003 as in its sample.",
			"1012", "10003"),
		one(optLinkGiveChange,
			"A RESTLINK of GIVE_CHANGE, which the document's sample has and its table forbids: reject answers 3002, accept takes it as a payment.",
			"reject", "accept"),
		text(optMaxAmount,
			"Most XAF of one transaction, beyond which the code is 3019: a number, or empty for no bound.",
			"", optionalNumber),
		text(optMaxBalance,
			"Most XAF that the account may hold, beyond which a payment's code is 2001: a number, or empty for no bound.",
			"", optionalNumber),
		text(optV2Minimum,
			"Least XAF of a transaction under /v2, below which the code is 3018.",
			"500", wholeNumber),
		one(optOperatorCheck,
			"An operator_code under /v2 that is not the number's: strict answers 3017, ignore takes it.",
			"strict", "ignore"),
		text(optLinkTTL,
			"Minutes for which a payment link or a QR code can be used.",
			"30", wholeNumber),
		one(optRedirectParams,
			"What is appended to the address that the browser goes back to: none is nothing, reference the merchant's reference.",
			"none", "reference"),
		text(optCallbackFailed,
			"The code in the callback of a payment that failed; that of a success is 200.",
			"400", wholeNumber),
		text(optSandboxDelay,
			"Seconds from the end of a test payment to its callback.",
			"2", wholeNumber),
		one(optOverdueStatus,
			"Status of a transaction that waits for longer than its provider allows: PENDING, or AMBIGUOUS, with which its reference sent again gets 5001.",
			StatusPending, StatusAmbiguous),
		one(optMaintenance,
			"true answers every request with 10000, as in maintenance; false serves.",
			"false", "true"),
		text(optAllowedIPs,
			"Addresses and networks, with commas, that may ask; others get 1000; empty lets all ask.",
			"", func(s string) bool { return checkSenders(s) == nil }),
		text(optInactive,
			"What is switched off, with commas: merchant, account, account:ACC_…, account_type:PAYMENT, service:WEB, type:PAYMENT, operator:MOOV_MONEY, operator_service:MOOV_MONEY/WEB, operator_type:MOOV_MONEY/PAYMENT, url:CBK01, fees.",
			"", listOf("merchant", "account", "account:", "account_type:", "service:", "type:",
				"operator:", "operator_service:", "operator_type:", "url:", "fees")),
		text(optNotAllowed,
			"What the merchant may not do, with commas: account_type:PAYMENT, service:WEB, operator_service:MOOV_MONEY/WEB, operator_type:MOOV_MONEY/PAYMENT, permission:balance.",
			"", listOf("account_type:", "service:", "operator_service:", "operator_type:", "permission:")),
		text(optCustomers,
			"Numbers in a state, with commas: blocked:060000100 gets 3014, no_pin:060000100 3022, unknown:060000100 3023.",
			"", listOf(customerBlocked+":", customerWithoutPIN+":", customerUnknown+":")),
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
