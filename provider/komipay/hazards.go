package komipay

import (
	"bytes"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

const (
	callCollect = "/b2c_standard"
	callStatus  = "/check-transaction-status"
)

// Where a hazard is known from.
const (
	fromSeed    = "seed"
	fromClients = "clients"
)

// hazards are KomiPay's field hazards (wire: komipay §7).
func hazards() []provider.Hazard {
	own := append(collectHazards(), statusHazards()...)
	return provider.SharedHazards(forged, append(own, webhookHazards()...)...)
}

func collectHazards() []provider.Hazard {
	collect := []string{callCollect}
	return []provider.Hazard{
		{
			Name: "null_body", Source: fromClients, Times: 1, Calls: collect,
			FR:     "l'encaissement est fait, code, statut et message sont null",
			EN:     "the collect is carried out, code, statut and message are null",
			Answer: func(r *provider.Reply) { r.WriteJSON(200, `{"code":null,"statut":null,"message":null}`) },
		},
		{
			Name: "truthy_refusal", Source: fromSeed, Calls: collect,
			FR: "le client refuse, et statut vaut le texte TF", EN: "the customer declines, and statut is the text TF",
			Like: "0002", Answer: func(r *provider.Reply) {
				r.Edit(func(o map[string]any) {
					if o["statut"] == false {
						o["statut"] = "TF"
					}
				})
			},
		},
		{
			Name: "sta_accept_is_not_paid", Source: fromClients,
			FR:   "la société de transfert accepte la demande, puis le client refuse",
			EN:   "the transfer company accepts the request, then the customer declines",
			Like: "0002",
		},
		{
			Name: "slow_collect", Source: fromClients, Times: 1, Calls: collect,
			FR: "la réponse à l'encaissement vient après deux minutes", EN: "the collect is answered after two minutes",
			Slow: 2 * time.Minute,
		},
		{
			Name: "late_success", Source: fromClients,
			FR: "Echec d'abord, Success ensuite", EN: "Echec first, Success later",
			Like: "0008",
		},
		{
			Name: "token_expired", Source: fromClients, Times: 1, Calls: []string{callCollect, callStatus}, Refuses: true,
			FR: "le jeton est refusé : HTTP 401 sans corps", EN: "the token is refused: HTTP 401 without a body",
			Answer: func(r *provider.Reply) { r.Status, r.Header, r.Body = http.StatusUnauthorized, http.Header{}, nil },
		},
		{
			Name: "html_answer", Source: fromClients, Times: 2,
			FR: "sous la charge, HTML puis corps vide, HTTP 200", EN: "under load, HTML and then an empty body, HTTP 200",
			Answer: func(r *provider.Reply) {
				if r.Nth == 1 {
					r.Write(200, "text/html", provider.HTMLPage)
					return
				}
				r.WriteJSON(200, "")
			},
		},
		{
			Name: "code_201", Source: fromClients,
			FR: "le code d'un succès est 201 au lieu de 200", EN: "the code of a success is 201 instead of 200",
			Answer: func(r *provider.Reply) {
				r.Body = bytes.Replace(r.Body, []byte(`"code":200`), []byte(`"code":201`), 1)
			},
		},
		{
			Name: "double_prefix", Source: fromClients, Calls: collect,
			FR: "un numéro en +227227… est refusé", EN: "a number like +227227… is refused",
			Answer: func(r *provider.Reply) {
				if bytes.Contains(r.RequestBody, []byte("227227")) {
					r.WriteJSON(200, `{"code":400,"statut":false,"message":"Numero de telephone invalide"}`)
				}
			},
		},
	}
}

func statusHazards() []provider.Hazard {
	status := []string{callStatus}
	return []provider.Hazard{
		{
			Name: "long_poll", Source: fromClients, Times: 1, Calls: status,
			FR: "la question du statut reste ouverte cinq minutes", EN: "the status call stays open for five minutes",
			Slow: 5 * time.Minute,
		},
		{
			Name: "not_found_early", Source: fromClients, Times: 2, Calls: status,
			FR: "le statut répond notFound juste après l'acceptation", EN: "the status says notFound just after acceptance",
			Answer: func(r *provider.Reply) {
				r.WriteJSON(200, `{"code":404,"statut":false,"message":"Transaction introuvable","transactionStatus":"notFound","data":{"transactionStatus":"notFound"}}`)
			},
		},
		{
			Name: "burst_refusal", Source: fromClients, Times: 3, Calls: status,
			FR: "trop de questions à la fois : réponses vides et connexions coupées", EN: "too many questions at once: empty answers and resets",
			Answer: func(r *provider.Reply) { r.Body, r.Drop = nil, r.Nth%2 == 0 },
		},
		{
			Name: "wrong_status_key", Source: fromClients, Times: 1, Calls: status,
			FR: "le statut répond que apikey manque", EN: "the status says that apikey is missing",
			Answer: func(r *provider.Reply) {
				r.WriteJSON(200, `{"code":400,"statut":false,"message":"Le champ apikey est obligatoire"}`)
			},
		},
	}
}

func webhookHazards() []provider.Hazard {
	return []provider.Hazard{
		{
			Name: "webhook_forged", Source: fromClients,
			FR:     "un faux webhook dit Success avant le vrai",
			EN:     "a forged webhook says Success before the real one",
			Notice: func(c provider.Call, _ []provider.Call) []provider.Call { return []provider.Call{forged(c), c} },
		},
		{
			Name: "webhook_duplicate", Source: fromClients,
			FR: "le webhook vient deux fois", EN: "the webhook comes twice", Notice: provider.Copies(2),
		},
		{
			Name: "webhook_never", Source: fromClients,
			FR: "le webhook ne vient jamais", EN: "the webhook never comes", Notice: provider.NoNotice,
		},
	}
}

// forged says that a payment succeeded, whatever became of it.
func forged(c provider.Call) provider.Call {
	return c.Edited(func(o map[string]any) {
		o["transactionStatus"], o["message"] = "Success", "Transaction effectuee avec succes"
	})
}
