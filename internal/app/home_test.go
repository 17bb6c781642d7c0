package app_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestTheHomePageSpeaksBothLanguagesAndLeadsOn(t *testing.T) {
	t.Parallel()
	for _, demo := range []bool{true, false} {
		site := start(t, demo)
		_, page := read(t, site+"/", nil)
		for _, want := range []string{"Une passerelle de paiement", "A payment gateway", `<html lang="fr">`, `<p lang="en">`} {
			if !strings.Contains(page, want) {
				t.Errorf("demo %v: the page lacks %q", demo, want)
			}
		}
		// Every address is there: "/dashboard" leads to its door.
		for _, m := range regexp.MustCompile(`href="(/[^"]+)"`).FindAllStringSubmatch(page, -1) {
			if resp, _ := read(t, site+m[1], nil); resp.StatusCode != http.StatusOK {
				t.Errorf("demo %v: %s answers %d", demo, m[1], resp.StatusCode)
			}
		}
		if !strings.Contains(page, `href="/dashboard"`) {
			t.Errorf("demo %v: the page does not lead to the dashboard", demo)
		}
	}
}

// A browser asks for /favicon.ico where a page names no icon, and logs that
// there is none.
func TestEveryPageNamesAnIconThatIsThere(t *testing.T) {
	t.Parallel()
	site := start(t, true)
	icon := regexp.MustCompile(`<link rel="icon" href="([^"]+)">`)
	for _, path := range []string{"/", "/sandbox", "/sandbox/return", "/sandbox/start", "/sandbox/start/log", "/dashboard/sign-in", "/pay/nowhere"} {
		_, page := read(t, site+path, nil)
		m := icon.FindStringSubmatch(page)
		if m == nil {
			t.Errorf("%s names no icon", path)
			continue
		}
		if resp, _ := read(t, site+m[1], nil); resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s: its icon answers %d %s", path, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
	}
}
