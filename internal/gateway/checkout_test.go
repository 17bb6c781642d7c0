package gateway_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestAPaymentWithoutAMethodWaitsOnItsPage(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", false))
		if tx.Status != pay.StatusRequiresAction || tx.NextAction.Type != pay.Redirect ||
			tx.NextAction.URL != "https://pay.example.com/pay/"+tx.Checkout.Token {
			t.Errorf("got %s with %+v", tx.Status, tx.NextAction)
		}
		if want := w.clock.Now().Add(24 * time.Hour); !tx.ExpiresAt.Equal(want) || !tx.NextAction.ExpiresAt.Equal(want) {
			t.Errorf("expires at %v, want %v", tx.ExpiresAt, want)
		}
		if n := w.alpha.count(submit); n != 0 || tx.Submitted {
			t.Error("submitted before the customer chose")
		}
		w.alpha.on(submit, said(paid))
		_, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone("077 00 12 34"))
		w.refused(err, pay.KindInvalid, pay.CodeInvalidPhone) // local, of no known country
		choice := byPhone("077 00 12 34")
		choice.Operator = "airtel_ga"
		tx, err = w.PayCheckout(w.Context(), tx.Checkout.Token, choice)
		if err != nil || tx.Status != pay.StatusSucceeded || tx.Method.Phone != payer {
			t.Fatalf("got %s by %s, %v", tx.Status, tx.Method.Phone, err)
		}
		w.events(tx, "payment.created", "payment.pending", "payment.succeeded")
		w.holds("alpha", 1_005_000, 0)
	})
}

func TestAPageNoRailCanServeIsNotMade(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		r := page("R1", false)
		r.Amount = money.New(1000, money.XOF)
		_, err := w.Create(w.Context(), w.live, r)
		w.refused(err, pay.KindCapability, pay.CodeCapability)
		r = page("R1", false)
		r.Checkout.Methods = []pay.MethodType{pay.Wallet}
		_, err = w.Create(w.Context(), w.live, r)
		w.refused(err, pay.KindCapability, pay.CodeCapability)
	})
}

func TestConcurrentSubmitsOfOnePageReachTheProviderOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", true))
		var accepted atomic.Int64
		var customers sync.WaitGroup
		for range 20 {
			customers.Go(func() {
				_, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer))
				if err == nil {
					accepted.Add(1)
				} else if e := asError(err); e == nil || e.Code != pay.CodeCheckoutUsed {
					t.Errorf("a losing submit got %v, want checkout_used", err)
				}
			})
		}
		customers.Wait()
		if a, n := accepted.Load(), w.alpha.count(submit); a != 1 || n != 1 {
			t.Errorf("%d submits were accepted and %d reached the provider, want one", a, n)
		}
	})
}

func TestAUsedOrForeignChoiceIsRefused(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		r := page("R1", false)
		r.Checkout.Methods = []pay.MethodType{pay.MobileMoney}
		tx := w.create(w.live, r)
		token := tx.Checkout.Token
		card := &pay.Card{Number: "4242424242424242", Expiry: "12/29", CVV: "123"}
		_, err := w.PayCheckout(w.Context(), token, gateway.Choice{Method: pay.CardMethod, Card: card})
		w.refused(err, pay.KindInvalid, "")
		_, err = w.PayCheckout(w.Context(), token, byPhone("+241"))
		w.refused(err, pay.KindInvalid, pay.CodeInvalidPhone)
		_, err = w.PayCheckout(w.Context(), pay.NewToken(w.merchant), byPhone(payer))
		w.refused(err, pay.KindNotFound, "")
		w.alpha.on(submit, said(declined))
		if now, err := w.PayCheckout(w.Context(), token, byPhone(payer)); err != nil || now.Status != pay.StatusFailed {
			t.Fatalf("got %s, %v", now.Status, err)
		}
		_, err = w.PayCheckout(w.Context(), token, byPhone(payer))
		w.refused(err, pay.KindConflict, pay.CodeCheckoutUsed) // no second try without Retry
	})
}

func TestARefusedPayerMayTryAgainAndTheFailureIsToldAtThePagesEnd(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", true))
		token := tx.Checkout.Token
		w.alpha.on(submit, said(declined))
		now, err := w.PayCheckout(w.Context(), token, byPhone(payer))
		if err != nil || now.Status != pay.StatusRequiresAction || now.NextAction.URL != w.CheckoutURL(token) ||
			now.Failure.Reason != pay.Declined {
			t.Fatalf("got %s with %+v and %+v, %v; want the page again, with the reason", now.Status, now.NextAction, now.Failure, err)
		}
		if _, err = w.PayCheckout(w.Context(), token, byPhone(otherPayer)); err != nil {
			t.Fatal(err)
		}
		if n := w.alpha.count(submit); n != 2 {
			t.Fatalf("submitted %d times, want twice", n)
		}
		w.after(23 * time.Hour)
		w.status(tx, pay.StatusRequiresAction)
		w.after(time.Hour)
		if now = w.status(tx, pay.StatusFailed); now.Failure.Reason != pay.Declined {
			t.Errorf("failed with %+v, want the last refusal", now.Failure)
		}
		w.events(tx, "payment.created", "payment.pending", "payment.requires_action",
			"payment.pending", "payment.requires_action", "payment.failed")
		_, err = w.PayCheckout(w.Context(), token, byPhone(payer))
		w.refused(err, pay.KindConflict, pay.CodeCheckoutExpired)
	})
}

func TestNoSecondTryWhileTheFirstIsUnknown(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", true))
		w.alpha.on(submit, lost)
		if _, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer)); err != nil {
			t.Fatal(err)
		}
		_, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer))
		w.refused(err, pay.KindConflict, pay.CodeCheckoutUsed)
		w.after(48 * time.Hour) // past the page's end: our clock ends nothing
		w.status(tx, pay.StatusPending)
	})
}

func TestARefusalThatTheProviderTakesBackOnAWaitingPageIsHeard(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", true))
		w.alpha.on(submit, said(declined))
		if _, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer)); err != nil {
			t.Fatal(err)
		}
		reference := w.attempts(tx)[0].Reference
		w.hook(w.alpha, notice{Reference: reference, Hint: pay.OutcomeSucceeded}.text())
		w.alpha.on(status, lost)
		w.after(time.Second)
		w.status(tx, pay.StatusRequiresAction)
		w.alpha.on(status, said(paid)) // the first check was lost, the hint must not be
		w.after(time.Minute)
		w.status(tx, pay.StatusSucceeded)
		w.holds("alpha", 1_005_000, 0)
	})
}

func TestARefusedAttemptThatIsPendingAfterAllIsOpenAgain(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		for reference, again := range map[string]provider.Result{"SILENT": {Outcome: pay.OutcomePending}, "PROMPT": waiting} {
			tx := w.create(w.live, page(reference, true))
			w.alpha.on(submit, said(declined))
			if _, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer)); err != nil {
				t.Fatal(err)
			}
			ours := w.attempts(tx)[0].Reference
			// Of a signed notification it is old news; asked for, it is how things stand.
			w.hook(w.alpha, notice{Reference: ours, Hint: pay.OutcomePending, Verified: true, Result: again}.text())
			w.status(tx, pay.StatusRequiresAction)
			w.hook(w.alpha, notice{Reference: ours, Hint: pay.OutcomePending}.text())
			w.alpha.on(status, said(again))
			w.after(time.Second)
			w.status(tx, pay.StatusPending)
			_, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(otherPayer))
			w.refused(err, pay.KindConflict, pay.CodeCheckoutUsed)
			w.alpha.on(status, said(declined))
			w.after(30 * time.Hour)
			w.after(time.Hour)
			w.status(tx, pay.StatusFailed)
		}
	})
}

func TestThePagesEndDoesNotOvertakeACustomerWhoIsPaying(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", true))
		w.alpha.on(submit, said(declined))
		if _, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer)); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(24*time.Hour - time.Second)
		w.alpha.on(submit, said(waiting))
		if _, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer)); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Second)
		// The worker read the page before the customer's submit, and ends it after.
		stale := w.read(tx)
		stale.Attempts, stale.Status = 1, pay.StatusRequiresAction
		if err := w.Expire(w.Context(), stale); err != nil {
			t.Errorf("expire: %v", err)
		}
		w.status(tx, pay.StatusPending)
	})
}

func TestAPageNobodyUsedExpires(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		r := page("R1", false)
		r.ExpiresIn = time.Hour
		tx := w.create(w.live, r)
		w.after(59 * time.Minute)
		w.status(tx, pay.StatusRequiresAction)
		w.after(time.Minute)
		w.status(tx, pay.StatusExpired)
		w.events(tx, "payment.created", "payment.expired")
		_, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer))
		w.refused(err, pay.KindConflict, pay.CodeCheckoutExpired)
	})
}

func TestAnExpiredPageIsNotSubmittedBeforeTheWorkerEndsIt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", false))
		w.clock.Advance(24 * time.Hour)
		_, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer))
		w.refused(err, pay.KindConflict, pay.CodeCheckoutExpired)
	})
}

func TestOpeningAPushPagePromptsItsLockedPhoneOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		r := page("R1", false)
		r.Checkout.Push, r.Checkout.LockedPhone = true, payer
		tx := w.create(w.live, r)
		var browsers sync.WaitGroup
		for range 8 {
			browsers.Go(func() {
				if now, err := w.Open(w.Context(), tx.Checkout.Token); err != nil || now.ID != tx.ID {
					t.Errorf("open: %v", err)
				}
			})
		}
		browsers.Wait()
		calls := w.alpha.got(submit)
		if len(calls) != 1 || calls[0].order.Method.Phone != payer {
			t.Errorf("prompted %+v, want the locked phone once", calls)
		}
		plain := w.create(w.live, page("R2", false))
		if _, err := w.Open(w.Context(), plain.Checkout.Token); err != nil {
			t.Fatal(err)
		}
		w.status(plain, pay.StatusRequiresAction)
	})
}

func TestALockedPhoneIsNotThePayersToChange(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		r := page("R1", false)
		r.Checkout.LockedPhone = payer
		tx := w.create(w.live, r)
		if _, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(otherPayer)); err != nil {
			t.Fatal(err)
		}
		if got := w.alpha.got(submit)[0].order.Method.Phone; got != payer {
			t.Errorf("prompted %s", got)
		}
	})
}

func TestAReturningBrowserMakesTheStatusBeAskedFor(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		atProvider := provider.Result{
			Outcome: pay.OutcomePending, Prompted: true,
			NextAction: pay.NextAction{Type: pay.Redirect, URL: "https://alpha.example/pay/1"},
		}
		w.alpha.on(submit, said(atProvider))
		tx := w.create(w.live, order("R1"))
		if tx.Status != pay.StatusRequiresAction || tx.NextAction.URL != "https://alpha.example/pay/1" {
			t.Fatalf("got %s with %+v", tx.Status, tx.NextAction)
		}
		w.alpha.on(status, said(provider.Result{Outcome: pay.OutcomePending}))
		w.after(12 * time.Second)
		if now := w.status(tx, pay.StatusRequiresAction); now.NextAction != tx.NextAction {
			t.Errorf("a check that says pending left the action %+v", now.NextAction)
		}
		w.alpha.on(status, said(paid))
		if now, err := w.Returned(w.Context(), tx.Checkout.Token); err != nil || now.Status != pay.StatusSucceeded {
			t.Errorf("the returning browser got %s, %v; want succeeded", now.Status, err)
		}
		unused := w.create(w.live, page("R2", false))
		if now, err := w.Returned(w.Context(), unused.Checkout.Token); err != nil || now.Status != pay.StatusRequiresAction {
			t.Errorf("an unused page gave %s, %v", now.Status, err)
		}
	})
}

func TestTheLastAttemptsAnswerIsNotTakenForTheFirst(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", true))
		w.alpha.on(submit, said(declined))
		for _, number := range []string{payer, otherPayer} {
			if _, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(number)); err != nil {
				t.Fatal(err)
			}
		}
		// Late, the first refusal turns out paid: it counts, with its own attempt.
		first := w.attempts(tx)[0]
		w.hook(w.alpha, notice{Reference: first.Reference, Hint: pay.OutcomeSucceeded}.text())
		w.alpha.on(status+" "+first.Reference, said(paid))
		w.after(time.Second)
		if now := w.status(tx, pay.StatusSucceeded); now.PaidAttempt != 1 {
			t.Errorf("paid by attempt %d, want 1", now.PaidAttempt)
		}
		w.balanced()
	})
}

func TestAPageOfferedByTokenShowsItsTransaction(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", false))
		if now, err := w.Checkout(w.Context(), tx.Checkout.Token); err != nil || now.ID != tx.ID {
			t.Errorf("got %s, %v", now.ID, err)
		}
		for _, token := range []string{"", "x", tx.ID, w.merchant + "000000000000000000000000"} {
			if _, err := w.Checkout(w.Context(), token); pay.KindOf(err) != pay.KindNotFound {
				t.Errorf("token %q gave %v, want not found", token, err)
			}
		}
	})
}
