package reconcile_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestEachDifferenceIsFoundNamedAndAdvisedUpon(t *testing.T) {
	onEachEngine(t, func(h *house) {
		at := noon.Add(30 * time.Second)
		matched := h.book(booked{pay.Payment, pay.StatusSucceeded, money.New(15000, money.XAF), 150, noon})
		h.book(payment(200))                                                                                            // 2: missing there
		h.book(payment(300))                                                                                            // 3: amount differs, to our harm
		h.book(booked{pay.Payout, pay.StatusSucceeded, money.New(400, money.XAF), 0, noon})                             // 4: matched
		h.book(booked{pay.Payment, pay.StatusPending, money.New(500, money.XAF), 0, noon})                              // 5: paid there
		h.book(booked{pay.Payment, pay.StatusFailed, money.New(600, money.XAF), 0, noon})                               // 6: paid there
		h.book(payment(700))                                                                                            // 7: refused there
		h.book(booked{pay.Payment, pay.StatusFailed, money.New(800, money.XAF), 0, noon})                               // 8: refused there as well
		h.book(booked{pay.Refund, pay.StatusSucceeded, money.New(900, money.XAF), 0, noon})                             // 9: matched, by our id
		h.book(payment(1000))                                                                                           // 10: twice in the file
		h.book(payment(1100))                                                                                           // 11: amount differs, to our good
		early := h.book(booked{pay.Payment, pay.StatusSucceeded, money.New(1, money.XAF), 0, noon.Add(-2 * time.Hour)}) // 12: before the period
		edge := h.book(booked{pay.Payment, pay.StatusSucceeded, money.New(1, money.XAF), 0, noon.Add(-time.Hour - 30*time.Second)})
		second := h.secondAttempt(matched)
		refund := h.id(9)
		file := "Relevé du compte 01\n" + header +
			strings.Replace(line(reference(1), "", "15 000,00", "ACCEPTED", "Encaissement", at), "XAF;;", "XAF;140;", 1) +
			line(reference(3), theirs(3), "290", "accepted", "", at) +
			line("", theirs(4), "-400 F CFA", "Réussi", "Décaissement", at) +
			line(reference(5), "", "500", "ACCEPTED", "", at) +
			line(reference(6), "", "600", "ACCEPTED", "", at) +
			line(reference(7), "", "700", "REFUSED", "", at) +
			line(reference(8), "", "800", "Échoué", "", at) +
			line(refund, "", "900", "ACCEPTED", "remboursement", at) +
			line(reference(10), "", "1000", "ACCEPTED", "", at) +
			line(reference(10), "", "1000", "ACCEPTED", "", at) +
			line(reference(11), "", "1.200", "ACCEPTED", "", at) +
			line("AILLEURS-1", "", "5 000", "ACCEPTED", "paiement", at) +
			line("AILLEURS-2", "", "5 000", "ACCEPTED", "payout", at) +
			line("AILLEURS-3", "", "5 000", "REFUSED", "payout", at) +
			line(second, "", "15000", "ACCEPTED", "", at) +
			"Total;;99 000;;;;;\n"
		run := h.reconcile(file)
		want := reconcile.Figures{
			Lines: 15, Matched: 4, MissingHere: 2, MissingThere: 2, AmountDiffers: 2, StatusDiffers: 2, PaidTwice: 1, Duplicates: 1,
			Unpaid: 3, Edge: 1, New: 10, Fees: []reconcile.FeeSum{{Currency: money.XAF, Statement: 140, Ledger: 150}},
		}
		if !reflect.DeepEqual(run.Figures, want) {
			t := run.Figures
			h.Errorf("figures are\n%+v, want\n%+v", t, want)
		}
		type told struct {
			action reconcile.Action
			lines  string
		}
		got := map[string]told{}
		for _, c := range h.cases("open") {
			if c.Transaction == early.ID || c.Transaction == edge.ID {
				h.Errorf("what lies outside the period has a case: %+v", c)
			}
			got[string(c.Difference)+" "+c.Reference] = told{c.Action, c.Lines}
		}
		if want := map[string]told{
			"missing_there " + reference(2):   {reconcile.RaiseWithProvider, ""},
			"missing_there " + reference(7):   {reconcile.RaiseWithProvider, "8"},
			"amount_differs " + reference(3):  {reconcile.RaiseWithProvider, "4"},
			"amount_differs " + reference(11): {reconcile.WriteCorrection, "13"},
			"status_differs " + reference(5):  {reconcile.CheckNow, "6"},
			"status_differs " + reference(6):  {reconcile.CheckNow, "7"},
			"duplicate_line " + reference(10): {reconcile.RaiseWithProvider, "11, 12"},
			"missing_here AILLEURS-1":         {reconcile.WriteCorrection, "14"},
			"missing_here AILLEURS-2":         {reconcile.RaiseWithProvider, "15"},
			"paid_twice " + second:            {reconcile.RefundCustomer, "17"},
		}; !reflect.DeepEqual(got, want) {
			h.Errorf("cases are\n%v, want\n%v", got, want)
		}
	})
}

// id of the n-th transaction that was booked.
func (h *house) id(n int) string {
	h.Helper()
	a, err := store.AttemptByReference(h.Context(), h.store.Read(), h.caller.MerchantID, h.connection, reference(n), "")
	h.must(err)
	return a.TransactionID
}

// secondAttempt adds another submission to a transaction that an earlier one paid.
func (h *house) secondAttempt(t pay.Transaction) (ref string) {
	h.Helper()
	ref = "PSSECOND0001"
	h.update(func(ctx context.Context, tx *store.Tx) error {
		return store.InsertAttempt(ctx, tx.Queries, pay.Attempt{
			MerchantID: t.MerchantID, TransactionID: t.ID, Number: 2, Connection: h.connection, Provider: "acme",
			Reference: ref, Status: pay.AttemptUnknown, CreatedAt: noon, UpdatedAt: noon,
		})
	})
	return ref
}

func TestTheSameStatementTwiceChangesNothing(t *testing.T) {
	onEachEngine(t, func(h *house) {
		for i := range 5 {
			h.book(payment(int64(100 * (i + 1))))
		}
		file := header + line(reference(1), "", "100", "ACCEPTED", "", noon) + line(reference(2), "", "201", "ACCEPTED", "", noon) +
			line("AILLEURS", "", "1", "ACCEPTED", "", noon)
		first := h.reconcile(file)
		before := h.cases("")
		if first.Figures.New != 5 || len(before) != 5 {
			h.Fatalf("%d new cases, %d stored; want 5", first.Figures.New, len(before))
		}
		again := h.reconcile(file)
		after := h.cases("")
		for i := range after {
			if after[i].LastRun != again.ID {
				h.Errorf("%s was not met again", after[i].ID)
			}
			after[i].LastRun = first.ID
		}
		if !reflect.DeepEqual(before, after) {
			h.Errorf("cases changed from\n%+v to\n%+v", before, after)
		}
		same := first.Figures
		same.New = 0
		if !reflect.DeepEqual(again.Figures, same) || again.SHA256 != first.SHA256 {
			h.Errorf("figures changed from %+v to %+v", first.Figures, again.Figures)
		}
		// What a person resolved stays resolved, until the figures are others.
		for _, c := range after {
			if c.Difference == reconcile.AmountDiffers {
				h.must(h.Resolve(h.Context(), h.caller, c.ID, "awa@example.com", "corrigé"))
				if err := h.Resolve(h.Context(), h.caller, c.ID, "awa@example.com", "encore"); pay.KindOf(err) != pay.KindConflict {
					h.Errorf("resolving twice gave %v", err)
				}
			}
		}
		h.reconcile(file)
		if n := len(h.cases("open")); n != 4 {
			h.Errorf("%d cases are open, want the 4 that nobody resolved", n)
		}
		h.reconcile(strings.Replace(file, ";201;", ";202;", 1))
		if n := len(h.cases("open")); n != 5 {
			h.Errorf("%d cases are open, want 5: one has other figures", n)
		}
	})
}

func TestACaseEndsByItselfWhenALaterStatementNoLongerShowsIt(t *testing.T) {
	onEachEngine(t, func(h *house) {
		h.book(payment(100))
		h.book(payment(200))
		late := h.book(booked{pay.Payment, pay.StatusPending, money.New(300, money.XAF), 0, noon})
		short := header + line(reference(1), "", "99", "ACCEPTED", "", noon) + line(reference(3), "", "300", "ACCEPTED", "", noon) +
			line("AILLEURS", "", "1", "ACCEPTED", "", noon)
		if run := h.reconcile(short); run.Figures.New != 4 {
			h.Fatalf("%+v", run.Figures)
		}
		// A statement of another day says nothing of any of them.
		other := h.reconcile(header+line("AUTREJOUR", "", "1", "ACCEPTED", "", noon.AddDate(0, 0, 1)),
			func(o *reconcile.Order) { o.From, o.To = noon.AddDate(0, 0, 1), noon.AddDate(0, 0, 2) })
		if other.Figures.Closed != 0 {
			h.Errorf("%d cases were closed by another day's statement", other.Figures.Closed)
		}
		// The provider corrected itself, and the books caught up.
		h.update(func(ctx context.Context, tx *store.Tx) error {
			late.Status, late.PaidAttempt = pay.StatusSucceeded, 1
			if err := store.SaveTransaction(ctx, tx.Queries, &late); err != nil {
				return err
			}
			return ledger.Post(ctx, tx.Queries, ledger.Settled(late, false, noon.Add(time.Hour)))
		})
		whole := h.reconcile(header + line(reference(1), "", "100", "ACCEPTED", "", noon) + line(reference(2), "", "200", "ACCEPTED", "", noon) +
			line(reference(3), "", "300", "ACCEPTED", "", noon))
		if whole.Figures.Closed != 4 || whole.Figures.Matched != 3 || whole.Figures.Differ() != 0 {
			h.Errorf("figures are %+v, want 3 matched and 4 closed", whole.Figures)
		}
		open := h.cases("open")
		if len(open) != 1 || open[0].Reference != "AUTREJOUR" {
			h.Errorf("open cases are %+v, want the other day's alone", open)
		}
		// It is open again when the difference is back.
		if back := h.reconcile(short); back.Figures.New != 0 || len(h.cases("open")) != 4 {
			h.Errorf("%d new and %d open cases, want 0 and 4", back.Figures.New, len(h.cases("open")))
		}
	})
}

func TestTheLedgerIsBelievedAndNotTheStatusAlone(t *testing.T) {
	onEachEngine(t, func(h *house) {
		tx := h.book(booked{pay.Payment, pay.StatusPending, money.New(500, money.XAF), 0, noon})
		h.update(func(ctx context.Context, w *store.Tx) error { // a success that was never booked
			tx.Status, tx.PaidAttempt = pay.StatusSucceeded, 1
			return store.SaveTransaction(ctx, w.Queries, &tx)
		})
		run := h.reconcile(header + line(reference(1), "", "500", "ACCEPTED", "", noon))
		open := h.cases("open")
		if run.Figures.MissingHere != 1 || len(open) != 1 || open[0].Action != reconcile.WriteCorrection || open[0].Transaction != tx.ID {
			h.Errorf("figures %+v, cases %+v", run.Figures, open)
		}
	})
}

func TestCheckingNowAsksAboutWhatWasGivenUp(t *testing.T) {
	onEachEngine(t, func(h *house) {
		h.book(booked{pay.Payment, pay.StatusFailed, money.New(500, money.XAF), 0, noon})
		file := header + line(reference(1), "", "500", "ACCEPTED", "", noon)
		h.reconcile(file)
		one := h.cases("open")[0]
		h.answer = provider.Result{Outcome: pay.OutcomeUnknown}
		tx, err := h.CheckNow(h.Context(), h.caller, one.ID, "awa@example.com")
		if err != nil || tx.Status != pay.StatusFailed || len(h.cases("open")) != 1 {
			h.Errorf("no news: %v, %s", err, tx.Status)
		}
		h.answer = provider.Result{Outcome: pay.OutcomeSucceeded, Amount: money.New(500, money.XAF), ProviderReference: theirs(1)}
		tx, err = h.CheckNow(h.Context(), h.caller, one.ID, "awa@example.com")
		if err != nil || tx.Status != pay.StatusSucceeded || !tx.Late {
			h.Errorf("after the check: %v, %s, late %v", err, tx.Status, tx.Late)
		}
		if done := h.cases("resolved"); len(done) != 1 || done[0].ResolvedBy != "awa@example.com" {
			h.Errorf("resolved cases: %+v", done)
		}
		if run := h.reconcile(file); run.Figures.Matched != 1 || run.Figures.Differ() != 0 {
			h.Errorf("afterwards: %+v", run.Figures)
		}
	})
}

func TestAnotherMerchantAndTheOtherModeSeeNothing(t *testing.T) {
	onEachEngine(t, func(h *house) {
		h.book(payment(100))
		run := h.reconcile(header + line("AILLEURS", "", "1", "ACCEPTED", "", noon))
		one := h.cases("open")[0]
		test := h.caller
		test.Mode = pay.Test
		for _, c := range []provider.Caller{{MerchantID: pay.NewMerchantID(), Mode: pay.Live}, test} {
			_, caseErr := h.Case(h.Context(), c, one.ID)
			_, runErr := h.Find(h.Context(), c, run.ID)
			resolveErr := h.Resolve(h.Context(), c, one.ID, "x", "y")
			_, checkErr := h.CheckNow(h.Context(), c, one.ID, "x")
			for _, err := range []error{caseErr, runErr, resolveErr, checkErr} {
				if !errors.Is(err, pay.ErrNotFound) {
					h.Errorf("got %v, want not found", err)
				}
			}
			list, err := h.Cases(h.Context(), c, reconcile.Filter{Connection: h.connection, Limit: 10})
			if err != nil || len(list) > 0 {
				h.Errorf("sees %d cases, %v", len(list), err)
			}
		}
	})
}
