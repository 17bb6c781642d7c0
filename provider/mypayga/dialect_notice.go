package mypayga

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// noticeRetries are the delays after each failure to deliver (wire: mypayga §3).
var noticeRetries = []time.Duration{30 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}

const (
	noticeTimeout = 10 * time.Second
	// sandboxDelay is when test merchants are called back.
	sandboxDelay = 2 * time.Second
	// acknowledgedLife is how long an acknowledged callback is remembered.
	acknowledgedLife = 90 * 24 * time.Hour
)

// Notice is the callback about a payment's end, by the seed API or the newer
// one. A link that nobody has used has no payment to tell of.
func (d *dialect) Notice(ctx context.Context, tx pay.Transaction, event string) (*provider.Notice, error) {
	address := tx.FrontData[frontCallbackURL]
	unusedLink := tx.FrontData[frontAPI] == cameByLink && !tx.Submitted
	if tx.Kind != pay.Payment || address == "" || unusedLink || !tx.Status.Final() || event != string(tx.Status) {
		return nil, nil
	}
	a, found, err := d.accountOf(ctx, tx.Mode, tx.MerchantID)
	if err != nil || !found {
		return nil, err
	}
	call, err := a.callbackCall(tx, address)
	if err != nil {
		return nil, err
	}
	n := &provider.Notice{Call: call, Retries: noticeRetries, Timeout: noticeTimeout}
	if tx.Mode == pay.Test {
		n.Delay = sandboxDelay
	}
	return n, nil
}

// Acknowledged takes any 2xx; the body is free.
func (d *dialect) Acknowledged(n *provider.Notice, status int, _ []byte) provider.Ack {
	ack := provider.Ack{Delivered: status/100 == 2}
	if ack.Delivered {
		// Told for information by mobile_callback: losing it delays nothing.
		ctx, cancel := context.WithTimeout(context.Background(), noticeTimeout)
		defer cancel()
		_ = d.memory().Put(ctx, acknowledgedKey(n.Call), provider.Item{
			Value: []byte("1"), ExpiresAt: d.gw.Now().Add(acknowledgedLife),
		})
	}
	return ack
}

// acknowledgedKey names a callback by all that it says; the hash in it makes it
// one merchant's own.
func acknowledgedKey(call provider.Call) string {
	sum := sha256.Sum256(append([]byte(call.URL+"\n"), call.Body...))
	return "acknowledged/" + hex.EncodeToString(sum[:])
}

// acknowledged reports whether a payment's callback was acknowledged. The
// callback is a function of the payment, so it is made again and looked up.
func (c *call) acknowledged(ctx context.Context, tx pay.Transaction) bool {
	n, err := c.Notice(ctx, tx, string(tx.Status))
	if err != nil || n == nil {
		return false
	}
	_, err = c.memory().Get(ctx, acknowledgedKey(n.Call))
	return err == nil
}

// callback tells a payment as it is.
func (a account) callback(tx pay.Transaction) Callback {
	status := a.statusOf(tx)
	c := Callback{
		OrderStatus: status, UniqueID: uniqueIDOf(tx), Amount: tx.Amount.Plain(), PaymentToken: tokenOfPayment(tx),
		PaymentMethod: methodOf(tx), Message: a.messageOf(tx), ClientPhone: clientPhone(tx),
		// A public client takes 200 here alone for a success.
		StatusRequest: status, Currency: tx.FrontData[frontCurrency],
	}
	c.Hash = c.Sign(a.signingSecret())
	return c
}

func (a account) callbackCall(tx pay.Transaction, address string) (provider.Call, error) {
	callback := a.callback(tx)
	call := provider.Call{Method: http.MethodPost, URL: address, Header: http.Header{}}
	switch a.option(optCallbackFormat) {
	case "form":
		call.Header.Set("Content-Type", mediaForm)
		call.Body = []byte(callback.form())
	case "get":
		u, err := url.Parse(address)
		if err != nil {
			return provider.Call{}, fmt.Errorf("callback address: %w", err)
		}
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += callback.form()
		call.Method, call.URL = http.MethodGet, u.String()
	default:
		body, err := encode(callback)
		if err != nil {
			return provider.Call{}, fmt.Errorf("encode callback: %w", err)
		}
		call.Header.Set("Content-Type", mediaJSON)
		call.Body = body
	}
	return call, nil
}
