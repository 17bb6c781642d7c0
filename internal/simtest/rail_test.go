package simtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// protocol is what differs between the operators: their wire.
type protocol interface {
	// about tells from a request alone whose it is and what it asks; the network
	// knows that even of a request which it loses.
	about(q *question) (who *plan, step string)
	// serve does what is asked.
	serve(q *question) reply
	// notice tells the gateway how an order stands; nil where there is nothing to tell.
	notice(o *order) *http.Request
}

// step names that decide which faults fit.
const (
	stepSubmit = "submit"
	stepOnce   = "submit once" // not idempotent: the network must not repeat it
	stepAsk    = "ask"
	stepLogin  = "login"
)

// question is a request as it arrived.
type question struct {
	*http.Request
	body []byte
	data map[string]any // of a JSON body
	form url.Values     // query and form
}

func readQuestion(r *http.Request) *question {
	q := &question{Request: r, form: r.URL.Query()}
	q.body, _ = io.ReadAll(r.Body)
	if json.Unmarshal(q.body, &q.data) != nil {
		if more, err := url.ParseQuery(string(q.body)); err == nil {
			for name, values := range more {
				q.form[name] = values
			}
		}
	}
	return q
}

// text is a field of the body, of the form or of the query, as text.
func (q *question) text(name string) string {
	switch v := q.data[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return q.form.Get(name)
}

// minor reads an amount of whole units with so many decimals.
func (q *question) minor(name string, unit int64) int64 {
	f, err := strconv.ParseFloat(strings.ReplaceAll(q.text(name), " ", ""), 64)
	if err != nil {
		return -1
	}
	return int64(f * float64(unit))
}

// reply is an answer that has not been sent.
type reply struct {
	status int
	body   string
}

func answerJSON(status int, v any) reply {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return reply{status, string(b)}
}

type fields = map[string]any

// rail is one account at one operator, on the network.
type rail struct {
	world      *world
	name       string
	provider   string
	address    string
	hook       string
	connection string
	proto      protocol
	from, to   time.Time // when it can't be reached
}

func (x *rail) url() string { return "http://" + x.address }

// outage tells whether the operator can't be reached now.
func (x *rail) outage() bool {
	now := time.Now()
	return !now.Before(x.from) && now.Before(x.to)
}

// ServeHTTP is the network between the gateway and the operator.
func (x *rail) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				x.world.breaks(fmt.Errorf("operator %s: %v\n%s", x.name, p, debug.Stack()))
			}
			panic(http.ErrAbortHandler)
		}
	}()
	q := readQuestion(r)
	who, step := x.proto.about(q)
	percent, list := 12, askFaults
	if step == stepSubmit || step == stepOnce {
		percent, list = 40, submitFaults
	}
	f, roll := x.world.faults.draw(percent, list, nameOf(who), x.name+" "+step)
	if step == stepOnce && (f == twiceFirst || f == twiceSecond) {
		f = lostAnswer
	}
	if f != noFault {
		if !f.restarts() {
			x.world.faults.happened(f)
		}
		if who != nil {
			who.note("%s %s %s: %s", x.name, r.Method, step, f)
		}
	}
	if f == noFault && who != nil {
		who.note("%s %s %s", x.name, r.Method, step)
	}
	e := exchange{rail: x, question: q, fault: f, roll: roll, who: who, w: w}
	e.run()
}

// exchange is one request and answer under one fault.
type exchange struct {
	*rail
	*question
	fault Fault
	roll  interface {
		Int64N(int64) int64
		IntN(int) int
	}
	who *plan
	w   http.ResponseWriter
}

func (e *exchange) run() {
	if !e.before() {
		return
	}
	answer := e.proto.serve(e.question)
	if e.fault == twiceFirst || e.fault == twiceSecond {
		second := e.proto.serve(e.question)
		if e.fault == twiceSecond {
			answer = second
		}
	}
	e.after(answer)
}

// before is what befalls the request; false when it doesn't arrive.
func (e *exchange) before() bool {
	switch e.fault {
	case lostRequest:
		e.drop()
	case hungRequest:
		e.hang()
	case htmlInstead:
		e.send(reply{http.StatusForbidden, "<html><body>Attention Required!</body></html>"})
	case errorInstead:
		e.send(reply{http.StatusBadGateway, "<html>Bad Gateway</html>"})
	case killBefore:
		e.world.kill(e.fault, e.span(0, 15*time.Second))
		e.drop()
	case lateRequest:
		time.Sleep(e.span(time.Second, 45*time.Second))
		return true
	default:
		return true
	}
	return false
}

// after is what befalls the answer.
func (e *exchange) after(answer reply) {
	switch e.fault {
	case lostAnswer:
		e.drop()
		return
	case hungAnswer:
		e.hang()
		return
	case lateAnswer:
		time.Sleep(e.span(time.Second, 45*time.Second))
	case cutAnswer: // the connection breaks within the body
		e.w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)+1))
		e.send(reply{answer.status, answer.body[:len(answer.body)/2]})
		e.drop()
		return
	case halfAnswer:
		answer.body = answer.body[:len(answer.body)/2]
	case afterHTML:
		answer = reply{http.StatusOK, "<html><body>Maintenance</body></html>"}
	case afterNull:
		answer.body = "null"
	case afterEmpty:
		answer.body = ""
	case afterError:
		answer = reply{http.StatusServiceUnavailable, `{"error":"upstream timed out"}`}
	case killAfter:
		e.world.kill(e.fault, e.span(0, 15*time.Second))
	case killAnswered:
		e.world.killStoreFirst(e.fault, e.span(0, 15*time.Second))
	case killSoonAfter:
		soon, down := e.span(0, 5*time.Second), e.span(0, 15*time.Second)
		e.world.party.Go(func() {
			time.Sleep(soon)
			e.world.kill(e.fault, down)
		})
	}
	e.send(answer)
}

func (e *exchange) span(from, to time.Duration) time.Duration {
	return from + time.Duration(e.roll.Int64N(int64(to-from)))
}

func (e *exchange) send(a reply) {
	e.w.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(a.body, "<") {
		e.w.Header().Set("Content-Type", "text/html")
	}
	e.w.WriteHeader(a.status)
	_, _ = io.WriteString(e.w, a.body)
}

// drop breaks the connection.
func (e *exchange) drop() { panic(http.ErrAbortHandler) }

// hang leaves the caller waiting until it gives up.
func (e *exchange) hang() {
	select {
	case <-e.Context().Done():
	case <-time.After(10 * time.Minute):
	}
	e.drop()
}

func newPost(address, contentType string, body []byte) *http.Request {
	r, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(body)) //nolint:noctx // the client has a time limit
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", contentType)
	return r
}

func postJSON(address string, v any) *http.Request {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return newPost(address, "application/json", b)
}

// refusesService tells whether the operator turns a plan away, before anybody
// is asked.
func (x *rail) refusesService(p *plan) bool {
	if p == nil || x.world.faults.isCalm() || !x.world.chance(8, "refuses", x.name, p.name) {
		return false
	}
	x.world.faults.happened(refuses)
	p.note("%s refuses service", x.name)
	return true
}

// begin records an order and, where its operator acts at once, asks the customer.
func (x *rail) begin(o *order) (*order, bool) {
	o.rail, o.hook = x.name, x.hook
	return x.world.truth.take(o)
}

// ask prompts the customer, who answers in time or not at all; patience is how
// long the operator waits.
func (x *rail) ask(o *order, patience time.Duration) {
	x.world.truth.ask(o)
	x.early(o)
	x.world.party.Go(func() {
		if o.ending == ignores {
			time.Sleep(patience)
		} else {
			time.Sleep(min(o.thinks, patience))
		}
		x.world.truth.settle(o, o.ending)
		x.tell(o)
	})
}

// transfer sends money to a customer, which takes the operator a moment.
func (x *rail) transfer(o *order, within time.Duration) {
	x.world.party.Go(func() {
		time.Sleep(x.world.within(0, within, "transfer", o.name, x.name))
		x.world.truth.settle(o, o.ending)
		x.tell(o)
	})
}

func parseWhole(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}
