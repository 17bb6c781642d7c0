package bench

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/provider/mypvit"
)

const (
	// approval is how long the played customer takes to answer the prompt.
	approval = 20 * time.Millisecond
	// The lognormal latency: half of the answers within 120 ms, all but one in a
	// hundred within 380 ms, and one in a hundred lost.
	latencyMedian = 120 * time.Millisecond
	latencySpread = 0.4955 // ln(380/120) / 2.3263, the 99th percentile's deviation
	faultShare    = 0.01
)

// What the gateway's connection to the played provider is made of.
const (
	operatorCode    = "BENCHCODE0000001"
	operatorAccount = "ACC_00000000BE4C1"
	operatorSecret  = "sk_live_00000000-0000-4000-8000-00000000be4c"
)

// operator plays a provider: it takes orders, prompts nobody, notifies and
// answers for the status. Its truth is what the gateway's books are held against.
type operator struct {
	cycles  *cycles
	latency string
	// gateway takes notifications, at the path hook.
	gateway *wire
	hook    string

	// fault says whether an answer is lost: to an order, or to a question for
	// its status.
	fault func(order bool) bool

	mu     sync.Mutex
	orders map[string]*order // by the gateway's reference
	faults int               // orders whose answer was lost
}

// order is one payment as the provider has it.
type order struct {
	mypvit.Order
	id       string
	approved bool
}

func newOperator(cs *cycles, latency string) *operator {
	o := &operator{cycles: cs, latency: latency, orders: map[string]*order{}}
	o.fault = o.drawFault
	return o
}

// ServeHTTP answers rest and status; nothing else is called.
func (o *operator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Secret") != operatorSecret {
		http.Error(w, "who is it", http.StatusUnauthorized)
		return
	}
	started := time.Now()
	if o.latency == LatencyLognormal {
		spread := math.Exp(latencySpread * rand.NormFloat64()) //nolint:gosec // it draws a latency
		time.Sleep(time.Duration(float64(latencyMedian) * spread))
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/rest"):
		o.take(w, r, started, o.fault(true))
	case strings.HasSuffix(r.URL.Path, "/status"):
		o.tell(w, r, o.fault(false))
	default:
		http.NotFound(w, r)
	}
}

// drawFault loses one answer in a hundred where the provider has a temper.
func (o *operator) drawFault(bool) bool {
	return o.latency == LatencyLognormal && rand.Float64() < faultShare //nolint:gosec // it draws a fault
}

// take records an order. A fault loses the answer and not the order, so that
// the gateway can't know what became of it.
func (o *operator) take(w http.ResponseWriter, r *http.Request, started time.Time, fault bool) {
	var in mypvit.Order
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	o.mu.Lock()
	one := &order{Order: in, id: "PAY" + strconv.Itoa(1_000_000_000+len(o.orders))}
	o.orders[in.Reference] = one
	if fault {
		o.faults++
	}
	o.mu.Unlock()
	time.AfterFunc(approval, func() { o.approve(one) })
	defer func() { o.cycles.carried(in.FreeInfo, time.Since(started)) }()
	if fault {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	answer(w, map[string]any{
		"status": mypvit.StatusPending, "status_code": "200", "operator": mypvit.OperatorAirtel,
		"reference_id": one.id, "merchant_reference_id": in.Reference,
		"merchant_operation_account_code": operatorAccount, "message": "Transaction initiated",
	})
}

// tell answers for an order's status.
func (o *operator) tell(w http.ResponseWriter, r *http.Request, fault bool) {
	ref := r.URL.Query().Get("transactionId")
	o.mu.Lock()
	one, known := o.orders[ref]
	status := mypvit.StatusPending
	if known && one.approved {
		status = mypvit.StatusSuccess
	}
	o.mu.Unlock()
	switch {
	case fault:
		w.WriteHeader(http.StatusBadGateway)
	case !known:
		http.Error(w, "unknown", http.StatusNotFound)
	default:
		answer(w, mypvit.State{
			Date: "21/11/2026 08:00:00", Status: status, Amount: one.Amount, Fees: "0.0", Operator: mypvit.OperatorAirtel,
			MerchantReferenceID: ref, CustomerAccountNumber: one.CustomerAccountNumber, Account: operatorAccount,
		})
	}
}

// approve ends an order and notifies until the gateway has taken it.
func (o *operator) approve(one *order) {
	o.mu.Lock()
	one.approved = true
	o.mu.Unlock()
	body, err := json.Marshal(mypvit.Callback{
		TransactionID: one.id, MerchantReferenceID: one.Reference, Status: mypvit.StatusSuccess, Amount: one.Amount,
		CustomerID: one.CustomerAccountNumber, Fees: "0.0", TotalAmount: one.Amount, ChargeOwner: mypvit.OwnerMerchant,
		TransactionOperation: mypvit.TypePayment, Code: http.StatusOK, Operator: mypvit.OperatorAirtel,
	})
	if err != nil {
		panic(err) // a struct of texts
	}
	for range 10 {
		if o.notify(body) == nil {
			return
		}
		time.Sleep(time.Second)
	}
}

func (o *operator) notify(body []byte) error {
	status, _, err := o.gateway.do(o.gateway.request(http.MethodPost, o.hook, "", body))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("HTTP %d", status)
	}
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// truth is what the provider says was paid, by the gateway's reference.
func (o *operator) truth() map[string]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	paid := make(map[string]string, len(o.orders))
	for ref, one := range o.orders {
		if one.approved {
			paid[ref] = string(one.Amount)
		}
	}
	return paid
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // a gateway that has gone asks again
}
