package simtest

import (
	"io"
	"net/http"
	"time"
)

// insists is how often, and after which pause, an operator repeats a
// notification that the gateway did not take: long enough to meet it awake.
const (
	insists     = 10_000
	insistPause = 40 * time.Second
)

var noticeFaults = []Fault{noticeNever, noticeLate, noticeThrice, noticeSwapped}

// tell notifies the gateway that an order has ended, in the way the seed has it.
func (x *rail) tell(o *order) {
	final := x.proto.notice(o)
	if final == nil {
		return
	}
	f, roll := x.world.faults.draw(60, noticeFaults, o.name, x.name+" notice")
	if f == noticeNever && x.needsNotice(o) {
		f = noticeLate
	}
	if f != noFault {
		x.world.faults.happened(f)
		o.note("%s %s", x.name, f)
	}
	switch f {
	case noticeNever:
		return
	case noticeLate:
		time.Sleep(between(roll, time.Minute, 20*time.Minute))
	case noticeThrice:
		for range 2 {
			x.send(o, final)
			time.Sleep(between(roll, 0, 10*time.Second))
		}
	case noticeSwapped:
		x.send(o, final)
		time.Sleep(between(roll, 0, 5*time.Second))
		x.stale(o)
		return
	}
	x.send(o, final)
}

// needsNotice tells whether the gateway has no other way to learn the end: what
// it may ask by came in an answer that it may have missed.
func (x *rail) needsNotice(o *order) bool {
	return x.provider == "flexpay" && (o.ending != approves || !o.known)
}

// send delivers a notification, trying again as operators do.
func (x *rail) send(o *order, r *http.Request) {
	for range insists {
		if x.world.post(r) {
			o.note("%s: the gateway took the notification", x.name)
			return
		}
		time.Sleep(insistPause)
	}
}

// early may send a forged notification while the customer is still thinking.
func (x *rail) early(o *order) {
	if !x.world.chance(15, "forged", o.name, x.name) || x.world.faults.isCalm() {
		return
	}
	after := x.world.within(0, 20*time.Second, "forged after", o.name, x.name)
	x.world.party.Go(func() {
		time.Sleep(after)
		forger, ok := x.proto.(interface{ forge(*order) *http.Request })
		if st, _ := o.now(); !ok || st != waiting {
			return
		}
		x.world.faults.happened(noticeForged)
		o.note("%s: a stranger claims success", x.name)
		x.world.post(forger.forge(o))
	})
}

// stale sends what was true before.
func (x *rail) stale(o *order) {
	if p, ok := x.proto.(interface{ stale(*order) *http.Request }); ok {
		x.send(o, p.stale(o))
	}
}

// post sends one notification to the gateway; true when it was taken or refused
// for good.
func (w *world) post(r *http.Request) bool {
	body, err := r.GetBody()
	if err != nil {
		return true
	}
	again := r.Clone(r.Context())
	again.Body = body
	resp, err := w.client.Do(again)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode < 500
}
