package simtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// cinetpay speaks CinetPay's checkout and transfer APIs as an operator does
// (wire: cinetpay §2, §3, §8.2). Nobody is asked before the page is opened.
type cinetpay struct{ *rail }

func (c cinetpay) about(q *question) (*plan, string) {
	t := c.world.truth
	switch {
	case strings.HasSuffix(q.URL.Path, "/v2/payment"):
		p := t.planOf(q.text("customer_phone_number"), false)
		t.learn(c.name, q.text("transaction_id"), p)
		return p, stepSubmit
	case strings.HasSuffix(q.URL.Path, "/v2/payment/check"):
		return t.known(c.name, q.text("transaction_id")), stepAsk
	case strings.HasSuffix(q.URL.Path, "/transfer/check/money"):
		return t.known(c.name, q.text("client_transaction_id")), stepAsk
	case strings.HasSuffix(q.URL.Path, "/transfer/contact"):
		return t.planOf(c.item(q)["phone"], true), stepLogin
	case strings.HasSuffix(q.URL.Path, "/transfer/money/send/contact"):
		item := c.item(q)
		p := t.planOf(item["phone"], true)
		t.learn(c.name, item["client_transaction_id"], p)
		return p, stepSubmit
	}
	return nil, stepLogin
}

// item is the one item of a transfer's data, as text.
func (c cinetpay) item(q *question) map[string]string {
	var list []map[string]any
	if json.Unmarshal([]byte(q.form.Get("data")), &list) != nil || len(list) != 1 {
		return nil
	}
	item := map[string]string{}
	for name, v := range list[0] {
		item[name] = fmt.Sprint(v)
	}
	return item
}

func (c cinetpay) serve(q *question) reply {
	switch {
	case strings.HasSuffix(q.URL.Path, "/v2/payment"):
		return c.initialise(q)
	case strings.HasSuffix(q.URL.Path, "/v2/payment/check"):
		return c.check(q)
	case strings.HasSuffix(q.URL.Path, "/auth/login"):
		return answerJSON(http.StatusOK, fields{"code": 0, "message": "OPERATION_SUCCES", "data": fields{"token": "token-" + c.name}})
	case q.form.Get("token") != "token-"+c.name:
		return c.refusal("706", "INVALID_TOKEN", "")
	case strings.HasSuffix(q.URL.Path, "/transfer/contact"):
		return answerJSON(http.StatusOK, fields{"code": 0, "message": "OPERATION_SUCCES", "data": []any{[]any{fields{"code": 0, "status": "success", "lot": "1"}}}})
	case strings.HasSuffix(q.URL.Path, "/transfer/money/send/contact"):
		return c.send(q)
	case strings.HasSuffix(q.URL.Path, "/transfer/check/money"):
		return c.transferred(q)
	}
	return c.refusal("404", "NOT_FOUND", "")
}

func (c cinetpay) refusal(code, message, description string) reply {
	status := http.StatusOK
	if len(code) == 3 && code[0] == '6' {
		status = http.StatusBadRequest
	}
	return answerJSON(status, fields{"code": code, "message": message, "description": description, "api_response_id": "1.1"})
}

// cinetLife ends a page that nobody paid on.
const cinetLife = 8 * time.Minute

func (c cinetpay) initialise(q *question) reply {
	p := c.world.truth.planOf(q.text("customer_phone_number"), false)
	if p == nil {
		return c.refusal("608", "MINIMUM_REQUIRED_FIELDS", "customer_phone_number is invalid")
	}
	id := q.text("transaction_id")
	if c.world.truth.find(c.name, id) != nil {
		return c.refusal("608", "MINIMUM_REQUIRED_FIELDS", "transaction_id already exists")
	}
	if c.refusesService(p) {
		return c.refusal("609", "AUTH_NOT_FOUND", "apikey is not valid")
	}
	o, _ := c.begin(&order{plan: p, reference: id, number: "page" + id, amount: q.minor("amount", 1)})
	c.world.truth.alias(o, o.number)
	c.world.party.Go(func() {
		time.Sleep(cinetLife)
		if st, _ := o.now(); st == created {
			c.world.truth.settle(o, ignores)
			c.tell(o)
		}
	})
	return answerJSON(http.StatusOK, fields{
		"code": "201", "message": "CREATED", "description": "Transaction created with success", "api_response_id": "1.2",
		"data": fields{"payment_token": o.number, "payment_url": c.url() + "/payment/" + o.number},
	})
}

// open is the customer who opens the page; true when it is one of ours.
func (c cinetpay) open(p *plan, address string) bool {
	number, ok := strings.CutPrefix(address, c.url()+"/payment/")
	if !ok {
		return false
	}
	o := c.world.truth.find(c.name, number)
	if o == nil {
		c.world.truth.violate(p, "the customer is sent to a page that is not there")
		return true
	}
	if st, _ := o.now(); st == created {
		c.ask(o, 4*time.Minute)
	}
	return true
}

func (c cinetpay) check(q *question) reply {
	o := c.world.truth.find(c.name, q.text("transaction_id"))
	if o == nil {
		return c.refusal("608", "MINIMUM_REQUIRED_FIELDS", "transaction_id not found")
	}
	code, message, status := c.word(o)
	body := fields{"code": code, "message": message, "api_response_id": "1.3", "data": fields{
		"amount": fmt.Sprint(o.amount), "currency": "XOF", "status": status, "payment_method": "OM", "description": "d",
		"metadata": nil, "operator_id": nil, "payment_date": "", "fund_availability_date": nil, "phone_number": "", "phone_prefix": "",
	}}
	return answerJSON(http.StatusOK, body)
}

func (c cinetpay) word(o *order) (code, message, status string) {
	st, why := o.now()
	switch {
	case st == succeeded:
		return "00", "SUCCES", "ACCEPTED"
	case st == created:
		return "662", "WAITING_CUSTOMER_PAYMENT", "PENDING"
	case st == waiting:
		return "623", "WAITING_CUSTOMER_TO_VALIDATE", "WAITING_FOR_CUSTOMER"
	case why == poor:
		return "602", "INSUFFISENT_BALANCE", "REFUSED"
	case why == ignores:
		return "627", "TRANSACTION_CANCEL", "CANCELLED"
	}
	return "600", "PAYMENT_FAILED", "REFUSED"
}

func (c cinetpay) callback(o *order, message, secret string) *http.Request {
	values := [][2]string{
		{"cpm_site_id", "100001"},
		{"cpm_trans_id", o.reference},
		{"cpm_trans_date", "2000-01-01 00:00:00"},
		{"cpm_amount", fmt.Sprint(o.amount)},
		{"cpm_currency", "XOF"},
		{"signature", "sig"},
		{"payment_method", "OM"},
		{"cel_phone_num", ""},
		{"cpm_phone_prefixe", "225"},
		{"cpm_language", "fr"},
		{"cpm_version", "V4"},
		{"cpm_payment_config", "SINGLE"},
		{"cpm_page_action", "PAYMENT"},
		{"cpm_custom", ""},
		{"cpm_designation", "d"},
		{"cpm_error_message", message},
	}
	mac := hmac.New(sha256.New, []byte(secret))
	var pairs []string
	for _, v := range values {
		mac.Write([]byte(v[1]))
		pairs = append(pairs, v[0]+"="+url.QueryEscape(v[1]))
	}
	r := newPost(o.hook, "application/x-www-form-urlencoded", []byte(strings.Join(pairs, "&")))
	if secret != "" {
		r.Header.Set("x-token", hex.EncodeToString(mac.Sum(nil)))
	}
	return r
}

func (c cinetpay) notice(o *order) *http.Request {
	if o.kind.Debits() {
		return postJSON(o.hook, fields{"client_transaction_id": o.reference, "transaction_id": o.number, "treatment_status": c.treatment(o)})
	}
	_, message, _ := c.word(o)
	return c.callback(o, message, "secret-"+c.name)
}

func (c cinetpay) forge(o *order) *http.Request {
	return c.callback(o, "SUCCES", pick(c.world.dice, []string{"", "guessed"}, "forged secret", o.name))
}

func (c cinetpay) stale(o *order) *http.Request {
	return c.callback(o, "WAITING_CUSTOMER_TO_VALIDATE", "secret-"+c.name)
}

func (c cinetpay) send(q *question) reply {
	item := c.item(q)
	p := c.world.truth.planOf(item["phone"], true)
	id := item["client_transaction_id"]
	one := func(f fields) reply {
		return answerJSON(http.StatusOK, fields{"code": 0, "message": "OPERATION_SUCCES", "data": []any{[]any{f}}})
	}
	switch {
	case p == nil:
		return one(fields{"code": 802, "status": "error", "message": "INVALID_PHONE"})
	case c.world.truth.find(c.name, id) != nil:
		return one(fields{"code": 805, "status": "error", "message": "CLIENT_TRANSACTION_ID_EXIST"})
	case c.refusesService(p):
		return one(fields{"code": 804, "status": "error", "message": "OPERATOR_UNAVAILABLE"})
	}
	o, _ := c.begin(&order{plan: p, reference: id, number: "trf" + id, amount: parseWhole(item["amount"])})
	c.transfer(o, 30*time.Second)
	return one(fields{
		"code": 0, "status": "success", "treatment_status": "NEW", "transaction_id": o.number, "client_transaction_id": id,
		"lot": "1", "amount": o.amount,
	})
}

func (c cinetpay) treatment(o *order) string {
	switch st, _ := o.now(); st {
	case succeeded:
		return "VAL"
	case failed:
		return "REJ"
	}
	return "NEW"
}

func (c cinetpay) transferred(q *question) reply {
	o := c.world.truth.find(c.name, q.text("client_transaction_id"))
	if o == nil {
		return c.refusal("723", "NOT_FOUND", "")
	}
	return answerJSON(http.StatusOK, fields{"code": 0, "message": "OPERATION_SUCCES", "data": []any{fields{
		"transaction_id": o.number, "client_transaction_id": o.reference, "lot": "1", "amount": fmt.Sprint(o.amount),
		"sending_status": "CONFIRM", "transfer_valid": "Y", "treatment_status": c.treatment(o), "comment": "",
	}}})
}
