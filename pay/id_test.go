package pay

import (
	"testing"
	"time"
)

func TestIDsAndTokensCarryTheirMerchant(t *testing.T) {
	merchant := NewMerchantID()
	for _, id := range []string{NewID("pay", merchant, time.Now()), NewToken(merchant)} {
		if got, ok := MerchantOf(id); !ok || got != merchant {
			t.Errorf("merchant of %q is %q, want %q", id, got, merchant)
		}
	}
	if _, ok := MerchantOf("pay_short"); ok {
		t.Error("a short text carries no merchant")
	}
}

func TestIDsSortByTime(t *testing.T) {
	early := NewID("pay", "00000000", time.UnixMilli(1_000))
	late := NewID("pay", "00000000", time.UnixMilli(2_000))
	if early >= late {
		t.Errorf("%s does not sort before %s", early, late)
	}
}

func TestABoundPartsTheIDsBeforeATimeFromThoseSince(t *testing.T) {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	bound := IDBound("x", "00000000", at)
	before, since := NewID("x", "00000000", at.Add(-time.Millisecond)), NewID("x", "00000000", at)
	if before >= bound || since < bound {
		t.Errorf("%s, %s and %s are out of order", before, bound, since)
	}
	if first := IDBound("x", "00000000", time.Time{}); first >= before {
		t.Errorf("%s, of no time, does not sort first", first)
	}
}

func TestIDsOfOneMillisecondSortAsTheyWereMade(t *testing.T) {
	at, last := time.UnixMilli(1_000), ""
	for range 1000 {
		id := NewID("evt", "00000000", at)
		if id <= last {
			t.Fatalf("%s was made after %s", id, last)
		}
		last = id
	}
}
