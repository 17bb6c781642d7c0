package simtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// komipay speaks KomiPay as an operator does (wire: komipay §2.1 to §2.5): a
// telco's collect stays open until the payer has answered, and a status call
// while the payment is pending.
type komipay struct{ *rail }

// komiWindow is how long a payer may take.
const komiWindow = 5 * time.Minute

func (k komipay) about(q *question) (*plan, string) {
	switch {
	case strings.HasSuffix(q.URL.Path, "/generateToken"):
		return nil, stepLogin
	case strings.HasSuffix(q.URL.Path, "/check-transaction-status"):
		return k.world.truth.known(k.name, q.text("reference_transaction")), stepAsk
	case strings.HasSuffix(q.URL.Path, "/before-integration-b2c-payment-sta"):
		return k.world.truth.planOf(q.text("numero_telephone"), false), stepLogin
	}
	p := k.world.truth.planOf(q.text("numero_telephone_payeur"), false)
	k.world.truth.learn(k.name, q.text("reference_externe"), p)
	return p, stepSubmit
}

func (k komipay) serve(q *question) reply {
	if strings.HasSuffix(q.URL.Path, "/generateToken") {
		return answerJSON(http.StatusOK, fields{"code": 200, "statut": true, "message": "ok", "token": "token-" + k.name, "expires": "30 minutes"})
	}
	if q.Header.Get("Authorization") != "Bearer token-"+k.name {
		return reply{status: http.StatusUnauthorized}
	}
	switch {
	case strings.HasSuffix(q.URL.Path, "/b2c_standard"):
		return k.collect(q)
	case strings.HasSuffix(q.URL.Path, "/check-transaction-status"):
		return k.status(q)
	case strings.HasSuffix(q.URL.Path, "/before-integration-b2c-payment-sta"):
		return answerJSON(http.StatusOK, fields{"code": 200, "statut": true, "message": "Code de securite envoye par SMS", "tentative": 1})
	}
	return k.refusal(http.StatusNotFound, "Ressource introuvable")
}

func (k komipay) refusal(code int, message string) reply {
	return answerJSON(http.StatusOK, fields{"code": code, "statut": false, "message": message})
}

func (k komipay) collect(q *question) reply {
	p := k.world.truth.planOf(q.text("numero_telephone_payeur"), false)
	if p == nil {
		return k.refusal(400, "Numero de telephone invalide")
	}
	if k.world.truth.find(k.name, q.text("reference_externe")) != nil {
		return k.refusal(400, "Reference externe deja utilisee")
	}
	if k.refusesService(p) {
		return k.refusal(400, "Service momentanement indisponible")
	}
	o, _ := k.begin(&order{
		plan: p, reference: q.text("reference_externe"), amount: q.minor("montant_a_payer", 1), number: "KP-000-B2C-" + q.text("reference_externe")[2:10],
	})
	k.world.truth.alias(o, o.number)
	k.ask(o, komiWindow)
	if strings.HasSuffix(q.text("mobile_money"), "_transfert") {
		return answerJSON(http.StatusOK, fields{
			"code": 200, "statut": true, "message": "Le paiement est en attente de validation", "reference_transaction": o.number,
			"reference_externe": o.reference,
		})
	}
	if !k.wait(q, o) {
		return reply{status: http.StatusOK}
	}
	switch st, why := o.now(); {
	case st == succeeded:
		return answerJSON(http.StatusOK, fields{
			"code": 200, "statut": true, "message": "Paiement effectue avec succes", "reference_transaction": o.number,
			"reference_externe": o.reference, "transactionStatus": "Success", "data": fields{"transactionStatus": "Success"},
		})
	case why == ignores:
		return k.refusal(400, "Timeout transaction 5 minutes depassé")
	}
	return answerJSON(http.StatusOK, fields{"code": 400, "statut": "TF", "message": "Desole, solde insuffisant."})
}

// wait holds the call until the payer has answered; false when the caller left.
func (k komipay) wait(q *question, o *order) bool {
	select {
	case <-o.settled:
		return true
	case <-q.Context().Done():
		return false
	}
}

func (k komipay) status(q *question) reply {
	o := k.world.truth.find(k.name, q.text("reference_transaction"))
	if o == nil {
		return answerJSON(http.StatusOK, fields{
			"code": 404, "statut": false, "message": "Transaction introuvable", "transactionStatus": "notFound", "data": fields{"transactionStatus": "notFound"},
		})
	}
	if !k.wait(q, o) {
		return reply{status: http.StatusOK}
	}
	st, _ := o.now()
	body := fields{
		"code": 200, "statut": true, "message": "Transaction effectuee avec succes", "etat": "SUCCESS", "transactionStatus": "Success",
		"reference_transaction": o.number, "reference_externe": o.reference, "data": fields{"transactionStatus": "Success"},
		"dataTransaction": fields{"reference_transaction": o.number, "reference_externe": o.reference, "montant_total": fmt.Sprint(o.amount)},
	}
	if st != succeeded {
		body["code"], body["statut"], body["etat"], body["transactionStatus"] = 400, false, "ECHEC", "Echec"
		body["message"], body["data"] = "Paiement refuse", fields{"transactionStatus": "Echec"}
	}
	return answerJSON(http.StatusOK, body)
}

func (k komipay) notice(o *order) *http.Request {
	return postJSON(o.hook, fields{"reference_transaction": o.number, "reference_externe": o.reference, "transactionStatus": "?", "message": ""})
}

func (k komipay) forge(o *order) *http.Request {
	return postJSON(o.hook, fields{"reference_transaction": o.number, "reference_externe": o.reference, "transactionStatus": "Success", "message": "paye"})
}
