package simtest

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

// mypayga speaks MyPayGa's documented API as an operator does (wire: mypayga
// §2.1 to §2.8, §3). Pending payments are not found; transfers have no
// reference of the merchant's.
type mypayga struct{ *rail }

func (m mypayga) about(q *question) (*plan, string) {
	t := m.world.truth
	switch {
	case strings.HasSuffix(q.URL.Path, "/gethash"):
		p := t.planOf(q.text("phone"), false)
		t.learn(m.name, q.text("uniqueID"), p)
		return p, stepLogin
	case strings.HasSuffix(q.URL.Path, "/payment-request"):
		return t.planOf(q.text("client_phone"), false), stepSubmit
	case strings.HasSuffix(q.URL.Path, "/sendClientTransfert"):
		return t.planOf(q.text("receiver_phone"), true), stepOnce
	case strings.HasSuffix(q.URL.Path, "/paiement-detail"):
		return t.known(m.name, q.text("payment_ref")), stepAsk
	case strings.HasSuffix(q.URL.Path, "/getClientTransfert"):
		return t.known(m.name, q.text("trans_ref")), stepAsk
	case strings.HasSuffix(q.URL.Path, "/refund/create"):
		if p := t.known(m.name, q.text("payment_token")); p != nil {
			return p.refund, stepLogin
		}
	case strings.HasSuffix(q.URL.Path, "/refund/send"):
		return t.known(m.name, q.text("refund_id")), stepSubmit
	case strings.HasSuffix(q.URL.Path, "/refund/infos"):
		return t.known(m.name, q.text("refId")), stepAsk
	}
	return nil, stepLogin
}

func (m mypayga) serve(q *question) reply {
	if q.text("apikey") != "sprod_"+m.name {
		return m.refusal("code", "401", "Invalid API key")
	}
	switch {
	case strings.HasSuffix(q.URL.Path, "/gethash"):
		token := "Tok" + q.text("uniqueID")
		m.world.truth.learn(m.name, token, m.world.truth.known(m.name, q.text("uniqueID")))
		return answerJSON(http.StatusOK, fields{"code": "200", "message": "References created successfully", "hash": strings.Repeat("ab", 34) + "c", "payment_token": token, "uniqueID": q.text("uniqueID")})
	case strings.HasSuffix(q.URL.Path, "/payment-request"):
		return m.request(q)
	case strings.HasSuffix(q.URL.Path, "/sendClientTransfert"):
		return m.send(q)
	case strings.HasSuffix(q.URL.Path, "/paiement-detail"):
		return m.detail(q)
	case strings.HasSuffix(q.URL.Path, "/getClientTransfert"):
		return m.transfer(q)
	case strings.HasSuffix(q.URL.Path, "/refund/create"):
		return m.reserve(q)
	case strings.HasSuffix(q.URL.Path, "/refund/send"):
		return m.giveBack(q)
	case strings.HasSuffix(q.URL.Path, "/refund/infos"):
		return m.infos(q)
	}
	return m.refusal("code", "404", "Transaction not found")
}

func (m mypayga) refusal(field, status, message string) reply {
	return answerJSON(http.StatusOK, fields{"message": message, field: status})
}

func (m mypayga) request(q *question) reply {
	token := q.text("payment_token")
	p := m.world.truth.planOf(q.text("client_phone"), false)
	if p == nil {
		return m.refusal("statusRequest", "400", "Invalid phone number")
	}
	if m.world.truth.find(m.name, token) != nil {
		return m.refusal("statusRequest", "409", "Transaction already exists")
	}
	if m.refusesService(p) {
		return m.refusal("statusRequest", "400", "Service indisponible")
	}
	o, _ := m.begin(&order{plan: p, reference: strings.TrimPrefix(token, "Tok"), number: token, amount: q.minor("amount", 1)})
	m.world.truth.alias(o, token)
	m.ask(o, 4*time.Minute)
	return answerJSON(http.StatusOK, fields{
		"message": "Request Sent.Please Wait.", "payment_token": token, "description": "Paiement - SIM", "statusRequest": "200",
		"transaction": fields{"amount": o.amount, "country": "GA", "currency": "CFA", "id": "1000ABC"},
	})
}

func (m mypayga) detail(q *question) reply {
	o := m.world.truth.find(m.name, q.text("payment_ref"))
	st := waiting
	if o != nil {
		st, _ = o.now()
	}
	if st != succeeded && st != failed {
		return answerJSON(http.StatusOK, fields{
			"payment": []any{}, "code": "404", "final_status": nil, "merchand_ref": nil, "environnement": "production", "message": "Transaction not found",
		})
	}
	status, message := m.word(o)
	return answerJSON(http.StatusOK, fields{
		"payment": []any{fields{
			"merchand_ref": o.reference, "payment_token": o.number, "paymentMethod": "Mobile Money", "mobile_callback": 1,
			"OrderStatus": status, "message_data": message, "totalAmount": o.amount, "clientNumber": "077000000", "final_status": status,
		}},
		"code": "200", "final_status": status, "merchand_ref": o.reference, "environnement": "production",
	})
}

func (m mypayga) word(o *order) (status, message string) {
	switch st, why := o.now(); {
	case st == succeeded:
		return "200", "Success"
	case why == poor:
		return "400", "solde insuffisant"
	}
	return "400", "Paiement annulé"
}

func (m mypayga) send(q *question) reply {
	p := m.world.truth.planOf(q.text("receiver_phone"), true)
	if p == nil {
		return m.refusal("statusRequest", "400", "Invalid phone number")
	}
	if m.refusesService(p) {
		return m.refusal("statusRequest", "400", "Service indisponible")
	}
	number := "trf" + p.name
	o, fresh := m.begin(&order{plan: p, reference: number, number: number, amount: q.minor("amount", 1)})
	if !fresh {
		m.world.truth.violate(p, "a transfer that can't be asked for was sent again")
	}
	m.world.truth.settle(o, o.ending)
	status := "200"
	if st, _ := o.now(); st == failed {
		status = "400"
	}
	return answerJSON(http.StatusOK, fields{
		"message": "Vous avez envoye", "description": "Balance Transfert to client", "statusRequest": "200",
		"transfert": fields{"transfert_status": status, "amount": fmt.Sprint(o.amount), "transfert_id": number, "country": "GA", "currency": "CFA"},
	})
}

func (m mypayga) transfer(q *question) reply {
	o := m.world.truth.find(m.name, q.text("trans_ref"))
	if o == nil {
		return answerJSON(http.StatusOK, fields{"status": "404", "message": "Transaction not found", "data": []any{}})
	}
	word := "Succès"
	if st, _ := o.now(); st == failed {
		word = "Echec"
	}
	return answerJSON(http.StatusOK, fields{"status": "200", "message": "Transaction found", "data": []any{fields{"montant_demande": fmt.Sprint(o.amount), "statut_demande": word, "numero_de_compte": "074000100"}}})
}

// reserve makes a refund that nothing is given back by before it is sent.
func (m mypayga) reserve(q *question) reply {
	paid := m.world.truth.find(m.name, q.text("payment_token"))
	if paid == nil || paid.refund == nil {
		return m.refusal("statusRequest", "404", "Transaction not found")
	}
	m.world.mu.Lock()
	m.world.reserved++
	id := fmt.Sprintf("rfd_%d.%s", m.world.reserved, paid.reference)
	m.world.mu.Unlock()
	m.begin(&order{plan: paid.refund, reference: id, number: id, amount: q.minor("amount", 1)})
	return answerJSON(http.StatusOK, fields{"message": "Refund created", "statusRequest": 200, "totalAmount": paid.amount, "clientNumber": "07000100", "refundId": id})
}

func (m mypayga) giveBack(q *question) reply {
	o := m.world.truth.find(m.name, q.text("refund_id"))
	if o == nil {
		return m.refusal("RefundStatus", "404", "Refund not found")
	}
	if st, _ := o.now(); st != created {
		return m.refusal("RefundStatus", "409", "Refund already sent")
	}
	m.world.truth.settle(o, o.ending)
	status := "200"
	if st, _ := o.now(); st == failed {
		status = "400"
	}
	return answerJSON(http.StatusOK, fields{"message": "Refund", "refund_id": o.number, "RefundStatus": status})
}

func (m mypayga) infos(q *question) reply {
	o := m.world.truth.find(m.name, q.text("refId"))
	if o == nil {
		return answerJSON(http.StatusOK, fields{"message": "Refund not found", "exists": 0, "refund": nil, "statusRequest": "404"})
	}
	status, message := "100", "Remboursement en attente de validation."
	switch st, _ := o.now(); st {
	case succeeded:
		status, message = "200", "Remboursement effectué."
	case failed:
		status, message = "400", "Remboursement refusé."
	}
	return answerJSON(http.StatusOK, fields{"message": "Refund found", "exists": 1, "statusRequest": "200", "refund": fields{
		"orderAmount": o.amount, "amount": o.amount, "status": status, "refundType": "TO", "refundId": o.number, "message": message,
	}})
}

func (m mypayga) callback(o *order, secret, status, message string) *http.Request {
	amount := fmt.Sprint(o.amount)
	const phone = "077000000"
	mac := hmac.New(sha512.New, []byte(secret))
	mac.Write([]byte(status + o.reference + amount + o.number + "Mobile Money" + message + phone))
	return postJSON(o.hook, fields{
		"hash": hex.EncodeToString(mac.Sum(nil)), "order_status": status, "unique_id": o.reference, "amount": amount,
		"payment_token": o.number, "payment_method": "Mobile Money", "message": message, "client_phone": phone,
		"status_request": status, "currency": "CFA",
	})
}

// notice: only payments are told.
func (m mypayga) notice(o *order) *http.Request {
	if o.kind != pay.Payment {
		return nil
	}
	status, message := m.word(o)
	return m.callback(o, "callback-"+m.name, status, message)
}

func (m mypayga) forge(o *order) *http.Request { return m.callback(o, "guessed", "200", "Success") }
