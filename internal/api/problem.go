package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
)

// problem is a refusal, as RFC 9457 describes it. No member ever holds the
// value that was refused.
type problem struct {
	Type      string `json:"type" format:"uri" example:"https://pay.example/docs#error-invalid_request" doc:"Where the code is explained"`
	Title     string `json:"title" example:"Unprocessable Entity" doc:"The HTTP status in words"`
	Status    int    `json:"status" example:"422" doc:"The HTTP status"`
	Detail    string `json:"detail" example:"the amount must be above zero" doc:"What is wrong, for a person"`
	Code      string `json:"code" example:"invalid_request" doc:"What is wrong, for a program; stable"`
	Param     string `json:"param,omitempty" example:"amount" doc:"The field at fault, where there is one"`
	Existing  string `json:"existing,omitempty" example:"pay_7kq2m9x401hzx5v3c8" doc:"What already has the reference, where one was used twice"`
	RequestID string `json:"request_id" example:"req_4M2qk8bT0vXz" doc:"The request's id, for support"`
}

// Error implements error.
func (p *problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *problem) ContentType(string) string { return "application/problem+json" }

// Codes of refusals that are made at this door.
const (
	codeBrokenJSON   = "broken_json"
	codeTooLarge     = "body_too_large"
	codeMediaType    = "unsupported_media_type"
	codeMethod       = "method_not_allowed"
	codeRateLimited  = "rate_limited"
	codeInternal     = "internal_error"
	codeUnavailable  = "unavailable"
	codeDuplicateFee = "duplicate_fee"
)

// statuses is the one table from kinds of refusal to HTTP.
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
	pay.KindInternal:     http.StatusInternalServerError,
}

func newProblem(status int, code, detail string) *problem {
	return &problem{Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

func internalProblem() *problem {
	return newProblem(http.StatusInternalServerError, codeInternal, "something went wrong on our side; nothing is known to have changed")
}

// problemOf turns any error into what its caller may know of it. An error that
// is not a refusal of ours is logged and told without detail.
func (s *server) problemOf(ctx context.Context, err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	e, ok := asRefusal(err)
	if !ok || e.Kind == pay.KindInternal {
		s.Log.ErrorContext(ctx, "request failed", "request_id", callOf(ctx).id, "error", err)
		if store.Unreachable(err) {
			return newProblem(http.StatusServiceUnavailable, codeUnavailable, "the database can't be reached; repeat the request with the same idempotency key")
		}
		return internalProblem()
	}
	p = newProblem(statuses[e.Kind], e.Code, e.Message)
	p.Param = e.Param
	if e.Existing != nil {
		p.Existing = e.Existing.ID
	}
	return p
}

// complete adds what the request knows.
func (s *server) complete(ctx context.Context, p *problem) *problem {
	p.Type = s.PublicURL + "/docs#error-" + p.Code
	p.RequestID = callOf(ctx).id
	return p
}

// refuse writes a problem outside of huma.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := s.complete(r.Context(), s.problemOf(r.Context(), err))
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, http.StatusText(p.Status), p.Status)
		return
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}

// completeProblems is the transformer that completes what huma writes.
func (s *server) completeProblems(ctx huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*problem); ok {
		return s.complete(ctx.Context(), p), nil
	}
	return v, nil
}

// refusedByHuma makes a problem of what huma found wrong. Of several faults it
// tells the first.
func refusedByHuma(status int, _ string, faults ...error) huma.StatusError {
	switch status {
	case http.StatusUnprocessableEntity:
	case http.StatusBadRequest:
		return newProblem(status, codeBrokenJSON, "a JSON body is needed")
	case http.StatusRequestEntityTooLarge:
		return newProblem(status, codeTooLarge, "the body is too large")
	case http.StatusUnsupportedMediaType:
		return newProblem(status, codeMediaType, "the body is JSON, announced as application/json")
	default:
		return internalProblem()
	}
	p := newProblem(status, pay.CodeInvalid, "the request is not valid")
	for _, fault := range faults {
		var d *huma.ErrorDetail
		if errors.As(fault, &d) {
			p.Param, p.Detail = explain(d)
			break
		}
	}
	return p
}

var missing = regexp.MustCompile(`^expected required property (\S+) to be present$`)

// explain says which field is at fault and why. Only texts that are known to
// hold nothing from the request pass; the rest becomes a plain sentence.
func explain(d *huma.ErrorDetail) (param, detail string) {
	location := d.Location
	detail = "the value is not valid"
	switch m := missing.FindStringSubmatch(d.Message); {
	case m != nil:
		location += "." + m[1]
		detail = "this field is needed"
	case d.Message == "unexpected property":
		detail = "there is no such field"
	case d.Message == "unknown query parameter":
		detail = "there is no such parameter"
	case strings.HasPrefix(d.Message, "required "):
		detail = "this parameter is needed"
	case strings.HasPrefix(d.Message, "expected "):
		// Some texts end with the parser's own, which repeats the value.
		detail, _, _ = strings.Cut(d.Message, ": ")
	case d.Message == "invalid integer":
		detail = "expected integer"
	}
	return fieldName(location), detail
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,63}(\[\d{1,6}\])*$`)

// fieldName turns "body.method.phone" into "method.phone". It stops before a
// part that does not look like a name: people put values in the place of keys.
func fieldName(location string) string {
	_, path, _ := strings.Cut(location, ".")
	var parts []string
	for part := range strings.SplitSeq(path, ".") {
		if !plainName.MatchString(part) {
			break
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ".")
}

// under puts the param of a refusal below a field of the request.
func under(field string, err error) error {
	e, ok := asRefusal(err)
	if !ok || e.Param == "" {
		return err
	}
	moved := *e
	moved.Param = field + "." + e.Param
	return &moved
}

// atParam names the field of a refusal that is about another object.
func atParam(field string, err error) error {
	e, ok := asRefusal(err)
	if !ok {
		return err
	}
	named := *e
	named.Param = field
	return &named
}

func asRefusal(err error) (*pay.Error, bool) {
	var e *pay.Error
	ok := errors.As(err, &e)
	return e, ok
}
