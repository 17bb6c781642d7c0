package listen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	// pageSize is how many events are asked for at once.
	pageSize = 100
	// maxPage bounds one answer, in bytes.
	maxPage = 8 << 20
	// overlap is how far each look goes back before the newest event: one that
	// was made earlier may be committed later.
	overlap = 10 * time.Second
)

// event is one of the gateway's, with its text as it came.
type event struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	CreatedAt time.Time `json:"created_at"`
	raw       json.RawMessage
}

// refusal is an answer that no waiting changes.
type refusal struct{ because string }

func (r *refusal) Error() string { return r.because }

// seen remembers the events of the overlap.
type seen struct {
	ids   map[string]time.Time
	since time.Time // what was made earlier is known
}

// look returns the events that were not there at the last look, oldest first.
// The first look returns what was there already, and so is not to be forwarded.
func (f *forwarder) look(ctx context.Context) ([]event, error) {
	var fresh []event
	newest := f.seen.since.Add(overlap)
	first := f.seen.ids == nil
	for cursor := ""; ; {
		events, next, err := f.page(ctx, cursor)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if e.CreatedAt.After(newest) {
				newest = e.CreatedAt
			}
			if _, known := f.seen.ids[e.ID]; !known && !e.CreatedAt.Before(f.seen.since) {
				fresh = append(fresh, e)
			}
		}
		since := f.seen.since
		if first {
			since = newest.Add(-overlap)
		}
		if next == "" || len(events) == 0 || events[len(events)-1].CreatedAt.Before(since) {
			break
		}
		cursor = next
	}
	f.seen.remember(fresh, newest.Add(-overlap))
	slices.Reverse(fresh)
	return fresh, nil
}

func (s *seen) remember(fresh []event, since time.Time) {
	if s.ids == nil {
		s.ids = map[string]time.Time{}
	}
	for _, e := range fresh {
		s.ids[e.ID] = e.CreatedAt
	}
	s.since = since
	for id, at := range s.ids {
		if at.Before(since) {
			delete(s.ids, id)
		}
	}
}

// page reads one page of events, newest first.
func (f *forwarder) page(ctx context.Context, cursor string) (events []event, next string, err error) {
	q := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.Gateway+"/v1/events?"+q.Encode(), nil)
	if err != nil {
		return nil, "", fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+f.Key.Reveal())
	resp, err := f.http.Do(req)
	if err != nil {
		return nil, "", cause(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return nil, "", cause(err)
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return nil, "", &refusal{"the gateway does not know this test key: --key names one of its own"}
	case resp.StatusCode == http.StatusNotFound:
		return nil, "", &refusal{"there is no gateway at --url: /v1/events answers 404"}
	case resp.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	return readPage(body)
}

func readPage(body []byte) ([]event, string, error) {
	var page struct {
		Data       []json.RawMessage `json:"data"`
		NextCursor string            `json:"next_cursor"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, "", fmt.Errorf("read events: %w", err)
	}
	events := make([]event, len(page.Data))
	for i, raw := range page.Data {
		if err := json.Unmarshal(raw, &events[i]); err != nil {
			return nil, "", fmt.Errorf("read event: %w", err)
		}
		events[i].raw = raw
	}
	return events, page.NextCursor, nil
}

// cause is an error without the address that an *http.Client puts before it,
// which the reader knows and which may hold a password.
func cause(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
