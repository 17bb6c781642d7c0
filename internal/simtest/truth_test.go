package simtest

import (
	"fmt"
	"sync"

	"github.com/passerelle-pay/passerelle/pay"
)

// state is what has become of an order at its operator.
type state string

const (
	created   state = "created" // nobody has been asked, nothing was sent
	waiting   state = "waiting" // for the customer
	succeeded state = "succeeded"
	failed    state = "failed"
)

// order is one submission as the operator has it.
type order struct {
	*plan
	rail      string
	reference string // the gateway's
	number    string // the operator's own
	hook      string
	amount    int64
	ending    ending
	asked     bool // the customer saw a prompt
	known     bool // the gateway has asked by its number

	mu      sync.Mutex
	state   state
	reason  ending
	settled chan struct{}
}

func (o *order) now() (state, ending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state, o.reason
}

// truth is what all operators know together.
type truth struct {
	mu         sync.Mutex
	plans      map[string]*plan // by the last six digits of the phone, and what is done
	orders     map[string]*order
	names      map[string]*plan
	violations []string
}

func newTruth() *truth {
	return &truth{plans: map[string]*plan{}, orders: map[string]*order{}, names: map[string]*plan{}}
}

func (t *truth) expect(p *plan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.plans[p.phone[len(p.phone)-6:]] = p
}

// planOf finds whose phone it is. Money that goes to a payer is its refund.
func (t *truth) planOf(phone string, debit bool) *plan {
	if len(phone) < 6 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.plans[phone[len(phone)-6:]]
	if p != nil && debit && p.kind == pay.Payment {
		return p.refund
	}
	return p
}

// take records an order under one of its names at a rail; false when the name
// is taken, with the order that has it.
func (t *truth) take(o *order) (*order, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := o.rail + "/" + o.reference
	if had := t.orders[key]; had != nil {
		return had, false
	}
	o.state, o.settled = created, make(chan struct{})
	if o.ending == "" {
		o.ending = o.plan.ending
	}
	t.orders[key] = o
	o.plan.mu.Lock()
	o.orders = append(o.orders, o)
	o.plan.mu.Unlock()
	return o, true
}

// alias lets an order be found by another name as well.
func (t *truth) alias(o *order, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.orders[o.rail+"/"+name] = o
}

func (t *truth) find(rail, name string) *order {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.orders[rail+"/"+name]
}

func (t *truth) violate(p *plan, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	p.note("VIOLATION: %s", text)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.violations = append(t.violations, p.name+": "+text)
}

// ask prompts the customer. No other prompt of the same intent may be alive, or
// have been approved.
func (t *truth) ask(o *order) {
	o.plan.mu.Lock()
	var rival *order
	for _, other := range o.orders {
		if st, _ := other.now(); other != o && other.asked && (st == waiting || st == succeeded) {
			rival = other
		}
	}
	o.asked = true
	o.plan.mu.Unlock()
	o.mu.Lock()
	o.state = waiting
	o.mu.Unlock()
	o.note("%s asks the customer about %s", o.rail, o.reference)
	if rival != nil {
		t.violate(o.plan, "%s asks the customer while %s has a prompt that is %s", o.rail, rival.rail, rival.state)
	}
}

// settle ends an order; an approved one moves the money.
func (t *truth) settle(o *order, how ending) {
	o.mu.Lock()
	if o.state == succeeded || o.state == failed {
		o.mu.Unlock()
		return
	}
	o.state, o.reason = failed, how
	if how == approves {
		o.state = succeeded
	}
	close(o.settled)
	o.mu.Unlock()
	o.note("%s: the customer %s (%s)", o.rail, how, o.reference)
	if how != approves {
		return
	}
	o.plan.mu.Lock()
	o.charged++
	n := o.charged
	o.plan.mu.Unlock()
	if n > 1 {
		t.violate(o.plan, "money moved %d times", n)
	}
	if o.amount != o.plan.amount {
		t.violate(o.plan, "%d moved instead of %d", o.amount, o.plan.amount)
	}
}

// learn lets the network know whose a name is, even if its operator never
// hears it.
func (t *truth) learn(rail, name string, p *plan) {
	if p == nil || name == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.names[rail+"/"+name] = p
}

// known is whose a name is.
func (t *truth) known(rail, name string) *plan {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o := t.orders[rail+"/"+name]; o != nil {
		return o.plan
	}
	return t.names[rail+"/"+name]
}
