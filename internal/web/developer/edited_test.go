package developer

import (
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/conform"
)

func TestOfAnAnswerToAnEditedBodyOnlyTheNextStepsNeedsCount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ published, want string }{
		{`{"id": "<capture:id:pay_[0-9a-z]+>", "amount": 1500, "method": {"type": "card"}}`, `{"...":"...","id":"<capture:id:pay_[0-9a-z]+>"}`},
		{`{"data": [{"lot": "<capture:lot>"}, 2], "n": 1}`, `{"...":"...","data":[{"...":"...","lot":"<capture:lot>"},"<any>"]}`},
		{`{"status": "ok & done"}`, "<any>"},
		{"<any>", "<any>"},
		{"^OK$\n(?P<ref>[0-9]+)", "(?P<ref>[0-9]+)"},
		{"^OK$", "<any>"},
	} {
		if got := capturesOf(c.published); got != c.want {
			t.Errorf("%s becomes %s, want %s", c.published, got, c.want)
		}
	}
}

func TestACardThatWasTypedDoesNotComeBackAndOneThatWasPublishedDoes(t *testing.T) {
	t.Parallel()
	s := conform.Step{Header: []conform.Header{{Name: "content-type", Value: "application/json"}}}
	const published = `{"amount": 1, "number": "4242 4242 4242 4242", "cvv": "123"}`
	if edited := strings.Replace(published, ": 1,", ": 2,", 1); shownBody(s, published, edited) != edited {
		t.Errorf("an edit beside the published card is shown as %s", shownBody(s, published, edited))
	}
	own := strings.NewReplacer("4242 4242 4242 4242", "5555 5555 5555 4444", "123", "987").Replace(published)
	if got := shownBody(s, published, own); strings.Contains(got, "5555 5555") || strings.Contains(got, "987") {
		t.Errorf("a card of one's own is shown: %s", got)
	}
}
