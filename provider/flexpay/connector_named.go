package flexpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// An initiation may give no orderNumber, or its answer be lost. Then callbacks
// name it, and anybody may have sent those: each number that one names is a
// candidate, until a check by it names our reference, amount and currency.

const (
	// orderKept is how long orderNumbers are remembered: until a check has bound
	// one to the attempt, which callbacks can bring about for days.
	orderKept    = 30 * 24 * time.Hour
	writeTimeout = 5 * time.Second
	orderLease   = 2 * time.Second
	leasePause   = 20 * time.Millisecond
	// maxNamed bounds the numbers that callbacks name for one reference.
	maxNamed = 8
)

func orderKey(reference string) string { return "order:" + reference }

// kept is what is remembered of a reference.
type kept struct {
	// Number is FlexPay's own: of its answer, or of a check.
	Number string `json:"number,omitempty"`
	// Named are the numbers of callbacks, empty when they agree with Number.
	Named []named `json:"named,omitempty"`
}

// named is a number that a callback has named.
type named struct {
	Number string `json:"number"`
	// Failed: a callback said "not paid" of it.
	Failed bool `json:"failed,omitempty"`
	// Wrong: its check was about another reference. It is not asked about until
	// a callback names it again.
	Wrong bool `json:"wrong,omitempty"`
}

// encode writes a number that nothing speaks against as its plain text.
func (k *kept) encode() ([]byte, error) {
	if len(k.Named) == 0 {
		return []byte(k.Number), nil
	}
	return json.Marshal(k)
}

func decodeKept(value []byte) kept {
	var k kept
	if json.Unmarshal(value, &k) != nil {
		return kept{Number: string(value)}
	}
	return k
}

func (k *kept) index(number string) int {
	return slices.IndexFunc(k.Named, func(n named) bool { return n.Number == number })
}

// likeCandidate keeps out what no orderNumber looks like; it goes into addresses.
var likeCandidate = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// hear takes in the number of a callback; it reports whether it can be that of
// the payment.
func (k *kept) hear(number string, failed bool) bool {
	if k.Number != "" && k.Number != number {
		return false
	}
	if i := k.index(number); i >= 0 {
		k.Named[i].Failed = k.Named[i].Failed || failed
		k.Named[i].Wrong = false
		return true
	}
	if k.Number != "" {
		return true
	}
	if !likeCandidate.MatchString(number) || !k.hasRoom() {
		return false
	}
	k.Named = append(k.Named, named{Number: number, Failed: failed})
	return true
}

// hasRoom makes room for one more number, in the place of one that is wrong.
func (k *kept) hasRoom() bool {
	if len(k.Named) < maxNamed {
		return true
	}
	i := slices.IndexFunc(k.Named, func(n named) bool { return n.Wrong })
	if i >= 0 {
		k.Named = slices.Delete(k.Named, i, i+1)
	}
	return i >= 0
}

// confirm settles on FlexPay's own number; it reports whether callbacks have
// named others. Those stay, as what one said of its number says nothing of this.
func (k *kept) confirm(number string) (contested bool) {
	if k.Number == number {
		return false
	}
	others := slices.ContainsFunc(k.Named, func(n named) bool { return n.Number != number })
	contested = others || k.Number != ""
	k.Number = number
	switch {
	case !others:
		k.Named = nil
	case k.index(number) < 0:
		k.Named = append(k.Named, named{Number: number})
	}
	return contested
}

// candidates are the numbers to ask about, that of the page's address last.
func (k *kept) candidates(hint string) []string {
	var list []string
	for _, n := range k.Named {
		if !n.Wrong {
			list = append(list, n.Number)
		}
	}
	if hint != "" && k.index(hint) < 0 {
		list = append(list, hint)
	}
	return list
}

// recall reads what is kept of a reference.
func (c *connector) recall(ctx context.Context, reference string) (k kept, found bool, err error) {
	item, err := c.env.Memory.Get(ctx, orderKey(reference))
	if errors.Is(err, provider.ErrNoItem) {
		return kept{}, false, nil
	}
	if err != nil {
		return kept{}, false, fmt.Errorf("recall orderNumber: %w", err)
	}
	return decodeKept(item.Value), true, nil
}

// edited is what edit makes of what is kept, nil when it changes nothing.
func (c *connector) edited(ctx context.Context, reference string, edit func(*kept)) (value []byte, found bool, err error) {
	k, found, err := c.recall(ctx, reference)
	if err != nil {
		return nil, false, err
	}
	before, err := k.encode()
	if err != nil {
		return nil, false, fmt.Errorf("encode orderNumber: %w", err)
	}
	edit(&k)
	value, err = k.encode()
	if err != nil {
		return nil, false, fmt.Errorf("encode orderNumber: %w", err)
	}
	if bytes.Equal(before, value) {
		return nil, found, nil
	}
	return value, found, nil
}

// change edits what is kept of a reference, one writer at a time; edit may run
// several times. What is new is added, since FlexPay's answer may come between.
func (c *connector) change(ctx context.Context, reference string, edit func(*kept)) error {
	if value, _, err := c.edited(ctx, reference, edit); err != nil || value == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	release, err := c.leaseOrder(ctx, reference)
	if err != nil {
		return err
	}
	defer release()
	for {
		value, found, err := c.edited(ctx, reference, edit)
		if err != nil || value == nil {
			return err
		}
		item := provider.Item{Value: value, ExpiresAt: c.env.Now().Add(orderKept)}
		if found {
			return c.env.Memory.Put(ctx, orderKey(reference), item)
		}
		if added, err := c.env.Memory.Add(ctx, orderKey(reference), item); err != nil || added {
			return err
		}
	}
}

func (c *connector) leaseOrder(ctx context.Context, reference string) (release func(), err error) {
	for {
		release, held, err := c.env.Memory.Lease(ctx, orderKey(reference), orderLease)
		if err != nil {
			return nil, fmt.Errorf("lease of orderNumber: %w", err)
		}
		if held {
			return release, nil
		}
		if err := pause(ctx, leasePause); err != nil {
			return nil, fmt.Errorf("lease of orderNumber: %w", err)
		}
	}
}

// findOut asks about each candidate. One that FlexPay does not know stays: it
// may not know it yet.
func (c *connector) findOut(ctx context.Context, ref provider.Ref, k kept) (provider.Result, error) {
	result := provider.Result{Outcome: pay.OutcomeUnknown}
	var failed error
	for _, number := range k.candidates(ref.Data[dataHint]) {
		t, err := c.client.Check(ctx, number)
		var refusal *Error
		switch {
		case err == nil && t.Reference.String() == ref.Reference:
			return c.found(ctx, ref, number, t), nil
		case err == nil:
			result = c.discard(ctx, ref, number)
		case errors.As(err, &refusal):
			result = c.unanswered(ref, refusal)
			result.Absent = false // only FlexPay's own number can be
		default:
			failed = err
		}
	}
	if failed != nil {
		return provider.Result{}, fmt.Errorf("status of %s: %w", ref.Reference, failed)
	}
	c.alertNameless(ctx, ref)
	return result, nil
}

// found reads the check of a candidate that names our reference. It is bound
// when it is of our order in all else too.
func (c *connector) found(ctx context.Context, ref provider.Ref, number string, t Transaction) provider.Result {
	amount, doubt := against(ref.Amount, t)
	if doubt == "" {
		return c.read(ctx, ref, number, t)
	}
	c.env.Alert("FlexPay's check by an orderNumber that it did not give names payment " + ref.Reference + ", but " + doubt)
	return provider.Result{
		Outcome: pay.OutcomeUnknown, Reference: ref.Reference, Amount: amount, Prompted: true,
		Failure: pay.Failure{Message: "found, but " + doubt, ProviderCode: t.Status.String()},
	}
}

// discard gives up a candidate whose check is about another reference. A wrong
// guess from the page's address alone is nobody's fault.
func (c *connector) discard(ctx context.Context, ref provider.Ref, number string) provider.Result {
	was := false
	err := c.change(ctx, ref.Reference, func(k *kept) {
		i := k.index(number)
		if was = i >= 0; was {
			k.Named[i].Wrong = true
		}
	})
	if err != nil {
		c.env.Log.WarnContext(ctx, "orderNumber not given up", "reference", ref.Reference, "error", err)
	}
	if !was {
		return provider.Result{Outcome: pay.OutcomeUnknown}
	}
	return c.mismatched(ref)
}

// saidFailed reports whether the callback that said "not paid" was about this
// very number, of which there is doubt where callbacks have named several.
func (c *connector) saidFailed(ctx context.Context, ref provider.Ref, number string) bool {
	k, _, err := c.recall(ctx, ref.Reference)
	if err != nil {
		c.env.Log.WarnContext(ctx, "callbacks not recalled", "reference", ref.Reference, "error", err)
		return false
	}
	i := k.index(number)
	return len(k.Named) == 0 || i >= 0 && k.Named[i].Failed
}
