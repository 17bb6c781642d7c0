package cinetpay

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// The paths of the transfer API, behind https://client.cinetpay.com/v1.
const (
	pathLogin         = "/auth/login"
	pathBalance       = "/transfer/check/balance"
	pathContact       = "/transfer/contact"
	pathSend          = "/transfer/money/send/contact"
	pathCheckTransfer = "/transfer/check/money"
)

// Contact is somebody to whom money may be sent. CinetPay sends to nobody who
// is not a contact. All fields are sent, empty ones too.
type Contact struct {
	Prefix  string `json:"prefix"` // E.164 country code without plus
	Phone   string `json:"phone"`
	Name    string `json:"name"`
	Surname string `json:"surname"`
	Email   string `json:"email"`
}

// Transfer asks for money to be sent to a contact.
type Transfer struct {
	Prefix              string      `json:"prefix"`
	Phone               string      `json:"phone"`
	Amount              json.Number `json:"amount"` // whole, a multiple of 5
	ClientTransactionID string      `json:"client_transaction_id"`
	NotifyURL           string      `json:"notify_url"`
	PaymentMethod       string      `json:"payment_method,omitempty"`
}

// TransferLookup names a transfer: either field suffices.
type TransferLookup struct {
	TransactionID       string
	ClientTransactionID string
}

// TransferState is what CinetPay says of a transfer, when it is sent and when
// it is checked.
type TransferState struct {
	TransactionID       Text `json:"transaction_id"`
	ClientTransactionID Text `json:"client_transaction_id"`
	Lot                 Text `json:"lot"`
	Amount              Text `json:"amount"`
	Receiver            Text `json:"receiver"`
	Operator            Text `json:"operator"`
	SendingStatus       Text `json:"sending_status"`
	TransferValid       Text `json:"transfer_valid"`
	TreatmentStatus     Text `json:"treatment_status"`
	Comment             Text `json:"comment"`
	ValidatedAt         Text `json:"validated_at"`
}

// Funds is the money of the transfer account, in its currency's main unit.
type Funds struct {
	Amount    json.Number `json:"amount"`
	InUsing   json.Number `json:"inUsing"`
	Available json.Number `json:"available"`
}

// transferItem is one item of the answers to contact and send.
type transferItem struct {
	Code    Text `json:"code"`
	Status  Text `json:"status"`
	Message Text `json:"message"`
	TransferState
}

// The values of treatment_status and sending_status.
const (
	treatmentNew      = "NEW"
	treatmentReceived = "REC"
	treatmentNoStatus = "NOS"
	treatmentValid    = "VAL"
	treatmentRejected = "REJ"

	sendingPending = "PENDING" // waits for a person to confirm it at CinetPay
	sendingConfirm = "CONFIRM"
)

// treatment tells what a treatment_status means; comment says why it was rejected.
func treatment(status, comment string) (pay.Outcome, pay.Reason) {
	switch strings.ToUpper(status) {
	case treatmentNew, treatmentReceived, treatmentNoStatus:
		return pay.OutcomePending, ""
	case treatmentValid:
		return pay.OutcomeSucceeded, ""
	case treatmentRejected:
		if row, ok := byMessage(comment); ok && row.outcome == pay.OutcomeFailed {
			return pay.OutcomeFailed, row.reason
		}
		return pay.OutcomeFailed, pay.Declined
	}
	return pay.OutcomeUnknown, ""
}

// transferCode is one row of the table of the transfer API's codes (wire:
// cinetpay §8.2).
type transferCode struct {
	code    string
	message string
	outcome pay.Outcome
	reason  pay.Reason
	// fr and en describe it, by the query's lang.
	fr, en string
}

const (
	codeDone             = "0"
	codeBadCredentials   = "701"
	codeNoToken          = "702"
	codeBadUser          = "703"
	codeInvalidParam     = "704"
	codeTokenExpired     = "705"
	codeTokenInvalid     = "706"
	codeTokenRefresh     = "707"
	codeNotAllowed       = "708"
	codeExecution        = "709"
	codeUnexpected       = "715"
	codeDataNotValid     = "716"
	codeBrokenJSON       = "718"
	codeTooSmall         = "719"
	codeTooLarge         = "720"
	codeNoOperator       = "721"
	codeNotFound         = "723"
	codeNotContact       = "724"
	codeNoNotifyURL      = "725"
	codeContactKnown     = "726"
	codeInvalidAmount    = "801"
	codeInvalidPhone     = "802"
	codeClientIDExists   = "805"
	messageDone          = "OPERATION_SUCCES"
	messageItemSucceeded = "success"
)

var transferCodes = []transferCode{
	{"-1", "OPERATION_ERROR", pay.OutcomeUnknown, "", "Erreur pendant l'opération", "Operation error"},
	{codeNoFunds, "INSUFFICIENT_BALANCE", pay.OutcomeFailed, pay.InsufficientFunds, "Votre solde est insuffisant", "Your balance is insufficient"},
	{codeBadCredentials, "INVALID_CREDENTIALS", pay.OutcomeFailed, pay.AuthFailed, "Vos identifiants sont invalides", "Your credentials are invalid"},
	{codeNoToken, "COULD_NOT_CREATE_TOKEN", pay.OutcomeFailed, pay.ProviderError, "Le token n'a pas pu être créé", "The token could not be created"},
	{codeBadUser, "INVALID_USER", pay.OutcomeFailed, pay.AuthFailed, "Utilisateur invalide", "Invalid user"},
	{codeInvalidParam, "INVALID_PARAM", pay.OutcomeFailed, pay.BadRequest, "Un paramètre est absent ou invalide", "A parameter is missing or invalid"},
	{codeTokenExpired, "EXPIRED_TOKEN", pay.OutcomeFailed, pay.AuthFailed, "Votre token a expiré", "Your token has expired"},
	{codeTokenInvalid, "INVALID_TOKEN", pay.OutcomeFailed, pay.AuthFailed, "Votre token est invalide", "Your token is invalid"},
	{codeTokenRefresh, "CANT_REFRESH_TOKEN", pay.OutcomeFailed, pay.AuthFailed, "Le token n'a pas pu être renouvelé", "The token could not be refreshed"},
	{codeNotAllowed, "NOT_ALLOWED", pay.OutcomeFailed, pay.AuthFailed, "Opération non autorisée", "Operation not allowed"},
	{codeExecution, "EXECUTION_ERROR", pay.OutcomeUnknown, "", "Erreur d'exécution", "Execution error"},
	{"710", "EXECUTION_ERROR", pay.OutcomeUnknown, "", "Erreur d'exécution", "Execution error"},
	{codeUnexpected, "UNEXPECTED_ERROR", pay.OutcomeUnknown, "", "Erreur inattendue", "Unexpected error"},
	{codeDataNotValid, "DATA_NOT_VALID", pay.OutcomeFailed, pay.BadRequest, "Les données ne sont pas valides", "The data is not valid"},
	{"717", "ERROR_PHONE_NOT_PARTICULAR", pay.OutcomeFailed, pay.InvalidPhone, "Le numéro n'est pas celui d'un particulier", "The number is not an individual's"},
	{codeBrokenJSON, "JSON_PARSE_ERROR", pay.OutcomeFailed, pay.BadRequest, "Le JSON est illisible", "The JSON can't be read"},
	{codeTooSmall, "AMOUNT_TOO_SMALL", pay.OutcomeFailed, pay.AmountTooLow, "Le montant est trop faible", "The amount is too small"},
	{codeTooLarge, "AMOUNT_TOO_LARGE", pay.OutcomeFailed, pay.AmountTooHigh, "Le montant est trop élevé", "The amount is too large"},
	{codeNoOperator, "OPERATOR_NOT_AVAILABLE", pay.OutcomeFailed, pay.OperatorUnavailable, "L'opérateur n'est pas disponible", "The operator is not available"},
	{codeNotFound, "NOT_FOUND", pay.OutcomeUnknown, "", "Introuvable", "Not found"},
	{codeNotContact, "ERROR_PHONE_NOT_MY_CONTACT", pay.OutcomeFailed, pay.InvalidPhone, "Ce numéro n'est pas dans vos contacts", "This number is not one of your contacts"},
	{codeNoNotifyURL, "MISSING_NOTIFY_URL", pay.OutcomeFailed, pay.BadRequest, "L'url de notification est absente", "The notification URL is missing"},
	// That a contact is known says nothing of a transfer.
	{codeContactKnown, "ERROR_PHONE_ALREADY_MY_CONTACT", pay.OutcomeUnknown, "", "Ce numéro est déjà dans vos contacts", "This number is one of your contacts already"},
	{codeInvalidAmount, "INVALID_AMOUNT", pay.OutcomeFailed, pay.BadRequest, "Le montant est invalide", "The amount is invalid"},
	{codeInvalidPhone, "INVALID_PHONE", pay.OutcomeFailed, pay.InvalidPhone, "Le numéro de téléphone est invalide", "The phone number is invalid"},
	{codeOperatorDown, "OPERATOR_UNAVAILABLE", pay.OutcomeFailed, pay.OperatorUnavailable, "L'opérateur est indisponible", "The operator is unavailable"},
	{codeClientIDExists, "CLIENT_TRANSACTION_ID_EXIST", pay.OutcomeFailed, pay.DuplicateReference, "Cet identifiant de transaction existe déjà", "This transaction id exists already"},
}

func findTransferCode(code string) (transferCode, bool) {
	for _, row := range transferCodes {
		if row.code == code {
			return row, true
		}
	}
	return transferCode{}, false
}

// classifyTransfer tells what a refusal of the transfer API means. A server
// error proves nothing, whatever code it carries.
func classifyTransfer(code string, httpStatus int) (pay.Outcome, pay.Reason) {
	row, ok := findTransferCode(code)
	if !ok || httpStatus >= http.StatusInternalServerError {
		return pay.OutcomeUnknown, ""
	}
	return row.outcome, row.reason
}

// items flattens data, which is a nested array, a flat array or one object.
func items(data json.RawMessage) []json.RawMessage {
	return flatten(data, 3)
}

func flatten(data json.RawMessage, depth int) []json.RawMessage {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0 || depth == 0:
		return nil
	case data[0] == '{':
		return []json.RawMessage{data}
	case data[0] != '[':
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		return nil
	}
	var flat []json.RawMessage
	for _, item := range list {
		flat = append(flat, flatten(item, depth-1)...)
	}
	return flat
}

// transferNoticeFields are the fields of a transfer's notification, in order.
// It is not signed.
var transferNoticeFields = []string{
	"transaction_id", "client_transaction_id", "lot", "amount", "receiver",
	"sending_status", "comment", "treatment_status", "operator_transaction_id",
	"validated_at", "operator",
}
