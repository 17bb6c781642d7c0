package sandbox

import (
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

// operatorName is what customers call the operator.
func (o *operation) operatorName() string {
	if op, ok := phone.OperatorByID(o.Operator); ok {
		return op.Name
	}
	return "Mobile Money"
}

// sms is the text message that a customer gets about an operation as it stands,
// "" for none.
func sms(o *operation) string {
	amount := o.amount().Format("fr")
	name := o.operatorName() + " : "
	switch {
	case o.script.Refused:
		return ""
	case o.Status == statusOTP:
		return name + "votre code de confirmation est " + otp + ". Ne le communiquez à personne."
	case o.Status == statusSucceeded:
		return name + receipt(o.Kind, amount) + " Réf. " + o.ID + "."
	case o.Status == statusFailed:
		return name + "l'opération de " + amount + " a échoué. " + o.failure.Message + ". Réf. " + o.ID + "."
	case o.Status == statusCanceled:
		return name + "la demande de paiement de " + amount + " a été annulée."
	}
	return ""
}

func receipt(kind, amount string) string {
	switch pay.Kind(kind) {
	case pay.Payout:
		return "vous avez reçu " + amount + "."
	case pay.Refund:
		return "vous avez été remboursé de " + amount + "."
	}
	return "vous avez payé " + amount + "."
}

// maxPurpose keeps a prompt on a small screen; a USSD page has 182 characters.
const maxPurpose = 40

// ussd is the dialogue that a prompt shows on the phone.
func (o *operation) ussd() string {
	lines := []string{o.operatorName(), "Payer " + o.amount().Format("fr") + " ?"}
	if purpose := []rune(strings.TrimSpace(o.Description)); len(purpose) > 0 {
		lines = append(lines, "Motif : "+string(purpose[:min(len(purpose), maxPurpose)]))
	}
	if o.Status == statusOTP {
		return strings.Join(append(lines, "Saisissez sur la page de paiement le code reçu par SMS."), "\n")
	}
	return strings.Join(append(lines, "Entrez votre code PIN pour confirmer, ou 0 pour refuser."), "\n")
}
