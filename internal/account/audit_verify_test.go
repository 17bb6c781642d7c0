package account_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/store"
)

// trail is a rig with five entries.
func trail(t *testing.T) *rig {
	t.Helper()
	r := open(t)
	p := account.Person{MerchantID: "aaaaaaaa", UserID: "usr_1", Email: email, Mode: "test", Address: address}
	for i := range 5 {
		r.must(r.Record(t.Context(), p, "route.move", fmt.Sprint("rte_", i), "montée"))
	}
	return r
}

// exec does to the database what no program of ours does.
func (r *rig) exec(query string, args ...any) {
	r.Helper()
	r.must(r.Store.Update(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw().ExecContext(ctx, query, args...)
		return err
	}))
}

// broken fails the test unless the trail's first broken entry is this one.
func (r *rig) broken(what string, want int64) {
	r.Helper()
	v, err := r.CheckTrail(r.Context(), "aaaaaaaa", account.Head{})
	r.must(err)
	if v.Broken != want {
		r.Errorf("%s: entry %d is said to be the first broken one, want %d", what, v.Broken, want)
	}
	if want > 0 && v.Holds != want-1 {
		r.Errorf("%s: %d entries hold, want %d", what, v.Holds, want-1)
	}
}

func TestAnyByteOfAnyEntryThatIsEditedIsFound(t *testing.T) {
	t.Parallel()
	r := trail(t)
	edited := 0
	for _, column := range []string{"merchant_id", "user_id", "email", "address", "mode", "action", "subject", "detail", "hash"} {
		for sequence := int64(1); sequence <= 5; sequence++ {
			var text string
			where := " WHERE sequence = $2"
			r.must(r.Store.RawRead().QueryRowContext(t.Context(), "SELECT "+column+" FROM audit_entries WHERE sequence = $1", sequence).Scan(&text))
			for i := range len(text) {
				other := []byte(text)
				other[i] ^= 1
				r.exec("UPDATE audit_entries SET "+column+" = $1"+where, string(other), sequence)
				r.broken(fmt.Sprintf("byte %d of %s of entry %d", i, column, sequence), sequence)
				edited++
			}
			r.exec("UPDATE audit_entries SET "+column+" = $1"+where, text+"x", sequence)
			r.broken(fmt.Sprintf("more in %s of entry %d", column, sequence), sequence)
			r.exec("UPDATE audit_entries SET "+column+" = $1"+where, text, sequence)
		}
	}
	for sequence := int64(1); sequence <= 5; sequence++ {
		r.exec("UPDATE audit_entries SET created_at = created_at + 1 WHERE sequence = $1", sequence)
		r.broken("created_at", sequence)
		r.exec("UPDATE audit_entries SET created_at = created_at - 1 WHERE sequence = $1", sequence)
		r.exec("UPDATE audit_entries SET sequence = sequence + 100 WHERE sequence = $1", sequence)
		r.broken("sequence", sequence)
		r.exec("UPDATE audit_entries SET sequence = sequence - 100 WHERE sequence = $1", sequence+100)
	}
	r.broken("nothing", 0)
	if edited < 500 {
		t.Errorf("only %d bytes were edited", edited)
	}
}

func TestEntriesThatAreTakenOutSwappedOrAddedAreFound(t *testing.T) {
	t.Parallel()
	const swap = "UPDATE audit_entries SET sequence = CASE sequence WHEN 2 THEN -4 ELSE -2 END WHERE sequence IN (2, 4)"
	for what, c := range map[string]struct {
		statements []string
		want       int64
	}{
		"the first is deleted":   {[]string{"DELETE FROM audit_entries WHERE sequence = 1"}, 1},
		"one in the middle":      {[]string{"DELETE FROM audit_entries WHERE sequence = 3"}, 3},
		"the last":               {[]string{"DELETE FROM audit_entries WHERE sequence = 5"}, 5},
		"the last and the count": {[]string{"DELETE FROM audit_entries WHERE sequence = 5", "UPDATE audit_heads SET sequence = 4"}, 5},
		"the count alone":        {[]string{"UPDATE audit_heads SET sequence = 4"}, 5},
		"the head":               {[]string{"DELETE FROM audit_heads"}, 1},
		"the head's hash":        {[]string{"UPDATE audit_heads SET hash = 'x'"}, 6},
		"two are swapped":        {[]string{swap, "UPDATE audit_entries SET sequence = -sequence WHERE sequence < 0"}, 2},
		"the rest moves up": {[]string{
			"DELETE FROM audit_entries WHERE sequence = 3",
			"UPDATE audit_entries SET sequence = 3 WHERE sequence = 4", "UPDATE audit_entries SET sequence = 4 WHERE sequence = 5",
		}, 3},
		"one is added": {[]string{
			"INSERT INTO audit_entries SELECT merchant_id, 6, user_id, email, address, mode, action, subject, detail, hash, created_at FROM audit_entries WHERE sequence = 5",
		}, 6},
	} {
		r := trail(t)
		r.broken("nothing", 0)
		for _, s := range c.statements {
			r.exec(s)
		}
		r.broken(what, c.want)
	}
}

func TestANotedHeadTellsThatTheEndWasCutOff(t *testing.T) {
	t.Parallel()
	r := trail(t)
	whole, err := r.CheckTrail(t.Context(), "aaaaaaaa", account.Head{})
	r.must(err)
	noted, err := account.ParseHead(whole.Head.String())
	r.must(err)
	if noted.Sequence != 5 || whole.Holds != 5 {
		t.Fatalf("the head is %s", noted)
	}
	p := account.Person{MerchantID: "aaaaaaaa"}
	r.must(r.Record(t.Context(), p, "key.add", "", ""))
	if v, err := r.CheckTrail(t.Context(), "aaaaaaaa", noted); err != nil || v.Broken != 0 || v.Holds != 6 {
		t.Errorf("a trail that has grown: %+v, %v", v, err)
	}
	// Whoever may write to the database rewrites the head as well.
	cut := func() {
		r.exec("DELETE FROM audit_entries WHERE sequence >= 4")
		r.exec("UPDATE audit_heads SET sequence = 3, hash = (SELECT hash FROM audit_entries WHERE sequence = 3)")
	}
	cut()
	r.broken("without the noted head nothing is seen of it", 0)
	if v, err := r.CheckTrail(t.Context(), "aaaaaaaa", noted); err != nil || v.Broken != 4 {
		t.Errorf("a trail that was cut off: %+v, %v", v, err)
	}
	for range 3 {
		r.must(r.Record(t.Context(), p, "key.revoke", "", "")) // and it has grown since
	}
	if v, err := r.CheckTrail(t.Context(), "aaaaaaaa", noted); err != nil || v.Broken != 5 {
		t.Errorf("a trail with another end: %+v, %v", v, err)
	}
	for _, wrong := range []string{"", "5", "x:y", "0:abc", "5:"} {
		if _, err := account.ParseHead(wrong); err == nil {
			t.Errorf("%q passes for a head", wrong)
		}
	}
}
