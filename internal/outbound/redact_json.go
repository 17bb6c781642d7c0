package outbound

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// deepest is how far JSON may nest before it is treated as plain text.
const deepest = 100

var errTooDeep = errors.New("nested too deep")

// json redacts an object or array, keeping order and numbers as written; ok is
// false when text is neither.
func (r *redactor) json(text string) (redacted string, ok bool) {
	if start := strings.TrimLeft(text, " \t\r\n"); start == "" || (start[0] != '{' && start[0] != '[') {
		return "", false
	}
	w := jsonWriter{redactor: r, dec: json.NewDecoder(strings.NewReader(text))}
	w.dec.UseNumber()
	if err := w.value("", plainName, 0); err != nil {
		return "", false
	}
	if _, err := w.dec.Token(); err != io.EOF {
		return "", false
	}
	return r.secrets.Replace(w.out.String()), true
}

type jsonWriter struct {
	redactor *redactor
	dec      *json.Decoder
	out      bytes.Buffer
}

// value copies the next value, which stands under the given name.
func (w *jsonWriter) value(name string, k nameKind, depth int) error {
	if depth > deepest {
		return errTooDeep
	}
	token, err := w.dec.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return w.object(name, k, depth)
		}
		return w.array(name, k, depth)
	case string:
		w.quote(w.redactor.field(k, token))
	case json.Number:
		w.number(k, token.String())
	default: // true, false, null: nothing of a secret shows
		literal, err := json.Marshal(token)
		if err != nil {
			return err
		}
		w.out.Write(literal)
	}
	return nil
}

func (w *jsonWriter) object(parent string, k nameKind, depth int) error {
	w.out.WriteByte('{')
	for first := true; w.dec.More(); first = false {
		if !first {
			w.out.WriteByte(',')
		}
		token, err := w.dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // an object's keys are strings, or Token fails
		w.quote(w.redactor.text(name))
		w.out.WriteByte(':')
		if err := w.member(parent, name, k, depth); err != nil {
			return err
		}
	}
	w.out.WriteByte('}')
	_, err := w.dec.Token()
	return err
}

// member copies one value of an object. What a secret name holds is masked
// whole, whatever its type; other names pass their kind on to what has no kind
// of its own.
func (w *jsonWriter) member(parent, name string, inherited nameKind, depth int) error {
	k := kindOf(name)
	if k == plainName && kindOf(parent+" "+name) == cardName { // {"card":{"number":…}}
		k = cardName
	}
	if k == plainName {
		k = inherited
	}
	if k != secretName {
		return w.value(name, k, depth+1)
	}
	var whole json.RawMessage
	if err := w.dec.Decode(&whole); err != nil {
		return err
	}
	switch literal := string(whole); literal {
	case "null", `""`: // that it is missing helps whoever reads
		w.out.WriteString(literal)
	default:
		w.quote(mask)
	}
	return nil
}

func (w *jsonWriter) array(name string, k nameKind, depth int) error {
	w.out.WriteByte('[')
	for first := true; w.dec.More(); first = false {
		if !first {
			w.out.WriteByte(',')
		}
		if err := w.value(name, k, depth+1); err != nil {
			return err
		}
	}
	w.out.WriteByte(']')
	_, err := w.dec.Token()
	return err
}

// number keeps a number as it is written unless masking changes it.
func (w *jsonWriter) number(k nameKind, written string) {
	if text := w.redactor.field(k, written); text != written {
		w.quote(text)
		return
	}
	w.out.WriteString(written)
}

func (w *jsonWriter) quote(s string) {
	if plainText(s) {
		w.out.WriteByte('"')
		w.out.WriteString(s)
		w.out.WriteByte('"')
		return
	}
	enc := json.NewEncoder(&w.out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s)               // a string always encodes
	w.out.Truncate(w.out.Len() - 1) // the encoder's line end
}

// plainText tells a string that JSON writes as it is.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
