package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// maxArmed bounds the armed faults; the oldest give way.
	maxArmed = 1000
	// lateBy is how late a late notification is.
	lateBy = time.Minute
	// lateStep is how often a late notification looks whether it may go.
	lateStep = time.Second
)

// Faults are the hazards of the providers and those that are armed. They strike
// test transactions only, live in memory and end with the process; several
// processes on one database have their own each.
type Faults struct {
	mu      sync.Mutex
	hazards map[string][]provider.Hazard
	list    []*armed
	last    int
	now     func() time.Time
}

// Fault is an armed hazard as it is shown.
type Fault struct {
	ID          string `json:"id"`
	Provider    string `json:"provider"`
	Fault       string `json:"fault"`
	Phone       string `json:"phone,omitempty"`
	Reference   string `json:"reference,omitempty"`
	Transaction string `json:"transaction,omitempty"`
	// Left is how often it will still strike; null until it is disarmed.
	Left *int `json:"left"`
	Hits int  `json:"hits"`
}

// armed is a hazard that waits for its transaction or has it. Its fields are
// guarded by Faults.mu.
type armed struct {
	Fault
	hazard  *provider.Hazard
	claimed bool // by a call that is making its transaction
	busy    int  // strikes under way
	earlier map[string][]provider.Call
	lateAt  time.Time
	told    chan struct{} // closed after the first notification
	gone    chan struct{} // closed when it is disarmed
}

func newFaults(hazards map[string][]provider.Hazard, now func() time.Time) *Faults {
	return &Faults{hazards: hazards, now: now}
}

// Arm makes a hazard strike: the transactions of a phone or reference, or else
// the next one that is made through the provider's dialect, to which it stays.
// Times 0 takes the hazard's own number.
func (f *Faults) Arm(front, name, number, reference string, times int) (Fault, error) {
	h := f.hazard(front, name)
	switch {
	case f.hazards[front] == nil:
		return Fault{}, pay.Invalid("provider", "no such provider")
	case h == nil:
		return Fault{}, pay.Invalid("fault", "the provider has no such fault")
	case times < 0:
		return Fault{}, pay.Invalid("times", "times is a positive number")
	}
	if number != "" {
		n, err := phone.Parse(number, "")
		if err != nil {
			return Fault{}, pay.InvalidAs(pay.CodeInvalidPhone, "phone", "phone is a number with its country code")
		}
		number = n.E164()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a := newArmed(front, h, times)
	a.Phone, a.Reference = number, reference
	f.add(a)
	return a.shown(), nil
}

func newArmed(front string, h *provider.Hazard, times int) *armed {
	a := &armed{
		Fault: Fault{Provider: front, Fault: h.Name}, hazard: h, earlier: map[string][]provider.Call{},
		told: make(chan struct{}), gone: make(chan struct{}),
	}
	if times = cmp.Or(times, h.Times); times > 0 {
		a.Left = &times
	}
	return a
}

func (f *Faults) add(a *armed) {
	f.last++
	a.ID = fmt.Sprintf("flt_%d", f.last)
	f.list = append(f.list, a)
	if len(f.list) > maxArmed {
		f.drop(f.list[0])
	}
}

func (f *Faults) drop(a *armed) {
	f.list = slices.DeleteFunc(f.list, func(other *armed) bool { return other == a })
	close(a.gone)
}

// Disarm ends one fault; false when there is none of that id.
func (f *Faults) Disarm(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.list {
		if a.ID == id {
			f.drop(a)
			return true
		}
	}
	return false
}

// DisarmAll ends every fault.
func (f *Faults) DisarmAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.list) > 0 {
		f.drop(f.list[0])
	}
}

// Armed lists the armed faults, the oldest first.
func (f *Faults) Armed() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Fault, 0, len(f.list))
	for _, a := range f.list {
		list = append(list, a.shown())
	}
	return list
}

func (a *armed) shown() Fault {
	shown := a.Fault
	if a.Left != nil {
		left := *a.Left
		shown.Left = &left
	}
	return shown
}

func (f *Faults) hazard(front, name string) *provider.Hazard {
	for i := range f.hazards[front] {
		if f.hazards[front][i].Name == name {
			return &f.hazards[front][i]
		}
	}
	return nil
}

// any reports whether a front has armed faults at all.
func (f *Faults) any(front string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.list, func(a *armed) bool { return a.Provider == front })
}

// bare: it waits for the next transaction.
func (a *armed) bare() bool {
	return a.Phone == "" && a.Reference == "" && a.Transaction == "" && !a.claimed && !a.hazard.Alone
}

// names reports whether the fault was armed for such a transaction.
func (a *armed) names(reference string, phones ...string) bool {
	if a.Transaction != "" || a.Phone == "" && a.Reference == "" {
		return false
	}
	return (a.Reference == "" || a.Reference == reference) && (a.Phone == "" || slices.Contains(phones, a.Phone))
}

func (a *armed) about(t pay.Transaction) bool {
	if a.Provider != t.Front || t.ID == "" {
		return false
	}
	return a.Transaction == t.ID || a.names(t.Reference, phonesOf(t)...)
}

func phonesOf(t pay.Transaction) []string { return []string{t.Method.Phone, t.Customer.Phone} }

// begin counts a strike; false when the fault has struck often enough.
func (f *Faults) begin(a *armed) (nth int, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a.Left != nil {
		if *a.Left == 0 {
			return 0, false
		}
		*a.Left--
	}
	a.Hits++
	a.busy++
	return a.Hits, true
}

// end removes a fault whose last strike is over.
func (f *Faults) end(a *armed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a.busy--
	if a.Left != nil && *a.Left == 0 && a.busy == 0 && slices.Contains(f.list, a) {
		f.drop(a)
	}
}

// pick returns the armed faults that fulfil a condition.
func (f *Faults) pick(holds func(*armed) bool) []*armed {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []*armed
	for _, a := range f.list {
		if holds(a) {
			list = append(list, a)
		}
	}
	return list
}
