package checkout

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// setHeaders protects a page. A form may lead to this site and, by the redirect
// that follows it, to a provider's page or the shop: browsers hold redirects to
// form-action as well, and which provider it is going to be is not yet known.
func setHeaders(h http.Header, r *http.Request, back *way) {
	formAction := "'self' https:"
	if r.TLS == nil {
		formAction += " http:" // development; a proxy's TLS does no harm here
	}
	if back != nil {
		if origin := originOf(back.URL); origin != "" {
			formAction += " " + origin
		}
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy",
		"default-src 'self'; style-src "+stylePolicy+"; base-uri 'none'; frame-ancestors 'none'; form-action "+formAction)
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language")
	// The address of a page is the right to act on it.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
}

// originOf is the scheme and host of an address, "" where they could mean
// something else in a header.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	odd := strings.IndexFunc(u.Host, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune(".-:[]", c)
	})
	if odd >= 0 {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// way is the way back to the shop.
type way struct {
	URL    string
	Post   bool
	Fields map[string]string
}

// wayBack tells where the browser goes once a transaction is final, nil for
// nowhere: where its front said, else where the merchant's request said.
func wayBack(t pay.Transaction) *way {
	if !t.Status.Final() {
		return nil
	}
	back, ok := t.Checkout.ReturnFor(t.Status)
	if !ok {
		back = pay.Return{URL: t.ReturnURL}
	}
	u, err := url.Parse(back.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil
	}
	if strings.EqualFold(back.Method, http.MethodPost) {
		return &way{URL: back.URL, Post: true, Fields: back.Fields}
	}
	if len(back.Fields) > 0 {
		q := u.Query()
		for name, value := range back.Fields {
			q.Set(name, value)
		}
		u.RawQuery = q.Encode()
		return &way{URL: u.String()}
	}
	return &way{URL: back.URL}
}
