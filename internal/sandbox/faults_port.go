package sandbox

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// errRefused stops a call that a fault answers.
var errRefused = errors.New("refused by a sandbox fault")

// Port gives a dialect a gateway through which faults learn whose request they
// have before them and which transaction it is about.
func (f *Faults) Port(g provider.Gateway) provider.Gateway { return faultyPort{g, f} }

type faultyPort struct {
	provider.Gateway
	faults *Faults
}

func (p faultyPort) Create(ctx context.Context, c provider.Caller, r provider.Request) (pay.Transaction, error) {
	x := exchangeIn(ctx)
	if x == nil || !x.calledBy(c) {
		return p.Gateway.Create(ctx, c, r)
	}
	x.claim(r.Reference, r.Method.Phone, r.Customer.Phone)
	if x.refuses() {
		x.settle(pay.Transaction{})
		return pay.Transaction{}, errRefused
	}
	t, err := p.Gateway.Create(ctx, c, r)
	x.settle(t)
	return t, err
}

func (p faultyPort) Find(ctx context.Context, c provider.Caller, s provider.Search) (pay.Transaction, error) {
	t, err := p.Gateway.Find(ctx, c, s)
	if x := exchangeIn(ctx); x != nil && x.calledBy(c) && err == nil {
		x.saw(t)
		if x.refuses() {
			return pay.Transaction{}, errRefused
		}
	}
	return t, err
}

func (p faultyPort) Balance(ctx context.Context, c provider.Caller, cur money.Currency) (provider.Balance, error) {
	p.heard(ctx, c)
	return p.Gateway.Balance(ctx, c, cur)
}

func (p faultyPort) LookUp(ctx context.Context, c provider.Caller, phone string) (provider.Holder, error) {
	p.heard(ctx, c)
	return p.Gateway.LookUp(ctx, c, phone)
}

func (p faultyPort) Quote(ctx context.Context, c provider.Caller, q provider.QuoteOrder) (money.Amount, error) {
	p.heard(ctx, c)
	return p.Gateway.Quote(ctx, c, q)
}

func (p faultyPort) heard(ctx context.Context, c provider.Caller) {
	if x := exchangeIn(ctx); x != nil {
		x.calledBy(c)
	}
}

// Push sends what faults make of a message that is about no transaction. A late
// one is reported as sent and follows the answer.
func (p faultyPort) Push(ctx context.Context, call provider.Call) (int, []byte, error) {
	x := exchangeIn(ctx)
	if x == nil || !x.test() {
		return p.Gateway.Push(ctx, call)
	}
	calls := []provider.Call{call}
	for _, a := range p.faults.pick(func(a *armed) bool { return a.hazard.Alone && a.Provider == x.front }) {
		if a.hazard.Notice == nil && !a.hazard.Late {
			continue
		}
		if _, ok := p.faults.begin(a); !ok {
			continue
		}
		p.faults.end(a)
		if a.hazard.Late {
			later := context.WithoutCancel(ctx)
			time.AfterFunc(lateStep, func() { _, _, _ = p.Gateway.Push(later, call) })
			return http.StatusOK, nil, nil
		}
		calls = a.hazard.Notice(call, nil)
	}
	if len(calls) == 0 {
		return 0, nil, errors.New("lost by a sandbox fault")
	}
	for _, extra := range calls[:len(calls)-1] {
		_, _, _ = p.Gateway.Push(ctx, extra)
	}
	return p.Gateway.Push(ctx, calls[len(calls)-1])
}
