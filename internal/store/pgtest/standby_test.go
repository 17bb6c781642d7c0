package pgtest_test

import (
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

func TestAPromotedStandbyHasWhatItsLostPrimaryAcknowledged(t *testing.T) {
	primary := pgtest.Dedicated(t, pgtest.Options{Durable: true, Replicated: true})
	url, err := primary.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, url, "CREATE TABLE payment (id INT)")
	standby := primary.Standby(t)
	either, err := primary.Either(standby, url)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		exec(t, either, "INSERT INTO payment VALUES (1)")
	}
	primary.Kill(t)
	standby.Promote(t)
	exec(t, either, "INSERT INTO payment VALUES (1)")
	if got := count(t, either, "payment"); got != 21 {
		t.Errorf("the promoted standby holds %d rows, want 21", got)
	}
}
