package pay

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDecideFollowsTheTransitionTable(t *testing.T) {
	type want struct {
		status Status
		event  string
		late   bool
	}
	cases := []struct {
		name string
		from Transaction
		news News
		want want
	}{
		{"a pending payment that succeeds", Transaction{Status: StatusPending}, News{Outcome: OutcomeSucceeded}, want{StatusSucceeded, "succeeded", false}},
		{"a pending payment that is refused", Transaction{Status: StatusPending}, News{Outcome: OutcomeFailed}, want{StatusFailed, "failed", false}},
		{"a page that is submitted", Transaction{Status: StatusRequiresAction}, News{Outcome: OutcomePending, NextAction: NextAction{Type: ApproveOnPhone}}, want{StatusPending, "pending", false}},
		{"a payment that needs a one-time password", Transaction{Status: StatusPending}, News{Outcome: OutcomePending, NextAction: NextAction{Type: EnterOTP}}, want{StatusRequiresAction, "requires_action", false}},
		{"a payment nobody knows about stays pending", Transaction{Status: StatusPending}, News{Outcome: OutcomeUnknown}, want{StatusPending, "", false}},
		{"doubt about a page takes nothing away", Transaction{Status: StatusRequiresAction, NextAction: NextAction{Type: Redirect}}, News{Outcome: OutcomeUnknown}, want{StatusRequiresAction, "", false}},
		{"an unused page that expires", Transaction{Status: StatusRequiresAction}, News{Outcome: OutcomeExpired}, want{StatusExpired, "expired", false}},
		{"a failed payment that proves paid is late", Transaction{Status: StatusFailed}, News{Outcome: OutcomeSucceeded}, want{StatusSucceeded, "succeeded", true}},
		{"an expired payment that proves paid is late", Transaction{Status: StatusExpired}, News{Outcome: OutcomeSucceeded}, want{StatusSucceeded, "succeeded", true}},
		{"a canceled payment that proves paid is late", Transaction{Status: StatusCanceled}, News{Outcome: OutcomeSucceeded}, want{StatusSucceeded, "succeeded", true}},
		{"a failed payment does not fail again", Transaction{Status: StatusFailed}, News{Outcome: OutcomeFailed}, want{StatusFailed, "", false}},
		{"a failed payment does not wait again", Transaction{Status: StatusFailed}, News{Outcome: OutcomePending}, want{StatusFailed, "", false}},
		{"a succeeded payment is never left", Transaction{Status: StatusSucceeded}, News{Outcome: OutcomeFailed}, want{StatusSucceeded, "", false}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := Decide(c.from, c.news)
			if got := (want{d.Status, d.Event, d.Late}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestOurClockEndsNothingThatWasSubmitted(t *testing.T) {
	d := Decide(Transaction{Status: StatusPending, Submitted: true}, News{Source: FromClock, Outcome: OutcomeExpired})
	if !d.Refused || d.Status != StatusPending || d.Changed {
		t.Errorf("got %+v, want a refusal that changes nothing", d)
	}
}

func TestASecondSuccessOnOneOrderIsTold(t *testing.T) {
	d := Decide(Transaction{Status: StatusSucceeded, PaidAttempt: 1}, News{Attempt: 2, Outcome: OutcomeSucceeded})
	if !d.Duplicate || d.Event != "duplicate" || d.Status != StatusSucceeded {
		t.Errorf("got %+v, want a duplicate", d)
	}
	again := Decide(Transaction{Status: StatusSucceeded, PaidAttempt: 1}, News{Attempt: 1, Outcome: OutcomeSucceeded})
	if again.Duplicate || again.Event != "" {
		t.Errorf("got %+v for the same attempt, want nothing", again)
	}
}

// newsGen draws any news; expiry only as our clock brings it.
func newsGen() *rapid.Generator[News] {
	return rapid.Custom(func(t *rapid.T) News {
		n := News{
			Outcome: rapid.SampledFrom(Outcomes()).Draw(t, "outcome"),
			Attempt: rapid.IntRange(0, 3).Draw(t, "attempt"),
			Source:  FromCheck,
		}
		if n.Outcome == OutcomePending {
			n.NextAction.Type = rapid.SampledFrom([]ActionType{"", ApproveOnPhone, Redirect, EnterOTP, ShowCode}).Draw(t, "action")
		}
		return n
	})
}

// play applies news in order, as the gateway does.
func play(tx Transaction, list []News) (Transaction, []string) {
	var events []string
	for _, n := range list {
		d := Decide(tx, n)
		if d.Changed {
			tx.NextAction = n.NextAction
			if d.Status == StatusSucceeded {
				tx.PaidAttempt = n.Attempt
			}
		}
		tx.Status = d.Status
		tx.Late = tx.Late || d.Late
		if d.Event != "" {
			events = append(events, d.Event)
		}
	}
	return tx, events
}

func startGen() *rapid.Generator[Transaction] {
	return rapid.Custom(func(t *rapid.T) Transaction {
		if rapid.Bool().Draw(t, "on page") {
			return Transaction{Status: StatusRequiresAction, NextAction: NextAction{Type: Redirect}}
		}
		return Transaction{Status: StatusPending, Submitted: true}
	})
}

func TestWhateverTheOrderOfNewsProofOfPaymentWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		news := rapid.SliceOfN(newsGen(), 1, 8).Draw(t, "news")
		start := startGen().Draw(t, "start")
		paid := false
		for _, n := range news {
			paid = paid || n.Outcome == OutcomeSucceeded
		}
		end, _ := play(start, rapid.Permutation(news).Draw(t, "order"))
		if paid != (end.Status == StatusSucceeded) {
			t.Fatalf("paid is %v, status is %s", paid, end.Status)
		}
	})
}

func TestASuccessIsToldOnceAndNeverTakenBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		news := rapid.SliceOfN(newsGen(), 1, 12).Draw(t, "news")
		tx := startGen().Draw(t, "start")
		told := 0
		for _, n := range news {
			before := tx.Status
			var events []string
			tx, events = play(tx, []News{n})
			for _, e := range events {
				if e == "succeeded" {
					told++
				}
			}
			if before == StatusSucceeded && tx.Status != StatusSucceeded {
				t.Fatalf("%s took a success back", n.Outcome)
			}
			if before.Final() && !tx.Status.Final() {
				t.Fatalf("%s reopened %s as %s", n.Outcome, before, tx.Status)
			}
		}
		if told > 1 || (told == 1) != (tx.Status == StatusSucceeded) {
			t.Fatalf("success told %d times, status %s", told, tx.Status)
		}
	})
}

func TestTheSameNewsTwiceChangesNothingTheSecondTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tx, _ := play(startGen().Draw(t, "start"), rapid.SliceOfN(newsGen(), 0, 5).Draw(t, "before"))
		n := newsGen().Draw(t, "news")
		once, _ := play(tx, []News{n})
		d := Decide(once, n)
		if d.Changed || d.Status != once.Status {
			t.Fatalf("again changed %s: %+v", once.Status, d)
		}
	})
}

func TestDoubtNeverFailsAPayment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tx := startGen().Draw(t, "start")
		d := Decide(tx, News{Outcome: OutcomeUnknown, Attempt: 1})
		if d.Status.Final() {
			t.Fatalf("doubt made it %s", d.Status)
		}
	})
}
