package app

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/provider"
)

// router sends a request to its door. Dialects are reached by the Host header
// of their provider, or by the first part of the path; they see the rest as it
// came, since they owe their own answer to a doubled slash or a wrong method.
type router struct {
	hosts    map[string]http.Handler
	dialects map[string]http.Handler
	rest     *http.ServeMux
}

func newRouter() *router {
	return &router{hosts: map[string]http.Handler{}, dialects: map[string]http.Handler{}, rest: http.NewServeMux()}
}

// mount serves a dialect under its prefix and at its provider's hosts.
func (rt *router) mount(p *provider.Provider, h http.Handler) {
	rt.dialects[p.Name] = h
	for _, host := range p.Hosts {
		rt.hosts[strings.ToLower(host)] = h
	}
}

// ServeHTTP implements http.Handler.
func (rt *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first, _ := firstPart(r.URL.Path)
	if h, ok := rt.hosts[hostOf(r)]; ok && first != "pay" {
		h.ServeHTTP(w, r)
		return
	}
	if h, ok := rt.dialects[first]; ok {
		h.ServeHTTP(w, stripped(r, first))
		return
	}
	rt.rest.ServeHTTP(w, collapsed(r))
}

// collapsed is the request with doubled slashes made single ones. The mux would
// redirect, and programs that join a base address and a path by hand are the
// ones that do not follow redirects of a POST.
func collapsed(r *http.Request) *http.Request {
	if !strings.Contains(r.URL.Path, "//") {
		return r
	}
	clone := r.Clone(r.Context())
	for _, path := range []*string{&clone.URL.Path, &clone.URL.RawPath} {
		for strings.Contains(*path, "//") {
			*path = strings.ReplaceAll(*path, "//", "/")
		}
	}
	return clone
}

func hostOf(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(host)
}

// firstPart cuts "/a/b" into "a" and "/b", and "//a/b" as well.
func firstPart(path string) (first, rest string) {
	first, rest, found := strings.Cut(strings.TrimLeft(path, "/"), "/")
	if !found {
		return first, "/"
	}
	return first, "/" + rest
}

// stripped is the request without its first path part.
func stripped(r *http.Request, first string) *http.Request {
	clone := r.Clone(r.Context())
	_, clone.URL.Path = firstPart(r.URL.Path)
	if r.URL.RawPath != "" {
		clone.URL.RawPath = strings.TrimPrefix(strings.TrimLeft(r.URL.RawPath, "/"), first)
		if clone.URL.RawPath == "" {
			clone.URL.RawPath = "/"
		}
	}
	return clone
}

// Serves reports whether something answers at a path of ours: what a program
// points people to has to be there.
func (a *App) Serves(path string) bool {
	_, pattern := a.router.rest.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}})
	return pattern != ""
}
