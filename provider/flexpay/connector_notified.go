package flexpay

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

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

// bind keeps the orderNumber of one of our references; it reports false when
// it is not to be used.
func (c *connector) bind(ctx context.Context, callback Callback) (bound bool, err error) {
	if callback.OrderNumber == "" || !isOurs(callback.Reference) {
		return true, nil
	}
	failed := callback.Code != "" && !callback.Succeeded()
	err = c.change(ctx, callback.Reference, func(k *kept) { bound = k.hear(callback.OrderNumber, failed) })
	return bound && err == nil, err
}

// isOurs keeps other people's references from filling the memory.
func isOurs(reference string) bool {
	return len(reference) <= referenceLength && strings.HasPrefix(reference, referencePrefix)
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
		contested := false
		err = c.change(ctx, reference, func(k *kept) { contested = k.confirm(number) })
		if contested {
			c.env.Alert("a callback named another orderNumber for payment " + reference + " than FlexPay's answer; the answer counts")
		}
	}
	if err != nil {
		c.env.Log.WarnContext(ctx, "orderNumber not remembered", "reference", reference, "error", err)
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
		c.env.Alert("FlexPay gave no orderNumber for payment " + ref.Reference + " and no callback brought the right one: ask FlexPay by this reference")
	}
}
