package simtest

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// Fault is what happens to one exchange.
type Fault string

// The faults of an exchange between the gateway and an operator. Those that
// begin with "after" come when the operator has done its work.
const (
	noFault       Fault = ""
	lostRequest   Fault = "request lost"
	lostAnswer    Fault = "answer lost"
	hungRequest   Fault = "request never arrives"
	hungAnswer    Fault = "answer never comes"
	lateRequest   Fault = "request delayed"
	lateAnswer    Fault = "answer delayed"
	twiceFirst    Fault = "request arrives twice, first answer"
	twiceSecond   Fault = "request arrives twice, second answer"
	cutAnswer     Fault = "answer cut short"
	halfAnswer    Fault = "answer truncated"
	htmlInstead   Fault = "HTML instead, nothing done"
	afterHTML     Fault = "HTML after the work"
	afterNull     Fault = "null after the work"
	afterEmpty    Fault = "empty body after the work"
	afterError    Fault = "5xx after the work"
	errorInstead  Fault = "5xx, nothing done"
	killBefore    Fault = "restart before the work"
	killAfter     Fault = "restart after the work"
	killAnswered  Fault = "restart with the answer in hand"
	killSoonAfter Fault = "restart soon after the answer"
)

// The faults of notifications, of the merchant's server and of its requests.
const (
	noticeNever   Fault = "notification never"
	noticeLate    Fault = "notification late"
	noticeThrice  Fault = "notification thrice"
	noticeSwapped Fault = "notifications out of order"
	noticeForged  Fault = "notification forged"
	noticeEarly   Fault = "notification before the answer"
	hookFails     Fault = "merchant's server answers 5xx"
	hookDrops     Fault = "merchant's acknowledgement lost"
	hookHangs     Fault = "merchant's server hangs"
	killAtHook    Fault = "restart while an event is delivered"
	shopLost      Fault = "merchant's request lost"
	shopDeaf      Fault = "merchant misses the answer"
	shopTwin      Fault = "merchant asks twice at once"
	killAtShop    Fault = "restart while the merchant waits"
	unreachable   Fault = "operator unreachable"
	refuses       Fault = "operator refuses service"
	killAtRandom  Fault = "restart at any moment"
)

var submitFaults = []Fault{
	lostRequest, lostAnswer, lostAnswer, hungRequest, hungAnswer, lateRequest, lateAnswer, twiceFirst, twiceSecond, twiceSecond,
	cutAnswer, halfAnswer, htmlInstead, afterHTML, afterNull, afterEmpty, afterError, afterError, errorInstead,
	killBefore, killAfter, killAnswered, killSoonAfter,
}

var askFaults = []Fault{
	lostRequest, lostAnswer, hungAnswer, lateRequest, lateAnswer, twiceFirst, twiceSecond, cutAnswer, halfAnswer,
	htmlInstead, afterHTML, afterNull, afterEmpty, afterError, errorInstead, killBefore, killAnswered,
}

// faults draws and counts them. It ends when the calm is declared.
type faults struct {
	dice

	mu    sync.Mutex
	calm  bool
	seen  map[string]int
	Count map[Fault]int
}

func newFaults(d dice) *faults {
	return &faults{dice: d, seen: map[string]int{}, Count: map[Fault]int{}}
}

// draw decides the fault of the next exchange of a kind about a transaction.
func (f *faults) draw(percent int, list []Fault, who, step string) (Fault, *rand.Rand) {
	f.mu.Lock()
	f.seen[who+" "+step]++
	roll := f.roll("exchange", who, step, f.seen[who+" "+step])
	calm := f.calm
	f.mu.Unlock()
	if calm || roll.IntN(100) >= percent {
		return noFault, roll
	}
	return list[roll.IntN(len(list))], roll
}

// happened counts a fault that took place.
func (f *faults) happened(what Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Count[what]++
}

func (f *faults) isCalm() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calm
}

func (f *faults) declareCalm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calm = true
}

func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64(to-from)))
}

// restarts tells whether the fault ends the gateway, which counts it itself: a
// gateway that is away can't be ended.
func (f Fault) restarts() bool { return strings.HasPrefix(string(f), "restart") }
