package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
)

// specimen is everything that one settled payment left in the database. What a
// payment leaves is thus defined by the gateway alone: copies of a specimen are
// payments like any other.
type specimen struct {
	tables []rows
	// identities are the texts that differ from payment to payment: ids,
	// references, tokens.
	identities []string
	// phone is the customer's number.
	phone string
}

// rows are rows of one table.
type rows struct {
	table   string
	columns []string
	values  [][]any
}

// paymentTables hold the rows of a payment, in the order they are written, each
// with the column that says whose they are.
var paymentTables = []struct{ name, owner string }{
	{"transactions", "id"},
	{"attempts", "transaction_id"},
	{"events", "transaction_id"},
	{"exchanges", "transaction_id"},
	{"notifications", "transaction_id"},
	{"ledger_entries", "transaction_id"},
	{"deliveries", "transaction_id"},
}

// identityColumns hold identities, in any of those tables.
var identityColumns = []string{"id", "reference", "provider_reference", "checkout_token"}

// errNoSpecimen says that no payment has been settled and delivered yet.
var errNoSpecimen = errors.New("no payment is settled and delivered yet")

// findSpecimen reads the rows of the merchant's last payment in a mode that is
// settled and delivered.
func findSpecimen(ctx context.Context, s *store.Store, merchant string, mode pay.Mode) (*specimen, error) {
	var id string
	err := s.RawRead().QueryRowContext(ctx, `SELECT COALESCE(MAX(t.id), '') FROM transactions t
		WHERE t.merchant_id = $1 AND t.mode = $2 AND t.status = 'succeeded' AND EXISTS (
			SELECT 1 FROM deliveries d WHERE d.merchant_id = t.merchant_id AND d.transaction_id = t.id AND d.status = 'delivered')`,
		merchant, string(mode)).Scan(&id)
	if err != nil {
		return nil, fmt.Errorf("find a settled payment: %w", err)
	}
	if id == "" {
		return nil, errNoSpecimen
	}
	sp := &specimen{}
	for _, t := range paymentTables {
		r, err := readRows(ctx, s, t.name, "merchant_id = $1 AND "+t.owner+" = $2 ORDER BY created_at", merchant, id)
		if err != nil {
			return nil, err
		}
		sp.tables = append(sp.tables, r)
		sp.identify(r)
	}
	// A payment's delta names no payment; once folded it is gone, and any other
	// of the merchant's is as good.
	deltas, err := readRows(ctx, s, "balance_deltas", "merchant_id = $1 LIMIT 1", merchant)
	if err != nil {
		return nil, err
	}
	sp.tables = append(sp.tables, deltas)
	sp.identify(deltas)
	first := sp.tables[0]
	for i, column := range first.columns {
		if column == "phone" && len(first.values) == 1 {
			sp.phone, _ = first.values[0][i].(string)
		}
	}
	return sp, nil
}

// identify adds the identities of rows, longer ones first, so that none is
// taken for the beginning of another.
func (sp *specimen) identify(r rows) {
	for i, column := range r.columns {
		if !slices.Contains(identityColumns, column) {
			continue
		}
		for _, row := range r.values {
			if text, ok := row[i].(string); ok && len(text) > tailLength && !slices.Contains(sp.identities, text) {
				sp.identities = append(sp.identities, text)
			}
		}
	}
	slices.SortStableFunc(sp.identities, func(a, b string) int { return len(b) - len(a) })
}

func readRows(ctx context.Context, s *store.Store, table, where string, args ...any) (rows, error) {
	r := rows{table: table}
	found, err := s.RawRead().QueryContext(ctx, "SELECT * FROM "+table+" WHERE "+where, args...)
	if err != nil {
		return r, fmt.Errorf("read %s: %w", table, err)
	}
	defer func() { _ = found.Close() }()
	if r.columns, err = found.Columns(); err != nil {
		return r, fmt.Errorf("read %s: %w", table, err)
	}
	for found.Next() {
		row := make([]any, len(r.columns))
		into := make([]any, len(row))
		for i := range row {
			into[i] = &row[i]
		}
		if err := found.Scan(into...); err != nil {
			return r, fmt.Errorf("read %s: %w", table, err)
		}
		r.values = append(r.values, row)
	}
	if err := found.Err(); err != nil {
		return r, fmt.Errorf("read %s: %w", table, err)
	}
	return r, nil
}

// tailLength is how much of an identity's end tells copies apart: a letter for
// the identity and a number of ten digits for the copy. What stands before, an
// id's time for one, stays.
const tailLength = 11

// renewed is the n-th copy of identity i.
func (sp *specimen) renewed(i, n int) string {
	text := sp.identities[i]
	number := strconv.Itoa(n)
	return text[:len(text)-tailLength] + tailLetter(i) + strings.Repeat("0", tailLength-1-len(number)) + number
}

// tailLetter tells a specimen's identities apart, as several were made in one
// millisecond and differ at the end alone.
func tailLetter(i int) string { return string("abcdefghjkmnpqrstvwxyz"[i%22]) }

// made is when the payment was, in milliseconds.
func (sp *specimen) made() int64 {
	for i, column := range sp.tables[0].columns {
		if at, ok := sp.tables[0].values[0][i].(int64); ok && column == "created_at" {
			return at
		}
	}
	return 0
}

// count is how many rows a payment leaves.
func (sp *specimen) count() int {
	n := 0
	for _, t := range sp.tables {
		n += len(t.values)
	}
	return n
}

// owe makes the webhook of a specimen one that is still to be delivered to each
// of the targets.
func (sp *specimen) owe(targets []string, now time.Time) {
	owed := map[string]any{
		"status": "pending", "attempts": int64(0), "last_status": int64(0), "completed_at": int64(0),
		"next_attempt_at": now.UnixMilli(),
	}
	for i, t := range sp.tables {
		if t.table != "deliveries" {
			continue
		}
		one := t.values[0]
		sp.tables[i].values = nil
		for n, target := range targets {
			row := slices.Clone(one)
			for j, column := range t.columns {
				if value, ok := owed[column]; ok {
					row[j] = value
				}
				switch column {
				case "target":
					row[j] = target
				case "id": // its end is the copy's
					id := row[j].(string)
					row[j] = id[:len(id)-tailLength-1] + strconv.Itoa(n) + id[len(id)-tailLength:]
				}
			}
			sp.tables[i].values = append(sp.tables[i].values, row)
		}
		sp.identify(sp.tables[i])
	}
}
