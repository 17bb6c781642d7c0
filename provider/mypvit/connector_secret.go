package mypvit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// pushWait is how long a renewal waits for the pushed key.
	pushWait = 30 * time.Second
	// renewalTime is the most a renewal takes: its own call and the wait.
	renewalTime = 75 * time.Second
	pushPoll    = 250 * time.Millisecond
	// keyMemory is how long a call may use a key without looking it up.
	keyMemory = time.Second
	// keyCheck is how often a key of unknown life is looked at again.
	keyCheck = 5 * time.Minute
	// The back-off after a renewal that failed.
	firstBackoff = time.Minute
	maxBackoff   = time.Hour
	// candidateLife keeps a key that nobody asked for, for a person to look at.
	candidateLife = 24 * time.Hour
)

// The names in the connection's memory.
const (
	memoryKey       = "secret"
	memoryRenewing  = "secret/renewing"
	memoryPushed    = "secret/pushed"
	memoryCandidate = "secret/candidate"
	memoryBackoff   = "secret/backoff"
	memoryLease     = "secret/renew/"
)

// keptKey is a key that replaced the configured one.
type keptKey struct {
	Secret string `json:"secret"`
	// Configured is the hash of the configured key that it descends from: when
	// a person configures another, this one no longer counts.
	Configured string    `json:"configured"`
	RenewedAt  time.Time `json:"renewed_at"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
}

type backoff struct {
	Failures int       `json:"failures"`
	Until    time.Time `json:"until"`
}

// secretKeeper holds the account's key among all nodes. The key is in the
// connection's memory, so a node that did not renew it uses it all the same.
type secretKeeper struct {
	env        provider.Environment
	client     *Client
	account    string
	reception  string
	configured pay.Secret
	password   pay.Secret
	// pause waits; a test moves its clock instead.
	pause func(context.Context, time.Duration) error

	mu       sync.Mutex
	lately   pay.Secret
	lookedAt time.Time
}

func newSecretKeeper(env provider.Environment, client *Client, account, reception string) *secretKeeper {
	return &secretKeeper{
		env: env, client: client, account: account, reception: reception,
		configured: env.Credentials[fieldSecret], password: env.Credentials[fieldPassword], pause: pause,
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *secretKeeper) origin() string {
	sum := sha256.Sum256([]byte(k.configured.Reveal()))
	return hex.EncodeToString(sum[:])
}

// kept returns the renewed key, and whether there is one.
func (k *secretKeeper) kept(ctx context.Context) (keptKey, bool, error) {
	var kept keptKey
	_, err := provider.Recall(ctx, k.env.Memory, memoryKey, &kept)
	switch {
	case errors.Is(err, provider.ErrNoItem):
		return keptKey{}, false, nil
	case err != nil:
		return keptKey{}, false, fmt.Errorf("recall mypvit secret: %w", err)
	}
	return kept, kept.Configured == k.origin() && kept.Secret != "", nil
}

// current is the key in force.
func (k *secretKeeper) current(ctx context.Context) (pay.Secret, error) {
	kept, ok, err := k.kept(ctx)
	if err != nil || !ok {
		return k.configured, err
	}
	return pay.Secret(kept.Secret), nil
}

// forCall is the key to make a call with, looked up once a second: where another
// node has renewed it meanwhile, the provider refuses the old one and renew finds
// the new one.
func (k *secretKeeper) forCall(ctx context.Context) (pay.Secret, error) {
	now := k.env.Now()
	k.mu.Lock()
	key, at := k.lately, k.lookedAt
	k.mu.Unlock()
	if since := now.Sub(at); since >= 0 && since < keyMemory {
		return key, nil
	}
	key, err := k.current(ctx)
	if err == nil {
		k.note(key, now)
	}
	return key, err
}

func (k *secretKeeper) note(key pay.Secret, at time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lately, k.lookedAt = key, at
}

// renew replaces the key used, unless another node has done so already, and
// returns the key in force. One renewal runs at a time per account; the others
// wait for it.
func (k *secretKeeper) renew(ctx context.Context, used pay.Secret) (pay.Secret, error) {
	if k.password.IsZero() {
		return "", errors.New("no renewal password is configured")
	}
	deadline := k.env.Now().Add(renewalTime)
	k.note("", time.Time{}) // the calls after this one look, too
	for {
		now, err := k.current(ctx)
		if err != nil || now != used {
			return now, err
		}
		release, held, err := k.env.Memory.Lease(ctx, memoryLease+k.account, renewalTime)
		if err != nil {
			return "", fmt.Errorf("lease mypvit renewal: %w", err)
		}
		if held {
			defer release()
			// Between the look and the lease another may have finished.
			if now, err = k.current(ctx); err != nil || now != used {
				return now, err
			}
			return k.renewAlone(ctx)
		}
		if !k.env.Now().Before(deadline) {
			return "", errors.New("another renewal takes too long")
		}
		if err := k.pause(ctx, pushPoll); err != nil {
			return "", fmt.Errorf("wait for another renewal: %w", err)
		}
	}
}

// renewAlone runs under the lease. Once the call is out the old key may be dead,
// so the caller's cancellation must not lose the new one.
func (k *secretKeeper) renewAlone(ctx context.Context) (pay.Secret, error) {
	if err := k.backedOff(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewalTime)
	defer cancel()
	key, err := k.obtain(ctx)
	if err != nil {
		k.failed(ctx, err)
		return "", err
	}
	kept := keptKey{Secret: key.Secret.Reveal(), Configured: k.origin(), RenewedAt: k.env.Now()}
	if key.ExpiresIn > 0 {
		kept.ExpiresAt = kept.RenewedAt.Add(key.ExpiresIn)
	}
	if err := provider.Remember(ctx, k.env.Memory, memoryKey, "", kept, time.Time{}); err != nil {
		return "", fmt.Errorf("keep mypvit secret: %w", err)
	}
	k.note(key.Secret, k.env.Now())
	if err := k.env.Memory.Delete(ctx, memoryBackoff); err != nil {
		return "", fmt.Errorf("clear mypvit back-off: %w", err)
	}
	return key.Secret, nil
}

// obtain calls renew-secret and takes the key from the answer, or else from the
// push, which any node may receive and which can come before the answer.
func (k *secretKeeper) obtain(ctx context.Context) (ReceivedSecret, error) {
	if err := k.env.Memory.Delete(ctx, memoryPushed); err != nil {
		return ReceivedSecret{}, fmt.Errorf("forget old push: %w", err)
	}
	started := k.env.Now()
	mark := provider.Item{Value: []byte(started.UTC().Format(time.RFC3339)), ExpiresAt: started.Add(renewalTime)}
	if err := k.env.Memory.Put(ctx, memoryRenewing, mark); err != nil {
		return ReceivedSecret{}, fmt.Errorf("mark mypvit renewal: %w", err)
	}
	defer func() { _ = k.env.Memory.Delete(context.WithoutCancel(ctx), memoryRenewing) }()

	key, inline, err := k.client.Renew(ctx, k.password, k.reception)
	var doubt *UncertainError
	switch {
	case err == nil && inline:
		if key.Account != "" && key.Account != k.account {
			return ReceivedSecret{}, errors.New("the key in the answer is for another account")
		}
		return key, nil
	case err != nil && !errors.As(err, &doubt):
		return ReceivedSecret{}, err
	}
	// After an answer that got lost the key may be on its way all the same.
	pushed, waitErr := k.awaitPush(ctx)
	if waitErr != nil && err != nil {
		return ReceivedSecret{}, err
	}
	return pushed, waitErr
}

func (k *secretKeeper) awaitPush(ctx context.Context) (ReceivedSecret, error) {
	deadline := k.env.Now().Add(pushWait)
	for {
		var p pushedKey
		_, err := provider.Recall(ctx, k.env.Memory, memoryPushed, &p)
		switch {
		case err == nil:
			_ = k.env.Memory.Delete(context.WithoutCancel(ctx), memoryPushed)
			return ReceivedSecret{Secret: pay.Secret(p.Secret), ExpiresIn: p.ExpiresIn}, nil
		case !errors.Is(err, provider.ErrNoItem):
			return ReceivedSecret{}, fmt.Errorf("look for the pushed key: %w", err)
		case !k.env.Now().Before(deadline):
			return ReceivedSecret{}, errors.New("the new key was not pushed in time")
		}
		if err := k.pause(ctx, pushPoll); err != nil {
			return ReceivedSecret{}, fmt.Errorf("wait for the pushed key: %w", err)
		}
	}
}

// pushedKey is a received push on its way to the node that waits for it.
type pushedKey struct {
	Secret    string        `json:"secret"`
	ExpiresIn time.Duration `json:"expires_in"`
}

// received takes a pushed key from the hook. Only while a renewal of ours is
// open does it count, because the push is not signed.
func (k *secretKeeper) received(ctx context.Context, r ReceivedSecret) error {
	_, err := k.env.Memory.Get(ctx, memoryRenewing)
	renewing := err == nil
	if err != nil && !errors.Is(err, provider.ErrNoItem) {
		return fmt.Errorf("look for an open renewal: %w", err)
	}
	name, expires := memoryPushed, k.env.Now().Add(renewalTime)
	if !renewing || r.Account != "" && r.Account != k.account {
		name, expires = memoryCandidate, k.env.Now().Add(candidateLife)
		k.env.Alert("MyPVit pushed a secret key that this gateway did not ask for; it is not used")
	}
	p := pushedKey{Secret: r.Secret.Reveal(), ExpiresIn: r.ExpiresIn}
	if err := provider.Remember(ctx, k.env.Memory, name, "", p, expires); err != nil {
		return fmt.Errorf("keep pushed key: %w", err)
	}
	return nil
}

func (k *secretKeeper) backedOff(ctx context.Context) error {
	var b backoff
	_, err := provider.Recall(ctx, k.env.Memory, memoryBackoff, &b)
	switch {
	case errors.Is(err, provider.ErrNoItem):
		return nil
	case err != nil:
		return fmt.Errorf("recall mypvit back-off: %w", err)
	case k.env.Now().Before(b.Until):
		return errors.New("the last renewal failed; the next waits")
	}
	return nil
}

// failed makes the next renewal wait, twice as long each time, and tells a
// person. The old key stays in use until it is refused.
func (k *secretKeeper) failed(ctx context.Context, cause error) {
	ctx = context.WithoutCancel(ctx)
	var b backoff
	// Without the record the count starts anew, which only makes the wait shorter.
	_, _ = provider.Recall(ctx, k.env.Memory, memoryBackoff, &b)
	wait := min(firstBackoff<<min(b.Failures, 10), maxBackoff)
	b = backoff{Failures: b.Failures + 1, Until: k.env.Now().Add(wait)}
	if err := provider.Remember(ctx, k.env.Memory, memoryBackoff, "", b, b.Until.Add(maxBackoff)); err != nil {
		k.env.Log.ErrorContext(ctx, "keep mypvit back-off", "error", err)
	}
	k.env.Alert("MyPVit secret renewal failed: " + cause.Error())
}

// Maintain renews the key when four fifths of its life are over.
func (c *connector) Maintain(ctx context.Context) (time.Time, error) {
	k := c.secrets
	if k.password.IsZero() {
		return time.Time{}, nil
	}
	next, kept, err := k.due(ctx)
	if err != nil || k.env.Now().Before(next) {
		return next, err
	}
	if _, err := k.renew(ctx, kept); err != nil {
		return k.env.Now().Add(firstBackoff), fmt.Errorf("renew mypvit secret: %w", err)
	}
	next, _, err = k.due(ctx)
	return next, err
}

// due tells when the key is to be renewed. The life of a configured key is
// unknown: it is renewed when it is refused, and looked at now and then because
// another node may do that.
func (k *secretKeeper) due(ctx context.Context) (time.Time, pay.Secret, error) {
	kept, ok, err := k.kept(ctx)
	if err != nil || !ok || kept.ExpiresAt.IsZero() {
		return k.env.Now().Add(keyCheck), "", err
	}
	return kept.RenewedAt.Add(kept.ExpiresAt.Sub(kept.RenewedAt) / 5 * 4), pay.Secret(kept.Secret), nil
}
