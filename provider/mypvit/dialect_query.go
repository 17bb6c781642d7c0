package mypvit

import (
	"errors"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// statusDate is the form of dates in status, which is not that of refusals.
const statusDate = "02/01/2006 15:04:05"

// status tells what became of a transaction.
func (c *call) status() error {
	code := c.query(accountNames("accountOperationCode")...)
	if err := c.authenticate(code); err != nil {
		return err
	}
	id, operation := c.query("transactionId"), c.query("transactionOperation")
	switch {
	case id == "":
		return missing("transactionId")
	case code == "":
		return missing("accountOperationCode")
	case operation == "":
		return missing("transactionOperation")
	}
	a, err := c.account(code)
	if err != nil {
		return err
	}
	kind := pay.Payment
	switch operation {
	case TypePayment:
	case TypeGiveChange:
		kind = pay.Payout
	default:
		return refuse(codeTypeNotFound)
	}
	tx, err := c.findTransaction(a, id, kind)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, State{
		Date: tx.CreatedAt.In(libreville).Format(statusDate), Status: c.wireStatus(tx),
		Amount: decimalOf(tx.Amount), Fees: decimalOf(tx.Fees), Operator: usedOperator(tx),
		MerchantReferenceID: tx.Reference, CustomerAccountNumber: usedNumber(tx), Account: tx.Account,
	})
}

// findTransaction looks for the merchant's reference and then for ours.
func (c *call) findTransaction(a account, id string, kind pay.Kind) (pay.Transaction, error) {
	ctx, caller := c.r.Context(), c.caller(a)
	tx, err := c.gateway.Find(ctx, caller, provider.Search{Reference: id, Kind: kind})
	if errors.Is(err, pay.ErrNotFound) && (strings.HasPrefix(id, "PAY") || strings.HasPrefix(id, "GCH")) {
		tx, err = c.gateway.Find(ctx, caller, provider.Search{FrontReference: id})
	}
	if err == nil && tx.Kind != kind {
		return pay.Transaction{}, refuse(codeTransactionNotFound)
	}
	return tx, err
}

// balance tells what an account holds.
func (c *call) balance() error {
	code := c.query(accountNames("accountOperationCode")...)
	if err := c.authenticate(code); err != nil {
		return err
	}
	if code == "" {
		return missing("accountOperationCode")
	}
	a, err := c.account(code)
	if err != nil {
		return err
	}
	b, err := c.gateway.Balance(c.r.Context(), c.caller(a), money.XAF)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, Balance{Balance: decimalOf(b.Available), Account: a.Code})
}

// kyc tells who owns a number; it names no account, so any key of the merchant
// will do.
func (c *call) kyc() error {
	if err := c.authenticate(""); err != nil {
		return err
	}
	number := c.query("customerAccountNumber")
	if number == "" {
		return missing("customerAccountNumber")
	}
	n, operator, err := gabonese(number)
	if bare := strings.TrimPrefix(number, "+"); err != nil || !strings.HasPrefix(bare, "241") && !strings.HasPrefix(bare, "0") {
		return refuse(codeInvalidPhone)
	}
	holder, err := c.gateway.LookUp(c.r.Context(), c.anyCaller(), n.E164())
	if errors.Is(err, pay.ErrNotFound) {
		return refuse(codeUnknownCustomer)
	}
	if err != nil {
		return err
	}
	answer := Customer{FullName: holder.Name, CustomerAccountNumber: number, IsActive: holder.Active}
	if c.v2 {
		answer.OperatorCode = operator
	}
	return c.answer(http.StatusOK, answer)
}
