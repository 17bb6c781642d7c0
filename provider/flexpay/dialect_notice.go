package flexpay

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// retryDelays are the delays after each failure to deliver; the last repeats.
var retryDelays = []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute}

const (
	noticeTimeout = 10 * time.Second
	// sandboxDelay is how long after the outcome a test callback comes.
	sandboxDelay = 2 * time.Second
)

// Notice is the callback about a transaction's end, to the address that its
// request named. FlexPay says nothing of what is not final.
func (d *dialect) Notice(ctx context.Context, tx pay.Transaction, event string) (*provider.Notice, error) {
	address := tx.FrontData[frontCallbackURL]
	if address == "" || tx.Kind == pay.Refund || !pay.Terminal(event) || event == "duplicate" {
		return nil, nil
	}
	a, found, err := d.accountOf(ctx, tx.Mode, tx.MerchantID)
	if err != nil || !found {
		return nil, err
	}
	body, err := a.callback(tx, event)
	if err != nil {
		return nil, err
	}
	n := &provider.Notice{
		Call: provider.Call{
			Method: http.MethodPost, URL: address, Header: http.Header{"Content-Type": {mediaJSON}}, Body: body,
		},
		Retries: a.retries(), Timeout: noticeTimeout,
	}
	if tx.Mode == pay.Test {
		n.Delay = sandboxDelay
	}
	return n, nil
}

// Acknowledged takes any 2xx; the body is not read.
func (d *dialect) Acknowledged(_ *provider.Notice, status int, _ []byte) provider.Ack {
	return provider.Ack{Delivered: status >= 200 && status < 300}
}

// retries are as many delays as the account asked for.
func (a account) retries() []time.Duration {
	n, err := strconv.Atoi(a.option(optCallbackRetries))
	if err != nil {
		n = len(retryDelays)
	}
	delays := make([]time.Duration, 0, n)
	for i := range n {
		delays = append(delays, retryDelays[min(i, len(retryDelays)-1)])
	}
	return delays
}

func (a account) callback(tx pay.Transaction, event string) ([]byte, error) {
	seed := seedCallback{Code: codeNo, Reference: tx.Reference, OrderNumber: tx.FrontReference}
	if event == string(pay.StatusSucceeded) {
		seed.Code, seed.ProviderReference = codeOK, tx.ProviderReference
	}
	profile := a.option(optCallbackProfile)
	if profile == callbackSeed || profile == callbackByOp && tx.FrontData[frontOperation] == cardV1.name {
		return encodeCallback(seed)
	}
	total, err := amountCustomer(tx)
	if err != nil {
		return nil, fmt.Errorf("encode callback: %w", err)
	}
	return encodeCallback(extendedCallback{
		seedCallback: seed, Amount: decimalText(tx.Amount), AmountCustomer: total, Phone: phoneOf(tx),
		Currency: string(tx.Amount.Currency), CreatedAt: formatTime(tx.CreatedAt), Channel: channelOf(tx),
	})
}

func encodeCallback(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode callback: %w", err)
	}
	return body, nil
}
