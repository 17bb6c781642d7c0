package checkout

import (
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// timeLeft is how long the page's present step may take, 0 where nothing ends it.
func (h handler) timeLeft(s stage, t pay.Transaction) time.Duration {
	end := t.NextAction.ExpiresAt
	if s == stageForm {
		end = t.ExpiresAt
	}
	if end.IsZero() || t.Status.Final() {
		return 0
	}
	return max(0, end.Sub(h.Now()).Truncate(time.Second))
}

// inWords writes a time left; the script counts down in the same words, which
// both languages share.
func inWords(d time.Duration) string {
	hours, minutes, seconds := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case d <= 0:
		return ""
	case hours > 0:
		return fmt.Sprintf("%d h %02d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %02d s", minutes, seconds)
	}
	return fmt.Sprintf("%d s", seconds)
}
