package simtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// mypvit speaks MyPVit v5.5 as an operator does (wire: mypvit §2.2, §2.4, §3).
type mypvit struct{ *rail }

const pvitAccount = "ACC_0123456789ABC"

func (m mypvit) about(q *question) (*plan, string) {
	if strings.HasSuffix(q.URL.Path, "/status") {
		return m.world.truth.known(m.name, q.text("transactionId")), stepAsk
	}
	p := m.world.truth.planOf(q.text("customer_account_number"), q.text("transaction_type") == "GIVE_CHANGE")
	m.world.truth.learn(m.name, q.text("reference"), p)
	return p, stepSubmit
}

func (m mypvit) refusal(status, code int, name string) reply {
	return answerJSON(status, fields{"date": "01012000-000000", "status_code": code, "error": name, "message": name, "path": "/x"})
}

func (m mypvit) serve(q *question) reply {
	switch {
	case q.Header.Get("X-Secret") != "sk_live_"+m.name:
		return m.refusal(http.StatusForbidden, 3100, "AUTHENTICATION_FAILED")
	case strings.HasSuffix(q.URL.Path, "/status"):
		return m.status(q)
	case strings.HasSuffix(q.URL.Path, "/rest"):
		return m.rest(q)
	}
	return m.refusal(http.StatusNotFound, 4000, "URL_CODE_NOT_FOUND")
}

func (m mypvit) rest(q *question) reply {
	debit := q.text("transaction_type") == "GIVE_CHANGE"
	p := m.world.truth.planOf(q.text("customer_account_number"), debit)
	if p == nil {
		return m.refusal(http.StatusBadRequest, 1009, "INVALID_PHONE_NUMBER")
	}
	if m.world.truth.find(m.name, q.text("reference")) != nil {
		return m.refusal(http.StatusConflict, 5000, "DUPLICATE_REFERENCE")
	}
	if m.refusesService(p) {
		return m.refusal(http.StatusForbidden, 3004, "SERVICE_NOT_ACTIVE")
	}
	o, _ := m.begin(&order{plan: p, reference: q.text("reference"), amount: q.minor("amount", 1), number: "PAY" + q.text("reference")})
	status := "PENDING"
	if debit {
		m.world.truth.settle(o, o.ending)
		status = m.word(o)
	} else {
		m.ask(o, 4*time.Minute)
	}
	return answerJSON(http.StatusOK, fields{
		"status": status, "status_code": "200", "operator": "AIRTEL_MONEY", "reference_id": o.number,
		"merchant_reference_id": o.reference, "merchant_operation_account_code": pvitAccount, "message": "ok",
	})
}

func (m mypvit) word(o *order) string {
	switch st, _ := o.now(); st {
	case succeeded:
		return "SUCCESS"
	case failed:
		return "FAILED"
	}
	return "PENDING"
}

func (m mypvit) status(q *question) reply {
	o := m.world.truth.find(m.name, q.text("transactionId"))
	if o == nil {
		return m.refusal(http.StatusNotFound, 4006, "TRANSACTION_NOT_FOUND")
	}
	return reply{http.StatusOK, fmt.Sprintf(
		`{"date":"01/01/2000 00:00:00","status":%q,"amount":%d.0,"fees":0.0,"operator":"AIRTEL_MONEY","merchant_reference_id":%q,"customer_account_number":"077000100","merchant_operation_account_code":%q}`,
		m.word(o), o.amount, o.reference, pvitAccount)}
}

func (m mypvit) callback(o *order, status string) *http.Request {
	code := 200
	if status != "SUCCESS" {
		code = 400
	}
	return postJSON(o.hook, fields{
		"transactionId": o.number, "merchantReferenceId": o.reference, "status": status, "amount": float64(o.amount),
		"customerID": "077000100", "fees": 0.0, "totalAmount": float64(o.amount), "chargeOwner": "MERCHANT", "freeInfo": nil,
		"transactionOperation": "PAYMENT", "code": code, "callbackMediaType": "application/json", "operator": "AIRTEL_MONEY",
	})
}

// notice: a GIVE_CHANGE is never told.
func (m mypvit) notice(o *order) *http.Request {
	if !o.asked {
		return nil
	}
	return m.callback(o, m.word(o))
}

func (m mypvit) forge(o *order) *http.Request { return m.callback(o, "SUCCESS") }
func (m mypvit) stale(o *order) *http.Request { return m.callback(o, "PENDING") }
