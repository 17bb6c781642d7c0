package mypvit

import (
	"errors"
	"net/http"
	"path"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// dialect is MyPVit's API as we serve it.
type dialect struct {
	gateway provider.Gateway
	memory  provider.Memory
	mux     *http.ServeMux
}

func newDialect(g provider.Gateway) *dialect {
	d := &dialect{gateway: g, memory: g.Memory(Name), mux: http.NewServeMux()}
	for _, o := range operations {
		for _, prefix := range []string{"", "/v2"} {
			if prefix == "" && o.v2Only {
				continue
			}
			p := prefix + "/{code}/" + o.name
			d.mux.HandleFunc(o.method+" "+p, d.serve(o, prefix != ""))
			d.mux.HandleFunc(p, d.wrongMethod(o.method))
		}
	}
	d.mux.HandleFunc("GET "+linkPattern, d.openLink)
	d.mux.HandleFunc(linkPattern, d.wrongMethod(http.MethodGet))
	// HEAD would otherwise be served as GET: a preview must not prompt a phone.
	d.mux.HandleFunc("HEAD "+linkPattern, d.wrongMethod(http.MethodGet))
	d.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		d.answerError(w, r, settings{}, refuse(codeAPINotFound))
	})
	return d
}

var _ provider.Dialect = (*dialect)(nil)

// operation is one documented operation.
type operation struct {
	name   string
	method string
	v2Only bool
	// media are the request's content types; empty for a request without a body.
	media []string
	serve func(*call) error
}

var operations = []operation{
	{name: "rest", method: http.MethodPost, media: []string{mediaJSON, mediaXML}, serve: (*call).rest},
	{name: "link", method: http.MethodPost, media: []string{mediaJSON, mediaXML}, serve: (*call).link},
	{name: "status", method: http.MethodGet, serve: (*call).status},
	{name: "balance", method: http.MethodGet, serve: (*call).balance},
	{name: "kyc", method: http.MethodGet, serve: (*call).kyc},
	{name: "renew-secret", method: http.MethodPost, media: []string{mediaForm}, serve: (*call).renewSecret},
	{name: "get-operators", method: http.MethodGet, v2Only: true, serve: (*call).getOperators},
	{name: "get-fees", method: http.MethodGet, v2Only: true, serve: (*call).getFees},
	{name: "generate-qr-code", method: http.MethodGet, v2Only: true, serve: (*call).generateQRCode},
}

// ServeHTTP collapses doubled slashes, which some clients produce, before the
// path is matched.
func (d *dialect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	clean := collapse(r.URL.Path)
	if clean != r.URL.Path || r.URL.RawPath != "" {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = clean, ""
	}
	// The mux would redirect a path with dots; here nothing of the kind exists.
	if path.Clean(clean) != clean || r.Method == http.MethodConnect {
		d.answerError(w, r, settings{}, refuse(codeAPINotFound))
		return
	}
	d.mux.ServeHTTP(w, r)
}

func collapse(p string) string {
	for strings.Contains(p, "//") {
		p = strings.ReplaceAll(p, "//", "/")
	}
	return p
}

func (d *dialect) wrongMethod(allowed string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allowed)
		d.answerError(w, r, settings{}, &refusal{row: errorRow{
			http: http.StatusMethodNotAllowed, code: http.StatusMethodNotAllowed,
			name: "METHOD_NOT_ALLOWED", message: "The request method is not supported for this path.",
		}})
	}
}

// call is one request of a merchant.
type call struct {
	*dialect
	w    http.ResponseWriter
	r    *http.Request
	op   operation
	v2   bool
	book book
	// secret is the key that came, found to be one of the merchant's.
	secret string
}

// serve finds whose URL code it is and runs the operation.
func (d *dialect) serve(o operation, v2 bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		c := &call{dialect: d, w: w, r: r, op: o, v2: v2}
		err := c.identify()
		if err == nil {
			err = o.serve(c)
		}
		if err != nil {
			d.answerError(w, r, c.book.Options, err)
		}
	}
}

// identify reads the merchant out of the URL code.
func (c *call) identify() error {
	ctx := c.r.Context()
	owner, err := c.codeOwner(ctx, c.r.PathValue("code"))
	if err != nil {
		return err
	}
	c.book, err = c.loadBook(ctx, owner.MerchantID, owner.Mode)
	if errors.Is(err, provider.ErrNoItem) {
		return refuse(codeMerchantNotFound)
	}
	if err != nil {
		return err
	}
	if c.book.Options.get(optStrictCodes) == "true" && owner.Operation != "" && owner.Operation != c.op.name {
		return refuse(codeAPINotFound)
	}
	if c.book.Options.get(optMaintenance) == "true" {
		return refuse(codeMaintenance)
	}
	return nil
}

// checkCaller applies what belongs to the merchant as a whole: its addresses,
// its activity, its permissions.
func (c *call) checkCaller() error {
	if ips := c.book.Options.get(optAllowedIPs); ips != "" {
		networks, err := parseSenders(ips)
		if err != nil {
			return err
		}
		if !inNetworks(networks, c.gateway.PeerAddress(c.r)) {
			return refuse(codeInvalidIP)
		}
	}
	switch {
	case c.inactive("merchant"):
		return refuse(codeMerchantNotActive)
	case c.notAllowed("permission:" + c.op.name):
		return refuse(codeForbidden)
	}
	return nil
}

func (c *call) inactive(subject string) bool   { return c.book.Options.lists(optInactive, subject) }
func (c *call) notAllowed(subject string) bool { return c.book.Options.lists(optNotAllowed, subject) }

// authenticate checks that the key in the header is one of the merchant's.
// named is the account that the request names, tried first.
func (c *call) authenticate(named string) error {
	c.secret = c.r.Header.Get(headerSecret)
	if c.secret == "" {
		return refuse(codeMissingHeader)
	}
	accounts, err := c.merchantAccounts(c.r.Context(), c.book, named)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.accepts(c.secret, c.gateway.Now()) {
			return c.checkCaller()
		}
	}
	return refuse(codeAuthenticationFailed)
}

// account finds the operation account that a request names and checks that the
// key is its own: one issued for another account is refused.
func (c *call) account(code string) (account, error) {
	a, err := c.findAccount(c.r.Context(), c.book, code)
	if err != nil {
		return account{}, err
	}
	if !a.accepts(c.secret, c.gateway.Now()) {
		return account{}, refuse(codeAuthenticationFailed)
	}
	return a, c.checkAccount(a)
}

func (c *call) checkAccount(a account) error {
	if c.inactive("account") || c.inactive("account:"+a.Code) {
		return refuse(codeAccountNotActive)
	}
	return nil
}

func (c *call) caller(a account) provider.Caller {
	return provider.Caller{MerchantID: a.MerchantID, Mode: a.Mode, Front: Name, Account: a.Code}
}

// anyCaller is the merchant in the mode of the URL code, for operations that
// name no account.
func (c *call) anyCaller() provider.Caller {
	return provider.Caller{MerchantID: c.book.MerchantID, Mode: c.book.Mode, Front: Name}
}

// query reads a query parameter by its name or one of its aliases.
func (c *call) query(names ...string) string {
	q := c.r.URL.Query()
	for _, n := range names {
		if v := q.Get(n); v != "" {
			return v
		}
	}
	return ""
}

// accountNames are the four spellings of the account's parameter in the
// documents; each operation's own comes first in its error.
func accountNames(own string) []string {
	names := []string{own}
	for _, n := range []string{
		"accountOperationCode", "operationAccountCode", "merchant_operation_account_code", "operation_account_code",
	} {
		if n != own {
			names = append(names, n)
		}
	}
	return names
}

// numbersIn reports whether a list option has the number in the state.
func (s settings) numbersIn(state, e164 string) bool {
	for _, word := range splitList(s.get(optCustomers)) {
		number, ok := strings.CutPrefix(word, state+":")
		if !ok {
			continue
		}
		if n, _, err := gabonese(number); err == nil && n.E164() == e164 {
			return true
		}
	}
	return false
}

// asRefusal maps every error to a row of the table: refusals of the gateway by
// kind and code, all else to 500.
func asRefusal(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	var e *pay.Error
	if !errors.As(err, &e) {
		return refuse(codeSomethingWrong)
	}
	if code, ok := codesOfCode[e.Code]; ok {
		return refuse(code)
	}
	if e.Kind == pay.KindInvalid {
		return constraint(e.Message)
	}
	if code, ok := codesOfKind[e.Kind]; ok {
		return refuse(code)
	}
	return refuse(codeSomethingWrong)
}

// codesOfCode and codesOfKind are the one table from the gateway's refusals to
// MyPVit's codes.
var codesOfCode = map[string]int{
	pay.CodeDuplicateReference: codeReferenceExists,
	pay.CodeAmountTooLow:       codeAmountTooLow,
	pay.CodeAmountTooHigh:      codeAmountTooHigh,
	pay.CodeInvalidPhone:       codeInvalidPhone,
	pay.CodeCheckoutUsed:       codeLinkUsed,
	pay.CodeCheckoutExpired:    codeExpired,
}

var codesOfKind = map[pay.ErrorKind]int{
	pay.KindInvalid:      codeConstraint,
	pay.KindNotFound:     codeTransactionNotFound,
	pay.KindConflict:     codeAmbiguous,
	pay.KindUnauthorized: codeAuthenticationFailed,
	pay.KindForbidden:    codeForbidden,
	pay.KindCapability:   codeFeatureNotImplemented,
	pay.KindFunds:        codeInsufficientBalance,
	pay.KindTooMany:      codeUnavailable,
	pay.KindUnavailable:  codeUnavailable,
	pay.KindInternal:     codeSomethingWrong,
}
