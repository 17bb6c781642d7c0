package mypayga

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// dialect serves MyPayGa's API to merchants.
type dialect struct {
	gw  provider.Gateway
	mux *http.ServeMux
}

// service is one operation as it is served.
type service struct {
	methods []string
	// status is the field of the status in the operation's answers; number says
	// that a failure writes it as a number, as the newer API does.
	status string
	number bool
	// secret wants the secret key.
	secret bool
	// mirror gives failures their HTTP status whatever the merchant's option.
	mirror bool
	// notFound is what the operation says of something that isn't there.
	notFound string
	serve    func(*call) (any, error)
}

var (
	onlyPost = []string{http.MethodPost}
	onlyGet  = []string{http.MethodGet}
	either   = []string{http.MethodGet, http.MethodPost}
)

func services() map[string]service {
	link := service{methods: either, status: "code", secret: true, notFound: messageLinkAbsent}
	view, cancel := link, link
	view.serve, cancel.serve = (*call).viewLink, (*call).cancelLink
	return map[string]service{
		pathHash:           {methods: onlyPost, status: "code", serve: (*call).references},
		pathRequest:        {methods: onlyPost, status: "statusRequest", secret: true, serve: (*call).requestPayment},
		pathDetail:         {methods: onlyGet, status: "code", serve: (*call).detail},
		pathTransfer:       {methods: onlyPost, status: "statusRequest", secret: true, serve: (*call).sendTransfer},
		pathTransferStatus: {methods: onlyGet, status: "status", serve: (*call).transferStatus},
		pathFees:           {methods: onlyGet, status: "statusRequest", serve: (*call).fees},
		pathRefundCreate:   {methods: onlyPost, status: "statusRequest", secret: true, serve: (*call).createRefund},
		pathRefundSend:     {methods: onlyPost, status: "RefundStatus", secret: true, notFound: messageNoRefund, serve: (*call).sendRefund},
		pathRefundInfos:    {methods: either, status: "statusRequest", notFound: messageNoRefund, serve: (*call).refundInfos},
		pathLinkCreate:     {methods: onlyPost, status: "code", secret: true, serve: (*call).createLink},

		pathLinkView + "{ref}":          view,
		pathLinkCancel + "{ref}":        cancel,
		pathLinkCancelHeading + "{ref}": cancel,

		pathPay:     {methods: onlyPost, status: "request_status", number: true, secret: true, mirror: true, serve: (*call).pay},
		pathNetwork: {methods: onlyGet, status: "statusRequest", number: true, notFound: messageNoNetwork, serve: (*call).network},
		pathVerify:  {methods: onlyGet, status: "statusRequest", number: true, serve: (*call).verify},
	}
}

// speak makes the dialect.
func speak(gw provider.Gateway) provider.Dialect {
	d := &dialect{gw: gw, mux: http.NewServeMux()}
	for pattern, s := range services() {
		d.mux.HandleFunc(pattern, d.handle(s))
	}
	d.mux.HandleFunc(pathCardForm, d.cardForm)
	d.mux.HandleFunc(pathLinkPage, d.linkPage)
	d.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeRefusal(w, unplaced, account{}, refuseHard(http.StatusNotFound, "Not found"))
	})
	return d
}

// unplaced is the shape of refusals outside any operation.
var unplaced = service{status: "statusRequest"}

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

// call is one request to one operation, admitted.
type call struct {
	*dialect
	r       *http.Request
	params  params
	account account
}

func (c *call) caller() provider.Caller { return c.account.caller() }

func (d *dialect) handle(s service) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(s.methods, r.Method) {
			w.Header().Set("Allow", strings.Join(s.methods, ", "))
			writeRefusal(w, s, account{}, refuseHard(http.StatusMethodNotAllowed, "Method not allowed"))
			return
		}
		c, err := d.admit(r, s.secret)
		if err != nil {
			writeRefusal(w, s, c.account, err)
			return
		}
		answer, err := s.serve(c)
		if err != nil {
			writeRefusal(w, s, c.account, err)
			return
		}
		body, err := encode(answer)
		if err != nil {
			writeRefusal(w, s, c.account, err)
			return
		}
		if c.account.option(optInvalidJSON) == "true" {
			body = asInDocument(r.URL.Path, body)
		}
		write(w, http.StatusOK, body)
	}
}

// admit reads a request and finds out whose it is.
func (d *dialect) admit(r *http.Request, secret bool) (*call, error) {
	c := &call{dialect: d, r: r}
	p, err := readParams(r)
	if err != nil {
		return c, err
	}
	c.params = p
	a, public, err := d.accountOfKey(r.Context(), p.get("apikey"))
	if err != nil {
		return c, err
	}
	c.account = a
	if secret && public && a.option(optKeyKinds) == "strict" {
		return c, refuse(http.StatusUnauthorized, messageKey)
	}
	return c, nil
}

// asInDocument spoils two answers as the document's samples are: a quote is
// missing in one, and a comma too many in the other.
func asInDocument(path string, body []byte) []byte {
	switch path {
	case pathTransferStatus:
		before, after, found := bytes.Cut(body, []byte(`","description":`))
		if found {
			return slices.Concat(before, []byte(`,"description":`), after)
		}
	case pathRefundSend:
		if bytes.Contains(body, []byte(`"RefundStatus":"200"}`)) {
			return append(bytes.TrimSuffix(body, []byte("}")), ",}"...)
		}
	}
	return body
}

// refusal is a failure as a merchant sees it.
type refusal struct {
	status  int
	message string
	// hard keeps the HTTP status even where failures are told in the body alone.
	hard bool
	// body replaces message and status where the operation has its own shape.
	body any
}

// Error implements error.
func (r *refusal) Error() string { return strconv.Itoa(r.status) + " " + r.message }

func refuse(status int, message string) *refusal { return &refusal{status: status, message: message} }

func refuseHard(status int, message string) *refusal {
	return &refusal{status: status, message: message, hard: true}
}

func missing(name string) *refusal {
	return refuse(http.StatusBadRequest, messageMissing+name)
}

// refusalOf is the one table from the gateway's refusals to MyPayGa's. What is
// our own fault keeps its HTTP status: in a body with HTTP 200 it would read as
// a proof that nothing was done.
func refusalOf(err error, notFound string) *refusal {
	if r := (*refusal)(nil); errors.As(err, &r) {
		return r
	}
	e := &pay.Error{Kind: pay.KindInternal}
	_ = errors.As(err, &e)
	switch e.Kind {
	case pay.KindInvalid:
		return refuse(http.StatusBadRequest, invalidMessage(e))
	case pay.KindNotFound:
		if notFound == "" {
			notFound = messageNotFound
		}
		return refuse(http.StatusNotFound, notFound)
	case pay.KindConflict:
		if e.Code == pay.CodeNotRefundable {
			return refuse(http.StatusBadRequest, "Invalid payment : not refundable")
		}
		return refuse(http.StatusConflict, messageUsed)
	case pay.KindUnauthorized, pay.KindForbidden:
		return refuse(http.StatusUnauthorized, messageKey)
	case pay.KindCapability:
		return refuse(http.StatusBadRequest, "Operator unavailable : "+e.Message)
	case pay.KindFunds:
		return refuse(http.StatusBadRequest, messageFunds)
	case pay.KindTooMany:
		return refuseHard(http.StatusTooManyRequests, "Too many requests")
	case pay.KindUnavailable:
		return refuseHard(http.StatusServiceUnavailable, "Service unavailable")
	}
	return refuseHard(http.StatusInternalServerError, "Internal error")
}

func invalidMessage(e *pay.Error) string {
	switch {
	case e.Code == pay.CodeInvalidPhone:
		return messagePhone
	case e.Code == pay.CodeAmountTooLow:
		return reasonTexts[pay.AmountTooLow]
	case e.Code == pay.CodeAmountTooHigh:
		return reasonTexts[pay.AmountTooHigh]
	case e.Param == "amount":
		return messageAmount
	}
	return "Invalid " + e.Param
}

// writeRefusal answers a failure: the message, and the operation's own status
// field.
func writeRefusal(w http.ResponseWriter, s service, a account, err error) {
	f := refusalOf(err, s.notFound)
	status := http.StatusOK
	if f.hard || s.mirror || a.option(optErrorStatus) == "mirror" {
		status = f.status
	}
	body, err := encode(f.body)
	if f.body == nil {
		body, err = failureBody(s, f)
	}
	if err != nil {
		http.Error(w, "Internal error", http.StatusInternalServerError)
		return
	}
	write(w, status, body)
}

func failureBody(s service, f *refusal) ([]byte, error) {
	message, err := encode(f.message)
	if err != nil {
		return nil, err
	}
	value := strconv.Itoa(f.status)
	if s.number {
		// The newer API has the status first, as a number.
		return fmt.Appendf(nil, `{%q:%s,"message":%s}`, s.status, value, message), nil
	}
	return fmt.Appendf(nil, `{"message":%s,%q:%q}`, message, s.status, value), nil
}

// encode writes JSON without escaping the & of addresses.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may have gone
}
