package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/sandbox"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/provider/all"
)

// TestEachConnectorSurvivesEachHazardOfItsProvider plays every provider's
// hazards at once: gateway B is the provider and has one fault armed for each
// transaction of gateway A. Whatever B's answers and notifications say, A must
// tell its merchant what B's operators did, once, and have them move the money
// once.
func TestEachConnectorSurvivesEachHazardOfItsProvider(t *testing.T) {
	for _, p := range all.Providers() {
		r := wires[p.Name]
		r.name, r.title, r.descriptor = p.Name, p.Title, p
		r.instead = nil
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			f := &field{column: startColumn(t, r, nil)}
			f.prepare(t)
			for _, h := range p.Hazards {
				s, ok := survivalOf(p.Name, h.Name)
				if !ok {
					t.Errorf("nothing says how the connector survives %s", h.Name)
					continue
				}
				f.meet(t, h.Name, s)
				if h.Refuses || s.with != "" {
					// A asks again, and what it then makes is to meet no other fault.
					f.join(t, f.meetings[len(f.meetings)-1])
				}
			}
			f.rounds(t, func(m *meeting) bool { return m.blind || m.held || m.want == open })
			for _, m := range f.meetings {
				f.whileArmed(t, m)
			}
			f.b.App.Sandbox.Faults.DisarmAll()
			f.rounds(t, func(m *meeting) bool { return m.want == open })
			f.settled(t)
			for _, m := range f.meetings {
				f.afterwards(t, m)
			}
		})
	}
}

// field is a column with transactions that meet hazards.
type field struct {
	*column
	paid     string // a payment without a hazard, and its id
	meetings []*meeting
}

// meeting is one transaction and its hazard.
type meeting struct {
	survival
	hazard, reference, id string
	// fault is the armed one; met says that it struck.
	fault sandbox.Fault
	met   bool
	made  chan error
}

// prepare makes a payment without any hazard: money to pay out and give back.
func (f *field) prepare(t *testing.T) {
	t.Helper()
	m := f.start(t, "plain", survival{path: "/v1/payments", want: paid})
	f.meetings = []*meeting{m}
	f.rounds(t, func(*meeting) bool { return false })
	f.paid = m.id
}

// meet arms a fault and makes the transaction that it strikes.
func (f *field) meet(t *testing.T, hazard string, s survival) {
	t.Helper()
	faults := f.b.App.Sandbox.Faults
	arm := func(name, reference string) sandbox.Fault {
		armed, err := faults.Arm(f.rail.name, name, "", reference, 0)
		if err != nil {
			t.Fatalf("arm %s: %v", name, err)
		}
		return armed
	}
	var fault sandbox.Fault
	if !s.late {
		fault = arm(hazard, "")
		if s.with != "" {
			f.clock.advance(2 * time.Minute) // a renewal that failed is not tried again at once
			arm(s.with, "")
		}
	}
	m := f.start(t, hazard, s)
	m.fault = fault
	f.meetings = append(f.meetings, m)
	if s.late {
		f.join(t, m)
		m.fault = arm(hazard, texts(t, f.a, `SELECT reference FROM attempts WHERE transaction_id = ?`, m.id)[0])
		return
	}
	eventually(t, hazard+" has its transaction", func() bool {
		f.look(m)
		return m.met || !slices.ContainsFunc(faults.Armed(), func(a sandbox.Fault) bool { return a.ID == m.fault.ID && a.Transaction == "" })
	})
}

// look notes whether the fault has struck.
func (f *field) look(m *meeting) {
	list := f.b.App.Sandbox.Faults.Armed()
	i := slices.IndexFunc(list, func(a sandbox.Fault) bool { return a.ID == m.fault.ID })
	m.met = m.met || i < 0 || list[i].Hits > 0
}

// start asks for a transaction; its answer may be long in coming.
func (f *field) start(t *testing.T, hazard string, s survival) *meeting {
	t.Helper()
	f.serial++
	m := &meeting{survival: s, hazard: hazard, reference: fmt.Sprintf("HAZ%d", f.serial), made: make(chan error, 1)}
	currency := f.rail.descriptor.Currencies[0]
	country := f.rail.descriptor.Countries[0]
	last := pays
	if s.declines {
		last = declines
	}
	buyer := purchase{reference: m.reference, payer: payerIn(t, country, last), card: goodCard}
	method := s.method
	if method == byMethodCard {
		buyer.method = "card"
	} else {
		if method == "" {
			method = `{"type":"mobile_money","phone":%q}`
		}
		method = fmt.Sprintf(method, buyer.payer)
	}
	amount := price(currency).Minor
	if hazard == "plain" && currency != money.XAF {
		amount *= 10
	}
	body := fmt.Sprintf(`{"reference":%q,"amount":%d,"currency":%q,"method":%s,"customer":{"name":"Koffi","given_name":"Awa"}}`, m.reference, amount, currency, method)
	if s.path == "/v1/refunds" {
		body = fmt.Sprintf(`{"reference":%q,"payment":%q,"amount":%d}`, m.reference, f.paid, 100)
	}
	key := f.sellers["native"].has["api_key"]
	ask := f.sellers["native"].post(s.path, "application/json", body, "Authorization", "Bearer "+key)
	go func() {
		a, err := ask.send(t.Context())
		if err == nil && a.status != http.StatusCreated {
			err = fmt.Errorf("%s: %v", m.reference, a)
		}
		if err != nil {
			m.made <- err
			return
		}
		o, err := a.object()
		m.id = text(o, "id")
		if page := text(within(o, "next_action"), "url"); page != "" && err == nil {
			err = f.visit(t.Context(), receipt{purchase: buyer, page: page})
		}
		m.made <- err
	}()
	return m
}

// join waits for the answer to start.
func (f *field) join(t *testing.T, m *meeting) {
	t.Helper()
	if m.made == nil {
		return
	}
	select {
	case err := <-m.made:
		if err != nil {
			t.Fatalf("%s: %v", m.hazard, err)
		}
	case <-time.After(30 * time.Second): // A answers after ten
		t.Fatalf("%s: the answer does not come", m.hazard)
	}
	m.made = nil
}

// state is a transaction's status, and a number that grows with all news of it.
func (f *field) state(t *testing.T, m *meeting) string {
	return texts(t, f.a, `SELECT status || ' ' || version FROM transactions WHERE id = ?`, m.id)[0]
}

func (f *field) over(t *testing.T, m *meeting) bool {
	s := f.state(t, m)
	return strings.HasPrefix(s, string(m.status())+" ")
}

func (m *meeting) status() string {
	return map[outcome]string{paid: "succeeded", refused: "failed", open: "pending"}[m.want]
}

// maxRounds bounds how often A is given time to ask; an answer that A waits for
// comes well before payments count as expired.
const maxRounds = 6

// rounds lets A's clock go from one question to the next, until all is known
// but for those whose truth is out of reach.
func (f *field) rounds(t *testing.T, excused func(*meeting) bool) {
	t.Helper()
	list := f.meetings
	for _, m := range list {
		f.join(t, m)
	}
	step := 11 * time.Minute
	if f.rail.name == "flexpay" || f.rail.name == "komipay" {
		step = 62 * time.Second
	}
	for range maxRounds {
		eventually(t, "B's operators are done", func() bool {
			return count(t, f.b, `SELECT count(*) FROM sandbox_operations WHERE due_at > 0`) == 0
		})
		before, waits := map[*meeting]string{}, false
		for _, m := range list {
			if !f.over(t, m) {
				before[m] = f.state(t, m)
				waits = waits || !excused(m)
			}
		}
		if !waits && len(f.unmet(t)) == 0 {
			return
		}
		f.clock.advance(step)
		eventually(t, "A has asked again", func() bool {
			for m, s := range before {
				if !m.held && !strings.HasPrefix(s, "failed ") && f.state(t, m) == s {
					return false
				}
			}
			return true
		})
	}
}

// unmet are the blind ones whose hazard has not struck yet, of which A could not have learned.
func (f *field) unmet(t *testing.T) (list []*meeting) {
	t.Helper()
	for _, m := range f.meetings {
		if f.look(m); m.blind && !m.met {
			list = append(list, m)
		}
	}
	return list
}

func (f *field) whileArmed(t *testing.T, m *meeting) {
	t.Helper()
	if m.hazard == "plain" {
		return
	}
	if f.look(m); !m.met && !m.idle {
		t.Errorf("%s has not struck", m.hazard)
	}
	if got := f.state(t, m); m.blind && !strings.HasPrefix(got, "pending ") && !strings.HasPrefix(got, "requires_action ") {
		t.Errorf("%s: A knows the outcome %s, which nobody has told it", m.hazard, got)
	}
}

// afterwards compares what A's merchant was told, and both books, with what B's
// operators did.
func (f *field) afterwards(t *testing.T, m *meeting) {
	t.Helper()
	if !f.over(t, m) {
		t.Errorf("%s: A says %s, want %s", m.hazard, f.state(t, m), m.status())
	}
	kind := strings.TrimSuffix(strings.TrimPrefix(m.path, "/v1/"), "s")
	want := []string{kind + "." + m.status()}
	if m.want == open {
		want = nil
	}
	got := f.events(t, m, kind)
	if m.wavers && len(got) == 2 && got[0] == kind+".failed" {
		got = got[1:]
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: the merchant was told %v, want %v", m.hazard, got, want)
	}
	moved, booked := int64(1), int64(1)
	if m.want == refused {
		moved = 0
	}
	if m.want != paid {
		booked = 0
	}
	n := f.succeededAtRail(t, m.id)
	if f.rail.name == "mypayga" && kind != "payment" { // it has no reference of ours there
		n = count(t, f.b, `SELECT count(*) FROM transactions WHERE kind = ? AND status = 'succeeded'`, kind)
	}
	if n != moved {
		t.Errorf("%s: the operators moved the money %d times, want %d", m.hazard, n, moved)
	}
	if n := count(t, f.a, `SELECT count(*) FROM ledger_entries WHERE account = 'payments' AND transaction_id = ?`, m.id); kind == "payment" && n != booked {
		t.Errorf("%s: the ledger has it %d times, want %d", m.hazard, n, booked)
	}
}

// events are the ends that the merchant was told of, in order. One that came
// again under its id, as when the clock leapt over a delivery's lease, counts once.
func (f *field) events(t *testing.T, m *meeting, kind string) (list []string) {
	t.Helper()
	told := map[string]bool{}
	for _, n := range f.shop.all("/native") {
		o := fields(t, n.body)
		id := text(o, "id")
		if told[id] {
			continue
		}
		told[id] = true
		what := text(o, "type")
		if text(within(o, "data"), "id") == m.id && slices.Contains([]string{kind + ".succeeded", kind + ".failed", kind + ".expired", kind + ".canceled"}, what) {
			list = append(list, what)
		}
	}
	return list
}
