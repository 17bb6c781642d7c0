package developer

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// keptRequests is how many requests the journal keeps.
const keptRequests = 100

// request is one that an API answered. Its query and body, which may hold
// credentials, are not kept.
type request struct {
	at           time.Time
	front        string
	method, path string
	status       int
	took         time.Duration
}

// journal keeps the last requests in memory.
type journal struct {
	mu   sync.Mutex
	list []request
}

func (j *journal) add(r request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.list) == keptRequests {
		j.list = append(j.list[:0], j.list[1:]...)
	}
	j.list = append(j.list, r)
}

// all lists them, the newest first.
func (j *journal) all() []request {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := slices.Clone(j.list)
	slices.Reverse(list)
	return list
}

// Watch notes each request that an API answers; prefix is what was cut off the
// paths that it sees.
func (p *Page) Watch(front, prefix string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := p.Now()
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		path := prefix + r.URL.Path
		next.ServeHTTP(seen, r)
		ended := p.Now()
		p.journal.add(request{at: ended, front: front, method: r.Method, path: path, status: seen.status, took: ended.Sub(started)})
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
