package gateway

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// defaultPolls are the delays between status checks of a transaction nobody
// has news of; the last repeats.
var defaultPolls = []time.Duration{
	10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
	15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
}

// recheckPolls are the delays of checks after a failure that providers are known to take back.
var recheckPolls = []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour}

// defaultPendingTTL makes a pending transaction overdue where its provider names no time.
const defaultPendingTTL = 30 * time.Minute

// schedule sets when the transaction owes work next.
func (g *Gateway) schedule(t *pay.Transaction, attempts []pay.Attempt, n pay.News, d pay.Decision, overtaken bool) {
	now := g.now()
	if d.Changed {
		t.Checks = 0
	} else if n.Source == pay.FromCheck {
		t.Checks++
	}
	polls, ttl := g.patience(t.Provider)
	switch {
	case overtaken:
		t.NextCheckAt = now
	case slices.ContainsFunc(attempts, owesCheck):
		// Also after a success: another attempt may still take money.
		t.NextCheckAt = planned(t.NextCheckAt, now, polls, t.Checks)
	case t.Status == pay.StatusRequiresAction:
		t.NextCheckAt = t.ExpiresAt
	case t.Status.Final():
		t.NextCheckAt = g.recheckAt(*t, now)
	default:
		t.NextCheckAt = planned(t.NextCheckAt, now, polls, t.Checks)
	}
	if t.Status.Final() || len(attempts) == 0 || t.Overdue {
		return
	}
	if last := attempts[len(attempts)-1]; owesCheck(last) && !now.Before(last.CreatedAt.Add(ttl)) {
		t.Overdue = true
		g.Log.Warn("transaction is overdue", "transaction", t.ID, "provider", t.Provider)
	}
}

// patience is how often a provider is asked, and how long it may take.
func (g *Gateway) patience(name string) (polls []time.Duration, ttl time.Duration) {
	polls, ttl = defaultPolls, defaultPendingTTL
	p := g.providers[name]
	if p != nil && len(p.Polls) > 0 {
		polls = p.Polls
	}
	if p != nil && p.PendingTTL > 0 {
		ttl = p.PendingTTL
	}
	return polls, ttl
}

// recheckAt is when to ask again after a failure that the provider is known to
// take back; zero never.
func (g *Gateway) recheckAt(t pay.Transaction, now time.Time) time.Time {
	p := g.providers[t.Provider]
	if p == nil || t.Status != pay.StatusFailed {
		return time.Time{}
	}
	if window := p.Recheck[t.Failure.Reason]; window == 0 || !now.Before(t.CompletedAt.Add(window)) {
		return time.Time{}
	}
	return now.Add(delay(recheckPolls, t.Checks))
}

// owesCheck: the provider may still be at work on the attempt, or a
// notification contradicts what is known of it.
func owesCheck(a pay.Attempt) bool {
	return a.Status != pay.AttemptFailed && a.Status != pay.AttemptSucceeded || unheard(a)
}

// planned is when the n-th check is made. One that is due within a tenth of that
// stays where it is, as the end of a submission's lease does: PostgreSQL then
// writes the row in place, and none of its indexes.
func planned(set, now time.Time, polls []time.Duration, n int) time.Time {
	pause := polls[min(n, len(polls)-1)]
	if off := set.Sub(now) - pause; off.Abs() <= pause/10 {
		return set
	}
	return now.Add(delay(polls, n))
}

// delay picks the n-th delay, the last repeating, and spreads it by a tenth so
// that a burst of payments does not come back as a burst of checks.
func delay(list []time.Duration, n int) time.Duration {
	return spread(list[min(n, len(list)-1)])
}

func spread(d time.Duration) time.Duration {
	return d + time.Duration(rand.Int64N(int64(d)/10+1)) //nolint:gosec // it spreads checks, and hides nothing
}
