package webhook

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// nativeRetries are the pauses after each try of a native webhook that failed.
// The first try follows at once; the last comes more than 72 hours later, even
// when every pause is spread to its shortest.
var nativeRetries = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 24 * time.Hour, 24 * time.Hour,
}

// maxRetryAfter bounds how long an endpoint may put us off at once.
const maxRetryAfter = 24 * time.Hour

// nativeRetry is the pause after the n-th try. An endpoint that says when to
// come back is not called before, but can't use up its tries by haste.
func nativeRetry(n int64, a answer, now time.Time) (time.Duration, bool) {
	if n > int64(len(nativeRetries)) {
		return 0, false
	}
	return max(spread(nativeRetries[n-1]), retryAfter(a, now)), true
}

// spread moves a pause by up to a tenth either way, so that what failed at once
// does not come back at once.
func spread(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1) //nolint:gosec // spreads load; nothing is to be kept from guessing
}

// retryAfter reads the header of that name, seconds or a date, on the two
// statuses that ask to come back later (RFC 9110 §10.2.3, RFC 6585 §4).
func retryAfter(a answer, now time.Time) time.Duration {
	if a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable {
		return 0
	}
	var pause time.Duration
	text := strings.TrimSpace(a.retryAfter)
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		pause = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		pause = at.Sub(now)
	}
	return min(max(pause, 0), maxRetryAfter)
}

// listedRetry follows a dialect's own list of pauses.
func listedRetry(list []time.Duration) func(int64, answer) (time.Duration, bool) {
	return func(n int64, _ answer) (time.Duration, bool) {
		if n > int64(len(list)) {
			return 0, false
		}
		return list[n-1], true
	}
}
