package dashboard

// confirmTexts are the questions before an act, and what it does.
var confirmTexts = map[string][2]string{
	"sure.do": {"Confirmer", "Confirm"}, "sure.back": {"Revenir", "Go back"},

	"sure.refund":                  {"Rembourser ce paiement\u00a0?", "Refund this payment?"},
	"sure.refund.hint":             {"L'argent repart aussitôt vers le client. Un remboursement lancé ne s'annule pas.", "The money goes back to the customer at once. A refund that is under way can't be undone."},
	"sure.cancel":                  {"Annuler cette opération\u00a0?", "Cancel this transaction?"},
	"sure.cancel.hint":             {"Le client ne pourra plus la payer, et votre programme en sera prévenu.", "The customer can no longer pay it, and your program is told."},
	"sure.link":                    {"Retirer ce lien\u00a0?", "Withdraw this link?"},
	"sure.link.hint":               {"Le lien et son code ne prendront plus d'argent, et le paiement sera annulé.", "The link and its code take no more money, and the payment is canceled."},
	"sure.revoke":                  {"Révoquer cette clé\u00a0?", "Revoke this key?"},
	"sure.revoke.hint":             {"Elle cesse aussitôt de valoir : les programmes qui l'emploient seront refusés. C'est définitif.", "It ends at once: programs that use it are refused. This can't be undone."},
	"sure.rotate":                  {"Remplacer cette clé sans délai\u00a0?", "Rotate this key without an overlap?"},
	"sure.rotate.hint":             {"L'ancienne cesse aussitôt de valoir : les programmes qui l'emploient seront refusés jusqu'à ce qu'ils aient la nouvelle.", "The old one ends at once: programs that use it are refused until they have the new one."},
	"sure.person":                  {"Retirer cette personne\u00a0?", "Remove this person?"},
	"sure.person.hint":             {"Elle est déconnectée aussitôt et ne pourra plus entrer. Ses actes restent dans le journal.", "They are signed out at once and can't come in again. What they did stays in the audit trail."},
	"sure.reissue":                 {"Remplacer ces identifiants\u00a0?", "Replace these credentials?"},
	"sure.reissue.hint":            {"Les anciens cessent aussitôt de valoir : vos programmes seront refusés jusqu'à ce qu'ils aient les nouveaux.", "The old ones end at once: your programs are refused until they have the new ones."},
	"sure.endpoint":                {"Retirer cette adresse\u00a0?", "Remove this endpoint?"},
	"sure.endpoint.hint":           {"Elle ne recevra plus rien, ce qui lui reste dû est abandonné, et son secret de signature est perdu.", "It is told nothing more, what is still owed to it is given up, and its signing secret is lost."},
	"sure.route":                   {"Retirer cette route\u00a0?", "Remove this route?"},
	"sure.route.hint":              {"Les prochaines opérations qu'elle menait suivront la route d'après ou, sans elle, l'ordre des connexions.", "The next transactions that it led take the route after it or, without one, the order of the connections."},
	"sure.disconnect":              {"Désactiver cette connexion\u00a0?", "Disable this connection?"},
	"sure.disconnect.hint":         {"Plus aucune nouvelle opération ne passera par elle ; celles qui sont en cours vont à leur fin.", "No new transaction goes through it; those under way go on to their end."},
	"mode":                         {"Mode", "Mode"},
	"toRefund":                     {"À rembourser", "To refund"},
	"fault.wrong_current_password": {"Le mot de passe actuel est incorrect.", "The current password is wrong."},
}
