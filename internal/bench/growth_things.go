package bench

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// thing is what is measured, again and again.
type thing struct {
	name string
	// do does it once, to a payment that was drawn, and says how long it took.
	do   func(context.Context, drawn) (time.Duration, error)
	took *times
}

// drawn is what is looked for: an id and two references, each of any payment
// stored with the same chance, and each of another one.
type drawn struct{ id, reference, atProvider string }

// prepare lists what is measured, in the order of the report.
func (s *stage) prepare(ctx context.Context) error {
	err := s.store().RawRead().QueryRowContext(ctx, `SELECT id FROM transactions
		WHERE merchant_id = $1 AND mode = 'live' AND kind = 'payment' ORDER BY id LIMIT 1 OFFSET $2`,
		s.merchant, min(2*failedPayments, s.size.Payments-1)).Scan(&s.deep)
	if err != nil {
		return fmt.Errorf("find the far end of the list: %w", err)
	}
	if err := s.drawAll(ctx); err != nil {
		return err
	}
	cursor := base64.RawURLEncoding.EncodeToString([]byte(s.deep))
	s.things = append(s.things, &thing{"API: create", s.createOne, newTimes()})
	s.add("API: get", func(_ context.Context, d drawn) error { return s.api("/v1/payments/" + d.id) })
	s.addAPI("API: list, first page", "/v1/payments")
	s.addAPI("API: list, deep page", "/v1/payments?cursor="+cursor)
	s.addAPI("API: list of the failed", "/v1/payments?status=failed")
	s.add("API: search, reference", func(_ context.Context, d drawn) error {
		return s.api("/v1/payments?reference=" + url.QueryEscape(d.reference))
	})
	s.addAPI("API: events, first page", "/v1/events")
	s.addAPI("API: ledger, first page", "/v1/ledger/entries")
	s.addAPI("API: balances", "/v1/balances")
	s.addPage("Page: overview", "/dashboard/")
	s.addPage("Page: payments", "/dashboard/payments")
	s.addPage("Page: payments, deep page", "/dashboard/payments?before="+s.deep)
	s.addPage("Page: the failed", "/dashboard/payments?status=failed")
	s.add("Page: search, reference", func(_ context.Context, d drawn) error {
		return s.page("/dashboard/search?q="+url.QueryEscape(d.reference), http.StatusSeeOther)
	})
	s.add("Page: search, provider's", func(_ context.Context, d drawn) error {
		return s.page("/dashboard/search?q="+url.QueryEscape(d.atProvider), http.StatusSeeOther)
	})
	s.add("Page: a transaction", func(_ context.Context, d drawn) error {
		return s.page("/dashboard/transactions/"+d.id, http.StatusOK)
	})
	s.add("Store: claim due", s.claimOnce)
	return nil
}

func (s *stage) add(name string, do func(context.Context, drawn) error) {
	timed := func(ctx context.Context, d drawn) (time.Duration, error) {
		started := time.Now()
		err := do(ctx, d)
		return time.Since(started), err
	}
	s.things = append(s.things, &thing{name, timed, newTimes()})
}

func (s *stage) addAPI(name, path string) {
	s.add(name, func(context.Context, drawn) error { return s.api(path) })
}

func (s *stage) addPage(name, path string) {
	s.add(name, func(context.Context, drawn) error { return s.page(path, http.StatusOK) })
}

// once does the next thing and says how long it took. Each time it is to
// another payment.
func (s *stage) once(ctx context.Context, t *thing) (time.Duration, error) {
	s.done++
	return t.do(ctx, s.draws[s.done%len(s.draws)])
}

// drawAll looks up what is going to be looked for. It reads indexes alone, so
// that it brings no payment's row into a cache.
func (s *stage) drawAll(ctx context.Context) error {
	s.draws = make([]drawn, growthDraws)
	for _, one := range []struct {
		into         func(*drawn) *string
		column, from string
	}{
		{func(d *drawn) *string { return &d.id }, "id", "transactions WHERE merchant_id = $1 AND mode = 'live' AND kind = 'payment'"},
		{func(d *drawn) *string { return &d.reference }, "reference", "transactions WHERE merchant_id = $1 AND mode = 'live'"},
		{func(d *drawn) *string { return &d.atProvider }, "provider_reference", "attempts WHERE merchant_id = $1 AND connection_id = $2 AND provider_reference <> ''"},
	} {
		last, err := s.lastOf(ctx, one.column, one.from)
		for i := 0; err == nil && i < len(s.draws); i++ {
			err = s.drawOne(ctx, one.into(&s.draws[i]), one.column, one.from, last)
		}
		if err != nil {
			return fmt.Errorf("draw a payment's %s: %w", one.column, err)
		}
	}
	return nil
}

// drawOne finds the first value of a column from a random one on: an id as old as
// any, and of the others, which are scattered evenly over all texts of a form,
// any text.
func (s *stage) drawOne(ctx context.Context, into *string, column, from, last string) error {
	least := last[:len(last)-tailLength+1] + fmt.Sprintf("%010d", rand.Int64N(1e10)) //nolint:gosec // it draws a sample
	if column == "id" {
		at := time.Now().Add(-time.Duration(rand.Int64N(int64(preloadSpread)))) //nolint:gosec // it draws a sample
		least = pay.IDBound(pay.PrefixOf(pay.Payment), s.merchant, at)
	}
	args := s.drawnFrom(from)
	query := fmt.Sprintf("SELECT %[1]s FROM %[2]s AND %[1]s >= $%[3]d ORDER BY %[1]s LIMIT 1", column, from, len(args)+1)
	return s.store().RawRead().QueryRowContext(ctx, query, append(args, min(least, last))...).Scan(into)
}

func (s *stage) lastOf(ctx context.Context, column, from string) (last string, err error) {
	query := "SELECT MAX(" + column + ") FROM " + from
	err = s.store().RawRead().QueryRowContext(ctx, query, s.drawnFrom(from)...).Scan(&last)
	return last, err
}

// drawnFrom are the arguments of what is drawn from.
func (s *stage) drawnFrom(from string) []any {
	if strings.Contains(from, "$2") {
		return []any{s.merchant, s.connection.ID}
	}
	return []any{s.merchant}
}

func (s *stage) api(path string) error {
	return s.get(path, "Authorization: Bearer "+s.liveKey+"\r\n", http.StatusOK)
}

func (s *stage) page(path string, want int) error { return s.get(path, s.cookie, want) }

func (s *stage) get(path, header string, want int) error {
	status, body, err := s.wire.do(s.wire.request(http.MethodGet, path, header, nil))
	if err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	if status != want {
		return fmt.Errorf("GET %s: HTTP %d: %s", path, status, body[:min(len(body), 300)])
	}
	return nil
}

// createOne creates a payment and tells how long the answer took. It waits until
// all of its life is over, which would meet the next measurement otherwise.
func (s *stage) createOne(ctx context.Context, _ drawn) (time.Duration, error) {
	c := s.create(time.Now())
	select {
	case <-c.done:
	case <-ctx.Done():
		return 0, fmt.Errorf("create: %w", ctx.Err())
	}
	return c.created, s.cycles.problem()
}

// claimOnce claims rows at a moment in the far future, a little later each
// time, so that what was claimed before is due again.
func (s *stage) claimOnce(ctx context.Context, _ drawn) error {
	s.claims++
	now := time.Now().Add(2*farOff + time.Duration(s.claims)*time.Hour)
	rows, err := s.store().ClaimTransactions(ctx, now, time.Millisecond, claimBatch)
	if err == nil && len(rows) != claimBatch {
		err = fmt.Errorf("%d rows were due, not %d", len(rows), claimBatch)
	}
	return err
}
