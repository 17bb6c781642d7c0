package flexpay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// maxBody is the most that we read of any request.
const maxBody = 1 << 20

// ReadNotification reads a callback. It is never believed; what it is good for,
// beside the hint, is the orderNumber, which an initiation may have left out.
func (c *connector) ReadNotification(r *http.Request) (provider.Notification, error) {
	nothing := provider.Notification{Answer: provider.Answer{
		Status: http.StatusOK, ContentType: mediaJSON, Body: []byte(`{"received":true}`),
	}}
	if r.Method != http.MethodPost {
		return nothing, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return provider.Notification{}, pay.Invalid("body", "the callback can't be read")
	}
	callback, err := ParseCallback(r.Header.Get("Content-Type"), body)
	if err != nil {
		return provider.Notification{}, pay.Invalid("body", "the callback can't be read")
	}
	bound, err := c.bind(r.Context(), callback)
	if err != nil {
		return provider.Notification{}, fmt.Errorf("callback: %w", err)
	}
	if !bound {
		c.env.Alert("a callback names another orderNumber for payment " + callback.Reference + "; it is not used")
		return nothing, nil
	}
	n := nothing
	n.Reference, n.ProviderReference = callback.Reference, callback.OrderNumber
	switch {
	case callback.Succeeded():
		n.Hint = pay.OutcomeSucceeded
	case callback.Code != "":
		n.Hint = pay.OutcomeFailed
	}
	return n, nil
}

// orderKept is how long an orderNumber is remembered: until a check has bound
// it to the attempt, which callbacks can bring about for days.
const (
	orderKept    = 30 * 24 * time.Hour
	writeTimeout = 5 * time.Second
)

func orderKey(reference string) string { return "order:" + reference }

// bind keeps the orderNumber of one of our references, if none is kept yet; it
// reports false when another one is.
func (c *connector) bind(ctx context.Context, callback Callback) (bool, error) {
	if callback.OrderNumber == "" || !isOurs(callback.Reference) {
		return true, nil
	}
	item := provider.Item{Value: []byte(callback.OrderNumber), ExpiresAt: c.env.Now().Add(orderKept)}
	added, err := c.env.Memory.Add(ctx, orderKey(callback.Reference), item)
	if err != nil || added {
		return added, err
	}
	kept, err := c.recallOrderNumber(ctx, callback.Reference)
	return kept == callback.OrderNumber, err
}

// isOurs keeps other people's references from filling the memory.
func isOurs(reference string) bool {
	return len(reference) <= referenceLength && strings.HasPrefix(reference, referencePrefix)
}

func (c *connector) recallOrderNumber(ctx context.Context, reference string) (string, error) {
	item, err := c.env.Memory.Get(ctx, orderKey(reference))
	if errors.Is(err, provider.ErrNoItem) {
		return "", nil
	}
	return string(item.Value), err
}

// learnOrderNumber keeps what FlexPay itself answered, over whatever a callback
// said before. Failing to do so costs only the comparison with callbacks.
func (c *connector) learnOrderNumber(ctx context.Context, reference, number string) {
	if number == "" {
		return
	}
	// Also when the caller has stopped waiting.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	item := provider.Item{Value: []byte(number), ExpiresAt: c.env.Now().Add(orderKept)}
	added, err := c.env.Memory.Add(ctx, orderKey(reference), item)
	if err == nil && !added {
		var kept string
		if kept, err = c.recallOrderNumber(ctx, reference); err == nil && kept != number {
			c.env.Alert("a callback named another orderNumber for payment " + reference + " than FlexPay's answer; the answer counts")
			err = c.env.Memory.Put(ctx, orderKey(reference), item)
		}
	}
	if err != nil {
		c.env.Log.WarnContext(ctx, "orderNumber not remembered", "reference", reference, "error", err)
	}
}

func (c *connector) forgetOrderNumber(ctx context.Context, reference string) {
	if err := c.env.Memory.Delete(ctx, orderKey(reference)); err != nil {
		c.env.Log.WarnContext(ctx, "orderNumber not forgotten", "reference", reference, "error", err)
	}
}

// source says where an orderNumber is from.
type source int

const (
	fromNowhere source = iota
	fromAnswer         // FlexPay's answer, or an earlier check
	fromMemory         // a callback, in general
	fromHint           // the address of the card page
)

// orderNumber finds the number to check by.
func (c *connector) orderNumber(ctx context.Context, ref provider.Ref) (string, source, error) {
	if ref.ProviderReference != "" {
		return ref.ProviderReference, fromAnswer, nil
	}
	kept, err := c.recallOrderNumber(ctx, ref.Reference)
	if err != nil {
		return "", fromNowhere, fmt.Errorf("recall orderNumber: %w", err)
	}
	switch number := cmp.Or(kept, ref.Data[dataHint]); {
	case number == "":
		return "", fromNowhere, nil
	case kept != "":
		return number, fromMemory, nil
	default:
		return number, fromHint, nil
	}
}

// alertNameless tells a person, once, of a transaction that nobody can ask
// about when its payer's time is over.
func (c *connector) alertNameless(ctx context.Context, ref provider.Ref) {
	now := c.env.Now()
	if now.Sub(ref.SubmittedAt) < ttlOf(ref.Method) {
		return
	}
	first, err := c.env.Memory.Add(ctx, "nameless:"+ref.Reference, provider.Item{Value: []byte("1"), ExpiresAt: now.Add(orderKept)})
	if err != nil {
		c.env.Log.WarnContext(ctx, "alert not remembered", "reference", ref.Reference, "error", err)
	}
	if first {
		c.env.Alert("FlexPay gave no orderNumber for payment " + ref.Reference + " and no callback came: ask FlexPay by this reference")
	}
}
