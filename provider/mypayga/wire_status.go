package mypayga

import (
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// The documented or observed texts of refusals.
const (
	messageKey         = "Invalid API key"
	messageAmount      = "Invalid amount"
	messagePhone       = "Invalid phone number"
	messageToken       = "Invalid payment_token"
	messageUsed        = "Transaction already exists"
	messageNotFound    = "Transaction not found"
	messageLinkAbsent  = "Link not found"
	messageNoRefund    = "Refund not found"
	messageRefundSent  = "Refund already sent"
	messageLinkPaid    = "Link already paid"
	messageFunds       = "Echec-solde ins."
	messageStarted     = "Request Sent.Please Wait."
	messageMissing     = "Missing parameter : "
	messageNoNetwork   = "Network not found"
	messageRefundWaits = "Remboursement en attente de validation."
)

// reasonWords gives the reason of a message by its words, folded; the first
// row with all its words decides (wire: mypayga §4).
var reasonWords = []struct {
	words  []string
	reason pay.Reason
}{
	{[]string{"insuf"}, pay.InsufficientFunds},
	{[]string{"solde ins"}, pay.InsufficientFunds},
	{[]string{"pin"}, pay.WrongPINOrOTP},
	{[]string{"otp"}, pay.WrongPINOrOTP},
	{[]string{"code secret"}, pay.WrongPINOrOTP},
	{[]string{"cancel"}, pay.CustomerCanceled},
	{[]string{"annul"}, pay.CustomerCanceled},
	{[]string{"expire"}, pay.Expired},
	{[]string{"timeout"}, pay.Expired},
	{[]string{"limit"}, pay.LimitReached},
	{[]string{"plafond"}, pay.LimitReached},
	{[]string{"amount", "low"}, pay.AmountTooLow},
	{[]string{"amount", "min"}, pay.AmountTooLow},
	{[]string{"amount", "high"}, pay.AmountTooHigh},
	{[]string{"amount", "max"}, pay.AmountTooHigh},
	{[]string{"phone", "invalid"}, pay.InvalidPhone},
	{[]string{"numero", "invalid"}, pay.InvalidPhone},
	{[]string{"api key"}, pay.AuthFailed},
	{[]string{"already exists"}, pay.DuplicateReference},
	{[]string{"unavailable"}, pay.OperatorUnavailable},
	{[]string{"indisponible"}, pay.OperatorUnavailable},
	{[]string{"missing"}, pay.BadRequest},
	{[]string{"invalid"}, pay.BadRequest},
	{[]string{"declined"}, pay.Declined},
	{[]string{"refus"}, pay.Declined},
	{[]string{"contact your bank"}, pay.Declined},
}

// reasonOf reads why something was refused out of the message.
func reasonOf(message string) pay.Reason {
	folded := fold(message)
	for _, row := range reasonWords {
		if containsAll(folded, row.words) {
			return row.reason
		}
	}
	return pay.Declined
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// reasonTexts are the messages that say a reason, so that reasonOf reads the
// reason back. provider_error alone has no words of its own.
var reasonTexts = map[pay.Reason]string{
	pay.InsufficientFunds:   "Insufficient funds",
	pay.Declined:            "Payment declined",
	pay.WrongPINOrOTP:       "Wrong PIN or OTP",
	pay.CustomerCanceled:    "Payment canceled",
	pay.Expired:             "Payment expired",
	pay.LimitReached:        "Limit reached",
	pay.InvalidPhone:        messagePhone,
	pay.AmountTooLow:        "Amount too low",
	pay.AmountTooHigh:       "Amount too high",
	pay.OperatorUnavailable: "Operator unavailable",
	pay.DuplicateReference:  messageUsed,
	pay.AuthFailed:          messageKey,
	pay.BadRequest:          "Invalid request",
	pay.ProviderError:       "Payment failed",
}

// refusalText reports whether a message tells of a refusal, whatever the
// status beside it says: the documented test cards are refused with code 200.
func refusalText(message string) bool {
	folded := fold(message)
	for _, word := range []string{"failed", "declined", "refus", "insuf"} {
		if strings.Contains(folded, word) {
			return true
		}
	}
	return false
}

var accents = strings.NewReplacer(
	"à", "a", "â", "a", "ä", "a", "ç", "c", "é", "e", "è", "e", "ê", "e", "ë", "e",
	"î", "i", "ï", "i", "ô", "o", "ö", "o", "ù", "u", "û", "u", "ü", "u",
)

// fold drops case and French accents.
func fold(text string) string { return accents.Replace(strings.ToLower(text)) }

// orderOutcome reads order_status, OrderStatus and final_status.
func orderOutcome(status string) pay.Outcome {
	switch status {
	case statusOK:
		return pay.OutcomeSucceeded
	case statusFailed:
		return pay.OutcomeFailed
	case statusPending:
		return pay.OutcomePending
	}
	return pay.OutcomeUnknown
}

// The words of statut_demande that the dialect writes.
const (
	transferDone    = "Succès"
	transferWaits   = "En attente"
	transferFailed  = "Echec"
	transferNoFunds = messageFunds
)

// transferOutcome reads the words of statut_demande.
func transferOutcome(state string) (pay.Outcome, pay.Reason) {
	folded := strings.TrimSpace(fold(state))
	switch {
	case strings.HasPrefix(folded, "echec"):
		if strings.Contains(folded, "solde ins") {
			return pay.OutcomeFailed, pay.InsufficientFunds
		}
		return pay.OutcomeFailed, pay.Declined
	case strings.HasPrefix(folded, "succes"), strings.HasPrefix(folded, "effectue"), strings.HasPrefix(folded, "valide"):
		return pay.OutcomeSucceeded, ""
	case strings.HasPrefix(folded, "en attente"), strings.HasPrefix(folded, "en cours"):
		return pay.OutcomePending, ""
	}
	return pay.OutcomeUnknown, ""
}

// refundOutcome reads refund.status. A success whose message says that the
// refund waits for validation counts only after our own send was confirmed.
func refundOutcome(r Refund, confirmed bool) pay.Outcome {
	outcome := orderOutcome(r.Status.String())
	if outcome == pay.OutcomeSucceeded && !confirmed && strings.Contains(fold(r.Message.String()), "en attente") {
		return pay.OutcomePending
	}
	return outcome
}
