package dashboard

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// storyPage is all there is to say of one transaction.
type storyPage struct {
	Tx         pay.Transaction
	Phone      string
	Connection string
	Front      string // as people write it
	Attempts   []pay.Attempt
	Moments    []moment
	Events     []told
	Postings   []posting
	Refunds    []pay.Transaction
	// What may be done about it now.
	CanCheck, CanCancel, CanRefund bool
	Left                           money.Amount // to refund
	Typed                          string       // an amount that was refused
	// NextReference makes a form that is sent twice refund once.
	NextReference string
}

// moment is one line of the timeline. Raw is what was said, redacted.
type moment struct {
	At    time.Time
	What  string // a text's key
	Title string
	Note  string
	State string
	Raw   []raw
}

type raw struct{ Name, Text string }

// told is an event and whom it was told.
type told struct {
	sqlgen.Event
	At         time.Time
	Deliveries []webhook.Delivery
}

type posting struct {
	sqlgen.LedgerEntry
	Money money.Amount
	At    time.Time
}

func (h *handler) story(v *visit) error { return h.showStory(v, v.PathValue("id"), nil) }

func (h *handler) showStory(v *visit, id string, fault error) error {
	t, err := h.Gateway.Find(v.Context(), v.caller(), provider.Search{ID: id})
	if err != nil {
		return err
	}
	page, err := h.tell(v.Context(), v, t)
	if err != nil {
		return fmt.Errorf("tell the story of %s: %w", t.ID, err)
	}
	return h.fault(v, "story.html", page, fault)
}

func (h *handler) tell(ctx context.Context, v *visit, t pay.Transaction) (storyPage, error) {
	p := storyPage{Tx: t, Phone: masked(t.Method.Phone), Typed: v.PostFormValue("amount"), NextReference: "refund-" + secret.RandomLower(12)}
	if v.Role.May("operate") {
		p.Phone = t.Method.Phone
	}
	p.Front = cmp.Or(v.words.of("front."+t.Front), t.Front)
	if known, ok := h.Gateway.Provider(t.Front); ok {
		p.Front = cmp.Or(known.Title, t.Front)
	}
	q := h.Gateway.Store.Read()
	var err error
	if p.Attempts, err = store.Attempts(ctx, q, t.MerchantID, t.ID); err != nil {
		return p, err
	}
	if t.Kind == pay.Payment {
		if p.Refunds, err = h.Gateway.Refunds(ctx, v.caller(), t.ID); err != nil {
			return p, err
		}
	}
	if row, err := q.GetConnection(ctx, sqlgen.GetConnectionParams{MerchantID: t.MerchantID, ID: t.Connection}); err == nil {
		p.Connection = row.Name
	} else if !noRows(err) {
		return p, err
	}
	p.Left = leftOf(t)
	p.CanCheck = len(p.Attempts) > 0 && t.Status != pay.StatusSucceeded
	p.CanCancel = !t.Status.Final()
	p.CanRefund = t.Kind == pay.Payment && t.Status == pay.StatusSucceeded && p.Left.IsPositive()
	if err := h.addEvents(ctx, v, &p); err != nil {
		return p, err
	}
	if err := h.addMoments(ctx, &p); err != nil {
		return p, err
	}
	entries, err := q.ListTransactionPostings(ctx, sqlgen.ListTransactionPostingsParams{MerchantID: t.MerchantID, TransactionID: t.ID})
	for _, e := range entries {
		p.Postings = append(p.Postings, posting{e, money.New(e.Amount, money.Currency(e.Currency)), store.Time(e.CreatedAt)})
	}
	return p, err
}

func (h *handler) addEvents(ctx context.Context, v *visit, p *storyPage) error {
	events, err := h.Gateway.Store.Read().ListTransactionEvents(ctx, sqlgen.ListTransactionEventsParams{MerchantID: p.Tx.MerchantID, TransactionID: p.Tx.ID})
	if err != nil {
		return err
	}
	for _, e := range events {
		deliveries, err := h.Webhooks.Deliveries(ctx, v.caller(), e.ID)
		if err != nil {
			return err
		}
		p.Events = append(p.Events, told{Event: e, At: store.Time(e.CreatedAt), Deliveries: deliveries})
		p.Moments = append(p.Moments, moment{At: store.Time(e.CreatedAt), What: "event", Title: e.Type, State: stateOf(e)})
	}
	return nil
}

// stateOf is the status that an event tells, for its colour.
func stateOf(e sqlgen.Event) string {
	var snapshot struct{ Status string }
	_ = json.Unmarshal([]byte(e.Snapshot), &snapshot) // without one it has no colour
	return snapshot.Status
}

// addMoments puts attempts, exchanges and notifications in the order of time.
func (h *handler) addMoments(ctx context.Context, p *storyPage) error {
	q := h.Gateway.Store.Read()
	for _, a := range p.Attempts {
		p.Moments = append(p.Moments, moment{
			At: a.CreatedAt, What: "attempt", Title: fmt.Sprintf("%d · %s", a.Number, a.Provider), Note: a.Reference, State: string(a.Status),
		})
	}
	exchanges, err := q.ListTransactionExchanges(ctx, sqlgen.ListTransactionExchangesParams{MerchantID: p.Tx.MerchantID, TransactionID: p.Tx.ID})
	if err != nil {
		return err
	}
	for _, x := range exchanges {
		m := moment{
			At: store.Time(x.CreatedAt), What: "exchange", Title: x.Method + " " + x.Url, Note: fmt.Sprintf("%d ms", x.Milliseconds),
			Raw: []raw{{"request", x.Request}, {"response", x.Response}},
		}
		if x.Status > 0 {
			m.Note = fmt.Sprintf("HTTP %d · %s", x.Status, m.Note)
		}
		if x.Error != "" {
			m.Raw = append(m.Raw, raw{"error", x.Error})
		}
		p.Moments = append(p.Moments, m)
	}
	notifications, err := q.ListTransactionNotifications(ctx, sqlgen.ListTransactionNotificationsParams{MerchantID: p.Tx.MerchantID, TransactionID: p.Tx.ID})
	if err != nil {
		return err
	}
	for _, n := range notifications {
		p.Moments = append(p.Moments, moment{
			At: store.Time(n.CreatedAt), What: "notification", Title: n.Hint, Note: n.Outcome, Raw: []raw{{"request", n.Request}},
		})
	}
	slices.SortStableFunc(p.Moments, func(a, b moment) int { return a.At.Compare(b.At) })
	return nil
}

// check asks the provider now.
func (h *handler) check(v *visit) error {
	id := v.PathValue("id")
	return h.onStory(v, id, "transaction.check", "", "checked", func() error {
		_, err := h.Gateway.CheckNow(v.Context(), v.caller(), id)
		return err
	})
}

func (h *handler) cancel(v *visit) error {
	id := v.PathValue("id")
	t, err := h.Gateway.Find(v.Context(), v.caller(), provider.Search{ID: id})
	if err != nil {
		return err
	}
	if !v.sure() && !t.Status.Final() { // what is final is refused
		return h.ask(v, question{Act: "cancel", Facts: v.of(t), Back: "/dashboard/transactions/" + id})
	}
	return h.onStory(v, id, "transaction.cancel", "", "canceled", func() error {
		_, err := h.Gateway.Cancel(v.Context(), v.caller(), id)
		return err
	})
}

// refund gives back what was typed, or all that is left.
func (h *handler) refund(v *visit) error {
	id := v.PathValue("id")
	t, err := h.Gateway.Find(v.Context(), v.caller(), provider.Search{ID: id})
	if err != nil {
		return err
	}
	amount := leftOf(t)
	if typed := v.PostFormValue("amount"); strings.TrimSpace(typed) != "" {
		if amount, err = readAmount(typed, t.Amount.Currency); err != nil {
			return h.showStory(v, id, err)
		}
	}
	if err := refundable(t, amount); err != nil && !v.sure() {
		return h.showStory(v, id, err)
	}
	if !v.sure() {
		// What was shown is given back, whatever is left by then.
		v.PostForm.Set("amount", amount.Decimal())
		return h.ask(v, question{Act: "refund", Facts: v.of(t, fact{"toRefund", amount.Format(v.words.lang)}), Back: "/dashboard/transactions/" + id})
	}
	req := provider.Request{Kind: pay.Refund, Parent: id, Reference: v.PostFormValue("reference"), Amount: amount}
	return h.onStory(v, id, "transaction.refund", amount.String(), "refunded", func() error {
		_, err := h.Gateway.RefundPayment(v.Context(), v.caller(), req, nil)
		return err
	})
}

// leftOf is what of a payment was not given back yet.
func leftOf(t pay.Transaction) money.Amount {
	return money.New(t.Amount.Minor-t.Refunded, t.Amount.Currency)
}

// refundable is what the gateway would say of a refund, before a person is
// asked whether they are sure of it.
func refundable(t pay.Transaction, amount money.Amount) error {
	left := leftOf(t)
	switch {
	case t.Kind != pay.Payment || t.Status != pay.StatusSucceeded || !left.IsPositive():
		return pay.Conflict(pay.CodeNotRefundable, "the payment can't be refunded")
	case amount.Minor > left.Minor:
		return pay.InvalidAs(pay.CodeAmountTooHigh, "amount", "the amount is above what the payment still has")
	}
	return nil
}

// onStory acts on one of the caller's transactions and shows it again.
func (h *handler) onStory(v *visit, id, action, detail, word string, do func() error) error {
	if _, err := h.Gateway.Find(v.Context(), v.caller(), provider.Search{ID: id}); err != nil {
		return err
	}
	err := h.act(v, action, id, detail, do)
	if err != nil {
		return h.showStory(v, id, err)
	}
	return h.done(v, "/dashboard/transactions/"+id, word)
}

// resend owes an event to its targets once more.
func (h *handler) resend(v *visit) error {
	id := v.PathValue("id")
	event, err := h.Gateway.Store.Read().GetEvent(v.Context(), sqlgen.GetEventParams{MerchantID: v.MerchantID, ID: id})
	if noRows(err) || err == nil && event.Mode != string(v.Mode) {
		return pay.NotFound("event")
	}
	if err != nil {
		return fmt.Errorf("read event: %w", err)
	}
	err = h.act(v, "event.resend", id, "", func() error {
		_, err := h.Webhooks.Resend(v.Context(), v.caller(), id)
		return err
	})
	if err != nil {
		return h.showStory(v, event.TransactionID, err)
	}
	return h.done(v, "/dashboard/transactions/"+event.TransactionID, "resent")
}
