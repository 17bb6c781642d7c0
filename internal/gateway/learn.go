package gateway

import (
	"maps"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// unheard: a notification spoke of the attempt since the last definite answer about it.
func unheard(a pay.Attempt) bool { return a.HintedAt.After(a.UpdatedAt) }

// contradicted: a notification says that the attempt was paid, and nobody has
// looked into that yet.
func contradicted(a pay.Attempt) bool { return unheard(a) && a.HintPaid }

// isOvertaken: a notification arrived while the answer was on its way, so that
// the answer may be older than the hint. A submission's answer is overtaken by
// any hint; another by one that came since the transaction was read, at the
// version asked, to put the question.
func isOvertaken(t pay.Transaction, asked int64, a pay.Attempt, n pay.News) bool {
	if !unheard(a) || n.Outcome == pay.OutcomeSucceeded || n.Source == pay.FromNotification {
		return false
	}
	return n.Source == pay.FromSubmit || t.Version != asked
}

// learn merges a provider's answer into its attempt.
func learn(a *pay.Attempt, n pay.News, res *provider.Result, now time.Time, overtaken bool) {
	if res.ProviderReference != "" {
		a.ProviderReference = res.ProviderReference
	}
	if len(res.Data) > 0 {
		merged := map[string]string{} // the old one may be shared with who asked
		maps.Copy(merged, a.Data)
		maps.Copy(merged, res.Data)
		a.Data = merged
	}
	a.Prompted = a.Prompted || res.Prompted
	a.LeaseUntil = time.Time{}
	if !overtaken && (n.Outcome != pay.OutcomeUnknown || res.Absent) {
		a.UpdatedAt = now
	}
	switch {
	case res.Absent:
		if a.Absent == 0 {
			a.AbsentSince = now
		}
		a.Absent++
	case n.Outcome != pay.OutcomeUnknown:
		a.Absent, a.AbsentSince = 0, time.Time{}
	}
	a.Status = attemptStatus(a.Status, n)
	if a.Status == pay.AttemptFailed && n.Outcome != pay.OutcomeUnknown {
		a.Failure = n.Failure
	}
}

// attemptStatus follows the same promise as the transaction's: success stays,
// doubt takes nothing away.
func attemptStatus(was pay.AttemptStatus, n pay.News) pay.AttemptStatus {
	o := n.Outcome
	switch {
	case was == pay.AttemptSucceeded, o == pay.OutcomeSucceeded:
		return pay.AttemptSucceeded
	case o == pay.OutcomeFailed || o == pay.OutcomeCanceled:
		return pay.AttemptFailed
	case staysFailed(was, n):
		return was
	case o == pay.OutcomePending:
		return pay.AttemptPending
	case was == pay.AttemptSubmitting:
		return pay.AttemptUnknown
	}
	return was
}

// staysFailed: after a failure, "pending" is old news that comes late, unless it
// answers a question asked since: then the provider is at work on the attempt
// after all, and nobody may try again.
func staysFailed(was pay.AttemptStatus, n pay.News) bool {
	return was == pay.AttemptFailed && (n.Outcome != pay.OutcomePending || n.Source != pay.FromCheck)
}

// learnAbout copies what the answer tells about the transaction itself, while
// the attempt is the one that counts.
func learnAbout(t *pay.Transaction, a *pay.Attempt, res *provider.Result) {
	if t.PaidAttempt != 0 && t.PaidAttempt != a.Number || t.PaidAttempt == 0 && t.Attempts != a.Number {
		return
	}
	if a.ProviderReference != "" {
		t.ProviderReference = a.ProviderReference
	}
	if res.PaidVia != "" && t.Kind == pay.Payment {
		t.PaidVia = res.PaidVia
	}
	if res.Operator != "" && t.Method.Operator == "" {
		t.Method.Operator = res.Operator
	}
	if res.Phone != "" && t.Method.Phone == "" && !t.Erased {
		t.Method.Phone = res.Phone
	}
	if res.NoticeCopies != nil && t.Mode == pay.Test {
		t.NoticeCopies = *res.NoticeCopies
	}
	if res.Fees.Currency == t.Amount.Currency && res.Fees.Minor > 0 && !t.Status.Final() && !t.Kind.Debits() {
		t.Fees = money.New(res.Fees.Minor, t.Amount.Currency)
	}
}
