package provider

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// Provider describes one provider as data.
type Provider struct {
	// Name is the prefix of its dialect and its name in configuration: "cinetpay".
	Name string
	// Title is how people write it: "CinetPay".
	Title string
	// Countries are ISO 3166-1 alpha-2 codes where its connector collects.
	Countries  []string
	Currencies []money.Currency
	// Takes lists what its connector can carry; the routes refuse the rest
	// with a capability error before anything is recorded.
	Takes []Capability
	// Hosts are the provider's own host names: the dialect answers at "/" when
	// the Host header is one of them.
	Hosts []string

	// Credentials are the fields of a connection; they drive forms, environment
	// names, validation and redaction.
	Credentials []Field
	// Options are a merchant's dialect options, with their defaults.
	Options []Option

	// Reference is the alphabet of the references that we send.
	Reference ReferenceRule
	// Abandon says when documented absence at the provider counts as failure.
	Abandon map[pay.Kind]Abandon
	// PendingTTL is how long a submitted transaction may take before it is overdue.
	PendingTTL time.Duration
	// CallTimeout bounds one submission; zero is 30 s.
	CallTimeout time.Duration
	// Polls are the delays between status checks; empty uses the gateway's own.
	Polls []time.Duration
	// Recheck keeps asking after a failure of that reason, for so long: providers
	// are known to turn it into a success later.
	Recheck map[pay.Reason]time.Duration
	// ResubmitSafe: submitting the same reference again can't move money twice,
	// so a submission that nobody can find may be repeated.
	ResubmitSafe bool

	// GoLive is what the provider wants to see in its test mode before it opens
	// real payments; zero wants nothing.
	GoLive GoLive

	// SandboxFee is the fee of test transactions that enter through its dialect,
	// in basis points of the amount, where the merchant has no schedule of its own.
	SandboxFee int64
	// SandboxFeeBearer bears it unless the request says otherwise.
	SandboxFeeBearer pay.Bearer

	// Connect makes a connector for one connection, nil when there is none.
	Connect func(Environment) (Connector, error)
	// Speak makes the dialect, nil when there is none.
	Speak func(Gateway) Dialect
	// Rules are the provider's documented test data, applied by the sandbox to
	// what enters through its dialect; nil when it documents none.
	Rules func(Trial) Verdict
	// Hazards are its field hazards, which the sandbox plays on demand.
	Hazards []Hazard
	// Scenes are its documented requests, played by `demo`.
	Scenes []Scene
	// Vectors are its published examples, request and answer, in text files
	// (docs/conformance.md); `conform` plays them against any address.
	Vectors fs.FS
	// Statement says how its list of movements is read; zero reads plain words.
	Statement Statement
	// Curl gives one copy-and-paste command for a developer, from the issued
	// credentials; IssuedCallback among them, if set, is where the developer listens.
	Curl func(base string, issued map[string]string) string
}

// Capability is one thing a rail can carry.
type Capability struct {
	Kind   pay.Kind
	Method pay.MethodType
	// Hosted: the customer finishes on the provider's page, so a push without a
	// browser can't go this way.
	Hosted bool
}

// Can reports whether the provider's connector carries this kind and method in
// this currency. hosted says whether the customer has a browser at hand.
func (p *Provider) Can(kind pay.Kind, method pay.MethodType, cur money.Currency, hosted bool) bool {
	if !p.HasCurrency(cur) {
		return false
	}
	for _, c := range p.Takes {
		if c.Kind == kind && (method == "" || c.Method == method) && (hosted || !c.Hosted) {
			return true
		}
	}
	return false
}

// HasCurrency reports whether the provider moves this currency. XAF never stands for XOF.
func (p *Provider) HasCurrency(cur money.Currency) bool {
	for _, c := range p.Currencies {
		if c == cur {
			return true
		}
	}
	return false
}

// Field is one credential or setting of a connection.
type Field struct {
	Name     string // snake_case; PASSERELLE_<PROVIDER>_<NAME> in the environment
	Label    string
	Secret   bool
	Required bool
	Default  string
	// URL: the value is an address that passes the outgoing guard.
	URL bool
}

// Option is one dialect option of the wire documents: `name: default|other`.
type Option struct {
	Name    string
	Default string
	// Values are the allowed ones; empty allows any text (numbers, durations).
	Values []string
	// Help is one sentence: what it changes, and what each value means.
	Help string
}

// ReferenceRule is the alphabet and length of references at a provider.
type ReferenceRule struct {
	// Prefix starts every reference, so that ours are told apart.
	Prefix string
	// Length is the whole length, at most; at least 12.
	Length int
}

// GoLive counts test payments, by outcome, whose notification the merchant's
// server must have acknowledged as documented.
type GoLive struct{ Succeeded, Failed int }

// Verdicts of a dialect on a merchant's acknowledgement of a notification, where
// the provider documents how it reads.
const (
	AckValid   = "valid"
	AckWrong   = "wrong"
	AckMissing = "missing"
)

// Abandon makes absence count as failure, of an attempt whose submission got no
// answer, after Times answers over at least After.
type Abandon struct {
	Times int
	After time.Duration
}

// Environment is what a connector gets to work with.
type Environment struct {
	// Connection is the connection's id, Merchant its owner.
	Connection  string
	MerchantID  string
	Mode        pay.Mode
	Credentials map[string]pay.Secret
	// Settings are the credential fields that are not secret, defaults filled in.
	Settings map[string]string
	// HTTP is guarded against SSRF, capped in time and size, follows no
	// redirects and writes a redacted transcript.
	HTTP *http.Client
	// Memory keeps what must survive the call: a token, a renewed secret.
	Memory Memory
	// HookURL is where the provider's notifications for this connection go; it
	// holds an unguessable token.
	HookURL string
	Now     func() time.Time
	Log     *slog.Logger
	// Sent reports whether a request that failed with err may have reached the
	// provider. In doubt it says true.
	Sent func(err error) bool
	// Alert tells a person; it never holds a secret.
	Alert func(message string)
}

// Secret returns a credential's text, "" when it is not set.
func (e Environment) Secret(name string) string { return e.Credentials[name].Reveal() }

// CheckOption refuses an option that the dialect does not have, or a value that
// it does not take.
func (p *Provider) CheckOption(name, value string) error {
	for _, o := range p.Options {
		if o.Name != name {
			continue
		}
		if len(o.Values) > 0 && !slices.Contains(o.Values, value) {
			return pay.Invalid(name, fmt.Sprintf("%s %s is one of %s", p.Title, name, strings.Join(o.Values, ", ")))
		}
		return nil
	}
	return pay.Invalid(name, fmt.Sprintf("%s has no option %q", p.Title, name))
}
