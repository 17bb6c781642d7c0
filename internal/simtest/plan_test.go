package simtest

import (
	"fmt"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// ending is what a customer, or the operator for it, decides.
type ending string

const (
	approves ending = "approves"
	declines ending = "declines"
	poor     ending = "has no money"
	ignores  ending = "ignores the prompt"
)

// plan is one transaction that a merchant wants, and all that the seed says of
// it. What the world learns of it later is under mu.
type plan struct {
	name      string // the merchant's reference and idempotency key
	kind      pay.Kind
	market    market
	method    pay.MethodType
	phone     string // E.164
	operator  string
	amount    int64 // minor units
	pinned    string
	at        time.Duration
	ending    ending
	thinks    time.Duration
	cancelsAt time.Duration // 0: never
	refund    *plan         // asked for once the payment succeeded
	parent    *plan

	mu       sync.Mutex
	id       string // as the gateway answered
	orders   []*order
	charged  int
	timeline []string
	succeeds bool // a success was shown to the merchant
	canceled bool // a cancellation was confirmed to the merchant
	refused  bool // the gateway refused to begin
}

// market is a country with its currency and the connections of its route.
type market struct {
	country, currency string
	unit              int64 // minor units of what amounts are multiples of
	prefix            string
	digits            int
	rails             []string
	payouts           []string // rails that pay out
	hosted            bool
}

// markets are where the merchant does business. The first rail of each comes
// first in its route, the others are what it fails over to.
func markets() []market {
	return []market{
		{country: "GA", currency: "XAF", unit: 5, prefix: "+24177", digits: 6, rails: []string{"mypvit-1", "mypayga-1", "mypvit-2"}, payouts: []string{"mypvit-1", "mypayga-1"}},
		{country: "GA", currency: "XAF", unit: 5, prefix: "+24177", digits: 6, rails: []string{"mypayga-1"}, payouts: []string{"mypayga-1"}},
		{country: "CD", currency: "CDF", unit: 100, prefix: "+243810", digits: 6, rails: []string{"flexpay-1", "flexpay-2"}, payouts: []string{"flexpay-1", "flexpay-2"}},
		{country: "NE", currency: "XOF", unit: 5, prefix: "+22797", digits: 6, rails: []string{"komipay-1", "komipay-2"}},
		{country: "CI", currency: "XOF", unit: 5, prefix: "+2250707", digits: 6, rails: []string{"cinetpay-1", "cinetpay-2"}, payouts: []string{"cinetpay-1"}, hosted: true},
	}
}

// planFor draws the n-th transaction of a run.
func planFor(d dice, n int) *plan {
	p := &plan{name: fmt.Sprintf("s%d-t%03d", d.seed, n)}
	about := func(what string) []any { return []any{"plan", n, what} }
	p.market = pick(d, markets(), about("market")...)
	p.kind, p.method = pay.Payment, pay.MobileMoney
	if len(p.market.payouts) > 0 && d.chance(25, about("payout")...) {
		p.kind, p.pinned = pay.Payout, pick(d, p.market.payouts, about("rail")...)
	} else if len(p.market.rails) == 1 || d.chance(20, about("pinned")...) {
		p.pinned = pick(d, p.market.rails, about("rail")...)
	}
	p.phone = p.market.prefix + fmt.Sprintf("%0*d", p.market.digits, 100_000+n)
	p.amount = p.market.unit * (200 + d.roll(about("amount")...).Int64N(1_000))
	if p.market.currency == "CDF" {
		p.amount = 100 * (1_000 + 5*d.roll(about("amount")...).Int64N(1_000))
	}
	if p.market.country == "NE" && d.chance(40, about("wallet")...) {
		p.method, p.operator = pay.Wallet, pick(d, []string{"nita_ne", "zeyna_ne"}, about("operator")...)
	}
	p.at = d.within(0, 4*time.Minute, about("at")...)
	p.ending = pick(d, []ending{approves, approves, approves, approves, approves, declines, poor, ignores}, about("ending")...)
	p.thinks = d.within(time.Second, 100*time.Second, about("thinks")...)
	if p.kind == pay.Payment && d.chance(10, about("cancel")...) {
		p.cancelsAt = d.within(time.Second, time.Minute, about("cancel at")...)
	}
	if p.kind == pay.Payment && len(p.market.payouts) > 0 && d.chance(30, about("refund")...) {
		p.refund = &plan{
			name: p.name + "-r", kind: pay.Refund, market: p.market, method: p.method, phone: p.phone,
			amount: p.amount, parent: p, ending: pick(d, []ending{approves, approves, approves, declines}, about("refund ending")...),
		}
	}
	return p
}

// note adds a line to the plan's timeline.
func (p *plan) note(format string, args ...any) {
	line := time.Now().UTC().Format("02 15:04:05.000 ") + fmt.Sprintf(format, args...)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timeline = append(p.timeline, line)
}

// nameOf is the plan's name, "" for none.
func nameOf(p *plan) string {
	if p == nil {
		return ""
	}
	return p.name
}
