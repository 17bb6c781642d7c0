package mypayga

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// PaymentRequest is what gethash and payment-request ask alike. All fields are
// sent, as the document's tables call all of them mandatory.
type PaymentRequest struct {
	UniqueID    string // gethash
	Token       string // payment-request
	Amount      string // whole francs
	Phone       string
	Email       string
	FirstName   string
	LastName    string
	Description string
}

func (r PaymentRequest) values(phoneName string) url.Values {
	return url.Values{
		"amount": {r.Amount}, phoneName: {r.Phone}, "email": {r.Email},
		"firstname": {r.FirstName}, "lastname": {r.LastName}, "description": {r.Description},
	}
}

// References asks for the hash and the token of a payment. Nothing is charged
// and nobody is asked before RequestPayment.
func (c *Client) References(ctx context.Context, r PaymentRequest) (References, error) {
	values := r.values("phone")
	values.Set("uniqueID", r.UniqueID)
	var a References
	err := c.post(ctx, operation{method: http.MethodPost, path: pathHash, status: "code"}, values, &a)
	if err == nil && a.PaymentToken == "" {
		err = errors.New("answer without a payment_token")
	}
	if err != nil {
		return References{}, fmt.Errorf("gethash: %w", err)
	}
	return a, nil
}

// RequestPayment prompts the customer's phone. Success means pending.
func (c *Client) RequestPayment(ctx context.Context, r PaymentRequest) (Started, error) {
	values := r.values("client_phone")
	values.Set("payment_token", r.Token)
	var a Started
	err := c.post(ctx, operation{method: http.MethodPost, path: pathRequest, status: "statusRequest"}, values, &a)
	if err != nil {
		return Started{}, fmt.Errorf("payment-request: %w", err)
	}
	return a, nil
}

// Detail tells a finalised payment by its token or unique id. One that is not
// final is not found: an [*Error] with status 404 proves nothing.
func (c *Client) Detail(ctx context.Context, ref string) (Detail, error) {
	var a Detail
	err := c.get(ctx, operation{method: http.MethodGet, path: pathDetail, status: "code"}, url.Values{"payment_ref": {ref}}, &a)
	if err != nil {
		return Detail{}, fmt.Errorf("paiement-detail: %w", err)
	}
	for i := range a.Payment {
		a.Payment[i].Message = Text(c.scrub(a.Payment[i].Message.String()))
	}
	return a, nil
}

// CardForm is a form that the customer's browser posts to pay by card.
type CardForm struct {
	Action string
	Fields map[string]string
}

// CardForm makes the form for a token that References gave. It needs the
// public key, and calls nothing.
func (c *Client) CardForm(token, hash string) (CardForm, error) {
	if c.cfg.PublicKey == "" {
		return CardForm{}, errors.New("card form: the public key is needed")
	}
	fields := map[string]string{"payment_token": token, "apikey": c.cfg.PublicKey}
	if hash != "" {
		fields["hash"] = hash
	}
	return CardForm{Action: c.cfg.CardBaseURL + pathCardForm, Fields: fields}, nil
}

// Rates tells the fees of an operator (AM, MM, OM) in a country.
func (c *Client) Rates(ctx context.Context, operator, country string) (FeeRates, error) {
	var a Fees
	err := c.get(ctx, operation{method: http.MethodGet, path: pathFees, status: "statusRequest"},
		url.Values{"ope": {operator}, "country": {country}}, &a)
	if err != nil {
		return FeeRates{}, fmt.Errorf("getFees: %w", err)
	}
	return a.Fees, nil
}

// Pay starts a payment by the newer API. Success means pending; for a card the
// customer goes on at CheckoutURL.
func (c *Client) Pay(ctx context.Context, o PaymentOrder) (Paying, error) {
	o.APIKey = c.cfg.APIKey.Reveal()
	var a Paying
	err := c.postJSON(ctx, operation{method: http.MethodPost, path: pathPay, status: "request_status"}, o, &a)
	if err != nil {
		return Paying{}, fmt.Errorf("v1/payment: %w", err)
	}
	return a, nil
}

// Verify tells a payment of any state by its token, by the newer API.
func (c *Client) Verify(ctx context.Context, token string) (Verified, error) {
	var a Verified
	err := c.get(ctx, operation{method: http.MethodGet, path: pathVerify, status: "statusRequest"},
		url.Values{"payment_token": {token}}, &a)
	if err != nil {
		return Verified{}, fmt.Errorf("verify: %w", err)
	}
	a.Message = Text(c.scrub(a.Message.String()))
	return a, nil
}

// Network tells the network of a number, by the newer API.
func (c *Client) Network(ctx context.Context, number, country string) (Network, error) {
	var a Network
	err := c.get(ctx, operation{method: http.MethodGet, path: pathNetwork, status: "statusRequest"},
		url.Values{"tel_number": {number}, "country": {country}, "type": {typeMobile}}, &a)
	if err != nil {
		return Network{}, fmt.Errorf("network: %w", err)
	}
	return a, nil
}
