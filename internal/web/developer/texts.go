package developer

import (
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/conform"
)

// words are the page's texts.
type words map[string]string

// of is a trial's title.
func (t words) of(trial conform.Trial) string {
	if t["lang"] == "en" {
		return trial.English
	}
	return trial.French
}

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

var french = words{ //nolint:gosec // texts about credentials
	"lang": "fr", "colon": " :", "other": "en", "otherName": "English", "language": "Langue", "title": "Pour commencer",
	"lead":      "Essayez chaque API d'un clic. Tout se passe sur cette machine, avec de l'argent fictif.",
	"addresses": "Adresses", "gateway": "Passerelle", "docs": "Référence de l'API", "dashboard": "Tableau de bord",
	"phones": "Téléphones de test", "checkout": "Page de paiement", "ownCheckout": "chaque paiement apporte la sienne",
	"notices": "Notifications", "inbox": "boîte de réception du bac à sable", "signing": "Secret de signature (API native)",
	"insteadOf": "à la place de", "credentials": "Identifiants de démonstration", "name": "Nom", "value": "Valeur",
	"fronts": "Les API", "trials": "Essais", "run": "Lancer", "edit": "Modifier le corps avant l'envoi",
	"editHelp": "{{…}} est rempli au moment de l'envoi : une référence neuve, ou ce que dit une réponse précédente.",
	"customer": "Le client paie sur la page hébergée", "command": "Une commande à coller", "publishedIn": "Publié dans :",
	"result": "Résultat", "asDocumented": "Chaque réponse est conforme à la documentation.",
	"notAsDocumented": "Une réponse n'est pas celle de la documentation.",
	"editedResult":    "Un corps a été modifié ; les réponses peuvent donc différer de la documentation.",
	"left":            "Étapes qui n'ont pas été jouées :",
	"step":            "Étape", "requestSent": "Requête", "answer": "Réponse", "noAnswer": "pas de réponse", "noBody": "(sans corps)",
	"headers": "En-têtes", "asCurl": "La même avec curl", "tries": "essais :", "problem": "Écart :",
	"log": "Journal en direct", "logLead": "Requêtes reçues par les API, événements des transactions, notifications envoyées ; le plus récent en haut.",
	"logAlone": "Ouvrir le journal, qui se recharge seul", "empty": "Rien ne s'est encore passé. Lancez un essai.",
	"request": "requête", "event": "événement", "notice": "notification", "to": "vers",
	"time": "Heure", "kind": "Nature", "what": "Quoi", "status": "État", "back": "Retour à la page de départ",
	"delivery.pending": "en attente", "delivery.delivered": "remise", "delivery.failed": "abandonnée", "delivery.skipped": "sans destinataire",
	"story": "détails",
}

var english = words{
	"lang": "en", "colon": ":", "other": "fr", "otherName": "Français", "language": "Language", "title": "Getting started",
	"lead":      "Try each API with one click. Everything happens on this machine, with play money.",
	"addresses": "Addresses", "gateway": "Gateway", "docs": "API reference", "dashboard": "Dashboard",
	"phones": "Virtual phones", "checkout": "Hosted checkout", "ownCheckout": "each payment brings its own",
	"notices": "Notifications", "inbox": "the sandbox's inbox", "signing": "Signing secret (native API)",
	"insteadOf": "in place of", "credentials": "Demo credentials", "name": "Name", "value": "Value",
	"fronts": "The APIs", "trials": "Trials", "run": "Run", "edit": "Edit the body before it is sent",
	"editHelp": "{{…}} is filled in when it is sent: a new reference, or what an earlier answer said.",
	"customer": "The customer pays on the hosted page", "command": "A command to paste", "publishedIn": "Published in:",
	"result": "Result", "asDocumented": "Each answer is as documented.",
	"notAsDocumented": "An answer is not the documented one.",
	"editedResult":    "A body was edited, so the answers may differ from the documented ones.",
	"left":            "Steps that were not played:",
	"step":            "Step", "requestSent": "Request", "answer": "Answer", "noAnswer": "no answer", "noBody": "(no body)",
	"headers": "Headers", "asCurl": "The same with curl", "tries": "tries:", "problem": "Difference:",
	"log": "Live log", "logLead": "Requests that the APIs answered, events of transactions, notifications sent; the newest first.",
	"logAlone": "Open the log, which reloads by itself", "empty": "Nothing has happened yet. Run a trial.",
	"request": "request", "event": "event", "notice": "notification", "to": "to",
	"time": "Time", "kind": "Kind", "what": "What", "status": "Status", "back": "Back to the start page",
	"delivery.pending": "pending", "delivery.delivered": "delivered", "delivery.failed": "given up", "delivery.skipped": "no recipient",
	"story": "details",
}
