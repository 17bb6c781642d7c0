package flexpay

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// dialect serves FlexPay's APIs to merchants.
type dialect struct {
	gw  provider.Gateway
	mux *http.ServeMux
}

// speak makes the dialect. Every operation is at its own path and behind
// /api/rest/v1, since merchants reach all of FlexPay's hosts here.
func speak(gw provider.Gateway) provider.Dialect {
	d := &dialect{gw: gw, mux: http.NewServeMux()}
	operations := map[string]http.HandlerFunc{
		pathCardV1:               d.operation(cardV1.serve),
		pathCardV11:              d.operation(cardV11.serve),
		pathCardV2:               d.operation(cardV2.serve),
		pathVPOS:                 d.operation(vpos.serve),
		pathMobile:               d.operation(serveMobile),
		pathPayout:               d.operation(servePayout),
		pathCheck + "{order...}": d.check,
		// Without a number, where the mux would send the merchant off to the other.
		strings.TrimSuffix(pathCheck, "/"): d.check,
	}
	for p, serve := range operations {
		d.mux.HandleFunc(p, serve)
		d.mux.HandleFunc(restPrefix+p, serve)
	}
	d.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, refuseHTTP(http.StatusNotFound, messageNoPath))
	})
	return d
}

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

// refusal is a refused request: by the operation, which answers code 1, or,
// with an HTTP status, before any operation had a say.
type refusal struct {
	status  int
	message string
}

func refuse(message string) *refusal { return &refusal{message: message} }

func refuseHTTP(status int, message string) *refusal {
	return &refusal{status: status, message: message}
}

// faultOf is the one table from the gateway's refusals to FlexPay's.
func faultOf(err error) *refusal {
	e := asError(err)
	switch e.Kind {
	case pay.KindInvalid:
		switch {
		case e.Code == pay.CodeInvalidPhone:
			return refuse(messagePhone)
		case e.Code == pay.CodeAmountTooLow, e.Code == pay.CodeAmountTooHigh, e.Param == "amount":
			return refuse(messageAmount)
		}
		return refuse(messageInvalid(e.Param))
	case pay.KindConflict:
		if e.Code == pay.CodeDuplicateReference {
			return refuse(messageDuplicate)
		}
		return refuse(messageInvalid("reference"))
	case pay.KindNotFound:
		return refuse(messageNotFound)
	case pay.KindUnauthorized:
		return refuseHTTP(http.StatusUnauthorized, messageToken)
	case pay.KindForbidden:
		return refuseHTTP(http.StatusForbidden, messageForbidden)
	case pay.KindCapability:
		return refuse(messageCapability)
	case pay.KindFunds:
		return refuse(messageBalance)
	case pay.KindTooMany:
		return refuseHTTP(http.StatusTooManyRequests, messageLimit)
	case pay.KindUnavailable:
		return refuseHTTP(http.StatusServiceUnavailable, messageUnavailable)
	}
	return refuseHTTP(http.StatusInternalServerError, messageInternal)
}

// asError gives a *pay.Error in any case; what is not one is our fault, and
// its text stays with us.
func asError(err error) *pay.Error {
	if e := (*pay.Error)(nil); errors.As(err, &e) {
		return e
	}
	return &pay.Error{Kind: pay.KindInternal, Code: "internal"}
}

// errorAnswer is the answer of what refuses before any operation.
type errorAnswer struct {
	Error   string `json:"error"`
	Message string `json:"message"`
	Status  int    `json:"status"`
}

func writeError(w http.ResponseWriter, f *refusal) {
	writeJSON(w, f.status, errorAnswer{http.StatusText(f.status), f.message, f.status})
}

// call is one authenticated request to an operation.
type call struct {
	account account
	params  params
	isJSON  bool
}

// operation wraps a POST of a merchant's.
func (d *dialect) operation(serve func(*dialect, http.ResponseWriter, *http.Request, call)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if refused := onlyMethod(w, r, http.MethodPost); refused != nil {
			writeError(w, refused)
			return
		}
		c, refused := d.admit(r)
		if refused != nil {
			writeError(w, refused)
			return
		}
		serve(d, w, r, c)
	}
}

func onlyMethod(w http.ResponseWriter, r *http.Request, method string) *refusal {
	if r.Method == method {
		return nil
	}
	w.Header().Set("Allow", method)
	return refuseHTTP(http.StatusMethodNotAllowed, messageNoMethod)
}

// admit reads a request and finds out whose it is. A token in the header is
// looked at first and counts alone.
func (d *dialect) admit(r *http.Request) (call, *refusal) {
	token := withoutBearer(r.Header.Get("Authorization"))
	var a account
	var err error
	if token != "" {
		if a, err = d.accountOfToken(r.Context(), token); err != nil {
			return call{}, faultOf(err)
		}
	}
	p, isJSON, refused := readBody(r)
	if refused != nil {
		return call{}, refused
	}
	if token == "" {
		if a, err = d.accountOfToken(r.Context(), withoutBearer(p.text("authorization"))); err != nil {
			return call{}, faultOf(err)
		}
	}
	return call{a, p, isJSON}, nil
}

// readBody decodes JSON, an urlencoded or a multipart form. What names no type
// is judged by its first character.
func readBody(r *http.Request) (p params, isJSON bool, refused *refusal) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return nil, false, refuseHTTP(http.StatusRequestEntityTooLarge, messageTooLarge)
		}
		return nil, false, refuseHTTP(http.StatusBadRequest, messageBody)
	}
	mediaType, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	startsJSON := strings.HasPrefix(strings.TrimSpace(string(body)), "{")
	switch {
	case mediaType == mediaJSON, startsJSON && mediaType != mediaForm && mediaType != mediaMultipart:
		isJSON = true
		p, err = jsonParams(body)
	case mediaType == mediaMultipart:
		p, err = multipartParams(body, parameters["boundary"])
	default:
		p, err = formParams(body)
	}
	if err != nil {
		return nil, false, refuseHTTP(http.StatusBadRequest, messageBody)
	}
	return p, isJSON, nil
}

const mediaMultipart = "multipart/form-data"

// writeJSON writes an answer without escaping the & of addresses. The type has
// no charset: clients compare it exactly.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		http.Error(w, messageInternal, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", mediaJSON)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the caller may have gone
}
