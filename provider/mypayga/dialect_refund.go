package mypayga

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// reservedLife is how long a refund that was created may still be sent.
const reservedLife = 30 * 24 * time.Hour

// reserved is a refund that was created and not sent: it moves nothing. Once
// it is sent, the refund's transaction has all of it.
type reserved struct {
	Payment     string    `json:"payment"` // transaction id
	Amount      int64     `json:"amount"`
	Currency    string    `json:"currency"`
	Description string    `json:"description,omitempty"`
	RequestedAt time.Time `json:"requested_at"`
}

func reservedKey(a account, id string) string {
	return "refund/" + string(a.Mode) + "/" + a.MerchantID + "/" + id
}

// createRefund serves refund/create.
func (c *call) createRefund() (any, error) {
	p := c.params
	if err := p.require("payment_token", "amount"); err != nil {
		return nil, err
	}
	tx, err := c.find(p.get("payment_token"))
	if err != nil {
		return nil, err
	}
	amount, err := p.amount(tx.Amount.Currency)
	if err != nil {
		return nil, err
	}
	switch {
	case tx.Status != pay.StatusSucceeded:
		return nil, pay.Conflict(pay.CodeNotRefundable, "only a succeeded payment can be refunded")
	case amount.Minor > tx.Amount.Minor-tx.Refunded:
		return nil, refuse(http.StatusBadRequest, messageAmount)
	}
	fee, err := c.feeOf(tx)
	if err != nil {
		return nil, err
	}
	id := "rfd_" + randomDigits(6) + "." + randomText(12)
	now := c.gw.Now()
	err = provider.Remember(c.r.Context(), c.memory(), reservedKey(c.account, id), c.account.MerchantID, reserved{
		Payment: tx.ID, Amount: amount.Minor, Currency: string(amount.Currency),
		Description: p.get("description"), RequestedAt: now,
	}, now.Add(reservedLife))
	if err != nil {
		return nil, fmt.Errorf("keep refund: %w", err)
	}
	return RefundCreated{
		Message: "Refund created", StatusRequest: statusOK, TotalAmount: Number(amount.Plain()),
		ClientNumber: Text(clientPhone(tx)), Fees: decimal(fee, 3), UpdatedFees: "0", RefundID: Text(id),
	}, nil
}

// sendRefund serves refund/send: the one step that moves money, once.
func (c *call) sendRefund() (any, error) {
	if err := c.params.require("refund_id"); err != nil {
		return nil, err
	}
	id := c.params.get("refund_id")
	sent := refuse(http.StatusConflict, messageRefundSent)
	if _, err := c.findRefund(id); err == nil {
		return nil, sent
	} else if !errors.Is(err, pay.ErrNotFound) {
		return nil, err
	}
	refund, err := c.recallReserved(id)
	if err != nil {
		return nil, err
	}
	tx, err := c.gw.Create(c.r.Context(), c.caller(), provider.Request{
		Kind: pay.Refund, Parent: refund.Payment, Reference: id, Description: refund.Description,
		Amount:    money.New(refund.Amount, money.Currency(refund.Currency)),
		FrontData: map[string]string{frontRequestedAt: refund.RequestedAt.Format(time.RFC3339)},
	})
	if errors.Is(err, pay.ErrDuplicate) {
		return nil, sent
	}
	if err != nil {
		return nil, err
	}
	return c.sentAnswer(id, c.untilFinal(tx)), nil
}

func (c *call) sentAnswer(id string, tx pay.Transaction) RefundSent {
	switch {
	case tx.Status == pay.StatusSucceeded:
		return RefundSent{Message: "Refund OK.", RefundID: Text(id), Status: statusOK}
	case tx.Status.Final():
		return RefundSent{Message: Text(failureMessage(tx)), RefundID: Text(id), Status: statusFailed}
	}
	return RefundSent{Message: "Refund pending.", RefundID: Text(id), Status: statusPending}
}

func (c *call) findRefund(id string) (pay.Transaction, error) {
	return c.gw.Find(c.r.Context(), c.caller(), provider.Search{Reference: id, Kind: pay.Refund})
}

func (c *call) recallReserved(id string) (reserved, error) {
	var r reserved
	_, err := provider.Recall(c.r.Context(), c.memory(), reservedKey(c.account, id), &r)
	if errors.Is(err, provider.ErrNoItem) {
		return reserved{}, pay.NotFound("refund")
	}
	if err != nil {
		return reserved{}, fmt.Errorf("find refund: %w", err)
	}
	return r, nil
}

// refundInfos serves refund/infos.
func (c *call) refundInfos() (any, error) {
	if err := c.params.require("refId"); err != nil {
		return nil, err
	}
	refund, err := c.describeRefund(c.r.Context(), c.params.get("refId"))
	if errors.Is(err, pay.ErrNotFound) {
		absent := refuse(http.StatusNotFound, messageNoRefund)
		absent.body = RefundInfos{Message: messageNoRefund, Exists: "0", StatusRequest: statusAbsent}
		return nil, absent
	}
	if err != nil {
		return nil, err
	}
	return RefundInfos{Message: "Refund found", Exists: "1", Refund: &refund, StatusRequest: statusOK}, nil
}

func (c *call) describeRefund(ctx context.Context, id string) (Refund, error) {
	tx, err := c.findRefund(id)
	if errors.Is(err, pay.ErrNotFound) {
		return c.describeReserved(ctx, id)
	}
	if err != nil {
		return Refund{}, err
	}
	payment, err := c.gw.Find(ctx, c.caller(), provider.Search{ID: tx.Parent})
	if err != nil {
		return Refund{}, err
	}
	requested, err := time.Parse(time.RFC3339, tx.FrontData[frontRequestedAt])
	if err != nil {
		requested = tx.CreatedAt
	}
	r := newRefund(id, payment, tx.Amount, tx.Description, requested)
	switch {
	case tx.Status == pay.StatusSucceeded:
		r.Status, r.Message = statusOK, "Remboursement effectué."
		if c.account.option(optRefundMessage) == "true" {
			r.Message = messageRefundWaits
		}
	case tx.Status.Final():
		r.Status, r.Message = statusFailed, Text(failureMessage(tx))
	default:
		r.Message = "Remboursement en cours."
		return r, nil
	}
	done := formatTime(tx.CompletedAt)
	r.DoneAt = &done
	return r, nil
}

func (c *call) describeReserved(ctx context.Context, id string) (Refund, error) {
	refund, err := c.recallReserved(id)
	if err != nil {
		return Refund{}, err
	}
	payment, err := c.gw.Find(ctx, c.caller(), provider.Search{ID: refund.Payment})
	if err != nil {
		return Refund{}, err
	}
	amount := money.New(refund.Amount, money.Currency(refund.Currency))
	return newRefund(id, payment, amount, refund.Description, refund.RequestedAt), nil
}

// newRefund describes a refund that waits.
func newRefund(id string, payment pay.Transaction, amount money.Amount, description string, requested time.Time) Refund {
	kind := refundPartial
	if amount == payment.Amount {
		kind = refundTotal
	}
	method := methodCard
	if !byCard(payment) {
		o, _ := phone.OperatorByID(payment.Method.Operator)
		method = o.Name
	}
	return Refund{
		OrderAmount: Number(payment.Amount.Plain()), Amount: Number(amount.Plain()), Status: statusPending,
		RequestedAt: formatTime(requested), Method: Text(method), Type: Text(kind), ID: Text(id),
		Message: messageRefundWaits, Description: Text(description),
	}
}
