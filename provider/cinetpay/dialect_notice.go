package cinetpay

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// noticeRetries are the delays after each failure to deliver.
var noticeRetries = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour,
}

const noticeTimeout = 10 * time.Second

// Notice builds the notification of a change. A payment's goes out once a
// customer has submitted something, not when its page is made; a transfer's
// when its outcome is known.
func (d *dialect) Notice(ctx context.Context, tx pay.Transaction, event string) (*provider.Notice, error) {
	address := tx.FrontData[frontNotifyURL]
	if address == "" || tx.Kind == pay.Refund {
		return nil, nil
	}
	a, found, err := d.accountOf(ctx, tx.Mode, tx.MerchantID)
	if err != nil {
		return nil, err
	}
	if !found || !a.tells(tx, event) {
		return nil, nil
	}
	call, err := a.noticeCall(tx, address)
	if err != nil {
		return nil, err
	}
	n := &provider.Notice{Call: call, Retries: noticeRetries, Timeout: noticeTimeout}
	if ping := a.option(optNotifyPing); ping != "off" {
		n.Probe = &provider.Call{Method: http.MethodGet, URL: address, Header: http.Header{}}
		n.ProbeRequired = ping == "required"
	}
	return n, nil
}

// tells reports whether the account is notified of an event.
func (a account) tells(tx pay.Transaction, event string) bool {
	switch event {
	case string(pay.StatusSucceeded), string(pay.StatusFailed), string(pay.StatusCanceled), string(pay.StatusExpired):
		return true
	case string(pay.StatusPending), string(pay.StatusRequiresAction):
		return tx.Kind == pay.Payment && tx.Submitted && a.option(optNotifyOn) == "every_change"
	}
	return false
}

// Acknowledged takes any 2xx; the body is not read.
func (d *dialect) Acknowledged(_ *provider.Notice, status int, _ []byte) provider.Ack {
	return provider.Ack{Delivered: status >= 200 && status < 300}
}

const contentTypeForm = "application/x-www-form-urlencoded"

func (a account) noticeCall(tx pay.Transaction, address string) (provider.Call, error) {
	call := provider.Call{Method: http.MethodPost, URL: address, Header: http.Header{"Content-Type": {contentTypeForm}}}
	switch {
	case tx.Kind == pay.Payout:
		call.Body = orderedForm(transferNoticeFields, transferNotice(tx))
	case a.option(optNotifyFormat) == "seed_json":
		body, err := json.Marshal(seedNotification{TransactionID: tx.Reference, SiteID: tx.Account})
		if err != nil {
			return provider.Call{}, fmt.Errorf("encode notification: %w", err)
		}
		call.Header.Set("Content-Type", "application/json")
		call.Body = body
	default:
		n := a.notification(tx)
		call.Header.Set(headerToken, n.XToken(a.SecretKey))
		call.Body = n.form()
	}
	return call, nil
}

func (a account) notification(tx pay.Transaction) Notification {
	number, prefix := localPhone(tx.Method.Phone)
	return Notification{
		SiteID:        tx.Account,
		TransactionID: tx.Reference,
		Date:          formatTime(tx.CreatedAt),
		Amount:        tx.Amount.Plain(),
		Currency:      string(tx.Amount.Currency),
		Signature:     opaqueSignature(tx),
		PaymentMethod: paymentMethod(tx),
		Phone:         number,
		PhonePrefix:   prefix,
		Language:      cmp.Or(tx.FrontData[frontLanguage], "fr"),
		Version:       notificationVersion,
		PaymentConfig: notificationConfig,
		PageAction:    notificationAction,
		Custom:        tx.FrontData[frontMetadata],
		Designation:   tx.Description,
		ErrorMessage:  a.message(codeOf(tx)),
	}
}

// opaqueSignature fills the field signature, which receivers only pass on. It
// depends on the event alone, so that a resent notification stays the same.
func opaqueSignature(tx pay.Transaction) string {
	sum := sha256.Sum256([]byte("cinetpay signature " + tx.ID + " " + strconv.FormatInt(tx.Sequence, 10)))
	return hex.EncodeToString(sum[:])
}

// transferNotice gives the values of transferNoticeFields.
func transferNotice(tx pay.Transaction) []string {
	s := transferState(tx)
	reference := ""
	if id := operatorID(tx); id != nil {
		reference = *id
	}
	return []string{
		s.TransactionID, s.ClientTransactionID, s.Lot, s.Amount.String(), s.Receiver,
		s.SendingStatus, s.Comment, s.TreatmentStatus, reference,
		s.ValidatedAt, s.Operator,
	}
}
