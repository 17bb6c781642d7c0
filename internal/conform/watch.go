package conform

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// Exchange is a step of a vector as it was played: the request that was sent
// and what came back. A step that asks again has its last one.
type Exchange struct {
	Title       string
	Method, URL string
	Header      http.Header
	Body        string
	// Status is 0 when nothing came back.
	Status       int
	AnswerHeader http.Header
	Answer       string
	Tries        int
	Took         time.Duration
	// Problem says what is not as published.
	Problem string
}

func (e *Exchange) sent(method, target string, header http.Header, body string) {
	e.Method, e.URL, e.Header, e.Body = method, target, header, body
	e.Tries++
	e.Status, e.AnswerHeader, e.Answer = 0, nil, ""
}

func (e *Exchange) answered(status int, header http.Header, body string) {
	e.Status, e.AnswerHeader, e.Answer = status, header, body
}

// Show is what a vector is shown with.
type Show struct {
	// Base is the address of the dialect's mount, Sandbox that of the gateway
	// whose control API acts as the customer.
	Base, Sandbox string
	// Values are the merchant's credentials and its callback_url.
	Values map[string]string
	// Bodies replace those of the steps, by their index.
	Bodies map[int]string
	// Wait is how long an answer that takes time is waited for.
	Wait time.Duration
	HTTP *http.Client
}

// Watch plays one vector and returns its steps as they went, up to the first
// whose answer is not as published.
func Watch(ctx context.Context, v Vector, show Show) []Exchange {
	ctx, cancel := context.WithTimeout(ctx, vectorLimit)
	defer cancel()
	p := player{http: show.HTTP, base: show.Base, sandbox: show.Sandbox, wait: show.Wait, values: maps.Clone(show.Values)}
	p.values["base_url"] = show.Base
	var list []Exchange
	for i, s := range v.Steps {
		if body, given := show.Bodies[i]; given {
			s.Body = body
		}
		p.last = Exchange{Title: s.Title}
		started := time.Now()
		err := p.step(ctx, s)
		p.last.Took = time.Since(started)
		if err != nil {
			p.last.Problem = err.Error()
		}
		list = append(list, p.last)
		if err != nil {
			break
		}
	}
	return list
}

// Prefilled is the step's body with the credentials in place; what is known
// only once the vector plays keeps its placeholder.
func (s Step) Prefilled(values map[string]string) string {
	as := bodyEscape(s.header("Content-Type"), s.Body)
	return placeholderForm.ReplaceAllStringFunc(s.Body, func(found string) string {
		if value, known := values[found[2:len(found)-2]]; known {
			return as(value)
		}
		return found
	})
}

// ByCustomer reports whether the step is the customer's, on a hosted page.
func (s Step) ByCustomer() bool { return s.Method == methodCustomer }

func (s Step) header(name string) string {
	for _, h := range s.Header {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// Trials are the vectors of a provider that show a developer something of their
// own, in their order.
func Trials(p *provider.Provider) ([]Vector, error) {
	list, err := Load(p)
	if err != nil {
		return nil, fmt.Errorf("load trials: %w", err)
	}
	trials := list[:0]
	for _, v := range list {
		if v.Trial.Place > 0 {
			trials = append(trials, v)
		}
	}
	slices.SortFunc(trials, func(a, b Vector) int { return a.Trial.Place - b.Trial.Place })
	return trials, nil
}
