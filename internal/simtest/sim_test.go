package simtest

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
)

// A seed plays so many transactions; seedsByDefault take about a minute on two
// cores.
const (
	transactions   = 60
	seedsByDefault = 36
)

// total is what all seeds covered.
var total = struct {
	sync.Mutex
	Report
}{Report: Report{Faults: map[Fault]int{}, Outcomes: map[string]int{}}}

func TestMain(m *testing.M) {
	code := m.Run()
	if total.Transactions > 0 {
		fmt.Println(total.String()) // the last line, which programs read
	}
	os.Exit(code)
}

// SEEDS says how many seeds are played and SEED which comes first. A single one
// tells the timeline of each transaction.
func TestWhateverHappensTheGatewayAgreesWithTheOperators(t *testing.T) {
	first, count := number(t, "SEED", 1), number(t, "SEEDS", seedsByDefault)
	founded := found(t)
	t.Run("seeds", func(t *testing.T) {
		for seed := first; seed < first+count; seed++ {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				r := play(t, Run{Seed: seed, Transactions: transactions, Founded: founded, Trace: count == 1})
				total.Lock()
				defer total.Unlock()
				total.Add(r)
			})
		}
	})
	t.Logf("%s\nfaults:%s\noutcomes:%s", total.String(), Table(total.Faults), Table(total.Outcomes))
	for _, left := range total.Left {
		t.Log("left open: " + left)
	}
}

func TestASeedFixesItsPlansAndItsFaults(t *testing.T) {
	if a, b := Drawn(7, 40), Drawn(7, 40); a != b {
		t.Error("one seed drew two schedules")
	}
	if Drawn(7, 40) == Drawn(8, 40) {
		t.Error("two seeds drew one schedule")
	}
}

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

// found makes the database that each seed begins with.
func found(t *testing.T) (folder string) {
	t.Helper()
	folder = inMemory(t)
	synctest.Test(t, func(t *testing.T) {
		if err := Found(folder, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	})
	return folder
}

// inMemory is a folder on a file system in memory, where there is one: what is
// tested is what the gateway writes, not how long a disk takes.
func inMemory(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "simtest-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

func play(t *testing.T, run Run) *Report {
	t.Helper()
	run.Folder, run.Log = inMemory(t), slog.New(slog.DiscardHandler)
	if run.Trace && testing.Verbose() {
		run.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	var r *Report
	synctest.Test(t, func(t *testing.T) {
		var err error
		if r, err = Play(run); err != nil {
			t.Fatalf("seed %d: %v", run.Seed, err)
		}
	})
	for _, v := range r.Violations {
		t.Errorf("VIOLATION %s\n  again: make sim SEED=%d SEEDS=1", v, run.Seed)
	}
	for _, timeline := range r.Timelines {
		t.Log(timeline)
	}
	return r
}
