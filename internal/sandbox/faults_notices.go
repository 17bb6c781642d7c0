package sandbox

import (
	"context"
	"slices"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Tell is the transaction as a notification is to tell of it.
func (f *Faults) Tell(t pay.Transaction) pay.Transaction {
	for _, a := range f.notifying(t) {
		if a.hazard.Tell == nil {
			continue
		}
		if _, ok := f.begin(a); ok {
			a.hazard.Tell(&t)
			f.end(a)
		}
	}
	return t
}

// Notices are what is sent in a notification's place, in order, or how long to
// wait before asking again. Call sent afterwards.
func (f *Faults) Notices(t pay.Transaction, call provider.Call) (calls []provider.Call, wait time.Duration, sent func()) {
	calls = []provider.Call{call}
	list := f.notifying(t)
	for _, a := range list {
		if a.hazard.Late && f.early(a) {
			return nil, lateStep, func() {}
		}
	}
	for _, a := range list {
		if a.hazard.Notice == nil {
			continue
		}
		if _, ok := f.begin(a); !ok {
			continue
		}
		calls = a.hazard.Notice(call, f.remember(a, t.ID, call))
		f.end(a)
	}
	return calls, 0, func() { f.tellWaiting(list) }
}

func (f *Faults) notifying(t pay.Transaction) []*armed {
	if t.Mode != pay.Test {
		return nil
	}
	return f.pick(func(a *armed) bool { return a.about(t) })
}

// early reports whether a late notification has to wait on.
func (f *Faults) early(a *armed) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a.lateAt.IsZero() {
		a.lateAt = f.now().Add(lateBy)
		a.Hits++
	}
	return f.now().Before(a.lateAt)
}

// remember adds a notification to those a fault was given and returns the
// earlier ones.
func (f *Faults) remember(a *armed, id string, call provider.Call) []provider.Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	earlier := slices.Clone(a.earlier[id])
	a.earlier[id] = append(a.earlier[id], call)
	return earlier
}

func (f *Faults) tellWaiting(list []*armed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range list {
		select {
		case <-a.told:
		default:
			close(a.told)
		}
	}
}

// like is the last four digits whose fate a fault gives an order, "" for none.
func (f *Faults) like(ctx context.Context, o provider.Order) string {
	if o.Mode != pay.Test {
		return ""
	}
	t := pay.Transaction{ID: o.TransactionID, Front: o.Front, Method: o.Method, Customer: o.Customer}
	list := f.pick(func(a *armed) bool { return a.about(t) })
	if x := exchangeIn(ctx); x != nil && x.front == o.Front {
		x.mu.Lock()
		list = append(list, x.claimed...)
		x.mu.Unlock()
	}
	for _, a := range list {
		if a.hazard.Like != "" {
			f.mu.Lock()
			a.Hits++
			f.mu.Unlock()
			return a.hazard.Like
		}
	}
	return ""
}
