package mypvit

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// operatorList is an array in JSON and a list of operator elements in XML.
type operatorList []Operator

// MarshalXML writes the rows under one root.
func (l operatorList) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	rows := struct {
		Operators []Operator `xml:"operator"`
	}{l}
	return e.EncodeElement(rows, start)
}

// getOperators lists the operators of a country.
func (c *call) getOperators() error {
	if err := c.authenticate(""); err != nil {
		return err
	}
	list := operatorList{}
	if asked := c.query("countryCode"); asked == "" || asked == country {
		for _, o := range operators {
			if !c.inactive("operator:" + o.row.Code) {
				list = append(list, o.row)
			}
		}
	}
	return c.answer(http.StatusOK, list)
}

// getFees tells the fee of an amount before it is moved.
func (c *call) getFees() error {
	if err := c.authenticate(""); err != nil {
		return err
	}
	text, operation, operator := c.query("amount"), c.query("transactionType"), c.query("operator")
	switch {
	case text == "":
		return missing("amount")
	case operation == "":
		return missing("transactionType")
	case operator == "":
		return missing("operator")
	}
	amount, ok := amountOf(Decimal(text))
	if !ok || !amount.IsPositive() {
		return constraint("amount: must be a whole number")
	}
	id := operatorID(operator)
	switch {
	case operation != TypePayment && operation != TypeGiveChange:
		return refuse(codeTypeNotFound)
	case id == "":
		return refuse(codeOperatorNotFound)
	case c.inactive("fees"):
		return refuse(codeFeesNotActive)
	}
	kind := pay.Payment
	if operation == TypeGiveChange {
		kind = pay.Payout
	}
	fees, err := c.gateway.Quote(c.r.Context(), c.anyCaller(), provider.QuoteOrder{Kind: kind, Amount: amount, Operator: id})
	if errors.Is(err, pay.ErrCapability) {
		return refuse(codeFeesNotImplemented)
	}
	if err != nil {
		return err
	}
	total, err := amount.Add(fees)
	if err != nil {
		return constraint("amount: too large")
	}
	return c.answer(http.StatusOK, Fees{
		Amount: decimalOf(amount), Fees: decimalOf(fees), TotalAmount: decimalOf(total),
		Operator: operatorCode(id), TransactionType: operation,
	})
}

// generateQRCode makes a link to pay from any wallet, as a picture.
func (c *call) generateQRCode() error {
	code := c.query(accountNames("accountOperationCode")...)
	if err := c.authenticate(code); err != nil {
		return err
	}
	t, err := c.takeQR(code)
	if err != nil {
		return err
	}
	r := c.request(t)
	r.Customer = pay.Customer{Country: country}
	r.FrontData[dataTerminal] = c.query("terminalId")
	r.Checkout = pay.Checkout{Methods: []pay.MethodType{pay.MobileMoney}}
	r.ExpiresIn = time.Duration(c.book.Options.number(optLinkTTL)) * time.Minute
	tx, err := c.gateway.Create(c.r.Context(), c.caller(t.account), r)
	if err != nil {
		return c.refusedOrder(err, t.Reference)
	}
	picture, err := qr.Encode(c.linkURL(tx.Checkout.Token), qr.M)
	if err != nil {
		return fmt.Errorf("draw QR code: %w", err)
	}
	png := picture.PNG()
	if c.wantsPNG() {
		c.w.Header().Set("Content-Type", "image/png")
		c.w.Header().Set("Cache-Control", "no-store")
		_, _ = c.w.Write(png) // a client that has gone is told nothing
		return nil
	}
	return c.answer(http.StatusOK, QRCode{
		Status: StatusSuccess, Data: base64.StdEncoding.EncodeToString(png), ReferenceID: tx.FrontReference,
	})
}

// takeQR checks a QR code's parameters in the order of rest's checks.
func (c *call) takeQR(code string) (taken, error) {
	callback, text := c.query("callbackUrlCode"), c.query("amount")
	switch {
	case code == "":
		return taken{}, missing("accountOperationCode")
	case c.query("terminalId") == "":
		return taken{}, missing("terminalId")
	case callback == "":
		return taken{}, missing("callbackUrlCode")
	case text == "":
		return taken{}, missing("amount")
	}
	amount, ok := amountOf(Decimal(text))
	if !ok {
		return taken{}, constraint("amount: must be a whole number")
	}
	reference := c.query("reference")
	if len(reference) > referenceLength {
		return taken{}, constraint("reference: too long")
	}
	if reference == "" {
		reference = randomText(referenceLength)
	}
	t := taken{Order: Order{
		Amount: Decimal(text), Reference: reference, Service: ServiceWeb,
		TransactionType: TypePayment, OwnerCharge: OwnerMerchant,
	}, amount: amount}
	var err error
	if t.account, err = c.account(code); err != nil {
		return taken{}, err
	}
	if t.callback, err = c.addressOf(callback, useCallback, codeInvalidCallback, codeCallbackNotActive); err != nil {
		return taken{}, err
	}
	if err := c.checkType(TypePayment); err != nil {
		return taken{}, err
	}
	if err := c.checkService(ServiceWeb); err != nil {
		return taken{}, err
	}
	if t.media, err = c.callbackMedia(); err != nil {
		return taken{}, err
	}
	return t, c.takeAmount(&t)
}

func (c *call) wantsPNG() bool {
	for part := range strings.SplitSeq(c.r.Header.Get("Accept"), ",") {
		media, _, err := mime.ParseMediaType(part)
		if err == nil && media == "image/png" {
			return true
		}
	}
	return false
}
