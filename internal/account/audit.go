package account

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

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
		MerchantID: p.MerchantID, Sequence: head.Sequence, UserID: p.UserID, Email: valid(p.Email), Address: valid(p.Address),
		Mode: string(p.Mode), Action: action, Subject: valid(subject), Detail: valid(detail), CreatedAt: a.Now().UnixMilli(),
	}
	if e.Hash, err = a.chain(head.Hash, e); err != nil {
		return err
	}
	if err := q.InsertAudit(ctx, sqlgen.InsertAuditParams(e)); err != nil {
		return err
	}
	err = q.SetAuditHead(ctx, sqlgen.SetAuditHeadParams{Hash: e.Hash, MerchantID: p.MerchantID})
	return err
}

// valid is a text whose every byte counts in the hash: encoding makes all bytes
// that are not UTF-8 the same.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

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
