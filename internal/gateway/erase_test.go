package gateway_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// The customer who asks to be forgotten: what must not be found of her, in
// lower case. Her number is payer.
var canaries = []string{"zéphyrine", "ngoulou", "zephyrine@example.com", "rue des manguiers", "77001234"}

var zephyrine = pay.Customer{
	Name: "Ngoulou", GivenName: "Zéphyrine", Email: "Zephyrine@example.com", Phone: payer,
	Address: "12 rue des Manguiers", City: "Libreville", Country: "GA",
}

// personal is a payment with all that a merchant may send about a person.
func personal(reference string) provider.Request {
	r := order(reference)
	r.Customer, r.Description = zephyrine, "Robe pour Zéphyrine"
	r.Metadata = map[string]string{"client": "Ngoulou Zéphyrine", "tel": "077 00 12 34"}
	r.FrontData = map[string]string{"free_info": "zephyrine@example.com"}
	r.ReturnURL = "https://shop.example/merci?email=zephyrine@example.com"
	r.Checkout = pay.Checkout{LockedPhone: payer, Returns: map[pay.Status]pay.Return{
		pay.StatusSucceeded: {URL: "https://shop.example/", Fields: map[string]string{"tel": "+24177001234"}},
	}}
	return r
}

// exec changes rows that no use case of this test's brings about.
func (w *world) exec(query string, args ...any) {
	w.Helper()
	err := w.store.Update(w.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw().ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// spread writes her name into what surrounds a transaction.
func (w *world) spread(tx pay.Transaction, n int) {
	w.Helper()
	now := w.clock.Now()
	err := w.store.Update(w.Context(), func(ctx context.Context, q *store.Tx) error {
		if err := q.InsertExchange(ctx, sqlgen.InsertExchangeParams{
			MerchantID: tx.MerchantID, ID: pay.NewID("x", tx.MerchantID, now), TransactionID: tx.ID, Method: "POST",
			Url: "https://rail.example/pay?tel=24177001234", Request: `{"name":"Ngoulou"}`, Status: 200,
			Response: `{"to":"Zéphyrine"}`, Error: "77001234", CreatedAt: now.UnixMilli(),
		}); err != nil {
			return err
		}
		if err := q.InsertNotification(ctx, sqlgen.InsertNotificationParams{
			MerchantID: tx.MerchantID, ID: pay.NewID("ntf", tx.MerchantID, now), TransactionID: tx.ID, Request: "tel=077001234", CreatedAt: now.UnixMilli(),
		}); err != nil {
			return err
		}
		return q.InsertDelivery(ctx, sqlgen.InsertDeliveryParams{
			MerchantID: tx.MerchantID, ID: pay.NewID("dlv", tx.MerchantID, now), Mode: string(tx.Mode), TransactionID: tx.ID,
			EventID: fmt.Sprint("evt_", n), Status: "failed", LastError: "no such Zéphyrine", CompletedAt: now.UnixMilli(),
		})
	})
	if err != nil {
		w.Fatal(err)
	}
}

// onPhone writes what a simulated operator knows of a test payment.
func (w *world) onPhone(tx pay.Transaction) {
	w.Helper()
	now := w.clock.Now().UnixMilli()
	err := w.store.Update(w.Context(), func(ctx context.Context, q *store.Tx) error {
		err := q.InsertSandboxOperation(ctx, sqlgen.InsertSandboxOperationParams{
			MerchantID: tx.MerchantID, ID: pay.NewID("op", tx.MerchantID, w.clock.Now()), ConnectionID: tx.Connection, Reference: "S" + tx.ID,
			TransactionID: tx.ID, Kind: "payment", Phone: payer, Description: "Robe pour Zéphyrine", Status: "succeeded",
			Script: `{"message":"merci Zéphyrine"}`, Failure: "{}", CreatedAt: now, UpdatedAt: now,
		})
		if err != nil {
			return err
		}
		return q.InsertSandboxMessage(ctx, sqlgen.InsertSandboxMessageParams{
			ID: pay.NewID("sms", "", w.clock.Now()), Phone: payer, Text: "Zéphyrine, votre code", CreatedAt: now,
		})
	})
	if err != nil {
		w.Fatal(err)
	}
}

// remains lists table.column for every text of the database that names her.
func (w *world) remains() map[string]int {
	w.Helper()
	found := map[string]int{}
	for table, columns := range w.textColumns() {
		for _, column := range columns {
			rows, err := w.store.RawRead().QueryContext(w.Context(), "SELECT "+column+" FROM "+table)
			if err != nil {
				w.Fatal(err)
			}
			for rows.Next() {
				var text string
				if err := rows.Scan(&text); err != nil {
					w.Fatal(err)
				}
				for _, canary := range canaries {
					if strings.Contains(strings.ToLower(text), canary) {
						found[table+"."+column]++
						break
					}
				}
			}
			if err := rows.Close(); err != nil {
				w.Fatal(err)
			}
		}
	}
	return found
}

// textColumns are the columns of every table that hold text, as the database
// itself lists them.
func (w *world) textColumns() map[string][]string {
	w.Helper()
	query := `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() AND data_type = 'text'`
	if w.path != "" {
		query = `SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND c.type = 'TEXT'`
	}
	rows, err := w.store.RawRead().QueryContext(w.Context(), query)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			w.Fatal(err)
		}
		columns[table] = append(columns[table], column)
	}
	if len(columns) < 20 {
		w.Fatalf("the database lists %d tables with text", len(columns))
	}
	return columns
}

// sums are the money of every account, as the entries and the balances have it.
func (w *world) sums() map[string]int64 {
	w.Helper()
	all := map[string]int64{}
	balances, err := ledger.Balances(w.Context(), w.store.Read(), w.merchant)
	if err != nil {
		w.Fatal(err)
	}
	rebuilt, err := ledger.Rebuild(w.Context(), w.store.Read(), w.merchant)
	if err != nil {
		w.Fatal(err)
	}
	for _, b := range balances {
		all[fmt.Sprint("kept ", b.Purse)] += b.Amount
	}
	for p, n := range rebuilt {
		all[fmt.Sprint("rebuilt ", p)] = n
	}
	return all
}

func (w *world) erase(s gateway.Subject) gateway.Erased {
	w.Helper()
	done, err := w.Erase(w.Context(), w.merchant, s)
	if err != nil {
		w.Fatal(err)
	}
	return done
}

func (w *world) tidy() {
	w.Helper()
	if err := w.Tidy(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// history is all that a merchant may have of her: a payment and its refund, one
// that failed, a page where she tried another's number first, a batch, a test
// payment, a notification of nothing we know, and a payment still at work.
func (w *world) history() (ended []pay.Transaction, open pay.Transaction) {
	w.Helper()
	remembered := paid
	remembered.Data = map[string]string{"token": "T1", "hint": "24177001234"}
	w.alpha.on(submit, said(remembered))
	w.alpha.on(refund, said(paid))
	full := w.create(w.live, personal("R1"))
	given := w.create(w.live, refundOf(full, "F1", 2000))
	refused := declined
	refused.Failure.Message = "Zéphyrine (077001234) a refusé"
	w.alpha.on(submit, said(refused))
	failed := w.create(w.live, personal("R2"))
	tried := w.create(w.live, page("R3", true))
	if _, err := w.PayCheckout(w.Context(), tried.Checkout.Token, byPhone(payer)); err != nil {
		w.Fatal(err)
	}
	w.alpha.on(submit, said(paid))
	if _, err := w.PayCheckout(w.Context(), tried.Checkout.Token, byPhone(otherPayer)); err != nil {
		w.Fatal(err)
	}
	w.sandbox.on(submit, said(paid))
	simulated := w.create(w.test, personal("R1"))
	w.onPhone(simulated)
	w.alpha.on(payOut, said(paid))
	out, other := payout("P1", 1000), payout("P2", 1000)
	out.Customer, out.Metadata = zephyrine, map[string]string{"client": "Ngoulou"}
	other.Customer, other.Method.Phone = pay.Customer{Name: "Paul"}, otherPayer
	b, err := w.CreateBatch(w.Context(), w.live, "B1", []provider.Request{out, other}, nil)
	if err != nil {
		w.Fatal(err)
	}
	w.worked(b)
	ended = []pay.Transaction{full, given, failed, tried, simulated}
	for i, tx := range ended {
		ended[i] = w.read(tx)
		w.spread(tx, i)
	}
	w.spread(pay.Transaction{MerchantID: w.merchant}, 9) // of nothing we know
	w.exec(`DELETE FROM exchanges WHERE transaction_id = ''`)
	w.exec(`DELETE FROM deliveries WHERE transaction_id = ''`)
	w.alpha.on(submit, said(waiting))
	return ended, w.create(w.live, personal("R9"))
}

func TestAPersonIsErasedAndTheBooksStay(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		ended, open := w.history()
		done := w.erase(gateway.Subject{Phone: "+241 77 00 12 34"})
		if done.Transactions != 6 || done.Batches != 1 || done.Open != 1 || done.Notifications != 6 || done.Exchanges != 5 || done.Sandbox != 2 {
			t.Errorf("erased %+v", done)
		}
		// What is left is the payment that is still at work.
		want := map[string]int{"transactions.details": 1, "transactions.phone": 1, "events.snapshot": 1}
		if found := w.remains(); !maps.Equal(found, want) {
			t.Errorf("found %v, want %v", found, want)
		}
		w.alpha.on(status, said(paid))
		w.after(time.Minute)
		w.status(open, pay.StatusSucceeded)
		w.clock.Advance(time.Hour)
		w.tidy()
		if found := w.remains(); len(found) != 0 {
			t.Errorf("found %v after the last payment ended", found)
		}
		if again := w.erase(gateway.Subject{Phone: payer, Email: zephyrine.Email}); again != (gateway.Erased{}) {
			t.Errorf("a second time erased %+v", again)
		}
		w.balanced()
		w.staysUseful(ended)
	})
}

// staysUseful: what is not personal is as it was.
func (w *world) staysUseful(ended []pay.Transaction) {
	w.Helper()
	w.events(ended[0], "payment.created", "payment.succeeded")
	for _, was := range ended {
		now := w.read(was)
		if now.Amount != was.Amount || now.Reference != was.Reference || now.Method.Operator != was.Method.Operator || !now.Status.Final() {
			w.Errorf("%s is now %+v", was.Reference, now)
		}
	}
	if a := w.attempts(ended[0])[0]; a.Data["token"] != "T1" || a.Reference == "" {
		w.Errorf("the connector remembers %v", a.Data)
	}
	_, err := w.Create(w.Context(), w.live, order("R1"))
	w.refused(err, pay.KindConflict, pay.CodeDuplicateReference)
	w.alpha.on(refund, said(paid))
	if got := w.create(w.live, refundOf(ended[0], "F2", 0)); got.Status != pay.StatusSucceeded || got.Amount.Minor != 3000 {
		w.Errorf("the rest can't be refunded: %s of %d", got.Status, got.Amount.Minor)
	}
}

func TestAnErasureChangesNoBalance(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.history()
		before := w.sums()
		w.erase(gateway.Subject{Email: "ZEPHYRINE@example.com"})
		if now := w.sums(); !maps.Equal(now, before) {
			t.Errorf("the money is %v, was %v", now, before)
		}
		w.balanced()
	})
}

func TestOthersAreNotErased(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.on(submit, said(paid))
		r := personal("R1")
		r.Customer.Phone, r.Customer.Email, r.Method.Phone, r.Checkout.LockedPhone = otherPayer, "paul@example.com", otherPayer, ""
		r.Metadata, r.FrontData = map[string]string{"order": "9977001234000"}, nil
		tx := w.create(w.live, r)
		if done := w.erase(gateway.Subject{Phone: payer, Email: "zephyrine@example.com"}); done != (gateway.Erased{}) {
			t.Errorf("erased %+v", done)
		}
		if now := w.read(tx); now.Customer != r.Customer || now.Metadata["order"] == "" {
			t.Errorf("another customer is now %+v", now.Customer)
		}
		for _, s := range []gateway.Subject{{}, {Phone: "123"}, {Email: "not an address"}} {
			_, err := w.Erase(t.Context(), w.merchant, s)
			w.refused(err, pay.KindInvalid, "")
		}
		_, err := w.Erase(t.Context(), "nobody00", gateway.Subject{Phone: payer})
		w.refused(err, pay.KindNotFound, "")
	})
}

func TestWhatIsOwedToTheMerchantIsToldBeforeItIsErased(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.endpoint("we_1", `["payment.succeeded"]`, true)
		w.alpha.on(submit, said(paid))
		tx := w.create(w.live, personal("R1"))
		if done := w.erase(gateway.Subject{Phone: payer}); done.Open != 1 || done.Transactions != 0 {
			t.Errorf("erased %+v", done)
		}
		w.exec(`UPDATE deliveries SET status = 'delivered', next_attempt_at = 0`)
		if done := w.erase(gateway.Subject{Phone: payer}); done.Open != 0 || done.Transactions != 1 {
			t.Errorf("erased %+v", done)
		}
		if now := w.read(tx); !now.Erased {
			t.Error("not erased")
		}
	})
}
