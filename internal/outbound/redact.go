package outbound

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

const mask = "****"

// Redact returns body as text fit for logs and transcripts: fields that by
// their name hold a credential, a one-time password or card data are masked,
// card numbers anywhere are cut to their first six and last four digits, and
// phone numbers to their last four. It reads JSON, forms, multipart forms and
// XML, and any other text by its patterns; a body that is not what contentType
// says is treated as text, and one that is not text is only measured.
//
// The result is for people to read; it is not always well-formed.
func Redact(contentType string, body []byte) string {
	return withoutSecrets.body(contentType, body)
}

// MaskCards returns text with the card numbers in it cut to their first six and
// last four digits, and all else as it was.
func MaskCards(text string) string { return maskCards(text) }

// redactor masks by name and by pattern, and the given values besides.
type redactor struct {
	secrets *secretForms
}

// withoutSecrets masks by name and by pattern alone.
var withoutSecrets = newRedactor(nil)

func newRedactor(secrets []string) *redactor {
	return &redactor{secrets: newSecretForms(secrets)}
}

func (r *redactor) body(contentType string, body []byte) string {
	if len(body) == 0 {
		return ""
	}
	if !utf8.Valid(body) {
		return fmt.Sprintf("[%d bytes that are not text]", len(body))
	}
	if !strings.HasPrefix(contentType, "application/json") { // most bodies, which no type makes a form
		kind, params, _ := mime.ParseMediaType(contentType) // unreadable counts as unknown
		switch {
		case kind == "application/x-www-form-urlencoded":
			return r.form(string(body))
		case strings.HasPrefix(kind, "multipart/"):
			if text, ok := r.multipart(body, params["boundary"]); ok {
				return text
			}
		}
	}
	return r.jsonOrText(string(body))
}

// jsonOrText redacts what may be JSON. Forms and JSON carry it in strings too.
func (r *redactor) jsonOrText(s string) string {
	if text, ok := r.json(s); ok {
		return text
	}
	return r.text(s)
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
		return r.secrets.replace(maskDigits(value, 4))
	}
	return r.jsonOrText(value)
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
		pairs[i] = r.text(name) + "=" + r.field(knownKind(name), unescape(value))
	}
	return r.secrets.replace(strings.Join(pairs, "&"))
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
			text = r.field(knownKind(part.FormName()), string(value))
		}
		lines = append(lines, r.text(part.FormName())+"="+text)
	}
}

func (r *redactor) header(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		k := knownKind(name)
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
	return r.secrets.replace(text)
}
