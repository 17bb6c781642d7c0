package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// maxNotification bounds a notification's body, in bytes.
const maxNotification = 1 << 20

// ServeHook answers /hooks/{provider}/{connection}: a provider's notification.
// It is kept (redacted), answered as the provider's contract demands and taken
// as a hint: the status is asked for before anything changes, unless a verified
// signature covers what it says.
func (g *Gateway) ServeHook(w http.ResponseWriter, r *http.Request) {
	row, conn, err := g.hooked(r)
	if err != nil {
		g.Log.Error("hook of an unusable connection", "connection", row.ID, "error", err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	notified, ok := conn.(provider.Notified)
	if !ok {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNotification))
	if err != nil {
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	request := replayable(r, body)
	request.RemoteAddr = g.PeerAddress(r) // the sender, whatever proxies are in between
	n, err := notified.ReadNotification(request)
	if err != nil {
		g.refuseHook(w, row, err)
		return
	}
	if n.Reference != "" || n.ProviderReference != "" {
		text := outbound.Redact("application/x-www-form-urlencoded", []byte(r.URL.RawQuery)) + "\n" +
			outbound.Redact(r.Header.Get("Content-Type"), body)
		if err := g.TakeNotification(r.Context(), row.MerchantID, row.ID, n, text); err != nil {
			g.Log.Error("notification could not be kept", "connection", row.ID, "error", err)
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
	}
	writeAnswer(w, n.Answer)
}

// hooked finds the connection that a hook's address belongs to; no connector
// where there is none. An error is ours, and the provider should come again.
func (g *Gateway) hooked(r *http.Request) (sqlgen.Connection, provider.Connector, error) {
	row, err := g.connectionOfHook(r.Context(), r.PathValue("connection"))
	if noRows(err) || err == nil && row.Provider != r.PathValue("provider") {
		return row, nil, nil
	}
	if err != nil {
		return row, nil, fmt.Errorf("find the hook's connection: %w", err)
	}
	conn, err := g.connect(r.Context(), row)
	return row, conn, err
}

func (g *Gateway) refuseHook(w http.ResponseWriter, row sqlgen.Connection, err error) {
	g.Log.Warn("notification refused", "connection", row.ID, "error", err)
	status := http.StatusBadRequest
	switch pay.KindOf(err) {
	case pay.KindUnauthorized:
		status = http.StatusUnauthorized
	case pay.KindForbidden:
		status = http.StatusForbidden
	case pay.KindInternal:
		status = http.StatusInternalServerError
	}
	http.Error(w, http.StatusText(status), status)
}

func writeAnswer(w http.ResponseWriter, a provider.Answer) {
	if a.ContentType != "" {
		w.Header().Set("Content-Type", a.ContentType)
	}
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

// TakeNotification keeps a notification and makes the transaction it speaks of
// owe a status check at once; a verified one is applied instead. A reference
// that nobody knows is kept and changes nothing.
func (g *Gateway) TakeNotification(ctx context.Context, merchantID, connection string, n provider.Notification, raw string) error {
	ctx = context.WithoutCancel(ctx)
	a, err := g.answeredAttempt(ctx, merchantID, connection, n)
	ours := err == nil
	if err != nil && pay.KindOf(err) != pay.KindNotFound {
		return err
	}
	now := g.now()
	var worker Worker[store.Claimed]
	if ours && !n.Verified {
		worker = g.checker()
	}
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.About(a.TransactionID)
		err := tx.InsertNotification(ctx, sqlgen.InsertNotificationParams{
			MerchantID: merchantID, ID: pay.NewID("ntf", merchantID, now), ConnectionID: connection,
			TransactionID: a.TransactionID, Hint: string(n.Hint), Verified: n.Verified, Request: raw,
			CreatedAt: now.UnixMilli(),
		})
		if err != nil || !ours {
			return err
		}
		err = tx.MarkHinted(ctx, sqlgen.MarkHintedParams{
			Failed: n.Hint == pay.OutcomeFailed, Paid: n.Hint == pay.OutcomeSucceeded, HintedAt: now.UnixMilli(),
			MerchantID: merchantID, TransactionID: a.TransactionID, Number: int64(a.Number),
		})
		due := now
		switch {
		case err != nil:
			return err
		case n.Verified:
			due = now.Add(checkLease) // unless what it says is applied by then
		case worker != nil:
			return tx.LeaseCheck(ctx, sqlgen.LeaseCheckParams{
				NextCheckAt: store.Millis(now.Add(checkLease)), Least: store.Millis(now.Add(leastLease)), MerchantID: merchantID, ID: a.TransactionID,
			})
		}
		return tx.CheckSoon(ctx, sqlgen.CheckSoonParams{NextCheckAt: store.Millis(due), MerchantID: merchantID, ID: a.TransactionID})
	})
	switch {
	case err != nil:
		if worker != nil {
			worker.Release()
		}
		return err
	case !ours:
	case n.Verified:
		_, err := g.applyResult(ctx, about(merchantID, a.TransactionID), pay.FromNotification, a.Number, n.Result)
		return err
	case worker != nil:
		worker.Work(store.Claimed{MerchantID: merchantID, ID: a.TransactionID})
	default:
		g.onWork(WorkTransactions)
	}
	return nil
}

// answerPauses are how long a notification that is faster than the answer to its
// submission waits for that: the two would undo each other's commits. A provider
// that tells before it answers is heard all the same.
var answerPauses = []time.Duration{25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond}

// answeredAttempt finds the attempt that a notification speaks of, and gives the
// process that submits it a moment to record the answer, unless that seems dead.
func (g *Gateway) answeredAttempt(ctx context.Context, merchantID, connection string, n provider.Notification) (a pay.Attempt, err error) {
	for i := 0; ; i++ {
		a, err = store.AttemptByReference(ctx, g.Store.Read(), merchantID, connection, n.Reference, n.ProviderReference)
		submitting := err == nil && a.Status == pay.AttemptSubmitting && g.now().Before(a.LeaseUntil)
		if !submitting || i == len(answerPauses) {
			return a, err
		}
		select {
		case <-g.stopping.Done():
		case <-time.After(answerPauses[i]):
		}
	}
}

// Maintain lets a connection do its own work when it is due.
func (g *Gateway) Maintain(ctx context.Context, c store.Claimed) error {
	conn, err := g.connectByID(ctx, c.MerchantID, c.ID)
	if err != nil {
		return err
	}
	m, ok := conn.(provider.Maintained)
	if !ok {
		return g.maintainNext(ctx, c, 0)
	}
	next, err := m.Maintain(ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("maintain connection %s: %w", c.ID, outbound.Cause(err)), g.maintainNext(ctx, c, store.Millis(g.Now().Add(workLease))))
	}
	return g.maintainNext(ctx, c, store.Millis(next))
}

func (g *Gateway) maintainNext(ctx context.Context, c store.Claimed, at int64) error {
	return g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.SetConnectionMaintenance(ctx, sqlgen.SetConnectionMaintenanceParams{NextMaintainAt: at, MerchantID: c.MerchantID, ID: c.ID})
		return err
	})
}

// ClaimConnections takes connections whose own work is due.
func (g *Gateway) ClaimConnections(ctx context.Context, limit int) ([]store.Claimed, error) {
	return g.Store.ClaimConnections(ctx, g.now(), workLease, limit)
}

// noRows reports whether a look-up simply found nothing.
func noRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// TakeSandboxNews is TakeNotification for the simulated operators, which live
// in the same process and have no wire.
func (g *Gateway) TakeSandboxNews(ctx context.Context, merchantID, connection string, n provider.Notification) error {
	return g.TakeNotification(ctx, merchantID, connection, n, "sandbox operator: "+string(n.Hint))
}
