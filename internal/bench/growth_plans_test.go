package bench

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
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

// shared are columns whose values many rows have in common: an index that is
// entered by these alone leads to as many rows as there are payments.
var shared = []string{
	"merchant_id", "mode", "kind", "status", "front", "account", "connection_id", "currency", "target", "method", "id<", "id>",
}

// walks may look at more rows than they return, for a reason.
var walks = map[string]string{
	"CloseVanishedCases":      "open differences between statement and books are few",
	"CountAcknowledgements":   "its index has the test notifications of one target, of which the newest 500 are looked at",
	"CountOpenCases":          "open differences between statement and books are few",
	"ListReconciliationCases": "differences between statement and books are few",
	"ListDeltaAccounts":       "deltas are folded into balances within moments",
	"ListPurses":              "deltas are folded into balances within moments",
	"SumBalanceDeltas":        "deltas are folded into balances within moments",
	"TakeBalanceDeltas":       "deltas are folded into balances within moments",
	"SumLedger":               "to rebuild balances all entries are read, on demand",
	"ListFailedDeliveries":    "its index has what failed of one target in the order of the page",
	"ListLatestDeliveries":    "the developer's page is of a merchant with test mode alone, whose newest rows are the page",
	"ListSandboxPhones":       "what the simulated operators remember is purged after days",
	"ListOpenBatches":         "its index has the batches that are not finished",
	"PageTransactions":        "asked for no status, or for the one that most payments have",
	"PageTransactionsByPhone": "asked for one person's payments",
}

// entrances are the indexes of pages whose rows lie apart: another one that has
// them in the right order would be walked until the page is full.
var entrances = map[string]string{
	"PageTransactions":              "ix_transactions_list",
	"PageTransactionsByStatus":      "ix_transactions_status",
	"PageTransactionsByPhone":       "ix_transactions_search_phone",
	"ListTransactionsByReference":   "ux_transactions_reference",
	"GetAttemptByReference":         "ux_attempts_reference",
	"GetAttemptByProviderReference": "ix_attempts_provider_reference",
	"ListEvents":                    "ix_events_list",
	"ListLedgerEntries":             "ix_ledger_list",
	"ListFailedDeliveries":          "ix_deliveries_failed",
	"FailTargetDeliveries":          "ix_deliveries_due",
	"claim transactions":            "ix_transactions_due",
	"claim deliveries":              "ix_deliveries_due",
	"claim sandbox_operations":      "ix_sandbox_operations_due",
}

// TestNoQueryWalksATableThatGrows asks SQLite how it would run each query with
// many payments stored. A query that looks at more than it returns gets slower
// with every payment; one that must says so here, and why it may.
func TestNoQueryWalksATableThatGrows(t *testing.T) {
	s := crowded(t)
	used := map[string]bool{}
	queries := storedQueries(t)
	for name, index := range entrances {
		if steps := strings.Join(plan(t, s, queries[name]), "; "); !strings.Contains(steps, " "+index+" ") {
			t.Errorf("%s does not use %s: %s", name, index, steps)
		}
	}
	for name, query := range queries {
		for _, why := range walksOf(query, plan(t, s, query)) {
			used[name] = true
			if walks[name] == "" {
				t.Errorf("%s walks a table that grows: %s", name, why)
			}
		}
	}
	for name := range walks {
		if !used[name] {
			t.Errorf("%s walks no table: take it off the list", name)
		}
	}
}

var (
	ofTable = regexp.MustCompile(`^(?:SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX \w+)?(?: \((.*)\))?`)
	// maybe is a filter that may be absent: no index can be entered by it.
	maybe = regexp.MustCompile(`AS text\) = '' OR (\w+ =)`)
)

const fromTable = `(?i)\b(?:FROM|UPDATE|INTO|JOIN)\s+%s\s+(?:AS\s+)?%s\b`

// walksOf tells which steps of a plan read a part of a growing table that grows
// with it, and which filters leave them no choice.
func walksOf(query string, plan []string) []string {
	var found []string
	sorts := slices.ContainsFunc(plan, func(step string) bool { return strings.Contains(step, "TEMP B-TREE") })
	paged := strings.Contains(query, "LIMIT") && !sorts
	for _, step := range plan {
		m := ofTable.FindStringSubmatch(step)
		if m == nil || !grows(query, m[1]) {
			continue
		}
		if strings.HasPrefix(step, "SCAN") || !narrow(m[2], paged) {
			found = append(found, step)
		}
		if filter := maybe.FindStringSubmatch(query); filter != nil {
			found = append(found, filter[1]+" …, or anything")
		}
	}
	return found
}

// narrow tells whether the terms by which an index is entered lead to few rows:
// one is no column that many share, or they are the beginning of a page.
func narrow(terms string, paged bool) bool {
	for term := range strings.SplitSeq(terms, " AND ") {
		column := strings.TrimRight(term, "=?")
		if !slices.Contains(shared, column) || paged && strings.HasPrefix(column, "id") {
			return true
		}
	}
	return false
}

// grows tells whether a name, or what it stands for in the query, is a growing table.
func grows(query, name string) bool {
	return slices.ContainsFunc(growing, func(table string) bool {
		return name == table || regexp.MustCompile(fmt.Sprintf(fromTable, table, name)).MatchString(query)
	})
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
	addClaims(t, queries)
	return queries
}

// addClaims adds the statement that claims due rows, of each table that it is
// made for.
func addClaims(t *testing.T, queries map[string]string) {
	t.Helper()
	source, err := os.ReadFile("../store/claims.go")
	if err != nil {
		t.Fatal(err)
	}
	statement := regexp.MustCompile("(?s)const claimDue = `(.*?)`").FindSubmatch(source)
	tables := regexp.MustCompile(`s\.claim\(ctx, "(\w+)", "(\w+)"`).FindAllSubmatch(source, -1)
	if statement == nil || len(tables) < 3 {
		t.Fatal("found no statement that claims")
	}
	for _, m := range tables {
		queries["claim "+string(m[1])] = fmt.Sprintf(string(statement[1]), m[1], m[2], "")
	}
}
