package outbound

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
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

const mask = "****"

// shortestSecret is the length under which a given secret is not searched for.
const shortestSecret = 4

// Redact returns body as text fit for logs and transcripts: fields that by
// their name hold a credential, a one-time password or card data are masked,
// card numbers anywhere are cut to their first six and last four digits, and
// phone numbers to their last four. It reads JSON, forms, multipart forms and
// XML, and any other text by its patterns; a body that is not what contentType
// says is treated as text, and one that is not text is only measured.
//
// The result is for people to read; it is not always well-formed.
func Redact(contentType string, body []byte) string {
	return newRedactor(nil).body(contentType, body)
}

// MaskCards returns text with the card numbers in it cut to their first six and
// last four digits, and all else as it was.
func MaskCards(text string) string { return maskCards(text) }

// redactor masks by name and by pattern, and the given values besides.
type redactor struct {
	secrets *strings.Replacer
}

func newRedactor(secrets []string) *redactor {
	var forms []string
	for _, s := range secrets {
		if len(s) >= shortestSecret {
			forms = append(forms, spellings(s)...)
		}
	}
	// The replacer prefers earlier pairs: a secret that contains another one
	// must be found whole.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, mask)
	}
	return &redactor{secrets: strings.NewReplacer(pairs...)}
}

// spellings are the forms in which a secret may appear in a message.
func spellings(s string) []string {
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

func (r *redactor) body(contentType string, body []byte) string {
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
func (r *redactor) field(k nameKind, value string) string {
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
func (r *redactor) form(encoded string) string {
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

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func (r *redactor) multipart(body []byte, boundary string) (string, bool) {
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

func (r *redactor) header(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		k := kindOf(name)
		for _, value := range values {
			out[name] = append(out[name], r.field(k, value))
		}
	}
	return out
}

func (r *redactor) url(u *url.URL) string {
	text := u.Scheme + "://" + u.Host + r.text(u.EscapedPath())
	if u.RawQuery != "" {
		text += "?" + r.form(u.RawQuery)
	}
	return r.secrets.Replace(text)
}
