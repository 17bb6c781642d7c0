package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// inboxSize is how many requests the inbox keeps.
	inboxSize = 500
	// maxInboxBody bounds what is kept of one request's body, in bytes.
	maxInboxBody = 1 << 20
	// maxInboxWait bounds how long a reader waits for a request.
	maxInboxWait = 60 * time.Second
)

// Arrived is one request that the inbox got.
type Arrived struct {
	ID         int64       `json:"id"`
	Method     string      `json:"method"`
	Path       string      `json:"path"` // behind /sandbox/inbox
	Query      string      `json:"query,omitempty"`
	Headers    http.Header `json:"headers"`
	Body       string      `json:"body"`
	ReceivedAt time.Time   `json:"received_at"`
}

// inbox keeps the last requests in memory: it stands in for a merchant's server
// while one develops, and needs to survive nothing.
type inbox struct {
	mu   sync.Mutex
	last int64
	list []Arrived
	// changed is closed, and replaced, when a request arrives.
	changed chan struct{}
}

func (b *inbox) init() { b.changed = make(chan struct{}) }

func (b *inbox) add(a Arrived) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	a.ID = b.last
	if len(b.list) == inboxSize {
		b.list = append(b.list[:0], b.list[1:]...)
	}
	b.list = append(b.list, a)
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *inbox) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = nil
}

// find returns what contains the text, oldest first, and what is closed at the
// next arrival.
func (b *inbox) find(text string) ([]Arrived, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	matching := []Arrived{}
	for _, a := range b.list {
		if a.contains(text) {
			matching = append(matching, a)
		}
	}
	return matching, b.changed
}

// wait is find, waiting for a first match until ctx ends.
func (b *inbox) wait(ctx context.Context, text string) []Arrived {
	for {
		matching, changed := b.find(text)
		if len(matching) > 0 {
			return matching
		}
		select {
		case <-ctx.Done():
			return matching
		case <-changed:
		}
	}
}

// contains looks in the path, the query and the body, as sent and decoded.
func (a Arrived) contains(text string) bool {
	for _, part := range []string{a.Path, a.Query, a.Body} {
		if strings.Contains(part, text) {
			return true
		}
		if plain, err := url.QueryUnescape(part); err == nil && strings.Contains(plain, text) {
			return true
		}
	}
	return false
}

// receive takes any request under /sandbox/inbox/ and acknowledges it. The
// answer repeats the fields that acknowledgements are known to repeat.
func (c control) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInboxBody))
	if err != nil {
		writeProblem(w, http.StatusRequestEntityTooLarge, "too_large", "", "the body is too large")
		return
	}
	text := string(body)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	c.inbox.add(Arrived{
		Method: r.Method, Path: strings.TrimPrefix(r.URL.Path, "/sandbox/inbox"), Query: r.URL.RawQuery,
		Headers: r.Header.Clone(), Body: text, ReceivedAt: c.now(),
	})
	writeJSON(w, http.StatusOK, acknowledge(body))
}

// acknowledgement is the inbox's answer.
type acknowledgement struct {
	ResponseCode  json.RawMessage `json:"responseCode,omitempty"`
	TransactionID json.RawMessage `json:"transactionId,omitempty"`
	Received      bool            `json:"received"`
}

func acknowledge(body []byte) acknowledgement {
	ack := acknowledgement{Received: true}
	var fields struct {
		Code          json.RawMessage `json:"code"`
		TransactionID json.RawMessage `json:"transactionId"`
	}
	if json.Unmarshal(body, &fields) == nil {
		ack.ResponseCode, ack.TransactionID = fields.Code, fields.TransactionID
		return ack
	}
	var document struct {
		Code          string `xml:"code"`
		TransactionID string `xml:"transactionId"`
	}
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) || xml.Unmarshal(body, &document) != nil {
		return ack
	}
	if _, err := strconv.Atoi(document.Code); err == nil {
		ack.ResponseCode = json.RawMessage(document.Code)
	}
	if id, err := json.Marshal(document.TransactionID); err == nil && document.TransactionID != "" {
		ack.TransactionID = id
	}
	return ack
}

// listInbox lists what arrived; with wait it holds the answer until something
// matches or the time is over.
func (c control) listInbox(w http.ResponseWriter, r *http.Request) {
	var limit time.Duration
	if text := r.URL.Query().Get("wait"); text != "" {
		var err error
		if limit, err = time.ParseDuration(text); err != nil || limit < 0 {
			writeProblem(w, http.StatusUnprocessableEntity, "invalid_request", "wait", "wait is a duration such as 10s")
			return
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), min(limit, maxInboxWait))
	defer cancel()
	writeJSON(w, http.StatusOK, map[string]any{"requests": c.inbox.wait(ctx, r.URL.Query().Get("contains"))})
}

func (c control) clearInbox(w http.ResponseWriter, _ *http.Request) {
	c.inbox.clear()
	w.WriteHeader(http.StatusNoContent)
}

// latest is what arrived last, the newest first.
func (b *inbox) latest(n int) []Arrived {
	all, _ := b.find("")
	list := make([]Arrived, 0, n)
	for i := len(all) - 1; i >= 0 && len(list) < n; i-- {
		list = append(list, all[i])
	}
	return list
}
