package app_test

import (
	"net/http"
	"net/url"
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

func TestAnEditedTrialGoesOnAndItsBodyStays(t *testing.T) {
	t.Parallel()
	site := start(t, true)
	const body = `{"reference": "{{unique}}", "amount": 2500, "currency": "XAF", "method": {"type": "mobile_money", "phone": "+24174000100"}}`
	_, page := read(t, site+"/sandbox/start/run?lang=en", url.Values{"front": {"native"}, "trial": {"1_payment.txt"}, "body-0": {body}})
	for _, want := range []string{"A body was edited", "Step 2", "200 OK", `&#34;status&#34;: &#34;succeeded&#34;`} {
		if !strings.Contains(page, want) {
			t.Errorf("the result lacks %q", want)
		}
	}
	area := regexp.MustCompile(`(?s)<textarea[^>]*>([^<]*2500[^<]*)</textarea>`).FindStringSubmatch(page)
	if area == nil || !strings.Contains(page, "<details open>") || strings.Count(page, "<details open>") != 1 {
		t.Errorf("the edit is lost: %v", area)
	}
	// What the gateway refuses ends it, and is shown.
	_, page = read(t, site+"/sandbox/start/run?lang=en", url.Values{"front": {"native"}, "trial": {"1_payment.txt"}, "body-0": {"oops"}})
	if !strings.Contains(page, "400 Bad Request") || !strings.Contains(page, "were not played: 1") || !strings.Contains(page, ">oops</textarea>") {
		t.Errorf("the refusal of an edited body is not shown: %.2000s", page)
	}
}
