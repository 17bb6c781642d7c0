package pay

// Outcome is what somebody says has happened.
type Outcome string

// The outcomes.
const (
	OutcomeSucceeded Outcome = "succeeded"
	OutcomeFailed    Outcome = "failed"
	// OutcomePending: the provider has it; News.NextAction says what it waits for.
	OutcomePending Outcome = "pending"
	// OutcomeUnknown: sent, and nobody can prove anything. Never a failure.
	OutcomeUnknown Outcome = "unknown"
	// OutcomeCanceled: a person gave it up and, if it was submitted, the provider confirmed.
	OutcomeCanceled Outcome = "canceled"
	// OutcomeExpired: our clock ran out on something nobody used.
	OutcomeExpired Outcome = "expired"
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{
		OutcomeSucceeded, OutcomeFailed, OutcomePending,
		OutcomeUnknown, OutcomeCanceled, OutcomeExpired,
	}
}

// Source says who brings news.
type Source string

// The sources.
const (
	FromSubmit       Source = "submit"
	FromCheck        Source = "check"
	FromNotification Source = "notification"
	FromPerson       Source = "person"
	FromClock        Source = "clock"
)

// News is one thing learnt about a transaction.
type News struct {
	Source  Source
	Attempt int // which attempt it is about; 0 none
	Outcome Outcome
	Failure Failure
	// NextAction accompanies OutcomePending.
	NextAction NextAction
}

// Decision is what news changes.
type Decision struct {
	Status Status
	// Changed: the status, its failure or its next action differ from before.
	Changed bool
	// Late: succeeded after having been final otherwise.
	Late bool
	// Duplicate: another attempt of the same transaction had succeeded already.
	Duplicate bool
	// Contradiction: a provider denies a success that it had proved.
	Contradiction bool
	// Refused: the news would break a promise (our clock against a submitted
	// transaction) and changes nothing.
	Refused bool
	// Event to tell, "" for none: "succeeded", "failed", ... after the kind.
	Event string
}

// Decide says what news changes about a transaction. It is total, idempotent and
// monotonic: succeeded is never left, and only proof of success leaves another
// final status.
func Decide(t Transaction, n News) Decision {
	stay := Decision{Status: t.Status}
	switch {
	case t.Status == StatusSucceeded:
		stay.Duplicate = n.Outcome == OutcomeSucceeded && n.Attempt != 0 && t.PaidAttempt != 0 && n.Attempt != t.PaidAttempt
		stay.Contradiction = n.Outcome == OutcomeFailed && n.Attempt != 0 && n.Attempt == t.PaidAttempt
		if stay.Duplicate {
			stay.Event = "duplicate"
		}
		return stay
	case n.Outcome == OutcomeSucceeded:
		return Decision{
			Status: StatusSucceeded, Changed: true,
			Late: t.Status.Final(), Event: string(StatusSucceeded),
		}
	case t.Status.Final():
		return stay
	}
	return decideOpen(t, n)
}

// decideOpen handles a transaction that waits, and news other than success.
func decideOpen(t Transaction, n News) Decision {
	to := t.Status
	switch n.Outcome {
	case OutcomeFailed:
		to = StatusFailed
	case OutcomeCanceled:
		to = StatusCanceled
	case OutcomeExpired:
		if t.Submitted {
			return Decision{Status: t.Status, Refused: true}
		}
		to = StatusExpired
	case OutcomePending:
		to = StatusPending
		if n.NextAction.RequiresAction() {
			to = StatusRequiresAction
		}
	case OutcomeUnknown:
		// A page that waits for its customer still waits: doubt takes nothing away.
		if t.Status != StatusRequiresAction || t.NextAction.Type == "" {
			to = StatusPending
		}
	}
	d := Decision{Status: to, Changed: to != t.Status}
	if n.Outcome == OutcomePending && n.NextAction != (NextAction{}) && n.NextAction != t.NextAction {
		d.Changed = true
	}
	if to != t.Status {
		d.Event = string(to)
	}
	return d
}
