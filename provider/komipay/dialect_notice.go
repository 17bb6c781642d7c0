package komipay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// noticeRetries are the delays after each failure to deliver.
var noticeRetries = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute}

// Notice builds the webhook about the end of a payment, for a merchant that has
// asked for it by the option webhook_url.
func (d *dialect) Notice(ctx context.Context, tx pay.Transaction, event string) (*provider.Notice, error) {
	if tx.Kind != pay.Payment || !tx.Status.Final() || event != string(tx.Status) {
		return nil, nil
	}
	a, err := d.loadAccount(ctx, owner{tx.MerchantID, tx.Mode})
	if errors.Is(err, provider.ErrNoItem) || err == nil && a.webhook() == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	state := stateOfTransaction(tx, false)
	body, err := json.Marshal(notification{
		Reference: tx.FrontReference, ExternalReference: tx.Reference,
		TransactionStatus: state.TransactionStatus, Message: state.Message,
	})
	if err != nil {
		return nil, fmt.Errorf("encode notification: %w", err)
	}
	return &provider.Notice{
		Call: provider.Call{
			Method: http.MethodPost, URL: a.webhook(), Header: http.Header{"Content-Type": {mediaJSON}}, Body: body,
		},
		Retries: noticeRetries,
	}, nil
}

// Acknowledged takes any 2xx; the body is not read.
func (d *dialect) Acknowledged(_ *provider.Notice, status int, _ []byte) provider.Ack {
	return provider.Ack{Delivered: status >= 200 && status < 300}
}
