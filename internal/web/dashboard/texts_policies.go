package dashboard

// policyTexts are those of the page about policies and personal data.
var policyTexts = map[string][2]string{
	"nav.policies": {"Règles", "Policies"},
	"policiesHint": {"Elles valent pour tout votre compte, en test comme en réel.", "They hold for your whole account, test and live."},
	"lateTitle":    {"Paiements qui aboutissent trop tard", "Payments that succeed too late"},
	"lateHint": {
		"Il arrive qu'un opérateur encaisse un paiement après que vous l'avez reçu comme échoué, expiré ou annulé. Vous en êtes toujours prévenu, et l'argent est à vous. Avec cette règle, la passerelle rembourse aussitôt au client tout ce qui en reste, une seule fois. Si le solde ne suffit pas, elle réessaie toutes les heures ; si le prestataire ne sait pas rembourser, le paiement vous est signalé.",
		"An operator sometimes takes a payment after you were told that it failed, expired or was canceled. You are always told, and the money is yours. With this policy the gateway gives all that is left of it back to the customer at once, one time only. Where the balance is too low it tries again every hour; where the provider has no way to refund, the payment is flagged for you.",
	},
	"lateOn":        {"Rembourser automatiquement les paiements tardifs", "Refund late payments automatically"},
	"personalTitle": {"Données personnelles", "Personal data"},
	"personalHint": {
		"Après ce délai, compté de la fin d'une opération, tout ce qui concerne le client en est retiré : nom, téléphone, adresse e-mail, adresse, description, métadonnées, échanges avec le prestataire. Les montants, les références, les états et la comptabilité restent. C'est définitif, et un paiement sans numéro ne peut plus être remboursé par un envoi sur le téléphone du client.",
		"After this time, counted from a transaction's end, everything about the customer is taken out of it: name, phone, e-mail, address, description, metadata, exchanges with the provider. Amounts, references, statuses and the books stay. It can't be undone, and a payment without its number can no longer be refunded by sending money to the customer's phone.",
	},
	"personalDays": {"Garder les données personnelles (jours ; vide : sans limite)", "Keep personal data (days; empty: no limit)"},
	"eraseTitle":   {"Effacer un client", "Erase a customer"},
	"eraseHint": {
		"Pour un client qui le demande : ses données sont retirées de toutes vos opérations, en test comme en réel. Ce qui est encore en cours est gardé jusqu'à sa fin, puis effacé par la passerelle dans l'heure. Le journal note l'effacement et le nombre d'opérations, jamais de qui il s'agit. Sur un long historique, cela peut durer quelques minutes.",
		"For a customer who asks for it: their data is taken out of all your transactions, test and live. What is still at work is kept until its end, and erased by the gateway within the hour. The audit trail notes the erasure and the number of transactions, never who it was. On a long history this may take some minutes.",
	},
	"eraseSure": {"Je sais que c'est définitif", "I know that this can't be undone"}, "eraseDo": {"Effacer", "Erase"},
	"erasedCount": {"Opérations effacées :", "Transactions erased:"}, "erasedBatches": {"lots :", "batches:"},
	"erasedOpen":          {"Encore en cours, effacées dans l'heure qui suit leur fin :", "Still at work, erased within an hour of their end:"},
	"fault.sure":          {"Cochez que vous savez que c'est définitif.", "Tick that you know that this can't be undone."},
	"fault.personal_days": {"Le délai est un nombre entier de jours, dix ans au plus.", "The time is a whole number of days, ten years at most."},
	"fault.person":        {"Indiquez un numéro de téléphone ou une adresse e-mail.", "A phone number or an e-mail address is needed."},
}
