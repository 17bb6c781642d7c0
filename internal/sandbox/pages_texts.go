package sandbox

import (
	"net/http"
	"strings"
)

// words are the pages' texts.
type words map[string]string

// wordsFor is French unless the address or, first of all its languages, the
// browser asks for English.
func wordsFor(r *http.Request) words {
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	if lang := r.URL.Query().Get("lang"); lang != "" {
		first = lang
	}
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(first)), "en") {
		return english
	}
	return french
}

var french = words{
	"lang": "fr", "other": "en", "otherName": "English", "colon": " :", "table": "Tableau", "title": "Bac à sable", "language": "Langue",
	"lead":   "Chaque numéro qui paie en mode test a ici son téléphone. Aucun argent réel ne circule.",
	"phones": "Téléphones de test", "noPhones": "Aucun téléphone n'a encore servi. Ouvrez un numéro, ou faites un paiement.",
	"noPrompt": "Aucune demande en attente.", "approve": "Valider", "decline": "Refuser", "expire": "Laisser expirer",
	"pin": "Code PIN", "pinHint": "Quatre chiffres quelconques conviennent ; 0 refuse. C'est le numéro qui décide de la suite.",
	"otp": "Code à usage unique", "erase": "Effacer", "digit": "Chiffre", "waiting": "Encore en attente :",
	"messages": "SMS reçus", "noMessages": "Aucun SMS.", "operations": "Opérations",
	"openTitle": "Ouvrir un téléphone", "number": "Numéro", "country": "Pays", "open": "Ouvrir",
	"fault":  "Ce n'est pas un numéro mobile d'un pays pris en charge.",
	"trials": "Numéros de test", "trialsLead": "Les quatre derniers chiffres décident, chez tous les opérateurs et dans tous les pays.",
	"ends": "Se termine par", "effect": "Ce qui se passe", "cards": "Cartes de test", "card": "Carte",
	"card.ok": "Paiement accepté", "card.declined": "Refusée par la banque", "card.funds": "Provision insuffisante", "card.3ds": "Demande l'authentification 3-D Secure",
	"faults": "Pannes", "faultsLead": "Une panne armée ici frappe la prochaine opération de test du fournisseur, ou l'en-tête Passerelle-Fault la demande pour une requête. Jamais une opération réelle.",
	"faultName": "Panne", "arm": "Armer", "disarm": "Désarmer", "armedCount": "armées", "armedNow": "armée", "hits": "coups :",
	"inbox": "Boîte de réception", "inboxHelp": "Les notifications envoyées sous /sandbox/inbox/ arrivent ici.",
	"empty": "Rien n'est arrivé.", "clear": "Vider la boîte", "headers": "En-têtes", "noBody": "(sans corps)",
	"refresh": "Actualiser", "start": "Essayer les API", "back": "Retour au bac à sable", "returnTitle": "Retour à la boutique",
	"success": "Le paiement a abouti.", "failure": "Le paiement n'a pas abouti.", "unknown": "Le paiement suit son cours.",
	"canceled": "Le paiement a été annulé.", "expired": "La page de paiement a expiré.", "returned": "Vous voilà de retour à la boutique. Elle apprend par sa notification ce que le paiement est devenu.",
	"kind.payment": "Paiement", "kind.payout": "Versement", "kind.refund": "Remboursement",
	"status.prompted": "attend le code PIN", "status.otp": "attend le code à usage unique", "status.challenge": "attend 3-D Secure",
	"status.processing": "en cours", "status.succeeded": "réussi", "status.failed": "échoué", "status.canceled": "annulé",
	"trial.0100": "Tout autre numéro : réussit", "trial.0001": "Solde insuffisant", "trial.0002": "Refusé par le client",
	"trial.0003": "Code PIN ou code à usage unique incorrect", "trial.0004": "Ne répond jamais ; l'opérateur signale l'expiration",
	"trial.0005": "Plafond atteint", "trial.0006": "Opérateur indisponible", "trial.0007": "Accepté, puis sans réponse, bien que l'argent soit parti",
	"trial.0008": "Signalé échoué, puis réussi", "trial.0009": "La notification part trois fois", "trial.0010": "La notification ne vient jamais",
	"trial.0011": "Demande un code à usage unique : 1234",
}

var english = words{
	"lang": "en", "other": "fr", "otherName": "Français", "colon": ":", "table": "Table", "title": "Sandbox", "language": "Language",
	"lead":   "Each number that pays in test mode has its phone here. No real money moves.",
	"phones": "Virtual phones", "noPhones": "No phone has been used yet. Open a number, or make a payment.",
	"noPrompt": "No request is waiting.", "approve": "Approve", "decline": "Decline", "expire": "Let it time out",
	"pin": "PIN", "pinHint": "Any four digits will do; 0 declines. The number decides what follows.",
	"otp": "One-time password", "erase": "Erase", "digit": "Digit", "waiting": "Other requests waiting:",
	"messages": "Text messages", "noMessages": "No text messages.", "operations": "Operations",
	"openTitle": "Open a phone", "number": "Number", "country": "Country", "open": "Open",
	"fault":  "That is no mobile number of a supported country.",
	"trials": "Test numbers", "trialsLead": "The last four digits decide, for every operator and country.",
	"ends": "Ends in", "effect": "What happens", "cards": "Test cards", "card": "Card",
	"card.ok": "Payment accepted", "card.declined": "Declined by the bank", "card.funds": "Insufficient funds", "card.3ds": "Asks for 3-D Secure authentication",
	"faults": "Faults", "faultsLead": "A fault armed here strikes the provider's next test operation; the header Passerelle-Fault asks for one in a request. Never a live operation.",
	"faultName": "Fault", "arm": "Arm", "disarm": "Disarm", "armedCount": "armed", "armedNow": "armed", "hits": "hits:",
	"inbox": "Inbox", "inboxHelp": "Notifications sent to addresses under /sandbox/inbox/ arrive here.",
	"empty": "Nothing has arrived.", "clear": "Empty the inbox", "headers": "Headers", "noBody": "(no body)",
	"refresh": "Refresh", "start": "Try the APIs", "back": "Back to the sandbox", "returnTitle": "Back at the shop",
	"success": "The payment succeeded.", "failure": "The payment did not succeed.", "unknown": "The payment is on its way.",
	"canceled": "The payment was canceled.", "expired": "The payment page has expired.", "returned": "You are back at the shop. It learns from its notification what became of the payment.",
	"kind.payment": "Payment", "kind.payout": "Payout", "kind.refund": "Refund",
	"status.prompted": "waits for the PIN", "status.otp": "waits for the one-time password", "status.challenge": "waits for 3-D Secure",
	"status.processing": "under way", "status.succeeded": "succeeded", "status.failed": "failed", "status.canceled": "canceled",
	"trial.0100": "Any other number: succeeds", "trial.0001": "Insufficient funds", "trial.0002": "Declined by the customer",
	"trial.0003": "Wrong PIN or one-time password", "trial.0004": "Never answers; the operator reports expiry",
	"trial.0005": "Limit reached", "trial.0006": "Operator unavailable", "trial.0007": "Accepted, then a time-out, although the money moved",
	"trial.0008": "Reported failed, then succeeded", "trial.0009": "The notification is sent three times", "trial.0010": "The notification never comes",
	"trial.0011": "Needs a one-time password: 1234",
}
