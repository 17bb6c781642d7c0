package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

const (
	// batchSize is how many lines are looked up at a time, walkSize how many
	// ledger entries are read.
	batchSize = 512
	walkSize  = 1000
	// enoughLines of which none is known are another connection's.
	enoughLines = 50
	// tell is how often progress is reported and recorded.
	tell = 2 * time.Second
)

// work is one statement being held against the books.
type work struct {
	*Reconciler
	order    Order
	run      Run
	format   format
	books    books
	period   period
	sorter   sorter
	figures  Figures
	known    int64 // lines that are about something here
	cases    []finding
	lastTold time.Time
}

// Run holds a statement against the books and returns how that went. What is
// wrong with the file is a *[Problem]; nothing of it is kept then.
func (r *Reconciler) Run(ctx context.Context, o Order, file io.Reader) (Run, error) {
	w, err := r.begin(ctx, o)
	if err != nil {
		return Run{}, err
	}
	return w.finish(ctx, w.do(ctx, file))
}

// do reads the file, then walks the books beside what was read.
func (w *work) do(ctx context.Context, file io.Reader) (err error) {
	defer func() { err = errors.Join(err, w.sorter.close()) }()
	sum := sha256.New()
	if err := w.readAll(ctx, io.TeeReader(file, sum)); err != nil {
		return err
	}
	w.run.SHA256 = hexOf(sum)
	if w.figures.Lines == 0 {
		return &Problem{Code: NoLines}
	}
	if w.known == 0 && w.figures.Lines >= enoughLines {
		return &Problem{Code: OtherFile}
	}
	if !w.order.From.IsZero() {
		w.period.from = w.order.From
	}
	if !w.order.To.IsZero() {
		w.period.to = w.order.To
	}
	if w.period.from.IsZero() || w.period.to.IsZero() {
		return &Problem{Code: NoPeriod}
	}
	w.run.From, w.run.To = w.period.from, w.period.to
	if err := w.compare(ctx); err != nil {
		return err
	}
	return w.save(ctx)
}

func hexOf(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }

// readAll looks each line up and sorts what is learnt.
func (w *work) readAll(ctx context.Context, file io.Reader) error {
	s, err := openStatement(file, w.format)
	if err != nil {
		return err
	}
	batch := make([]movement, 0, batchSize)
	for {
		m, err := s.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err == nil {
			w.period.take(m)
			batch = append(batch, m)
		}
		if len(batch) == batchSize || err != nil && len(batch) > 0 {
			if err := w.take(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
		if err != nil {
			_, copyErr := io.Copy(io.Discard, file) // for the sum of the whole file
			return copyErr
		}
	}
}

func (w *work) take(ctx context.Context, batch []movement) error {
	facts, err := w.books.find(ctx, batch)
	if err != nil {
		return err
	}
	abouts := make([]string, 0, 2*len(batch))
	for i, m := range batch {
		abouts = append(abouts, about(m, nil))
		if facts[i] != nil {
			w.known++
			abouts = append(abouts, about(m, facts[i]))
		}
		if err := w.sorter.add(encode(m, facts[i])); err != nil {
			return err
		}
	}
	w.figures.Lines += int64(len(batch))
	if err := w.cover(ctx, abouts); err != nil {
		return err
	}
	return w.tell(ctx)
}

// tell reports progress, and records that the run is alive.
func (w *work) tell(ctx context.Context) error {
	if time.Since(w.lastTold) < tell {
		return ctx.Err()
	}
	w.lastTold = time.Now()
	if w.order.Progress != nil {
		w.order.Progress(w.figures.Lines)
	}
	return w.store().Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.TouchReconciliationRun(ctx, sqlgen.TouchReconciliationRunParams{
			LineCount: w.figures.Lines, UpdatedAt: w.now().UnixMilli(), MerchantID: w.run.MerchantID, ID: w.run.ID,
		})
		return err
	})
}
