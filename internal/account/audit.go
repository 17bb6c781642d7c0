package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// walkStep is how many entries are verified at a time.
const walkStep = 500

// Record writes down that a person is about to do something, before it is done:
// what is not written down does not happen. Detail never holds a secret.
func (a *Accounts) Record(ctx context.Context, p Person, action, subject, detail string) error {
	return a.note(ctx, p, action, subject, detail)
}

func (a *Accounts) note(ctx context.Context, p Person, action, subject, detail string) error {
	err := a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return a.append(ctx, tx.Queries, p, action, subject, detail)
	})
	if err != nil {
		return fmt.Errorf("write audit trail: %w", err)
	}
	return nil
}

// append adds an entry under the lock of the merchant's head row.
func (a *Accounts) append(ctx context.Context, q *sqlgen.Queries, p Person, action, subject, detail string) error {
	if err := q.EnsureAuditHead(ctx, p.MerchantID); err != nil {
		return err
	}
	head, err := q.NextAudit(ctx, p.MerchantID)
	if err != nil {
		return err
	}
	e := sqlgen.AuditEntry{
		MerchantID: p.MerchantID, Sequence: head.Sequence, UserID: p.UserID, Email: p.Email, Address: p.Address,
		Mode: string(p.Mode), Action: action, Subject: subject, Detail: detail, CreatedAt: a.Now().UnixMilli(),
	}
	if e.Hash, err = a.chain(head.Hash, e); err != nil {
		return err
	}
	if err := q.InsertAudit(ctx, sqlgen.InsertAuditParams(e)); err != nil {
		return err
	}
	_, err = q.SetAuditHead(ctx, sqlgen.SetAuditHeadParams{Hash: e.Hash, MerchantID: p.MerchantID})
	return err
}

// chain is the keyed hash of an entry and the hash before it.
func (a *Accounts) chain(previous string, e sqlgen.AuditEntry) (string, error) {
	e.Hash = previous
	text, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("encode audit entry: %w", err)
	}
	return a.Box.Lookup(string(text), "audit"), nil
}

// Trail lists up to count entries before a sequence, newest first; 0 starts at
// the newest.
func (a *Accounts) Trail(ctx context.Context, p Person, before int64, count int) ([]sqlgen.AuditEntry, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	rows, err := a.Store.Read().ListAudit(ctx, sqlgen.ListAuditParams{MerchantID: p.MerchantID, Before: before, Count: int64(count)})
	if err != nil {
		return nil, fmt.Errorf("list audit trail: %w", err)
	}
	return rows, nil
}

// VerifyTrail walks a merchant's whole trail. It returns how many entries hold
// and, where the chain is broken, the sequence of the first that does not.
func (a *Accounts) VerifyTrail(ctx context.Context, p Person) (holds, broken int64, err error) {
	q := a.Store.Read()
	head, err := q.GetAuditHead(ctx, p.MerchantID)
	if errors.Is(err, sql.ErrNoRows) {
		head, err = sqlgen.AuditHead{}, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read audit head: %w", err)
	}
	previous := ""
	for holds < head.Sequence {
		rows, err := q.WalkAudit(ctx, sqlgen.WalkAuditParams{MerchantID: p.MerchantID, After: holds, Count: walkStep})
		if err != nil {
			return holds, 0, fmt.Errorf("walk audit trail: %w", err)
		}
		for _, e := range rows {
			if holds == head.Sequence {
				return holds, 0, nil // written since the head was read
			}
			want, err := a.chain(previous, e)
			if err != nil {
				return holds, 0, err
			}
			if e.Sequence != holds+1 || e.Hash != want || e.Sequence == head.Sequence && e.Hash != head.Hash {
				return holds, holds + 1, nil
			}
			previous, holds = want, e.Sequence
		}
		if len(rows) == 0 {
			return holds, holds + 1, nil // the end was cut off
		}
	}
	return holds, 0, nil
}
