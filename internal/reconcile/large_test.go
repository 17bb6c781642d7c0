package reconcile_test

import (
	"context"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// manyLines is a statement that is never held: it is made as it is read.
type manyLines struct {
	n, next int
	rest    string
	lines   func(i int) string
}

// Read implements io.Reader.
func (m *manyLines) Read(p []byte) (int, error) {
	if m.rest == "" {
		if m.next > m.n {
			return 0, io.EOF
		}
		if m.rest = header; m.next > 0 {
			m.rest = m.lines(m.next)
		}
		m.next++
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// bookMany writes n payments of 100 francs, a second apart.
func (h *house) bookMany(n int) {
	h.Helper()
	for from := 1; from <= n; from += 500 {
		h.update(func(ctx context.Context, tx *store.Tx) error {
			for i := from; i < from+500 && i <= n; i++ {
				b := booked{pay.Payment, pay.StatusSucceeded, money.New(100, money.XAF), 0, noon.Add(time.Duration(i) * 100 * time.Millisecond)}
				if err := h.write(ctx, tx, h.transaction(b, i), b); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// peak watches how far the heap grows above what it was, until stop is called.
// Garbage is collected often meanwhile, so that it counts for little.
func peak() (stop func() (megabytes float64)) {
	var before, now runtime.MemStats
	percent := debug.SetGCPercent(20)
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			runtime.ReadMemStats(&now)
			if now.HeapAlloc > before.HeapAlloc {
				most.Store(max(most.Load(), now.HeapAlloc-before.HeapAlloc))
			}
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 {
		close(done)
		<-ended
		debug.SetGCPercent(percent)
		return float64(most.Load()) / (1 << 20)
	}
}

// everyThousandth differs: it is wrong, or somebody else's.
func everyThousandth(i int) string {
	ref, amount := reference(i), "100"
	switch i % 1000 {
	case 1:
		amount = "101"
	case 2:
		ref = "AILLEURS-" + strconv.Itoa(i)
	}
	return line(ref, "", amount, "ACCEPTED", "", noon.Add(time.Duration(i)*100*time.Millisecond))
}

func TestTheMemoryDoesNotGrowWithTheStatement(t *testing.T) {
	// Of 200,000 lines 5,000 are booked; the books of a million are the benchmark's.
	const lines, inBooks = 200_000, 5_000
	h := open(t, sqlitePath(t))
	h.bookMany(inBooks)
	whole := func(o *reconcile.Order) { o.From, o.To = noon, noon.Add(inBooks*100*time.Millisecond+time.Hour) }
	refused := func(i int) string {
		if i <= inBooks {
			return everyThousandth(i)
		}
		return line(reference(i), "", "100", "REFUSED", "", noon)
	}
	stop := peak()
	run, err := h.Run(t.Context(), h.order(whole), &manyLines{n: lines, lines: refused})
	used := stop()
	h.must(err)
	f := run.Figures
	if f.Lines != lines || f.Matched != 4990 || f.AmountDiffers != 5 || f.MissingHere != 5 || f.MissingThere != 5 || f.Unpaid != lines-inBooks {
		t.Errorf("figures are %+v", f)
	}
	// The file has 14 MB; what is learnt of it would take 40 MB.
	if used > 30 {
		t.Errorf("the heap grew by %.0f MB", used)
	}
	t.Logf("%d lines: the heap grew by %.1f MB", lines, used)
}

// BenchmarkStatement reconciles RECONCILE_LINES (100,000) payments with a line
// each.
func BenchmarkStatement(b *testing.B) {
	n := 100_000
	if text := os.Getenv("RECONCILE_LINES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	for name, url := range map[string]func(testing.TB) string{
		"sqlite":   sqlitePath,
		"postgres": func(t testing.TB) string { return pgtest.Cloned(t, "reconcile", migrate) },
	} {
		b.Run(name, func(b *testing.B) { benchmarkStatement(b, url(b), n) })
	}
}

func benchmarkStatement(b *testing.B, url string, n int) {
	h := open(b, url)
	h.bookMany(n)
	h.update(func(ctx context.Context, tx *store.Tx) error {
		if !tx.Postgres() {
			return nil
		}
		_, err := tx.Raw().ExecContext(ctx, "ANALYZE") // as the server does by itself, a minute later
		return err
	})
	h.advance(time.Duration(n) * time.Second)
	whole := func(o *reconcile.Order) { o.From, o.To = noon, noon.Add(time.Duration(n)*time.Second) }
	b.ResetTimer()
	for b.Loop() {
		stop := peak()
		start := time.Now()
		run, err := h.Run(b.Context(), h.order(whole), &manyLines{n: n, lines: everyThousandth})
		b.ReportMetric(stop(), "MB")
		b.ReportMetric(float64(n)/time.Since(start).Seconds(), "lines/s")
		h.must(err)
		if f := run.Figures; f.Lines != int64(n) || f.Matched != f.Lines-f.AmountDiffers-f.MissingHere || f.MissingThere != f.MissingHere {
			b.Fatalf("figures are %+v", f)
		}
	}
}
