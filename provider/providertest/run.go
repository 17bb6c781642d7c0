package providertest

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// Case is a provider under test. Parts left out are not tested: a provider
// without a connector leaves Order empty, one without a dialect has no Requests.
type Case struct {
	Provider provider.Provider

	// Values are credentials and settings of a connection; AddressFields are the
	// settings that hold the provider's address, filled in by the suite.
	Values        map[string]string
	AddressFields []string
	// Order is a payment that the connector takes, Payout a payout.
	Order  provider.Order
	Payout *provider.Order
	// Preliminary answers what comes before the call itself (a login), and
	// reports whether it did.
	Preliminary func(http.ResponseWriter, *http.Request) bool
	// Absent answers a status check with the documented "no such reference".
	Absent http.HandlerFunc

	// Requests are well-formed requests to the dialect.
	Requests []Request
	// Shape checks that an answer is a refusal as the provider writes them.
	Shape func(status int, header http.Header, body []byte) error
}

// Request is one good request to a dialect.
type Request struct {
	Name string
	// Build makes the request from the issued credentials, by name; the path
	// has no mount prefix.
	Build func(issued map[string]string) *http.Request
	// Spoil puts a wrong credential in place of the right one; nil for
	// requests that need none.
	Spoil func(*http.Request) *http.Request
}

// Run holds a provider to the promises that all providers share.
func Run(t *testing.T, c Case) {
	t.Run("descriptor", func(t *testing.T) { testDescriptor(t, c.Provider) })
	if c.Provider.Connect != nil && c.Order.Reference != "" {
		t.Run("connector", func(t *testing.T) { testConnector(t, c) })
	}
	if c.Provider.Speak != nil && len(c.Requests) > 0 {
		t.Run("dialect", func(t *testing.T) { testDialect(t, c) })
	}
}

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

func testDescriptor(t *testing.T, p provider.Provider) {
	t.Run("has a name and a title", func(t *testing.T) {
		if !regexp.MustCompile(`^[a-z][a-z0-9]+$`).MatchString(p.Name) || p.Title == "" {
			t.Errorf("name %q, title %q", p.Name, p.Title)
		}
	})
	t.Run("works in known countries and currencies", func(t *testing.T) {
		known := strings.Join(phone.Countries(), " ")
		for _, c := range p.Countries {
			if len(c) != 2 || !strings.Contains(known, c) {
				t.Errorf("country %q", c)
			}
		}
		for _, c := range p.Currencies {
			if _, err := money.ParseCurrency(string(c)); err != nil {
				t.Errorf("currency %q: %v", c, err)
			}
		}
		if len(p.Countries) == 0 || len(p.Currencies) == 0 {
			t.Error("no country or no currency")
		}
	})
	t.Run("has fields with unique snake_case names and labels", func(t *testing.T) { testFields(t, p.Credentials) })
	t.Run("has options with unique snake_case names and allowed defaults", func(t *testing.T) { testOptions(t, p.Options) })
	t.Run("makes references that can't be guessed or met twice", func(t *testing.T) {
		if p.Connect != nil && (p.Reference.Length < 12 || len(p.Reference.Prefix) > p.Reference.Length-9) {
			t.Errorf("reference rule %+v", p.Reference)
		}
	})
	t.Run("abandons on absence only after several answers over some time", func(t *testing.T) {
		for kind, a := range p.Abandon {
			if a.Times < 2 || a.After <= 0 {
				t.Errorf("%s: %+v", kind, a)
			}
		}
	})
	t.Run("names the operations of its scenes once", func(t *testing.T) {
		seen := map[string]bool{}
		for _, s := range p.Scenes {
			if s.Operation == "" || s.Play == nil || seen[s.Operation] {
				t.Errorf("scene %q is empty or stands twice", s.Operation)
			}
			seen[s.Operation] = true
		}
	})
	t.Run("scripts only definite outcomes", func(t *testing.T) { testRules(t, p) })
}

func testFields(t *testing.T, fields []provider.Field) {
	seen := map[string]bool{}
	for _, f := range fields {
		if !snakeCase.MatchString(f.Name) || f.Label == "" || seen[f.Name] {
			t.Errorf("field %q: not snake_case, without a label, or twice", f.Name)
		}
		if f.Secret && f.Default != "" {
			t.Errorf("field %q: a secret has a default", f.Name)
		}
		if f.URL && f.Default != "" && !strings.HasPrefix(f.Default, "https://") {
			t.Errorf("field %q: its default address is not https", f.Name)
		}
		seen[f.Name] = true
	}
}

func testOptions(t *testing.T, options []provider.Option) {
	seen := map[string]bool{}
	for _, o := range options {
		if !snakeCase.MatchString(o.Name) || seen[o.Name] {
			t.Errorf("option %q: not snake_case, or twice", o.Name)
		}
		seen[o.Name] = true
		allowed := len(o.Values) == 0
		for _, v := range o.Values {
			allowed = allowed || v == o.Default
		}
		if !allowed {
			t.Errorf("option %q: default %q is not among its values", o.Name, o.Default)
		}
	}
}

func testRules(t *testing.T, p provider.Provider) {
	if p.Rules == nil {
		return // it documents no test data
	}
	known := map[pay.Reason]bool{}
	for _, r := range pay.Reasons() {
		known[r] = true
	}
	for _, currency := range p.Currencies {
		for _, minor := range []int64{1, 200, 1000, 1001, 1_000_000_000} {
			v := p.Rules(provider.Trial{Kind: pay.Payment, Method: pay.MobileMoney, Amount: money.New(minor, currency)})
			for _, s := range []*provider.Scripted{v.Exact, v.Amount} {
				switch {
				case s == nil, s.Outcome == pay.OutcomeSucceeded && s.Failure.IsZero():
				case s.Outcome == pay.OutcomeFailed && known[s.Failure.Reason]:
				default:
					t.Errorf("%d %s: scripted %+v", minor, currency, *s)
				}
			}
		}
	}
}
