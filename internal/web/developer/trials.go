package developer

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/conform"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// patience is how long an answer that takes the customer's time is waited for.
	patience = 6 * time.Second
	// maxForm bounds an edited trial, in bytes.
	maxForm = 256 << 10
	// idLength is the length of a result's name.
	idLength = 16
)

// shownTrial is a trial as the page offers it.
type shownTrial struct {
	File, Title, Source string
	Steps               []shownStep
	Edited              bool // its bodies are those that were just sent
}

// shownStep is a step whose body can be edited.
type shownStep struct {
	Field, Label, Body string
	Lines              int
}

// vectors are the trials of a front.
func vectors(f Front) ([]conform.Vector, error) {
	if f.Provider != nil {
		return conform.Trials(f.Provider)
	}
	own, err := fs.Sub(files, nativeName)
	if err != nil {
		return nil, fmt.Errorf("read trials: %w", err)
	}
	return conform.Trials(&provider.Provider{Name: nativeName, Vectors: own})
}

// trialsOf are a front's trials; the one that was just played has the bodies
// that were edited for it.
func (p *Page) trialsOf(f Front, played result, t words) ([]shownTrial, error) {
	list, err := vectors(f)
	if err != nil {
		return nil, err
	}
	values := p.values(f)
	trials := make([]shownTrial, 0, len(list))
	for _, v := range list {
		trial := shownTrial{File: v.File, Title: t.of(v.Trial), Source: v.Source}
		var bodies map[int]string
		if played.front == f.Name && played.file == v.File {
			bodies = played.bodies
			trial.Edited = len(bodies) > 0
		}
		for i, s := range v.Steps {
			if s.Body == "" {
				continue
			}
			label := s.Method + " " + strings.ReplaceAll(s.Target, "\n", "")
			if s.ByCustomer() {
				label = t["customer"]
			}
			body := s.Prefilled(values)
			if edited, ok := bodies[i]; ok {
				body = edited
			}
			trial.Steps = append(trial.Steps, shownStep{Field: field(i), Label: label, Body: body, Lines: strings.Count(body, "\n") + 1})
		}
		trials = append(trials, trial)
	}
	return trials, nil
}

func field(step int) string { return fmt.Sprintf("body-%d", step) }

// values are what the placeholders of a front's trials stand for.
func (p *Page) values(f Front) map[string]string {
	values := map[string]string{
		provider.IssuedCallback: f.Callback, "base_url": f.Base,
		"return_url": p.PublicURL + "/sandbox/return?outcome=success",
	}
	for _, c := range f.Credentials {
		values[c.Name] = c.Value
	}
	return values
}

// run plays a trial and goes to its result.
func (p *Page) run(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form could not be read", http.StatusBadRequest)
		return
	}
	f, v, err := p.find(r.PostForm.Get("front"), r.PostForm.Get("trial"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if v == nil {
		http.NotFound(w, r)
		return
	}
	done := p.play(r.Context(), f, *v, r.PostForm)
	p.results.add(done)
	http.Redirect(w, r, "/sandbox/start?"+url.Values{"lang": {t["lang"]}, "result": {done.id}}.Encode()+"#result", http.StatusSeeOther)
}

func (p *Page) find(name, file string) (Front, *conform.Vector, error) {
	for _, f := range p.Fronts() {
		if f.Name != name {
			continue
		}
		list, err := vectors(f)
		if err != nil {
			return f, nil, err
		}
		for i := range list {
			if list[i].File == file {
				return f, &list[i], nil
			}
		}
	}
	return Front{}, nil, nil
}

func (p *Page) play(ctx context.Context, f Front, v conform.Vector, form url.Values) result {
	values := p.values(f)
	edited, kept := map[int]string{}, map[int]string{}
	for i, s := range v.Steps {
		body := strings.ReplaceAll(form.Get(field(i)), "\r\n", "\n")
		if form.Has(field(i)) && body != s.Prefilled(values) {
			edited[i] = body
			kept[i] = shownBody(s, s.Prefilled(values), body)
		}
	}
	exchanges := conform.Watch(ctx, onward(v, edited), conform.Show{
		Base: f.Base, Sandbox: p.PublicURL, Values: values, Bodies: edited, Wait: patience, HTTP: p.http,
	})
	done := result{id: secret.RandomLower(idLength), front: f.Name, title: f.Title, file: v.File, trial: v.Trial, source: v.Source, of: len(v.Steps), bodies: kept}
	for i, e := range exchanges {
		_, changed := edited[i]
		done.edited = done.edited || changed
		done.steps = append(done.steps, step{Exchange: e, edited: done.edited, customer: v.Steps[i].ByCustomer()})
	}
	return done
}
