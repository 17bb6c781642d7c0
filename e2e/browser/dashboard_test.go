package browser_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// deskWords are what the dashboard says in one language.
type deskWords struct {
	tag, home, wrong                            string
	story, tooMuch, refunding, noTarget, nobody string
	duplicate, withdraw, badURL, secret         string
	first, taken, added, differ, intact         string
	probed, available, sum, part, million, sure string
}

var deskLanguages = []deskWords{
	{
		"fr", "Derniers encaissements", "L'adresse ou le mot de passe est incorrect.",
		"Déroulement", "Le montant dépasse ce qui reste.", "Le remboursement est lancé.", "Aucune adresse active ne prend cet événement.", "Aucun résultat.",
		"Cette référence est déjà utilisée.", "Retirer le lien", "Cette adresse ne peut pas être appelée.", "Secret de signature, montré une seule fois",
		"Premier mot de passe, montré une seule fois", "Cette adresse e-mail est déjà utilisée.", "Ajouté.", "Les deux saisies diffèrent.", "La chaîne est intacte.",
		"Le prestataire répond.", "Disponible", "15 000 F CFA", "5 000 F CFA", "1 000 000 F CFA", "Rembourser ce paiement ?",
	},
	{
		"en", "Latest payments", "The address or the password is wrong.",
		"Timeline", "The amount is above what is left.", "The refund is under way.", "No enabled endpoint takes this event.", "No results.",
		"The reference is already used.", "Withdraw the link", "This address can't be called.", "Signing secret, shown once",
		"First password, shown once", "The e-mail address is already used.", "Added.", "The two do not match.", "The chain is intact.",
		"The provider answers.", "Available", "15,000 F CFA", "5,000 F CFA", "1,000,000 F CFA", "Refund this payment?",
	},
}

// signIn opens a page of the dashboard as the demo merchant's owner.
func (b *tab) signIn(s *site, page string) {
	b.Helper()
	b.visit(s.url + "/dashboard/sign-in?next=/dashboard/" + page)
	b.typeIn("input[name=email]", "demo@passerelle.test")
	b.typeIn("input[name=password]", "demo-password")
	b.press("main button")
	b.holds(`document.querySelector("form[action='/dashboard/sign-out']") !== null`)
}

// fill empties a field and types into it.
func (b *tab) fill(field, text string) {
	b.Helper()
	b.holds(fmt.Sprintf(`(document.querySelector(%q).value = "", true)`, field))
	b.typeIn(field, text)
}

// charged makes a payment on a phone by the native API.
func (s *site) charged(reference, lastFour string) payment {
	s.Helper()
	made := s.call("POST", "/v1/payments", fmt.Sprintf(
		`{"reference":%q,"amount":15000,"currency":"XAF","method":{"type":"mobile_money","phone":"+2416600%s"}}`, reference, lastFour))
	return payment{site: s, id: made["id"].(string)}
}

func TestTheDashboardsDoorOpensToThePasswordAlone(t *testing.T) {
	t.Parallel()
	s := start(t, "0")
	for _, l := range deskLanguages {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			b := open(t, l.tag)
			b.visit(s.url + "/dashboard/")
			b.typeIn("input[name=email]", "demo@passerelle.test")
			b.typeIn("input[name=password]", "not-the-password")
			b.press("main button")
			b.says(l.wrong)
			b.accessible("sign-in-" + l.tag)
			b.typeIn("input[name=password]", "demo-password")
			b.press("main button")
			b.says(l.home)
			b.accessible("overview-" + l.tag)
		})
	}
}

func TestAPaymentIsFoundUnderstoodAndRefunded(t *testing.T) {
	t.Parallel()
	for _, l := range deskLanguages {
		for name, setup := range map[string][]chromedp.Action[chromedp.Void]{
			"with script": {large}, "without script": {large, withoutScript()},
		} {
			t.Run(l.tag+" "+name, func(t *testing.T) {
				t.Parallel()
				s := start(t, "0")
				s.charged("refusee", "0001").has("failed")
				s.charged("facture-7", "0120").has("succeeded")
				b := open(t, l.tag, setup...)
				look := b.accessible
				if len(setup) > 1 {
					look = b.keep // axe is a script
				}
				b.signIn(s, "payments")
				b.says("facture-7", "refusee", l.sum)
				look("payments-" + l.tag)
				b.typeIn("form[role=search] input, input[name=reference]", "facture-7")
				b.press("main form button")
				b.holds(`!document.body.innerText.includes("refusee")`)
				b.visit(s.url + "/dashboard/search?q=personne")
				b.says(l.nobody)
				b.visit(s.url + "/dashboard/search?q=facture-7") // which is one, so it is shown
				b.says(l.story, "facture-7", "payment.succeeded", l.sum)
				look("story-" + l.tag)
				b.typeIn("input[name=amount]", "15 001")
				b.press(`form[action$="/refund"] button`)
				b.says(l.tooMuch)
				b.press(`form[action$="/resend"] button`)
				b.says(l.noTarget)
				b.fill("input[name=amount]", "5 000")
				b.press(`form[action$="/refund"] button`)
				b.says(l.sure, l.part)
				look("sure-" + l.tag)
				b.press(`main a`) // on second thoughts
				b.says(l.story)
				b.fill("input[name=amount]", "5 000")
				b.press(`form[action$="/refund"] button`)
				b.press(`button[name=sure]`)
				b.says(l.refunding)
				b.visit(s.url + "/dashboard/refunds")
				b.says(l.part)
				look("refunds-" + l.tag)
			})
		}
	}
}

func TestLinksAreMadeWithACodeToScan(t *testing.T) {
	t.Parallel()
	s := start(t, "0")
	for _, l := range deskLanguages {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			b := open(t, l.tag, large)
			b.signIn(s, "links")
			make := func() {
				b.fill("input[name=reference]", "lien-"+l.tag)
				b.fill("input[name=amount]", "2 500")
				b.press(`form[action="/dashboard/links"] button`)
			}
			make()
			b.says(l.withdraw, "/pay/")
			b.holds(`document.querySelector("main svg") !== null`)
			b.accessible("link-" + l.tag)
			b.visit(s.url + "/dashboard/links")
			make()
			b.says(l.duplicate)
			b.accessible("links-" + l.tag)
		})
	}
}

func TestTheOwnerSetsWhoIsToldAndWhoMayEnter(t *testing.T) {
	t.Parallel()
	for _, l := range deskLanguages {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			s := start(t, "0")
			b := open(t, l.tag, large)
			b.signIn(s, "webhooks")
			b.typeIn("input[name=url]", "http://169.254.169.254/latest")
			b.press(`form[action="/dashboard/webhooks"] button`)
			b.says(l.badURL)
			b.fill("input[name=url]", "http://127.0.0.1:9/hook")
			b.press(`form[action="/dashboard/webhooks"] button`)
			b.says(l.secret, "whsec_")
			b.accessible("webhooks-" + l.tag)

			b.visit(s.url + "/dashboard/team")
			for _, want := range []string{l.first, l.taken} {
				b.fill("input[name=email]", "caisse@example.com")
				b.press(`form[action="/dashboard/team"] button`)
				b.says(want)
			}
			b.accessible("team-" + l.tag)

			b.visit(s.url + "/dashboard/profile")
			b.typeIn("input[name=old]", "demo-password")
			b.typeIn("input[name=new]", "une phrase assez longue")
			b.typeIn("input[name=repeat]", "une autre phrase longue")
			b.press(`form[action="/dashboard/profile"] button`)
			b.says(l.differ)
			b.accessible("profile-" + l.tag)

			b.visit(s.url + "/dashboard/audit?check=1")
			b.says(l.intact, "caisse@example.com")
			b.accessible("audit-" + l.tag)
		})
	}
}

func TestRoutesConnectionsAndBalancesAreAtHand(t *testing.T) {
	t.Parallel()
	for _, l := range deskLanguages {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			s := start(t, "0")
			b := open(t, l.tag, large)
			b.signIn(s, "routes")
			b.press(`form[action="/dashboard/routes"] button`)
			b.says(l.added)
			b.visit(s.url + "/dashboard/connections")
			b.press(`form[action$="/test"] button`)
			b.says(l.probed)
			b.accessible("connections-" + l.tag)
			b.visit(s.url + "/dashboard/balances")
			b.says(l.available, l.million)
			b.accessible("balances-" + l.tag)
		})
	}
}
