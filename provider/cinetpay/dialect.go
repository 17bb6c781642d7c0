package cinetpay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// dialect serves CinetPay's APIs to merchants.
type dialect struct {
	gw     provider.Gateway
	mux    *http.ServeMux
	checks limiter
}

// speak makes the dialect.
func speak(gw provider.Gateway) provider.Dialect {
	d := &dialect{gw: gw, mux: http.NewServeMux()}
	d.mux.HandleFunc(pathPayment, d.checkout(d.payment))
	d.mux.HandleFunc(pathCheck, d.checkout(d.check))
	d.mux.HandleFunc("/payment/{token}", d.page)
	for p, serve := range map[string]http.HandlerFunc{
		pathLogin:         d.method(d.login, http.MethodPost, http.MethodGet),
		pathBalance:       d.method(d.withToken(d.balance), http.MethodGet),
		pathContact:       d.method(d.withToken(d.contact), http.MethodPost, http.MethodGet),
		pathSend:          d.method(d.withToken(d.send), http.MethodPost),
		pathCheckTransfer: d.method(d.withToken(d.checkTransfer), http.MethodGet),
	} {
		d.mux.HandleFunc(transferPrefix+p, serve)
	}
	d.mux.HandleFunc("/", d.notFound)
	return d
}

// transferPrefix is the path of the transfer API's base address.
const transferPrefix = "/v1"

// ServeHTTP implements http.Handler. Doubled slashes are collapsed: merchants
// join a base address and a path by hand.
func (d *dialect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if clean := path.Clean("/" + r.URL.Path); clean != r.URL.Path {
		u := *r.URL
		u.Path, u.RawPath = clean, ""
		r = r.WithContext(r.Context())
		r.URL = &u
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	d.mux.ServeHTTP(w, r)
}

// page is the guichet's own address; every hosted page lives under /pay.
func (d *dialect) page(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	if !isToken(token) {
		d.notFound(w, r)
		return
	}
	http.Redirect(w, r, d.gw.CheckoutURL(token), http.StatusSeeOther)
}

func isToken(text string) bool {
	return len(text) <= 64 && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}

// refusal is an error answer of the Checkout API.
type refusal struct {
	status      int // HTTP, where error_http_status is mapped
	code        string
	description string
}

// refuse makes a refusal with the HTTP status that "mapped" gives its code.
func refuse(code, description string) *refusal {
	status := http.StatusBadRequest
	switch code {
	case codeAuth:
		status = http.StatusUnauthorized
	case codeForbidden:
		status = http.StatusForbidden
	case codeTooMany:
		status = http.StatusTooManyRequests
	case "404":
		status = http.StatusNotFound
	case "405":
		status = http.StatusMethodNotAllowed
	case "500":
		status = http.StatusInternalServerError
	case "503":
		status = http.StatusServiceUnavailable
	}
	return &refusal{status: status, code: code, description: description}
}

// Descriptions of errors that say no more than their code.
const (
	descriptionUnknown = "An error occurred while processing the request"
	descriptionTooMany = "too many checks in a minute"
)

// faultOf is the one table from the gateway's refusals to the Checkout API's.
func faultOf(a account, err error) *refusal {
	e := asError(err)
	switch e.Kind {
	case pay.KindInvalid:
		switch e.Code {
		case pay.CodeAmountTooLow:
			return refuse(codeTooLow, e.Message)
		case pay.CodeAmountTooHigh:
			return refuse(codeTooHigh, e.Message)
		}
		return refuse(codeFields, e.Param+": "+e.Message)
	case pay.KindConflict:
		if e.Code == pay.CodeDuplicateReference {
			return refuse(a.option(optDuplicateCode), "transaction_id already exists")
		}
		return refuse(codeFields, e.Message)
	case pay.KindNotFound:
		return refuse(a.option(optUnknownCode), "transaction_id not found")
	case pay.KindUnauthorized:
		return refuse(codeAuth, e.Message)
	case pay.KindForbidden:
		return refuse(codeForbidden, e.Message)
	case pay.KindCapability:
		return refuse(codeCurrency, e.Message)
	case pay.KindFunds:
		return refuse(codeUnknownError, descriptionUnknown)
	case pay.KindTooMany:
		return refuse(codeTooMany, e.Message)
	case pay.KindUnavailable:
		return refuse("503", e.Message)
	}
	return refuse("500", descriptionUnknown)
}

// asError gives a *pay.Error in any case; what is not one is our fault, and
// its text stays with us.
func asError(err error) *pay.Error {
	if e := (*pay.Error)(nil); errors.As(err, &e) {
		return e
	}
	return &pay.Error{Kind: pay.KindInternal, Code: "internal", Message: descriptionUnknown}
}

// answer is every answer of the Checkout API, in the seed's order of keys.
type answer struct {
	Code          string `json:"code"`
	Message       string `json:"message"`
	Description   string `json:"description,omitempty"`
	Data          any    `json:"data,omitempty"`
	APIResponseID string `json:"api_response_id"`
}

func (d *dialect) refuse(w http.ResponseWriter, a account, f *refusal) {
	status := f.status
	// What is our fault keeps its HTTP status: at 200 it would read as a proof.
	if a.option(optErrorStatus) == "always_200" && status < http.StatusInternalServerError {
		status = http.StatusOK
	}
	writeJSON(w, status, answer{
		Code: f.code, Message: initMessages[f.code], Description: f.description, APIResponseID: d.responseID(),
	})
}

// responseID looks like the seed's: seconds, a point and digits. They are
// random, since the id is unique per answer and several nodes answer.
func (d *dialect) responseID() string { return responseIDAt(d.gw.Now()) }

func responseIDAt(t time.Time) string { return fmt.Sprintf("%d.%s", t.Unix(), randomDigits(10)) }

// notFound answers unknown paths in the shape of the API that they seem to be of.
func (d *dialect) notFound(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, transferPrefix+"/") {
		writeTransferError(w, r, http.StatusNotFound, codeNotFound)
		return
	}
	d.refuse(w, account{}, refuse("404", "there is nothing at this address"))
}

// checkout wraps an operation of the Checkout API: POST only, an account.
func (d *dialect) checkout(serve func(http.ResponseWriter, *http.Request, account, params)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			d.refuse(w, account{}, refuse("405", "the method is POST"))
			return
		}
		a, p, refused := d.admit(r)
		if refused != nil {
			d.refuse(w, a, refused)
			return
		}
		serve(w, r, a, p)
	}
}

// admit reads a request and finds out whose it is.
func (d *dialect) admit(r *http.Request) (account, params, *refusal) {
	p, isJSON, refused := readBody(r)
	if refused != nil {
		return account{}, nil, refused
	}
	c := readCredentials(p)
	if c.APIKey == "" {
		return account{}, nil, refuse(codeFields, "apikey is required")
	}
	a, err := d.accountOfKey(r.Context(), c.APIKey)
	switch {
	case err != nil:
		return account{}, nil, faultOf(account{}, err)
	case a.option(optContentTypes) == "json_only" && !isJSON:
		return a, nil, refuse(codeForbidden, "the content type is application/json")
	case c.SiteID == "":
		return a, nil, refuse(codeFields, "site_id is required")
	case c.SiteID != a.SiteID:
		return a, nil, refuse(codeSite, "site_id is not valid")
	}
	return a, p, nil
}

// readBody decodes JSON, or a form as public clients send it.
func readBody(r *http.Request) (p params, isJSON bool, refused *refusal) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return nil, false, &refusal{http.StatusRequestEntityTooLarge, codeFields, "the body is too large"}
		}
		return nil, false, refuse(codeFields, "the body can't be read")
	}
	header := r.Header.Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(header)
	switch {
	case header == "", mediaType == "application/json":
		p, err = jsonParams(body)
	case mediaType == contentTypeForm:
		p, err = formParams(body)
	default:
		return nil, false, refuse(codeForbidden, "the content type is application/json")
	}
	if err != nil {
		return nil, false, refuse(codeFields, err.Error())
	}
	return p, mediaType == "application/json", nil
}

// method lets only some methods through to the transfer API.
func (d *dialect) method(serve http.HandlerFunc, allowed ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(allowed, r.Method) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			writeTransferError(w, r, http.StatusMethodNotAllowed, codeNotAllowed)
			return
		}
		serve(w, r)
	}
}

// writeJSON writes an answer without escaping the & of addresses. Answers are
// texts and numbers that we have made, never a caller's, so that each can be
// encoded: a failure here would be told of what has been done already.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		http.Error(w, descriptionUnknown, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the caller may have gone
}
