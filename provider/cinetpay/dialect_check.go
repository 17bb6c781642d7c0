package cinetpay

import (
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// check serves POST /v2/payment/check.
func (d *dialect) check(w http.ResponseWriter, r *http.Request, a account, p params) {
	if !d.checks.allow(a, d.gw.Now()) {
		d.refuse(w, a, refuse(codeTooMany, descriptionTooMany))
		return
	}
	lookup := readLookup(p)
	// A token beside a transaction_id is not looked at.
	search := provider.Search{Reference: lookup.TransactionID, Kind: pay.Payment}
	switch {
	case lookup.TransactionID != "":
	case lookup.PaymentToken != "":
		search = provider.Search{FrontReference: lookup.PaymentToken}
	default:
		d.refuse(w, a, refuse(codeFields, "transaction_id is required"))
		return
	}
	tx, err := d.gw.Find(r.Context(), a.caller(), search)
	if err == nil && tx.Kind != pay.Payment {
		err = pay.ErrNotFound
	}
	if err != nil {
		d.refuse(w, a, faultOf(a, err))
		return
	}
	writeJSON(w, http.StatusOK, d.checkAnswer(a, tx))
}

func (d *dialect) checkAnswer(a account, tx pay.Transaction) answer {
	row := codeOf(tx)
	result := answer{Code: row.code, Message: a.message(row), APIResponseID: d.responseID()}
	if a.option(optSeedCheck) == "true" {
		result.Data = seedData(tx)
		return result
	}
	result.Description = row.description
	result.Data = checkData(tx, row)
	return result
}

// message is the row's, in the spelling that the account asked for.
func (a account) message(row paymentCode) string {
	if a.option(optDocsSpelling) == "true" {
		return strings.Replace(row.message, "INSUFFISENT", "INSUFFICIENT", 1)
	}
	return row.message
}

// codeOf gives the row of the table that a transaction is at.
func codeOf(tx pay.Transaction) paymentCode {
	row, _ := findCode(paymentCodes, stateCode(tx))
	return row
}

func stateCode(tx pay.Transaction) string {
	switch tx.Status {
	case pay.StatusSucceeded:
		return codeSuccess
	case pay.StatusFailed:
		return failureCode(tx)
	case pay.StatusCanceled, pay.StatusExpired:
		return codeCanceled
	}
	switch {
	case !tx.Submitted:
		return codeWaitingPayment
	case tx.NextAction.Type == pay.EnterOTP:
		return codeWaitingOTP
	case tx.NextAction.Type == pay.Redirect, tx.NextAction.Type == pay.ShowCode:
		return codeWaitingOperator
	}
	return codeWaitingApproval
}

// failureCode repeats CinetPay's own code when it took the payment, as several
// of its codes share one reason.
func failureCode(tx pay.Transaction) string {
	own := tx.Failure.ProviderCode
	if row, ok := findCode(paymentCodes, own); ok && tx.Provider == Name && row.reason == tx.Failure.Reason {
		return own
	}
	if code, ok := reasonCodes[tx.Failure.Reason]; ok {
		return code
	}
	return codePaymentFailed
}

// checkAnswerData has every key always: public clients read them all unasked.
type checkAnswerData struct {
	Amount               string  `json:"amount"`
	Currency             string  `json:"currency"`
	Status               string  `json:"status"`
	PaymentMethod        string  `json:"payment_method"`
	Description          string  `json:"description"`
	Metadata             *string `json:"metadata"`
	OperatorID           *string `json:"operator_id"`
	PaymentDate          string  `json:"payment_date"`
	FundAvailabilityDate *string `json:"fund_availability_date"`
	PhoneNumber          string  `json:"phone_number"`
	PhonePrefix          string  `json:"phone_prefix"`
}

// seedAnswerData has the seed's keys; a failure has no operator_id there.
type seedAnswerData struct {
	OperatorID    *string `json:"operator_id,omitempty"`
	PaymentMethod string  `json:"payment_method"`
	PaymentDate   string  `json:"payment_date"`
	PhoneNumber   string  `json:"phone_number"`
	PhonePrefix   string  `json:"phone_prefix"`
}

func checkData(tx pay.Transaction, row paymentCode) checkAnswerData {
	number, prefix := localPhone(tx.Method.Phone)
	return checkAnswerData{
		Amount:               tx.Amount.Plain(),
		Currency:             string(tx.Amount.Currency),
		Status:               row.status,
		PaymentMethod:        paymentMethod(tx),
		Description:          tx.Description,
		Metadata:             orNull(tx.FrontData[frontMetadata]),
		OperatorID:           operatorID(tx),
		PaymentDate:          formatTime(tx.CompletedAt),
		FundAvailabilityDate: orNull(fundDate(tx)),
		PhoneNumber:          number,
		PhonePrefix:          prefix,
	}
}

func seedData(tx pay.Transaction) seedAnswerData {
	number, prefix := localPhone(tx.Method.Phone)
	return seedAnswerData{
		OperatorID: operatorID(tx), PaymentMethod: paymentMethod(tx),
		PaymentDate: formatTime(tx.CompletedAt), PhoneNumber: number, PhonePrefix: prefix,
	}
}

// operatorID is the operator's own reference of a payment that succeeded.
func operatorID(tx pay.Transaction) *string {
	if tx.Status != pay.StatusSucceeded {
		return nil
	}
	return orNull(tx.ProviderReference)
}

// fundDate is when the money can be used: the day after the payment.
func fundDate(tx pay.Transaction) string {
	if tx.Status != pay.StatusSucceeded || tx.CompletedAt.IsZero() {
		return ""
	}
	return formatTime(tx.CompletedAt.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1))
}

// localPhone splits a number so that prefix and number make the E.164 digits.
func localPhone(e164 string) (number, prefix string) {
	n, err := phone.Parse(e164, "")
	if err != nil {
		return "", ""
	}
	return n.Subscriber(), n.CountryCode()
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
