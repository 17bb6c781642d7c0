package cluster_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/e2e/fieldtest"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
)

// lostPrimary kills the PostgreSQL that all nodes write to while they are busy,
// and promotes the synchronous standby after a while. The nodes know both.
func lostPrimary(t *testing.T, s stage) {
	primary := pgtest.Dedicated(t, pgtest.Options{Durable: true, Replicated: true})
	url, err := primary.Create(t.Context())
	must(t, err)
	standby := primary.Standby(t)
	either, err := primary.Either(standby, url)
	must(t, err)
	tr := newTroupe(t, s, either)
	closeShop := tr.Shop.Open()
	tr.awaitAnswers(t, 200)

	killed := time.Now()
	primary.Kill(t)
	for _, n := range tr.nodes {
		checkSaysTryAgain(t, tr, n.Address())
	}
	promoting := time.Now()
	standby.Promote(t)
	promoted := time.Now()
	tr.awaitAnswers(t, 100)
	tr.checkErrorsEnd(t, promoted)
	told(t, "standby promoted", "%.1f s after the kill, promotion took %.1f s", promoted.Sub(killed).Seconds(), promoted.Sub(promoting).Seconds())
	closeShop()
	tr.judged(t)
}

// checkSaysTryAgain holds what a merchant is told who asks a node without a database.
func checkSaysTryAgain(t *testing.T, tr *troupe, addr string) {
	t.Helper()
	status, contentType, body, err := tr.Shop.Try(t.Context(), addr)
	must(t, err)
	if status != http.StatusServiceUnavailable || contentType != "application/problem+json" {
		t.Errorf("without a database a node answers %d, %s: %s; want a problem of status 503", status, contentType, body)
	}
	if fieldtest.Ready(t.Context(), addr) {
		t.Error("a node without a database says it is ready")
	}
}
