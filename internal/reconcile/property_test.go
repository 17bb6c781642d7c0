package reconcile_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// TestAnyStatementIsJudgedAsTheOracleSays makes up books and what became of
// each movement on its way into the statement; what is expected is written down
// by who made it up.
func TestAnyStatementIsJudgedAsTheOracleSays(t *testing.T) {
	t.Parallel()
	h := open(t, sqlitePath(t))
	rapid.Check(t, func(rt *rapid.T) {
		h.newDay()
		var want reconcile.Figures
		var lines []string
		n := rapid.IntRange(1, 25).Draw(rt, "movements")
		for range n {
			lines = append(lines, h.madeUp(rt, &want)...)
		}
		lines = rapid.Permutation(lines).Draw(rt, "order")
		want.Lines = int64(len(lines))
		if len(lines) == 0 {
			return
		}
		day := func(o *reconcile.Order) { o.From, o.To = h.day.Add(-time.Hour), h.day.Add(time.Hour) }
		file := header + strings.Join(lines, "")
		run := h.reconcile(file, day)
		got := run.Figures
		if got.New != got.Differ() { // nothing is thrice in the file
			rt.Errorf("%d new cases for %d differences", got.New, got.Differ())
		}
		got.New, got.Fees = 0, nil
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("figures are\n%+v, want\n%+v\n%s", got, want, file)
		}
		again := h.reconcile(file, day).Figures
		if again.New != 0 || again.Closed != 0 || again.Differ() != want.Differ() || again.Matched != want.Matched {
			rt.Fatalf("the second time: %+v", again)
		}
	})
}

// newDay starts books that share no time with what was made up before.
func (h *house) newDay() {
	h.advance(24 * time.Hour)
	h.day = h.clock().Add(-12 * time.Hour).Truncate(time.Second)
}

// madeUp books a movement and writes the lines that a statement has of it.
func (h *house) madeUp(rt *rapid.T, want *reconcile.Figures) (lines []string) {
	b := booked{
		kind:   rapid.SampledFrom([]pay.Kind{pay.Payment, pay.Payout, pay.Refund}).Draw(rt, "kind"),
		status: rapid.SampledFrom([]pay.Status{pay.StatusSucceeded, pay.StatusSucceeded, pay.StatusPending, pay.StatusFailed, ""}).Draw(rt, "status"),
		amount: money.New(rapid.Int64Range(1, 1_000_000).Draw(rt, "amount"), money.XAF), at: h.day,
	}
	h.last++
	ref, amount, status := reference(h.last), b.amount.Minor, "ACCEPTED"
	if b.status != "" {
		t := h.transaction(b, h.last)
		h.update(func(ctx context.Context, tx *store.Tx) error { return h.write(ctx, tx, t, b) })
	}
	fate := rapid.SampledFrom([]string{"same", "same", "absent", "another amount", "refused", "twice", "by theirs"}).Draw(rt, "fate")
	if b.status == "" && fate == "by theirs" {
		fate = "same"
	}
	their := ""
	switch fate {
	case "absent":
		if b.status == pay.StatusSucceeded {
			want.MissingThere++
		}
		return nil
	case "another amount":
		amount++
	case "refused":
		status = "REFUSED"
	case "by theirs":
		ref, their = "", theirs(h.last)
	}
	lines = append(lines, line(ref, their, fmt.Sprint(amount), status, string(b.kind), h.day))
	if fate == "twice" {
		lines = append(lines, lines[0])
		want.Duplicates++
	}
	switch {
	case status == "REFUSED":
		want.Unpaid++
		if b.status == pay.StatusSucceeded {
			want.MissingThere++
		}
	case b.status == "":
		want.MissingHere++
	case b.status != pay.StatusSucceeded:
		want.StatusDiffers++
	case fate == "another amount":
		want.AmountDiffers++
	default:
		want.Matched++
	}
	return lines
}
