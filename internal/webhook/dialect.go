package webhook

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// defaultNoticeTimeout is how long a merchant's server has to answer a notice
// that names no time itself.
const defaultNoticeTimeout = 10 * time.Second

// notice makes the message that a dialect writes about an event. What is said,
// when it is said again and what counts as taken is the dialect's own.
func notice(ctx context.Context, dialect provider.Dialect, event sqlgen.Event, t pay.Transaction) (message, error) {
	_, name, _ := strings.Cut(event.Type, ".")
	n, err := dialect.Notice(ctx, t, name)
	if err != nil {
		return message{}, fmt.Errorf("write notice of event %s: %w", event.ID, err)
	}
	if n == nil {
		return message{}, &unsendable{status: Skipped}
	}
	timeout := n.Timeout
	if timeout <= 0 {
		timeout = defaultNoticeTimeout
	}
	return message{
		probe: n.Probe, probeRequired: n.ProbeRequired, call: n.Call, timeout: timeout, delay: n.Delay,
		judge: func(a answer) provider.Ack { return dialect.Acknowledged(n, a.status, a.body) },
		retry: listedRetry(n.Retries),
	}, nil
}
