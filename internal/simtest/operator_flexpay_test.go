package simtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// flexpay speaks FlexPay's mobile money API as an operator does (wire: flexpay
// §2.2, §3, §8.2, §8.3). Its first rail knows statuses 0 and 1 alone.
type flexpay struct{ *rail }

const flexCheck = "/check/"

func (f flexpay) about(q *question) (*plan, string) {
	if _, number, ok := strings.Cut(q.URL.Path, flexCheck); ok {
		return f.world.truth.known(f.name, number), stepAsk
	}
	return f.world.truth.planOf(q.text("phone"), strings.HasSuffix(q.URL.Path, "PayOutService")), stepSubmit
}

func (f flexpay) serve(q *question) reply {
	if q.Header.Get("Authorization") != "Bearer token-"+f.name {
		return answerJSON(http.StatusUnauthorized, fields{"error": "Unauthorized", "message": "Token invalide", "status": 401})
	}
	if _, number, ok := strings.Cut(q.URL.Path, flexCheck); ok {
		return f.check(number)
	}
	return f.initiate(q, strings.HasSuffix(q.URL.Path, "PayOutService"))
}

func (f flexpay) refusal(message string) reply {
	return answerJSON(http.StatusOK, fields{"code": "1", "message": message, "orderNumber": nil, "reference": nil, "url": nil})
}

func (f flexpay) initiate(q *question, debit bool) reply {
	p := f.world.truth.planOf(q.text("phone"), debit)
	if p == nil {
		return f.refusal("Numéro de téléphone invalide")
	}
	if f.world.truth.find(f.name, q.text("reference")) != nil {
		return f.refusal("La référence existe déjà")
	}
	if f.refusesService(p) {
		return f.refusal("Service indisponible")
	}
	o, _ := f.begin(&order{
		plan: p, reference: q.text("reference"), amount: q.minor("amount", 100),
		number: "Fx" + q.text("reference")[2:12] + q.text("phone"),
	})
	f.world.truth.alias(o, o.number)
	if debit {
		f.transfer(o, 30*time.Second)
	} else {
		f.ask(o, 4*time.Minute)
	}
	return answerJSON(http.StatusOK, fields{
		"code": "0", "message": "Transaction envoyée avec succès.", "orderNumber": o.number,
		"reference": nil, "provider_reference": nil, "url": nil,
	})
}

func (f flexpay) check(number string) reply {
	o := f.world.truth.find(f.name, number)
	if o == nil {
		return answerJSON(http.StatusOK, fields{"code": "1", "message": "Aucune transaction trouvée", "transaction": nil})
	}
	o.mu.Lock()
	o.known = true
	o.mu.Unlock()
	return answerJSON(http.StatusOK, fields{"code": "0", "message": "Une transaction trouvée", "transaction": fields{
		"orderNumber": o.number, "reference": o.reference, "amount": fmt.Sprintf("%d.0", o.amount/100),
		"amountCustomer": fmt.Sprintf("%d.0", o.amount/100+1), "currency": "CDF", "createdAt": "01-01-2000 01:00:00", "status": f.word(o),
	}})
}

func (f flexpay) word(o *order) string {
	st, why := o.now()
	switch {
	case st == succeeded:
		return "0"
	case f.name == "flexpay-1":
		return "1"
	case st != failed:
		return "2"
	case why == declines:
		return "5"
	}
	return "1"
}

func (f flexpay) callback(o *order, code string, amount int64) *http.Request {
	return postJSON(o.hook, fields{
		"code": code, "reference": o.reference, "provider_reference": "", "orderNumber": o.number,
		"amount": fmt.Sprintf("%d.0", amount/100), "amountCustomer": fmt.Sprintf("%d.0", amount/100), "phone": "243810000000",
		"currency": "CDF", "createdAt": "01-01-2000 01:00:00", "channel": "mpesa",
	})
}

func (f flexpay) notice(o *order) *http.Request {
	if st, _ := o.now(); st == succeeded {
		return f.callback(o, "0", o.amount)
	}
	return f.callback(o, "1", o.amount)
}

func (f flexpay) forge(o *order) *http.Request { return f.callback(o, "0", o.amount) }
