package sandbox

import (
	"context"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// lease is how long a claimed operation is left to its worker.
	lease = 30 * time.Second
	// answerTries bounds how often an answer that lost a race looks again.
	answerTries = 5
)

// begin sets a new operation going: it is over at once, or says when it owes
// its next step.
func (s *Sandbox) begin(o *operation) {
	now := s.now()
	plan := &o.script
	o.Status = statusOf(plan.Asks)
	card := o.Method == string(pay.CardMethod)
	switch {
	case plan.Refused, card && plan.Asks == askNothing:
		s.endNow(o)
	case plan.Asks == askOTP, plan.Asks == askChallenge:
		o.DueAt = store.Millis(now.Add(patience))
	case plan.Silent && s.instant():
		o.cut(noAnswer)
		s.answered(o)
	case plan.Silent:
		o.DueAt = store.Millis(now.Add(silence))
	case s.Delay.Manual && plan.Asks == askPIN:
		o.DueAt = 0
	case s.Delay.Manual, s.instant(), plan.AnswerLost:
		s.endNow(o)
	default:
		o.DueAt = store.Millis(now.Add(s.Delay.After))
	}
}

func statusOf(asks string) string {
	switch asks {
	case askPIN:
		return statusPrompted
	case askOTP:
		return statusOTP
	case askChallenge:
		return statusChallenge
	}
	return statusProcessing
}

// instant: customers answer within the submission.
func (s *Sandbox) instant() bool { return !s.Delay.Manual && s.Delay.After == 0 }

// endNow ends a new operation within its submission. When the answer is lost,
// the money has moved and the gateway hears of it one delay later.
func (s *Sandbox) endNow(o *operation) {
	o.advance()
	s.answered(o)
	if o.script.AnswerLost && o.script.Tells > 0 {
		o.script.Untold = true
		o.DueAt = store.Millis(s.now().Add(s.Delay.After))
	}
}

// answered says what is owed after a call's own answer told the outcome: the
// notification only where it is sent more than once.
func (s *Sandbox) answered(o *operation) {
	o.script.Untold = o.script.Tells > 1
	o.DueAt = s.next(o)
}

// next is when an operation that is over owes its next step, 0 for never.
func (s *Sandbox) next(o *operation) int64 {
	switch {
	case o.script.Untold:
		return store.Millis(s.now())
	case len(o.script.Ends) > 0:
		return store.Millis(s.now().Add(s.Delay.After))
	}
	return 0
}

// wakeFor tells whoever works due operations that this one owes work already.
func (s *Sandbox) wakeFor(o *operation) {
	if o.DueAt > 0 && o.DueAt <= store.Millis(s.now()) {
		s.onWork()
	}
}

// Claim takes up to limit operations whose time has come; nobody else gets them
// until their lease ends.
func (s *Sandbox) Claim(ctx context.Context, limit int) ([]store.Claimed, error) {
	return s.Store.ClaimSandboxOperations(ctx, s.now(), lease, limit)
}

// Work does what a claimed operation owes: the next step of its script, the
// operator's patience running out, or a notification that is still to be sent.
func (s *Sandbox) Work(ctx context.Context, c store.Claimed) error {
	o, ok, err := s.byID(ctx, c.MerchantID, c.ID)
	if err != nil || !ok || o.DueAt == 0 {
		return err
	}
	if o.script.Untold {
		return s.tell(ctx, o)
	}
	seen := o.SandboxOperation
	switch {
	case o.waiting() && (o.script.Silent || o.Status == statusOTP || o.Status == statusChallenge):
		o.cut(noAnswer)
	case len(o.script.Ends) > 0:
		o.advance()
	default:
		return nil
	}
	_, err = s.report(ctx, o, seen)
	return err
}

// report saves an operation's new state and notifies the gateway of it. It
// reports false when somebody else changed the operation first. The state is
// saved as untold, so that a crash repeats the notification and never loses it.
func (s *Sandbox) report(ctx context.Context, o operation, seen sqlgen.SandboxOperation) (bool, error) {
	o.script.Untold = o.script.Tells > 0
	o.DueAt = s.next(&o)
	if o.script.Untold {
		o.DueAt = store.Millis(s.now().Add(lease))
	}
	saved, err := s.save(ctx, &o, seen)
	if err != nil || !saved || !o.script.Untold {
		return saved, err
	}
	return true, s.tell(ctx, o)
}

// tell sends the operator's notification, as often as its script has it, and
// notes that it was sent.
func (s *Sandbox) tell(ctx context.Context, o operation) error {
	result := o.result()
	n := provider.Notification{
		Reference: o.Reference, ProviderReference: o.ID, Hint: result.Outcome, Verified: true, Result: result,
	}
	for range o.script.Tells {
		if err := s.news(ctx, o.MerchantID, o.ConnectionID, n); err != nil {
			return fmt.Errorf("notify of operation %s: %w", o.ID, err)
		}
	}
	seen := o.SandboxOperation
	o.script.Untold = false
	o.DueAt = s.next(&o)
	if _, err := s.save(ctx, &o, seen); err != nil {
		return err
	}
	s.wakeFor(&o)
	return nil
}
