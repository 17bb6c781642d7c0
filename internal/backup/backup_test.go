package backup_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/backup"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
)

// patience bounds what a busy machine may make slow.
const patience = 60 * time.Second

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKeys(t *testing.T) secret.Box {
	t.Helper()
	keys, err := secret.ParseKeyring(secret.NewKey())
	must(t, err)
	return keys
}

// shop is a gateway under load, and what it has promised.
type shop struct {
	*app.Running
	ended   bool
	failure atomic.Pointer[string]

	mu   sync.Mutex
	paid []string // ids answered with 201
}

// openShop starts a gateway with simulated operators on a database.
func openShop(t *testing.T, database string, keys secret.Box) *shop {
	t.Helper()
	return openShopAt(t, database, keys, time.Now)
}

func openShopAt(t *testing.T, database string, keys secret.Box, now func() time.Time) *shop {
	t.Helper()
	running, err := app.Start(context.Background(), app.Config{
		Addr: "127.0.0.1:0", DatabaseURL: database, Keys: keys, AllowLoopback: true, Sandbox: true,
		OperatorDelay: "50ms", Demo: true, DrainFor: patience, Version: "test", Now: now,
	})
	must(t, err)
	s := &shop{Running: running}
	t.Cleanup(func() { s.close(t) })
	return s
}

func (s *shop) close(t *testing.T) {
	t.Helper()
	if s.ended {
		return
	}
	s.ended = true
	if err := s.Drain(); err != nil {
		t.Errorf("drain: %v", err)
	}
}

// sell takes payments until the returned function is called.
func (s *shop) sell(t *testing.T, name string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var sellers sync.WaitGroup
	for seller := range 4 {
		sellers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if err := s.order(fmt.Sprintf("%s-%d-%d", name, seller, i)); err != nil {
					text := err.Error()
					s.failure.Store(&text)
					return
				}
			}
		})
	}
	return func() {
		cancel()
		sellers.Wait()
		if text := s.failure.Load(); text != nil {
			t.Error(*text)
		}
	}
}

func (s *shop) order(reference string) error {
	text := `{"reference":"` + reference + `","amount":1500,"currency":"XAF","method":{"type":"mobile_money","phone":"+24174000100"}}`
	req, err := http.NewRequest(http.MethodPost, s.URL+"/v1/payments", strings.NewReader(text))
	if err != nil {
		return err
	}
	req.Header = http.Header{"Authorization": {"Bearer sk_test_demo"}, "Content-Type": {"application/json"}}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var payment struct{ ID string }
	if err := json.Unmarshal(answer, &payment); err != nil || resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("payment %s is answered %d: %s", reference, resp.StatusCode, answer)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paid = append(s.paid, payment.ID)
	return nil
}

func (s *shop) sold() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.paid...)
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func count(t *testing.T, from backup.Reader, query string, args ...any) (n int) {
	t.Helper()
	must(t, from.QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}

// holds checks what a copy of a database must be, given what had been promised
// before the copying began.
func holds(t *testing.T, from backup.Reader, promised []string) {
	t.Helper()
	if err := backup.Books(t.Context(), from); err != nil {
		t.Error(err)
	}
	for _, id := range promised {
		if count(t, from, "SELECT COUNT(*) FROM transactions WHERE id = $1", id) != 1 {
			t.Fatalf("payment %s was answered before the backup began and is not in it", id)
		}
	}
	for what, query := range map[string]string{
		"references that two payments share": `SELECT COUNT(*) FROM (SELECT reference FROM transactions
			GROUP BY merchant_id, mode, front, account, kind, reference HAVING COUNT(*) > 1) AS twice`,
		"transactions whose events have a gap": `SELECT COUNT(*) FROM transactions t WHERE t.sequence <>
			(SELECT COUNT(*) FROM events e WHERE e.merchant_id = t.merchant_id AND e.transaction_id = t.id)`,
		"payments that succeeded and were not settled once": `SELECT COUNT(*) FROM transactions t
			WHERE t.kind = 'payment' AND t.status = 'succeeded' AND t.amount <> (SELECT COALESCE(SUM(amount), 0) FROM ledger_entries l
				WHERE l.merchant_id = t.merchant_id AND l.transaction_id = t.id AND l.account = 'payments' AND l.side = 'credit')`,
	} {
		if n := count(t, from, query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

// goesOn starts a gateway on a restored database: what was pending settles, and
// new payments are taken.
func goesOn(t *testing.T, database string, keys secret.Box) {
	t.Helper()
	// As with any restore, some time has passed: leases of the time of the backup
	// are over.
	again := openShopAt(t, database, keys, func() time.Time { return time.Now().Add(time.Hour) })
	must(t, again.order("after the restore"))
	read := again.App.Store.RawRead()
	eventually(t, "every payment of the backup ends", func() bool {
		return count(t, read, "SELECT COUNT(*) FROM transactions WHERE status IN ('pending', 'requires_action')") == 0
	})
	if n := count(t, read, "SELECT COUNT(*) FROM transactions WHERE status <> 'succeeded'"); n != 0 {
		t.Errorf("%d payments did not succeed, though every customer approves", n)
	}
	holds(t, read, again.sold())
	again.close(t)
}

func TestABackupTakenUnderLoadIsOneMomentOfTheLedgerAndAGatewayGoesOnFromIt(t *testing.T) {
	t.Parallel()
	keys, folder := newKeys(t), t.TempDir()
	database, file := filepath.Join(folder, "passerelle.db"), filepath.Join(folder, "copy.db")
	busy := openShop(t, database, keys)
	stop := busy.sell(t, "load")
	var promised []string
	for round := range 3 {
		seen := len(promised)
		eventually(t, "more payments", func() bool { return len(busy.sold()) >= seen+20 })
		promised = busy.sold()
		report, err := backup.Take(t.Context(), backup.Order{Database: database, File: file, Force: round > 0})
		must(t, err)
		if report.Transactions < int64(len(promised)) || report.Rows <= report.Transactions+report.Entries || report.Bytes == 0 {
			t.Errorf("the backup has %+v, after %d payments", report, len(promised))
		}
	}
	stop()
	busy.close(t)

	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is readable by others: %v, %v", info, err)
	}
	restored := filepath.Join(t.TempDir(), "elsewhere", "passerelle.db")
	done, err := backup.Restore(t.Context(), backup.Return{File: file, Database: restored, Keys: keys, Now: time.Now()})
	must(t, err)
	if done.Aside != "" || done.Opened == 0 || done.Newest.IsZero() {
		t.Errorf("restoring says %+v", done)
	}
	s, err := store.Open(t.Context(), restored, store.Options{})
	must(t, err)
	holds(t, s.RawRead(), promised)
	must(t, s.Close())
	goesOn(t, restored, keys)
	onlyThese(t, folder, "copy.db", "passerelle.db")
	onlyThese(t, filepath.Dir(restored), "passerelle.db")
}

// onlyThese are the files of a folder: nothing partial is left behind.
func onlyThese(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %v, want %v", folder, names, want)
	}
}

// small is a database with a merchant in it, closed, and a backup of it.
func small(t *testing.T, keys secret.Box) (database, file string) {
	t.Helper()
	folder := t.TempDir()
	database, file = filepath.Join(folder, "passerelle.db"), filepath.Join(folder, "copy.db")
	s := openShop(t, database, keys)
	must(t, s.order("one"))
	s.close(t)
	_, err := backup.Take(t.Context(), backup.Order{Database: database, File: file})
	must(t, err)
	return database, file
}

func TestAnUnsoundBackupIsRefusedAndTheDatabaseThereStays(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	database, file := small(t, keys)
	whole, err := os.ReadFile(file)
	must(t, err)
	change := func(query string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			must(t, os.WriteFile(path, whole, 0o600))
			s, err := store.Open(t.Context(), path, store.Options{})
			must(t, err)
			must(t, s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Raw().ExecContext(ctx, query)
				return err
			}))
			must(t, s.Close())
		}
	}
	write := func(text []byte) func(t *testing.T, path string) {
		return func(t *testing.T, path string) { must(t, os.WriteFile(path, text, 0o600)) }
	}
	scratched := append([]byte(nil), whole...)
	for i := len(scratched) / 2; i < len(scratched)/2+8192; i++ {
		scratched[i] ^= 0xff
	}
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		says string
	}{
		"missing":                  {func(*testing.T, string) {}, "find backup"},
		"empty":                    {write(nil), "is empty"},
		"not a database":           {write([]byte(strings.Repeat("a letter to the bank\n", 1000))), "damaged or is no database"},
		"cut short":                {write(whole[:len(whole)/2]), "damaged"},
		"scratched":                {write(scratched), "damaged"},
		"another program's":        {change("DROP TABLE goose_db_version"), "not one of Passerelle"},
		"of a later program":       {change("INSERT INTO goose_db_version (version_id, is_applied) VALUES (90000, 1)"), "knows none above"},
		"debits without credits":   {change("UPDATE ledger_entries SET amount = amount + 1 WHERE side = 'debit'"), "debits and credits differ"},
		"a balance of nowhere":     {change("UPDATE balance_deltas SET amount = amount + 1"), "not the sum"},
		"a success without a book": {change("DELETE FROM ledger_entries; DELETE FROM balances; DELETE FROM balance_deltas; UPDATE transactions SET status = 'succeeded'"), "without a posting"},
		"half a transaction":       {change("DELETE FROM attempts"), "lack one of their attempts"},
		"with a log beside it": {func(t *testing.T, path string) {
			must(t, os.WriteFile(path, whole, 0o600))
			must(t, os.WriteFile(path+"-wal", []byte("commits"), 0o600))
		}, "-wal beside it"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := filepath.Join(t.TempDir(), "bad.db")
			c.make(t, bad)
			before, err := os.ReadFile(database)
			must(t, err)
			_, err = backup.Restore(t.Context(), backup.Return{File: bad, Database: database, Keys: keys, Force: true, Now: time.Now()})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("restoring says %v, want %q", err, c.says)
			}
			if after, err := os.ReadFile(database); err != nil || string(after) != string(before) {
				t.Errorf("the database that was there has changed: %v", err)
			}
			onlyThese(t, filepath.Dir(database), "copy.db", "passerelle.db")
		})
	}
}

func TestOtherKeysAreRefusedBeforeTheBackupTakesThePlace(t *testing.T) {
	t.Parallel()
	_, file := small(t, newKeys(t))
	target := filepath.Join(t.TempDir(), "passerelle.db")
	_, err := backup.Restore(t.Context(), backup.Return{File: file, Database: target, Keys: newKeys(t), Now: time.Now()})
	if err == nil || !strings.Contains(err.Error(), "keys of its time") || !strings.Contains(err.Error(), "connections.credentials") {
		t.Errorf("restoring with other keys says %v", err)
	}
	onlyThese(t, filepath.Dir(target))
}

func TestADatabaseThatIsThereIsNotReplacedUnlessAskedAndIsKeptAside(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	database, file := small(t, keys)
	order := backup.Return{File: file, Database: database, Keys: keys, Now: time.Date(2026, 3, 1, 8, 30, 0, 0, time.UTC)}
	if _, err := backup.Restore(t.Context(), order); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("restoring over a database says %v", err)
	}
	later := openShop(t, database, keys)
	must(t, later.order("two"))
	order.Force = true
	if _, err := backup.Restore(t.Context(), order); !errors.Is(err, backup.ErrInUse) {
		t.Errorf("restoring under a running gateway says %v", err)
	}
	must(t, later.order("three")) // it has not noticed anything
	later.close(t)

	done, err := backup.Restore(t.Context(), order)
	must(t, err)
	if want := database + ".before-restore-20260301T083000Z"; done.Aside != want {
		t.Errorf("the database was put at %q, want %q", done.Aside, want)
	}
	for path, want := range map[string]int64{database: 1, done.Aside: 3} {
		report, err := backup.Examine(t.Context(), path)
		if err != nil || report.Transactions != want {
			t.Errorf("%s has %d payments, %v; want %d", filepath.Base(path), report.Transactions, err, want)
		}
	}
	// What a dead database left behind would be read as a part of the new one.
	must(t, os.Remove(database))
	must(t, os.WriteFile(database+"-wal", []byte("of another life"), 0o600))
	order.Force, order.Now = false, order.Now.Add(time.Hour)
	if _, err := backup.Restore(t.Context(), order); err == nil {
		t.Error("a stray log passed for a free place")
	}
	order.Force = true
	if _, err := backup.Restore(t.Context(), order); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(database + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the stray log is still there: %v", err)
	}
}

func TestADamagedDatabaseIsReplacedAndKeptAsItIs(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	database, file := small(t, keys)
	must(t, os.WriteFile(database, []byte(strings.Repeat("noise ", 2000)), 0o600))
	done, err := backup.Restore(t.Context(), backup.Return{File: file, Database: database, Keys: keys, Force: true, Now: time.Now()})
	must(t, err)
	if text, err := os.ReadFile(done.Aside); err != nil || !strings.HasPrefix(string(text), "noise ") {
		t.Errorf("what was there is not kept: %.20q, %v", text, err)
	}
}

func TestABackupReplacesNothingUnlessAskedAndNeverTheDatabase(t *testing.T) {
	t.Parallel()
	database, file := small(t, newKeys(t))
	for _, c := range []struct {
		order backup.Order
		says  string
	}{
		{backup.Order{Database: database, File: file}, "--force"},
		{backup.Order{Database: database, File: database, Force: true}, "the database itself"},
		{backup.Order{Database: filepath.Join(filepath.Dir(database), "none.db"), File: file + "2"}, "find database"},
		{backup.Order{Database: filepath.Dir(database), File: file + "2"}, "not a file"},
	} {
		if _, err := backup.Take(t.Context(), c.order); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("a backup to %s says %v, want %q", filepath.Base(c.order.File), err, c.says)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := backup.Take(ended, backup.Order{Database: database, File: file, Force: true}); err == nil {
		t.Error("a backup that was broken off passes for one")
	}
	if _, err := backup.Examine(t.Context(), file); err != nil {
		t.Errorf("the old backup suffered: %v", err)
	}
	onlyThese(t, filepath.Dir(database), "copy.db", "passerelle.db")
}
