package flexpay

import (
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// The values of code: 0 is yes, anything else is no.
const (
	codeOK = "0"
	codeNo = "1"
)

// The values of transaction.status.
const (
	statusSucceeded    = "0"
	statusNotCompleted = "1"
	statusPending      = "2"
	statusRefunding    = "3"
	statusRefunded     = "4"
	statusCancelled    = "5"
)

// statusRow is one row of the table of statuses (wire: flexpay §4.1).
type statusRow struct {
	status  string
	outcome pay.Outcome
	reason  pay.Reason
}

// statuses is the extended profile's reading, which a connector always
// understands. Under the strict profile "1" is ambiguous and read elsewhere.
var statuses = []statusRow{
	{statusSucceeded, pay.OutcomeSucceeded, ""},
	{statusNotCompleted, pay.OutcomeFailed, pay.Declined},
	{statusPending, pay.OutcomePending, ""},
	{statusRefunding, pay.OutcomeSucceeded, ""},
	{statusRefunded, pay.OutcomeSucceeded, ""},
	{statusCancelled, pay.OutcomeFailed, pay.CustomerCanceled},
}

// classifyStatus tells what a status means; one that nobody has described is unknown.
func classifyStatus(status string) (pay.Outcome, pay.Reason) {
	for _, row := range statuses {
		if row.status == status {
			return row.outcome, row.reason
		}
	}
	return pay.OutcomeUnknown, ""
}

// reasonStatuses gives each failure reason its status in the extended profile;
// it is total over pay.Reasons.
var reasonStatuses = map[pay.Reason]string{
	pay.InsufficientFunds:   statusNotCompleted,
	pay.Declined:            statusNotCompleted,
	pay.WrongPINOrOTP:       statusNotCompleted,
	pay.CustomerCanceled:    statusCancelled,
	pay.Expired:             statusNotCompleted,
	pay.LimitReached:        statusNotCompleted,
	pay.InvalidPhone:        statusNotCompleted,
	pay.AmountTooLow:        statusNotCompleted,
	pay.AmountTooHigh:       statusNotCompleted,
	pay.OperatorUnavailable: statusNotCompleted,
	pay.DuplicateReference:  statusNotCompleted,
	pay.AuthFailed:          statusNotCompleted,
	pay.BadRequest:          statusNotCompleted,
	pay.ProviderError:       statusNotCompleted,
}

// The documented messages.
const (
	messageRedirect  = "Redirection en cours"
	messagePush      = "Transaction envoyée avec succès. Veuillez valider le push message"
	messagePayout    = "Transaction envoyée avec succès."
	messageFound     = "Une transaction trouvée"
	messageNotFound  = "Aucune transaction trouvée"
	messageAmount    = "Montant invalide"
	messageCurrency  = "Devise non prise en charge"
	messageMerchant  = "Marchand inconnu"
	messageDuplicate = "La référence existe déjà"
	messageURL       = "URL invalide"
	messageType      = "Erreur, le type envoyé ne correspond pas"
	messagePhone     = "Numéro de téléphone invalide"
	messageBalance   = "Solde insuffisant"
	messageToken     = "Token invalide"
)

// Messages of our own, for what the documents leave out.
const (
	messageCapability  = "Devise ou moyen de paiement non pris en charge (capability)"
	messageLimit       = "Limite de requêtes atteinte"
	messageUnavailable = "Service indisponible"
	messageInternal    = "Erreur interne"
	messageForbidden   = "Opération non autorisée"
	messageBody        = "Requête illisible"
	messageTooLarge    = "Requête trop longue"
	messageNoPath      = "Adresse inconnue"
	messageNoMethod    = "Méthode non autorisée"
)

func messageMissing(field string) string { return "Le champ " + field + " est obligatoire" }
func messageInvalid(field string) string { return "Le champ " + field + " est invalide" }

// messageRow maps the words of a refusal to a reason: all of one word, or any.
type messageRow struct {
	all    []string
	any    []string
	reason pay.Reason
}

// messageReasons is the table of refusals of an initiation (wire: flexpay §4.2),
// folded; the first row that fits counts.
var messageReasons = []messageRow{
	{[]string{"reference"}, []string{"existe", "deja"}, pay.DuplicateReference},
	{[]string{"invalide"}, []string{"numero", "phone", "telephone"}, pay.InvalidPhone},
	{nil, []string{"obligatoire"}, pay.BadRequest},
	{nil, []string{"marchand", "token", "autorisation"}, pay.AuthFailed},
	{nil, []string{"solde", "insuffisant"}, pay.InsufficientFunds},
	{nil, []string{"invalide", "type envoye", "devise"}, pay.BadRequest},
	{nil, []string{"limite", "plafond"}, pay.LimitReached},
	{nil, []string{"indisponible"}, pay.OperatorUnavailable},
}

// reasonOf reads the message of a refused initiation.
func reasonOf(message string) pay.Reason {
	message = fold(message)
	for _, row := range messageReasons {
		if containsAll(message, row.all) && containsAny(message, row.any) {
			return row.reason
		}
	}
	return pay.Declined
}

var accents = strings.NewReplacer("é", "e", "è", "e", "ê", "e", "à", "a", "â", "a", "ç", "c", "î", "i", "ô", "o", "û", "u", "ù", "u")

func fold(text string) string { return accents.Replace(strings.ToLower(text)) }

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

func containsAny(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
