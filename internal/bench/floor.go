package bench

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// shape is what a life cycle commits: its rows and how they are grouped.
type shape struct {
	// transactions are the closures that a life cycle runs, group how many of
	// them share a commit, changes the rows inserted, updated and deleted.
	transactions, group, changes float64
	// writers is how many transactions are open at once.
	writers int
}

// statement is one row on its way: SQL and the arguments, of which some are
// renewed for each copy.
type statement struct {
	sql   string
	args  []any
	fresh []fresh
}

// fresh is an argument that holds an identity.
type fresh struct {
	argument, identity int
	before, after      string
}

func (st statement) of(sp *specimen, n int) []any {
	args := make([]any, len(st.args))
	copy(args, st.args)
	for _, f := range st.fresh {
		args[f.argument] = f.before + sp.renewed(f.identity, n) + f.after
	}
	return args
}

// floorLimit bounds how long the floor is measured.
const floorLimit = 10 * time.Second

// floor measures how many payments a second the leanest loop commits in a
// shape. The database is no gateway's any more.
func floor(ctx context.Context, url string, sp *specimen, first int, sh shape, d time.Duration) (float64, error) {
	plan := sp.plan(sh)
	d = min(d, floorLimit)
	var next, written atomic.Int64
	next.Store(int64(first) * int64(len(plan)))
	if store.IsPostgres(url) {
		next.Store(int64(first))
	}
	w := writer{url: url, sp: sp, plan: plan, group: max(1, int(sh.group+0.5)), next: &next, written: &written}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	started := time.Now()
	var err error
	if store.IsPostgres(url) {
		err = w.postgres(ctx, sh.writers)
	} else {
		err = w.sqlite(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("measure the floor: %w", err)
	}
	return float64(written.Load()) / time.Since(started).Seconds(), nil
}

// writer is the loop.
type writer struct {
	url           string
	sp            *specimen
	plan          [][]statement
	group         int
	next, written *atomic.Int64
}

// plan deals the statements of a life cycle to its transactions: the rows in
// the order they come, then updates of the three rows that a life cycle
// changes, as many as it makes.
func (sp *specimen) plan(sh shape) [][]statement {
	list := sp.inserts()
	for i := 0; len(list) < int(sh.changes+0.5); i++ {
		list = append(list, sp.update(updateCycle[i%len(updateCycle)]))
	}
	count := min(max(1, int(sh.transactions+0.5)), len(list))
	plan := make([][]statement, count)
	for i := range plan {
		plan[i] = list[i*len(list)/count : (i+1)*len(list)/count]
	}
	return plan
}

// updateCycle is how often the rows of a payment change, one by the other: the
// transaction four times, its attempt three times, its delivery twice.
var updateCycle = []string{
	"transactions", "attempts", "transactions", "attempts", "transactions", "deliveries", "attempts", "transactions", "deliveries",
}

func (sp *specimen) inserts() []statement {
	var list []statement
	for _, t := range sp.tables {
		places := make([]string, len(t.columns))
		for i := range places {
			places[i] = fmt.Sprintf("$%d", i+1)
		}
		sql := "INSERT INTO " + t.table + " (" + strings.Join(t.columns, ", ") + ") VALUES (" + strings.Join(places, ", ") + ")"
		for _, row := range t.values {
			st := statement{sql: sql, args: row}
			for i, value := range row {
				st.renew(sp, i, value)
			}
			list = append(list, st)
		}
	}
	return list
}

// renew notes which identity an argument holds. Long texts quote identities
// without being found by them, and stay.
func (st *statement) renew(sp *specimen, argument int, value any) {
	text, ok := value.(string)
	if !ok || len(text) > 128 {
		return
	}
	for i, identity := range sp.identities {
		if before, after, found := strings.Cut(text, identity); found {
			st.fresh = append(st.fresh, fresh{argument, i, before, after})
			return
		}
	}
}

// updates are the statements that change a payment's rows, by table: the
// columns that are set, then those that name the row.
var updates = map[string]struct{ set, key []string }{
	"transactions": {
		[]string{"status", "provider_reference", "details", "version", "updated_at", "completed_at", "next_check_at"},
		[]string{"merchant_id", "id"},
	},
	"attempts": {
		[]string{"status", "provider_reference", "data", "failure", "updated_at"},
		[]string{"merchant_id", "transaction_id", "number"},
	},
	"deliveries": {
		[]string{"status", "attempts", "completed_at", "next_attempt_at"},
		[]string{"merchant_id", "id"},
	},
}

// update writes a row again as it is.
func (sp *specimen) update(table string) statement {
	var st statement
	var set, where []string
	for _, t := range sp.tables {
		if t.table != table || len(t.values) == 0 {
			continue
		}
		add := func(column string) string {
			for i, name := range t.columns {
				if name == column {
					st.args = append(st.args, t.values[0][i])
					st.renew(sp, len(st.args)-1, t.values[0][i])
				}
			}
			return fmt.Sprintf("%s = $%d", column, len(st.args))
		}
		for _, column := range updates[table].set {
			set = append(set, add(column))
		}
		for _, column := range updates[table].key {
			where = append(where, add(column))
		}
	}
	st.sql = "UPDATE " + table + " SET " + strings.Join(set, ", ") + " WHERE " + strings.Join(where, " AND ")
	return st
}

// each runs writers side by side until one fails or time is up.
func each(ctx context.Context, n int, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	errs := make(chan error, n)
	for range n {
		all.Go(func() {
			if err := f(ctx); err != nil {
				errs <- err
				cancel(err)
			}
		})
	}
	all.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}
