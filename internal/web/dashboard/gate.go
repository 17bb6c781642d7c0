package dashboard

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	sessionCookie  = "passerelle_session"
	languageCookie = "passerelle_language"
	// maxForm bounds a form, in bytes, and maxUpload one with a file.
	maxForm   = 64 << 10
	maxUpload = 1 << 20
)

// visit is one request of somebody who signed in.
type visit struct {
	http.ResponseWriter
	*http.Request
	account.Person
	words words
}

// caller is the person as the gateway's use cases know them.
func (v *visit) caller() provider.Caller {
	return provider.Caller{MerchantID: v.MerchantID, Mode: v.Mode, Front: pay.NativeFront}
}

// gate lets a request through to its page: somebody signed in, who may.
func (h *handler) gate(to route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit(r))
		v := &visit{ResponseWriter: w, Request: r, words: wordsFor(r)}
		var err error
		v.Person, err = h.Accounts.Session(r.Context(), tokenOf(r), h.Gateway.PeerAddress(r))
		switch {
		case pay.KindOf(err) == pay.KindNotFound && err != nil:
			h.sendToSignIn(w, r)
			return
		case err != nil:
			h.showError(v, err)
			return
		case !v.Role.May(to.power):
			h.showError(v, &pay.Error{Kind: pay.KindForbidden, Code: "role", Message: "your role does not allow it"})
			return
		case r.Method == http.MethodPost && r.ParseForm() != nil:
			h.showError(v, pay.Invalid("form", "the form can't be read"))
			return
		}
		if err := to.serve(h, v); err != nil {
			h.showError(v, err)
		}
	}
}

// bodyLimit is what a request may hold. A file is read by its own page, once it
// is known who sends it.
func bodyLimit(r *http.Request) int64 {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		if r.URL.Path == statementPath {
			return maxStatement
		}
		return maxUpload
	}
	return maxForm
}

func tokenOf(r *http.Request) pay.Secret {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	return pay.Secret(c.Value)
}

// sendToSignIn remembers the page that was asked for; an act is not repeated.
func (h *handler) sendToSignIn(w http.ResponseWriter, r *http.Request) {
	to := "/dashboard/sign-in"
	if r.Method == http.MethodGet && r.URL.Path != "/dashboard/" {
		to += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// here keeps a way onward within the dashboard: no other site, no odd path.
func here(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.ContainsAny(next, "\\\r\n") ||
		!strings.HasPrefix(u.Path, "/dashboard/") || strings.Contains(u.Path, "//") {
		return "/dashboard/"
	}
	return u.RequestURI()
}

// refusedAct ends the name of an act that was refused.
const refusedAct = ".refused"

// act writes down what is going to be done, and does it. Whatever was refused
// is written down as well.
func (h *handler) act(v *visit, action, subject, detail string, do func() error) error {
	if err := h.Accounts.Record(v.Context(), v.Person, action, subject, detail); err != nil {
		return err
	}
	err := do()
	var e *pay.Error
	if errors.As(err, &e) {
		if err := h.Accounts.Record(v.Context(), v.Person, action+refusedAct, subject, e.Code); err != nil {
			return err
		}
	}
	return err
}

// done sends the browser on after an act, with a word about it.
func (h *handler) done(v *visit, to, word string) error {
	if word != "" {
		to += "?" + url.Values{"done": {word}}.Encode()
	}
	v.Header().Set("Cache-Control", "no-store")
	http.Redirect(v.ResponseWriter, v.Request, to, http.StatusSeeOther)
	return nil
}

// Header is the answer's, as the request has one too.
func (v *visit) Header() http.Header { return v.ResponseWriter.Header() }

// render writes a page.
func (h *handler) render(v *visit, status int, name string, data any) error {
	f := h.frame(v)
	f.Data = data
	return h.write(v.ResponseWriter, status, name, f)
}

// fault renders the page of a form that was refused, with what is wrong.
func (h *handler) fault(v *visit, name string, data any, fault error) error {
	if fault == nil {
		return h.render(v, http.StatusOK, name, data)
	}
	status, text := h.explain(v, fault)
	f := h.frame(v)
	f.Data, f.Fault = data, text
	return h.write(v.ResponseWriter, status, name, f)
}

func (h *handler) write(w http.ResponseWriter, status int, name string, f frame) error {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, f); err != nil {
		return err
	}
	text := titled(page.Bytes())
	protect(w.Header())
	if f.Live { // its own script, and nobody else's
		w.Header().Set("Content-Security-Policy", strings.Replace(policy, "script-src 'none'", "script-src 'self'", 1))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text)
	return nil
}

var (
	heading = regexp.MustCompile(`(?s)<h1>(.*?)</h1>`)
	markup  = regexp.MustCompile(`<[^>]*>`)
)

// titled puts a page's heading before its title, so that tabs and a browser's
// history tell the pages apart. What is in the heading is escaped already.
func titled(page []byte) []byte {
	found := heading.FindSubmatch(page)
	if found == nil {
		return page
	}
	text := bytes.Join(bytes.Fields(markup.ReplaceAll(found[1], nil)), []byte(" "))
	title := slices.Concat([]byte("<title>"), text, []byte(" · "))
	return bytes.Replace(page, []byte("<title>"), title, 1)
}

const policy = "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// protect sets what every answer carries.
func protect(header http.Header) {
	header.Set("Content-Security-Policy", policy)
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept-Language, Cookie")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("X-Robots-Tag", "noindex")
}

// explain says what went wrong, and with which status. What is our fault is
// logged and answered without its text.
func (h *handler) explain(v *visit, err error) (int, string) {
	var e *pay.Error
	if !errors.As(err, &e) {
		h.Log.Error("dashboard page failed", "path", v.URL.Path, "error", err)
		return http.StatusInternalServerError, v.words.of("fault.internal")
	}
	status := http.StatusInternalServerError
	switch e.Kind {
	case pay.KindNotFound:
		status = http.StatusNotFound
	case pay.KindForbidden:
		status = http.StatusForbidden
	case pay.KindConflict, pay.KindFunds:
		status = http.StatusConflict
	case pay.KindInvalid, pay.KindCapability, pay.KindUnauthorized:
		status = http.StatusUnprocessableEntity
	case pay.KindTooMany:
		status = http.StatusTooManyRequests
	case pay.KindUnavailable:
		status = http.StatusServiceUnavailable
	}
	return status, v.words.fault(e)
}

func (h *handler) showError(v *visit, err error) {
	status, text := h.explain(v, err)
	f := h.frame(v)
	f.Fault = text
	if err := h.write(v.ResponseWriter, status, "message.html", f); err != nil {
		h.Log.Error("dashboard page could not be made", "error", err)
		http.Error(v.ResponseWriter, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

func (h *handler) nowhere(*visit) error { return pay.NotFound("page") }

// refuseForeign answers a form that another site sent.
func (h *handler) refuseForeign(w http.ResponseWriter, r *http.Request) {
	v := &visit{ResponseWriter: w, Request: r, words: wordsFor(r)}
	h.showError(v, &pay.Error{Kind: pay.KindForbidden, Code: "origin", Message: "the form comes from another site"})
}
