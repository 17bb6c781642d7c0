package mypvit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// giveChangeWait is how long a GIVE_CHANGE may take to be final.
const giveChangeWait = 10 * time.Second

// rest takes a payment, which is notified later, or gives change, which is
// final in the answer.
func (c *call) rest() error {
	f, err := c.body()
	if err != nil {
		return err
	}
	if err := c.authenticate(f.text("merchant_operation_account_code")); err != nil {
		return err
	}
	t, err := c.takeOrder(f, ServiceRESTful)
	if err != nil {
		return err
	}
	r := c.request(t)
	r.Method = pay.Method{Type: pay.MobileMoney, Operator: operatorID(t.operator), Phone: t.number.E164()}
	// Nothing in the answer could send the payer to a page.
	r.Push = r.Kind == pay.Payment
	tx, err := c.gateway.Create(c.r.Context(), c.caller(t.account), r)
	if err != nil {
		return c.refusedOrder(err, t.Reference)
	}
	if tx.Kind == pay.Payment {
		// Even one that is settled by now answers PENDING, as in production;
		// the callback tells the rest.
		return c.answerTransaction(http.StatusOK, tx, StatusPending)
	}
	return c.giveChange(tx, t)
}

func (c *call) giveChange(tx pay.Transaction, t taken) error {
	ctx, cancel := context.WithTimeout(c.r.Context(), giveChangeWait)
	defer cancel()
	settled, err := c.gateway.Wait(ctx, c.caller(t.account), tx.ID)
	if err == nil {
		tx = settled
	}
	// An error of waiting changes nothing about the payout: what is known of it
	// is that it was taken.
	status, http := c.wireStatus(tx), http.StatusOK
	if status == StatusFailed {
		http = int(c.book.Options.number(optFailedStatus))
	}
	return c.answerTransaction(http, tx, status)
}

// refusedOrder names the reference of a duplicate, as the document does. A
// duplicate of one whose outcome nobody knows is ambiguous, where the merchant
// has chosen to see that.
func (c *call) refusedOrder(err error, reference string) error {
	var e *pay.Error
	if !errors.As(err, &e) || e.Code != pay.CodeDuplicateReference {
		return err
	}
	if e.Existing != nil && c.wireStatus(*e.Existing) == StatusAmbiguous {
		return refuse(codeAmbiguous)
	}
	r := refuse(codeReferenceExists)
	r.row.message = "The reference [" + reference + "] already exists"
	return r
}

func (c *call) answerTransaction(httpStatus int, tx pay.Transaction, status string) error {
	return c.answer(httpStatus, Transaction{
		Status: status, StatusCode: statusText(httpStatus), Operator: usedOperator(tx),
		ReferenceID: tx.FrontReference, MerchantReferenceID: tx.Reference, Account: tx.Account,
		Message: restMessage(tx, status),
	})
}

func restMessage(tx pay.Transaction, status string) string {
	switch {
	case status == StatusSuccess:
		return fmt.Sprintf("Votre transaction %s a été effectué avec succès", tx.Reference)
	case status == StatusFailed:
		return fmt.Sprintf("Votre transaction %s a échoué", tx.Reference)
	case tx.Kind == pay.Payment:
		return fmt.Sprintf("Votre demande de paiement %s a été initiée avec succès et est en cours de traitement."+
			" Veuillez patienter le statut définitif de votre transaction", tx.Reference)
	}
	return fmt.Sprintf("Votre transaction %s est en cours de traitement", tx.Reference)
}

// wireStatus is a transaction's status in MyPVit's words. MyPVit gives no
// reason, so every failure is FAILED.
func (c *call) wireStatus(tx pay.Transaction) string {
	switch tx.Status {
	case pay.StatusSucceeded:
		return StatusSuccess
	case pay.StatusFailed, pay.StatusCanceled, pay.StatusExpired:
		return StatusFailed
	}
	if tx.Overdue {
		return c.book.Options.get(optOverdueStatus)
	}
	return StatusPending
}

// usedOperator is the operator of the wallet that paid, or else of the number
// in the request.
func usedOperator(tx pay.Transaction) string {
	if code := operatorCode(tx.Method.Operator); code != "" {
		return code
	}
	return tx.FrontData[dataOperator]
}

// usedNumber is the number as the merchant wrote it, unless the customer paid
// from another.
func usedNumber(tx pay.Transaction) string {
	asked := tx.FrontData[dataNumber]
	used, _, err := gabonese(tx.Method.Phone)
	if err != nil {
		return asked
	}
	if n, _, err := gabonese(asked); err == nil && n == used {
		return asked
	}
	return used.National()
}
