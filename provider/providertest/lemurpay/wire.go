package lemurpay

import (
	"net/http"

	"github.com/passerelle-pay/passerelle/pay"
)

// pathPayments is where orders are posted; an order's own path is below it.
const pathPayments = "/payments"

// Order asks for a payment.
type Order struct {
	ID     string `json:"id"`     // the merchant's own, unique
	Amount int64  `json:"amount"` // whole XOF
	Phone  string `json:"phone"`  // E.164
}

// Payment is what became of an order.
type Payment struct {
	ID     string `json:"id"`
	Amount int64  `json:"amount"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"` // of a refusal
}

// Notice tells that an order has changed.
type Notice struct {
	ID string `json:"id"`
}

// problem is the body of a refused request.
type problem struct {
	Error   string `json:"error"`
	Message string `json:"message"`
}

// The states of a payment.
const (
	stateAsked   = "asked" // the phone shows the prompt
	statePaid    = "paid"
	stateRefused = "refused"
)

var outcomes = map[string]pay.Outcome{
	stateAsked: pay.OutcomePending, statePaid: pay.OutcomeSucceeded, stateRefused: pay.OutcomeFailed,
}

// The reasons of a refusal. Any other failure reads as "declined".
var reasons = map[string]pay.Reason{
	"declined": pay.Declined, "no_funds": pay.InsufficientFunds, "wrong_pin": pay.WrongPINOrOTP,
	"limit": pay.LimitReached, "no_answer": pay.Expired, "network_down": pay.OperatorUnavailable,
}

func reasonCode(r pay.Reason) string {
	for code, reason := range reasons {
		if reason == r {
			return code
		}
	}
	return "declined"
}

// The codes of refused requests.
const (
	codeKey         = "bad_key"
	codeRequest     = "bad_request"
	codePhone       = "bad_phone"
	codeDuplicate   = "duplicate"
	codeUnknown     = "unknown"
	codeMethod      = "bad_method"
	codeNotPossible = "not_possible"
)

// refusals gives each code its HTTP status and what it means to a payment.
var refusals = map[string]struct {
	status int
	reason pay.Reason
}{
	codeKey:         {http.StatusUnauthorized, pay.AuthFailed},
	codeRequest:     {http.StatusBadRequest, pay.BadRequest},
	codePhone:       {http.StatusBadRequest, pay.InvalidPhone},
	codeDuplicate:   {http.StatusConflict, pay.DuplicateReference},
	codeUnknown:     {http.StatusNotFound, pay.BadRequest},
	codeMethod:      {http.StatusMethodNotAllowed, pay.BadRequest},
	codeNotPossible: {http.StatusUnprocessableEntity, pay.BadRequest},
}
