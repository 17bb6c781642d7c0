package reconcile

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// namedLines is how many lines of a subject a case names.
const namedLines = 20

// subject is all lines about one attempt, or about one unknown reference.
type subject struct {
	key   string
	fact  *fact
	first movement // the first that moved money, else the first
	moved int64    // how many moved money
	still int64    // how many did not
	lines []string
}

func (s *subject) add(m movement) {
	if s.moved+s.still == 0 || m.moved && s.moved == 0 {
		s.first = m
	}
	if !m.moved {
		s.still++
		return
	}
	s.moved++
	if len(s.lines) < namedLines {
		s.lines = append(s.lines, strconv.FormatInt(m.line, 10))
	} else if len(s.lines) == namedLines {
		s.lines = append(s.lines, "…")
	}
}

// finding is a difference, before it is a case.
type finding struct {
	difference Difference
	action     Action
	about      string
	kind       pay.Kind
	fact       *fact // nil: unknown here
	line       *movement
	lines      string
	began, at  time.Time
}

// judge decides about a subject and counts it.
func (f *Figures) judge(s *subject) []finding {
	f.Unpaid += s.still
	if s.moved == 0 {
		if s.fact != nil && s.fact.booked() {
			f.MissingThere++
			return []finding{missingThere(s.fact, &s.first)}
		}
		return nil
	}
	var found []finding
	if s.moved > 1 {
		f.Duplicates += s.moved - 1
		found = append(found, s.finding(DuplicateLine, RaiseWithProvider))
	}
	switch {
	case s.fact == nil:
		return f.with(found, s.finding(MissingHere, s.unknownAction()))
	case !s.fact.booked():
		return f.with(found, s.unbooked())
	case s.first.amount != s.fact.posted:
		return f.with(found, s.finding(AmountDiffers, s.amountAction()))
	}
	f.Matched++
	f.addFees(s.first, s.fact)
	return found
}

func (f *Figures) with(found []finding, one finding) []finding {
	f.count(one.difference, 1)
	return append(found, one)
}

// unbooked: the statement has it that an attempt moved money, and the books
// have not.
func (s *subject) unbooked() finding {
	switch {
	case s.fact.status != pay.StatusSucceeded:
		return s.finding(StatusDiffers, CheckNow)
	case s.fact.paidAttempt != s.fact.attempt && s.fact.kind == pay.Payment:
		return s.finding(PaidTwice, RefundCustomer)
	case s.fact.paidAttempt != s.fact.attempt:
		return s.finding(PaidTwice, RaiseWithProvider)
	}
	return s.finding(MissingHere, WriteCorrection)
}

// unknownAction: money that came in unasked is booked once its customer is
// found; money that went out unasked needs an explanation.
func (s *subject) unknownAction() Action {
	if s.first.kind == pay.Payment {
		return WriteCorrection
	}
	return RaiseWithProvider
}

// amountAction: where the provider's figure is the better one for the merchant,
// the books follow it; where it is worse, or in another currency, it is asked.
func (s *subject) amountAction() Action {
	theirs, ours := s.first.amount, s.fact.posted
	better := theirs.Minor > ours.Minor
	if s.fact.kind.Debits() {
		better = theirs.Minor < ours.Minor
	}
	if theirs.Currency == ours.Currency && better {
		return WriteCorrection
	}
	return RaiseWithProvider
}

func (s *subject) finding(d Difference, a Action) finding {
	found := finding{
		difference: d, action: a, about: about(s.first, s.fact), kind: s.first.kind, fact: s.fact,
		line: &s.first, lines: strings.Join(s.lines, ", "), began: s.first.from, at: s.first.from,
	}
	if s.fact != nil {
		found.kind = s.fact.kind
	}
	return found
}

// missingThere is about what the books have, with the line that denies it, if any.
func missingThere(f *fact, line *movement) finding {
	found := finding{
		difference: MissingThere, action: RaiseWithProvider, about: about(movement{}, f), kind: f.kind, fact: f,
		line: line, began: store.Time(f.submitted), at: store.Time(f.settled),
	}
	if line != nil {
		found.lines = strconv.FormatInt(line.line, 10)
	}
	return found
}

func (f *Figures) addFees(m movement, known *fact) {
	if m.fees < 0 {
		return
	}
	cur := m.amount.Currency
	i := slices.IndexFunc(f.Fees, func(s FeeSum) bool { return s.Currency == cur })
	if i < 0 {
		f.Fees = append(f.Fees, FeeSum{Currency: cur})
		i = len(f.Fees) - 1
	}
	f.Fees[i].Statement += m.fees
	f.Fees[i].Ledger += known.fees
}

// amounts of a finding, as its case has them: a line that denies the payment
// moved nothing.
func (f finding) amounts() (statement, ledger money.Amount) {
	if f.line != nil && f.line.moved {
		statement = f.line.amount
	}
	if f.fact != nil {
		ledger = f.fact.posted
	}
	return statement, ledger
}
