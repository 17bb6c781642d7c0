package dashboard

import (
	"testing"

	"github.com/passerelle-pay/passerelle/provider"
)

func TestNumbersHaveTheirNouns(t *testing.T) {
	fr, en := frame{T: french, Lang: "fr"}, frame{T: english, Lang: "en"}
	for _, c := range []struct{ got, want string }{
		{fr.Count(0, "attempts"), "0 essai"},
		{fr.Count(1, "attempts"), "1 essai"},
		{fr.Count(int64(2), "attempts"), "2 essais"},
		{en.Count(0, "attempts"), "0 tries"},
		{en.Count(int64(1), "attempts"), "1 try"},
		{en.Count(2, "attempts"), "2 tries"},
		{fr.Count(1, "paymentsCount"), "1 encaissement"},
		{en.Count(1, "paymentsCount"), "1 payment"},
		{fr.Count(1, "goLiveSpoiled")[:15], "1 notification "},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestAlertsAreTranslatedWhereTheyAreKnown(t *testing.T) {
	fr, en := frame{T: french, Lang: "fr"}, frame{T: english, Lang: "en"}
	const both = "the provider reports another reference; something new; it succeeded late and can't be given back automatically"
	if got := fr.Alert(both); got != "le prestataire parle d'une autre référence ; something new ; il a réussi trop tard et ne peut pas être rendu automatiquement" {
		t.Errorf("%q", got)
	}
	if got := en.Alert(both); got != both {
		t.Errorf("%q", got)
	}
}

func TestActsOfTheTrailHaveWords(t *testing.T) {
	fr, en := frame{T: french, Lang: "fr"}, frame{T: english, Lang: "en"}
	for _, c := range []struct{ got, want string }{
		{fr.Did("sign_in.failed"), "Connexion refusée"},
		{en.Did("sign_in.failed"), "Sign-in refused"},
		{fr.Did("batch.approve.refused"), "Lot approuvé (refusé)"},
		{fr.Did("unheard.of"), "unheard.of"},
		{fr.Detail("sign_in.failed", "wrong_password"), "mot de passe incorrect"},
		{en.Detail("sign_in.failed", "wrong_code"), "wrong code"},
		{fr.Detail("transaction.refund.refused", "amount_too_high"), "Le montant dépasse ce qui reste."},
		{fr.Detail("transaction.refund", "amount_too_high"), "amount_too_high"},
		{fr.Detail("x.refused", "unheard_of"), "unheard_of"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestFieldsOfProvidersHaveFrenchNames(t *testing.T) {
	fr, en := frame{T: french, Lang: "fr"}, frame{T: english, Lang: "en"}
	for label, want := range map[string]string{
		"API key": "Clé d'API", "URL code of link": "Code URL de link", "URL code of redirection after failure": "Code URL de redirection après un échec",
		"Card API address, such as https://card.example": "Adresse de l'API carte, par exemple https://card.example",
		"Body: form or json":                             "Body: form or json",
	} {
		if got := fr.Label(provider.Field{Label: label}); got != want {
			t.Errorf("%q is called %q, want %q", label, got, want)
		}
		if got := en.Label(provider.Field{Label: label}); got != label {
			t.Errorf("%q is called %q in English", label, got)
		}
	}
}

func TestATitleBeginsWithThePagesHeading(t *testing.T) {
	page := "<title>Passerelle · Awa</title>\n<h1>15\u00a0000 &lt;F&gt;\n<span class=\"tag\">Réussi</span></h1><svg><title>x</title></svg>"
	want := "<title>15 000 &lt;F&gt; Réussi · Passerelle · Awa</title>"
	if got := string(titled([]byte(page)))[:len(want)]; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := string(titled([]byte("<title>x</title>"))); got != "<title>x</title>" {
		t.Errorf("%q", got)
	}
}

func TestLinesAreCountedOnce(t *testing.T) {
	p := previewPage{Faults: []faultLine{{Line: 2, Column: "amount"}, {Line: 2, Column: "phone"}, {Line: 7}, {Line: 0}}}
	if n := p.BadLines(); n != 3 {
		t.Errorf("%d lines are to be mended, want two and the file as a whole", n)
	}
}
