package mypayga

import (
	"errors"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// detail serves paiement-detail, which knows finalised payments only.
func (c *call) detail() (any, error) {
	if err := c.params.require("payment_ref"); err != nil {
		return nil, err
	}
	absent := refuse(http.StatusNotFound, messageNotFound)
	absent.body = Detail{
		Payment: []DetailPayment{}, Code: statusAbsent, Environment: c.account.environment(), Message: messageNotFound,
	}
	tx, err := c.find(c.params.get("payment_ref"))
	switch {
	case errors.Is(err, pay.ErrNotFound):
		return nil, absent
	case err != nil:
		return nil, err
	case !tx.Status.Final() && c.account.option(optDetailPending) != "pending":
		return nil, absent
	}
	p, err := c.detailOf(tx)
	if err != nil {
		return nil, err
	}
	return Detail{
		Payment: []DetailPayment{p}, Code: statusOK, FinalStatus: &p.FinalStatus,
		MerchantRef: &p.MerchantRef, Environment: c.account.environment(),
	}, nil
}

// find finds a payment by its token or by the merchant's id.
func (c *call) find(ref string) (pay.Transaction, error) {
	tx, _, err := c.latest(ref, byToken)
	if err == nil && tx.Kind == pay.Payment || err != nil && !errors.Is(err, pay.ErrNotFound) {
		return tx, err
	}
	tx, _, err = c.latest(ref, byUniqueID)
	return tx, err
}

func (c *call) detailOf(tx pay.Transaction) (DetailPayment, error) {
	status := Text(c.account.statusOf(tx))
	fee, err := c.feeOf(tx)
	if err != nil {
		return DetailPayment{}, err
	}
	p := DetailPayment{
		MerchantRef: Text(uniqueIDOf(tx)), PaymentToken: Text(tokenOfPayment(tx)), Method: Text(methodOf(tx)),
		CalledBack: "0", OrderStatus: status, Message: Text(c.account.messageOf(tx)),
		TotalAmount: Number(tx.Amount.Plain()), ClientNumber: Text(clientPhone(tx)), OrderedAt: formatTime(tx.CreatedAt),
		Operator: Text(bankCode(tx)), Last4: "0000", Fees: decimal(fee, 3),
		Net:         decimal(new(big.Rat).Sub(new(big.Rat).SetInt64(tx.Amount.Minor), fee), 2),
		FinalStatus: status,
	}
	if byCard(tx) {
		p.Last4 = Text(tx.Method.Card.Last4)
		name := Text(strings.TrimSpace(tx.Customer.Name + " " + tx.Customer.GivenName))
		p.ClientName = &name
	}
	if c.acknowledged(c.r.Context(), tx) {
		p.CalledBack = "1"
	}
	return p, nil
}

// rateScale is the amount of which the merchant's rate is a quote: six digits
// of a rate are exact.
const rateScale = 1_000_000

// rate is the merchant's rate for an operator ("" any) and currency.
func (c *call) rate(operator string, currency money.Currency) (*big.Rat, error) {
	fee, err := c.gw.Quote(c.r.Context(), c.caller(), provider.QuoteOrder{
		Kind: pay.Payment, Amount: money.New(rateScale, currency), Operator: operator,
	})
	if err != nil {
		return nil, err
	}
	return big.NewRat(fee.Minor, rateScale), nil
}

// feeOf is the fee with its decimals: the rate's exact part of the amount,
// where the fee that was booked is that, rounded to the franc.
func (c *call) feeOf(tx pay.Transaction) (*big.Rat, error) {
	rate, err := c.rate(tx.Method.Operator, tx.Amount.Currency)
	if err != nil {
		return nil, err
	}
	booked := new(big.Rat).SetInt64(tx.Fees.Minor)
	exact := rate.Mul(rate, new(big.Rat).SetInt64(tx.Amount.Minor))
	if new(big.Rat).Abs(new(big.Rat).Sub(exact, booked)).Cmp(big.NewRat(1, 1)) < 0 {
		return exact, nil
	}
	return booked, nil
}

// decimal writes a number with at most n decimals.
func decimal(r *big.Rat, n int) Number {
	text := r.FloatString(n)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return Number(text)
}

// statusOf is the status of a payment in callbacks and details.
func (a account) statusOf(tx pay.Transaction) string {
	switch {
	case tx.Status == pay.StatusSucceeded:
		return statusOK
	case !tx.Status.Final():
		return statusPending
	case byCard(tx):
		return a.option(optCardRefusal)
	}
	return statusFailed
}

// messageOf is the operator's message: the documented one of a test number or
// card, which is given literally, or the failure's own.
func (a account) messageOf(tx pay.Transaction) string {
	switch {
	case tx.Status == pay.StatusSucceeded && paidMessage(tx) != "":
		return paidMessage(tx)
	case tx.Status == pay.StatusSucceeded && byCard(tx):
		return textCardPaid
	case tx.Status == pay.StatusSucceeded:
		return textPaid
	case !tx.Status.Final():
		return "Pending"
	}
	message := failureMessage(tx)
	if a.statusOf(tx) == statusOK && !refusalText(message) {
		message = "PAYMENT FAILED, " + message // with code 200 the text alone tells the refusal
	}
	return message
}

// failureMessage is the operator's own text where it says the reason, which is
// all that receivers have to read it from; otherwise our words for the reason.
func failureMessage(tx pay.Transaction) string {
	reason := tx.Failure.Reason
	switch {
	case tx.Status == pay.StatusCanceled:
		reason = pay.CustomerCanceled
	case tx.Status == pay.StatusExpired:
		reason = pay.Expired
	case reason == "":
		reason = pay.Declined
	}
	text := strings.TrimSpace(tx.Failure.Message)
	if text != "" && (reason == pay.ProviderError || reasonOf(text) == reason) {
		return text
	}
	return reasonTexts[reason]
}

// byCard reports whether a card pays, or a page that takes nothing else waits.
func byCard(tx pay.Transaction) bool {
	onlyCards := len(tx.Checkout.Methods) == 1 && tx.Checkout.Methods[0] == pay.CardMethod
	return tx.Method.Type == pay.CardMethod || tx.Method.Type == "" && onlyCards
}

func methodOf(tx pay.Transaction) string {
	if byCard(tx) {
		return methodCard
	}
	return methodMobile
}

// clientPhone is the payer's number as the merchant sent it; a customer of a
// link may have chosen another. A card has none.
func clientPhone(tx pay.Transaction) string {
	if byCard(tx) {
		return ""
	}
	sent := tx.FrontData[frontPhone]
	paid, err := phone.Parse(tx.Method.Phone, "")
	if err != nil || tx.FrontData[frontAPI] != cameByLink {
		return sent
	}
	if n, err := readPhone(sent, ""); err == nil && n == paid {
		return sent
	}
	return written(paid)
}

func bankCode(tx pay.Transaction) string {
	if byCard(tx) {
		return codeBank
	}
	return networkCode(tx.Method.Operator)
}

// libreville is the time zone of MyPayGa's dates, which name none.
var libreville = time.FixedZone("WAT", 3600)

func formatTime(t time.Time) Text { return Text(t.In(libreville).Format(time.DateTime)) }
