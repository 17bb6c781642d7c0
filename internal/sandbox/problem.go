package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/passerelle-pay/passerelle/pay"
)

// problem is an RFC 9457 problem detail.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   string `json:"code"`
	Param  string `json:"param,omitempty"`
}

// statuses maps a refusal to HTTP, once.
var statuses = map[pay.ErrorKind]int{
	pay.KindInvalid:      http.StatusUnprocessableEntity,
	pay.KindNotFound:     http.StatusNotFound,
	pay.KindConflict:     http.StatusConflict,
	pay.KindUnauthorized: http.StatusUnauthorized,
	pay.KindForbidden:    http.StatusForbidden,
	pay.KindCapability:   http.StatusUnprocessableEntity,
	pay.KindFunds:        http.StatusUnprocessableEntity,
	pay.KindTooMany:      http.StatusTooManyRequests,
	pay.KindUnavailable:  http.StatusServiceUnavailable,
}

// codeBadJSON refuses a body that can't be read at all.
const codeBadJSON = "invalid_json"

func badJSON() error { return pay.InvalidAs(codeBadJSON, "", "the body is not one JSON object") }

func statusFor(e *pay.Error) int {
	switch e.Code {
	case pay.CodeCheckoutExpired:
		return http.StatusGone
	case codeBadJSON:
		return http.StatusBadRequest
	}
	if status, ok := statuses[e.Kind]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// refuse answers with a problem. What is not the caller's fault is logged and
// answered without its text.
func (s *Sandbox) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *pay.Error
	if !errors.As(err, &e) || statusFor(e) == http.StatusInternalServerError {
		s.Log.Error("sandbox request failed", "path", r.URL.Path, "error", err)
		e = &pay.Error{Kind: pay.KindInternal, Code: "internal", Message: "the sandbox could not do this"}
	}
	writeProblem(w, statusFor(e), e.Code, e.Param, e.Message)
}

func writeProblem(w http.ResponseWriter, status int, code, param, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code, Param: param,
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
