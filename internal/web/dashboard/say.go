package dashboard

import (
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// What templates say of values that others wrote in English, or that are codes.

// Count is a number with its noun: Count 1 "attempts" is "1 essai". The noun of
// one has the key with .1; French counts none as one.
func (f frame) Count(n any, noun string) string {
	number := fmt.Sprint(n)
	if number == "1" || number == "0" && f.Lang == "fr" {
		noun += ".1"
	}
	return number + " " + f.T[noun]
}

// Country is a country's name.
func (f frame) Country(code string) string { return phone.CountryName(code, f.Lang) }

// Did is an act of the audit trail in words.
func (f frame) Did(action string) string {
	act, refused := strings.CutSuffix(action, refusedAct)
	if refused {
		return f.Word("did.", act) + " (" + f.T["refusedAct"] + ")"
	}
	return f.Word("did.", act)
}

// Detail is what the trail says besides: where an act was refused, it is the
// code of why.
func (f frame) Detail(action, detail string) string {
	if !strings.HasSuffix(action, refusedAct) && !strings.HasSuffix(action, ".failed") {
		return detail
	}
	for _, key := range []string{"refusal." + detail, "fault." + detail} {
		if text, ok := f.T[key]; ok {
			return text
		}
	}
	return detail
}

// Why is why a transaction failed. Whose balance was too low depends on its kind.
func (f frame) Why(t pay.Transaction) string {
	if text, ok := f.T["why."+string(t.Kind)+"."+string(t.Failure.Reason)]; ok {
		return text
	}
	return f.Word("why.", t.Failure.Reason)
}

// alertGlue stands between alerts of one transaction.
const alertGlue = "; "

// Alert is why a transaction needs a person. The gateway writes a fixed set of
// texts in English, several of them one after the other.
func (f frame) Alert(text string) string {
	if f.Lang == "en" {
		return text
	}
	parts := strings.Split(text, alertGlue)
	for i, part := range parts {
		if french, ok := frenchAlerts[part]; ok {
			parts[i] = french
		}
	}
	return strings.Join(parts, " ; ")
}

var frenchAlerts = map[string]string{
	"the provider reports another reference":                             "le prestataire parle d'une autre référence",
	"the provider reports another amount or currency":                    "le prestataire annonce un autre montant ou une autre devise",
	"a second attempt succeeded as well: one of them must be given back": "une deuxième tentative a réussi aussi : l'une des deux est à rendre",
	"the provider now denies the success it reported":                    "le prestataire dément maintenant la réussite qu'il avait annoncée",
	"it succeeded late and can't be given back automatically":            "il a réussi trop tard et ne peut pas être rendu automatiquement",
}

// Label is the name of a provider's field. Descriptors have it in English; what
// is not known here stays so.
func (f frame) Label(field provider.Field) string {
	if f.Lang == "en" {
		return field.Label
	}
	if text, ok := frenchLabels[field.Label]; ok {
		return text
	}
	if head, example, ok := strings.Cut(field.Label, ", such as "); ok && frenchLabels[head] != "" {
		return frenchLabels[head] + ", par exemple " + example
	}
	if code, ok := strings.CutPrefix(field.Label, "URL code of "); ok {
		return "Code URL de " + code
	}
	return field.Label
}

var frenchLabels = map[string]string{ //nolint:gosec // texts about credentials
	"API key": "Clé d'API", "Key": "Clé", "Secret key": "Clé secrète", "Secret key (signs notifications)": "Clé secrète (signe les notifications)",
	"Site": "Site", "Site id": "Identifiant du site", "Merchant code": "Code marchand", "Login (e-mail)": "Identifiant (adresse e-mail)", "Password": "Mot de passe",
	"Token (with or without Bearer)": "Jeton (avec ou sans Bearer)", "Keypass (for cards)": "Keypass (pour les cartes)",
	"Transfer API password": "Mot de passe de l'API de transfert", "Currency of the transfer account": "Devise du compte de transfert",
	"API address": "Adresse de l'API", "Checkout API address": "Adresse de l'API de paiement", "Transfer API address": "Adresse de l'API de transfert",
	"Card API address": "Adresse de l'API carte", "Mobile money API address": "Adresse de l'API mobile money", "Card form address": "Adresse du formulaire de carte",
	"Check API address (that of mobile money when empty)":             "Adresse de l'API de vérification (vide : celle du mobile money)",
	"Address of the payment calls (below the API address when empty)": "Adresse des appels de paiement (vide : sous l'adresse de l'API)",
	"Secret API key (sprod_… or stest_…)":                             "Clé d'API secrète (sprod_… ou stest_…)",
	"Public API key (pprod_… or ptest_…), needed for cards":           "Clé d'API publique (pprod_… ou ptest_…), nécessaire pour les cartes",
	"Callback secret (the secret API key when empty)":                 "Secret des notifications (vide : la clé d'API secrète)",
	"URL code (of rest, and of all operations without their own)":     "Code URL (de rest, et de toute opération sans code à elle)",
	"URL code of secret reception":                                    "Code URL de réception du secret",
	"URL code of redirection after success":                           "Code URL de redirection après une réussite",
	"URL code of redirection after failure":                           "Code URL de redirection après un échec",
	"Operation account (ACC_…)":                                       "Compte d'opération (ACC_…)", "Renewal password": "Mot de passe de renouvellement", "API version (5.5 or 2)": "Version de l'API (5.5 ou 2)",
	"Least amount with version 2": "Montant minimal avec la version 2", "Addresses that callbacks come from (all when empty)": "Adresses d'où viennent les notifications (vide : toutes)",
}
