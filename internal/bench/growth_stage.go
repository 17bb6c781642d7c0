package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
)

const (
	// failedPayments is how many payments are marked as failed: the oldest, so
	// that who looks for them from the newest on walks through all others.
	failedPayments = 100
	// duePayments owe work, in a future that only the measuring knows. They are on
	// no page that is measured: claiming a row leaves dead versions of it behind.
	duePayments = 500
	// farOff is when they do, and claimBatch how many are claimed at once.
	farOff     = 10 * 365 * 24 * time.Hour
	claimBatch = 50
)

// stage is a gateway with so many payments stored.
type stage struct {
	*rig
	size   GrowthSize
	things []*thing
	draws  []drawn
	done   int
	// cookie is the header line of who is signed in to the dashboard.
	cookie string
	deep   string // id of a payment at the far end of the list
	claims int
	empty  int64 // bytes of a database that holds one payment
}

func newStage(ctx context.Context, c Config, payments int) (_ *stage, err error) {
	c.Preload = 0 // it is laid down here, to be prepared further
	r, err := newRig(ctx, c)
	if err != nil {
		return nil, err
	}
	s := &stage{rig: r, size: GrowthSize{Payments: payments}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	s.create(time.Now()) // its rows are what is copied
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	before, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	s.empty = before.bytes
	if err := s.stopGateway(); err != nil {
		return nil, fmt.Errorf("stop the gateway: %w", err)
	}
	if err := s.fill(ctx); err != nil {
		return nil, err
	}
	if err := s.startGateway(ctx); err != nil {
		return nil, err
	}
	s.leadBack()
	m, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	s.size.Bytes = m.bytes
	if err := s.signIn(ctx); err != nil {
		return nil, err
	}
	return s, s.prepare(ctx)
}

// fill lays the payments down.
func (s *stage) fill(ctx context.Context) error {
	p := Preload{
		DatabaseURL: s.url, MerchantID: s.merchant, Mode: pay.Live, Payments: s.size.Payments - 1,
		Spread: preloadSpread, Progress: s.Progress,
	}
	started := time.Now()
	if err := p.Run(ctx); err != nil {
		return err
	}
	s.size.PreloadPerSecond = round(float64(p.Payments) / time.Since(started).Seconds())
	conn, done, err := openLoosely(ctx, s.url)
	if err != nil {
		return err
	}
	return errors.Join(s.vary(func(statement string, args ...any) error {
		_, err := conn.ExecContext(ctx, statement, args...)
		return err
	}), done())
}

// vary makes payments differ in what lists and workers look for. The statistics
// of the hours are brought up to date too, which a gateway does while payments
// come in and not all at once.
func (s *stage) vary(exec func(string, ...any) error) error {
	const ends = "SELECT id FROM transactions WHERE merchant_id = $1 AND mode = 'live' AND kind = 'payment' ORDER BY id"
	for _, one := range []struct {
		statement string
		args      []any
	}{
		{"UPDATE transactions SET status = 'failed' WHERE merchant_id = $1 AND id IN (" + ends + " LIMIT $2)", []any{s.merchant, failedPayments}},
		{
			"UPDATE transactions SET next_check_at = $2 WHERE merchant_id = $1 AND id IN (" + ends + " LIMIT $3 OFFSET $4)",
			[]any{s.merchant, time.Now().Add(farOff).UnixMilli(), min(duePayments, s.size.Payments/3), s.size.Payments / 3},
		},
		{`INSERT INTO payment_hours (merchant_id, mode, hour, operator, currency, bucket, n, amount)
			SELECT merchant_id, mode, completed_at - completed_at % 3600000, 'airtel', currency, 0, COUNT(*), SUM(amount)
			FROM transactions WHERE merchant_id = $1 AND mode = 'live' GROUP BY 1, 2, 3, 5`, []any{s.merchant}},
		{`INSERT INTO counted_events (merchant_id, mode, event_id)
			SELECT merchant_id, mode, MAX(id) FROM events WHERE merchant_id = $1 AND mode = 'live' GROUP BY 1, 2
			ON CONFLICT (merchant_id, mode) DO UPDATE SET event_id = excluded.event_id`, []any{s.merchant}},
	} {
		if err := exec(one.statement, one.args...); err != nil {
			return fmt.Errorf("vary the payments: %w", err)
		}
	}
	if store.IsPostgres(s.url) {
		return exec("VACUUM ANALYZE")
	}
	return exec("PRAGMA wal_checkpoint(TRUNCATE)")
}

// signIn goes in as a browser would, and looks at the live mode.
func (s *stage) signIn(ctx context.Context) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	browser := &http.Client{Jar: jar, Timeout: callLimit}
	defer browser.CloseIdleConnections()
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{"/dashboard/sign-in", url.Values{"email": {s.owner.email}, "password": {s.owner.password.Reveal()}}},
		{"/dashboard/mode", url.Values{"mode": {string(pay.Live)}}},
	} {
		answer, err := browser.PostForm(s.running.URL+step.path, step.form) //nolint:noctx // the client has its limit
		if err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
		_, err = io.Copy(io.Discard, answer.Body)
		if err = errors.Join(err, answer.Body.Close()); err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("sign in: %s", answer.Status)
		}
	}
	at, err := url.Parse(s.running.URL + "/dashboard/")
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	for _, c := range jar.Cookies(at) {
		s.cookie = "Cookie: " + c.Name + "=" + c.Value + "\r\n"
	}
	if s.cookie == "" {
		return errors.New("sign in: no cookie was given")
	}
	return nil
}

// figures are what was measured.
func (s *stage) figures() GrowthSize {
	for _, t := range s.things {
		s.size.Took = append(s.size.Took, GrowthMeasure{t.name, percentiles(t.took.list)})
	}
	return s.size
}
