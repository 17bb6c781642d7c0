package cinetpay

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// transferOrder is one item of a request to send money.
type transferOrder struct {
	Prefix              Text `json:"prefix"`
	Phone               Text `json:"phone"`
	Amount              Text `json:"amount"`
	ClientTransactionID Text `json:"client_transaction_id"`
	NotifyURL           Text `json:"notify_url"`
	PaymentMethod       Text `json:"payment_method"`
}

// sentAnswer repeats a transfer with what became of it. A transfer that was
// accepted is always NEW here; a check tells the rest. The amount is the one
// that was read, in whole units: it is answered after money may have moved, when
// nothing may fail to encode any more, as "0500" would.
type sentAnswer struct {
	Prefix              string `json:"prefix"`
	Phone               string `json:"phone"`
	Amount              int64  `json:"amount"`
	ClientTransactionID string `json:"client_transaction_id"`
	NotifyURL           string `json:"notify_url"`
	Code                any    `json:"code"` // the number 0, or text
	Status              string `json:"status"`
	TreatmentStatus     string `json:"treatment_status,omitempty"`
	TransactionID       string `json:"transaction_id,omitempty"`
	Lot                 string `json:"lot,omitempty"`
}

// send serves /transfer/money/send/contact. All items are validated before any
// is sent. When the first one that is created is refused, the whole answer is
// the refusal; after that, each item says for itself what became of it.
func (d *dialect) send(w http.ResponseWriter, r *http.Request, a account) {
	orders, code := dataItems[transferOrder](r)
	lot := d.newLot()
	requests := make([]provider.Request, len(orders))
	status := http.StatusOK
	for i, o := range orders {
		if code == "" {
			requests[i], status, code = d.transferRequest(r.Context(), a, o, lot)
		}
	}
	if code != "" {
		writeTransferError(w, r, status, code)
		return
	}
	answers := make([]sentAnswer, len(orders))
	accepted := false
	for i, o := range orders {
		units, _ := wholeUnits(requests[i].Amount) // validated
		answers[i] = sentAnswer{
			Prefix: o.Prefix.String(), Phone: o.Phone.String(), Amount: units,
			ClientTransactionID: o.ClientTransactionID.String(), NotifyURL: o.NotifyURL.String(),
			Code: 0, Status: messageItemSucceeded, TreatmentStatus: treatmentNew, Lot: lot,
		}
		tx, err := d.gw.Create(r.Context(), a.caller(), requests[i])
		if err != nil {
			status, code := transferFault(err)
			if !accepted {
				writeTransferError(w, r, status, code)
				return
			}
			row, _ := findTransferCode(code)
			answers[i].Code, answers[i].Status, answers[i].TreatmentStatus, answers[i].Lot = code, row.message, "", ""
			continue
		}
		accepted = true
		answers[i].TransactionID = tx.FrontReference
	}
	writeTransfer(w, a.nest(answers))
}

// transferRequest validates one item.
func (d *dialect) transferRequest(ctx context.Context, a account, o transferOrder, lot string) (provider.Request, int, string) {
	refused := func(code string) (provider.Request, int, string) { return provider.Request{}, http.StatusOK, code }
	n, code := receiver(o.Prefix, o.Phone)
	clientID, notifyURL := o.ClientTransactionID.String(), o.NotifyURL.String()
	switch {
	case code != "":
		return refused(code)
	case clientID == "" || len(clientID) > maxName:
		return refused(codeDataNotValid)
	case notifyURL == "":
		return refused(codeNoNotifyURL)
	case d.gw.CheckURL(notifyURL) != nil:
		return refused(codeDataNotValid)
	}
	operator, ok := receivingOperator(n, o.PaymentMethod.String())
	if !ok {
		return refused(codeDataNotValid)
	}
	amount, code := a.transferAmount(o.Amount.String(), operator)
	if code != "" {
		return refused(code)
	}
	var contact storedContact
	_, err := provider.Recall(ctx, d.memory(), contactKey(a, n), &contact)
	switch {
	case errors.Is(err, provider.ErrNoItem):
		return refused(codeNotContact)
	case err != nil:
		status, code := transferFault(err)
		return provider.Request{}, status, code
	}
	return provider.Request{
		Kind:              pay.Payout,
		Reference:         clientID,
		NewFrontReference: d.newTransferID,
		FrontData:         map[string]string{frontNotifyURL: notifyURL, frontLot: lot},
		Amount:            amount,
		Description:       "Transfert " + clientID,
		Customer:          customerOfContact(contact, n),
		Method:            pay.Method{Type: pay.MobileMoney, Operator: operator.ID, Phone: n.E164()},
	}, http.StatusOK, ""
}

// transferAmount reads an amount in the currency of the receiver's operator.
func (a account) transferAmount(text string, o phone.Operator) (money.Amount, string) {
	currency := a.transferCurrency(o)
	amount, err := money.Parse(text, currency)
	if errors.Is(err, money.ErrOverflow) {
		return money.Amount{}, codeTooLarge
	}
	units, whole := wholeUnits(amount)
	limit := currencyLimits[currency]
	switch {
	case err != nil || !whole:
		return money.Amount{}, codeInvalidAmount
	case units < limit.serverMin:
		return money.Amount{}, codeTooSmall
	case units > maxUnits:
		return money.Amount{}, codeTooLarge
	case units%5 != 0 && a.option(optMultipleOf5) == "true":
		return money.Amount{}, codeInvalidAmount
	}
	return amount, ""
}

// newTransferID makes a transaction_id of CinetPay's: EA, the time, a random end.
func (d *dialect) newTransferID() string {
	return "EA" + d.gw.Now().UTC().Format("060102.150405") + "." + rand.Text()[:10]
}

// transferStateAnswer is one transfer in the answer to a check.
type transferStateAnswer struct {
	TransactionID       string      `json:"transaction_id"`
	ClientTransactionID string      `json:"client_transaction_id"`
	Lot                 string      `json:"lot"`
	Amount              json.Number `json:"amount"`
	Receiver            string      `json:"receiver"`
	Operator            string      `json:"operator"`
	SendingStatus       string      `json:"sending_status"`
	TransferValid       string      `json:"transfer_valid"`
	TreatmentStatus     string      `json:"treatment_status"`
	Comment             string      `json:"comment"`
	ValidatedAt         string      `json:"validated_at"`
}

// checkTransfer serves /transfer/check/money.
func (d *dialect) checkTransfer(w http.ResponseWriter, r *http.Request, a account) {
	search := provider.Search{FrontReference: strings.TrimSpace(r.Form.Get("transaction_id"))}
	if search.FrontReference == "" {
		// A send keeps it without surrounding spaces too.
		search = provider.Search{Reference: strings.TrimSpace(r.Form.Get("client_transaction_id")), Kind: pay.Payout}
		if search.Reference == "" {
			writeTransferError(w, r, http.StatusOK, codeInvalidParam)
			return
		}
	}
	tx, err := d.gw.Find(r.Context(), a.caller(), search)
	if err == nil && tx.Kind != pay.Payout {
		err = pay.ErrNotFound
	}
	if err != nil {
		status, code := transferFault(err)
		writeTransferError(w, r, status, code)
		return
	}
	writeTransfer(w, []transferStateAnswer{transferState(tx)})
}

func transferState(tx pay.Transaction) transferStateAnswer {
	number, prefix := localPhone(tx.Method.Phone)
	s := transferStateAnswer{
		TransactionID: tx.FrontReference, ClientTransactionID: tx.Reference, Lot: tx.FrontData[frontLot],
		Amount: json.Number(tx.Amount.Plain()), Receiver: prefix + number, Operator: paymentMethod(tx),
		SendingStatus: sendingConfirm, TransferValid: "N", ValidatedAt: formatTime(tx.CompletedAt),
	}
	switch tx.Status {
	case pay.StatusSucceeded:
		s.TreatmentStatus, s.TransferValid = treatmentValid, "Y"
	case pay.StatusFailed, pay.StatusCanceled, pay.StatusExpired:
		// The message of the table is what says why.
		s.TreatmentStatus, s.Comment = treatmentRejected, codeOf(tx).message
	default:
		s.TreatmentStatus = treatmentNew
		if tx.Submitted {
			s.TreatmentStatus = treatmentReceived
		}
	}
	return s
}
