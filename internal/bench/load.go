package bench

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// settleLimit is how long the last life cycles may take to end: a status whose
// answer is lost is asked for again after half a minute, then after a minute.
const settleLimit = 5 * time.Minute

// window is when it is measured.
type window struct{ from, to time.Time }

func (w window) length() time.Duration { return w.to.Sub(w.from) }

// load runs life cycles for warm-up and duration, then waits for the last of
// them. atStart and atEnd are called as the window opens and closes.
func (r *rig) load(ctx context.Context, atStart, atEnd func()) (window, error) {
	started := time.Now()
	w := window{from: started.Add(r.Warmup)}
	w.to = w.from.Add(r.Duration)
	var marks sync.WaitGroup
	// A database that has just been made knows nothing of its tables; the gateway
	// tells it by and by, and what is measured is what comes after.
	begin := func() {
		if err := r.running.App.Store.RefreshStatistics(ctx); err != nil {
			r.tell("the database keeps its old statistics: %v", err)
		}
		atStart()
	}
	for at, f := range map[time.Time]func(){w.from: begin, w.to: atEnd} {
		marks.Go(func() {
			time.Sleep(time.Until(at))
			f()
		})
	}
	reporting, stop := context.WithCancel(ctx)
	defer stop()
	go r.report(reporting, started)
	until, cancel := context.WithDeadline(ctx, w.to)
	if r.Rate > 0 {
		r.open(until, started)
	} else {
		r.closed(until)
	}
	cancel()
	marks.Wait()
	if err := ctx.Err(); err != nil {
		return w, fmt.Errorf("run life cycles: %w", err)
	}
	r.tell("waiting for the last life cycles to end")
	return w, r.settle(ctx)
}

// closed keeps each client at one life cycle after the other.
func (r *rig) closed(ctx context.Context) {
	var clients sync.WaitGroup
	for range r.Clients {
		clients.Go(func() {
			for ctx.Err() == nil {
				c := r.create(time.Now())
				select {
				case <-c.done:
				case <-ctx.Done():
				}
			}
		})
	}
	clients.Wait()
}

// open sends each payment at its time, whatever has become of those before.
func (r *rig) open(ctx context.Context, start time.Time) {
	var sent sync.WaitGroup
	for i := 0; ; i++ {
		intended := start.Add(time.Duration(float64(i) / r.Rate * float64(time.Second)))
		if deadline, _ := ctx.Deadline(); !intended.Before(deadline) {
			break
		}
		timer := time.NewTimer(time.Until(intended))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
		if ctx.Err() != nil {
			break
		}
		sent.Go(func() { r.create(intended) })
	}
	sent.Wait()
}

// create sends one payment and notes its answer.
func (r *rig) create(intended time.Time) *cycle {
	number, c := r.cycles.begin(intended)
	_, err := r.pay(r.liveKey, number)
	r.cycles.answered(c, err)
	return c
}

// pay creates a payment and returns the answer's body.
func (r *rig) pay(key string, number int) ([]byte, error) {
	status, body, err := r.wire.do(r.wire.request(http.MethodPost, "/v1/payments", "Authorization: Bearer "+key+"\r\n", paymentBody(number)))
	switch {
	case err != nil:
		return nil, fmt.Errorf("create: %w", err)
	case status != http.StatusCreated:
		return nil, fmt.Errorf("create: HTTP %d: %s", status, body[:min(len(body), 500)])
	}
	return body, nil
}

func paymentBody(number int) []byte {
	b := make([]byte, 0, 256)
	b = append(b, `{"reference":"`...)
	b = append(b, reference(number)...)
	b = append(b, `","description":"`...) // by which the provider knows the life cycle
	b = append(b, reference(number)...)
	b = append(b, `","amount":`...)
	b = strconv.AppendInt(b, int64(200+number%5000), 10)
	b = append(b, `,"currency":"XAF","customer":{"name":"Awa Ndong","email":"awa@example.com"},`...)
	b = append(b, `"method":{"type":"mobile_money","phone":"+24177`...)
	b = append(b, fmt.Sprintf("%06d", number%1_000_000)...)
	return append(b, `"}}`...)
}

// settle waits until every life cycle has ended.
func (r *rig) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	r.cycles.mu.Lock()
	all := r.cycles.all
	r.cycles.mu.Unlock()
	for i, c := range all {
		select {
		case <-c.done:
		case <-ctx.Done():
			_, settled := r.cycles.counts()
			return fmt.Errorf("payment %s has no webhook after %s; %d of %d are settled", reference(i), settleLimit, settled, len(all))
		}
	}
	return r.cycles.problem()
}

// report tells once a second how it goes.
func (r *rig) report(ctx context.Context, started time.Time) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	before := 0
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			begun, settled := r.cycles.counts()
			r.tell("%3.0f s: %d life cycles, %d in the last second, %d under way", now.Sub(started).Seconds(), settled, settled-before, begun-settled)
			before = settled
		}
	}
}
