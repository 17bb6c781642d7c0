package cluster_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/passerelle-pay/passerelle/provider/mypvit"
)

const (
	operatorSecret  = "sk_live_00000000-0000-4000-8000-0000c1u57e40"
	operatorAccount = "ACC_0000000C1057E"
)

// notifying keeps as many connections as the load has payments under way.
var notifying = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * customers}}

// operator is the lightest provider: every order is paid at once and notified.
type operator struct {
	*httptest.Server
	hook  atomic.Value // string
	taken atomic.Int64
	// orders hold amounts by the gateway's reference.
	orders sync.Map
}

func startOperator(t *testing.T) *operator {
	o := &operator{}
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	return o
}

func (o *operator) connection() map[string]any {
	return map[string]any{"provider": mypvit.Name, "credentials": map[string]string{
		"base_url": o.URL, "code_url": "CLUSTERCODE00001", "account": operatorAccount,
		"secret": operatorSecret, "callback_url_code": "CLU01",
	}}
}

// ServeHTTP takes orders and tells of them.
func (o *operator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/status") {
		reference := r.URL.Query().Get("transactionId")
		order, known := o.orders.Load(reference)
		if !known {
			http.NotFound(w, r)
			return
		}
		writeJSON(w, mypvit.State{
			Date: "21/11/2026 08:00:00", Status: mypvit.StatusSuccess, Amount: order.(mypvit.Order).Amount, Fees: "0.0",
			Operator: mypvit.OperatorAirtel, MerchantReferenceID: reference, Account: operatorAccount,
			CustomerAccountNumber: order.(mypvit.Order).CustomerAccountNumber,
		})
		return
	}
	var in mypvit.Order
	if !readJSON(w, r, &in) {
		return
	}
	id := "PAY" + strconv.FormatInt(1_000_000_000+o.taken.Add(1), 10)
	o.orders.Store(in.Reference, in)
	writeJSON(w, map[string]any{
		"status": mypvit.StatusPending, "status_code": "200", "operator": mypvit.OperatorAirtel, "reference_id": id,
		"merchant_reference_id": in.Reference, "merchant_operation_account_code": operatorAccount, "message": "Transaction initiated",
	})
	go o.notify(in, id)
}

// notify tells once; a gateway that does not hear asks.
func (o *operator) notify(in mypvit.Order, id string) {
	body, err := json.Marshal(mypvit.Callback{
		TransactionID: id, MerchantReferenceID: in.Reference, Status: mypvit.StatusSuccess, Amount: in.Amount,
		CustomerID: in.CustomerAccountNumber, Fees: "0.0", TotalAmount: in.Amount, ChargeOwner: mypvit.OwnerMerchant,
		TransactionOperation: mypvit.TypePayment, Code: http.StatusOK, Operator: mypvit.OperatorAirtel,
	})
	if err != nil {
		panic(err) // a struct of texts
	}
	res, err := notifying.Post(o.hook.Load().(string), "application/json", bytes.NewReader(body))
	if err == nil {
		_ = res.Body.Close()
	}
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return false
	}
	return true
}

func writeJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // whoever has gone asks again
}
