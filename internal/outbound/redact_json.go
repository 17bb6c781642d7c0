package outbound

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// deepest is how far JSON may nest before it is treated as plain text.
const deepest = 100

// json redacts an object or array, keeping order and numbers as written; ok is
// false when text is neither.
func (r *redactor) json(text string) (redacted string, ok bool) {
	if start := strings.TrimLeft(text, " \t\r\n"); start == "" || (start[0] != '{' && start[0] != '[') {
		return "", false
	}
	w := jsonWriter{redactor: r, in: jsonScanner{text: text}}
	w.out.Grow(len(text))
	if !w.value("", plainName, 0) || !w.in.ended() {
		return "", false
	}
	return r.secrets.replace(w.out.String()), true
}

// jsonWriter copies JSON value by value. Its methods report whether what they
// read is JSON and not too deep; when it is not, what was written is void.
type jsonWriter struct {
	redactor *redactor
	in       jsonScanner
	out      strings.Builder
}

// value copies the next value, which stands under the given name, as asParent
// leaves it.
func (w *jsonWriter) value(name string, k nameKind, depth int) bool {
	if depth > deepest {
		return false
	}
	switch c := w.in.next(); {
	case c == '{':
		return w.object(name, k, depth)
	case c == '[':
		return w.array(name, k, depth)
	case c == '"':
		s, ok := w.in.string()
		if ok {
			value := s.value()
			w.text(s, value, w.redactor.field(k, value))
		}
		return ok
	case c == '-' || isDigit(c):
		written, ok := w.in.number()
		if ok {
			w.number(k, written)
		}
		return ok
	}
	literal, ok := w.in.literal() // nothing of a secret shows
	w.out.WriteString(literal)
	return ok
}

func (w *jsonWriter) object(parent string, k nameKind, depth int) bool {
	w.in.at++ // the brace
	w.out.WriteByte('{')
	if w.in.took('}') {
		w.out.WriteByte('}')
		return true
	}
	for {
		if !w.member(parent, k, depth) {
			return false
		}
		switch {
		case w.in.took('}'):
			w.out.WriteByte('}')
			return true
		case !w.in.took(','):
			return false
		}
		w.out.WriteByte(',')
	}
}

// member copies one member of an object. What a secret name holds is masked
// whole, whatever its type; other names pass their kind on to what has no kind
// of its own.
func (w *jsonWriter) member(parent string, inherited nameKind, depth int) bool {
	if w.in.next() != '"' {
		return false
	}
	written, ok := w.in.string()
	if !ok || !w.in.took(':') {
		return false
	}
	name := written.value()
	j := judged.of(fieldName{parent, name})
	w.name(written, name, j.harmless)
	w.out.WriteByte(':')
	if j.kind == secretName {
		return w.secret()
	}
	if j.kind == plainName {
		j.kind = inherited
	}
	return w.value(asParent(name), j.kind, depth+1)
}

func (w *jsonWriter) name(written jsonString, name string, harmless bool) {
	shown := name
	if !harmless || w.redactor.secrets.in(name) {
		shown = w.redactor.text(name)
	}
	w.text(written, name, shown)
}

// secret copies no more of a value than that it is missing, which helps
// whoever reads.
func (w *jsonWriter) secret() bool {
	whole, ok := w.in.skip()
	if whole == "null" || whole == `""` {
		w.out.WriteString(whole)
	} else {
		w.quote(mask)
	}
	return ok
}

func (w *jsonWriter) array(name string, k nameKind, depth int) bool {
	w.in.at++ // the bracket
	w.out.WriteByte('[')
	if w.in.took(']') {
		w.out.WriteByte(']')
		return true
	}
	for {
		if !w.value(name, k, depth+1) {
			return false
		}
		switch {
		case w.in.took(']'):
			w.out.WriteByte(']')
			return true
		case !w.in.took(','):
			return false
		}
		w.out.WriteByte(',')
	}
}

// number keeps a number as it is written unless masking changes it.
func (w *jsonWriter) number(k nameKind, written string) {
	if text := w.redactor.field(k, written); text != written {
		w.quote(text)
		return
	}
	w.out.WriteString(written)
}

// text writes what is shown in place of a string, which is copied when nothing
// has changed.
func (w *jsonWriter) text(written jsonString, value, shown string) {
	if written.plain && shown == value {
		w.out.WriteString(written.quoted)
		return
	}
	w.quote(shown)
}

func (w *jsonWriter) quote(s string) {
	if writtenAsIs(s) {
		w.out.WriteByte('"')
		w.out.WriteString(s)
		w.out.WriteByte('"')
		return
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s)                        // a string always encodes
	w.out.Write(line.Bytes()[:line.Len()-1]) // without the encoder's line end
}

// writtenAsIs tells a string that JSON writes as it is.
func writtenAsIs(s string) bool {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.ValidString(s) && !strings.ContainsAny(s, "\u2028\u2029") // which JavaScript takes for line ends
}
