package store_test

import (
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// mayScan are tables with a row per merchant, or less.
var mayScan = []string{"m", "policies", "merchants"}

// A purge that looked at each row of a large table would stall payments.
func TestPurgesFindTheirRowsByAnIndex(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	checked := 0
	for name, query := range generatedQueries(t) {
		if !strings.HasPrefix(name, "purge") && !strings.HasPrefix(name, "owes") && !strings.HasPrefix(name, "walk") &&
			!strings.HasPrefix(name, "erase") && name != "listDueErasures" && name != "countPendingDeliveries" {
			continue
		}
		checked++
		for _, step := range plan(t, s, query) {
			if scans(step) {
				t.Errorf("%s: %s", name, step)
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d queries were looked at", checked)
	}
}

// plan is how SQLite would run a query.
func plan(t *testing.T, s *store.Store, query string) (steps []string) {
	t.Helper()
	rows, err := s.RawRead().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "$"))...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

// scans reports whether a step reads a whole table, in whatever order.
func scans(step string) bool {
	table, found := strings.CutPrefix(step, "SCAN ")
	if !found {
		return false
	}
	table, _, _ = strings.Cut(table, " ")
	for _, small := range mayScan {
		if table == small {
			return false
		}
	}
	return true
}
