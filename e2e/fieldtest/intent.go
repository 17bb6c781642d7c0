package fieldtest

import (
	"fmt"
	"math/rand/v2"
)

// account is what the shop has at one provider: where its customers are, and
// what it can do there.
type account struct {
	provider, currency string
	prefix             string // of its customers' numbers
	free               int    // digits between the prefix and the last four
	unit               int64  // minor units in a franc or a cent's whole
	paysOut            bool
	// nameless: it can only be asked by a name that its answer or notification
	// brings, so that losing both leaves nothing to find out with.
	nameless bool
	// mute: nor does it notify of what it pays out, so that losing the answer is
	// enough (wire: mypayga, transfers). Such a payout stays pending for a person.
	mute bool
}

// accounts are numbers that nobody published as test data, so that the last
// four digits alone decide what happens.
var accounts = []account{
	{provider: "komipay", currency: "XOF", prefix: "+22797", free: 2, unit: 1},
	{provider: "mypvit", currency: "XAF", prefix: "+24174", free: 2, unit: 1, paysOut: true},
	{provider: "flexpay", currency: "CDF", prefix: "+24381", free: 3, unit: 100, paysOut: true, nameless: true},
	{provider: "cinetpay", currency: "XOF", prefix: "+22507", free: 4, unit: 1, paysOut: true},
	{provider: "mypayga", currency: "XAF", prefix: "+24166", free: 2, unit: 1, paysOut: true, mute: true},
}

// The kinds of an intent.
const (
	payment = "payment"
	payout  = "payout"
	refund  = "refund"
)

// intent is one thing that the shop wants once, however often it has to ask.
type intent struct {
	account   account
	kind      string
	reference string // and its idempotency key
	phone     string
	amount    int64
	parent    string // the payment that a refund gives back
}

// matter names what moves at the operator: who, how much, which way. No two
// intents share one, so that money moved twice shows whatever names the
// gateway gave its attempts.
type matter struct {
	phone    string
	amount   int64
	currency string
	in       bool
}

func (i intent) matter() matter {
	return matter{i.phone, i.amount, i.account.currency, i.kind == payment}
}

// path and body are the request of the native API.
func (i intent) path() string { return "/v1/" + i.kind + "s" }

func (i intent) body(connection string) map[string]any {
	if i.kind == refund {
		return map[string]any{"reference": i.reference, "payment": i.parent, "amount": i.amount}
	}
	return map[string]any{
		"reference": i.reference, "amount": i.amount, "currency": i.account.currency, "connection": connection,
		"method": map[string]any{"type": "mobile_money", "phone": i.phone},
	}
}

func (i intent) String() string {
	return fmt.Sprintf("%s %s of %d %s, %s, by %s", i.kind, i.reference, i.amount, i.account.currency, i.phone, i.account.provider)
}

// fates are last digits with a published outcome: refusals of every sort, an
// answer lost although the money moved, notifications thrice.
var fates = []string{"0001", "0002", "0003", "0005", "0006", "0007", "0009"}

// neverNotified is likewise, and asked for only where it can be survived.
const neverNotified = "0010"

// draw makes the digits and amount of an intent.
func draw(chance *rand.Rand, a account) (phone string, amount int64) {
	last := fmt.Sprintf("%04d", 1000+chance.IntN(9000))
	switch roll := chance.IntN(100); {
	case roll < 22:
		last = fates[chance.IntN(len(fates))]
	case roll < 25 && !a.nameless:
		last = neverNotified
	}
	free := ""
	for range a.free {
		free += fmt.Sprint(chance.IntN(10))
	}
	return a.prefix + free + last, a.unit * (200 + 5*int64(chance.IntN(160)))
}
