package fieldtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// problem is one broken promise.
type problem struct {
	intent *wish // nil where it is about no single one
	text   string
}

func (p problem) String() string {
	if p.intent == nil {
		return p.text
	}
	return p.intent.String() + ": " + p.text
}

// verdict is what the comparison of the three books found.
type verdict struct {
	ours     map[string]*our
	theirs   map[matter][]their
	unheard  int // rightly open, as no question can reach the provider
	problems []problem
}

func (v *verdict) add(w *wish, format string, args ...any) {
	v.problems = append(v.problems, problem{w, fmt.Sprintf(format, args...)})
}

// census counts our transactions by status.
func (v *verdict) census() string {
	count := map[string]int{}
	for _, o := range v.ours {
		count[o.status]++
	}
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d %s", count[status], status))
	}
	if v.unheard > 0 {
		parts = append(parts, fmt.Sprintf("of which %d left to a person", v.unheard))
	}
	return strings.Join(parts, ", ")
}

// compare holds what the shop was told, what the gateway knows and what the
// operators did against each other.
func (f *Field) compare(t testing.TB) *verdict {
	t.Helper()
	// The operators' books are read first: they are ahead of the gateway's.
	v := &verdict{theirs: f.theirs(t), ours: f.ours(t)}
	f.Shop.mu.Lock()
	defer f.Shop.mu.Unlock()
	v.problems = append(v.problems, f.Shop.troubles...)
	for _, w := range f.Shop.wishes {
		o, moved := v.ours[w.reference], v.theirs[w.matter()]
		v.answers(w, o, moved)
		v.truth(w, o, moved)
		v.told(w, o)
	}
	for m, list := range v.theirs {
		if !f.Shop.matters[m] {
			v.add(nil, "the operators moved what nobody asked for: %v %v", m, list)
		}
	}
	for reference := range v.ours {
		if f.Shop.known[reference] == nil {
			v.add(nil, "the gateway has a transaction that nobody asked for: %s", reference)
		}
	}
	return v
}

// answers: no 2xx is missing, and a refusal is one.
func (v *verdict) answers(w *wish, o *our, moved []their) {
	switch {
	case w.id == "" && w.refused == "":
		v.add(w, "it was never answered")
	case w.id != "" && w.refused != "":
		v.add(w, "one key was answered with an object and with a refusal: %s", w.refused)
	case w.refused != "" && o != nil:
		v.add(w, "it was refused and is there: %s", w.refused)
	case w.refused != "" && len(moved) > 0:
		v.add(w, "it was refused and reached an operator: %s", w.refused)
	case w.id != "" && o == nil:
		v.add(w, "it was answered 2xx and is missing")
	case w.id != "" && o.id != w.id:
		v.add(w, "it was answered 2xx as %s and is now %s", w.id, o.id)
	}
	if o != nil && (o.kind != w.kind || o.amount != w.amount) {
		v.add(w, "it is recorded as a %s of %d", o.kind, o.amount)
	}
}

// truth: the money moved at most once, and our state says what the operators
// did. What never reached them stays open, asked about, or fails where the
// provider's own documents let absence count.
func (v *verdict) truth(w *wish, o *our, moved []their) {
	var done, waiting, ended int
	for _, m := range moved {
		switch {
		case m.status == "succeeded":
			done++
		case !final[m.status], !final[m.order]:
			waiting++ // a refused payer may try again while the provider's page is open
		default:
			ended++
		}
	}
	if done > 1 {
		v.add(w, "the money moved %d times", done)
	}
	switch {
	case o == nil:
		if len(moved) > 0 {
			v.add(w, "an operator has it and the gateway does not")
		}
	case o.status == "succeeded":
		if done == 0 {
			v.add(w, "it is succeeded and no money moved: %v", moved)
		}
	case final[o.status]:
		if done > 0 || slices.ContainsFunc(moved, func(m their) bool { return !final[m.status] }) {
			v.add(w, "it is %s and at the operator %v", o.status, moved)
		}
	case w.account.mute && w.kind != payment && o.theirs == "" && o.nextCheck > 0:
		v.unheard++
	case done > 0 || ended > 0 && waiting == 0:
		v.add(w, "it is %s and at the operator %v", o.status, moved)
	case o.nextCheck == 0:
		v.add(w, "it is %s and nobody is going to ask", o.status)
	}
}

// told: every event that ends it arrived at least once, in order, and nothing
// that was told is denied.
func (v *verdict) told(w *wish, o *our) {
	if !slices.IsSortedFunc(w.notices, func(a, b notice) int { return cmp.Compare(a.sequence, b.sequence) }) {
		v.add(w, "its events came out of order: %v", w.notices)
	}
	if o == nil {
		if len(w.statuses) > 0 {
			v.add(w, "it is missing, and was told as %v", w.statuses)
		}
		return
	}
	for _, e := range o.told {
		if !slices.Contains(w.notices, e) {
			v.add(w, "its event %v never arrived", e)
		}
	}
	if final[o.status] && !slices.ContainsFunc(w.notices, func(n notice) bool { return n.kind == w.kind+"."+o.status }) {
		v.add(w, "it is %s and the merchant only got %v", o.status, w.notices)
	}
	for _, said := range w.statuses {
		if final[said] && !final[o.status] || said == "succeeded" && o.status != said {
			v.add(w, "it was told as %s and is %s", said, o.status)
		}
	}
}
