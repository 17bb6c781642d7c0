package conform

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

var placeholderForm = regexp.MustCompile(`\{\{([a-z0-9_]+(?::[a-z0-9_]+)?)\}\}`)

// escape writes a value as its place in a request asks.
type escape func(string) string

func asIs(text string) string { return text }

func asJSON(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string always encodes
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}

// script is what the placeholders of one vector stand for.
type script map[string]string

// fill puts values in place of placeholders.
func (s script) fill(text string, as escape) (string, error) {
	var missing []string
	filled := placeholderForm.ReplaceAllStringFunc(text, func(found string) string {
		name := found[2 : len(found)-2]
		if _, known := s[name]; !known && strings.HasPrefix(name, "unique") {
			s[name] = unique()
		}
		value, known := s[name]
		if !known {
			missing = append(missing, name)
		}
		return as(value)
	})
	if missing != nil {
		return "", fmt.Errorf("nothing is known to stand for %s", strings.Join(missing, ", "))
	}
	return filled, nil
}

// uniqueLength is the longest reference that every provider takes.
const uniqueLength = 15

// unique makes a reference of letters and digits.
func unique() string { return "REF" + rand.Text()[:uniqueLength-len("REF")] }

// bodyEscape chooses by the request's type, as a client's library would.
func bodyEscape(contentType, body string) escape {
	switch {
	case strings.HasPrefix(contentType, "application/x-www-form-urlencoded"):
		return url.QueryEscape
	case isJSON(body):
		return asJSON
	}
	return asIs
}

// fillTarget escapes values and, in a printed address, what a request line can't
// carry: its spaces and line breaks.
func (s script) fillTarget(target string) (string, error) {
	if !strings.HasPrefix(target, "/") { // a whole address, such as an answer names
		return s.fill(target, asIs)
	}
	target, err := s.fill(target, url.QueryEscape)
	return strings.NewReplacer("\n", "%0A", " ", "%20").Replace(target), err
}

// minHidden spares texts so short that they would be found by chance.
const minHidden = 8

// hide puts the names of credentials and captured tokens in place of their
// values, so that a report can be shown around.
func (s script) hide(text string) string {
	for name, value := range s {
		if len(value) >= minHidden && !strings.HasPrefix(name, "unique") && !strings.HasSuffix(name, "_url") {
			text = strings.ReplaceAll(text, value, "{{"+name+"}}")
		}
	}
	return text
}
