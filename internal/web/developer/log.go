package developer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// shownEntries is how many entries the log shows, all kinds together.
const shownEntries = 60

// newest is above every id.
const newest = "~"

// entry is one thing that happened: a request answered, an event of a
// transaction, a notification sent.
type entry struct {
	at    time.Time
	Class string // request, event, notice
	Kind  string // the same, for people
	Time  string
	Title string
	// Detail follows it, Status says how it went; Good and Bad colour it.
	Detail, Status string
	Good, Bad      bool
	// Transaction leads to its story.
	Transaction string
}

// latest is what happened last, the newest first.
func (p *Page) latest(ctx context.Context, t words) ([]entry, error) {
	var list []entry
	titles := map[string]string{}
	for _, f := range p.Fronts() {
		titles[f.Name] = f.Title
	}
	for _, r := range p.journal.all() {
		list = append(list, r.entry(titles))
	}
	events, err := p.Store.Read().ListEvents(ctx, sqlgen.ListEventsParams{
		MerchantID: p.MerchantID, Mode: string(pay.Test), Before: newest, Count: shownEntries,
	})
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	for _, row := range events {
		e, err := eventEntry(row, titles, t)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	notices, err := p.Store.Read().ListLatestDeliveries(ctx, sqlgen.ListLatestDeliveriesParams{
		MerchantID: p.MerchantID, Mode: string(pay.Test), Count: shownEntries,
	})
	if err != nil {
		return nil, fmt.Errorf("list notifications: %w", err)
	}
	for _, row := range notices {
		list = append(list, noticeEntry(row, titles, t))
	}
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(b.at.UnixMilli(), a.at.UnixMilli()) })
	list = list[:min(len(list), shownEntries)]
	for i := range list {
		list[i].Time, list[i].Kind = list[i].at.Local().Format("15:04:05"), t[list[i].Class]
	}
	return list, nil
}

func (r request) entry(titles map[string]string) entry {
	return entry{
		at: r.at, Class: "request", Title: r.method + " " + outbound.MaskCards(r.path),
		Detail: fmt.Sprintf("%s · %d ms", titles[r.front], r.took.Milliseconds()),
		Status: fmt.Sprint(r.status), Good: r.status < http.StatusBadRequest, Bad: r.status >= http.StatusBadRequest,
	}
}

func eventEntry(row sqlgen.Event, titles map[string]string, t words) (entry, error) {
	var about pay.Transaction
	if err := json.Unmarshal([]byte(row.Snapshot), &about); err != nil {
		return entry{}, fmt.Errorf("read snapshot of event %s: %w", row.ID, err)
	}
	detail := []string{about.Amount.Format(t["lang"]), about.Reference, titles[about.Front]}
	if about.Failure.Reason != "" {
		detail = append(detail, string(about.Failure.Reason))
	}
	return entry{
		at: store.Time(row.CreatedAt), Class: "event", Title: row.Type, Detail: joined(detail), Status: string(about.Status),
		Good: about.Status == pay.StatusSucceeded, Bad: about.Status.Final() && about.Status != pay.StatusSucceeded,
		Transaction: row.TransactionID,
	}, nil
}

// noticeEntry stands where the notification was sent; one that waits stands
// where it was made.
func noticeEntry(row sqlgen.Delivery, titles map[string]string, t words) entry {
	at := row.CompletedAt
	if at == 0 {
		at = row.CreatedAt
	}
	to := titles[row.Target]
	if to == "" {
		to = titles[pay.NativeFront]
	}
	detail := []string{t["to"] + " " + to, row.LastError}
	if row.LastStatus != 0 {
		detail = append(detail, fmt.Sprint("HTTP ", row.LastStatus))
	}
	if row.Attempts > 1 {
		detail = append(detail, fmt.Sprintf("%s %d", t["tries"], row.Attempts))
	}
	return entry{
		at: store.Time(at), Class: "notice", Title: row.Type, Detail: joined(detail), Status: t["delivery."+row.Status],
		Good: row.Status == "delivered", Bad: row.Status == "failed", Transaction: row.TransactionID,
	}
}

func joined(parts []string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}
