package gateway_test

import (
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestAnUnusedPageIsCanceledByUs(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", false))
		now, err := w.Cancel(w.Context(), w.live, tx.ID)
		if err != nil || now.Status != pay.StatusCanceled {
			t.Fatalf("got %s, %v", now.Status, err)
		}
		if _, err = w.Cancel(w.Context(), w.live, tx.ID); err != nil {
			t.Errorf("canceling again: %v", err)
		}
		w.events(tx, "payment.created", "payment.canceled")
		if n := w.after(48 * time.Hour); n != 0 {
			t.Error("a canceled page owes work")
		}
		_, err = w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer))
		w.refused(err, pay.KindConflict, "")
	})
}

func TestWhatWasSubmittedIsCanceledOnlyWhenItsProviderConfirms(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		for name, a := range map[string]answer{
			"a lost answer":     lost,
			"a refusal":         said(declined),
			"no word about it":  said(provider.Result{Outcome: pay.OutcomeUnknown}),
			"a claim of paying": said(waiting),
		} {
			w.alpha.on(cancel, a)
			_, err := w.Cancel(w.Context(), w.live, tx.ID)
			if e := asError(err); e == nil || e.Code != pay.CodeNotCancelable || e.Kind != pay.KindConflict {
				t.Errorf("%s: got %v, want not_cancelable", name, err)
			}
			w.status(tx, pay.StatusPending)
		}
		w.alpha.on(cancel, said(provider.Result{Outcome: pay.OutcomeCanceled}))
		if now, err := w.Cancel(w.Context(), w.live, tx.ID); err != nil || now.Status != pay.StatusCanceled {
			t.Errorf("got %s, %v", now.Status, err)
		}
		w.events(tx, "payment.created", "payment.canceled")
	})
}

func TestAConnectionThatCanNotCancelRefuses(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		r := order("R1")
		r.Connection = w.connections["beta"].ID
		tx := w.create(w.live, r)
		_, err := w.Cancel(w.Context(), w.live, tx.ID)
		w.refused(err, pay.KindConflict, pay.CodeNotCancelable)
		w.status(tx, pay.StatusPending)
	})
}

func TestWhatHasEndedIsNotCanceled(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(paid))
		tx := w.create(w.live, order("R1"))
		_, err := w.Cancel(w.Context(), w.live, tx.ID)
		w.refused(err, pay.KindConflict, pay.CodeNotCancelable)
		if n := w.alpha.count(cancel); n != 0 {
			t.Error("the provider was asked to cancel a success")
		}
	})
}

func TestACanceledPayoutGivesItsMoneyBack(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, payout("P1", 1000))
		w.holds("alpha", 999_000, 1000)
		w.alpha.on(cancel, said(provider.Result{Outcome: pay.OutcomeCanceled}))
		if _, err := w.Cancel(w.Context(), w.live, tx.ID); err != nil {
			t.Fatal(err)
		}
		w.holds("alpha", 1_000_000, 0)
		w.balanced()
	})
}

func TestARefusedPayersPageIsCanceledByUs(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, page("R1", true))
		w.alpha.on(submit, said(declined))
		if _, err := w.PayCheckout(w.Context(), tx.Checkout.Token, byPhone(payer)); err != nil {
			t.Fatal(err)
		}
		if now, err := w.Cancel(w.Context(), w.live, tx.ID); err != nil || now.Status != pay.StatusCanceled {
			t.Errorf("got %s, %v", now.Status, err)
		}
		if n := w.alpha.count(cancel); n != 0 {
			t.Error("the provider was asked to cancel what it had refused")
		}
	})
}

func TestAOneTimePasswordGoesToTheProvider(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(asksOTP))
		tx := w.create(w.live, order("R1"))
		if tx.Status != pay.StatusRequiresAction || tx.NextAction.Type != pay.EnterOTP {
			t.Fatalf("got %s with %+v", tx.Status, tx.NextAction)
		}
		w.alpha.on(status, said(provider.Result{Outcome: pay.OutcomePending}))
		w.after(12 * time.Second) // "still pending" must not take the question away
		_, err := w.Confirm(w.Context(), w.live, tx.ID, "")
		w.refused(err, pay.KindInvalid, "")
		w.alpha.on(confirm, lost)
		if now, err := w.Confirm(w.Context(), w.live, tx.ID, "1234"); err != nil || now.Status != pay.StatusRequiresAction {
			t.Errorf("a lost confirmation gave %s, %v; want still asking", now.Status, err)
		}
		w.alpha.on(confirm, said(paid))
		now, err := w.Confirm(w.Context(), w.live, tx.ID, "1234")
		if err != nil || now.Status != pay.StatusSucceeded {
			t.Errorf("got %s, %v", now.Status, err)
		}
		if c := w.alpha.got(confirm)[0]; c.otp.Reveal() != "1234" || c.reference != w.attempts(tx)[0].Reference {
			t.Errorf("the provider got %s for %s", c.otp.Reveal(), c.reference)
		}
		_, err = w.Confirm(w.Context(), w.live, tx.ID, "1234")
		w.refused(err, pay.KindConflict, pay.CodeNotConfirmable)
	})
}

func TestAWrongOneTimePasswordIsTheProvidersRefusal(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(asksOTP))
		w.alpha.on(confirm, said(provider.Result{Outcome: pay.OutcomeFailed, Prompted: true, Failure: pay.Failure{Reason: pay.WrongPINOrOTP}}))
		tx := w.create(w.live, order("R1"))
		now, err := w.Confirm(w.Context(), w.live, tx.ID, "9999")
		if err != nil || now.Status != pay.StatusFailed || now.Failure.Reason != pay.WrongPINOrOTP {
			t.Errorf("got %s with %+v, %v", now.Status, now.Failure, err)
		}
	})
}

func TestOnlyWhatAsksForAPasswordTakesOne(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		for _, r := range []provider.Request{order("R1"), page("R2", false)} {
			tx := w.create(w.live, r)
			_, err := w.Confirm(w.Context(), w.live, tx.ID, "1234")
			w.refused(err, pay.KindConflict, pay.CodeNotConfirmable)
		}
		w.beta.on(submit, said(asksOTP))
		r := order("R3")
		r.Connection = w.connections["beta"].ID
		tx := w.create(w.live, r)
		_, err := w.Confirm(w.Context(), w.live, tx.ID, "1234")
		w.refused(err, pay.KindConflict, pay.CodeNotConfirmable) // beta takes none
	})
}

func TestTheThreeDSecureStepIsAnsweredOnTheConnectorsPage(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		step := provider.Result{
			Outcome: pay.OutcomePending, Prompted: true,
			NextAction: pay.NextAction{Type: pay.Redirect, URL: "https://pay.example.com/pay/x/challenge"},
		}
		w.sandbox.on(submit, said(step))
		w.sandbox.on(challenge, said(paid))
		r := order("R1")
		r.Method = pay.Method{Type: pay.CardMethod}
		r.Card = &pay.Card{Number: "4000000000003220", Expiry: "12/29", CVV: "123"}
		tx := w.create(w.test, r)
		now, err := w.Challenge(w.Context(), tx.Checkout.Token, true)
		if err != nil || now.Status != pay.StatusSucceeded || !w.sandbox.got(challenge)[0].approve {
			t.Errorf("got %s, %v", now.Status, err)
		}
		_, err = w.Challenge(w.Context(), tx.Checkout.Token, true)
		w.refused(err, pay.KindConflict, pay.CodeNotConfirmable)
		unused := w.create(w.test, page("R2", false))
		_, err = w.Challenge(w.Context(), unused.Checkout.Token, true)
		w.refused(err, pay.KindConflict, pay.CodeNotConfirmable)
		w.beta.on(submit, said(step))
		r.Reference, r.Connection = "R3", w.connections["beta"].ID
		_, err = w.Challenge(w.Context(), w.create(w.live, r).Checkout.Token, true)
		w.refused(err, pay.KindConflict, pay.CodeNotConfirmable) // the bank's page, not ours
	})
}
