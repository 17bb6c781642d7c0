package developer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/passerelle-pay/passerelle/internal/conform"
	"github.com/passerelle-pay/passerelle/internal/outbound"
)

const (
	// keptResults is how many trials can be looked at again.
	keptResults = 20
	// maxShown bounds what is shown of one body, in bytes.
	maxShown = 16 << 10
)

// result is a trial that was played.
type result struct {
	id, front, title, file, source string
	trial                          conform.Trial
	steps                          []step
	of                             int // how many steps the trial has
	edited                         bool
	bodies                         map[int]string // those that were edited, as they may be shown
}

// step is one exchange of it. Once a body was edited, what follows may hold
// what the developer typed.
type step struct {
	conform.Exchange
	edited, customer bool
}

// results keeps the last trials in memory.
type results struct {
	mu   sync.Mutex
	list []result
}

func (r *results) add(done result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) == keptResults {
		r.list = append(r.list[:0], r.list[1:]...)
	}
	r.list = append(r.list, done)
}

func (r *results) find(id string) (result, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.list, func(done result) bool { return done.id == id })
	if i < 0 {
		return result{}, false
	}
	return r.list[i], true
}

// shownResult is a result as the page shows it.
type shownResult struct {
	Front, Title, Source string
	// OK: every answer is as published; Edited: a body was not the published one.
	OK, Edited bool
	// Left is how many steps were not played.
	Left  int
	Steps []shownExchange
}

// shownExchange is a request and its answer, side by side.
type shownExchange struct {
	Number                               int
	Title, Heading                       string
	RequestLine, Headers, Body           string
	Status, AnswerHeaders, Answer, Asked string
	Curl, Problem                        string
	Customer                             bool
}

func (d result) shown(t words) *shownResult {
	s := &shownResult{Front: d.title, Title: t.of(d.trial), Source: d.source, Edited: d.edited, Left: d.of - len(d.steps)}
	s.OK = s.Left == 0
	for i, step := range d.steps {
		s.OK = s.OK && step.Problem == ""
		s.Steps = append(s.Steps, step.shown(i+1, t))
	}
	return s
}

func (s step) shown(number int, t words) shownExchange {
	body := s.safe(s.Header.Get("Content-Type"), s.Body)
	e := shownExchange{
		Number: number, Title: s.Title, RequestLine: s.Method + " " + s.URL, Headers: lines(s.Header), Body: cut(body),
		AnswerHeaders: lines(s.AnswerHeader), Answer: cut(pretty(s.safe(s.AnswerHeader.Get("Content-Type"), s.Answer))),
		Curl: curl(s.Method, s.URL, s.Header, body), Problem: s.safe("", s.Problem), Customer: s.customer,
	}
	e.Heading = s.Method
	if u, err := url.Parse(s.URL); err == nil {
		e.Heading += " " + u.Path
	}
	e.Status = t["noAnswer"]
	if s.Status != 0 {
		e.Status = strings.TrimSpace(fmt.Sprint(s.Status, " ", http.StatusText(s.Status)))
	}
	e.Asked = fmt.Sprintf("%d ms", s.Took.Milliseconds())
	if s.Tries > 1 && !s.customer {
		e.Asked += fmt.Sprintf(" · %s %d", t["tries"], s.Tries)
	}
	return e
}

// safe masks what a developer may have typed into an edited trial: a card of
// their own takes its whole body's secrets with it. Published examples hold
// nothing but test data, and stay fit to be copied.
func (s step) safe(contentType, text string) string {
	if !s.edited || outbound.MaskCards(text) == text {
		return text
	}
	return outbound.Redact(contentType, []byte(text))
}

func lines(h http.Header) string {
	var list []string
	for name, values := range h {
		for _, v := range values {
			list = append(list, name+": "+v)
		}
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

func pretty(body string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(body), "", "  ") == nil {
		return out.String()
	}
	return body
}

func cut(text string) string {
	if len(text) > maxShown {
		return strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return strings.ReplaceAll(text, "\r\n", "\n")
}
