package komipay

import (
	"errors"
	"net/http"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// collectCard charges a card, by way of a 3-D Secure page where the bank wants
// one. The number and the CVV live for this call only.
func (c *call) collectCard(r provider.Request) error {
	if err := c.checkKeypass(); err != nil {
		return err
	}
	var err error
	if r.Card, err = c.card(); err != nil {
		return err
	}
	if r.Browser, err = c.browser(); err != nil {
		return err
	}
	r.Method = pay.Method{Type: pay.CardMethod}
	tx, err := c.gateway.Create(c.r.Context(), c.account.caller(), r)
	switch {
	case err != nil:
		return err
	case tx.Status.Final() && tx.Status != pay.StatusSucceeded:
		c.refusePayment(tx)
		return nil
	}
	answer := cardAnswer{
		Code: http.StatusOK, Statut: true, Etat: etatSuccess, Message: messageDone, Transaction: *detailOf(tx),
	}
	if tx.Status != pay.StatusSucceeded {
		answer.Etat, answer.Message = etatPending, messageWaiting
	}
	if tx.NextAction.Type == pay.Redirect {
		answer.Message, answer.Redirect = messageCardWaits, tx.NextAction.URL
	}
	write(c.w, http.StatusOK, answer)
	return nil
}

// card reads the card. The CVV comes encrypted by crypt-cvv.
func (c *call) card() (*pay.Card, error) {
	cvv, err := c.account.Cipher.decrypt(c.fields.scalar("cvv_number"))
	if err != nil {
		cvv = ""
	}
	card, err := pay.ParseCard(
		c.fields.scalar("numero_carte_bancaire"), c.fields.scalar("date_expiration"), cvv, c.gateway.Now())
	var e *pay.Error
	if errors.As(err, &e) {
		return nil, refuse(invalidMessage(e))
	}
	if err != nil {
		return nil, err
	}
	card.Holder = c.fields.scalar("nom_prenom_payeur")
	return &card, nil
}

// browser reads the 3-D Secure fields into EMV's names.
func (c *call) browser() (map[string]string, error) {
	b := map[string]string{}
	for field, name := range map[string]string{"javaEnabled": emvJava, "javascriptEnabled": emvJavascript} {
		if b[name] = c.fields.scalar(field); b[name] != "true" && b[name] != "false" {
			return nil, invalid(field)
		}
	}
	for field, name := range map[string]string{"screenHeight": emvHeight, "screenWidth": emvWidth} {
		if b[name] = c.fields.scalar(field); !isDigits(b[name], len(b[name])) || len(b[name]) > 6 {
			return nil, invalid(field)
		}
	}
	zone, ok := zoneToEMV(c.fields.scalar("TZ"))
	if !ok {
		return nil, invalid("TZ")
	}
	size := c.fields.scalar("challengeWindowSize")
	if !windowSizes[size] {
		return nil, invalid("challengeWindowSize")
	}
	b[emvTimeZone], b[emvWindow] = zone, size
	return b, nil
}
