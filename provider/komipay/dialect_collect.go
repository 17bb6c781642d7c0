package komipay

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Keys of a transaction's FrontData.
const (
	frontMeans = "mobile_money"
	frontCode  = "code_validation"
	frontAchat = "code_achat"
)

// required are the fields of each family (wire: komipay §2.2), apart from
// api_key and mobile_money.
var required = map[Family][]string{
	Telco: {"montant_a_payer", "numero_telephone_payeur", "nom_prenom_payeur", "reference_externe"},
	STA:   {"montant_a_payer", "numero_telephone_payeur", "pays_payeur", "reference_externe"},
	CardFamily: {
		"montant_a_payer", "nom_prenom_payeur", "reference_externe", "numero_carte_bancaire", "date_expiration", "cvv_number",
		"javaEnabled", "javascriptEnabled", "screenHeight", "screenWidth", "TZ", "challengeWindowSize",
	},
}

// collect takes a payment by one of the means.
func (c *call) collect() error {
	if err := c.checkKey("api_key"); err != nil {
		return err
	}
	name := c.fields.scalar("mobile_money")
	if name == "" {
		return missing("mobile_money")
	}
	m, ok := meansByName(name)
	if !ok {
		return refuse(messageBadMeans)
	}
	for _, field := range required[m.family] {
		if strings.TrimSpace(c.fields.scalar(field)) == "" {
			return missing(field)
		}
	}
	r, err := c.request(m)
	if err != nil {
		return err
	}
	switch m.family {
	case CardFamily:
		return c.collectCard(r)
	case STA:
		return c.collectSTA(m, r)
	}
	return c.collectTelco(r)
}

// request reads what all families have in common.
func (c *call) request(m means) (provider.Request, error) {
	amount, err := parseAmount(c.fields["montant_a_payer"])
	if err != nil {
		return provider.Request{}, refuse(messageBadAmount)
	}
	r := provider.Request{
		Kind: pay.Payment, Reference: c.fields.scalar("reference_externe"), NewFrontReference: c.account.newReference,
		FrontData: map[string]string{frontMeans: m.name}, Amount: amount,
		Customer: pay.Customer{Name: c.fields.scalar("nom_prenom_payeur"), Country: country},
		Wait:     c.account.Options.window(),
	}
	if m.family == CardFamily {
		return r, nil // the payer's phone and country are no fields of a card's
	}
	if in := c.fields.scalar("pays_payeur"); in != "" && !strings.EqualFold(strings.TrimSpace(in), "niger") {
		return provider.Request{}, invalid("pays_payeur")
	}
	n, err := parsePhone(c.fields.scalar("numero_telephone_payeur"))
	if err != nil {
		return provider.Request{}, refuse(messageBadPhone)
	}
	r.Customer.Phone = n.E164()
	r.Method = pay.Method{Type: pay.MobileMoney, Operator: m.operator, Phone: n.E164()}
	// Nothing in these answers could send the payer to a page.
	r.Push = true
	if m.family == STA {
		r.Method.Type = pay.Wallet
		r.Wait = 0 // it is accepted, not paid, when it is answered
	}
	return r, nil
}

// collectTelco holds the connection until the payer has answered or the window
// is over; it never answers that a payment is pending.
func (c *call) collectTelco(r provider.Request) error {
	window := c.account.Options.window()
	ctx, cancel := context.WithTimeout(c.r.Context(), window)
	defer cancel()
	tx, err := c.gateway.Create(c.r.Context(), c.account.caller(), r)
	if err == nil && !tx.Status.Final() {
		tx, err = c.gateway.Wait(ctx, c.account.caller(), tx.ID)
	}
	switch {
	case c.r.Context().Err() != nil:
		return errGone
	case err != nil:
		return err
	case tx.Status != pay.StatusSucceeded:
		c.refusePayment(tx)
		return nil
	}
	write(c.w, http.StatusOK, telcoAnswer{
		Code: http.StatusOK, Statut: true, Message: messagePaid + operatorNumber(tx),
		Reference: tx.FrontReference, ExternalReference: tx.Reference,
		TransactionStatus: stateSuccess, Data: stateData{stateSuccess},
	})
	return nil
}

// refusePayment tells of a payment that failed, or that nobody answered in time.
func (c *call) refusePayment(tx pay.Transaction) {
	operator, message := failureWords(tx)
	answer := plainAnswer{Code: http.StatusBadRequest, Statut: false, Message: message}
	if operator && tx.Method.Type == pay.MobileMoney {
		answer.Statut = "TF"
	}
	if c.account.Options.is(optRefusalWithRef) {
		answer.Reference = tx.FrontReference
	}
	write(c.w, c.httpStatus(refuse(message)), answer)
}

// failureWords says why a payment is not paid, and whether its operator said
// so. One that is still open has run out of the window.
func failureWords(tx pay.Transaction) (operator bool, message string) {
	reason := tx.Failure.Reason
	switch {
	case tx.Status == pay.StatusCanceled:
		reason = pay.CustomerCanceled
	case tx.Status != pay.StatusFailed:
		reason = pay.Expired
	case reason == "":
		reason = pay.ProviderError
	}
	words := refusalWords[reason]
	switch {
	case tx.Method.Type == pay.CardMethod && reason == pay.Declined:
		return words.operator, messageCardRefused
	case tx.Method.Type == pay.CardMethod && reason == pay.InsufficientFunds:
		return words.operator, messageCardRefused + ", solde insuffisant"
	case reason == pay.InsufficientFunds:
		return words.operator, words.message + operatorNumber(tx)
	}
	return words.operator, words.message
}

// niamey is Niger's time, which has no summer time.
var niamey = time.FixedZone("WAT", 3600)

// operatorNumber looks like an operator's: MP250101.0859.J00000. It depends on
// the transaction alone, so that it stays the same.
func operatorNumber(tx pay.Transaction) string {
	digits := tx.FrontReference[max(0, len(tx.FrontReference)-5):]
	return "MP" + tx.CreatedAt.In(niamey).Format("060102.1504") + ".J" + digits
}

// collectSTA asks a transfer company's payer. The answer says that the request
// was accepted, never that money was received.
func (c *call) collectSTA(m means, r provider.Request) error {
	if m.name == ZeynaTransfert {
		if err := c.takeSecurityCode(&r); err != nil {
			return err
		}
	}
	if m.name == NitaTransfert && c.account.Mode == pay.Test {
		r.FrontData[frontCode], r.FrontData[frontAchat] = randomDigits(6), newPurchaseCode()
	}
	tx, err := c.gateway.Create(c.r.Context(), c.account.caller(), r)
	if err != nil {
		return err
	}
	if operator, _ := failureWords(tx); tx.Status == pay.StatusFailed && !operator {
		c.refusePayment(tx)
		return nil
	}
	code := tx.FrontData[frontCode]
	if tx.NextAction.Type == pay.ShowCode && tx.NextAction.Code != "" {
		code = tx.NextAction.Code
	}
	message := "Le paiement est en attente de validation, merci de vous connecter sur votre compte " + m.account + " pour validation"
	if c.account.Options.is(optSeedReply) {
		write(c.w, http.StatusOK, seedSTAAnswer{
			Success: true, Status: "pending", Message: message,
			Reference: tx.FrontReference, ExternalReference: tx.Reference, CodeValidation: code,
		})
		return nil
	}
	write(c.w, http.StatusOK, staAnswer{
		Code: http.StatusOK, Statut: true, Message: message + ". Vous avez 5 minutes",
		Reference: tx.FrontReference, ExternalReference: tx.Reference,
		CodeValidation: code, CodeAchat: tx.FrontData[frontAchat],
	})
	return nil
}

// newPurchaseCode makes a code to pay by at a desk: ACHAT and 12 hexadecimal digits.
func newPurchaseCode() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // never fails
	return "ACHAT" + strings.ToUpper(hex.EncodeToString(b))
}
