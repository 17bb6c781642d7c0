package komipay

import (
	"context"
	"errors"
	"net/http"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// status tells what has become of a payment. While it is pending the call stays
// open, to the end of the payment's window (wire: komipay §2.3).
func (c *call) status() error {
	keys := []string{"apikey"}
	if c.account.Options.get(optStatusKey) == "lenient" {
		keys = append(keys, "api_key")
	}
	if err := c.checkKey(keys...); err != nil {
		return err
	}
	reference := c.fields.scalar("reference_transaction")
	if reference == "" {
		return missing("reference_transaction")
	}
	tx, err := c.find(reference)
	if errors.Is(err, pay.ErrNotFound) {
		c.answerState(stateAnswer{
			Code: http.StatusNotFound, Message: messageUnknown,
			TransactionStatus: stateNotFound, Data: stateData{stateNotFound},
		})
		return nil
	}
	if err != nil {
		return err
	}
	closed := false
	if !tx.Status.Final() {
		if tx, closed, err = c.await(tx); err != nil {
			return err
		}
	}
	c.answerState(stateOfTransaction(tx, closed))
	return nil
}

// find looks for KomiPay's reference, then for the merchant's own.
func (c *call) find(reference string) (pay.Transaction, error) {
	tx, err := c.gateway.Find(c.r.Context(), c.account.caller(), provider.Search{FrontReference: reference})
	if errors.Is(err, pay.ErrNotFound) {
		return c.gateway.Find(c.r.Context(), c.account.caller(), provider.Search{Reference: reference, Kind: pay.Payment})
	}
	return tx, err
}

// await waits for the end of an open payment. closed: its window is over. An
// open 3-D Secure page is answered at once, as its payer decides the time.
func (c *call) await(tx pay.Transaction) (_ pay.Transaction, closed bool, err error) {
	if tx.Method.Type == pay.CardMethod {
		return tx, false, nil
	}
	left := tx.CreatedAt.Add(c.account.Options.window()).Sub(c.gateway.Now())
	if left <= 0 {
		return tx, true, nil
	}
	if !c.account.Options.is(optLongPoll) {
		return tx, false, nil
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), left)
	defer cancel()
	tx, err = c.gateway.Wait(ctx, c.account.caller(), tx.ID)
	if c.r.Context().Err() != nil {
		return tx, false, errGone
	}
	return tx, !tx.Status.Final(), err
}

// answerState writes a state; one that is not a success is a business refusal.
func (c *call) answerState(s stateAnswer) {
	status := http.StatusOK
	if s.Code != http.StatusOK {
		status = c.httpStatus(&refusal{code: s.Code})
	}
	write(c.w, status, s)
}

func stateOfTransaction(tx pay.Transaction, closed bool) stateAnswer {
	s := stateAnswer{
		Code: http.StatusOK, Statut: true, Message: messageDone, Etat: etatSuccess, TransactionStatus: stateSuccess,
		Reference: tx.FrontReference, ExternalReference: tx.Reference, Transaction: detailOf(tx),
	}
	switch {
	case tx.Status == pay.StatusSucceeded:
	case tx.Status.Final() || closed:
		s.Code, s.Statut, s.TransactionStatus = http.StatusBadRequest, false, stateFailed
		_, s.Message = failureWords(tx)
		s.Etat = etatFailed
		if closed {
			s.Etat = ""
		}
	default:
		s.Message, s.Etat, s.TransactionStatus = messageWaiting, etatPending, statePending
	}
	s.Data.TransactionStatus = s.TransactionStatus
	return s
}

func detailOf(tx pay.Transaction) *transactionData {
	return &transactionData{
		Reference: tx.FrontReference, ExternalReference: tx.Reference,
		Amount: tx.Amount.Plain(), Card: maskedCard(tx.Method.Card),
	}
}
