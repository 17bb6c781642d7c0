// Package checkout serves the hosted payment page under /pay/{token}: the
// choice of a means of payment, the one-time password, the 3-D Secure step of
// the simulated acquirer, the wait for a phone, the result and the way back to
// the shop.
//
// Whoever holds a page's token acts for its customer; there is no session. The
// pages work without JavaScript; the one script, served from here, saves
// clicks. What a customer types of a card is passed on and never shown again.
package checkout

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

//go:embed templates static
var files embed.FS

// Gateway is what the page needs of the gateway.
type Gateway interface {
	Checkout(ctx context.Context, token string) (pay.Transaction, error)
	PayCheckout(ctx context.Context, token string, choice gateway.Choice) (pay.Transaction, error)
	Open(ctx context.Context, token string) (pay.Transaction, error)
	Returned(ctx context.Context, token string) (pay.Transaction, error)
	Challenge(ctx context.Context, token string, approve bool) (pay.Transaction, error)
	Confirm(ctx context.Context, c provider.Caller, id string, otp pay.Secret) (pay.Transaction, error)
	Cancel(ctx context.Context, c provider.Caller, id string) (pay.Transaction, error)
	Merchant(ctx context.Context, id string) (sqlgen.Merchant, error)
	Connections(ctx context.Context, c provider.Caller) ([]sqlgen.Connection, error)
	Provider(name string) (*provider.Provider, bool)
	CheckoutURL(token string) string
}

var _ Gateway = (*gateway.Gateway)(nil)

// Config is what the pages are built from.
type Config struct {
	Gateway Gateway
	Now     func() time.Time
	Log     *slog.Logger
}

// handler serves the pages.
type handler struct{ Config }

// New returns the handler of everything under /pay/.
func New(c Config) http.Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	h := handler{c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pay/static/checkout.js", serveFile("text/javascript; charset=utf-8", script, scriptAddress))
	mux.HandleFunc("GET /pay/static/icon.svg", serveFile("image/svg+xml", icon, iconAddress))
	mux.HandleFunc("GET /pay/{token}", h.showPage)
	mux.HandleFunc("POST /pay/{token}", h.pay)
	mux.HandleFunc("GET /pay/{token}/status", h.status)
	mux.HandleFunc("POST /pay/{token}/otp", h.enterOTP)
	mux.HandleFunc("POST /pay/{token}/cancel", h.cancel)
	mux.HandleFunc("GET /pay/{token}/challenge", h.showChallenge)
	mux.HandleFunc("POST /pay/{token}/challenge", h.answerChallenge)
	mux.HandleFunc("/pay/", func(w http.ResponseWriter, r *http.Request) {
		h.showError(w, r, pay.Transaction{}, pay.NotFound("page"))
	})
	// Providers send browsers back from their own sites; nobody else has a form
	// that leads here.
	open := http.NewServeMux()
	open.HandleFunc("GET /pay/{token}/return", h.returned)
	open.HandleFunc("POST /pay/{token}/return", h.returned)
	open.Handle("/", http.NewCrossOriginProtection().Handler(mux))
	return open
}

// serveFile serves a text of the program, which browsers may keep under the
// address that changes with it.
func serveFile(contentType, text, address string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		if "?"+r.URL.RawQuery == address[strings.IndexByte(address, '?'):] {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		write(w, r, http.StatusOK, []byte(text))
	}
}

// find reads the transaction of the request's token. Only payments have a page.
func (h handler) find(r *http.Request) (pay.Transaction, error) {
	t, err := h.Gateway.Checkout(r.Context(), r.PathValue("token"))
	if err == nil && t.Kind != pay.Payment {
		return pay.Transaction{}, pay.NotFound("checkout")
	}
	return t, err
}

// owner is the caller that may act on a transaction for its customer.
func owner(t pay.Transaction) provider.Caller {
	return provider.Caller{MerchantID: t.MerchantID, Mode: t.Mode, Front: pay.NativeFront}
}

// render writes a page. Back is where the page may lead besides this site.
func (h handler) render(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, v); err != nil {
		h.Log.Error("page could not be made", "page", name, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	setHeaders(w.Header(), r, v.Back)
	write(w, r, status, page.Bytes())
}

// showError answers with a page that says in words what is wrong. What is not
// the customer's fault is logged and answered without its text.
func (h handler) showError(w http.ResponseWriter, r *http.Request, t pay.Transaction, err error) {
	v := h.view(r, t)
	v.Stage = stageMessage
	var e *pay.Error
	if !errors.As(err, &e) {
		e = &pay.Error{Kind: pay.KindInternal}
	}
	status := http.StatusInternalServerError
	switch {
	case e.Code == pay.CodeCheckoutExpired:
		status, v.Message = http.StatusGone, v.T["expired"]
	case e.Kind == pay.KindNotFound:
		status, v.Message = http.StatusNotFound, v.T["notFound"]
	case e.Kind == pay.KindConflict:
		status, v.Message = http.StatusConflict, v.T["conflict"]
		if e.Code == pay.CodeNotCancelable {
			v.Message = v.T["notCancelable"]
		}
	case e.Kind == pay.KindUnavailable || e.Kind == pay.KindTooMany:
		status, v.Message = http.StatusServiceUnavailable, v.T["later"]
	case e.Kind == pay.KindInvalid:
		status, v.Message = http.StatusUnprocessableEntity, v.T["invalid"]
	default:
		h.Log.Error("payment page failed", "transaction", t.ID, "error", err)
		v.Message = v.T["later"]
	}
	v.Title = v.Message
	h.render(w, r, status, "message.html", v)
}
