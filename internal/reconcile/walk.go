package reconcile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// compare walks the sorted lines and the ledger side by side: what only the
// ledger has is missing there.
func (w *work) compare(ctx context.Context) error {
	next, err := w.sorter.sorted()
	if err != nil {
		return err
	}
	walk := w.newWalk()
	var s *subject
	for {
		record, err := next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil {
			if err := w.conclude(ctx, walk, s); err != nil {
				return err
			}
			return w.lacking(ctx, walk, "")
		}
		k, m, f := decodeRecord(record)
		if s == nil || s.key != k {
			if err := w.conclude(ctx, walk, s); err != nil {
				return err
			}
			s = &subject{key: k, fact: f}
		}
		s.add(m)
	}
}

// conclude judges a subject, after what the ledger has before it.
func (w *work) conclude(ctx context.Context, walk *walk, s *subject) error {
	if s == nil {
		return nil
	}
	entry, booked := strings.CutPrefix(s.key, string(classBooked))
	if booked {
		if err := w.lacking(ctx, walk, entry); err != nil {
			return err
		}
	}
	w.cases = append(w.cases, w.figures.judge(s)...)
	if len(w.cases) >= saveSize {
		return w.save(ctx)
	}
	return nil
}

// lacking deals with the entries before one (all that are left, for "") that no
// line is about, and passes over the one itself.
func (w *work) lacking(ctx context.Context, walk *walk, entry string) error {
	for {
		e, ok, err := walk.peek(ctx)
		if err != nil {
			return err
		}
		if !ok || entry != "" && e.ID >= entry {
			if ok && e.ID == entry {
				walk.page = walk.page[1:]
			}
			return w.judgeLacking(ctx, walk, entry == "")
		}
		walk.page = walk.page[1:]
		if walk.kinds[e.Account] {
			walk.lacking = append(walk.lacking, e)
		}
		if err := w.judgeLacking(ctx, walk, false); err != nil {
			return err
		}
	}
}

// judgeLacking makes cases of what is missing there, many at a time: what lies
// at the edge of the period may be in another statement.
func (w *work) judgeLacking(ctx context.Context, walk *walk, all bool) error {
	if len(walk.lacking) < batchSize && !all {
		return nil
	}
	ids := make([]string, len(walk.lacking))
	for i, e := range walk.lacking {
		ids[i] = e.TransactionID
	}
	facts, err := w.books.facts(ctx, byTransaction, ids)
	if err != nil {
		return err
	}
	for _, e := range walk.lacking {
		f, ok := facts[e.TransactionID]
		if !ok || f.entry != e.ID { // the books count, whatever became of the attempt
			f = factOf(e)
		}
		if store.Time(f.submitted).Before(w.period.from) || !store.Time(f.settled).Before(w.period.to) {
			w.figures.Edge++
			continue
		}
		w.figures.MissingThere++
		w.cases = append(w.cases, missingThere(&f, nil))
	}
	walk.lacking = walk.lacking[:0]
	if err := w.tell(ctx); err != nil {
		return err
	}
	return w.save(ctx)
}

// walk reads the ledger's entries of the connection in the period, in order.
type walk struct {
	*work
	page    []sqlgen.WalkSettledRow
	after   string
	until   string
	ended   bool
	kinds   map[string]bool         // accounts that the statement is about
	lacking []sqlgen.WalkSettledRow // entries without a line, not yet judged
}

func (w *work) newWalk() *walk {
	until := w.period.to
	if w.run.CreatedAt.Before(until) {
		until = w.run.CreatedAt // what was booked since was looked up before it was
	}
	l := &walk{work: w, after: firstEntry(w.run.MerchantID, w.period.from), until: firstEntry(w.run.MerchantID, until), kinds: map[string]bool{}}
	for kind, account := range accounts {
		if len(w.order.Only) == 0 || slices.Contains(w.order.Only, kind) {
			l.kinds[account] = true
		}
	}
	return l
}

// accounts say the whole amount of each kind.
var accounts = map[pay.Kind]string{pay.Payment: "payments", pay.Payout: "payouts", pay.Refund: "refunds"}

// factOf is what an entry alone tells.
func factOf(e sqlgen.WalkSettledRow) fact {
	f := fact{
		transaction: e.TransactionID, status: pay.StatusSucceeded, entry: e.ID, posted: money.New(e.Amount, money.Currency(e.Currency)),
		submitted: e.CreatedAt, settled: e.CreatedAt,
	}
	for kind, account := range accounts {
		if account == e.Account {
			f.kind = kind
		}
	}
	return f
}

// randomPart is the end of an id that its time does not decide.
const randomPart = 16

// firstEntry sorts before every ledger entry that was made at or after a moment.
func firstEntry(merchant string, at time.Time) string {
	if at.Year() < 1971 || at.Year() > 9000 {
		at = time.UnixMilli(0)
	}
	id := pay.NewID("le", merchant, at)
	return id[:len(id)-randomPart]
}

func (l *walk) peek(ctx context.Context) (sqlgen.WalkSettledRow, bool, error) {
	if len(l.page) == 0 && !l.ended {
		rows, err := l.store().Read().WalkSettled(ctx, sqlgen.WalkSettledParams{
			MerchantID: l.run.MerchantID, Mode: string(l.run.Mode), After: l.after, Until: l.until,
			ConnectionID: l.run.Connection, Count: walkSize,
		})
		if err != nil {
			return sqlgen.WalkSettledRow{}, false, fmt.Errorf("walk the ledger: %w", err)
		}
		l.page, l.ended = rows, len(rows) < walkSize
		if len(rows) > 0 {
			l.after = rows[len(rows)-1].ID
		}
	}
	if len(l.page) == 0 {
		return sqlgen.WalkSettledRow{}, false, nil
	}
	return l.page[0], true, nil
}
