package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// block keeps the groups from taking what is handed in until it is called.
func block(s *Store) (start func()) {
	g := &s.engine.(*postgresEngine).groups
	g.mu.Lock()
	g.busy = true
	g.mu.Unlock()
	return func() { go g.loop() }
}

func note(id string) sqlgen.InsertNotificationParams {
	return sqlgen.InsertNotificationParams{MerchantID: "m", ID: id, CreatedAt: 1}
}

func notes(t *testing.T, s *Store) string {
	t.Helper()
	return scan(t, s.RawRead(), `SELECT COALESCE(string_agg(id, ' ' ORDER BY ctid), '') FROM notifications`)
}

// handIn runs closures that each keep a notification, and returns their errors once
// start has let them go, all in one group.
func handIn(t *testing.T, s *Store, names ...string) map[string]error {
	t.Helper()
	start := block(s)
	errs := map[string]error{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() {
			err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
				tx.About(name)
				return tx.InsertNotification(ctx, note(name))
			})
			mu.Lock()
			defer mu.Unlock()
			errs[name] = err
		})
	}
	g := &s.engine.(*postgresEngine).groups
	for waiting := 0; waiting < len(names); {
		g.mu.Lock()
		waiting = len(g.pending)
		g.mu.Unlock()
		if err := sleep(t.Context(), 1e6); err != nil {
			t.Fatal(err)
		}
	}
	start()
	all.Wait()
	return errs
}

func TestClosuresThatOnlyWriteShareOneCommit(t *testing.T) {
	s := openPGSchema(t)
	before := s.Stats()
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("m%02d", i))
	}
	for name, err := range handIn(t, s, names...) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	after := s.Stats()
	if commits, updates := after.Commits-before.Commits, after.Updates-before.Updates; commits != 1 || updates != 20 {
		t.Errorf("%d commits for %d closures, want 1 for 20", commits, updates)
	}
	if got := notes(t, s); got != strings.Join(names, " ") {
		t.Errorf("kept: %s", got)
	}
}

func TestOneThatFailsTakesNobodyAlongInItsGroup(t *testing.T) {
	s := openPGSchema(t)
	if err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		return tx.InsertNotification(ctx, note("taken"))
	}); err != nil {
		t.Fatal(err)
	}
	before := s.Stats()
	errs := handIn(t, s, "a", "taken", "z")
	after := s.Stats()
	if repeats, commits := after.Repeats-before.Repeats, after.Commits-before.Commits; repeats != 1 || commits != 1 {
		t.Errorf("%d closures ran again and %d commits were made, want one each: of the culprit, and of the others", repeats, commits)
	}
	if errs["a"] != nil || errs["z"] != nil || !IsUnique(errs["taken"], "notifications_pkey") {
		t.Errorf("answers are %v", errs)
	}
	if got := strings.Fields(notes(t, s)); len(got) != 3 {
		t.Errorf("kept: %v", got)
	}
}

func TestWhatReadsAfterItsFirstWriteSharesNothing(t *testing.T) {
	s := openPGSchema(t)
	start := block(s) // whoever waited for a group would wait for ever
	defer start()
	for name, fn := range map[string]Closure{
		"reads its own write": func(ctx context.Context, tx *Tx) error {
			tx.About("x")
			if err := tx.InsertNotification(ctx, note("x")); err != nil {
				return err
			}
			_, err := tx.ListMerchants(ctx)
			return err
		},
		"counts rows": func(ctx context.Context, tx *Tx) error {
			tx.About("y")
			n, err := tx.DeleteEndpoint(ctx, sqlgen.DeleteEndpointParams{MerchantID: "m", Mode: "live", ID: "we"})
			if err == nil && n != 0 {
				return errors.New("deleted what is not there")
			}
			return err
		},
		"is about nothing": func(ctx context.Context, tx *Tx) error { return tx.InsertNotification(ctx, note("y")) },
		"changes settings": func(ctx context.Context, tx *Tx) error { tx.About("w"); return tx.InsertMerchant(ctx, merchant("w")) },
		"writes nothing":   func(_ context.Context, tx *Tx) error { tx.About("z"); return nil },
	} {
		if err := s.Update(t.Context(), fn); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAGroupWithManyWhoFailStillKeepsTheOthers(t *testing.T) {
	s := openPGSchema(t)
	var names []string
	for i := range 2 * maxCulprits {
		taken := fmt.Sprintf("m%02d", 2*i)
		if err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
			return tx.InsertNotification(ctx, note(taken))
		}); err != nil {
			t.Fatal(err)
		}
		names = append(names, taken, fmt.Sprintf("m%02d", 2*i+1))
	}
	for name, err := range handIn(t, s, names...) {
		var n int
		if _, scanErr := fmt.Sscanf(name, "m%d", &n); scanErr != nil {
			t.Fatal(scanErr)
		}
		if n%2 == 1 && err != nil || n%2 == 0 && !IsUnique(err, "notifications_pkey") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := strings.Fields(notes(t, s)); len(got) != len(names) {
		t.Errorf("kept: %v", got)
	}
}

// stored puts a payment of version 1 into the store.
func stored(t *testing.T, s *Store) pay.Transaction {
	t.Helper()
	old := pay.Transaction{ID: "pay_1", MerchantID: "m", Mode: pay.Test, Kind: pay.Payment, Status: pay.StatusPending, Front: "native", Reference: "R1", Amount: money.New(100, "XAF"), Version: 1}
	if err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		return InsertTransaction(ctx, tx.Queries, old)
	}); err != nil {
		t.Fatal(err)
	}
	return old
}

func TestWhoIsStaleAgainAndAgainGetsThereInTheEnd(t *testing.T) {
	s := openPGSchema(t)
	old := stored(t, s)
	old.Version = 7
	runs := 0
	err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		tx.About(old.ID)
		if runs++; runs <= maxTogether {
			stale := old
			return SaveTransaction(ctx, tx.Queries, &stale)
		}
		now, err := Transaction(ctx, tx.Queries, "m", "pay_1")
		if err != nil {
			return err
		}
		return SaveTransaction(ctx, tx.Queries, &now)
	})
	if err != nil || runs != maxTogether+1 {
		t.Errorf("Update = %v after %d runs, want %d", err, runs, maxTogether+1)
	}
}

func TestAStaleRowInAGroupRunsItsClosureAgain(t *testing.T) {
	s := openPGSchema(t)
	old := stored(t, s)
	if err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		return tx.CheckSoon(ctx, sqlgen.CheckSoonParams{NextCheckAt: 1, MerchantID: "m", ID: "pay_1"})
	}); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		runs++
		tx.About(old.ID)
		now := old
		if runs > 1 {
			var err error
			if now, err = Transaction(ctx, tx.Queries, "m", "pay_1"); err != nil {
				return err
			}
		}
		now.Alert = "seen"
		return SaveTransaction(ctx, tx.Queries, &now)
	})
	now, readErr := Transaction(t.Context(), s.Read(), "m", "pay_1")
	if err != nil || readErr != nil || runs != 2 || now.Alert != "seen" || now.Version != 3 {
		t.Errorf("Update = %v after %d runs, stored is %+v (%v)", err, runs, now, readErr)
	}
}

func TestMembersAreWrittenInTheOrderOfWhatTheyAreAbout(t *testing.T) {
	s := openPGSchema(t)
	_ = handIn(t, s, "q", "b", "z", "a")
	if got := notes(t, s); got != "a b q z" {
		t.Errorf("written in the order %s", got)
	}
}
