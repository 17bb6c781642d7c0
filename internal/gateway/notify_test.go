package gateway_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func (w *world) notifications(tx pay.Transaction) []sqlgen.Notification {
	w.Helper()
	list, err := w.store.Read().ListTransactionNotifications(w.Context(), sqlgen.ListTransactionNotificationsParams{
		MerchantID: w.merchant, TransactionID: tx.ID,
	})
	if err != nil {
		w.Fatal(err)
	}
	return list
}

func TestANotificationIsAHintThatMakesTheStatusBeAskedForAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		reference := w.attempts(tx)[0].Reference
		body := notice{Reference: reference, Hint: pay.OutcomeSucceeded, Result: paid, MSISDN: payer}.text()
		if code := w.hook(w.alpha, body); code != http.StatusAccepted {
			t.Errorf("answered %d, want the provider's own 202", code)
		}
		w.status(tx, pay.StatusPending)
		if n := w.work(); n != 1 || w.alpha.count(status) != 1 {
			t.Fatalf("%d rows were due and the status was asked for %d times, want one each", n, w.alpha.count(status))
		}
		w.status(tx, pay.StatusPending) // the status says unknown, whatever the notification said
		w.alpha.on(status, said(paid))
		w.after(35 * time.Second)
		w.status(tx, pay.StatusSucceeded)
		kept := w.notifications(tx)
		if len(kept) != 1 || kept[0].Verified || kept[0].Hint != string(pay.OutcomeSucceeded) {
			t.Fatalf("kept %+v, want the one hint", kept)
		}
		if !strings.Contains(kept[0].Request, reference) || strings.Contains(kept[0].Request, payer[1:]) {
			t.Errorf("kept %q, want the reference and a masked number", kept[0].Request)
		}
	})
}

func TestASignedNotificationIsAppliedWithoutAsking(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		n := notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomeSucceeded, Verified: true, Result: paid}
		for range 3 {
			w.hook(w.alpha, n.text())
		}
		w.status(tx, pay.StatusSucceeded)
		w.events(tx, "payment.created", "payment.succeeded")
		if n := w.alpha.count(status); n != 0 {
			t.Errorf("asked %d times", n)
		}
		w.holds("alpha", 1_005_000, 0)
	})
}

func TestANotificationIsFoundByTheProvidersReference(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		res := waiting
		res.ProviderReference = "THEIRS-1"
		w.alpha.on(submit, said(res))
		tx := w.create(w.live, order("R1"))
		w.hook(w.alpha, notice{Theirs: "THEIRS-1", Hint: pay.OutcomeSucceeded}.text())
		if n := w.work(); n != 1 || w.alpha.got(status)[0].ref.ProviderReference != "THEIRS-1" {
			t.Errorf("%d rows were due, want the payment %s", n, tx.ID)
		}
	})
}

func TestANotificationOfAnUnknownReferenceIsKeptAndChangesNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.create(w.live, order("R1"))
		if code := w.hook(w.alpha, notice{Reference: "PNOBODYS", Verified: true, Hint: pay.OutcomeSucceeded, Result: paid}.text()); code != 202 {
			t.Errorf("answered %d, want 202", code)
		}
		if n := w.work(); n != 0 {
			t.Errorf("%d rows owe work", n)
		}
		if kept := w.notifications(pay.Transaction{}); len(kept) != 1 {
			t.Errorf("kept %d, want 1", len(kept))
		}
	})
}

func TestAHookOnlySpeaksOfItsOwnConnection(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		w.beta.on(submit, said(waiting))
		pinned := order("R2")
		pinned.Connection = w.connections["beta"].ID
		w.create(w.live, pinned) // connects beta
		w.hook(w.beta, notice{Reference: w.attempts(tx)[0].Reference, Verified: true, Hint: pay.OutcomeSucceeded, Result: paid}.text())
		w.status(tx, pay.StatusPending)
	})
}

func TestAnAddressThatIsNoHookIsNotFoundAndNonsenseIsRefused(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.create(w.live, order("R1"))
		for _, url := range []string{
			"https://pay.example.com/hooks/alpha/0000000000000000000000000000000000000000",
			strings.Replace(w.alpha.hookURL(), "/alpha/", "/beta/", 1),
			strings.Replace(w.alpha.hookURL(), "/alpha/", "/nobody/", 1),
		} {
			req, err := http.NewRequestWithContext(w.Context(), http.MethodPost, url, stringBody("{}"))
			if err != nil {
				t.Fatal(err)
			}
			if code := serveHook(w.Gateway, req); code != http.StatusNotFound {
				t.Errorf("%s answered %d, want 404", url, code)
			}
		}
		if code := w.hook(w.alpha, "not JSON"); code != http.StatusBadRequest {
			t.Errorf("nonsense is answered %d, want 400", code)
		}
		if code := w.hook(w.alpha, strings.Repeat(" ", 1<<20+1)); code != http.StatusRequestEntityTooLarge {
			t.Errorf("a body over 1 MiB is answered %d, want 413", code)
		}
	})
}

func TestTheQueryOfANotificationIsKeptRedacted(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		body := notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomePending}.text()
		url := w.alpha.hookURL() + "?phone=24177001234&password=hunter22&amount=5000"
		req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, url, stringBody(body))
		if err != nil {
			t.Fatal(err)
		}
		serveHook(w.Gateway, req)
		kept := w.notifications(tx)[0].Request
		if strings.Contains(kept, "24177001234") || strings.Contains(kept, "hunter22") || !strings.Contains(kept, "amount=5000") {
			t.Errorf("kept %q", kept)
		}
	})
}

func TestANotificationThatOvertakesTheAnswerMakesAnEarlyCheck(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, func(_ context.Context, c call) (provider.Result, error) {
			w.hook(w.alpha, notice{Reference: c.reference, Hint: pay.OutcomeSucceeded}.text())
			if n := w.work(); n != 1 {
				t.Errorf("%d rows were due", n)
			}
			return waiting, nil
		})
		w.alpha.on(status, said(paid))
		tx := w.create(w.live, order("R1"))
		if n := w.alpha.count(status); n != 0 {
			t.Error("asked while the submission was at work")
		}
		w.work()
		w.status(tx, pay.StatusSucceeded)
	})
}

func TestANotificationDuringACheckIsNotLost(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		w.alpha.on(status, func(_ context.Context, c call) (provider.Result, error) {
			w.alpha.on(status, said(paid)) // from now on
			w.clock.Advance(time.Second)
			w.hook(w.alpha, notice{Reference: c.reference, Hint: pay.OutcomeSucceeded}.text())
			return waiting, nil // what was true when it was asked
		})
		w.after(12 * time.Second)
		w.status(tx, pay.StatusPending)
		w.work()
		w.status(tx, pay.StatusSucceeded)
		if n := w.after(time.Hour); n != 0 {
			t.Error("a settled payment owes work")
		}
	})
}

func TestAHintOfFailureReachesTheConnector(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		tx := w.create(w.live, order("R1"))
		w.after(12 * time.Second)
		w.hook(w.alpha, notice{Reference: w.attempts(tx)[0].Reference, Hint: pay.OutcomeFailed}.text())
		w.after(time.Second)
		asked := w.alpha.got(status)
		if len(asked) != 2 || asked[0].ref.HintFailed || !asked[1].ref.HintFailed {
			t.Errorf("asked %+v, want the hint in the second", asked)
		}
	})
}

func TestTheConnectorsDataComesBackToIt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		first, second := waiting, waiting
		first.Data, second.Data = map[string]string{"page": "7", "token": "a"}, map[string]string{"token": "b"}
		w.alpha.on(submit, said(first))
		w.alpha.on(status, said(second))
		w.create(w.live, order("R1"))
		w.after(12 * time.Second)
		w.after(time.Minute)
		asked := w.alpha.got(status)
		if len(asked) != 2 || asked[0].ref.Data["token"] != "a" || asked[1].ref.Data["token"] != "b" || asked[1].ref.Data["page"] != "7" {
			t.Errorf("asked with %+v", asked)
		}
	})
}
