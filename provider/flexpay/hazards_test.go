package flexpay

import (
	"net/http"
	"slices"
	"testing"

	"github.com/passerelle-pay/passerelle/provider"
)

// hazard gives one by its name.
func hazard(t *testing.T, name string) provider.Hazard {
	t.Helper()
	list := hazards()
	i := slices.IndexFunc(list, func(h provider.Hazard) bool { return h.Name == name })
	if i < 0 {
		t.Fatalf("there is no hazard %s", name)
	}
	return list[i]
}

func struck(h provider.Hazard, nth int, was string) *provider.Reply {
	r := &provider.Reply{Nth: nth, Status: 200, Header: http.Header{"Content-Type": {mediaJSON}}, Body: []byte(was)}
	h.Answer(r)
	return r
}

func TestTheHazardHTMLInitIsAPageAndARedirectByTurns(t *testing.T) {
	const page = "https://sandbox.example.test/checkout/" + orderNumber
	h := hazard(t, "html_init")
	for range 2 {
		if r := struck(h, 1, read(t, "card_v1.json")); r.Status != 200 || pageAddress(r.Body, []string{"sandbox.example.test"}) != page {
			t.Errorf("HTTP %d %s", r.Status, r.Body)
		}
		if r := struck(h, 1, read(t, "card_refused.json")); r.Status != 200 || string(r.Body) != read(t, "card_refused.json") {
			t.Errorf("a refusal: HTTP %d %s", r.Status, r.Body)
		}
		if r := struck(h, 1, read(t, "card_v1.json")); r.Status != 302 || r.Header.Get("Location") != page {
			t.Errorf("HTTP %d %v", r.Status, r.Header)
		}
	}
}

func TestTheHazardStatusExtendedTellsTheTruthInOtherWords(t *testing.T) {
	h := hazard(t, "status_extended")
	for _, tt := range []struct {
		nth       int
		was, want string
	}{{1, `"1"`, `"2"`}, {2, `"1"`, `"2"`}, {1, `"0"`, `"3"`}, {2, `"0"`, `"4"`}, {1, `"5"`, `"5"`}} {
		var a checkAnswer
		if err := decode(struck(h, tt.nth, checkedAs(tt.was)).Body, &a); err != nil || `"`+a.Transaction.Status.String()+`"` != tt.want {
			t.Errorf("%s, %d: %+v, %v", tt.was, tt.nth, a, err)
		}
	}
}
