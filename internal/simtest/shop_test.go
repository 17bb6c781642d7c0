package simtest

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"
)

// shop is the merchant's server: it gets events, and sometimes fails to.
type shop struct {
	world *world

	mu  sync.Mutex
	got map[string][]heard // by transaction id, as they arrived
}

// heard is one arrival of an event.
type heard struct {
	sequence int64
	kind     string
	acked    bool
}

func newShop(w *world) *shop { return &shop{world: w, got: map[string][]heard{}} }

var hookFaults = []Fault{hookFails, hookFails, hookDrops, hookDrops, hookHangs, killAtHook}

// ServeHTTP takes an event. That it arrived counts, whatever is answered.
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var event struct {
		Type     string `json:"type"`
		Sequence int64  `json:"sequence"`
		Data     struct {
			ID        string `json:"id"`
			Reference string `json:"reference"`
			Status    string `json:"status"`
		} `json:"data"`
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &event) != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	f, roll := s.world.faults.draw(25, hookFaults, event.Data.Reference, "event")
	s.mu.Lock()
	s.got[event.Data.ID] = append(s.got[event.Data.ID], heard{event.Sequence, event.Type, f == noFault})
	s.mu.Unlock()
	if p := s.world.planNamed(event.Data.Reference); p != nil {
		p.note("shop hears %s #%d %s", event.Type, event.Sequence, f)
		if event.Data.Status == "succeeded" {
			p.mu.Lock()
			p.succeeds = true
			p.mu.Unlock()
		}
	}
	if f != noFault && !f.restarts() {
		s.world.faults.happened(f)
	}
	switch f {
	case hookFails:
		http.Error(w, "try later", http.StatusInternalServerError)
	case hookDrops:
		panic(http.ErrAbortHandler)
	case hookHangs:
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
		panic(http.ErrAbortHandler)
	case killAtHook:
		s.world.kill(f, between(roll, 0, 15*time.Second))
	}
}

func (w *world) planNamed(name string) *plan {
	for _, p := range w.plans {
		if p.name == name {
			return p
		}
		if p.refund != nil && p.refund.name == name {
			return p.refund
		}
	}
	return nil
}
