package mypvit

import (
	"net/http"

	"github.com/passerelle-pay/passerelle/pay"
)

// The error codes of the documented table (wire: mypvit §4.2).
const (
	codeSomethingWrong          = 500
	codeInvalidIP               = 1000
	codeInvalidEnvironment      = 1001
	codeInvalidCallback         = 1002
	codeInvalidRedirection      = 1003
	codeInvalidFailed           = 1004
	codePINNotSetOld            = 1005
	codeNullType                = 1006
	codeNullOperator            = 1007
	codeMissingHeader           = 1008
	codeInvalidPhone            = 1009
	codeUnreadableBody          = 1010
	codeInvalidReception        = 1011
	codeMissingParam            = 1012
	codeInsufficientBalance     = 2000
	codeBalanceReached          = 2001
	codeMerchantNotActive       = 3000
	codeAccountNotActive        = 3001
	codeTypeNotAllowed          = 3002
	codeAccountTypeNotActive    = 3003
	codeServiceNotActive        = 3004
	codeTypeNotActive           = 3005
	codeOperatorNotActive       = 3006
	codeOperatorServiceRefused  = 3007
	codeOperatorServiceInactive = 3008
	codeOperatorTypeInactive    = 3009
	codeOperatorTypeRefused     = 3010
	codeCallbackNotActive       = 3011
	codeRedirectionNotActive    = 3012
	codeFailedNotActive         = 3013
	codeCustomerBlocked         = 3014
	codeLeftOut                 = 3015 // has no row: nobody knows what it says
	codeForbidden               = 3016
	codeOperatorMismatch        = 3017
	codeAmountTooLow            = 3018
	codeAmountTooHigh           = 3019
	codeServiceNotSupported     = 3020
	codeReceptionNotActive      = 3021
	codePINNotSet               = 3022
	codeCustomerUnknown         = 3023
	codeAuthenticationFailed    = 3100
	codeAPINotFound             = 4000
	codeMerchantNotFound        = 4001
	codeAccountNotFound         = 4002
	codeServiceNotFound         = 4003
	codeTypeNotFound            = 4004
	codeOperatorNotFound        = 4005
	codeTransactionNotFound     = 4006
	codeUnknownCustomer         = 4007
	codeRepatriationNotFound    = 4008
	codeRepatriationNotActive   = 4009
	codeReferenceExists         = 5000
	codeAmbiguous               = 5001
	codeLinkUsed                = 5002
	codeNullTypeOld             = 5003
	codeExpired                 = 6000
	codeMediaType               = 7000
	codeConstraint              = 8000
	codeFeesNotImplemented      = 9000
	codeFeatureNotImplemented   = 9001
	codeFeesNotActive           = 9002
	codeMaintenance             = 10000
	codeUnavailable             = 10001
	codeSendingSecret           = 10008
)

// errorRow is one documented refusal, and what it means for the order that met it.
type errorRow struct {
	http    int
	code    int
	name    string
	message string
	// unknown: the provider may have done it all the same.
	unknown bool
	reason  pay.Reason
}

const nameAuthenticationFailed = "AUTHENTICATION_FAILED"

// errorRows is the table. Its order matters where a name stands twice: the
// first row of a name is the one that a bare name is read as.
var errorRows = []errorRow{
	{500, codeSomethingWrong, "SOMETHING_WENT_WRONG", "Something went wrong, please contact support", true, pay.ProviderError},
	{400, codeInvalidIP, "INVALID_MERCHANT_IP_ADDRESS", "The ip address is invalid for this merchant", false, pay.AuthFailed},
	{400, codeInvalidEnvironment, "INVALID_ENVIRONMENT", "Operation account and URL envrionment mismatch", false, pay.BadRequest}, //nolint:misspell // the provider's own spelling
	{400, codeInvalidCallback, "INVALID_CALLBACK_URL_CODE", "This callback URL is invalid", false, pay.BadRequest},
	{400, codeInvalidRedirection, "INVALID_REDIRECTION_URL_CODE", "This redirection URL is invalid", false, pay.BadRequest},
	{400, codeInvalidFailed, "INVALID_FAILED_REDIRECTION_URL_CODE", "This failed redirection URL is invalid", false, pay.BadRequest},
	{400, codePINNotSetOld, "CUSTOMER_PIN_NOT_SET", "The pin of the customer is not set", false, pay.Declined},
	{400, codeNullType, "NULL_TRANSACTION_TYPE_IDENTIFIER", "The transaction type identifier is missing in the request.", false, pay.BadRequest},
	{400, codeNullOperator, "NULL_OPERATOR_IDENTIFIER", "The operator identifier is missing in the request.", false, pay.BadRequest},
	{400, codeMissingHeader, "MISSING_REQUEST_HEADER", "A required header is missing in the request.", false, pay.BadRequest},
	{400, codeInvalidPhone, "INVALID_PHONE_NUMBER", "The provided phone number is invalid.", false, pay.InvalidPhone},
	{400, codeUnreadableBody, "UNREADABLE_REQUEST_BODY", "The server cannot read or parse the request body, possibly due to invalid syntax.", false, pay.BadRequest},
	{400, codeInvalidReception, "INVALID_SECRET_KEY_RECEPTION_URL_CODE", "This secret key reception URL is invalid", false, pay.BadRequest},
	{400, codeMissingParam, "MISSING_REQUEST_PARAM", "Your request is missing a required param", false, pay.BadRequest},
	{402, codeInsufficientBalance, "OPERATION_ACCOUNT_INSUFFICIENT_BALANCE", "Insufficient balance for this transaction", false, pay.InsufficientFunds},
	{402, codeBalanceReached, "OPERATION_ACCOUNT_BALANCE_REACHED", "The operation account balance limit has been reached.", false, pay.LimitReached},
	{403, codeMerchantNotActive, "MERCHANT_NOT_ACTIVE", "This merchant is not active", false, pay.AuthFailed},
	{403, codeAccountNotActive, "OPERATION_ACCOUNT_NOT_ACTIVE", "This operation account is not active", false, pay.AuthFailed},
	{403, codeTypeNotAllowed, "NOT_ALLOWED_OPERATION_ACCOUNT_TRANSACTION_TYPE", "This transaction type is not allowed for this operation account", false, pay.BadRequest},
	{403, codeAccountTypeNotActive, "OPERATION_ACCOUNT_TRANSACTION_TYPE_NOT_ACTIVE", "This transaction type is not active for this operation account", false, pay.BadRequest},
	{403, codeServiceNotActive, "SERVICE_NOT_ACTIVE", "This service is not active", false, pay.OperatorUnavailable},
	{403, codeTypeNotActive, "TRANSACTION_TYPE_NOT_ACTIVE", "This transaction type is not active", false, pay.OperatorUnavailable},
	{403, codeOperatorNotActive, "OPERATOR_NOT_ACTIVE", "This operator is not active", false, pay.OperatorUnavailable},
	{403, codeOperatorServiceRefused, "OPERATOR_SERVICE_NOT_ALLOWED", "The service is not allowed for this operator", false, pay.BadRequest},
	{403, codeOperatorServiceInactive, "OPERATOR_SERVICE_NOT_ACTIVE", "The service is not active for this operator", false, pay.OperatorUnavailable},
	{403, codeOperatorTypeInactive, "OPERATOR_TYPE_TRANSACTION_NOT_ACTIVE", "The transaction type is not active for this operator", false, pay.OperatorUnavailable},
	{403, codeOperatorTypeRefused, "OPERATOR_TYPE_TRANSACTION_NOT_ALLOWED", "The transaction type is not allowed for this operator", false, pay.BadRequest},
	{403, codeCallbackNotActive, "CALLBACK_URL_NOT_ACTIVE", "This callback URL is not active", false, pay.BadRequest},
	{403, codeRedirectionNotActive, "REDIRECTION_URL_NOT_ACTIVE", "This redirection URL is not active", false, pay.BadRequest},
	{403, codeFailedNotActive, "FAILED_REDIRECTION_URL_NOT_ACTIVE", "This failed redirection URL is not active", false, pay.BadRequest},
	{403, codeCustomerBlocked, "CUSTOMER_BLOCKED", "This customer is blocked", false, pay.Declined},
	{403, codeForbidden, "FORBIDDEN", "The client is authenticated but does not have the necessary permissions.", false, pay.AuthFailed},
	{403, codeOperatorMismatch, "OPERATOR_AND_OPERATION_ACCOUNT_MISMATCH", "The operation account is not compatible with the given client account number", false, pay.InvalidPhone},
	{403, codeAmountTooLow, "TRANSACTION_AMOUNT_TOO_LOW", "The transaction amount is below the minimum allowed threshold", false, pay.AmountTooLow},
	{403, codeAmountTooHigh, "TRANSACTION_MAX_AMOUNT_EXCEDED", "The transaction amount exceeds the maximum allowed threshold", false, pay.AmountTooHigh},
	{403, codeServiceNotSupported, "SERVICE_NOT_SUPPORTED", "Service not supported by this operation account", false, pay.BadRequest},
	{403, codeReceptionNotActive, "SECRET_KEY_RECEPTION_URL_NOT_ACTIVE", "The secret key reception URL is not active", false, pay.BadRequest},
	{403, codePINNotSet, "CUSTOMER_PIN_NOT_SET", "The pin of the customer is not set", false, pay.Declined},
	{403, codeCustomerUnknown, "CUSTOMER_UNKNOWN", "This customer is unknown", false, pay.InvalidPhone},
	{403, codeAuthenticationFailed, nameAuthenticationFailed, "Authentication failed", false, pay.AuthFailed},
	{404, codeAPINotFound, "API_NOT_FOUND", "API not found", false, pay.BadRequest},
	{404, codeMerchantNotFound, "MERCHANT_NOT_FOUND", "This merchant is not found", false, pay.AuthFailed},
	{404, codeAccountNotFound, "OPERATION_ACCOUNT_NOT_FOUND", "This operation account is not found", false, pay.BadRequest},
	{404, codeServiceNotFound, "SERVICE_NOT_FOUND", "This service is not found", false, pay.BadRequest},
	{404, codeTypeNotFound, "TRANSACTION_TYPE_NOT_FOUND", "This transaction type is not found", false, pay.BadRequest},
	{404, codeOperatorNotFound, "OPERATOR_NOT_FOUND", "This operator is not found", false, pay.BadRequest},
	{404, codeTransactionNotFound, "TRANSACTION_NOT_FOUND", "The transaction is not found", true, ""},
	{404, codeUnknownCustomer, "UNKNOWN_CUSTOMER", "This customer is unknown", false, pay.InvalidPhone},
	{404, codeRepatriationNotFound, "REPATRIATION_ACCOUNT_NOT_FOUND", "The repatriation account could not be found.", false, pay.BadRequest},
	{403, codeRepatriationNotActive, "REPATRIATION_ACCOUNT_NOT_ACTIVE", "This repatriation account is not active", false, pay.BadRequest},
	{409, codeReferenceExists, "TRANSACTION_REFERENCE_ALREADY_EXISTS", "The reference already exists", false, pay.DuplicateReference},
	{409, codeAmbiguous, "AMBIGUOUS_TRANSACTION", "The transaction is ambiguous", true, ""},
	{409, codeLinkUsed, "TRANSACTION_LINK_USED", "This transaction has been used", true, ""},
	{501, codeNullTypeOld, "NULL_TRANSACTION_TYPE_IDENTIFIER", "Transaction type identifier is null", false, pay.BadRequest},
	{410, codeExpired, "TRANSACTION_EXPIRED", "This transaction has expired", false, pay.Expired},
	{415, codeMediaType, "HTTP_MEDIA_TYPE_NOT_SUPPORTED", "The server does not support the media format of the request.", false, pay.BadRequest},
	{422, codeConstraint, "CONSTRAINT_VIOLATION", "The request contains data that violates database or application constraints.", false, pay.BadRequest},
	{501, codeFeesNotImplemented, "FEES_SCHEDULE_NOT_IMPLEMENTED", "Fees schedule is not implemented for this amount", false, pay.ProviderError},
	{501, codeFeatureNotImplemented, "OPERATOR_FEATURE_NOT_IMPLEMENTED", "The requested feature for the operator is not implemented in the system.", false, pay.ProviderError},
	{502, codeFeesNotActive, "FEES_SCHEDULE_NOT_ACTIVE", "Fees schedule is not active", false, pay.ProviderError},
	{503, codeMaintenance, "API_MAINTENANCE_MODE", "API in maintenance mode", false, pay.OperatorUnavailable},
	{503, codeUnavailable, "UNAVAILABLE_SERVICE", "The requested service is currently unavailable, possibly due to maintenance.", true, ""},
	{503, codeSendingSecret, "SENDING_SECRET_ERROR", "Error on sending secret key. Please retry or contact support", false, pay.ProviderError},
}

func rowByCode(code int) (errorRow, bool) {
	for _, row := range errorRows {
		if row.code == code {
			return row, true
		}
	}
	return errorRow{}, false
}

func rowByName(name string) (errorRow, bool) {
	for _, row := range errorRows {
		if row.name == name {
			return row, true
		}
	}
	return errorRow{}, false
}

// rowOf finds the row that a refusal is read as: by its name, then by its code.
// Behind a 5xx the name alone counts: whatever else it holds, nobody knows what
// was done (wire: mypvit §4.3).
func rowOf(status int, name string, code int) (errorRow, bool) {
	if row, ok := rowByName(name); ok || status >= 500 {
		return row, ok
	}
	return rowByCode(code)
}

// classify says what a refusal means for the order that met it: by its row, then
// by the HTTP class. A 4xx that is not documented is a refusal, apart from the
// code that the table leaves out; whatever else is not documented leaves the
// outcome unknown.
func classify(status int, name string, code int) (pay.Outcome, pay.Reason) {
	row, ok := rowOf(status, name, code)
	switch {
	case ok && row.unknown, !ok && code == codeLeftOut:
		return pay.OutcomeUnknown, ""
	case ok:
		return pay.OutcomeFailed, row.reason
	case status == http.StatusUnauthorized:
		return pay.OutcomeFailed, pay.AuthFailed
	case status == http.StatusRequestTimeout:
		return pay.OutcomeUnknown, ""
	case status >= 400 && status < 500:
		return pay.OutcomeFailed, pay.BadRequest
	}
	return pay.OutcomeUnknown, ""
}
