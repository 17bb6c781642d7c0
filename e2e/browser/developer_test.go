package browser_test

import "testing"

// trialButton is the n-th trial of an API on the developer's page.
func trialButton(front, n string) string {
	return "#front-" + front + " .trials li:nth-child(" + n + ") button"
}

func TestADeveloperRunsATrialAndSeesItHappen(t *testing.T) {
	t.Parallel()
	for _, l := range []struct{ tag, begin, trial, good, request, answer, empty string }{
		{"fr", "Pour commencer", "Paiement réussi", "Chaque réponse est conforme", "Requête", "Réponse 200 OK", "Rien ne s'est encore passé"},
		{"en", "Getting started", "Payment succeeds", "Each answer is as documented", "Request", "Answer 200 OK", "Nothing has happened yet"},
	} {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			s := start(t, "0")
			b := open(t, l.tag, large)
			b.visit(s.url + "/")
			b.press(`a[href="/sandbox/start?lang=` + l.tag + `"]`)
			b.says(l.begin, l.trial, "demo@passerelle.test", l.empty)
			b.accessible("developer-start-" + l.tag)
			b.press(trialButton("mypvit", "1"))
			b.says(l.good, l.request, l.answer, "DEMOPVITCODE0001/rest", "PENDING", "SUCCESS")
			// The log goes on by itself.
			s.asked("+24174000100")
			b.says("POST /v1/payments", "payment.succeeded", "telephone-1")
			b.looked("developer-trial", language{tag: l.tag})
		})
	}
}

func TestATrialThatFailsAndOneThatIsEditedAreExplained(t *testing.T) {
	t.Parallel()
	for _, l := range []struct{ tag, good, edited string }{
		{"fr", "Chaque réponse est conforme", "Un corps a été modifié"},
		{"en", "Each answer is as documented", "A body was edited"},
	} {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			s := start(t, "0")
			b := open(t, l.tag, small)
			b.visit(s.url + "/sandbox/start")
			b.press(trialButton("native", "2"))
			b.says(l.good, "insufficient_funds", "payment.failed")
			// What is typed behind the JSON breaks it, and the page shows the refusal.
			b.press(`#front-native .trials li:nth-child(1) summary`)
			b.typeIn(`#front-native .trials li:nth-child(1) textarea`, `, oops`)
			b.press(trialButton("native", "1"))
			b.says(l.edited, "400 Bad Request", "application/problem+json")
			b.looked("developer-edited", language{tag: l.tag})
		})
	}
}

func TestTheLogReloadsItselfWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := start(t, "0")
	b := open(t, "fr", large, withoutScript())
	b.visit(s.url + "/sandbox/start")
	b.press(`noscript a, a[href^="/sandbox/start/log"]`)
	b.says("Rien ne s'est encore passé")
	s.asked("+24174000100")
	b.says("POST /v1/payments", "payment.succeeded")
	b.keep("developer-log-fr")
}
