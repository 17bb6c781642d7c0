package sandbox

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

//go:embed templates static
var files embed.FS

var pages = template.Must(template.ParseFS(files, "templates/*.html"))

// latestShown is how many requests the page shows of the inbox.
const latestShown = 30

// words are the pages' texts.
type words map[string]string

var french = words{
	"lang": "fr", "title": "Bac à sable", "phones": "Téléphones de test", "noPhones": "Aucun téléphone n'a encore servi.",
	"noPrompt": "Aucune demande en attente.", "approve": "Valider", "decline": "Refuser", "otp": "Code à usage unique",
	"messages": "Messages", "operations": "Opérations", "inbox": "Boîte de réception", "inboxHelp": "Les notifications envoyées sous /sandbox/inbox/ arrivent ici.",
	"empty": "Rien n'est arrivé.", "refresh": "Actualiser", "back": "Retour au bac à sable", "returnTitle": "Retour à la boutique",
	"success": "Le paiement a abouti.", "failure": "Le paiement n'a pas abouti.", "unknown": "Le paiement suit son cours.",
}

var english = words{
	"lang": "en", "title": "Sandbox", "phones": "Virtual phones", "noPhones": "No phone has been used yet.",
	"noPrompt": "No request is waiting.", "approve": "Approve", "decline": "Decline", "otp": "One-time password",
	"messages": "Messages", "operations": "Operations", "inbox": "Inbox", "inboxHelp": "Notifications sent to addresses under /sandbox/inbox/ arrive here.",
	"empty": "Nothing has arrived.", "refresh": "Refresh", "back": "Back to the sandbox", "returnTitle": "Back at the shop",
	"success": "The payment succeeded.", "failure": "The payment did not succeed.", "unknown": "The payment is on its way.",
}

// wordsFor is French unless the browser asks for English first.
func wordsFor(r *http.Request) words {
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	if lang := r.URL.Query().Get("lang"); lang != "" {
		first = lang
	}
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(first)), "en") {
		return english
	}
	return french
}

func (c control) showIndex(w http.ResponseWriter, r *http.Request) {
	list, err := c.Phones(r.Context())
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	c.render(w, r, "index.html", map[string]any{
		"T": wordsFor(r), "Phones": list, "Inbox": c.inbox.latest(latestShown),
	})
}

// showReturn is where the demo merchant's shop would be.
func (c control) showReturn(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
	message := t["unknown"]
	switch r.URL.Query().Get("outcome") {
	case "success":
		message = t["success"]
	case "failure":
		message = t["failure"]
	}
	c.render(w, r, "return.html", map[string]any{"T": t, "Message": message})
}

// pressButton answers a prompt from the page and goes back to it; a prompt that
// is gone meanwhile shows there by its absence.
func (c control) pressButton(w http.ResponseWriter, r *http.Request) {
	buttons := map[string]func(context.Context, string) (Entry, error){"approve": c.Approve, "decline": c.Decline}
	button, ok := buttons[r.PathValue("answer")]
	if !ok {
		c.refuse(w, r, pay.NotFound("button"))
		return
	}
	if _, err := button(r.Context(), r.PathValue("msisdn")); err != nil && pay.KindOf(err) != pay.KindConflict {
		c.refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/sandbox", http.StatusSeeOther)
}

func (c control) serveStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "static/sandbox.css")
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

// Local is the number as people in its country dial it.
func (p Phone) Local() string {
	n, err := phone.Parse(p.MSISDN, "")
	if err != nil {
		return p.MSISDN
	}
	return n.National()
}
