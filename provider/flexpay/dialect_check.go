package flexpay

import (
	"errors"
	"net/http"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// foundAnswer is the answer to a check; transaction is null when there is none.
type foundAnswer struct {
	Code        string            `json:"code"`
	Message     string            `json:"message"`
	Transaction *foundTransaction `json:"transaction"`
}

// foundTransaction is a transaction in the order of the seed's sample.
type foundTransaction struct {
	OrderNumber    string `json:"orderNumber"`
	Reference      string `json:"reference"`
	Amount         string `json:"amount"`
	AmountCustomer string `json:"amountCustomer"`
	Currency       string `json:"currency"`
	CreatedAt      string `json:"createdAt"`
	Status         string `json:"status"`
	Channel        string `json:"channel,omitempty"`
}

// check serves GET /check/{orderNumber}. Whatever isn't an orderNumber of the
// merchant's is not found, which is no error.
func (d *dialect) check(w http.ResponseWriter, r *http.Request) {
	if refused := onlyMethod(w, r, http.MethodGet); refused != nil {
		writeError(w, refused)
		return
	}
	a, err := d.accountOfToken(r.Context(), withoutBearer(r.Header.Get("Authorization")))
	if err != nil {
		writeError(w, faultOf(err))
		return
	}
	tx, err := d.findOrder(r, a)
	switch {
	case errors.Is(err, pay.ErrNotFound):
		writeJSON(w, http.StatusOK, foundAnswer{Code: codeNo, Message: messageNotFound})
		return
	case err != nil:
		refused := faultOf(err)
		if refused.status == 0 {
			refused = refuseHTTP(http.StatusInternalServerError, messageInternal)
		}
		writeError(w, refused)
		return
	}
	found, err := checked(tx, a.option(optStatusProfile))
	if err != nil {
		writeError(w, faultOf(err))
		return
	}
	writeJSON(w, http.StatusOK, foundAnswer{Code: codeOK, Message: messageFound, Transaction: &found})
}

func (d *dialect) findOrder(r *http.Request, a account) (pay.Transaction, error) {
	number := r.PathValue("order")
	if !likeOrderNumber.MatchString(number) {
		return pay.Transaction{}, pay.NotFound("transaction")
	}
	return d.gw.Find(r.Context(), a.caller(), provider.Search{FrontReference: number})
}

func checked(tx pay.Transaction, profile string) (foundTransaction, error) {
	total, err := amountCustomer(tx)
	if err != nil {
		return foundTransaction{}, err
	}
	found := foundTransaction{
		OrderNumber: tx.FrontReference, Reference: tx.Reference,
		Amount: decimalText(tx.Amount), AmountCustomer: total, Currency: string(tx.Amount.Currency),
		CreatedAt: formatTime(tx.CreatedAt), Status: statusOf(tx, profile),
	}
	if profile == profileExtended {
		found.Channel = channelOf(tx)
	}
	return found, nil
}

// statusOf gives the status of a transaction. The strict profile has no word
// for one that waits: it looks like one that failed.
func statusOf(tx pay.Transaction, profile string) string {
	paid := tx.Status == pay.StatusSucceeded
	switch {
	case profile != profileExtended && paid:
		return statusSucceeded
	case profile != profileExtended:
		return statusNotCompleted
	case paid && tx.Refunded >= tx.Amount.Minor:
		return statusRefunded
	case paid && tx.Refunded > 0:
		return statusRefunding
	case paid:
		return statusSucceeded
	case tx.Status == pay.StatusCanceled:
		return statusCancelled
	case tx.Status == pay.StatusExpired:
		return statusNotCompleted
	case tx.Status != pay.StatusFailed:
		return statusPending
	}
	if status, ok := reasonStatuses[tx.Failure.Reason]; ok {
		return status
	}
	return statusNotCompleted
}

// amountCustomer is what the customer pays: the amount, and the fee where the
// customer bears it.
func amountCustomer(tx pay.Transaction) (string, error) {
	total := tx.Amount
	if tx.FeeBearer == pay.CustomerBears && tx.Fees.IsPositive() {
		var err error
		if total, err = tx.Amount.Add(tx.Fees); err != nil {
			return "", err
		}
	}
	return decimalText(total), nil
}
