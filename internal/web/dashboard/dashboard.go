// Package dashboard serves the pages under /dashboard, for the people who run a
// merchant's money: payments and their whole stories, balances, connections,
// routes, webhooks, payment links, keys, people and what they did.
//
// The pages are forms and tables that need no script. Every page belongs to one
// power, and every request passes one gate (gate.go) that knows who asks and
// what they may do; what belongs to another merchant, or to the other mode, is
// not found. A POST from another origin is refused before anything looks at it.
// Whole phone numbers stand only on a transaction's own page, for those who may
// act on it; secrets are shown once, when they are made.
package dashboard

import (
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/webhook"
)

//go:embed templates static
var files embed.FS

// A word that a template misspells fails the page, and with it a test.
var pages = template.Must(template.New("").Option("missingkey=error").ParseFS(files, "templates/*.html"))

// Config is what the pages are built from.
type Config struct {
	Gateway  *gateway.Gateway
	Accounts *account.Accounts
	Webhooks *webhook.Sender
	Now      func() time.Time
	Log      *slog.Logger
}

type handler struct {
	Config
	secure bool // the site is reached over TLS
}

// New returns the handler of /dashboard and everything under it.
func New(c Config) http.Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	h := &handler{Config: c, secure: strings.HasPrefix(c.Gateway.PublicURL, "https://")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dashboard/static/dashboard.css", h.serveStyle)
	mux.HandleFunc("GET /dashboard/sign-in", h.showSignIn)
	mux.HandleFunc("POST /dashboard/sign-in", h.signIn)
	mux.HandleFunc("POST /dashboard/language", h.setLanguage)
	for _, r := range h.routes() {
		mux.HandleFunc(r.pattern, h.gate(r))
	}
	mux.HandleFunc("/dashboard/", h.gate(route{power: account.See, serve: (*handler).nowhere}))
	mux.Handle("GET /dashboard", http.RedirectHandler("/dashboard/", http.StatusSeeOther))
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(h.refuseForeign))
	return guard.Handler(mux)
}

// route is a page or an act, and the power it takes.
type route struct {
	pattern string
	power   account.Power
	serve   func(*handler, *visit) error
}

// routes is the one list of what there is and who may.
func (h *handler) routes() []route {
	see, operate, manage := account.See, account.Operate, account.Manage
	return []route{
		{"GET /dashboard/{$}", see, (*handler).overview},
		{"POST /dashboard/sign-out", see, (*handler).signOut},
		{"POST /dashboard/mode", see, (*handler).setMode},
		{"GET /dashboard/profile", see, (*handler).profile},
		{"POST /dashboard/profile", see, (*handler).changePassword},
		{"POST /dashboard/profile/factor", see, (*handler).offerFactor},
		{"POST /dashboard/profile/factor/confirm", see, (*handler).confirmFactor},
		{"POST /dashboard/profile/factor/remove", see, (*handler).dropFactor},
		{"GET /dashboard/search", see, (*handler).search},
		{"GET /dashboard/payments", see, list("payment")},
		{"GET /dashboard/payouts", see, list("payout")},
		{"GET /dashboard/refunds", see, list("refund")},
		{"GET /dashboard/payments.csv", see, export("payment")},
		{"GET /dashboard/payouts.csv", see, export("payout")},
		{"GET /dashboard/refunds.csv", see, export("refund")},
		{"GET /dashboard/transactions/{id}", see, (*handler).story},
		{"POST /dashboard/transactions/{id}/check", operate, (*handler).check},
		{"POST /dashboard/transactions/{id}/cancel", operate, (*handler).cancel},
		{"POST /dashboard/transactions/{id}/refund", operate, (*handler).refund},
		{"POST /dashboard/events/{id}/resend", operate, (*handler).resend},
		{"GET /dashboard/balances", see, (*handler).balances},
		{"GET /dashboard/links", see, (*handler).links},
		{"POST /dashboard/links", operate, (*handler).addLink},
		{"GET /dashboard/links/{id}", see, (*handler).link},
		{"POST /dashboard/links/{id}/cancel", operate, (*handler).cancelLink},
		{"GET /dashboard/connections", see, (*handler).connections},
		{"GET /dashboard/connections/new", manage, (*handler).newConnection},
		{"POST /dashboard/connections", manage, (*handler).addConnection},
		{"POST /dashboard/connections/{id}/test", operate, (*handler).testConnection},
		{"POST /dashboard/connections/{id}/enabled", manage, (*handler).switchConnection},
		{"GET /dashboard/routes", see, (*handler).paths},
		{"POST /dashboard/routes", manage, (*handler).addPath},
		{"POST /dashboard/routes/{id}/delete", manage, (*handler).deletePath},
		{"GET /dashboard/webhooks", see, (*handler).endpoints},
		{"POST /dashboard/webhooks", manage, (*handler).addEndpoint},
		{"POST /dashboard/webhooks/{id}/enabled", manage, (*handler).switchEndpoint},
		{"POST /dashboard/webhooks/{id}/delete", manage, (*handler).deleteEndpoint},
		{"GET /dashboard/keys", manage, (*handler).keys},
		{"POST /dashboard/keys", manage, (*handler).addKey},
		{"POST /dashboard/keys/{id}/rotate", manage, (*handler).rotateKey},
		{"POST /dashboard/keys/{id}/revoke", manage, (*handler).revokeKey},
		{"GET /dashboard/team", manage, (*handler).team},
		{"POST /dashboard/team", manage, (*handler).addUser},
		{"POST /dashboard/team/{id}/remove", manage, (*handler).removeUser},
		{"GET /dashboard/audit", manage, (*handler).audit},
	}
}

func (h *handler) serveStyle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, files, "static/dashboard.css")
}
