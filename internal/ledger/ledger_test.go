package ledger_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

const merchant = "m0000001"

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func onEachEngine(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "passerelle.db")
		if err := migrate(path); err != nil {
			t.Fatal(err)
		}
		test(t, open(t, path))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, pgtest.Cloned(t, "ledger", migrate)))
	})
}

func migrate(url string) error {
	s, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return s.Migrate(context.Background())
}

func open(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// post commits a journal of its own.
func post(t *testing.T, s *store.Store, j ledger.Journal) error {
	t.Helper()
	return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return ledger.Post(ctx, tx.Queries, j) })
}

// credit is a journal that adds to the available money at con_1.
func credit(name string, minor int64) ledger.Journal {
	return ledger.Journal{
		Name: name, MerchantID: merchant, Mode: pay.Live, Connection: "con_1", Currency: money.XAF, At: noon,
		Postings: []ledger.Posting{
			{Account: ledger.Available, Side: ledger.Debit, Amount: minor},
			{Account: ledger.Payments, Side: ledger.Credit, Amount: minor},
		},
	}
}

var available = ledger.Purse{MerchantID: merchant, Connection: "con_1", Currency: money.XAF, Account: ledger.Available}

func fold(t *testing.T, s *store.Store) int64 {
	t.Helper()
	var sum int64
	err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		var err error
		sum, err = ledger.Fold(ctx, tx.Queries, available)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return sum
}

// kept reads the available money, folded or not.
func kept(t *testing.T, s *store.Store) int64 {
	t.Helper()
	list, err := ledger.Balances(t.Context(), s.Read(), merchant)
	if err != nil {
		t.Error(err)
	}
	for _, b := range list {
		if b.Purse == available {
			return b.Amount
		}
	}
	return 0
}

func TestAJournalThatDoesNotBalanceIsRefused(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		unequal, negative := credit("a", 100), credit("b", 100)
		unequal.Postings[1].Amount = 99
		negative.Postings[0].Amount, negative.Postings[1].Amount = -100, -100
		for _, j := range []ledger.Journal{unequal, negative} {
			if err := post(t, s, j); err == nil {
				t.Errorf("%+v was posted", j.Postings)
			}
		}
		if got := kept(t, s); got != 0 {
			t.Errorf("%d is kept of refused journals", got)
		}
	})
}

func TestAJournalIsPostedOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		var posted atomic.Int64
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() {
				if err := post(t, s, credit("pay_1/succeeded", 100)); err == nil {
					posted.Add(1)
				} else if !store.IsUnique(err, "ux_ledger_journal") {
					t.Errorf("a repeated journal gave %v", err)
				}
			})
		}
		callers.Wait()
		if n, got := posted.Load(), kept(t, s); n != 1 || got != 100 {
			t.Errorf("posted %d times, %d is kept, want once and 100", n, got)
		}
	})
}

func TestLinesOfZeroAreDropped(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		if err := post(t, s, credit("nothing", 0)); err != nil {
			t.Fatal(err)
		}
		n, err := s.Read().SumLedger(t.Context(), merchant)
		if err != nil || len(n) != 0 {
			t.Errorf("%d sums, %v; want no entry", len(n), err)
		}
	})
}

func TestFoldingWhileCreditsArriveLosesNothing(t *testing.T) {
	const writers, each = 8, 25
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		var writing, watching sync.WaitGroup
		done := make(chan struct{})
		for range 3 {
			watching.Go(func() {
				for last := int64(0); ; {
					select {
					case <-done:
						return
					default:
					}
					fold(t, s)
					// Credits only add: a figure below an earlier one missed rows on their way.
					if now := kept(t, s); now < last || now > writers*each*10 {
						t.Errorf("kept money went from %d to %d", last, now)
					} else {
						last = now
					}
				}
			})
		}
		for w := range writers {
			writing.Go(func() {
				for i := range each {
					if err := post(t, s, credit(fmt.Sprintf("pay_%d_%d", w, i), 10)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writing.Wait()
		close(done)
		watching.Wait()
		rebuilt, err := ledger.Rebuild(t.Context(), s.Read(), merchant)
		if err != nil {
			t.Fatal(err)
		}
		if got := fold(t, s); got != writers*each*10 || rebuilt[available] != got || kept(t, s) != got {
			t.Errorf("folded %d, rebuilt %d, kept %d; want %d", got, rebuilt[available], kept(t, s), writers*each*10)
		}
	})
}

func TestPursesOfOtherConnectionsCurrenciesAndMerchantsAreApart(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		for i, change := range []func(*ledger.Journal){
			func(*ledger.Journal) {},
			func(j *ledger.Journal) { j.Connection = "con_2" },
			func(j *ledger.Journal) { j.Currency = money.XOF },
			func(j *ledger.Journal) { j.MerchantID = "m0000002" },
		} {
			j := credit(fmt.Sprint("j", i), int64(100+i))
			change(&j)
			if err := post(t, s, j); err != nil {
				t.Fatal(err)
			}
		}
		if got := fold(t, s); got != 100 {
			t.Errorf("the purse holds %d, want 100", got)
		}
		list, err := ledger.Balances(t.Context(), s.Read(), merchant)
		if err != nil || len(list) != 3 {
			t.Errorf("%d purses, %v; want the merchant's three", len(list), err)
		}
	})
}

func TestEveryJournalOfATransactionBalances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tx := pay.Transaction{
			ID: "pay_1", Kind: rapid.SampledFrom([]pay.Kind{pay.Payment, pay.Payout, pay.Refund}).Draw(t, "kind"),
			Amount:    money.New(rapid.Int64Range(1, 1<<40).Draw(t, "amount"), money.XAF),
			Fees:      money.New(rapid.Int64Range(0, 1<<40).Draw(t, "fees"), money.XAF),
			FeeBearer: rapid.SampledFrom([]pay.Bearer{"", pay.MerchantBears, pay.CustomerBears}).Draw(t, "bearer"),
		}
		for _, j := range []ledger.Journal{
			ledger.Settled(tx, true, noon), ledger.Settled(tx, false, noon), ledger.Held(tx, noon), ledger.Released(tx, noon),
		} {
			var sum int64
			for _, p := range j.Postings {
				if p.Amount < 0 {
					t.Fatalf("%s posts %d to %s", j.Name, p.Amount, p.Account)
				}
				if p.Side == ledger.Debit {
					sum += p.Amount
				} else {
					sum -= p.Amount
				}
			}
			if sum != 0 {
				t.Fatalf("%s is off by %d", j.Name, sum)
			}
		}
	})
}
