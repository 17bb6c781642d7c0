package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestTheBooksHoldAfterAnySequenceOfOperations(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		rounds := 0
		rapid.Check(t, func(rt *rapid.T) {
			rounds++ // each has a merchant of its own
			g := &game{world: w.moved(rounds), rapid: rt}
			for range rapid.IntRange(4, 14).Draw(rt, "operations") {
				g.play()
				g.hold()
			}
			g.settle()
			g.hold()
		})
	})
}

// game plays random operations of one merchant.
type game struct {
	*world
	rapid *rapid.T
	made  []pay.Transaction
}

// moved is the same world with another merchant.
func (w *world) moved(round int) *world {
	v := *w
	v.merchant, v.connections = "", map[string]sqlgen.Connection{}
	v.merchant, v.test, v.live = v.newMerchant(fmt.Sprint("Round ", round))
	for _, k := range []pay.Kind{pay.Payment, pay.Payout, pay.Refund} {
		v.schedule(sqlgen.InsertFeeScheduleParams{Kind: string(k), BasisPoints: 150, Fixed: 25})
	}
	return &v
}

// outcomes are the answers that rails give, with the name a failing run prints.
var outcomes = map[string]answer{
	"paid": said(paid), "declined": said(declined), "waiting": said(waiting), "lost": lost, "down": said(down),
	"nobody": said(nobody), "asks OTP": said(asksOTP),
	"another amount": said(provider.Result{Outcome: pay.OutcomeSucceeded, Amount: money.New(1, money.XAF)}),
}

func (g *game) draw(label string) answer {
	names := []string{"paid", "declined", "waiting", "lost", "down", "nobody", "asks OTP", "another amount"}
	return outcomes[rapid.SampledFrom(names).Draw(g.rapid, label)]
}

func (g *game) play() {
	for _, f := range []*fake{g.alpha, g.beta} {
		for _, verb := range []string{submit, payOut, refund, status, confirm} {
			f.on(verb, g.draw(f.name+" "+verb))
		}
		f.on(cancel, said(provider.Result{Outcome: pay.OutcomeCanceled}))
	}
	moves := map[string]func(){
		"create": g.createAny, "pay": g.payPage, "refund": g.refundAny, "notify": g.notify,
		"work": func() { g.after(time.Hour) }, "cancel": g.cancelAny, "confirm": g.confirmAny, "fold": g.fold,
	}
	names := []string{"create", "create", "create", "pay", "refund", "notify", "notify", "work", "work", "cancel", "confirm", "fold"}
	moves[rapid.SampledFrom(names).Draw(g.rapid, "move")]()
}

// tolerate fails the round unless the operation was done or refused.
func (g *game) tolerate(err error) {
	if err != nil && asError(err) == nil {
		g.rapid.Fatalf("%v", err)
	}
}

func (g *game) keep(tx pay.Transaction, err error) {
	g.tolerate(err)
	if err == nil && !slices.ContainsFunc(g.made, func(o pay.Transaction) bool { return o.ID == tx.ID }) {
		g.made = append(g.made, tx)
	}
}

func (g *game) createAny() {
	r := order(fmt.Sprint("R", len(g.made)))
	r.Amount.Minor = rapid.Int64Range(1, 500_000).Draw(g.rapid, "amount")
	r.FeeBearer = rapid.SampledFrom([]pay.Bearer{"", pay.MerchantBears, pay.CustomerBears}).Draw(g.rapid, "bearer")
	switch rapid.SampledFrom([]string{"payment", "page", "payout"}).Draw(g.rapid, "kind") {
	case "payout":
		r.Kind = pay.Payout
	case "page":
		r.Method, r.Checkout.Retry = pay.Method{}, rapid.Bool().Draw(g.rapid, "retry")
	}
	g.keep(g.Create(g.Context(), g.live, r))
}

// any picks one of what was made, as it stands.
func (g *game) any() (pay.Transaction, bool) {
	if len(g.made) == 0 {
		return pay.Transaction{}, false
	}
	return g.read(rapid.SampledFrom(g.made).Draw(g.rapid, "which")), true
}

func (g *game) payPage() {
	if tx, ok := g.any(); ok {
		g.keep(g.PayCheckout(g.Context(), tx.Checkout.Token, byPhone(payer)))
	}
}

func (g *game) refundAny() {
	if tx, ok := g.any(); ok {
		minor := rapid.Int64Range(0, tx.Amount.Minor+1).Draw(g.rapid, "refunded")
		g.keep(g.RefundPayment(g.Context(), g.live, refundOf(tx, fmt.Sprint("F", len(g.made)), minor), nil))
	}
}

func (g *game) notify() {
	tx, ok := g.any()
	if !ok || tx.Attempts == 0 {
		return
	}
	a := rapid.SampledFrom(g.attempts(tx)).Draw(g.rapid, "attempt")
	res := rapid.SampledFrom([]provider.Result{paid, declined, waiting}).Draw(g.rapid, "news")
	g.tolerate(g.TakeNotification(g.Context(), tx.MerchantID, a.Connection, provider.Notification{
		Reference: a.Reference, Hint: res.Outcome, Verified: rapid.Bool().Draw(g.rapid, "signed"), Result: res,
	}, ""))
}

func (g *game) cancelAny() {
	if tx, ok := g.any(); ok {
		_, err := g.Cancel(g.Context(), g.live, tx.ID)
		g.tolerate(err)
	}
}

func (g *game) confirmAny() {
	if tx, ok := g.any(); ok {
		_, err := g.Confirm(g.Context(), g.live, tx.ID, "1234")
		g.tolerate(err)
	}
}

func (g *game) fold() {
	for name := range g.connections {
		for _, account := range []ledger.Account{ledger.Available, ledger.Reserved} {
			p := ledger.Purse{MerchantID: g.merchant, Connection: g.connections[name].ID, Currency: money.XAF, Account: account}
			g.tolerate(g.store.Update(g.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := ledger.Fold(ctx, tx.Queries, p)
				return err
			}))
		}
	}
}

// settle lets every provider answer, so that nothing stays open.
func (g *game) settle() {
	for _, f := range []*fake{g.alpha, g.beta} {
		f.on(status, said(declined))
	}
	for range 3 {
		g.after(30 * time.Hour)
	}
	for _, tx := range g.made {
		if now := g.read(tx); !now.Status.Final() {
			g.rapid.Fatalf("%s is still open: %+v with attempts %+v", now.Kind, now, g.attempts(now))
		}
	}
}

// hold checks the books against the transactions, which the ledger does not read.
func (g *game) hold() {
	if problems := g.unbalanced(); len(problems) > 0 {
		g.rapid.Fatalf("%v", problems)
	}
	available := map[string]int64{g.connections["alpha"].ID: 1_000_000}
	reserved := map[string]int64{}
	refunded := map[string]int64{}
	for _, tx := range g.made {
		now := g.read(tx)
		cost := now.Amount.Minor
		if now.FeeBearer != pay.CustomerBears {
			cost += now.Fees.Minor
		}
		switch {
		case now.Kind == pay.Payment && now.Status == pay.StatusSucceeded:
			available[now.Connection] += 2*now.Amount.Minor - cost // the amount, less the merchant's fee
		case now.Kind == pay.Payment:
		case now.Status == pay.StatusSucceeded:
			available[now.Connection] -= cost
		case !now.Status.Final():
			available[now.Connection] -= cost
			reserved[now.Connection] += cost
		}
		if now.Kind == pay.Refund && (now.Status == pay.StatusSucceeded || !now.Status.Final()) {
			refunded[now.Parent] += now.Amount.Minor
		}
		g.told(now)
	}
	for _, name := range []string{"alpha", "beta"} {
		id := g.connections[name].ID
		if a, r := g.purse(name); a != available[id] || r != reserved[id] {
			g.rapid.Fatalf("%s holds %d and %d, its transactions give %d and %d", name, a, r, available[id], reserved[id])
		}
	}
	for _, tx := range g.made {
		if now := g.read(tx); now.Refunded != refunded[tx.ID] {
			g.rapid.Fatalf("%s counts %d refunded, its refunds give %d", tx.Reference, now.Refunded, refunded[tx.ID])
		}
	}
}

// told checks that a transaction's events have no gap and end in its status.
func (g *game) told(now pay.Transaction) {
	list, err := g.store.Read().ListTransactionEvents(g.Context(), sqlgen.ListTransactionEventsParams{
		MerchantID: now.MerchantID, TransactionID: now.ID,
	})
	if err != nil || int64(len(list)) != now.Sequence {
		g.rapid.Fatalf("%s has %d events and sequence %d, %v", now.Reference, len(list), now.Sequence, err)
	}
	outcomes := 0
	for i, e := range list {
		if e.Sequence != int64(i+1) {
			g.rapid.Fatalf("event %d of %s has sequence %d", i+1, now.Reference, e.Sequence)
		}
		if e.Type == pay.EventType(now.Kind, "succeeded") {
			outcomes++
		}
	}
	if succeeded := now.Status == pay.StatusSucceeded; outcomes > 1 || succeeded != (outcomes == 1) {
		g.rapid.Fatalf("%s is %s and was told succeeded %d times", now.Reference, now.Status, outcomes)
	}
}
