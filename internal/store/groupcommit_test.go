package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func openTemp(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "passerelle.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	exec(t, s, `CREATE TABLE names (name TEXT PRIMARY KEY)`)
	return s
}

func exec(t testing.TB, s *Store, query string, args ...any) {
	t.Helper()
	if err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		_, err := tx.Raw().ExecContext(ctx, query, args...)
		return err
	}); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func addName(name string) Closure {
	return func(ctx context.Context, tx *Tx) error {
		_, err := tx.Raw().ExecContext(ctx, `INSERT INTO names (name) VALUES ($1)`, name)
		return err
	}
}

// committed lists the names, in order.
func committed(t testing.TB, s *Store) string {
	t.Helper()
	var list string
	row := s.RawRead().QueryRowContext(t.Context(), `SELECT COALESCE(group_concat(name, ' ' ORDER BY name), '') FROM names`)
	if err := row.Scan(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

// together runs closures in one group, in their order, and gives their answers.
func together(t *testing.T, s *Store, closures ...Closure) []error {
	t.Helper()
	w := s.engine.(*sqliteEngine).writer
	held, release := make(chan struct{}), make(chan struct{})
	answers := make([]chan error, len(closures)+1)
	hold := func(context.Context, *Tx) error {
		select {
		case <-release: // this is a repetition
			return nil
		default:
		}
		close(held)
		<-release
		return nil
	}
	for i, fn := range append([]Closure{hold}, closures...) {
		answers[i] = make(chan error, 1)
		go func() { answers[i] <- s.Update(context.Background(), fn) }()
		if i == 0 {
			<-held
		} else {
			awaitQueue(w, i)
		}
	}
	close(release)
	errs := make([]error, 0, len(closures))
	for _, a := range answers {
		errs = append(errs, <-a)
	}
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	return errs[1:]
}

func awaitQueue(w *groupWriter, n int) {
	for {
		w.mu.Lock()
		queued := len(w.pending)
		w.mu.Unlock()
		if queued == n {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func TestClosuresThatQueueAreCommittedTogether(t *testing.T) {
	s := openTemp(t)
	var list []Closure
	for i := range 40 {
		list = append(list, addName(fmt.Sprintf("%02d", i)))
	}
	before := s.Stats().Commits
	for i, err := range together(t, s, list...) {
		if err != nil {
			t.Errorf("closure %d: %v", i, err)
		}
	}
	// Holding the first closure used up the group's time, so it goes alone;
	// a slow machine may need a few more.
	if n := s.Stats().Commits - before; n > 10 {
		t.Errorf("41 closures took %d commits", n)
	}
	if n := len(strings.Fields(committed(t, s))); n != 40 {
		t.Errorf("%d names are stored, want 40", n)
	}
}

func TestAnswersWaitForTheCommit(t *testing.T) {
	s := openTemp(t)
	w := s.engine.(*sqliteEngine).writer
	w.lastSync = maxGroupWork // as after a slow disk: the group stays open that long
	first := make(chan error, 1)
	joined := make(chan struct{})
	// The second closure is handed in by the first, so it joins its group.
	second := make(chan error, 1)
	go func() {
		first <- s.Update(context.Background(), func(ctx context.Context, tx *Tx) error {
			go func() {
				second <- s.Update(context.Background(), func(context.Context, *Tx) error {
					select {
					case err := <-first:
						t.Errorf("the first closure was answered (%v) before its group was committed", err)
					default:
					}
					if names := committed(t, s); names != "" {
						t.Errorf("readers see %q before the commit", names)
					}
					close(joined)
					return nil
				})
			}()
			awaitQueue(w, 1)
			return addName("first")(ctx, tx)
		})
	}()
	<-joined
	if err := errors.Join(<-second, <-first); err != nil {
		t.Fatal(err)
	}
	if names := committed(t, s); names != "first" {
		t.Errorf("stored %q", names)
	}
	if n := s.Stats().Commits; n != 2 { // the table, and the group
		t.Errorf("%d commits, want the group to be one", n-1)
	}
}

func TestACommitThatFailsFailsItsCulpritOnly(t *testing.T) {
	s := openTemp(t)
	exec(t, s, `CREATE TABLE children (parent TEXT REFERENCES names (name) DEFERRABLE INITIALLY DEFERRED)`)
	errs := together(t, s,
		addName("a"),
		func(ctx context.Context, tx *Tx) error { // SQLite notices at COMMIT
			_, err := tx.Raw().ExecContext(ctx, `INSERT INTO children (parent) VALUES ('nobody')`)
			return err
		},
		addName("a"),
		addName("b"),
	)
	if errs[0] != nil || errs[3] != nil {
		t.Errorf("neighbours failed: %v, %v", errs[0], errs[3])
	}
	if errs[1] == nil || !strings.Contains(errs[1].Error(), "FOREIGN KEY") {
		t.Errorf("culprit got %v, want its foreign key", errs[1])
	}
	if !IsUnique(errs[2], "") {
		t.Errorf("the duplicate got %v, want its own unique violation", errs[2])
	}
	if names := committed(t, s); names != "a b" {
		t.Errorf("stored %q, want a and b", names)
	}
	if s.Stats().Repeats == 0 {
		t.Error("no closure ran again")
	}
}

func TestAFullDatabaseFailsTheClosureThatFilledIt(t *testing.T) {
	s := openTemp(t)
	exec(t, s, `CREATE TABLE bulk (bytes BLOB)`)
	fill := func(ctx context.Context, tx *Tx) error {
		var pages int
		if err := tx.Raw().QueryRowContext(ctx, `PRAGMA page_count`).Scan(&pages); err != nil {
			return err
		}
		var limit int
		limited := tx.Raw().QueryRowContext(ctx, fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+8))
		if err := limited.Scan(&limit); err != nil {
			return err
		}
		_, err := tx.Raw().ExecContext(ctx, `INSERT INTO bulk (bytes) VALUES (zeroblob(1000000))`)
		if err == nil {
			t.Error("the limit did not hold")
		}
		return err
	}
	errs := together(t, s, addName("a"), fill, addName("b"))
	if errs[0] != nil || errs[2] != nil {
		t.Errorf("neighbours failed: %v, %v", errs[0], errs[2])
	}
	if errs[1] == nil || !strings.Contains(errs[1].Error(), "full") {
		t.Errorf("the closure that filled the database got %v", errs[1])
	}
	if names := committed(t, s); names != "a b" {
		t.Errorf("stored %q, want a and b", names)
	}
}

// SQLite rolls back the whole transaction by itself on some errors; a ROLLBACK
// in a closure that fails looks the same from outside.
func TestALostTransactionIsRepeated(t *testing.T) {
	s := openTemp(t)
	runs := 0
	errs := together(t, s,
		addName("a"),
		func(ctx context.Context, tx *Tx) error {
			if runs++; runs == 1 {
				_, err := tx.Raw().ExecContext(ctx, `ROLLBACK`)
				return errors.Join(err, errors.New("as a full disk would"))
			}
			return addName("b")(ctx, tx)
		},
		addName("c"),
	)
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if names := committed(t, s); names != "a b c" {
		t.Errorf("stored %q, want a, b and c", names)
	}
	if runs != 2 {
		t.Errorf("the closure ran %d times, want 2", runs)
	}
}

func TestAClosureThatAlwaysLosesItsTransactionFails(t *testing.T) {
	s := openTemp(t)
	runs := 0
	err := s.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		runs++
		_, err := tx.Raw().ExecContext(ctx, `ROLLBACK`)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "transaction lost") {
		t.Errorf("Update = %v, want a lost transaction", err)
	}
	if runs != 2 {
		t.Errorf("the closure ran %d times, want 2", runs)
	}
	exec(t, s, `INSERT INTO names (name) VALUES ('after')`)
}

func TestACallerThatGivesUpInTheQueueRunsNothing(t *testing.T) {
	s := openTemp(t)
	w := s.engine.(*sqliteEngine).writer
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	if err := s.Update(t.Context(), func(context.Context, *Tx) error {
		go func() { waiting <- s.Update(ctx, addName("given up")) }()
		awaitQueue(w, 1)
		cancel()
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("the caller in the queue got %v, want context.Canceled", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	exec(t, s, `INSERT INTO names (name) VALUES ('after')`)
	if names := committed(t, s); names != "after" {
		t.Errorf("stored %q, want nothing of the caller that gave up", names)
	}
}

func TestACallerCancelledInMidClosureHarmsNoNeighbour(t *testing.T) {
	s := openTemp(t)
	ctx, cancel := context.WithCancel(t.Context())
	errs := together(t, s,
		addName("a"),
		func(_ context.Context, tx *Tx) error {
			cancel() // and the closure uses its caller's context, which it should not
			return addName("b")(ctx, tx)
		},
		addName("c"),
	)
	if errs[0] != nil || errs[2] != nil || !errors.Is(errs[1], context.Canceled) {
		t.Errorf("answers: %v", errs)
	}
	if names := committed(t, s); names != "a c" {
		t.Errorf("stored %q, want a and c", names)
	}
}

// An interrupted write makes SQLite roll back the whole group, so a context
// that ends meanwhile must not reach the driver.
func TestAContextThatEndsInMidStatementHarmsNoNeighbour(t *testing.T) {
	const slow = `INSERT INTO names (name) SELECT 'slow' || COUNT(*) FROM (
		WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n)`
	s := openTemp(t)
	w := s.engine.(*sqliteEngine).writer
	for name, statements := range map[string]func(tx *Tx) Raw{
		"raw":       func(tx *Tx) Raw { return tx.Raw() },
		"generated": func(*Tx) Raw { return w.conn.queries() },
	} {
		t.Run(name, func(t *testing.T) {
			errs := together(t, s, addName(name), func(ctx context.Context, tx *Tx) error {
				ctx, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
				defer cancel()
				if _, err := statements(tx).ExecContext(ctx, slow); err != nil {
					return fmt.Errorf("the slow statement was cut short: %w", err)
				}
				return addName("late")(ctx, tx)
			})
			if errs[0] != nil {
				t.Errorf("the neighbour got %v", errs[0])
			}
			if !errors.Is(errs[1], context.DeadlineExceeded) || strings.Contains(errs[1].Error(), "cut short") {
				t.Errorf("the slow closure got %v, want it to end between its statements", errs[1])
			}
		})
	}
	if names := committed(t, s); names != "generated raw" {
		t.Errorf("stored %q, want the neighbours", names)
	}
}
