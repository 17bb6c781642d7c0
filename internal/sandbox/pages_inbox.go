package sandbox

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// letter is a request of the inbox as the page shows it.
type letter struct {
	Arrived
	Time  string
	Lines string // the headers
	// Pretty is the body, set out by what it is.
	Pretty string
}

func letters(list []Arrived) []letter {
	shown := make([]letter, 0, len(list))
	for _, a := range list {
		shown = append(shown, letter{Arrived: a, Time: a.ReceivedAt.Format("15:04:05"), Lines: headerLines(a), Pretty: pretty(a.Body, a.Headers.Get("Content-Type"))})
	}
	return shown
}

func headerLines(a Arrived) string {
	var lines []string
	for name, values := range a.Headers {
		for _, v := range values {
			lines = append(lines, name+": "+v)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// pretty indents JSON and sets a form out field by field; anything else stays
// as it came.
func pretty(body, contentType string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(body), "", "  ") == nil {
		return out.String()
	}
	if body == "" || !strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		return body
	}
	var lines []string
	for pair := range strings.SplitSeq(body, "&") {
		name, value, _ := strings.Cut(pair, "=")
		plainName, err := url.QueryUnescape(name)
		plainValue, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil {
			return body
		}
		lines = append(lines, plainName+" = "+plainValue)
	}
	return strings.Join(lines, "\n")
}
