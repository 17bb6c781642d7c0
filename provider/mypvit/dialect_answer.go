package mypvit

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// refusal is an answer out of the error table.
type refusal struct {
	row      errorRow
	messages []string
}

// Error implements error.
func (r *refusal) Error() string { return r.row.name + ": " + r.row.message }

// refuse makes the refusal of a documented code.
func refuse(code int) *refusal {
	row, _ := rowByCode(code)
	return &refusal{row: row}
}

// missing names the parameter that is not there, in the sample's words.
func missing(param string) *refusal {
	r := refuse(codeMissingParam)
	r.row.message = "Your request is missing a required param: '" + param + "'"
	return r
}

// constraint says which rule a value breaks, never the value.
func constraint(messages ...string) *refusal {
	r := refuse(codeConstraint)
	r.messages = messages
	return r
}

// answerError writes an error in the documented shape.
func (d *dialect) answerError(w http.ResponseWriter, r *http.Request, s settings, err error) {
	f := asRefusal(err)
	status, code := f.row.http, f.row.code
	switch code {
	case codeAuthenticationFailed:
		status = int(s.number(optAuthStatus))
	case codeMissingParam:
		code = int(s.number(optMissingCode))
	}
	answer := errorAnswer{
		Date:       d.gateway.Now().In(libreville).Format("02012006-150405"),
		StatusCode: code, Error: f.row.name, Message: f.row.message, Messages: f.messages, Path: r.URL.Path,
	}
	write(w, r, status, "error", answer)
}

// answer writes a success.
func (c *call) answer(status int, v any) error {
	write(c.w, c.r, status, "response", v)
	return nil
}

// write answers in JSON, or in XML when that is what the client accepts.
func write(w http.ResponseWriter, r *http.Request, status int, root string, v any) {
	media := mediaJSON
	if wantsXML(r) {
		media = mediaXML
	}
	body, err := encode(media, root, v)
	if err != nil {
		status, body = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone is told nothing
}

// wantsXML looks for the first of the two media types in Accept.
func wantsXML(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		media, _, err := mime.ParseMediaType(part)
		if err == nil && (media == mediaJSON || media == mediaXML) {
			return media == mediaXML
		}
	}
	return false
}

// media reads the content type; only those of the operation are taken.
func (c *call) media() (string, error) {
	media, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(c.op.media, media) {
		return "", refuse(codeMediaType)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", refuse(codeMediaType)
	}
	return media, nil
}

// body reads a JSON or XML request.
func (c *call) body() (fields, error) {
	media, err := c.media()
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(c.r.Body)
	if err != nil {
		return nil, unreadable(err)
	}
	f, err := decodeFields(media, raw)
	if err != nil {
		return nil, refuse(codeUnreadableBody)
	}
	return f, nil
}

// unreadable is the refusal of a body that is too long or did not arrive.
func unreadable(err error) *refusal {
	r := refuse(codeUnreadableBody)
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		r.row.http = http.StatusRequestEntityTooLarge
		r.row.message = fmt.Sprintf("The request body is longer than %d bytes.", long.Limit)
	}
	return r
}

func statusText(status int) StatusCode { return StatusCode(strconv.Itoa(status)) }
