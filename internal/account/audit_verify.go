package account

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// walkStep is how many entries are verified at a time.
const walkStep = 500

// Head names the last entry of a trail. Noted where whoever writes to the
// database can't, it proves later that the trail up to there is still the same:
// the chain alone can't tell that its end was cut off and its head rewritten.
type Head struct {
	Sequence int64
	Hash     string
}

// String is sequence:hash.
func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Sequence, h.Hash) }

// ParseHead reads what String wrote.
func ParseHead(text string) (Head, error) {
	number, hash, _ := strings.Cut(strings.TrimSpace(text), ":")
	sequence, err := strconv.ParseInt(number, 10, 64)
	if err != nil || sequence < 1 || hash == "" {
		return Head{}, pay.Invalid("head", "a head is written sequence:hash, as verify prints it")
	}
	return Head{Sequence: sequence, Hash: hash}, nil
}

// Verdict is what came of walking a trail.
type Verdict struct {
	// Holds is how many entries hold, from the first; Broken is the sequence of
	// the first that does not, 0 where all do.
	Holds, Broken int64
	// Head is the last entry that holds.
	Head Head
}

// VerifyTrail walks the whole trail of a person's merchant. It returns how many
// entries hold and, where the chain is broken, the sequence of the first that
// does not.
func (a *Accounts) VerifyTrail(ctx context.Context, p Person) (holds, broken int64, err error) {
	v, err := a.CheckTrail(ctx, p.MerchantID, Head{})
	return v.Holds, v.Broken, err
}

// CheckTrail walks a merchant's whole trail, and holds it against a head that
// was noted once; the zero Head is none.
func (a *Accounts) CheckTrail(ctx context.Context, merchantID string, noted Head) (Verdict, error) {
	q := a.Store.Read()
	head, err := headOf(ctx, q, merchantID)
	if err != nil {
		return Verdict{}, err
	}
	v, err := a.walk(ctx, q, head, noted)
	if err != nil || v.Broken > 0 {
		return v, err
	}
	if !sameHash(v.Head.Hash, head.Hash) || noted.Sequence > v.Holds {
		v.Broken = v.Holds + 1
		return v, nil
	}
	// An entry behind the head may be a new one: then the head has moved.
	rows, err := q.WalkAudit(ctx, sqlgen.WalkAuditParams{MerchantID: merchantID, After: v.Holds, Count: 1})
	if err != nil {
		return v, fmt.Errorf("walk audit trail: %w", err)
	}
	if head, err = headOf(ctx, q, merchantID); err == nil && len(rows) > 0 && rows[0].Sequence > head.Sequence {
		v.Broken = v.Holds + 1
	}
	return v, err
}

func headOf(ctx context.Context, q *sqlgen.Queries, merchantID string) (sqlgen.AuditHead, error) {
	head, err := q.GetAuditHead(ctx, merchantID)
	if errors.Is(err, sql.ErrNoRows) {
		return sqlgen.AuditHead{MerchantID: merchantID}, nil
	}
	if err != nil {
		return head, fmt.Errorf("read audit head: %w", err)
	}
	return head, nil
}

// walk verifies the entries up to the head, each by the hash of the one before.
func (a *Accounts) walk(ctx context.Context, q *sqlgen.Queries, head sqlgen.AuditHead, noted Head) (Verdict, error) {
	var v Verdict
	for v.Holds < head.Sequence {
		rows, err := q.WalkAudit(ctx, sqlgen.WalkAuditParams{MerchantID: head.MerchantID, After: v.Holds, Count: walkStep})
		if err != nil {
			return v, fmt.Errorf("walk audit trail: %w", err)
		}
		for _, e := range rows {
			if v.Holds == head.Sequence {
				return v, nil // written since the head was read
			}
			want, err := a.chain(v.Head.Hash, e)
			if err != nil {
				return v, err
			}
			if e.Sequence != v.Holds+1 || !sameHash(e.Hash, want) || !readable(e) || e.Sequence == noted.Sequence && !sameHash(e.Hash, noted.Hash) {
				v.Broken = v.Holds + 1
				return v, nil
			}
			v.Holds, v.Head = e.Sequence, Head{Sequence: e.Sequence, Hash: want}
		}
		if len(rows) == 0 {
			v.Broken = v.Holds + 1 // the end was cut off
			return v, nil
		}
	}
	return v, nil
}

// sameHash takes the same time wherever two hashes differ, as who reads them
// from verify must not learn how to forge one.
func sameHash(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

// readable: every byte of the entry counted in its hash (see valid).
func readable(e sqlgen.AuditEntry) bool {
	for _, text := range []string{e.MerchantID, e.UserID, e.Email, e.Address, e.Mode, e.Action, e.Subject, e.Detail} {
		if !utf8.ValidString(text) {
			return false
		}
	}
	return true
}
