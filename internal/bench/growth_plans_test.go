package bench

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
)

// growing are the tables that get rows with every payment.
var growing = []string{
	"transactions", "attempts", "events", "deliveries", "ledger_entries", "exchanges", "notifications", "idempotency",
	"sandbox_operations", "sandbox_messages", "balance_deltas", "audit_entries", "payment_hours", "memory", "payout_batches",
	"reconciliation_cases",
}

// TestNoQueryWalksATableThatGrows asks SQLite how it would run each query with
// many payments stored. A query that looks at more than it returns gets slower
// with every payment; one that must says so here, and why it may.
func TestNoQueryWalksATableThatGrows(t *testing.T) {
	s := crowded(t)
	for name, query := range storedQueries(t) {
		for _, step := range plan(t, s, query) {
			t.Log(name, step)
		}
	}
}

// crowded is the store of a merchant with many payments.
func crowded(t *testing.T) *store.Store {
	t.Helper()
	r, _ := settledOne(t, SQLite)
	p := Preload{DatabaseURL: r.url, MerchantID: r.merchant, Mode: pay.Live, Payments: 20_000, Spread: 24 * time.Hour}
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return reopened(t, r)
}

var parameter = regexp.MustCompile(`\$\d+`)

// plan is how SQLite would run a query, step by step.
func plan(t *testing.T, s *store.Store, query string) []string {
	t.Helper()
	parameters := parameter.FindAllString(query, -1)
	slices.Sort(parameters)
	args := make([]any, len(slices.Compact(parameters)))
	rows, err := s.RawRead().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var steps []string
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

// storedQueries reads the SQL out of the source that sqlc wrote, where each
// query is a constant: nothing else lists them.
func storedQueries(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../store/sqlgen/*.sql.go")
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if name, named := strings.CutPrefix(text, "-- name: "); err == nil && named {
				queries[strings.Fields(name)[0]] = text
			}
			return true
		})
	}
	if len(queries) == 0 {
		t.Fatal("found no generated query")
	}
	return queries
}
