package komipay

import (
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"github.com/passerelle-pay/passerelle/pay"
)

// unauthenticated: the token, the key or the keypass was refused, and nothing
// was started.
func (a Answer) unauthenticated() bool {
	return a.HTTPStatus == http.StatusUnauthorized || a.HTTPStatus == http.StatusForbidden ||
		a.Code == http.StatusUnauthorized || a.Code == http.StatusForbidden
}

// readable: the code is one from which an outcome may be read.
func (a Answer) readable() bool { return a.Code == 200 || a.Code == 201 || a.Code == 400 }

// classifyCollect reads the answer to a collect (wire: komipay §4.1).
func classifyCollect(f Family, a Answer) (pay.Outcome, pay.Reason) {
	switch {
	case a.seedShape():
		return seedOutcome(a)
	case a.unauthenticated():
		return pay.OutcomeFailed, pay.AuthFailed
	case !a.readable():
		return pay.OutcomeUnknown, ""
	}
	if outcome, reason, ok := byOperatorCode(a); ok {
		return outcome, reason
	}
	switch a.Statut {
	case statutTrue:
		return acceptedCollect(f, a)
	case statutFalse:
		return pay.OutcomeFailed, reasonOf(a.Message, f == CardFamily)
	}
	return pay.OutcomeUnknown, ""
}

// acceptedCollect reads statut:true, which says something else in each family.
// An answer that contradicts itself says nothing, but for a transfer company's:
// it accepts the request and never tells of money, whatever stands beside.
func acceptedCollect(f Family, a Answer) (pay.Outcome, pay.Reason) {
	if a.Code == 400 {
		return pay.OutcomeUnknown, ""
	}
	switch state := stateOf(a); {
	case f == STA:
		return pay.OutcomePending, ""
	case f == Telco && (state == "" && a.TransactionStatus == "" && a.Etat == "" || state == pay.OutcomeSucceeded):
		return pay.OutcomeSucceeded, ""
	case state == pay.OutcomePending:
		return pay.OutcomePending, ""
	case f == CardFamily && state == pay.OutcomeSucceeded:
		return pay.OutcomeSucceeded, ""
	case f == CardFamily && state == pay.OutcomeFailed:
		return pay.OutcomeFailed, reasonOf(a.Message, true)
	}
	return pay.OutcomeUnknown, ""
}

func seedOutcome(a Answer) (pay.Outcome, pay.Reason) {
	switch a.success {
	case "true":
		return pay.OutcomePending, ""
	case "false":
		return pay.OutcomeFailed, pay.Declined
	}
	return pay.OutcomeUnknown, ""
}

// byOperatorCode reads statut where it is one of the operators' codes.
func byOperatorCode(a Answer) (pay.Outcome, pay.Reason, bool) {
	switch a.Statut {
	case statutTS:
		if a.Code == 400 {
			return pay.OutcomeUnknown, "", true
		}
		return pay.OutcomeSucceeded, "", true
	case statutTF:
		return pay.OutcomeFailed, reasonOf(a.Message, true), true
	case statutTE:
		return pay.OutcomeFailed, pay.Expired, true
	case statutTIP:
		return pay.OutcomePending, "", true
	case statutTA:
		return pay.OutcomeUnknown, "", true
	}
	return "", "", false
}

// classifyStatus reads the answer to a status check (wire: komipay §4.1–4.3).
// absent: KomiPay says that it doesn't know the reference, or not yet.
func classifyStatus(card bool, a Answer) (outcome pay.Outcome, reason pay.Reason, absent bool) {
	if strings.EqualFold(a.TransactionStatus, stateNotFound) || a.Code == http.StatusNotFound {
		return pay.OutcomeUnknown, "", true
	}
	if !a.readable() {
		return pay.OutcomeUnknown, "", false
	}
	if outcome, reason, ok := byOperatorCode(a); ok {
		if words := documentedState(a); words != "" && words != outcome {
			return pay.OutcomeUnknown, "", false
		}
		return outcome, reason, false
	}
	if a.Statut != statutTrue && a.Statut != statutFalse {
		return pay.OutcomeUnknown, "", false
	}
	switch stateOf(a) {
	case pay.OutcomeSucceeded:
		if a.accepted() {
			return pay.OutcomeSucceeded, "", false
		}
	case pay.OutcomeFailed:
		return pay.OutcomeFailed, reasonOf(a.Message, card), false
	case pay.OutcomePending:
		return pay.OutcomePending, "", false
	}
	return pay.OutcomeUnknown, "", false
}

// stateOf reads transactionStatus and etat: "" when they say nothing, unknown
// when they disagree. A transactionStatus that is not documented is unknown, too:
// etat does not speak in its place.
func stateOf(a Answer) pay.Outcome {
	if a.TransactionStatus != "" && stateWord(a.TransactionStatus) == "" {
		return pay.OutcomeUnknown
	}
	return documentedState(a)
}

// documentedState looks at the words that are documented alone.
func documentedState(a Answer) pay.Outcome {
	status, etat := stateWord(a.TransactionStatus), stateWord(a.Etat)
	switch {
	case status == "":
		return etat
	case etat != "" && etat != status:
		return pay.OutcomeUnknown
	}
	return status
}

func stateWord(word string) pay.Outcome {
	switch strings.ToUpper(word) {
	case "SUCCESS":
		return pay.OutcomeSucceeded
	case "ECHEC":
		return pay.OutcomeFailed
	case "PENDING", "ATTENTE":
		return pay.OutcomePending
	}
	return ""
}

// messageRule finds a reason in a message: one of any, and all of with.
type messageRule struct {
	with   string
	any    []string
	reason pay.Reason
}

// messageRules are tried in order: the seed's refusal for lack of funds speaks
// of a cancellation as well.
var messageRules = []messageRule{
	{"solde", []string{"insuffisant"}, pay.InsufficientFunds},
	{"", []string{"insufficient"}, pay.InsufficientFunds},
	{"", []string{"mot de passe", "code secret", "code de securite"}, pay.WrongPINOrOTP},
	{"montant", []string{"minimum", "faible"}, pay.AmountTooLow},
	{"montant", []string{"maximum", "eleve"}, pay.AmountTooHigh},
	{"", []string{"plafond", "limite"}, pay.LimitReached},
	{"", []string{"timeout", "depasse", "expire"}, pay.Expired},
	{"", []string{"numero de telephone", "abonne inconnu"}, pay.InvalidPhone},
	{"reference", []string{"deja"}, pay.DuplicateReference},
	{"", []string{"non active", "indisponible"}, pay.OperatorUnavailable},
	{"", []string{"annule"}, pay.CustomerCanceled},
	{"", []string{"champ", "invalide", "inconnu"}, pay.BadRequest},
}

// pinWord is a word of its own, as three letters stand in many others.
var pinWord = regexp.MustCompile(`\bpin\b`)

// reasonOf reads the reason from a refusal's message; declined says what it is
// when the message tells nothing.
func reasonOf(message string, declined bool) pay.Reason {
	text := fold(message)
	for _, r := range messageRules {
		pin := r.reason == pay.WrongPINOrOTP && pinWord.MatchString(text)
		if pin || strings.Contains(text, r.with) && containsAny(text, r.any) {
			return r.reason
		}
	}
	if declined {
		return pay.Declined
	}
	return pay.ProviderError
}

func containsAny(text string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

var accents = strings.NewReplacer(
	"à", "a", "â", "a", "ä", "a", "ç", "c", "é", "e", "è", "e", "ê", "e", "ë", "e",
	"î", "i", "ï", "i", "ô", "o", "ö", "o", "ù", "u", "û", "u", "ü", "u",
)

// fold drops case and accents, composed or combining.
func fold(text string) string {
	text = accents.Replace(strings.ToLower(text))
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, text)
}

// The messages of the documents.
const (
	messagePaid        = "Paiement effectue avec succes. Numero de transaction "
	messageNoFunds     = "Desole, solde du correspondant insuffisant pour l annulation, veuillez le contacter pour plus d informations. Numero de transaction "
	messageTimeout     = "Timeout transaction 5 minutes depassé"
	messageDone        = "Transaction effectuee avec succes"
	messageWaiting     = "Transaction en attente"
	messageUnknown     = "Transaction introuvable"
	messageCardRefused = "Paiement refuse par la banque"
	messageCardWaits   = "Authentification requise"
	messageBadPhone    = "Numero de telephone invalide"
	messageBadAmount   = "Montant invalide"
	messageBadCard     = "Carte invalide"
	messageBadCVV      = "CVV invalide"
	messageBadMeans    = "Moyen de paiement inconnu"
	messageNotActive   = "Moyen de paiement non active"
	messageDuplicate   = "Reference externe deja utilisee"
	messageBadKey      = "Cle API invalide"
	messageBadKeypass  = "keypass invalide"
	messageBadCode     = "Code de securite invalide"
	messageBadLogin    = "Identifiants invalides"
	messageNotLoggedIn = "Token invalide ou expire"
	messageBadRequest  = "Requete invalide"
	messageNowhere     = "Ressource introuvable"
	messageBadMethod   = "Methode non autorisee"
	messageOurFault    = "Erreur interne"
	messageUnavailable = "Service indisponible"
)

// refusalWords is what the dialect says of a failed payment, by reason. Read by
// the rules above, each text gives its own reason back, where there is a rule.
var refusalWords = map[pay.Reason]struct {
	// operator: the operator said so, after it had asked the payer.
	operator bool
	message  string
}{
	pay.InsufficientFunds:   {true, messageNoFunds},
	pay.Declined:            {true, "Paiement refuse par le client"},
	pay.WrongPINOrOTP:       {true, "Code secret incorrect"},
	pay.CustomerCanceled:    {true, "Transaction annulee par le client"},
	pay.Expired:             {true, messageTimeout},
	pay.LimitReached:        {true, "Plafond du compte atteint"},
	pay.InvalidPhone:        {false, messageBadPhone},
	pay.AmountTooLow:        {false, "Montant inferieur au minimum autorise"},
	pay.AmountTooHigh:       {false, "Montant superieur au maximum autorise"},
	pay.OperatorUnavailable: {false, messageUnavailable},
	pay.DuplicateReference:  {false, messageDuplicate},
	// The rail refused the gateway's credentials, not the merchant's.
	pay.AuthFailed:    {false, messageUnavailable},
	pay.BadRequest:    {false, messageBadRequest},
	pay.ProviderError: {false, "Erreur technique"},
}
