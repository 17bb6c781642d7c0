package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// silence is how long a run may say nothing before it is taken for dead: its
// process ended, and another may begin.
const silence = 2 * time.Minute

// Reconciler holds statements against the books of a gateway. It is safe for
// concurrent use.
type Reconciler struct {
	gateway *gateway.Gateway
	running sync.WaitGroup
	life    context.Context
	end     context.CancelFunc
	mu      sync.Mutex // orders Start against Close
}

// New makes a reconciler. Close ends what it runs in the background.
func New(g *gateway.Gateway) *Reconciler {
	r := &Reconciler{gateway: g}
	r.life, r.end = context.WithCancel(context.Background())
	return r
}

func (r *Reconciler) store() *store.Store { return r.gateway.Store }
func (r *Reconciler) now() time.Time      { return r.gateway.Now().UTC() }

// Start holds a statement against the books in the background, and closes the
// file at the end. The run it returns is followed by [Reconciler.Find].
func (r *Reconciler) Start(ctx context.Context, o Order, file io.ReadCloser) (Run, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life.Err() != nil {
		return Run{}, errors.Join(&pay.Error{Kind: pay.KindUnavailable, Code: "stopping", Message: "the gateway is stopping"}, file.Close())
	}
	w, err := r.begin(ctx, o)
	if err != nil {
		return Run{}, errors.Join(err, file.Close())
	}
	begun := w.run
	r.running.Go(func() {
		defer func() { _ = file.Close() }()
		run, err := w.finish(r.life, w.guarded(r.life, file))
		if err != nil && (run.Problem == nil || run.Problem.Code == Broken) {
			r.gateway.Log.Warn("reconciliation failed", "run", begun.ID, "connection", o.Connection, "error", err)
		}
	})
	return begun, nil
}

// guarded is do, for which a file that breaks it is one run's misfortune.
func (w *work) guarded(ctx context.Context, file io.Reader) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reconciliation panicked: %v", p)
		}
	}()
	return w.do(ctx, file)
}

// Close ends what runs in the background, as interrupted, and waits for it.
func (r *Reconciler) Close() {
	r.mu.Lock()
	r.end()
	r.mu.Unlock()
	r.running.Wait()
}

// Find reads one run.
func (r *Reconciler) Find(ctx context.Context, c provider.Caller, id string) (Run, error) {
	row, err := r.store().Read().GetReconciliationRun(ctx, sqlgen.GetReconciliationRunParams{MerchantID: c.MerchantID, ID: id})
	if noRows(err) || err == nil && row.Mode != string(c.Mode) {
		return Run{}, pay.NotFound("run")
	}
	if err != nil {
		return Run{}, fmt.Errorf("read run: %w", err)
	}
	return r.runOf(row)
}

// Runs lists the caller's, newest first, from before an id ("" for the newest).
func (r *Reconciler) Runs(ctx context.Context, c provider.Caller, before string, count int) ([]Run, error) {
	if before == "" {
		before = lastID
	}
	rows, err := r.store().Read().ListReconciliationRuns(ctx, sqlgen.ListReconciliationRunsParams{
		MerchantID: c.MerchantID, Mode: string(c.Mode), Before: before, Count: int64(count),
	})
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	list := make([]Run, 0, len(rows))
	for _, row := range rows {
		one, err := r.runOf(row)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// runOf decodes a run. One that has fallen silent was interrupted.
func (r *Reconciler) runOf(row sqlgen.ReconciliationRun) (Run, error) {
	one := Run{
		ID: row.ID, MerchantID: row.MerchantID, Connection: row.ConnectionID, Mode: pay.Mode(row.Mode), FileName: row.FileName,
		SHA256: row.Sha256, By: row.StartedBy, Status: Status(row.Status), Lines: row.LineCount,
		From: store.Time(row.FromAt), To: store.Time(row.ToAt), CreatedAt: store.Time(row.CreatedAt), UpdatedAt: store.Time(row.UpdatedAt),
	}
	if err := json.Unmarshal([]byte(row.Figures), &one.Figures); err != nil {
		return one, fmt.Errorf("read figures of %s: %w", row.ID, err)
	}
	if row.Problem != "" {
		one.Problem = &Problem{}
		if err := json.Unmarshal([]byte(row.Problem), one.Problem); err != nil {
			return one, fmt.Errorf("read problem of %s: %w", row.ID, err)
		}
	}
	if one.Status == Running && !one.UpdatedAt.After(r.now().Add(-silence)) {
		one.Status, one.Problem = Failed, &Problem{Code: Interrupted}
	}
	return one, nil
}
