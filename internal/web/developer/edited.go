package developer

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/conform"
	"github.com/passerelle-pay/passerelle/internal/outbound"
)

// anything is a body that every answer has.
const anything = "<any>"

// onward is a vector that goes on behind an edited body. A published answer
// speaks of the published body, so that from the first edited one on, of an
// answer only its status counts and what later steps take from it. A step that
// waits for the outcome waits for the published one all the same.
func onward(v conform.Vector, edited map[int]string) conform.Vector {
	if len(edited) == 0 {
		return v
	}
	v.Steps = slices.Clone(v.Steps)
	for i := slices.Min(slices.Collect(maps.Keys(edited))); i < len(v.Steps); i++ {
		if s := &v.Steps[i]; s.Want.Within == 0 && !s.ByCustomer() {
			s.Want.Header = slices.DeleteFunc(slices.Clone(s.Want.Header), func(h conform.Header) bool { return !namedGroup.MatchString(h.Value) })
			s.Want.Body = capturesOf(s.Want.Body)
		}
	}
	return v
}

var namedGroup = regexp.MustCompile(`\(\?P?<`)

// capturesOf is a published body without all that later steps do not need.
func capturesOf(body string) string {
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	var want any
	if err := decoder.Decode(&want); err != nil { // lines of expressions
		lines := slices.DeleteFunc(strings.Split(body, "\n"), func(line string) bool { return !namedGroup.MatchString(line) })
		if len(lines) == 0 {
			return anything
		}
		return strings.Join(lines, "\n")
	}
	kept, some := captures(want)
	if !some {
		return anything
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // a placeholder is filled in by its text
	if err := encoder.Encode(kept); err != nil {
		return body
	}
	return strings.TrimSpace(text.String())
}

func captures(want any) (kept any, some bool) {
	switch want := want.(type) {
	case map[string]any:
		fields := map[string]any{"...": "..."}
		for name, value := range want {
			if kept, ok := captures(value); ok {
				fields[name], some = kept, true
			}
		}
		return fields, some
	case []any:
		items := make([]any, len(want))
		for i, value := range want {
			items[i] = anything
			if kept, ok := captures(value); ok {
				items[i], some = kept, true
			}
		}
		return items, some
	case string:
		return want, strings.HasPrefix(want, "<capture:")
	}
	return nil, false
}

// cardNumber is what may be one in a published body.
var cardNumber = regexp.MustCompile(`\d[\d -]{10,}\d`)

// shownBody is an edited body as the page shows it again: a card that a
// developer typed does not stand there, those that were published do.
func shownBody(s conform.Step, published, edited string) string {
	typed := edited
	for _, card := range cardNumber.FindAllString(published, -1) {
		typed = strings.ReplaceAll(typed, card, "")
	}
	if outbound.MaskCards(typed) == typed {
		return edited
	}
	contentType := ""
	for _, h := range s.Header {
		if strings.EqualFold(h.Name, "Content-Type") {
			contentType = h.Value
		}
	}
	return outbound.Redact(contentType, []byte(edited))
}
