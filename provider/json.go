package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// ErrAmbiguousJSON says that two readers could take a JSON text for different
// things.
var ErrAmbiguousJSON = errors.New("ambiguous JSON")

// CheckJSON refuses, with ErrAmbiguousJSON, what encoding/json would silently
// repair: text that is not UTF-8 and names that stand twice in one object, of
// which one reader takes the first and another the last. Of two amounts in one
// order, neither is what was asked for. It does not replace decoding: broken
// JSON and what follows the value are the decoder's to refuse.
func CheckJSON(text []byte) error {
	if !utf8.Valid(text) {
		return ErrAmbiguousJSON
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var open []object
	for {
		token, err := d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) && len(open) == 0 {
				return nil
			}
			return fmt.Errorf("read JSON: %w", err)
		}
		switch token {
		case json.Delim('{'):
			open = append(open, object{names: map[string]bool{}, atName: true})
			continue
		case json.Delim('['):
			open = append(open, object{})
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			continue
		}
		if !open[len(open)-1].next(token) {
			return ErrAmbiguousJSON
		}
	}
}

// object is one that is being read; a list has no names.
type object struct {
	names  map[string]bool
	atName bool
}

// next takes a name or the end of a value; it reports false for a name that was
// there before.
func (o *object) next(token json.Token) bool {
	if o.names == nil {
		return true
	}
	if !o.atName {
		o.atName = true
		return true
	}
	name, _ := token.(string)
	if o.names[name] {
		return false
	}
	o.names[name], o.atName = true, false
	return true
}
