package dashboard

// settingsTexts are those of the pages about keys, connections, routes and
// dialects.
var settingsTexts = map[string][2]string{
	"keyName": {"Nom (facultatif)", "Name (optional)"}, "scopes": {"Droits", "Scopes"}, "scopesAll": {"Tous les droits", "Everything"},
	"scopesSome":   {"Seulement ceux-ci :", "Only these:"},
	"fault.scopes": {"Cochez au moins un droit, ou donnez-les tous.", "Tick at least one scope, or choose everything."},
	"fault.name":   {"Ce nom ne convient pas : 100 caractères au plus.", "The name will not do: at most 100 characters."},

	"scope.payments:read": {"Voir les encaissements", "See payments"}, "scope.payments:write": {"Encaisser", "Take payments"},
	"scope.links:read": {"Voir les liens de paiement", "See payment links"}, "scope.links:write": {"Créer des liens de paiement", "Make payment links"},
	"scope.payouts:read": {"Voir les décaissements", "See payouts"}, "scope.payouts:write": {"Décaisser", "Pay out"},
	"scope.refunds:read": {"Voir les remboursements", "See refunds"}, "scope.refunds:write": {"Rembourser", "Refund"},
	"scope.ledger:read": {"Voir les soldes et les écritures", "See balances and postings"}, "scope.events:read": {"Voir les événements", "See events"},
	"scope.accounts:read": {"Chercher le titulaire d'un compte", "Look up an account's holder"},
	"scope.webhooks:read": {"Voir les webhooks", "See webhooks"}, "scope.webhooks:write": {"Gérer les webhooks", "Manage webhooks"},
	"scope.connections:read":  {"Voir les connexions, les routes et les frais", "See connections, routes and fees"},
	"scope.connections:write": {"Gérer les connexions, les routes et les frais", "Manage connections, routes and fees"},

	"edit": {"Modifier", "Edit"}, "up": {"Monter", "Move up"}, "down": {"Descendre", "Move down"},
	"keepHint":    {"Écrit et jamais montré ; vide : inchangé", "Written and never shown; empty: unchanged"},
	"editedHint":  {"Les nouveaux identifiants servent dès l'appel suivant. Essayez-les avec le bouton « Tester ».", "The new credentials are used from the next call on. Try them with the button “Test”."},
	"done.edited": {"Enregistré. Essayez maintenant la connexion.", "Saved. Now test the connection."},

	"nav.dialects": {"Dialectes", "Dialects"},
	"dialectsHint": {"Les API des prestataires, telles que cette passerelle les parle à vos programmes. Chaque dialecte a ses propres identifiants et ses options.", "The providers' APIs as this gateway speaks them to your programs. Each dialect has its own credentials and options."},
	"baseAddress":  {"Adresse de base", "Base address"}, "notSetUp": {"Pas encore d'identifiants", "No credentials yet"}, "setUp": {"Identifiants émis", "Credentials issued"},
	"issue": {"Émettre des identifiants", "Issue credentials"}, "reissue": {"Remplacer les identifiants", "Replace the credentials"},
	"reissueHint": {"Les anciens cessent aussitôt de valoir. Les options et les adresses restent.", "The old ones end at once. Options and addresses stay."},
	"issuedOnce":  {"Les nouveaux identifiants, montrés une seule fois :", "The new credentials, shown once:"},
	"options":     {"Options", "Options"}, "default": {"par défaut", "default"},
	"callbackURL": {"Adresse des notifications", "Address for notifications"}, "returnURL": {"Adresse de retour des navigateurs", "Return address of browsers"},
	"fault.not_issued": {"Émettez d'abord des identifiants.", "Issue credentials first."}, "fault.demo": {"Les identifiants de démonstration sont publiés et ne changent pas.", "The demo credentials are published and do not change."},
	"demoKeeps": {"Les identifiants du marchand de démonstration sont publiés et ne changent pas.", "The demo merchant's credentials are published and do not change."},

	"goLive":           {"Avant la production", "Before going live"},
	"goLiveHint":       {"Le prestataire veut voir ces paiements d'essai, chacun avec une réponse conforme de votre serveur à sa notification : le même transactionId, et le code reçu.", "The provider wants to see these test payments, each with a conforming answer of your server to its notification: the same transactionId, and the code received."},
	"goLive.succeeded": {"paiements réussis", "payments that succeeded"}, "goLive.failed": {"paiements non aboutis", "payments that did not succeed"},
	"goLiveSpoiled":   {"notifications sans réponse conforme ; l'histoire de chaque paiement dit laquelle.", "notifications without a conforming answer; each payment's story says which."},
	"goLiveSpoiled.1": {"notification sans réponse conforme ; l'histoire de chaque paiement dit laquelle.", "notification without a conforming answer; each payment's story says which."},
	"verdict.valid":   {"réponse conforme", "conforming answer"}, "verdict.wrong": {"réponse non conforme", "answer that does not conform"}, "verdict.missing": {"réponse sans le contenu attendu", "answer without the expected content"},

	"activity": {"Activité", "Activity"}, "period.day": {"24 heures", "24 hours"}, "period.week": {"7 jours", "7 days"}, "period.month": {"30 jours", "30 days"},
	"volume": {"Volume encaissé", "Volume taken"}, "paymentsCount": {"encaissements", "payments"}, "paymentsCount.1": {"encaissement", "payment"}, "rate": {"Taux de réussite", "Success rate"},
	"succeededCount": {"réussis", "succeeded"}, "succeededCount.1": {"réussi", "succeeded"}, "failedCount": {"non aboutis", "did not succeed"}, "failedCount.1": {"non abouti", "did not succeed"}, "approval": {"Délai d'approbation", "Time to approve"},
	"asTable":    {"Les mêmes chiffres en tableau", "The same figures as a table"},
	"chartsHint": {"Encaissements terminés dans la période, par heure de fin (UTC) ; les deux dernières minutes n'y sont pas encore. Le délai va de la création à l'approbation.", "Payments that ended in the period, by the hour in which they did (UTC); the last two minutes are not in yet. The time is from creation to approval."},
}
