package conform

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// What a whole body may be, beside JSON and a list of expressions.
const (
	wantAny   = "<any>"
	wantEmpty = "<empty>"
)

// openKey in an object allows keys that are not named.
const openKey = "..."

func isJSON(text string) bool { return text != "" && strings.ContainsAny(text[:1], `{["`) }

// decode reads one JSON value and keeps numbers as they are written.
func decode(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON value")
	}
	return v, nil
}

var matcherForm = regexp.MustCompile(`(?s)^<([a-z]+)(?::(.*))?>$`)

// checkMatchers refuses a matcher that no answer could be held to.
func checkMatchers(want any) error {
	switch w := want.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(w)) {
			if err := checkMatchers(w[key]); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	case []any:
		for _, item := range w {
			if err := checkMatchers(item); err != nil {
				return err
			}
		}
	case string:
		match := matcherForm.FindStringSubmatch(w)
		if match == nil {
			return nil
		}
		switch match[1] {
		case "any", "string", "number", "bool":
			return nil
		case "regex":
			_, err := regexp.Compile(match[2])
			return err
		case "capture", "same":
			name, form, _ := strings.Cut(match[2], ":")
			if name == "" {
				return fmt.Errorf("%s has no name", w)
			}
			_, err := regexp.Compile(form)
			return err
		}
		return fmt.Errorf("%s is no matcher", w)
	}
	return nil
}

// matching compares one answer, and keeps what it captures.
type matching struct {
	kept map[string]string
	// wrong are the differences found, each with its place.
	wrong []string
}

func (m *matching) differ(at, format string, args ...any) {
	if at == "" {
		at = "the body"
	}
	m.wrong = append(m.wrong, at+" "+fmt.Sprintf(format, args...))
}

func (m *matching) value(at string, want, got any) {
	switch w := want.(type) {
	case map[string]any:
		m.object(at, w, got)
	case []any:
		m.list(at, w, got)
	case string:
		m.text(at, w, got)
	case json.Number:
		if n, ok := got.(json.Number); !ok || !equalNumbers(w, n) {
			m.differ(at, "is %s, want the number %s", show(got), w)
		}
	default: // true, false, null
		if want != got {
			m.differ(at, "is %s, want %s", show(got), show(want))
		}
	}
}

// equalNumbers compares by value: 200.0 is 200, as JSON has one kind of number.
func equalNumbers(a, b json.Number) bool {
	x, okX := new(big.Rat).SetString(a.String())
	y, okY := new(big.Rat).SetString(b.String())
	return okX && okY && x.Cmp(y) == 0
}

func (m *matching) object(at string, want map[string]any, got any) {
	fields, ok := got.(map[string]any)
	if !ok {
		m.differ(at, "is %s, want an object", show(got))
		return
	}
	_, open := want[openKey]
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if key == openKey {
			continue
		}
		if value, there := fields[key]; there {
			m.value(within(at, key), want[key], value)
		} else {
			m.differ(within(at, key), "is missing")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if _, known := want[key]; !known && !open {
			m.differ(within(at, key), "is not in the document, and is %s", show(fields[key]))
		}
	}
}

func within(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func (m *matching) list(at string, want []any, got any) {
	items, ok := got.([]any)
	if !ok {
		m.differ(at, "is %s, want a list", show(got))
		return
	}
	if len(items) != len(want) {
		m.differ(at, "has %d items, want %d", len(items), len(want))
		return
	}
	for i := range want {
		m.value(fmt.Sprintf("%s[%d]", at, i), want[i], items[i])
	}
}

func (m *matching) text(at, want string, got any) {
	text, isText := got.(string)
	number, isNumber := got.(json.Number)
	match := matcherForm.FindStringSubmatch(want)
	if match == nil {
		if !isText || text != want {
			m.differ(at, "is %s, want %s", show(got), show(want))
		}
		return
	}
	right := false
	switch name, form, formed := strings.Cut(match[2], ":"); match[1] {
	case "any":
		right = true
	case "string":
		right = isText && text != ""
	case "number":
		right = isNumber
	case "bool":
		_, right = got.(bool)
	case "regex":
		right = isText && whole(match[2], text)
	case "capture":
		if isNumber {
			text = number.String()
		}
		var kept string
		if kept, right = keep(form, formed, text); right {
			m.kept[captured(name)] = kept
		}
	case "same":
		right = isText && m.kept[captured(name)] == text
	}
	if !right {
		m.differ(at, "is %s, want %s", show(got), want)
	}
}

// captured is a kept value's name in placeholders.
func captured(name string) string { return "capture:" + name }

func whole(form, text string) bool {
	re, err := regexp.Compile("^(?:" + form + ")$")
	return err == nil && re.MatchString(text)
}

// keep returns what a capture keeps of a text that has the form: its first
// group, or all of it.
func keep(form string, formed bool, text string) (string, bool) {
	if !formed {
		return text, text != ""
	}
	re, err := regexp.Compile("^(?:" + form + ")$")
	if err != nil {
		return "", false
	}
	groups := re.FindStringSubmatch(text)
	if len(groups) > 1 {
		return groups[1], true
	}
	return text, groups != nil
}

// lines holds a body that is no JSON to expressions that it must contain.
func (m *matching) lines(want, got string) {
	for line := range strings.Lines(want) {
		line = strings.TrimSpace(line)
		if line != "" && !m.found(regexp.MustCompile(line), got) {
			m.differ("", "has nothing that matches %s", line)
		}
	}
}

// found keeps the named groups of an expression that matches.
func (m *matching) found(re *regexp.Regexp, text string) bool {
	groups := re.FindStringSubmatch(text)
	for i, name := range re.SubexpNames() {
		if groups != nil && name != "" {
			m.kept[captured(name)] = groups[i]
		}
	}
	return groups != nil
}

// maxShown bounds what a difference quotes of an answer.
const maxShown = 160

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return cut(string(b))
}

func cut(text string) string {
	if r := []rune(text); len(r) > maxShown {
		return string(r[:maxShown]) + "…"
	}
	return text
}
