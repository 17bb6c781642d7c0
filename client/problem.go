package client

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Codes of problems that programs commonly switch on; the gateway's reference
// lists all of them.
const (
	CodeInvalid             = "invalid_request"
	CodeInvalidPhone        = "invalid_phone"
	CodeUnauthorized        = "unauthorized"
	CodeNotFound            = "not_found"
	CodeDuplicateReference  = "duplicate_reference"
	CodeIdempotencyMismatch = "idempotency_mismatch"
	CodeNotCancelable       = "not_cancelable"
	CodeNotConfirmable      = "not_confirmable"
	CodeNotRefundable       = "not_refundable"
	CodeInsufficientBalance = "insufficient_balance"
	CodeCapability          = "capability"
)

// Problem is a refusal (RFC 9457). It never repeats the value that was refused.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// Code says what is wrong, for a program; Param which field is at fault.
	Code  string `json:"code"`
	Param string `json:"param"`
	// Existing is the id of what already has the reference, with CodeDuplicateReference.
	Existing  string `json:"existing"`
	RequestID string `json:"request_id"`
}

// Error implements error.
func (p *Problem) Error() string {
	text := fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail)
	if p.Param != "" {
		text += " (" + p.Param + ")"
	}
	if p.RequestID != "" {
		text += " [" + p.RequestID + "]"
	}
	return text
}

// readProblem makes a problem of any refusal, also of one that comes from
// something between us and the gateway.
func readProblem(resp *http.Response, body []byte) *Problem {
	p := &Problem{}
	if err := json.Unmarshal(body, p); err != nil || p.Code == "" {
		p = &Problem{Title: http.StatusText(resp.StatusCode), Detail: "the answer is not the gateway's", Code: "unreadable"}
	}
	p.Status = resp.StatusCode
	if p.RequestID == "" {
		p.RequestID = resp.Header.Get("X-Request-Id")
	}
	return p
}
