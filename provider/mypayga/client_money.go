package mypayga

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// SendTransfer pays out to a customer. It takes no reference of ours and is
// not idempotent: after an error that is no [*Error] it must not be repeated.
func (c *Client) SendTransfer(ctx context.Context, amount, receiver, country string) (Transfer, error) {
	var a Transfer
	err := c.post(ctx, operation{method: http.MethodPost, path: pathTransfer, status: "statusRequest"}, url.Values{
		"amount": {amount}, "receiver_phone": {receiver}, "country": {country}, "type_clt": {recipientClient},
	}, &a)
	if err != nil {
		return Transfer{}, fmt.Errorf("sendClientTransfert: %w", err)
	}
	a.Message = Text(c.scrub(a.Message.String()))
	return a, nil
}

// TransferStatus tells what became of a transfer.
func (c *Client) TransferStatus(ctx context.Context, id string) (TransferEntry, error) {
	var a TransferStatus
	err := c.get(ctx, operation{method: http.MethodGet, path: pathTransferStatus, status: "status"}, url.Values{"trans_ref": {id}}, &a)
	if err == nil && len(a.Data) != 1 {
		err = errors.New("answer without the transfer")
	}
	if err != nil {
		return TransferEntry{}, fmt.Errorf("getClientTransfert: %w", err)
	}
	a.Data[0].State = Text(c.scrub(a.Data[0].State.String()))
	return a.Data[0], nil
}

// CreateRefund reserves a refund; SendRefund carries it out.
func (c *Client) CreateRefund(ctx context.Context, token, amount, description string) (RefundCreated, error) {
	var a RefundCreated
	err := c.post(ctx, operation{method: http.MethodPost, path: pathRefundCreate, status: "statusRequest"}, url.Values{
		"payment_token": {token}, "amount": {amount}, "description": {description},
	}, &a)
	if err == nil && a.RefundID == "" {
		err = errors.New("answer without a refundId")
	}
	if err != nil {
		return RefundCreated{}, fmt.Errorf("refund/create: %w", err)
	}
	return a, nil
}

// SendRefund carries out a refund that CreateRefund reserved.
func (c *Client) SendRefund(ctx context.Context, id string) (RefundSent, error) {
	var a RefundSent
	err := c.post(ctx, operation{method: http.MethodPost, path: pathRefundSend, status: "RefundStatus"}, url.Values{"refund_id": {id}}, &a)
	if err != nil {
		return RefundSent{}, fmt.Errorf("refund/send: %w", err)
	}
	return a, nil
}

// RefundInfos tells what became of a refund.
func (c *Client) RefundInfos(ctx context.Context, id string) (Refund, error) {
	var a RefundInfos
	err := c.get(ctx, operation{method: http.MethodGet, path: pathRefundInfos, status: "statusRequest"}, url.Values{"refId": {id}}, &a)
	if err == nil && a.Refund == nil {
		err = errors.New("answer without the refund")
	}
	if err != nil {
		return Refund{}, fmt.Errorf("refund/infos: %w", err)
	}
	a.Refund.Message = Text(c.scrub(a.Refund.Message.String()))
	return *a.Refund, nil
}

// CreateLink makes a payment link. Keep OrderRef, which callbacks name, and Ref,
// which Link and CancelLink take.
func (c *Client) CreateLink(ctx context.Context, r PaymentRequest) (Link, error) {
	var a linkCreated
	op := operation{method: http.MethodPost, path: pathLinkCreate, status: "code"}
	if err := c.post(ctx, op, r.values("phone"), &a); err != nil {
		return Link{}, fmt.Errorf("generateLink: %w", err)
	}
	a.Link.Ref = Text(cmp.Or(tokenOf(a.Link.URL.String()), a.Link.Ref.String()))
	if a.Link.Ref == "" {
		return Link{}, errors.New("generateLink: answer without a URL")
	}
	return a.Link, nil
}

// tokenOf reads token_url out of a link's address.
func tokenOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Query().Get("token_url")
}

// Link tells a link by its Ref.
func (c *Client) Link(ctx context.Context, ref string) (Link, error) {
	var a linkViewed
	op := operation{method: http.MethodPost, path: pathLinkView + url.PathEscape(ref), marker: "link"}
	if err := c.post(ctx, op, url.Values{}, &a); err != nil {
		return Link{}, fmt.Errorf("getLink: %w", err)
	}
	return a.Link, nil
}

// CancelLink ends a link that nobody has paid. The API wants the secret key in
// the query here.
func (c *Client) CancelLink(ctx context.Context, ref string) error {
	var a linkCanceled
	op := operation{method: http.MethodGet, path: pathLinkCancel + url.PathEscape(ref), status: "code"}
	if err := c.getAs(ctx, op, url.Values{"apikey": {c.cfg.APIKey.Reveal()}}, &a); err != nil {
		return fmt.Errorf("linkCancel: %w", err)
	}
	return nil
}
