package outbound

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// What follows redacts plainly: it decodes JSON with encoding/json, judges each
// name anew and searches with a strings.Replacer. It is what the redactor, which
// takes short cuts, must agree with to the byte; names, patterns and numbers are
// judged by the same rules.

// plainRedactor masks by name and by pattern, and the given values besides.
type plainRedactor struct {
	secrets *strings.Replacer
}

func plainNewRedactor(secrets []string) *plainRedactor {
	var forms []string
	for _, s := range secrets {
		if len(s) >= shortestSecret {
			forms = append(forms, plainSpellings(s)...)
		}
	}
	// The replacer prefers earlier pairs: a secret that contains another one
	// must be found whole.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, mask)
	}
	return &plainRedactor{secrets: strings.NewReplacer(pairs...)}
}

// plainSpellings are the forms in which a secret may appear in a message.
func plainSpellings(s string) []string {
	quoted, _ := json.Marshal(s) // a string always marshals; Go's way escapes <, > and & too
	return []string{
		s,
		url.QueryEscape(s),
		url.PathEscape(s),
		html.EscapeString(s),
		string(quoted[1 : len(quoted)-1]),
		strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s),
		base64.StdEncoding.EncodeToString([]byte(s)),
		base64.RawURLEncoding.EncodeToString([]byte(s)),
	}
}

func (r *plainRedactor) body(contentType string, body []byte) string {
	if len(body) == 0 {
		return ""
	}
	if !utf8.Valid(body) {
		return fmt.Sprintf("[%d bytes that are not text]", len(body))
	}
	kind, params, _ := mime.ParseMediaType(contentType) // unreadable counts as unknown
	switch {
	case kind == "application/x-www-form-urlencoded":
		return r.form(string(body))
	case strings.HasPrefix(kind, "multipart/"):
		if text, ok := r.multipart(body, params["boundary"]); ok {
			return text
		}
	}
	if text, ok := r.json(string(body)); ok {
		return text
	}
	return r.text(string(body))
}

// field masks value as the name it stands under demands.
func (r *plainRedactor) field(k nameKind, value string) string {
	switch {
	case value == "":
		return ""
	case k == secretName:
		return mask
	case k == cardName:
		return maskCard(value)
	case k == phoneName:
		return r.secrets.Replace(maskDigits(value, 4))
	}
	if text, ok := r.json(value); ok { // forms and JSON carry JSON in strings
		return text
	}
	return r.text(value)
}

// form redacts name=value pairs in their order. Values come out decoded: it is
// the masked text that people read.
func (r *plainRedactor) form(encoded string) string {
	pairs := strings.Split(encoded, "&")
	for i, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if !found {
			pairs[i] = r.text(unescape(pair))
			continue
		}
		name = unescape(name)
		pairs[i] = r.text(name) + "=" + r.field(kindOf(name), unescape(value))
	}
	return r.secrets.Replace(strings.Join(pairs, "&"))
}

func (r *plainRedactor) multipart(body []byte, boundary string) (string, bool) {
	if boundary == "" {
		return "", false
	}
	var lines []string
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextPart()
		if err == io.EOF { //nolint:errorlint // NextPart returns io.EOF itself
			return strings.Join(lines, "\n"), true
		}
		if err != nil {
			return "", false
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return "", false
		}
		text := fmt.Sprintf("[%d bytes]", len(value))
		if part.FileName() == "" {
			text = r.field(kindOf(part.FormName()), string(value))
		}
		lines = append(lines, r.text(part.FormName())+"="+text)
	}
}

func (r *plainRedactor) header(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		k := kindOf(name)
		for _, value := range values {
			out[name] = append(out[name], r.field(k, value))
		}
	}
	return out
}

func (r *plainRedactor) url(u *url.URL) string {
	text := u.Scheme + "://" + u.Host + r.text(u.EscapedPath())
	if u.RawQuery != "" {
		text += "?" + r.form(u.RawQuery)
	}
	return r.secrets.Replace(text)
}

var errTooDeep = errors.New("nested too deep")

// json redacts an object or array, keeping order and numbers as written; ok is
// false when text is neither.
func (r *plainRedactor) json(text string) (redacted string, ok bool) {
	if start := strings.TrimLeft(text, " \t\r\n"); start == "" || (start[0] != '{' && start[0] != '[') {
		return "", false
	}
	w := plainWriter{redactor: r, dec: json.NewDecoder(strings.NewReader(text))}
	w.dec.UseNumber()
	if err := w.value("", plainName, 0); err != nil {
		return "", false
	}
	if _, err := w.dec.Token(); err != io.EOF {
		return "", false
	}
	return r.secrets.Replace(w.out.String()), true
}

type plainWriter struct {
	redactor *plainRedactor
	dec      *json.Decoder
	out      bytes.Buffer
}

// value copies the next value, which stands under the given name.
func (w *plainWriter) value(name string, k nameKind, depth int) error {
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

func (w *plainWriter) object(parent string, k nameKind, depth int) error {
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
func (w *plainWriter) member(parent, name string, inherited nameKind, depth int) error {
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

func (w *plainWriter) array(name string, k nameKind, depth int) error {
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
func (w *plainWriter) number(k nameKind, written string) {
	if text := w.redactor.field(k, written); text != written {
		w.quote(text)
		return
	}
	w.out.WriteString(written)
}

func (w *plainWriter) quote(s string) {
	if plainlyWritten(s) {
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

// plainlyWritten tells a string that JSON writes as it is.
func plainlyWritten(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
