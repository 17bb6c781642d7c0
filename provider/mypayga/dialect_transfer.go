package mypayga

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// finalWait is how long an answer that is documented as final waits for it.
const finalWait = 10 * time.Second

const transferIDLength = 11

// sendTransfer serves sendClientTransfert. It has no reference: the same call
// again is another transfer.
func (c *call) sendTransfer() (any, error) {
	p := c.params
	if err := p.require("amount", "receiver_phone", "country", "type_clt"); err != nil {
		return nil, err
	}
	if p.get("type_clt") != recipientClient {
		return nil, refuse(http.StatusBadRequest, "Invalid type_clt")
	}
	n, err := readPhone(p.get("receiver_phone"), p.get("country"))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, messagePhone)
	}
	amount, err := p.amount(currencyOf(n))
	if err != nil {
		return nil, err
	}
	tx, err := c.gw.Create(c.r.Context(), c.caller(), provider.Request{
		Kind: pay.Payout, Reference: "trf-" + randomText(24),
		NewFrontReference: func() string { return randomText(transferIDLength) },
		FrontData:         map[string]string{frontPhone: p.get("receiver_phone"), frontCountry: p.get("country")},
		Amount:            amount, Description: "Transfert client",
		Customer: pay.Customer{Phone: n.E164(), Country: n.Country()},
		Method:   pay.Method{Type: pay.MobileMoney, Phone: n.E164(), Operator: c.operatorOf(n)},
	})
	if err != nil {
		return nil, err
	}
	return c.transferAnswer(c.untilFinal(tx)), nil
}

// untilFinal gives a transaction a while to end; one that takes longer is told
// as it is.
func (c *call) untilFinal(tx pay.Transaction) pay.Transaction {
	if tx.Status.Final() {
		return tx
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), finalWait)
	defer cancel()
	if now, err := c.gw.Wait(ctx, c.caller(), tx.ID); err == nil {
		return now
	}
	return tx
}

func (c *call) transferAnswer(tx pay.Transaction) Transfer {
	t := Transfer{
		Description: "Balance Transfert to client", StatusRequest: statusOK,
		Transfer: TransferSent{
			Status: statusOK, Amount: Text(tx.Amount.Plain()), ID: Text(tx.FrontReference),
			Country: Text(tx.FrontData[frontCountry]), Currency: currencyCFA,
		},
	}
	switch {
	case tx.Status == pay.StatusSucceeded:
		t.Message = Text(fmt.Sprintf("Vous avez envoye %s FCFA à %s.", tx.Amount.Plain(), tx.FrontData[frontPhone]))
	case tx.Status.Final():
		t.Message, t.Transfer.Status = Text(failureMessage(tx)), statusFailed
	default:
		t.Message, t.Transfer.Status = transferWaits, statusPending
	}
	return t
}

// transferStatus serves getClientTransfert.
func (c *call) transferStatus() (any, error) {
	if err := c.params.require("trans_ref"); err != nil {
		return nil, err
	}
	tx, err := c.gw.Find(c.r.Context(), c.caller(), provider.Search{FrontReference: c.params.get("trans_ref")})
	if errors.Is(err, pay.ErrNotFound) || err == nil && tx.Kind != pay.Payout {
		absent := refuse(http.StatusNotFound, messageNotFound)
		absent.body = TransferStatus{Status: statusAbsent, Message: messageNotFound, Data: []TransferEntry{}}
		return nil, absent
	}
	if err != nil {
		return nil, err
	}
	return TransferStatus{Status: statusOK, Message: "Transaction found", Data: []TransferEntry{{
		Amount: Text(tx.Amount.Plain()), State: Text(transferState(tx)), RequestedAt: formatTime(tx.CreatedAt),
		Account: Text(tx.FrontData[frontPhone]), Description: "Transfert client", RecipientType: recipientClient,
	}}}, nil
}

// transferState is the words of statut_demande.
func transferState(tx pay.Transaction) string {
	switch {
	case tx.Status == pay.StatusSucceeded:
		return transferDone
	case !tx.Status.Final():
		return transferWaits
	case tx.Failure.Reason == pay.InsufficientFunds:
		return transferNoFunds
	}
	return transferFailed + "-" + failureMessage(tx)
}
