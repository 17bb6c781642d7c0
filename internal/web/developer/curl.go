package developer

import (
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
)

// curl is the command that sends the same request.
func curl(method, target string, header http.Header, body string) string {
	parts := []string{"curl -X " + method + " " + quoted(target)}
	fields, asForm := formFields(header.Get("Content-Type"), body)
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if name == "Accept" && header.Get(name) == "*/*" || asForm && name == "Content-Type" || name == "User-Agent" {
			continue // curl's own
		}
		parts = append(parts, "-H "+quoted(name+": "+header.Get(name)))
	}
	for _, f := range fields {
		parts = append(parts, "-F "+quoted(f))
	}
	if body != "" && !asForm {
		parts = append(parts, "-d "+quoted(body))
	}
	return strings.Join(parts, " \\\n  ")
}

// formFields are the fields of a multipart body, which curl writes itself.
func formFields(contentType, body string) (fields []string, ok bool) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" {
		return nil, false
	}
	reader := multipart.NewReader(strings.NewReader(body), params["boundary"])
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return fields, true
		}
		if err != nil {
			return nil, false
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, false
		}
		fields = append(fields, part.FormName()+"="+string(value))
	}
}

// quoted is a word of a shell's command line.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
