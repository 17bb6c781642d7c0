package webhook

import (
	"context"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Faults spoil the notifications of test transactions, for merchants that want
// to see what becomes of theirs.
type Faults interface {
	// Tell is the transaction as a dialect is to tell of it.
	Tell(pay.Transaction) pay.Transaction
	// Notices are the calls made in a notification's place, in order, of which
	// the last is the one that counts; with wait, it is asked again then. Sent is
	// called after them.
	Notices(t pay.Transaction, call provider.Call) (calls []provider.Call, wait time.Duration, sent func())
}

// told is what a dialect is to tell of.
func (s *Sender) told(t pay.Transaction) pay.Transaction {
	if s.Faults == nil || t.Mode != pay.Test {
		return t
	}
	return s.Faults.Tell(t)
}

// tryFaulty is try with what faults make of the call.
func (j *job) tryFaulty(ctx context.Context, m message) error {
	if j.Faults == nil || m.about.Mode != pay.Test {
		return j.try(ctx, m)
	}
	calls, wait, sent := j.Faults.Notices(m.about, m.call)
	defer sent()
	switch {
	case wait > 0:
		return j.again(ctx, j.now().Add(wait))
	case len(calls) == 0:
		return j.end(ctx, Skipped, "kept back by a sandbox fault")
	}
	for _, extra := range calls[:len(calls)-1] {
		j.send(ctx, extra, m.timeout)
	}
	m.call = calls[len(calls)-1]
	return j.try(ctx, m)
}

// Hazards are the faults of the native API's answers and webhooks. A forged one
// has a signature that no key has made.
func Hazards() []provider.Hazard {
	return provider.SharedHazards(func(c provider.Call) provider.Call {
		c = c.WithBody(c.Body)
		for name := range c.Header {
			if strings.EqualFold(name, standardwebhooks.HeaderWebhookSignature) {
				c.Header[name] = []string{"v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
			}
		}
		return c
	})
}
