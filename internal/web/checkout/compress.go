package checkout

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
)

// write sends a body, compressed where the browser takes it: a payer may sit
// behind a network that carries a few kilobytes a second.
func write(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Add("Vary", "Accept-Encoding")
	if !takesGzip(r.Header.Get("Accept-Encoding")) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write(body)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z, _ := gzip.NewWriterLevel(w, gzip.BestCompression) // fails for unknown levels alone
	_, _ = z.Write(body)
	_ = z.Close() // who hung up does not read the page
}

// takesGzip reads an Accept-Encoding (RFC 9110, 12.5.3).
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return strings.TrimSpace(weight) == "" || err == nil && q > 0
		}
	}
	return false
}
