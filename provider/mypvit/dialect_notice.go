package mypvit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// noticeTimeout is how long a merchant's server has to answer a callback.
const noticeTimeout = 10 * time.Second

// noticeRetries are the delays after each failure (wire: mypvit §3, resend).
var noticeRetries = []time.Duration{
	10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
}

// Notice is the callback about a payment's end. GIVE_CHANGE has none, and
// neither has anything that is not final.
func (d *dialect) Notice(ctx context.Context, tx pay.Transaction, event string) (*provider.Notice, error) {
	to := tx.FrontData[dataCallbackURL]
	if tx.Kind != pay.Payment || to == "" || !pay.Terminal(event) || event == "duplicate" {
		return nil, nil
	}
	// A merchant without credentials here any more is told all the same.
	b, err := d.loadBook(ctx, tx.MerchantID, tx.Mode)
	if err != nil && !errors.Is(err, provider.ErrNoItem) {
		return nil, err
	}
	media := tx.FrontData[dataMedia]
	callback, err := callbackFor(tx, event, b.Options)
	if err != nil {
		return nil, err
	}
	body, err := encode(media, "callback", callback)
	if err != nil {
		return nil, err
	}
	n := &provider.Notice{
		Call: provider.Call{
			Method: http.MethodPost, URL: to,
			Header: http.Header{"Content-Type": {media}, "Accept": {media}}, Body: body,
		},
		Retries: noticeRetries, Timeout: noticeTimeout,
	}
	if tx.Mode == pay.Test {
		n.Delay = time.Duration(b.Options.number(optSandboxDelay)) * time.Second
	}
	return n, nil
}

func callbackFor(tx pay.Transaction, event string, s settings) (Callback, error) {
	total := tx.Amount
	if !tx.Fees.IsZero() {
		var err error
		if total, err = tx.Amount.Add(tx.Fees); err != nil {
			return Callback{}, fmt.Errorf("add fees: %w", err)
		}
	}
	status, code := StatusFailed, int(s.number(optCallbackFailed))
	if event == string(pay.StatusSucceeded) {
		status, code = StatusSuccess, http.StatusOK
	}
	return Callback{
		TransactionID: tx.FrontReference, MerchantReferenceID: tx.Reference, Status: status,
		Amount: decimalOf(tx.Amount), CustomerID: usedNumber(tx), Fees: decimalOf(tx.Fees),
		TotalAmount: decimalOf(total), ChargeOwner: tx.FrontData[dataOwner],
		FreeInfo: Nullable(tx.FrontData[dataFreeInfo]), TransactionOperation: TypePayment, Code: code,
		CallbackMediaType: tx.FrontData[dataMedia], Operator: usedOperator(tx),
	}, nil
}

// Acknowledged judges the answer to a callback. Any 2xx stops the resending;
// valid is one that repeats the transactionId, with the code or 200.
func (d *dialect) Acknowledged(notice *provider.Notice, status int, body []byte) provider.Ack {
	ack := provider.Ack{Delivered: status/100 == 2}
	if !ack.Delivered {
		return ack
	}
	sent, err := ParseCallback(notice.Call.Header.Get("Content-Type"), notice.Call.Body)
	if err != nil {
		return ack
	}
	answer, err := decodeJSON(body)
	if err != nil {
		answer, err = decodeXML(body)
	}
	id, code := answer.text("transactionId"), answer.text("responseCode")
	switch {
	case err != nil || id == "" && code == "":
		ack.Verdict = provider.AckMissing
	case id == sent.TransactionID && (code == strconv.Itoa(sent.Code) || code == "200"):
		ack.Verdict = provider.AckValid
	default:
		ack.Verdict = provider.AckWrong
	}
	return ack
}
