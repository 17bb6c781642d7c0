package komipay

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// dialect is KomiPay's API as we serve it.
type dialect struct {
	gateway provider.Gateway
	memory  provider.Memory
	mux     *http.ServeMux
}

func speak(g provider.Gateway) provider.Dialect {
	d := &dialect{gateway: g, memory: g.Memory(Name), mux: http.NewServeMux()}
	d.mux.HandleFunc(basePath+"/"+opToken, d.serve((*call).read, (*call).generateToken))
	for operation, run := range map[string]func(*call) error{
		opCollect:      (*call).collect,
		opStatus:       (*call).status,
		opEncryptCVV:   (*call).encryptCVV,
		opSecurityCode: (*call).securityCode,
	} {
		d.mux.HandleFunc(basePath+versionPath+"/"+operation, d.serve((*call).admit, run))
	}
	d.mux.HandleFunc("/", d.nowhere)
	return d
}

// ServeHTTP collapses doubled slashes, which clients that join a base address
// and a path by hand produce, before the path is matched.
func (d *dialect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	clean := r.URL.Path
	for strings.Contains(clean, "//") {
		clean = strings.ReplaceAll(clean, "//", "/")
	}
	if clean != r.URL.Path || r.URL.RawPath != "" {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = clean, ""
	}
	// The mux would redirect a path with dots; here nothing of the kind exists.
	if path.Clean(clean) != clean || r.Method == http.MethodConnect {
		d.nowhere(w, r)
		return
	}
	d.mux.ServeHTTP(w, r)
}

func (d *dialect) nowhere(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusNotFound, plainAnswer{Code: http.StatusNotFound, Statut: false, Message: messageNowhere})
}

// call is one request of a merchant.
type call struct {
	*dialect
	w       http.ResponseWriter
	r       *http.Request
	account account
	fields  fields
}

// serve prepares a request and runs its operation.
func (d *dialect) serve(prepare, run func(*call) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			write(w, http.StatusMethodNotAllowed, plainAnswer{
				Code: http.StatusMethodNotAllowed, Statut: false, Message: messageBadMethod,
			})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		c := &call{dialect: d, w: w, r: r}
		err := prepare(c)
		if err == nil {
			err = run(c)
		}
		if err != nil {
			c.refuse(err)
		}
	}
}

// refusal is an answer that refuses. A business refusal has no HTTP status of
// its own: the option error_http_status decides.
type refusal struct {
	http    int
	code    int
	message string
}

// Error implements error.
func (r *refusal) Error() string { return r.message }

// refuse makes a business refusal with code 400.
func refuse(message string) *refusal { return &refusal{code: http.StatusBadRequest, message: message} }

func missing(field string) *refusal { return refuse("Le champ " + field + " est obligatoire") }
func invalid(field string) *refusal { return refuse("Le champ " + field + " est invalide") }

// unauthenticated refuses the token (wire: komipay §2.1).
type unauthenticated struct{ account account }

// Error implements error.
func (unauthenticated) Error() string { return messageNotLoggedIn }

// errGone: the client has hung up, and there is nobody to answer.
var errGone = errors.New("the client has gone")

// refuse answers an error.
func (c *call) refuse(err error) {
	if errors.Is(err, errGone) {
		return
	}
	var token unauthenticated
	if errors.As(err, &token) {
		c.refuseToken(token.account.Options)
		return
	}
	f := asRefusal(err)
	write(c.w, c.httpStatus(f), plainAnswer{Code: f.code, Statut: false, Message: f.message})
}

func (c *call) httpStatus(f *refusal) int {
	switch {
	case f.http != 0:
		return f.http
	case c.account.Options.get(optErrorStatus) == "mirror":
		return f.code
	}
	return http.StatusOK
}

// refuseToken answers a bad token: by default with no body at all.
func (c *call) refuseToken(s settings) {
	status := http.StatusUnauthorized
	if s.get(optAuthStatus) == "403" {
		status = http.StatusForbidden
	}
	switch s.get(optAuthBody) {
	case "json":
		write(c.w, status, plainAnswer{Code: status, Statut: false, Message: messageNotLoggedIn})
	case "html":
		c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		c.w.WriteHeader(status)
		_, _ = io.WriteString(c.w, "<html><body><h1>"+http.StatusText(status)+"</h1></body></html>")
	default:
		c.w.WriteHeader(status)
	}
}

// asRefusal is the one table from the gateway's refusals to KomiPay's. What is
// not the caller's fault is HTTP 500 in any case: at 200 it would read as proof
// that nothing was done.
func asRefusal(err error) *refusal {
	var f *refusal
	if errors.As(err, &f) {
		return f
	}
	var e *pay.Error
	if !errors.As(err, &e) {
		e = &pay.Error{Kind: pay.KindInternal}
	}
	switch e.Kind {
	case pay.KindInvalid:
		return refuse(invalidMessage(e))
	case pay.KindNotFound:
		return &refusal{code: http.StatusNotFound, message: messageUnknown}
	case pay.KindConflict:
		if e.Code == pay.CodeDuplicateReference {
			return refuse(messageDuplicate)
		}
		return refuse(messageBadRequest)
	case pay.KindUnauthorized:
		return &refusal{code: http.StatusUnauthorized, message: messageBadLogin}
	case pay.KindForbidden, pay.KindCapability:
		return refuse(messageNotActive)
	case pay.KindFunds, pay.KindTooMany, pay.KindUnavailable:
		return refuse(messageUnavailable)
	}
	return &refusal{http: http.StatusInternalServerError, code: http.StatusInternalServerError, message: messageOurFault}
}

// invalidMessage names what is wrong in KomiPay's words.
func invalidMessage(e *pay.Error) string {
	switch {
	case e.Code == pay.CodeInvalidPhone:
		return messageBadPhone
	case e.Code == pay.CodeAmountTooLow:
		return refusalWords[pay.AmountTooLow].message
	case e.Code == pay.CodeAmountTooHigh:
		return refusalWords[pay.AmountTooHigh].message
	case e.Param == "amount":
		return messageBadAmount
	case e.Param == "card.cvv":
		return messageBadCVV
	case strings.HasPrefix(e.Param, "card."):
		return messageBadCard
	case e.Param == "reference":
		return invalid("reference_externe").message
	}
	return messageBadRequest
}

// write answers in JSON without escaping the & of addresses.
func write(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		http.Error(w, messageOurFault, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mediaJSON+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(bytes.TrimRight(b.Bytes(), "\n")) // a client that has gone is told nothing
}
