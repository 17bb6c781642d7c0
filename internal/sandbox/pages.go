package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"html/template"
	"net/http"
	"net/url"

	"github.com/passerelle-pay/passerelle/pay"
)

//go:embed templates static
var files embed.FS

var pages = template.Must(template.ParseFS(files, "templates/*.html"))

// latestShown is how many requests the page shows of the inbox.
const latestShown = 30

// index is what the page of the virtual phones shows.
type index struct {
	T      words
	Query  string // "?…": the language and the phones that were opened
	Other  string // the same page in the other language
	Phones []handset
	Open   []string // numbers that were opened here
	Fault  string
	Typed  string // a number that was refused
	Tests  []trial
	Cards  []trial
	Inbox  []letter
	// Faults are what can be armed, by provider.
	Faults []breakdown
	// Countries are those whose numbers the form takes.
	Countries []country
	Start     string
}

func (c control) showIndex(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
	opened := openedNumbers(r)
	list, err := c.handsets(r.Context(), opened, t)
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	page := index{
		T: t, Query: query(r.URL.Query()), Other: otherLanguage(r, t), Phones: list, Open: opened, Inbox: letters(c.inbox.latest(latestShown)),
		Faults: c.breakdowns(t), Tests: trials(r.URL.Query(), t), Cards: cardTrials(t), Countries: countries(r.URL.Query().Get("country"), t),
		Start: c.Start,
	}
	if code := r.URL.Query().Get("fault"); code != "" {
		page.Fault, page.Typed = t["fault"], r.URL.Query().Get("number")
	}
	c.render(w, r, "index.html", page)
}

// query is the part of the page's address that has to last: the language and
// the phones that were opened.
func query(q url.Values) string {
	kept := url.Values{}
	for _, name := range []string{"lang", "country", "phone"} {
		if values := q[name]; len(values) > 0 && values[0] != "" {
			kept[name] = values
		}
	}
	if len(kept) == 0 {
		return ""
	}
	return "?" + kept.Encode()
}

func otherLanguage(r *http.Request, t words) string {
	q := r.URL.Query()
	q.Set("lang", t["other"])
	return r.URL.Path + query(q)
}

// showReturn is where the demo merchant's shop would be.
func (c control) showReturn(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
	q := r.URL.Query()
	message := t[returned(q)]
	q.Set("lang", t["other"])
	c.render(w, r, "return.html", map[string]any{"T": t, "Message": message, "Other": "?" + q.Encode()})
}

// returned is the key of the words for what a browser brings back: the native
// API's status, else the outcome that an address of our own was given. Most
// providers' APIs send it back without either.
func returned(q url.Values) string {
	switch cmp.Or(q.Get("status"), q.Get("outcome")) {
	case string(pay.StatusSucceeded), "success":
		return "success"
	case string(pay.StatusFailed), "failure":
		return "failure"
	case string(pay.StatusCanceled):
		return "canceled"
	case string(pay.StatusExpired):
		return "expired"
	case string(pay.StatusPending), string(pay.StatusRequiresAction):
		return "unknown"
	}
	return "returned"
}

// pressButton answers a prompt from the page and goes back to it; a prompt that
// is gone meanwhile shows there by its absence. A PIN of 0 declines, as the
// prompt says; any other is right, since the number decides.
func (c control) pressButton(w http.ResponseWriter, r *http.Request) {
	buttons := map[string]func(context.Context, string) (Entry, error){
		"approve": c.Approve, "decline": c.Decline, "expire": c.Expire,
	}
	name := r.PathValue("answer")
	if name == "approve" && r.PostFormValue("pin") == "0" {
		name = "decline"
	}
	button, ok := buttons[name]
	if !ok {
		c.refuse(w, r, pay.NotFound("button"))
		return
	}
	number := r.PathValue("msisdn")
	if _, err := button(r.Context(), number); err != nil && pay.KindOf(err) != pay.KindConflict {
		c.refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/sandbox"+query(r.URL.Query())+"#"+anchor(number), http.StatusSeeOther)
}

func (c control) emptyInbox(w http.ResponseWriter, r *http.Request) {
	c.inbox.clear()
	http.Redirect(w, r, "/sandbox"+query(r.URL.Query())+"#inbox", http.StatusSeeOther)
}

func (c control) serveStatic(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache") // it belongs to the page of this very version
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, files, "static/"+r.PathValue("file"))
}

func (c control) render(w http.ResponseWriter, r *http.Request, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		c.refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(page.Bytes())
}
