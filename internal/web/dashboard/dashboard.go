// Package dashboard serves the pages under /dashboard, for the people who run a
// merchant's money: payments and their whole stories, balances, connections,
// routes, webhooks, payment links, keys, people and what they did.
//
// The pages are forms and tables that need no script. Every page belongs to one
// power, and every request passes one gate (gate.go) that knows who asks and
// what they may do; what belongs to another merchant, or to the other mode, is
// not found. A POST from another origin is refused before anything looks at it.
// Whole phone numbers stand only on a transaction's own page and where payouts
// wait to be confirmed or approved, for those who may act on them; secrets are
// shown once, when they are made.
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
	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/provider"
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
	// Reconcile holds statements against the books; nil makes one that ends with
	// the process.
	Reconcile *reconcile.Reconciler
	// Dialects are those that the gateway speaks, by provider.
	Dialects map[string]provider.Dialect
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
	if c.Reconcile == nil {
		c.Reconcile = reconcile.New(c.Gateway)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	h := &handler{Config: c, secure: strings.HasPrefix(c.Gateway.PublicURL, "https://")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dashboard/static/dashboard.css", h.serveFile("static/dashboard.css"))
	mux.HandleFunc("GET /dashboard/static/icon.svg", h.serveFile("static/icon.svg"))
	mux.HandleFunc("GET /dashboard/static/live.js", h.serveFile("static/live.js"))
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
		{"GET /dashboard/batches", see, (*handler).batches},
		{"POST /dashboard/batches", operate, (*handler).uploadBatch},
		{"GET /dashboard/batches/limits", manage, (*handler).batchLimits},
		{"POST /dashboard/batches/limits", manage, (*handler).setBatchLimit},
		{"GET /dashboard/batches/{id}", see, (*handler).batch},
		{"POST /dashboard/batches/{id}/confirm", operate, (*handler).confirmBatch},
		{"POST /dashboard/batches/{id}/discard", operate, (*handler).withdrawDraft},
		{"POST /dashboard/batches/{id}/approve", operate, (*handler).approveBatch},
		{"POST /dashboard/batches/{id}/reject", operate, (*handler).rejectBatch},
		{"GET /dashboard/batches/{id}/result.csv", see, (*handler).batchResult},
		{"GET /dashboard/balances", see, (*handler).balances},
		{"GET /dashboard/links", see, (*handler).links},
		{"POST /dashboard/links", operate, (*handler).addLink},
		{"GET /dashboard/links/{id}", see, (*handler).link},
		{"POST /dashboard/links/{id}/cancel", operate, (*handler).cancelLink},
		{"GET /dashboard/reconciliation", see, (*handler).reconciliation},
		{"POST /dashboard/reconciliation", operate, (*handler).uploadStatement},
		{"GET /dashboard/reconciliation/runs/{id}", see, (*handler).reconcileRun},
		{"GET /dashboard/reconciliation/cases", see, (*handler).cases},
		{"GET /dashboard/reconciliation/cases.csv", see, (*handler).exportCases},
		{"GET /dashboard/reconciliation/cases/{id}", see, (*handler).oneCase},
		{"POST /dashboard/reconciliation/cases/{id}/resolve", operate, (*handler).resolveCase},
		{"POST /dashboard/reconciliation/cases/{id}/check", operate, (*handler).checkCase},
		{"GET /dashboard/connections", see, (*handler).connections},
		{"GET /dashboard/connections/new", manage, (*handler).newConnection},
		{"POST /dashboard/connections", manage, (*handler).addConnection},
		{"GET /dashboard/connections/{id}", manage, (*handler).editConnection},
		{"POST /dashboard/connections/{id}", manage, (*handler).changeConnection},
		{"POST /dashboard/connections/{id}/test", operate, (*handler).testConnection},
		{"POST /dashboard/connections/{id}/enabled", manage, (*handler).switchConnection},
		{"GET /dashboard/routes", see, (*handler).paths},
		{"POST /dashboard/routes", manage, (*handler).addPath},
		{"POST /dashboard/routes/{id}/enabled", manage, (*handler).switchPath},
		{"POST /dashboard/routes/{id}/move", manage, (*handler).movePath},
		{"POST /dashboard/routes/{id}/delete", manage, (*handler).deletePath},
		{"GET /dashboard/dialects", manage, (*handler).dialects},
		{"GET /dashboard/dialects/{name}", manage, (*handler).dialect},
		{"POST /dashboard/dialects/{name}", manage, (*handler).setDialect},
		{"POST /dashboard/dialects/{name}/issue", manage, (*handler).issueDialect},
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
		{"GET /dashboard/policies", manage, (*handler).policies},
		{"POST /dashboard/policies", manage, (*handler).setPolicies},
		{"POST /dashboard/policies/erase", manage, (*handler).erasePerson},
		{"GET /dashboard/audit", manage, (*handler).audit},
	}
}

func (h *handler) serveFile(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		http.ServeFileFS(w, r, files, name)
	}
}
