package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/pay"
)

// bulk is a preload at work.
type bulk struct {
	Preload
	conn     *sql.Conn
	sp       *specimen
	first    int // number of the first copy
	postgres bool
}

func (b *bulk) write(ctx context.Context) error {
	var indexes []index
	var err error
	if b.Payments >= rebuildFrom && b.Payments >= b.first {
		if indexes, err = b.dropIndexes(ctx); err != nil {
			return err
		}
	}
	if err := b.copies(ctx); err != nil {
		return err
	}
	if err := b.addBalances(ctx); err != nil {
		return err
	}
	if err := b.buildIndexes(ctx, indexes); err != nil {
		return err
	}
	if b.postgres {
		return b.exec(ctx, "VACUUM ANALYZE")
	}
	return b.exec(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
}

func (b *bulk) tell(text string) {
	if b.Progress != nil {
		b.Progress(text)
	}
}

func (b *bulk) exec(ctx context.Context, statement string, args ...any) error {
	if _, err := b.conn.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("preload: %w", err)
	}
	return nil
}

// The copies' numbers: n itself, and as text k in order, s scattered like random
// texts, p for the last digits of a phone number; t is the part of an id that
// tells its time. The factor has no divisor in common with 10^10, so that no two
// numbers scatter to one.
const (
	numbersTable  = "CREATE TEMPORARY TABLE copies (n BIGINT, k TEXT, s TEXT, p TEXT, t TEXT)"
	sqliteNumbers = `WITH RECURSIVE numbers(n) AS (SELECT CAST($1 AS bigint) UNION ALL SELECT n + 1 FROM numbers WHERE n < $2)
		INSERT INTO copies SELECT n, printf('%%010d', n), printf('%%010d', (n * 763546789 + 12345) %% 10000000000),
		printf('%%06d', n %% 1000000), %s FROM numbers`
	postgresNumbers = `INSERT INTO copies SELECT n, lpad(n::text, 10, '0'),
		lpad(((n * 763546789 + 12345) %% 10000000000)::text, 10, '0'), lpad((n %% 1000000)::text, 6, '0'), %s
		FROM generate_series(CAST($1 AS bigint), CAST($2 AS bigint)) AS n`
)

// copies writes the rows, chunk by chunk: the engine itself makes them, by one
// INSERT … SELECT per row of the specimen.
func (b *bulk) copies(ctx context.Context) error {
	if err := b.exec(ctx, numbersTable); err != nil {
		return err
	}
	started := time.Now()
	statements := b.statements()
	for done := 0; done < b.Payments; {
		n := min(preloadChunk, b.Payments-done)
		if err := b.chunk(ctx, statements, b.first+done, b.first+done+n-1); err != nil {
			return errors.Join(err, b.exec(context.WithoutCancel(ctx), "ROLLBACK"))
		}
		done += n
		b.tell(fmt.Sprintf("preloaded %d of %d payments, %.0f/s", done, b.Payments, float64(done)/time.Since(started).Seconds()))
	}
	return b.exec(ctx, "DROP TABLE copies")
}

func (b *bulk) chunk(ctx context.Context, statements []string, first, last int) error {
	if err := b.exec(ctx, "BEGIN"); err != nil {
		return err
	}
	numbers := sqliteNumbers
	if b.postgres {
		numbers = postgresNumbers
	}
	if err := b.exec(ctx, "DELETE FROM copies"); err != nil {
		return err
	}
	if err := b.exec(ctx, fmt.Sprintf(numbers, b.stamp()), first, last); err != nil {
		return err
	}
	for _, statement := range statements {
		if err := b.exec(ctx, statement); err != nil {
			return err
		}
	}
	return b.exec(ctx, "COMMIT")
}

func (b *bulk) statements() []string {
	var list []string
	for _, t := range b.sp.tables {
		if !preloadTables[t.table] {
			continue
		}
		for _, row := range t.values {
			exprs := make([]string, len(row))
			for i, value := range row {
				exprs[i] = b.expression(t.columns[i], value)
			}
			list = append(list, "INSERT INTO "+t.table+" ("+strings.Join(t.columns, ", ")+") SELECT "+strings.Join(exprs, ", ")+" FROM copies ORDER BY n")
		}
	}
	return list
}

// expression is the SQL of a value of a copy.
func (b *bulk) expression(column string, value any) string {
	switch v := value.(type) {
	case string:
		return b.text(v)
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	case int64:
		if strings.HasSuffix(column, "_at") && v > 0 && b.Spread > 0 {
			return b.moved(v)
		}
		return strconv.FormatInt(v, 10)
	}
	return fmt.Sprint(value)
}

// moved is a time moved into the past: the last copy lies where the specimen does.
func (b *bulk) moved(at int64) string {
	step := b.Spread.Milliseconds() / int64(max(1, b.Payments))
	return fmt.Sprintf("%d - (%d - n) * %d", at, b.first+b.Payments-1, step)
}

// An id ends in a ULID: its time, and what tells it from others of that time.
const (
	ulidLength  = 26
	stampLength = 10
	ulidLetters = "0123456789abcdefghjkmnpqrstvwxyz"
)

// stamp is the SQL of the time in the ids of a copy, as pay.Stamp writes it:
// what is found by the age of its id must be as old as it says.
func (b *bulk) stamp() string {
	letters := make([]string, stampLength)
	for i := range letters {
		letters[i] = fmt.Sprintf("substr('%s', CAST(((%s) >> %d) & 31 AS integer) + 1, 1)", ulidLetters, b.moved(b.sp.made()), 5*(stampLength-1-i))
	}
	return strings.Join(letters, " || ")
}

// isID tells ids, which sort as they were made, from other identities.
func (b *bulk) isID(identity string) bool {
	// The first letters change once in a quarter of an hour: a payment's rows
	// were made one after the other.
	const same = 6
	at := len(identity) - ulidLength
	return at > 0 && identity[at:at+same] == pay.Stamp(time.UnixMilli(b.sp.made()))[:same]
}

// text is a text with each identity renewed, and the phone number's end.
func (b *bulk) text(value string) string {
	type mark struct{ found, expression string }
	var marks []mark
	for i, identity := range b.sp.identities {
		head := identity[:len(identity)-tailLength] + tailLetter(i)
		renewed := quoted(head) + " || s"
		if b.isID(identity) {
			at := len(identity) - ulidLength
			renewed = quoted(head[:at]) + " || t || " + quoted(head[at+stampLength:]) + " || k"
		}
		marks = append(marks, mark{identity, renewed})
	}
	if phone := b.sp.phone; len(phone) > 6 {
		marks = append(marks, mark{phone, quoted(phone[:len(phone)-6]) + " || p"})
	}
	parts := []string{value} // texts, and between them expressions
	for _, m := range marks {
		var next []string
		for i, part := range parts {
			if i%2 == 1 {
				next = append(next, part)
				continue
			}
			pieces := strings.Split(part, m.found)
			for j, piece := range pieces {
				if j > 0 {
					next = append(next, m.expression)
				}
				next = append(next, piece)
			}
		}
		parts = next
	}
	for i := 0; i < len(parts); i += 2 {
		parts[i] = quoted(parts[i])
	}
	return strings.Join(parts, " || ")
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// addBalances adds what the copies brought to the balances they brought it to.
func (b *bulk) addBalances(ctx context.Context) error {
	for _, t := range b.sp.tables {
		if t.table != "ledger_entries" {
			continue
		}
		for _, row := range t.values {
			entry := map[string]any{}
			for i, column := range t.columns {
				entry[column] = row[i]
			}
			amount, _ := entry["amount"].(int64)
			if entry["side"] == string(ledger.Credit) {
				amount = -amount
			}
			if entry["account"] != string(ledger.Available) {
				continue
			}
			err := b.exec(ctx, `INSERT INTO balances (merchant_id, connection_id, currency, account, amount) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (merchant_id, connection_id, currency, account) DO UPDATE SET amount = balances.amount + excluded.amount`,
				entry["merchant_id"], entry["connection_id"], entry["currency"], entry["account"], amount*int64(b.Payments))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// index is one that is dropped and built again.
type index struct{ name, sql string }

// dropIndexes drops the indexes of the tables written that hold no promise of
// uniqueness, and returns how to build them.
func (b *bulk) dropIndexes(ctx context.Context) ([]index, error) {
	list := "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
	if b.postgres {
		list = `SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
			AND indexname NOT IN (SELECT conname FROM pg_constraint)`
	}
	found, err := b.conn.QueryContext(ctx, list)
	if err != nil {
		return nil, fmt.Errorf("list indexes: %w", err)
	}
	defer func() { _ = found.Close() }()
	var indexes []index
	for found.Next() {
		var table string
		var i index
		if err := found.Scan(&table, &i.name, &i.sql); err != nil {
			return nil, fmt.Errorf("list indexes: %w", err)
		}
		if preloadTables[table] {
			indexes = append(indexes, i)
		}
	}
	if err := errors.Join(found.Err(), found.Close()); err != nil {
		return nil, fmt.Errorf("list indexes: %w", err)
	}
	for _, i := range indexes {
		if err := b.exec(ctx, "DROP INDEX "+i.name); err != nil {
			return nil, err
		}
	}
	return indexes, nil
}

func (b *bulk) buildIndexes(ctx context.Context, indexes []index) error {
	for _, i := range indexes {
		b.tell("building index " + i.name)
		if err := b.exec(ctx, i.sql); err != nil {
			return err
		}
	}
	return nil
}
