package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// frontReferenceTries bounds how often a dialect is asked for another reference
// when the merchant has one of that name already.
const frontReferenceTries = 8

// record is commit 1: the idempotency claim, the transaction, its attempt, the
// reserved money and the event, all or nothing. From here a crash can't forget it.
func (g *Gateway) record(ctx context.Context, t pay.Transaction, a *pay.Attempt, newRef func() string, claim *Claim) (pay.Transaction, error) {
	for range frontReferenceTries {
		if newRef != nil {
			t.FrontReference = newRef()
		}
		stored, err := g.recordOnce(ctx, t, a, claim)
		switch {
		case err == nil:
			return stored, nil
		case store.IsUnique(err, store.UniqueFrontReference) && newRef != nil:
			continue
		case store.IsUnique(err, store.UniqueReference):
			return pay.Transaction{}, g.duplicate(ctx, t)
		case !errors.Is(err, ErrIdempotencyTaken) && g.landed(ctx, stored, a, err):
			return stored, nil
		default:
			return pay.Transaction{}, err
		}
	}
	return pay.Transaction{}, fmt.Errorf("record %s: no free front reference", t.ID)
}

// landed tells whether a commit whose answer was lost took place after all: what
// it recorded is there, and its attempt, if it has one, is still its writer's to
// submit. Nobody else would send an order that its process believes lost.
func (g *Gateway) landed(ctx context.Context, t pay.Transaction, a *pay.Attempt, cause error) bool {
	if _, refused := asRefusal(cause); refused {
		return false
	}
	k, err := readKnown(context.WithoutCancel(ctx), g.Store.Read(), t.MerchantID, t.ID)
	if err != nil {
		return false
	}
	if a != nil {
		last := len(k.attempts)
		if last == 0 || k.attempts[last-1].Reference != a.Reference || !g.now().Before(k.attempts[last-1].LeaseUntil) {
			return false
		}
	}
	g.Log.Warn("a commit took place whose answer was lost", "transaction", t.ID, "error", cause)
	return true
}

func (g *Gateway) recordOnce(ctx context.Context, draft pay.Transaction, a *pay.Attempt, claim *Claim) (pay.Transaction, error) {
	t := draft
	news, err := g.telling(ctx, t.MerchantID)
	if err != nil {
		return t, err
	}
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		news.reset()
		tx.About(draft.ID)
		t = draft
		if err := claim.take(ctx, tx.Queries, t); err != nil {
			return err
		}
		t.Version = 1
		news.plan(&t, "created")
		if err := store.InsertTransaction(ctx, tx.Queries, t); err != nil {
			return err
		}
		if a != nil {
			if err := store.InsertAttempt(ctx, tx.Queries, *a); err != nil {
				return err
			}
		}
		if t.Kind.Debits() {
			if err := g.reserve(ctx, tx, t); err != nil {
				return err
			}
		}
		return news.tell(ctx, tx.Queries, t, "created")
	})
	news.done(err)
	if store.IsUnique(err, store.UniqueIdempotencyKey) {
		err = ErrIdempotencyTaken
	}
	return t, err
}

// duplicate makes the refusal of a reference that is taken, with what took it.
func (g *Gateway) duplicate(ctx context.Context, t pay.Transaction) error {
	e := pay.Conflict(pay.CodeDuplicateReference, "the reference is already used")
	e.Param = "reference"
	row, err := g.Store.Read().GetTransactionByReference(ctx, sqlgen.GetTransactionByReferenceParams{
		MerchantID: t.MerchantID, Mode: string(t.Mode), Front: t.Front, Account: t.Account,
		Kind: string(t.Kind), Reference: t.Reference,
	})
	if err == nil {
		if existing, err := store.DecodeTransaction(row); err == nil {
			e.Existing = &existing
		}
	}
	return e
}

// reserve holds the money of a payout or refund under the balance's lock, and
// for a refund takes it from what the payment still has.
func (g *Gateway) reserve(ctx context.Context, tx *store.Tx, t pay.Transaction) error {
	purse := ledger.Purse{
		MerchantID: t.MerchantID, Connection: t.Connection,
		Currency: t.Amount.Currency, Account: ledger.Available,
	}
	balance, err := ledger.Fold(ctx, tx.Queries, purse)
	if err != nil {
		return fmt.Errorf("read available balance: %w", err)
	}
	if balance < ledger.Cost(t) {
		return &pay.Error{Kind: pay.KindFunds, Code: pay.CodeInsufficientBalance, Message: "the available balance is too low"}
	}
	if err := ledger.Post(ctx, tx.Queries, ledger.Held(t, g.now())); err != nil {
		return err
	}
	if t.Kind == pay.Refund {
		return g.takeFromParent(ctx, tx.Queries, t)
	}
	return nil
}

var errClaimed = errors.New("the idempotency key is taken")
