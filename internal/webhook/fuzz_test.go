package webhook

import (
	"testing"
	"time"
)

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "120", "-1", "99999999999999999999", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT", "Wednesday, 21-Oct-26 07:28:00 GMT", " 7 ", "\x00"} {
		f.Add(429, seed)
		f.Add(503, seed)
	}
	now := time.Date(2026, 10, 21, 7, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, status int, text string) {
		pause := retryAfter(answer{status: status, retryAfter: text}, now)
		if pause < 0 || pause > maxRetryAfter || pause > 0 && status != 429 && status != 503 {
			t.Errorf("HTTP %d with Retry-After %q puts us off by %v", status, text, pause)
		}
	})
}
