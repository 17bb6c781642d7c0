package dashboard

// auditTexts are the acts of the audit trail in words, and why some were refused.
var auditTexts = map[string][2]string{
	"refusedAct": {"refusé", "refused"},

	"did.sign_in": {"Connexion", "Signed in"}, "did.sign_in.failed": {"Connexion refusée", "Sign-in refused"}, "did.password.change": {"Mot de passe changé", "Password changed"},
	"did.password.reset":    {"Mot de passe réinitialisé", "Password reset"},
	"did.second_factor.add": {"Application d'authentification activée", "Authenticator enabled"}, "did.second_factor.remove": {"Application d'authentification retirée", "Authenticator removed"},
	"did.user.add": {"Personne invitée", "Person let in"}, "did.user.remove": {"Personne retirée", "Person removed"},
	"did.key.add": {"Clé créée", "Key created"}, "did.key.rotate": {"Clé remplacée", "Key rotated"}, "did.key.revoke": {"Clé révoquée", "Key revoked"},
	"did.webhook.add": {"Adresse de webhook ajoutée", "Webhook endpoint added"}, "did.webhook.enabled": {"Adresse de webhook activée ou désactivée", "Webhook endpoint switched"}, "did.webhook.delete": {"Adresse de webhook retirée", "Webhook endpoint removed"},
	"did.link.add": {"Lien créé", "Link created"}, "did.link.cancel": {"Lien retiré", "Link withdrawn"},
	"did.connection.add": {"Connexion ajoutée", "Connection added"}, "did.connection.change": {"Connexion modifiée", "Connection changed"}, "did.connection.enabled": {"Connexion activée ou désactivée", "Connection switched"}, "did.connection.test": {"Connexion essayée", "Connection tested"},
	"did.route.add": {"Route ajoutée", "Route added"}, "did.route.delete": {"Route retirée", "Route removed"}, "did.route.enabled": {"Route activée ou désactivée", "Route switched"}, "did.route.move": {"Route déplacée", "Route moved"},
	"did.dialect.change": {"Dialecte modifié", "Dialect changed"}, "did.dialect.issue": {"Identifiants émis", "Credentials issued"},
	"did.transaction.check": {"Opération vérifiée", "Transaction checked"}, "did.transaction.cancel": {"Opération annulée", "Transaction canceled"}, "did.transaction.refund": {"Remboursement", "Refund"}, "did.event.resend": {"Événement renvoyé", "Event resent"},
	"did.batch.create": {"Lot demandé", "Batch asked for"}, "did.batch.approve": {"Lot approuvé", "Batch approved"}, "did.batch.reject": {"Lot rejeté", "Batch rejected"},
	"did.payout_limit.set": {"Limite d'approbation fixée", "Approval limit set"}, "did.payout_limit.remove": {"Limite d'approbation retirée", "Approval limit removed"},
	"did.policy.set": {"Règles changées", "Policies changed"}, "did.personal.erase": {"Effacement d'un client demandé", "Erasure of a customer asked for"}, "did.personal.erased": {"Client effacé", "Customer erased"},
	"did.statement.reconcile": {"Relevé rapproché", "Statement reconciled"}, "did.case.resolve": {"Écart résolu", "Difference resolved"}, "did.case.check": {"Écart vérifié", "Difference checked"},

	"refusal.wrong_password": {"mot de passe incorrect", "wrong password"}, "refusal.wrong_code": {"code incorrect", "wrong code"},
}
