package simtest

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// view is what the merchant reads of a transaction.
type view struct {
	ID         string `json:"id"`
	Status     string `json:"status"`
	Code       string `json:"code"`
	NextAction *struct {
		Type string `json:"type"`
		URL  string `json:"url"`
	} `json:"next_action"`
}

var shopFaults = []Fault{shopLost, shopDeaf, shopDeaf, shopTwin, killAtShop}

// patience is how often the merchant repeats a request that got no answer.
const patience = 40

// live plays one plan from the merchant's side.
func (w *world) live(p *plan) {
	time.Sleep(p.at)
	v, ok := w.create(p)
	if !ok {
		return
	}
	if p.cancelsAt > 0 {
		w.party.Go(func() {
			time.Sleep(p.cancelsAt)
			w.cancel(p, v.ID)
		})
	}
	w.follow(p, v)
}

// create asks for the transaction until it is answered, always with one key.
func (w *world) create(p *plan) (view, bool) {
	path, body := w.order(p)
	for try := range patience {
		f, roll := w.faults.draw(20, shopFaults, p.name, "create")
		if f != noFault {
			p.note("merchant: %s", f)
		}
		switch f {
		case shopLost:
			w.faults.happened(f)
			time.Sleep(time.Second)
			continue
		case killAtShop:
			soon, down := between(roll, 0, 3*time.Second), between(roll, 0, 15*time.Second)
			w.party.Go(func() {
				time.Sleep(soon)
				w.kill(f, down)
			})
		case shopTwin:
			w.party.Go(func() { w.ask(p, path, body) })
		}
		v, status := w.ask(p, path, body)
		if status != 0 && (f == shopDeaf || f == shopTwin) {
			w.faults.happened(f)
		}
		switch {
		case f == shopDeaf || status == 0 || status >= 500 || status == http.StatusTooManyRequests:
			time.Sleep(time.Duration(1+try) * time.Second)
		case status/100 == 2:
			return v, true
		default:
			p.note("merchant is refused: HTTP %d %s", status, v.Code)
			p.refused = true
			return v, false
		}
	}
	w.truth.violate(p, "no answer to the create in %d tries", patience)
	return view{}, false
}

// ask sends the create once and keeps what it is told.
func (w *world) ask(p *plan, path string, body []byte) (view, int) {
	status, answer, err := w.call(http.MethodPost, path, p.name, body)
	var v view
	if err != nil || json.Unmarshal(answer, &v) != nil {
		return v, 0
	}
	p.note("merchant hears HTTP %d %s %s", status, v.Status, v.Code)
	if status/100 == 2 {
		w.saw(p, v)
	}
	return v, status
}

// saw keeps what must stay so.
func (w *world) saw(p *plan, v view) {
	p.mu.Lock()
	had := p.id
	p.id = v.ID
	p.succeeds = p.succeeds || v.Status == string(pay.StatusSucceeded)
	p.mu.Unlock()
	if had != "" && had != v.ID {
		w.truth.violate(p, "one key made both %s and %s", had, v.ID)
	}
}

func (w *world) order(p *plan) (string, []byte) {
	fields := map[string]any{"reference": p.name, "amount": p.amount, "currency": p.market.currency}
	path := "/v1/payments"
	switch p.kind {
	case pay.Refund:
		delete(fields, "currency")
		fields["payment"] = p.parent.id
		path = "/v1/refunds"
	case pay.Payout:
		path = "/v1/payouts"
	}
	if p.kind != pay.Refund {
		method := map[string]any{"type": p.method, "phone": p.phone}
		if p.operator != "" {
			method["operator"] = p.operator
		}
		fields["method"] = method
		fields["customer"] = map[string]any{"name": "Ndong", "given_name": "Awa", "email": "awa@example.test", "phone": p.phone}
	}
	if p.pinned != "" {
		fields["connection"] = w.rails[p.pinned].connection
	}
	body, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return path, body
}

// follow does the customer's part and watches the transaction for a while.
func (w *world) follow(p *plan, v view) {
	opened := false
	for range 60 {
		switch {
		case v.Status == string(pay.StatusSucceeded):
			if p.refund != nil {
				w.create(p.refund)
			}
			return
		case v.NextAction == nil:
		case v.NextAction.Type == string(pay.Redirect) && !opened:
			opened = w.open(p, v.NextAction.URL)
		case v.NextAction.Type == string(pay.EnterOTP):
			w.confirm(p, v.ID)
		}
		time.Sleep(10 * time.Second)
		if now, ok := w.read(p); ok {
			v = now
		}
	}
}

func (w *world) read(p *plan) (view, bool) {
	path := map[pay.Kind]string{pay.Payment: "/v1/payments/", pay.Payout: "/v1/payouts/", pay.Refund: "/v1/refunds/"}[p.kind]
	p.mu.Lock()
	succeeded := p.succeeds
	p.mu.Unlock()
	status, answer, err := w.call(http.MethodGet, path+p.id, "", nil)
	var v view
	switch {
	case err != nil || status >= 500 || status == http.StatusTooManyRequests:
		return v, false
	case status != http.StatusOK || json.Unmarshal(answer, &v) != nil:
		w.truth.violate(p, "reading %s answers HTTP %d", p.id, status)
		return v, false
	}
	w.saw(p, v)
	if succeeded && v.Status != string(pay.StatusSucceeded) {
		w.truth.violate(p, "a success became %s", v.Status)
	}
	return v, true
}

// confirm types the code that the customer got, once per question.
func (w *world) confirm(p *plan, id string) {
	status, answer, err := w.call(http.MethodPost, "/v1/payments/"+id+"/confirm", "", []byte(`{"otp":"12345"}`))
	p.note("merchant confirms: HTTP %d %.80s %v", status, answer, err)
}

// cancel gives the payment up; a confirmation is a promise.
func (w *world) cancel(p *plan, id string) {
	status, answer, err := w.call(http.MethodPost, "/v1/payments/"+id+"/cancel", "", []byte(`{}`))
	p.note("merchant cancels: HTTP %d %.80s %v", status, answer, err)
	if err == nil && status == http.StatusOK {
		p.mu.Lock()
		p.canceled = true
		p.mu.Unlock()
	}
}

// open is the customer who opens the operator's page.
func (w *world) open(p *plan, address string) bool {
	for _, x := range w.rails {
		host, ok := x.proto.(interface {
			open(p *plan, address string) bool
		})
		if ok && host.open(p, address) {
			return true
		}
	}
	return false
}
