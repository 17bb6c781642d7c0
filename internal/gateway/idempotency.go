package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// idempotencyLife is how long an answer is replayed.
	idempotencyLife = 48 * time.Hour
	// idempotencyLease is how long the first request may be at work before
	// waiters take it for dead.
	idempotencyLease = 30 * time.Second
	// idempotencyLook is how often a waiter looks for the first request's answer.
	idempotencyLook = 50 * time.Millisecond
)

// Claim is an idempotency key on its way into the commit of what it guards.
type Claim struct {
	Caller provider.Caller
	// Key is a keyed hash of the header; Fingerprint an HMAC of method, path and
	// body, since bodies may hold card numbers.
	Key         string
	Fingerprint string
	now         time.Time
}

// Replay is a stored answer.
type Replay struct {
	Status int
	Body   []byte
}

// ErrIdempotencyTaken says that another request took the key between the look
// and the commit: look again.
var ErrIdempotencyTaken = errClaimed

// errInProgress answers who would not wait for the first request any longer.
var errInProgress = &pay.Error{Kind: pay.KindUnavailable, Code: "in_progress", Message: "the first request with this key is still at work"}

// NewClaim makes the claim of a key for one request.
func (g *Gateway) NewClaim(c provider.Caller, key, method, path string, body []byte) *Claim {
	return &Claim{
		Caller: c, Key: g.Box.Lookup(key, "idempotency-key"),
		Fingerprint: g.Box.Lookup(method+"\n"+path+"\n"+string(body), "idempotency-body"), now: g.now(),
	}
}

// take writes the claim. When somebody has the key, the commit or this fails on
// store.UniqueIdempotencyKey. A nil claim is none.
func (c *Claim) take(ctx context.Context, q *sqlgen.Queries, t pay.Transaction) error {
	if c == nil {
		return nil
	}
	err := q.InsertIdempotency(ctx, sqlgen.InsertIdempotencyParams{
		MerchantID: c.Caller.MerchantID, Mode: string(c.Caller.Mode), Key: c.Key, Fingerprint: c.Fingerprint,
		TransactionID: t.ID, LeaseUntil: store.Millis(c.now.Add(idempotencyLease)),
		CreatedAt: store.Millis(c.now), ExpiresAt: store.Millis(c.now.Add(idempotencyLife)),
	})
	if err != nil {
		return fmt.Errorf("claim idempotency key: %w", err)
	}
	return nil
}

// TakeClaim writes a claim that guards something else than a transaction.
func (g *Gateway) TakeClaim(ctx context.Context, c *Claim) error {
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return c.take(ctx, tx.Queries, pay.Transaction{})
	})
	if store.IsUnique(err, store.UniqueIdempotencyKey) {
		return ErrIdempotencyTaken
	}
	return err
}

// Look finds what a key was used for: nothing (nil, nil), a stored answer, or a
// request still at work, for which it waits. Another body is a conflict. When
// the first request died, the transaction's present state is the answer: it
// returns its id instead of a body.
func (g *Gateway) Look(ctx context.Context, c *Claim) (replay *Replay, transaction string, err error) {
	for {
		row, err := g.Store.Read().GetIdempotency(ctx, sqlgen.GetIdempotencyParams{
			MerchantID: c.Caller.MerchantID, Mode: string(c.Caller.Mode), Key: c.Key,
		})
		if errors.Is(err, sql.ErrNoRows) {
			return nil, "", nil
		}
		if err != nil && ctx.Err() != nil {
			return nil, "", errInProgress // while it looked once more
		}
		if err != nil {
			return nil, "", fmt.Errorf("look up idempotency key: %w", err)
		}
		if row.Fingerprint != c.Fingerprint {
			return nil, "", pay.Conflict(pay.CodeIdempotencyMismatch, "the idempotency key was used with another request")
		}
		if row.Status != 0 {
			body, err := g.Box.Open(row.Answer, "idempotency", row.MerchantID, row.Key)
			if err != nil {
				return nil, "", fmt.Errorf("open stored answer: %w", err)
			}
			return &Replay{Status: int(row.Status), Body: body}, "", nil
		}
		if g.Now().After(store.Time(row.LeaseUntil)) {
			if row.TransactionID != "" {
				return nil, row.TransactionID, nil
			}
			if err := g.abandoned(ctx, row); err != nil {
				return nil, "", err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil, "", errInProgress
		case <-time.After(idempotencyLook):
		}
	}
}

// abandoned frees a key whose request died before it made a transaction, unless
// another waiter has freed and taken it since it was read.
func (g *Gateway) abandoned(ctx context.Context, row sqlgen.Idempotency) error {
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.TakeOverIdempotency(ctx, sqlgen.TakeOverIdempotencyParams{
			LeaseUntil: row.LeaseUntil, MerchantID: row.MerchantID, Mode: row.Mode, Key: row.Key, SeenLease: row.LeaseUntil,
		})
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.DeleteIdempotency(ctx, sqlgen.DeleteIdempotencyParams{MerchantID: row.MerchantID, Mode: row.Mode, Key: row.Key})
		return err
	})
	if err != nil {
		return fmt.Errorf("free abandoned idempotency key: %w", err)
	}
	return nil
}

// Answered stores the answer that the key replays from now on, sealed.
func (g *Gateway) Answered(ctx context.Context, c *Claim, status int, body []byte) error {
	sealed, err := g.Box.Seal(body, "idempotency", c.Caller.MerchantID, c.Key)
	if err != nil {
		return fmt.Errorf("seal answer: %w", err)
	}
	return g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.About(c.Key)
		return tx.FinishIdempotency(ctx, sqlgen.FinishIdempotencyParams{
			Status: int64(status), Answer: sealed, MerchantID: c.Caller.MerchantID, Mode: string(c.Caller.Mode), Key: c.Key,
		})
	})
}

// Release frees a claim whose request changed nothing.
func (g *Gateway) Release(ctx context.Context, c *Claim) error {
	return g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteIdempotency(ctx, sqlgen.DeleteIdempotencyParams{
			MerchantID: c.Caller.MerchantID, Mode: string(c.Caller.Mode), Key: c.Key,
		})
		return err
	})
}
