package browser_test

import (
	"testing"
)

func TestTheOwnersSettingsAreAccessible(t *testing.T) {
	t.Parallel()
	s := start(t, "0")
	for _, l := range []struct{ tag, keys, everything, made string }{
		{"fr", "Clés d'API", "Tous les droits", "montrée une seule fois"}, {"en", "API keys", "Everything", "shown once"},
	} {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			b := open(t, l.tag, large)
			b.visit(s.url + "/dashboard/sign-in?next=/dashboard/keys")
			b.typeIn("input[name=email]", "demo@passerelle.test")
			b.typeIn("input[name=password]", "demo-password")
			b.press("main button")
			b.says(l.keys, l.everything)
			b.typeIn("input[name=name]", "Caisse "+l.tag)
			b.press("input[value=some]")
			b.press(`input[value="payments:write"]`)
			b.press("form.form button")
			b.says(l.made, "Caisse "+l.tag)
			b.accessible("keys-" + l.tag)
			for _, page := range []string{"dialects", "dialects/mypvit", "routes", "policies", "connections"} {
				b.visit(s.url + "/dashboard/" + page)
				b.accessible("settings-" + l.tag)
			}
			b.press(`a[href^="/dashboard/connections/con_"]`)
			b.accessible("connection-" + l.tag)
			b.visit(s.url + "/dashboard/?period=week")
			b.accessible("overview-" + l.tag)
		})
	}
}
