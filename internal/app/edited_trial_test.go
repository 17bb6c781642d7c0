package app_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

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

// Whoever changes nothing but the white space gets every answer as before, so
// that each trial has to go on to its last step.
func TestEveryEditedTrialGoesToItsEnd(t *testing.T) {
	t.Parallel()
	site := start(t, true)
	_, page := read(t, site+"/sandbox/start?lang=en", nil)
	form := regexp.MustCompile(`(?s)name="front" value="([^"]+)"><input type="hidden" name="trial" value="([^"]+)">.*?</form>`)
	field := regexp.MustCompile(`(?s)<textarea name="([^"]+)"[^>]*>([^<]*)</textarea>`)
	played := 0
	for _, m := range form.FindAllStringSubmatch(page, -1) {
		fields := field.FindAllStringSubmatch(m[0], -1)
		if len(fields) == 0 || !strings.HasPrefix(fields[0][2], "{") {
			continue
		}
		played++
		_, result := read(t, site+"/sandbox/start/run?lang=en", url.Values{"front": {m[1]}, "trial": {m[2]}, fields[0][1]: {html.UnescapeString(fields[0][2]) + " "}})
		if !strings.Contains(result, "A body was edited") || strings.Contains(result, "were not played") || strings.Contains(result, "Difference:") {
			_, problem, _ := strings.Cut(result, "Difference:")
			problem, _, _ = strings.Cut(problem, "</p>")
			t.Errorf("%s %s breaks off: %s", m[1], m[2], problem)
		}
	}
	if played < 10 {
		t.Errorf("only %d trials were played", played)
	}
}
