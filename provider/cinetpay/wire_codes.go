package cinetpay

import (
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// The values of data.status.
const (
	statusAccepted  = "ACCEPTED"
	statusRefused   = "REFUSED"
	statusCancelled = "CANCELLED"
	statusPending   = "PENDING"
	statusWaiting   = "WAITING_FOR_CUSTOMER"
)

// paymentCode is one row of the table of a check's codes (wire: cinetpay §4.1).
type paymentCode struct {
	code    string
	message string // as the seed spells it
	status  string // data.status
	outcome pay.Outcome
	reason  pay.Reason
	// description is what we write beside it, in the provider's language.
	description string
}

const (
	codeSuccess         = "00"
	codePaymentFailed   = "600"
	codeNoFunds         = "602"
	codeWrongOTP        = "604"
	codeIncorrect       = "606"
	codeWaitingApproval = "623"
	codeExpired         = "625"
	codeCanceled        = "627"
	codePhoneNotFound   = "635"
	codeTooLow          = "641"
	codeTooHigh         = "642"
	codeRefunded        = "660"
	codeRefunding       = "661"
	codeWaitingPayment  = "662"
	codeWaitingOTP      = "663"
	codeWaitingOperator = "664"
	codeOperatorDown    = "804"
	codeDailyAmount     = "808"
)

// paymentCodes are the codes that a check documents, all of which we emit.
var paymentCodes = []paymentCode{
	{codeSuccess, "SUCCES", statusAccepted, pay.OutcomeSucceeded, "", ""},
	{codePaymentFailed, "PAYMENT_FAILED", statusRefused, pay.OutcomeFailed, pay.Declined, "Le paiement a échoué"},
	{codeNoFunds, "INSUFFISENT_BALANCE", statusRefused, pay.OutcomeFailed, pay.InsufficientFunds, "Le solde du client est insuffisant"},
	{"603", "SERVICE_UNAVAILABLE", statusRefused, pay.OutcomeFailed, pay.OperatorUnavailable, "Le service est indisponible"},
	{codeWrongOTP, "OTP_CODE_ERROR", statusRefused, pay.OutcomeFailed, pay.WrongPINOrOTP, "Le code saisi est incorrect"},
	{codeIncorrect, "INCORRECT_SETTINGS", statusRefused, pay.OutcomeFailed, pay.ProviderError, "Les paramètres sont incorrects"},
	{codeWaitingApproval, "WAITING_CUSTOMER_TO_VALIDATE", statusWaiting, pay.OutcomePending, "", "En attente de la validation du client"},
	{codeExpired, "ABONNEMENT_OR_TRANSACTIONS_EXPIRED", statusRefused, pay.OutcomeFailed, pay.Expired, "La transaction a expiré"},
	{codeCanceled, "TRANSACTION_CANCEL", statusCancelled, pay.OutcomeFailed, pay.CustomerCanceled, "La transaction a été annulée"},
	{codePhoneNotFound, "ERROR_PHONE_NUMBER_NOT_FOUND", statusRefused, pay.OutcomeFailed, pay.InvalidPhone, "Le numéro de téléphone est introuvable"},
	{"636", "ERROR_PHONE_NUMBER_NOT_SUPPORTED", statusRefused, pay.OutcomeFailed, pay.InvalidPhone, "Le numéro de téléphone n'est pas pris en charge"},
	{codeTooLow, "ERROR_AMOUNT_TOO_LOW", statusRefused, pay.OutcomeFailed, pay.AmountTooLow, "Le montant est trop faible"},
	{codeTooHigh, "ERROR_AMOUNT_TOO_HIGH", statusRefused, pay.OutcomeFailed, pay.AmountTooHigh, "Le montant est trop élevé"},
	{codeWaitingPayment, "WAITING_CUSTOMER_PAYMENT", statusPending, pay.OutcomePending, "", "En attente du paiement du client"},
	{codeWaitingOTP, "WAITING_CUSTOMER_OTP_CODE", statusWaiting, pay.OutcomePending, "", "En attente du code du client"},
	{codeWaitingOperator, "WAITING_CUSTOMER_PAYMENT_AT_OPERATOR_SIDE", statusWaiting, pay.OutcomePending, "", "En attente du paiement chez l'opérateur"},
	{codeOperatorDown, "OPERATOR_UNAVAILABLE", statusRefused, pay.OutcomeFailed, pay.OperatorUnavailable, "L'opérateur est indisponible"},
	{"807", "DAILY_MAX_NUMBER_TRANSACTION_REACHED", statusRefused, pay.OutcomeFailed, pay.LimitReached, "Le nombre de transactions par jour est atteint"},
	{codeDailyAmount, "DAILY_MAX_AMOUNT_TRANSACTION_REACHED", statusRefused, pay.OutcomeFailed, pay.LimitReached, "Le montant par jour est atteint"},
	{"809", "MONTHLY_MAX_AMOUNT_TRANSACTION_REACHED", statusRefused, pay.OutcomeFailed, pay.LimitReached, "Le montant par mois est atteint"},
	{"810", "MONTHLY_MAX_NUMBER_TRANSACTION_REACHED", statusRefused, pay.OutcomeFailed, pay.LimitReached, "Le nombre de transactions par mois est atteint"},
	{"811", "WEEKLY_MAX_AMOUNT_TRANSACTION_REACHED", statusRefused, pay.OutcomeFailed, pay.LimitReached, "Le montant par semaine est atteint"},
	{"812", "WEEKLY_MAX_NUMBER_TRANSACTION_REACHED", statusRefused, pay.OutcomeFailed, pay.LimitReached, "Le nombre de transactions par semaine est atteint"},
}

// fieldCodes were seen in the field only: understood, never emitted.
var fieldCodes = []paymentCode{
	{code: "605", outcome: pay.OutcomeFailed, reason: pay.Expired},
	{code: "607", outcome: pay.OutcomePending},
	{code: "621", outcome: pay.OutcomeFailed, reason: pay.OperatorUnavailable},
	{code: "622", outcome: pay.OutcomeFailed, reason: pay.OperatorUnavailable},
	{code: "626", outcome: pay.OutcomeFailed, reason: pay.OperatorUnavailable},
	{code: "628", outcome: pay.OutcomeFailed, reason: pay.ProviderError},
	{code: "629", outcome: pay.OutcomeFailed, reason: pay.ProviderError},
	{code: "637", outcome: pay.OutcomeFailed, reason: pay.InvalidPhone},
	{code: "638", outcome: pay.OutcomePending},
	{code: codeRefunded, outcome: pay.OutcomeSucceeded},
	{code: codeRefunding, outcome: pay.OutcomeSucceeded},
}

// reasonCodes gives each failure reason its code; it is total over pay.Reasons.
var reasonCodes = map[pay.Reason]string{
	pay.InsufficientFunds:   codeNoFunds,
	pay.Declined:            codePaymentFailed,
	pay.WrongPINOrOTP:       codeWrongOTP,
	pay.CustomerCanceled:    codeCanceled,
	pay.Expired:             codeExpired,
	pay.LimitReached:        codeDailyAmount,
	pay.InvalidPhone:        codePhoneNotFound,
	pay.AmountTooLow:        codeTooLow,
	pay.AmountTooHigh:       codeTooHigh,
	pay.OperatorUnavailable: codeOperatorDown,
	pay.DuplicateReference:  codeIncorrect,
	pay.AuthFailed:          codeIncorrect,
	pay.BadRequest:          codeIncorrect,
	pay.ProviderError:       codeIncorrect,
}

func findCode(table []paymentCode, code string) (paymentCode, bool) {
	for _, row := range table {
		if row.code == code {
			return row, true
		}
	}
	return paymentCode{}, false
}

// classify tells what a check's code means. A code that nobody has described is
// judged by data.status; known is false when that says nothing either.
func classify(code, message, status string) (outcome pay.Outcome, reason pay.Reason, known bool) {
	if code == codeWaitingOperator && strings.Contains(strings.ToUpper(message), "FRAUD") {
		return pay.OutcomeFailed, pay.Declined, true
	}
	for _, table := range [][]paymentCode{paymentCodes, fieldCodes} {
		if row, ok := findCode(table, code); ok {
			return row.outcome, row.reason, true
		}
	}
	switch strings.ToUpper(status) {
	case statusRefused:
		return pay.OutcomeFailed, pay.Declined, true
	case statusCancelled, "CANCELED":
		return pay.OutcomeFailed, pay.CustomerCanceled, true
	case statusPending, statusWaiting, "CREATED":
		return pay.OutcomePending, "", true
	}
	return pay.OutcomeUnknown, "", false
}

// byMessage finds a row by its message, in any of the spellings in use.
func byMessage(message string) (paymentCode, bool) {
	message = canonicalMessage(message)
	for _, row := range paymentCodes {
		if canonicalMessage(row.message) == message {
			return row, true
		}
	}
	return paymentCode{}, false
}

func canonicalMessage(message string) string {
	message = strings.ToUpper(strings.TrimSpace(message))
	if message == "SUCCESS" {
		return "SUCCES"
	}
	return strings.Replace(message, "INSUFFISENT", "INSUFFICIENT", 1)
}

// The codes of an initialisation (wire: cinetpay §4.2).
const (
	codeCreated      = "201"
	codeForbidden    = "403"
	codeTooMany      = "429"
	codeFields       = "608"
	codeAuth         = "609"
	codeCurrency     = "612"
	codeSite         = "613"
	codeDuplicate    = "620"
	codeUnknownError = "624"
	codeNoUserAgent  = "1010"
)

// initMessages are the messages of the codes that a Checkout request may be refused with.
var initMessages = map[string]string{
	codeForbidden:     "FORBIDDEN",
	codeTooMany:       "TOO_MANY_REQUEST",
	codePaymentFailed: "PAYMENT_FAILED",
	codeFields:        "MINIMUM_REQUIRED_FIELDS",
	codeAuth:          "AUTH_NOT_FOUND",
	codeCurrency:      "ERROR_CURRENCY_NOTVALID",
	codeSite:          "ERROR_SITE_ID_NOTVALID",
	codeDuplicate:     "ERROR_DOUBLE_PAYEMNT", // spelt so by the provider
	codeUnknownError:  "UNKNOWN_ERROR",
	codeCanceled:      "TRANSACTION_CANCEL",
	codeTooLow:        "ERROR_AMOUNT_TOO_LOW",
	codeTooHigh:       "ERROR_AMOUNT_TOO_HIGH",
	"404":             "NOT_FOUND",
	"405":             "METHOD_NOT_ALLOWED",
	"500":             "INTERNAL_SERVER_ERROR",
	"503":             "SERVICE_UNAVAILABLE",
}

var initReasons = map[string]pay.Reason{
	codeForbidden:    pay.BadRequest,
	codeTooMany:      pay.ProviderError,
	codeFields:       pay.BadRequest,
	codeAuth:         pay.AuthFailed,
	codeCurrency:     pay.BadRequest,
	codeSite:         pay.AuthFailed,
	codeDuplicate:    pay.DuplicateReference,
	codeUnknownError: pay.BadRequest,
	codeTooLow:       pay.AmountTooLow,
	codeTooHigh:      pay.AmountTooHigh,
	codeNoUserAgent:  pay.BadRequest,
}

// classifyInit tells what a refused initialisation means. The code decides
// whatever the HTTP status; a code that nobody has described proves nothing
// when it comes with a server error.
func classifyInit(code, description string, httpStatus int) (pay.Outcome, pay.Reason) {
	if code == codeFields && speaksOfExisting(description) {
		return pay.OutcomeFailed, pay.DuplicateReference
	}
	if reason, ok := initReasons[code]; ok {
		return pay.OutcomeFailed, reason
	}
	if code == codeCreated || httpStatus >= http.StatusInternalServerError {
		return pay.OutcomeUnknown, ""
	}
	return pay.OutcomeFailed, pay.ProviderError
}

func speaksOfExisting(description string) bool {
	description = strings.ToLower(description)
	for _, word := range []string{"exist", "déjà", "already"} {
		if strings.Contains(description, word) {
			return true
		}
	}
	return false
}
