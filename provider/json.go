package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrAmbiguousJSON says that two readers could take a JSON text for different
// things.
var ErrAmbiguousJSON = errors.New("ambiguous JSON")

// CheckJSON refuses, with ErrAmbiguousJSON, what encoding/json would silently
// repair: text that is not UTF-8 and names that stand twice in one object, of
// which one reader takes the first and another the last. Of two amounts in one
// order, neither is what was asked for. Broken JSON is another error; no text at
// all is the decoder's to refuse.
func CheckJSON(text []byte) error {
	if !utf8.Valid(text) {
		return ErrAmbiguousJSON
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	if !json.Valid(text) {
		var broken json.RawMessage
		return fmt.Errorf("read JSON: %w", json.Unmarshal(text, &broken))
	}
	return checkNames(text)
}

// checkNames looks for names that stand twice, in JSON that is known to be well
// formed: a string after { or after a comma between members is a name. Each
// request passes here, so it makes no tokens of what it does not compare.
func checkNames(text []byte) error {
	var open []names
	atName := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			atName = text[i] == '{'
			open = append(open, names{object: atName})
		case '}', ']':
			open = open[:len(open)-1]
			atName = false
		case ',':
			atName = open[len(open)-1].object
		case '"':
			end := stringEnd(text, i)
			if atName && !open[len(open)-1].add(text[i:end+1]) {
				return ErrAmbiguousJSON
			}
			atName = false
			i = end
		}
	}
	return nil
}

// stringEnd is where the string that begins at i ends.
func stringEnd(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// fewNames is up to how many names an object's are compared one by one.
const fewNames = 16

// names are those of an object that is being read; a list has none.
type names struct {
	object bool
	few    [][]byte
	many   map[string]bool
}

// add takes a name in its quotes; it reports false for one that was there before.
func (n *names) add(quoted []byte) bool {
	name := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		var plain string
		if json.Unmarshal(quoted, &plain) != nil {
			return false
		}
		name = []byte(plain)
	}
	if n.many == nil {
		for _, known := range n.few {
			if bytes.Equal(known, name) {
				return false
			}
		}
		if n.few = append(n.few, name); len(n.few) <= fewNames {
			return true
		}
		n.many = make(map[string]bool, 2*fewNames)
		for _, known := range n.few {
			n.many[string(known)] = true
		}
		return true
	}
	if n.many[string(name)] {
		return false
	}
	n.many[string(name)] = true
	return true
}
