package app

import (
	"fmt"
	"net/http"
	"strings"
)

// maxTyped bounds what people type into a form and tests tell the sandbox, in
// bytes. Each door bounds what it reads as well; this is the one that says so.
const maxTyped = 64 << 10

// typed refuses a body that announces more than maxTyped before anything reads
// it: 413, where the door itself could only say that it can't be read. Files
// and what other programs send have limits of their own.
func typed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file := strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")
		if r.ContentLength <= maxTyped || file || strings.HasPrefix(r.URL.Path, "/sandbox/inbox/") {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close") // the rest is not worth reading
		if strings.HasPrefix(r.URL.Path, "/sandbox/v1/") {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			_, _ = fmt.Fprintf(w, `{"type":"about:blank","title":"Request Entity Too Large","status":413,"code":"body_too_large","detail":"the body is larger than %d bytes"}`, maxTyped)
			return
		}
		http.Error(w, "Demande trop volumineuse.\nThe request is too large.", http.StatusRequestEntityTooLarge)
	})
}
