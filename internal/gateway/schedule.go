package gateway

import (
	"math/rand/v2"
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
func (g *Gateway) schedule(t *pay.Transaction, a *pay.Attempt, n pay.News, d pay.Decision) {
	now := g.Now().UTC()
	if d.Changed {
		t.Checks = 0
	} else if n.Source == pay.FromCheck {
		t.Checks++
	}
	p := g.providers[t.Provider]
	switch {
	case t.Status.Final():
		t.NextCheckAt = time.Time{}
		if p != nil && t.Status == pay.StatusFailed {
			if d := p.Recheck[t.Failure.Reason]; d > 0 && now.Before(t.CompletedAt.Add(d)) {
				t.NextCheckAt = now.Add(delay(recheckPolls, t.Checks))
			}
		}
		return
	case waitsForCustomer(*t, a):
		t.NextCheckAt = t.ExpiresAt
		return
	case a != nil && n.Source == pay.FromSubmit && !a.HintedAt.IsZero():
		t.NextCheckAt = now // the notification overtook the answer
		return
	}
	polls, ttl := defaultPolls, defaultPendingTTL
	if p != nil && len(p.Polls) > 0 {
		polls = p.Polls
	}
	if p != nil && p.PendingTTL > 0 {
		ttl = p.PendingTTL
	}
	t.NextCheckAt = now.Add(delay(polls, t.Checks))
	if a != nil && !now.Before(a.CreatedAt.Add(ttl)) && !t.Overdue {
		t.Overdue = true
		g.Log.Warn("transaction is overdue", "transaction", t.ID, "provider", t.Provider)
	}
}

// waitsForCustomer: nothing is open at any provider; the hosted page waits.
func waitsForCustomer(t pay.Transaction, a *pay.Attempt) bool {
	return t.Status == pay.StatusRequiresAction && (a == nil && !t.Submitted || a != nil && a.Status == pay.AttemptFailed)
}

// delay picks the n-th delay, the last repeating, and spreads it by a tenth so
// that a burst of payments does not come back as a burst of checks.
func delay(list []time.Duration, n int) time.Duration {
	d := list[min(n, len(list)-1)]
	return d + time.Duration(rand.Int64N(int64(d)/10+1))
}
