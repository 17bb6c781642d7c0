package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// cell is what was found of a pair.
type cell struct {
	plan   plan
	failed bool
}

// What a payer's last four digits make the sandbox do.
const (
	pays       = "0100"
	declines   = "0002"
	losesReply = "0007"
	tellsTwice = "0009"
)

// sandboxCopies is how often the sandbox repeats the notification of 0009.
const sandboxCopies = 3

// Test cards.
const (
	goodCard    = "4242424242424242"
	refusedCard = "4000000000000002"
)

// carries plays the four scenes of a pair that can carry a payment.
func (c *column) carries(t *testing.T, f front) cell {
	p := planFor(f, c.rail)
	if p.reason != "" {
		return cell{plan: p}
	}
	ok := t.Run(f.name, func(t *testing.T) {
		t.Run("success is told once and charged once", func(t *testing.T) { c.success(t, f, p) })
		t.Run("a refusal is told and charges nothing", func(t *testing.T) { c.refusal(t, f, p) })
		t.Run("an unknown outcome stays open and ends as the success it was", func(t *testing.T) { c.unknown(t, f, p) })
		t.Run("repeated notifications are told once and charged once", func(t *testing.T) { c.repeated(t, f, p) })
	})
	return cell{plan: p, failed: !ok}
}

// refuses asks for what the rail can't carry, in each way and currency of the
// front: each is refused in the front's own shape, and leaves no trace.
func (c *column) refuses(t *testing.T, f front) {
	for _, w := range f.ways {
		for _, cur := range f.all() {
			narrow := f
			narrow.currencies = []money.Currency{cur}
			if _, ok := planBy(narrow, c.rail, w); ok {
				continue
			}
			t.Run(fmt.Sprintf("%s asks by %s in %s and is refused", f.name, w.name, cur), func(t *testing.T) {
				p := c.purchase(t, f, plan{way: w, currency: cur, country: f.home(cur)}, pays)
				a, b := takeCensus(t, c.a), census(nil)
				if c.b != nil {
					b = takeCensus(t, c.b)
				}
				got, err := f.ask(t.Context(), c.sellers[f.name], p)
				if err != nil {
					t.Fatal(err)
				}
				if err := f.incapable(got); err != nil {
					t.Errorf("%v is no refusal of what no rail can carry: %v", got, err)
				}
				a.unchanged(t, c.a, "A")
				if c.b != nil {
					b.unchanged(t, c.b, "B")
				}
			})
		}
	}
}

// all are the front's currencies.
func (f front) all() []money.Currency {
	if f.currencies == nil {
		return money.Currencies()
	}
	return f.currencies
}

// home is a country where the front's requests may name a phone.
func (f front) home(c money.Currency) string {
	countries := f.countries
	if countries == nil {
		countries = []string{"GA", "CI", "GN", "CD"}
	}
	for _, country := range countries {
		if usesCurrency(country, c) {
			return country
		}
	}
	return countries[0]
}

// purchase makes a purchase with a reference of its own.
func (c *column) purchase(t *testing.T, f front, p plan, last string) purchase {
	t.Helper()
	c.serial++
	card, customer := goodCard, f.home(p.currency)
	if last == declines {
		card = refusedCard
	}
	bought := purchase{
		way: p.way, method: p.method, reference: fmt.Sprintf("CMD%d", c.serial), amount: price(p.currency), card: card, notify: c.shop.URL,
		customer: payerIn(t, customer, last),
	}
	bought.payer = bought.customer
	if p.country != "" {
		bought.payer = payerIn(t, p.country, last)
	}
	return bought
}

func (c *column) success(t *testing.T, f front, p plan) {
	r := c.buy(t, f, p, pays)
	c.ends(t, f, r, paid)
	c.settled(t)
	c.told(t, f, r, paid, 1)
	c.charged(t, f, r, 1)
}

func (c *column) refusal(t *testing.T, f front, p plan) {
	r := c.buy(t, f, p, declines)
	if p.way.chosen {
		c.givesUp(t, f, r)
	}
	c.ends(t, f, r, refused)
	c.settled(t)
	c.told(t, f, r, refused, 1)
	c.charged(t, f, r, 0)
}

// givesUp waits for the refusal and leaves the page, if it lets the payer try
// again.
func (c *column) givesUp(t *testing.T, f front, r receipt) {
	t.Helper()
	id := c.latest(t, f, "id")
	eventually(t, "a refusal by the rail", func() bool {
		return count(t, c.a, `SELECT count(*) FROM attempts WHERE transaction_id = ? AND status = 'failed'`, id) == 1
	})
	if c.latest(t, f, "status") != string(pay.StatusRequiresAction) {
		return
	}
	page, err := c.follow(t.Context(), r.page)
	if err != nil {
		t.Fatal(err)
	}
	status, body, err := perform(t.Context(), http.MethodPost, page+"/cancel", http.Header{"Content-Type": {formType}}, "")
	if err != nil || status != http.StatusSeeOther {
		t.Fatalf("give up: %d %.200s %v", status, body, err)
	}
}

// unknown loses an answer: that of the call which takes the money, or, where
// the customer pays on the rail's page, that of the question what became of it.
func (c *column) unknown(t *testing.T, f front, p plan) {
	if c.rail.simulated() {
		r := c.buy(t, f, p, losesReply)
		c.ends(t, f, r, paid)
		c.settled(t)
		c.told(t, f, r, paid, 1)
		c.charged(t, f, r, 1)
		return
	}
	release := c.toA.hold()
	defer release()
	lossy := c.rail.submit
	if p.hosted {
		lossy = nil
	}
	c.toB.lose(lossy)
	defer c.toB.lose(nil)
	bought := c.buying(t, f, p, pays)
	if p.hosted {
		c.losesChecks(t, f)
	} else {
		eventually(t, "the loss of the answer", func() bool { return c.toB.losses() > 0 })
	}
	eventually(t, "an open payment of unknown outcome", func() bool { return c.open(t, f) && c.doubted(t, f, p) })
	holds := f.waits && p.way.name == byPush.name
	if !holds {
		r := bought()
		if got, err := f.outcome(t.Context(), c.sellers[f.name], r); err != nil || got != open {
			t.Errorf("the front says %q, want %s: %v", got, open, err)
		}
		bought = func() receipt { return r }
	}
	c.toB.lose(nil)
	release()
	if c.rail.polled {
		c.clock.advance(time.Minute)
	}
	r := bought()
	c.ends(t, f, r, paid)
	c.settled(t)
	c.told(t, f, r, paid, 1)
	c.charged(t, f, r, 1)
}

// losesChecks lets the customer pay on the rail's page and loses the answers to
// A's questions.
func (c *column) losesChecks(t *testing.T, f front) {
	t.Helper()
	eventually(t, "a success at the rail", func() bool { return c.succeededAtRail(t, c.latest(t, f, "id")) == 1 })
	c.toB.lose(c.rail.status)
	c.clock.advance(time.Minute)
	eventually(t, "the loss of an answer", func() bool { return c.toB.losses() > 0 })
}

// open: nothing has ended the front's newest payment.
func (c *column) open(t *testing.T, f front) bool {
	return !pay.Status(c.latest(t, f, "status")).Final()
}

// doubted: A has recorded that it doesn't know.
func (c *column) doubted(t *testing.T, f front, p plan) bool {
	if p.hosted {
		return count(t, c.a, `SELECT checks FROM transactions WHERE id = ?`, c.latest(t, f, "id")) > 0
	}
	return count(t, c.a, `SELECT count(*) FROM attempts WHERE transaction_id = ? AND status = 'unknown'`, c.latest(t, f, "id")) == 1
}

func (c *column) repeated(t *testing.T, f front, p plan) {
	if c.rail.simulated() {
		// Natively 0009 repeats the operator's notification, which must not be
		// passed on; in a dialect it repeats the dialect's own.
		copies := sandboxCopies
		if f.name == pay.NativeFront {
			copies = 1
		}
		r := c.buy(t, f, p, tellsTwice)
		c.ends(t, f, r, paid)
		c.settled(t)
		c.told(t, f, r, paid, copies)
		c.charged(t, f, r, 1)
		return
	}
	const copies = 3
	c.toA.repeat(copies)
	defer c.toA.repeat(1)
	r := c.buy(t, f, p, pays)
	c.ends(t, f, r, paid)
	eventually(t, "each notification three times", func() bool { n := c.toA.handedOver(); return n > 0 && n%copies == 0 })
	c.settled(t)
	c.told(t, f, r, paid, 1)
	c.charged(t, f, r, 1)
}

// buy asks for a payment and does what its customer has to do.
func (c *column) buy(t *testing.T, f front, p plan, last string) receipt {
	t.Helper()
	return c.buying(t, f, p, last)()
}

// buying is buy beside what else happens: some answers wait for the end.
func (c *column) buying(t *testing.T, f front, p plan, last string) (done func() receipt) {
	t.Helper()
	type result struct {
		r   receipt
		err error
	}
	order, ended := c.purchase(t, f, p, last), make(chan result, 1)
	go func() {
		r, err := c.shopping(t.Context(), f, order)
		ended <- result{r, err}
	}()
	return func() receipt {
		t.Helper()
		got := <-ended
		if got.err != nil {
			t.Fatal(got.err)
		}
		return got.r
	}
}

func (c *column) shopping(ctx context.Context, f front, p purchase) (receipt, error) {
	got, err := f.ask(ctx, c.sellers[f.name], p)
	if err != nil {
		return receipt{}, err
	}
	r, err := f.taken(p, got)
	if err != nil {
		return r, fmt.Errorf("%v: %w", got, err)
	}
	if r.page == "" {
		return r, nil
	}
	return r, c.visit(ctx, r)
}

const formType = "application/x-www-form-urlencoded"

// visit is the customer's part: our page, then perhaps the rail's.
func (c *column) visit(ctx context.Context, r receipt) error {
	page, err := c.follow(ctx, r.page)
	if err != nil {
		return err
	}
	if strings.HasPrefix(page, c.toA.URL) {
		form := url.Values{"method": {"mobile_money"}, "phone": {r.payer}}
		if r.method == pay.CardMethod {
			form = url.Values{"method": {"card"}, "number": {r.card}, "expiry": {"12/30"}, "cvv": {"123"}, "holder": {"Awa Koffi"}}
		}
		status, location, err := perform(ctx, http.MethodPost, page, http.Header{"Content-Type": {formType}}, form.Encode())
		if err != nil || status != http.StatusSeeOther {
			return errors.Join(fmt.Errorf("pay on our page: %d %.600s", status, location), err)
		}
		page = location
	}
	if c.toB == nil || !strings.HasPrefix(page, c.toB.URL) {
		return nil // the phone rings
	}
	return c.visitRail(ctx, r, page)
}

func (c *column) visitRail(ctx context.Context, r receipt, page string) error {
	page, err := c.follow(ctx, page)
	if err != nil {
		return err
	}
	choice := fmt.Sprintf(`{"method":"mobile_money","phone":%q}`, r.payer)
	if r.method == pay.CardMethod {
		choice = fmt.Sprintf(`{"method":"card","number":%q,"expiry":"12/30","cvv":"123"}`, r.card)
	}
	_, token, _ := strings.Cut(page, "/pay/")
	status, body, err := perform(ctx, http.MethodPost, c.toB.URL+"/sandbox/v1/checkouts/"+token+"/pay",
		http.Header{"Content-Type": {"application/json"}}, choice)
	if err == nil && status/100 != 2 {
		err = errors.New("refused")
	}
	if err != nil {
		return fmt.Errorf("pay on the rail's page: %d %s: %w", status, body, err)
	}
	return nil
}

// follow follows an address that a front gave out to the hosted page.
func (c *column) follow(ctx context.Context, page string) (string, error) {
	for range 3 {
		if strings.Contains(page, "/pay/") {
			return page, nil
		}
		status, location, err := perform(ctx, http.MethodGet, page, nil, "")
		if err != nil || status/100 != 3 {
			return "", errors.Join(fmt.Errorf("page %s leads nowhere: %d", page, status), err)
		}
		page = location
	}
	return "", fmt.Errorf("page %s redirects without end", page)
}

// ends waits until the front tells the outcome.
func (c *column) ends(t *testing.T, f front, r receipt, as outcome) {
	t.Helper()
	eventually(t, "the outcome "+string(as), func() bool {
		got, err := f.outcome(t.Context(), c.sellers[f.name], r)
		if err != nil {
			t.Fatalf("ask for the outcome: %v", err)
		}
		if got != as && got != open {
			t.Fatalf("the outcome is %s, want %s", got, as)
		}
		return got == as
	})
}

// settled waits until the rail has told A and A the shop, whatever there was to
// tell.
func (c *column) settled(t *testing.T) {
	t.Helper()
	for _, g := range []*app.Running{c.b, c.a} {
		if g != nil {
			eventually(t, "no notification is owed", func() bool {
				return count(t, g, `SELECT count(*) FROM deliveries WHERE status = 'pending'`) == 0
			})
		}
	}
}

// told checks that the shop heard of the end of a payment, in the front's own
// form, as often as it should and of no other end.
func (c *column) told(t *testing.T, f front, r receipt, as outcome, times int) {
	t.Helper()
	heard := map[outcome]int{}
	for _, n := range c.shop.all(f.at) {
		reference, said, err := f.heard(c.sellers[f.name], n)
		if err != nil {
			t.Errorf("notification %s %s: %v", n.method, n.body, err)
		}
		if reference == r.reference {
			heard[said]++
		}
	}
	delete(heard, open)
	if heard[as] != times || len(heard) != 1 {
		t.Errorf("the shop heard %v, want %s %d times", heard, as, times)
	}
}

// charged checks both books: the payment stands in A's ledger, and the
// operators behind the rail have moved the money, so many times.
func (c *column) charged(t *testing.T, f front, r receipt, times int64) {
	t.Helper()
	const id = `(SELECT id FROM transactions WHERE front = ? AND reference = ?)`
	if n := count(t, c.a, `SELECT count(*) FROM ledger_entries WHERE account = 'payments' AND transaction_id = `+id, f.name, r.reference); n != times {
		t.Errorf("the ledger has the payment %d times, want %d", n, times)
	}
	if n := c.succeededAtRail(t, c.latest(t, f, "id")); n != times {
		t.Errorf("the operators took the money %d times, want %d", n, times)
	}
}

// succeededAtRail is how often the operators behind the rail have taken the
// money of a transaction of A.
func (c *column) succeededAtRail(t *testing.T, id string) int64 {
	t.Helper()
	const taken = `SELECT count(*) FROM sandbox_operations WHERE status = 'succeeded' AND transaction_id = `
	if c.rail.simulated() {
		return count(t, c.a, taken+"?", id)
	}
	var n int64
	for _, reference := range texts(t, c.a, `SELECT reference FROM attempts WHERE transaction_id = ?`, id) {
		for _, theirs := range texts(t, c.b, `SELECT id FROM transactions WHERE reference = ?`, reference) {
			n += count(t, c.b, taken+"?", theirs)
		}
	}
	return n
}

// latest reads a column of the front's newest transaction, "" when there is none.
func (c *column) latest(t *testing.T, f front, column string) string {
	t.Helper()
	list := texts(t, c.a, `SELECT `+column+` FROM transactions WHERE front = ? ORDER BY created_at DESC, id DESC LIMIT 1`, f.name)
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
