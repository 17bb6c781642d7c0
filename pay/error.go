package pay

import (
	"errors"
	"fmt"
)

// ErrorKind classes a refusal of ours; each door maps it to its own shape once.
type ErrorKind string

// The error kinds.
const (
	KindInvalid      ErrorKind = "invalid"      // a field is wrong; Param names it
	KindNotFound     ErrorKind = "not_found"    // nothing of that id belongs to the caller
	KindConflict     ErrorKind = "conflict"     // the state forbids it; Code says how
	KindUnauthorized ErrorKind = "unauthorized" // no or wrong credentials
	KindForbidden    ErrorKind = "forbidden"    // right credentials, not for this
	KindCapability   ErrorKind = "capability"   // no rail can carry it
	KindFunds        ErrorKind = "funds"        // the merchant's own balance is too low
	KindTooMany      ErrorKind = "too_many"     // slow down
	KindUnavailable  ErrorKind = "unavailable"  // not now; the same call may work later
	KindInternal     ErrorKind = "internal"     // our fault
)

// Codes that callers switch on. They are stable and snake_case.
const (
	CodeDuplicateReference  = "duplicate_reference"
	CodeIdempotencyMismatch = "idempotency_mismatch"
	CodeNotCancelable       = "not_cancelable"
	CodeNotConfirmable      = "not_confirmable"
	CodeNotRefundable       = "not_refundable"
	CodeInsufficientBalance = "insufficient_balance"
	CodeCapability          = "capability"
	CodeNotFound            = "not_found"
	CodeInvalid             = "invalid_request"
	CodeCheckoutUsed        = "checkout_used"
	CodeCheckoutExpired     = "checkout_expired"
	CodeAmountTooLow        = "amount_too_low"
	CodeAmountTooHigh       = "amount_too_high"
	CodeInvalidPhone        = "invalid_phone"
)

// Error is a refusal that its caller can understand. Message never holds a
// secret, a card number or the offending value itself.
type Error struct {
	Kind    ErrorKind
	Code    string
	Param   string
	Message string
	// Existing is the transaction that a duplicate reference met.
	Existing *Transaction
}

// Error implements error.
func (e *Error) Error() string {
	if e.Param != "" {
		return fmt.Sprintf("%s: %s (%s)", e.Code, e.Message, e.Param)
	}
	return e.Code + ": " + e.Message
}

// Is lets errors.Is compare by kind and, when the target has one, by code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && (t.Code == "" || t.Code == e.Code)
}

// Errors to compare with by errors.Is.
var (
	ErrNotFound   = &Error{Kind: KindNotFound, Code: CodeNotFound, Message: "not found"}
	ErrCapability = &Error{Kind: KindCapability}
	ErrFunds      = &Error{Kind: KindFunds}
	ErrDuplicate  = &Error{Kind: KindConflict, Code: CodeDuplicateReference}
)

// Invalid says that one field is wrong.
func Invalid(param, message string) *Error {
	return &Error{Kind: KindInvalid, Code: CodeInvalid, Param: param, Message: message}
}

// InvalidAs is Invalid with a code of its own.
func InvalidAs(code, param, message string) *Error {
	return &Error{Kind: KindInvalid, Code: code, Param: param, Message: message}
}

// NotFound says that the caller has nothing of that id; it never tells
// whether somebody else has.
func NotFound(what string) *Error {
	return &Error{Kind: KindNotFound, Code: CodeNotFound, Message: "no such " + what}
}

// Conflict says that the present state forbids it.
func Conflict(code, message string) *Error {
	return &Error{Kind: KindConflict, Code: code, Message: message}
}

// Capability says that no rail can carry the request.
func Capability(param, message string) *Error {
	return &Error{Kind: KindCapability, Code: CodeCapability, Param: param, Message: message}
}

// KindOf returns the kind of err, KindInternal for an error that is not ours.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}
