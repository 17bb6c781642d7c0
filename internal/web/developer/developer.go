package developer

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

//go:embed templates static native
var files embed.FS

var pages = template.Must(template.ParseFS(files, "templates/*.html"))

// nativeName is the front of our own API.
const nativeName = pay.NativeFront

// Config is what the page is made of.
type Config struct {
	// PublicURL is the gateway's address in links, Listener the address that its
	// trials are sent to.
	PublicURL, Listener string
	// Fronts are the APIs with the demo merchant's credentials; asked anew for
	// each page, as a run lays them down after the pages are built.
	Fronts func() []Front
	// MerchantID is the demo merchant, whose events are shown.
	MerchantID string
	// SignIn is what opens the dashboard.
	Email, Password string
	// WebhookSecret signs native notifications.
	WebhookSecret string
	// CallbackURL is the demo merchant's own server; "" is the inbox.
	CallbackURL string
	Store       *store.Store
	Now         func() time.Time
	Log         *slog.Logger
}

// Front is one API with what the demo merchant needs to call it.
type Front struct {
	// Name is the provider's, or "native"; Title is how people write it.
	Name, Title string
	// Base is its address here, InPlaceOf the host it stands in for.
	Base, InPlaceOf string
	Credentials     []Credential
	// Curl is one command to paste.
	Curl string
	// Callback is where its notifications go.
	Callback string
	// Provider is nil for our own API.
	Provider *provider.Provider
}

// Credential is one published value of the demo merchant.
type Credential struct{ Name, Value string }

// Page is the developer's page.
type Page struct {
	Config
	http    *http.Client
	journal journal
	results results
}

// New makes the page.
func New(c Config) *Page {
	return &Page{Config: c, http: ownServer(c.Listener)}
}

// Handler serves /sandbox/start and everything under it.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sandbox/start", p.show)
	mux.HandleFunc("GET /sandbox/start/{$}", p.show)
	mux.HandleFunc("POST /sandbox/start/run", p.run)
	mux.HandleFunc("GET /sandbox/start/log", p.showLog)
	mux.HandleFunc("GET /sandbox/start/static/{file}", serveStatic)
	// The page has no login, so a page elsewhere must not press its buttons.
	return http.NewCrossOriginProtection().Handler(mux)
}

// start is what the page shows.
type start struct {
	T       words
	Other   string
	Config  Config
	Fronts  []shownFront
	Result  *shownResult
	Entries []entry
}

// shownFront is a front with its trials.
type shownFront struct {
	Front
	Trials []shownTrial
}

func (p *Page) show(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
	page := start{T: t, Other: otherLanguage(r, t), Config: p.Config}
	played, ok := p.results.find(r.URL.Query().Get("result"))
	if ok {
		page.Result = played.shown(t)
	}
	var err error
	for _, f := range p.Fronts() {
		shown := shownFront{Front: f}
		if shown.Trials, err = p.trialsOf(f, played, t); err != nil {
			p.fail(w, r, err)
			return
		}
		page.Fronts = append(page.Fronts, shown)
	}
	if page.Entries, err = p.latest(r.Context(), t); err != nil {
		p.fail(w, r, err)
		return
	}
	p.render(w, r, "start.html", page)
}

func (p *Page) showLog(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
	entries, err := p.latest(r.Context(), t)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.render(w, r, "log.html", start{T: t, Other: otherLanguage(r, t), Entries: entries})
}

func otherLanguage(r *http.Request, t words) string {
	q := url.Values{"lang": {t["other"]}}
	if result := r.URL.Query().Get("result"); result != "" {
		q.Set("result", result)
	}
	return r.URL.Path + "?" + q.Encode()
}

func serveStatic(w http.ResponseWriter, r *http.Request) {
	name := "static/" + r.PathValue("file")
	if _, err := fs.Stat(files, name); err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-cache") // it belongs to the page of this very version
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, files, name)
}

func (p *Page) render(w http.ResponseWriter, r *http.Request, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		p.fail(w, r, err)
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

func (p *Page) fail(w http.ResponseWriter, r *http.Request, err error) {
	p.Log.Error("developer's page failed", "path", r.URL.Path, "error", err)
	http.Error(w, "the page could not be made; the log says why", http.StatusInternalServerError)
}
