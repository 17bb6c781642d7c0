package api

import (
	"math"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// limits bound the requests of each merchant on this node.
type limits struct {
	rate  rate.Limit
	burst int
	now   func() time.Time
	mu    sync.Mutex
	by    map[limited]*rate.Limiter
}

// limited is who shares a bound: test traffic never slows real payments.
type limited struct {
	merchant string
	mode     pay.Mode
}

func newLimits(perSecond float64, burst int, now func() time.Time) *limits {
	if perSecond <= 0 {
		return nil
	}
	if burst <= 0 {
		burst = int(math.Ceil(perSecond))
	}
	return &limits{rate: rate.Limit(perSecond), burst: burst, now: now, by: map[limited]*rate.Limiter{}}
}

// allow tells whether a request may pass, else after how many seconds to try
// again. Limiters live as long as the process: there is one a merchant and
// mode, and only a valid key makes one.
func (l *limits) allow(c provider.Caller) (retryAfter string, ok bool) {
	if l == nil {
		return "", true
	}
	who := limited{c.MerchantID, c.Mode}
	l.mu.Lock()
	limiter := l.by[who]
	if limiter == nil {
		limiter = rate.NewLimiter(l.rate, l.burst)
		l.by[who] = limiter
	}
	l.mu.Unlock()
	if limiter.AllowN(l.now(), 1) {
		return "", true
	}
	return strconv.Itoa(max(1, int(math.Ceil(1/float64(l.rate))))), false
}
