package fieldtest

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
)

// notice is a webhook as it first arrived.
type notice struct {
	id, kind string
	sequence int64
}

// trouble is how many of a hundred webhooks the shop's server fails to take
// while the load is on.
const trouble = 3

// notified takes a webhook. One that is not answered with a 2xx has not arrived.
func (s *Shop) notified(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || !s.calm.Load() && rand.IntN(100) < trouble {
		http.Error(w, "not now", http.StatusInternalServerError)
		return
	}
	if err := s.hear(r.Header, body); err != nil {
		s.mu.Lock()
		s.troubles = append(s.troubles, problem{text: fmt.Sprintf("webhook: %v: %s", err, body)})
		s.mu.Unlock()
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Shop) hear(header http.Header, body []byte) error {
	if err := s.verifier.Verify(body, header); err != nil {
		return err
	}
	var e struct {
		ID, Type string
		Sequence int64
		Data     struct{ ID, Reference, Status string }
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	about := s.known[e.Data.Reference]
	if about == nil {
		return fmt.Errorf("about %s, which was never asked for", e.Data.Reference)
	}
	if slices.ContainsFunc(about.notices, func(n notice) bool { return n.id == e.ID }) {
		return nil // again: at least once is what is promised
	}
	about.notices = append(about.notices, notice{e.ID, e.Type, e.Sequence})
	about.statuses = append(about.statuses, e.Data.Status)
	if e.Type == "payment.succeeded" && about.account.paysOut && about.id != "" {
		s.paid = append(s.paid, about)
	}
	return nil
}
