package simtest_test

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/passerelle-pay/passerelle/internal/simtest"
)

// transactions is how many a seed plays.
const transactions = 60

// seedsByDefault take about a minute on two cores.
const seedsByDefault = 40

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is not a number: %v", name, err)
	}
	return n
}

// SEEDS says how many seeds are played and SEED which comes first; with
// SEEDS=1 every timeline is told.
func TestWhateverHappensTheGatewayAgreesWithTheOperators(t *testing.T) {
	first, count := number(t, "SEED", 1), number(t, "SEEDS", seedsByDefault)
	founded := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		if err := simtest.Found(founded, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	})
	var mu sync.Mutex
	total := simtest.Report{Faults: map[simtest.Fault]int{}, Outcomes: map[string]int{}}
	t.Run("seeds", func(t *testing.T) {
		for seed := first; seed < first+count; seed++ {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				r := play(t, seed, founded, count == 1)
				mu.Lock()
				defer mu.Unlock()
				total.Add(r)
			})
		}
	})
	t.Logf("faults:%s", simtest.Table(total.Faults))
	t.Logf("outcomes:%s", simtest.Table(total.Outcomes))
	for _, left := range total.Left {
		t.Log("left open: " + left)
	}
	fmt.Println(total.String())
}

func play(t *testing.T, seed uint64, founded string, trace bool) *simtest.Report {
	log := slog.New(slog.DiscardHandler)
	if trace && testing.Verbose() {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	var r *simtest.Report
	synctest.Test(t, func(t *testing.T) {
		var err error
		r, err = simtest.Play(simtest.Run{
			Seed: seed, Transactions: transactions, Folder: t.TempDir(), Founded: founded, Log: log, Trace: trace,
		})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	})
	for _, v := range r.Violations {
		t.Errorf("VIOLATION %s\n  again: make sim SEED=%d SEEDS=1", v, seed)
	}
	for _, timeline := range r.Timelines {
		t.Log(timeline)
	}
	return r
}
