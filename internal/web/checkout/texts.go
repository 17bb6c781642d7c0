package checkout

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// texts are the pages' words in one language, by key.
type texts map[string]string

// language is French unless the address, the transaction or, in this order of
// wishes, the browser asks for English.
func language(r *http.Request, t pay.Transaction) string {
	for _, wish := range []string{r.URL.Query().Get("lang"), t.Checkout.Language} {
		if wish == "fr" || wish == "en" {
			return wish
		}
	}
	for tag := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ = strings.Cut(tag, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if primary == "fr" || primary == "en" {
			return primary
		}
	}
	return "fr"
}

func textsIn(lang string) texts {
	if lang == "en" {
		return english
	}
	return french
}

func (t texts) sprintf(key string, args ...any) string { return fmt.Sprintf(t[key], args...) }

// reason is why a payment failed, in words for its customer.
func (t texts) reason(r pay.Reason) string {
	if text, ok := t["reason."+string(r)]; ok {
		return text
	}
	return t["reason.other"]
}

// fault is what is wrong with what was typed.
func (t texts) fault(e *pay.Error) string {
	for _, key := range []string{"fault." + e.Code, "fault." + strings.TrimPrefix(e.Param, "method.")} {
		if text, ok := t[key]; ok {
			return text
		}
	}
	return t["invalid"]
}

var french = texts{
	"title": "Paiement", "amount": "Montant", "fees": "Frais à votre charge", "purpose": "Motif", "order": "Référence",
	"sandbox":             "Mode test : aucun argent réel ne circule.",
	"choose":              "Choisissez votre moyen de paiement",
	"method.mobile_money": "Mobile Money", "method.card": "Carte bancaire", "method.wallet": "Portefeuille électronique",
	"country": "Pays", "phone": "Numéro de téléphone", "operator": "Opérateur", "auto": "D'après le numéro",
	"number": "Numéro de carte", "expiry": "Expiration (MM/AA)", "cvv": "Code de sécurité", "holder": "Nom sur la carte",
	"pay": "Payer", "cancel": "Annuler", "noMethod": "Aucun moyen de paiement n'est disponible pour le moment.",
	"approve": "Validez le paiement sur votre téléphone.", "waiting": "Votre paiement est en cours.",
	"waitingHint": "Cette page se met à jour d'elle-même.", "refresh": "Actualiser",
	"showCode": "Présentez ce code :", "continue": "Continuer le paiement",
	"continueHint": "Le paiement se poursuit sur une autre page.",
	"otp":          "Code reçu par SMS", "otpHint": "Saisissez le code à usage unique que votre opérateur vous a envoyé.",
	"otpMissing": "Saisissez le code reçu.", "confirm": "Confirmer",
	"challengeTitle": "Authentification 3-D Secure", "challengeHint": "Banque simulée : approuvez-vous ce paiement avec la carte •••• %s ?",
	"approveCard": "Approuver", "declineCard": "Refuser",
	"back": "Retour à la boutique", "toPage": "Revenir au paiement", "tryAgain": "Vous pouvez essayer de nouveau.",
	"pushed":           "Une demande de paiement de %s a été envoyée au %s. Validez-la sur votre téléphone.",
	"result.succeeded": "Paiement réussi. Merci !", "result.failed": "Le paiement n'a pas abouti.",
	"result.canceled": "Le paiement a été annulé.",
	"expired":         "Cette page de paiement a expiré.", "notFound": "Cette page de paiement n'existe pas.",
	"conflict": "Cette action n'est plus possible.", "notCancelable": "Ce paiement ne peut plus être annulé.",
	"later": "Le service est momentanément indisponible. Réessayez dans un instant.", "invalid": "La saisie n'est pas valide.",
	"reason.insufficient_funds": "Le solde est insuffisant.", "reason.declined": "Le paiement a été refusé.",
	"reason.wrong_pin_or_otp": "Le code saisi est incorrect.", "reason.customer_canceled": "Le paiement a été annulé.",
	"reason.expired": "La demande n'a pas reçu de réponse à temps.", "reason.limit_reached": "Le plafond du compte est atteint.",
	"reason.invalid_phone": "Le numéro de téléphone n'est pas valide.", "reason.amount_too_low": "Le montant est trop faible.",
	"reason.amount_too_high": "Le montant est trop élevé.", "reason.operator_unavailable": "L'opérateur est momentanément indisponible.",
	"reason.other":        "Une erreur est survenue chez l'opérateur.",
	"fault.invalid_phone": "Le numéro de téléphone n'est pas valide.", "fault.phone": "Indiquez un numéro de téléphone.",
	"fault.operator":    "L'opérateur ne correspond pas au numéro.",
	"fault.card.number": "Le numéro de carte n'est pas valide.", "fault.card.expiry": "La date d'expiration n'est pas valide ou est dépassée.",
	"fault.card.cvv": "Le code de sécurité a 3 ou 4 chiffres.", "fault.method": "Ce moyen de paiement n'est pas proposé.",
	"fault.type":       "Ce moyen de paiement n'est pas proposé.",
	"fault.capability": "Ce moyen de paiement n'est pas disponible pour ce montant.", "fault.amount_too_low": "Le montant est trop faible.",
	"fault.amount_too_high": "Le montant est trop élevé.",
	"country.GA":            "Gabon", "country.CG": "Congo", "country.CM": "Cameroun", "country.CI": "Côte d'Ivoire", "country.SN": "Sénégal",
	"country.BF": "Burkina Faso", "country.ML": "Mali", "country.TG": "Togo", "country.BJ": "Bénin", "country.GN": "Guinée",
	"country.NE": "Niger", "country.CD": "RD Congo",
}

var english = texts{
	"title": "Payment", "amount": "Amount", "fees": "Fees you bear", "purpose": "For", "order": "Reference",
	"sandbox":             "Test mode: no real money moves.",
	"choose":              "Choose how to pay",
	"method.mobile_money": "Mobile money", "method.card": "Card", "method.wallet": "Wallet",
	"country": "Country", "phone": "Phone number", "operator": "Operator", "auto": "From the number",
	"number": "Card number", "expiry": "Expiry (MM/YY)", "cvv": "Security code", "holder": "Name on the card",
	"pay": "Pay", "cancel": "Cancel", "noMethod": "No means of payment is available at the moment.",
	"approve": "Approve the payment on your phone.", "waiting": "Your payment is on its way.",
	"waitingHint": "This page updates by itself.", "refresh": "Refresh",
	"showCode": "Show this code:", "continue": "Continue the payment",
	"continueHint": "The payment continues on another page.",
	"otp":          "Code received by text message", "otpHint": "Enter the one-time password that your operator sent you.",
	"otpMissing": "Enter the code you received.", "confirm": "Confirm",
	"challengeTitle": "3-D Secure authentication", "challengeHint": "Simulated bank: do you approve this payment with the card •••• %s?",
	"approveCard": "Approve", "declineCard": "Decline",
	"back": "Back to the shop", "toPage": "Back to the payment", "tryAgain": "You can try again.",
	"pushed":           "A payment request of %s was sent to %s. Approve it on your phone.",
	"result.succeeded": "Payment received. Thank you!", "result.failed": "The payment did not go through.",
	"result.canceled": "The payment was canceled.",
	"expired":         "This payment page has expired.", "notFound": "There is no such payment page.",
	"conflict": "This is no longer possible.", "notCancelable": "This payment can no longer be canceled.",
	"later": "The service is unavailable at the moment. Please try again shortly.", "invalid": "What was entered is not valid.",
	"reason.insufficient_funds": "The balance is too low.", "reason.declined": "The payment was declined.",
	"reason.wrong_pin_or_otp": "The code entered is wrong.", "reason.customer_canceled": "The payment was canceled.",
	"reason.expired": "The request was not answered in time.", "reason.limit_reached": "The account's limit is reached.",
	"reason.invalid_phone": "The phone number is not valid.", "reason.amount_too_low": "The amount is too low.",
	"reason.amount_too_high": "The amount is too high.", "reason.operator_unavailable": "The operator is unavailable at the moment.",
	"reason.other":        "Something went wrong at the operator.",
	"fault.invalid_phone": "The phone number is not valid.", "fault.phone": "Enter a phone number.",
	"fault.operator":    "The operator does not serve this number.",
	"fault.card.number": "The card number is not valid.", "fault.card.expiry": "The expiry date is not valid or has passed.",
	"fault.card.cvv": "The security code is 3 or 4 digits.", "fault.method": "This means of payment is not offered.",
	"fault.type":       "This means of payment is not offered.",
	"fault.capability": "This means of payment is not available for this amount.", "fault.amount_too_low": "The amount is too low.",
	"fault.amount_too_high": "The amount is too high.",
	"country.GA":            "Gabon", "country.CG": "Congo", "country.CM": "Cameroon", "country.CI": "Côte d'Ivoire", "country.SN": "Senegal",
	"country.BF": "Burkina Faso", "country.ML": "Mali", "country.TG": "Togo", "country.BJ": "Benin", "country.GN": "Guinea",
	"country.NE": "Niger", "country.CD": "DR Congo",
}
