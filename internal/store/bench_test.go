package store

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// A durable single-row commit, bare and grouped. Grouped ones share the wait
// for the disk.
func BenchmarkSingleRowCommit(b *testing.B) {
	b.Run("bare loop", func(b *testing.B) {
		s := openMigrated(b)
		db, err := s.engine.migrationPool() // has the writer's settings
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		q := sqlgen.New(db)
		i := int64(0)
		for b.Loop() {
			i++
			if err := q.InsertBalanceDelta(b.Context(), benchRow(i)); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("Update by %d callers", callers), func(b *testing.B) { benchUpdate(b, callers) })
	}
}

func benchUpdate(b *testing.B, callers int) {
	s := openMigrated(b)
	var next atomic.Int64
	before := s.Stats()
	b.ResetTimer()
	done := make(chan error, callers)
	for range callers {
		go func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					done <- nil
					return
				}
				if err := s.Update(context.Background(), func(ctx context.Context, tx *Tx) error {
					return tx.InsertBalanceDelta(ctx, benchRow(i))
				}); err != nil {
					done <- err
					return
				}
			}
		}()
	}
	for range callers {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	after := s.Stats()
	b.ReportMetric(float64(after.Updates-before.Updates)/float64(after.Commits-before.Commits), "rows/commit")
}

func openMigrated(b *testing.B) *Store {
	s := openTemp(b)
	if err := s.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return s
}

func benchRow(i int64) sqlgen.InsertBalanceDeltaParams {
	return sqlgen.InsertBalanceDeltaParams{
		MerchantID: "benchmrk", ID: fmt.Sprintf("%024d", i), ConnectionID: "connection",
		Currency: "XAF", Account: "available", Amount: 100,
	}
}
