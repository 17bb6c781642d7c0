package cinetpay

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// Where a hazard is known from.
const (
	fromSeed     = "seed"
	fromDocs     = "docs"
	fromClients  = "clients"
	fromInferred = "inferred"
)

// hazards are CinetPay's field hazards (wire: cinetpay §7).
func hazards() []provider.Hazard {
	own := append(notifyHazards(), checkHazards()...)
	own = append(own, edgeHazards()...)
	return provider.SharedHazards(forged, append(own, transferHazards()...)...)
}

func notifyHazards() []provider.Hazard {
	return []provider.Hazard{
		{
			Name: "notify_duplicate", Source: fromClients, Notice: provider.Copies(2),
			FR: "chaque notification vient deux fois", EN: "each notification comes twice",
		},
		{
			Name: "notify_out_of_order", Source: fromInferred, Notice: provider.Reversed,
			FR: "la notification finale vient avant celle de l'attente", EN: "the final notification comes before that of the waiting",
		},
		{
			Name: "notify_never", Source: fromClients, Notice: provider.NoNotice,
			FR: "aucune notification ne vient", EN: "no notification ever comes",
		},
		{
			Name: "notify_ping_only", Source: fromClients,
			FR: "seul le GET d'essai vient", EN: "the trial GET alone comes",
			Notice: provider.Reshaped(func(c provider.Call) provider.Call {
				return provider.Call{Method: http.MethodGet, URL: c.URL, Header: http.Header{}}
			}),
		},
		{
			Name: "notify_bad_token", Source: fromDocs,
			FR: "une notification au mauvais x-token vient avant la vraie", EN: "a notification with a wrong x-token comes before the real one",
			Notice: func(c provider.Call, _ []provider.Call) []provider.Call { return []provider.Call{forged(c), c} },
		},
		{
			Name: "notify_no_token", Source: fromSeed,
			FR: "la notification n'a pas de x-token", EN: "the notification has no x-token",
			Notice: provider.Reshaped(func(c provider.Call) provider.Call { return withToken(c, "") }),
		},
		{
			Name: "notify_json", Source: fromSeed,
			FR: "la notification est en JSON et n'a que deux champs", EN: "the notification is JSON and has two fields alone",
			Notice: provider.Reshaped(seedNotice),
		},
		{
			Name: "notify_extra_fields", Source: fromClients,
			FR: "la notification a d'anciens champs en plus", EN: "the notification has older fields as well",
			Notice: provider.Reshaped(func(c provider.Call) provider.Call {
				return c.WithBody(append(bytes.Clone(c.Body), "&cpm_result=00&cpm_trans_status=ACCEPTED&cpm_payid=E0000000001"...))
			}),
		},
	}
}

// withToken is a notification with another x-token, "" for none.
func withToken(c provider.Call, token string) provider.Call {
	c = c.WithBody(c.Body)
	for name := range c.Header {
		if strings.EqualFold(name, "x-token") {
			delete(c.Header, name)
		}
	}
	if token != "" {
		c.Header["x-token"] = []string{token}
	}
	return c
}

// forged says that a payment succeeded, signed with no key.
func forged(c provider.Call) provider.Call {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return c
	}
	form.Set("cpm_error_message", "SUCCES")
	return withToken(c.WithBody([]byte(form.Encode())), strings.Repeat("0", 64))
}

func seedNotice(c provider.Call) provider.Call {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return c
	}
	body, err := json.Marshal(map[string]string{"cpm_trans_id": form.Get("cpm_trans_id"), "cpm_site_id": form.Get("cpm_site_id")})
	if err != nil {
		return c
	}
	c = withToken(c.WithBody(body), "")
	c.Header.Set("Content-Type", "application/json")
	return c
}

// says has a check tell another row of the table.
func says(code string) func(*provider.Reply) {
	row, _ := findCode(paymentCodes, code)
	return func(r *provider.Reply) {
		r.Edit(func(o map[string]any) {
			o["code"], o["message"], o["description"] = row.code, row.message, row.description
			provider.Inner(o, "data")["status"] = row.status
		})
	}
}

// refuses answers a Checkout request with an error, which has no data unless
// the hazard is that it has.
func refuses(r *provider.Reply, status int, code, description string, data any) {
	text, _ := json.Marshal(answer{
		Code: code, Message: initMessages[code], Description: description, Data: data, APIResponseID: responseIDAt(time.Now()),
	}) // texts always can
	r.WriteJSON(status, string(text))
}

// refusesTransfer answers a call of the transfer API with an error.
func refusesTransfer(code string) func(*provider.Reply) {
	return func(r *provider.Reply) {
		text, _ := json.Marshal(transferError(r.Request, code)) // texts always can
		r.WriteJSON(http.StatusOK, string(text))
	}
}

func checkHazards() []provider.Hazard {
	check := []string{pathCheck}
	inData := func(change func(map[string]any)) func(*provider.Reply) {
		return func(r *provider.Reply) { r.Edit(func(o map[string]any) { change(provider.Inner(o, "data")) }) }
	}
	return []provider.Hazard{
		{
			Name: "waiting_first", Source: fromDocs, Times: 2, Calls: check, Answer: func(r *provider.Reply) {
				if r.Nth == 1 {
					says(codeWaitingApproval)(r)
					return
				}
				says(codeWaitingPayment)(r)
			},
			FR: "la première notification trouve 623, puis 662", EN: "the first notification finds 623, then 662",
		},
		{
			Name: "success_spelling", Source: fromSeed, Calls: check, Answer: func(r *provider.Reply) {
				r.Edit(func(o map[string]any) {
					if o["code"] == "00" {
						o["message"] = "SUCCESS "
					}
				})
			},
			FR: "le message d'un succès est « SUCCESS  »", EN: "the message of a success is \"SUCCESS \"",
		},
		{
			Name: "wrong_amount", Source: fromClients, Calls: check, Answer: inData(func(o map[string]any) { o["amount"] = "5" }),
			FR: "le succès est d'un autre montant", EN: "the success is of another amount",
		},
		{
			Name: "no_data", Source: fromClients, Times: 3, Calls: check, Answer: func(r *provider.Reply) {
				data := []any{nil, []any{}, json.RawMessage("null")}[(r.Nth-1)%3]
				refuses(r, http.StatusBadRequest, codePaymentFailed, "transaction_id not found", data)
			},
			FR: "une erreur sans data, avec data vide, avec data null", EN: "an error without data, with empty data, with null data",
		},
		{
			Name: "int_code", Source: fromInferred, Times: 1, Calls: check, Answer: func(r *provider.Reply) {
				r.Edit(func(o map[string]any) { o["code"] = 0 })
			},
			FR: "code est le nombre 0, qui n'est pas 00", EN: "code is the number 0, which is not 00",
		},
		{
			Name: "pending_forever", Source: fromClients, Calls: check, Notice: provider.NoNotice,
			Answer: says(codeWaitingPayment),
			FR:     "le statut reste 662 et aucune notification ne vient", EN: "the status stays 662 and no notification comes",
		},
		{
			Name: "late_success", Source: fromClients, Like: "0008",
			FR: "échec d'abord, 00 ensuite", EN: "failed first, 00 later",
		},
		{
			Name: "missing_keys", Source: fromSeed, Calls: check, Answer: inData(func(o map[string]any) {
				for _, key := range []string{"amount", "currency", "status", "description", "metadata", "fund_availability_date"} {
					delete(o, key)
				}
			}),
			FR: "la réponse n'a ni montant ni devise ni statut", EN: "the answer has no amount, no currency and no status",
		},
		{
			Name: "null_body", Source: fromInferred, Times: 1, Answer: func(r *provider.Reply) { r.WriteJSON(200, "") },
			FR: "HTTP 200 sans corps", EN: "HTTP 200 without a body",
		},
	}
}

func edgeHazards() []provider.Hazard {
	return []provider.Hazard{
		{
			Name: "error_in_200", Source: fromClients, Times: 1, Calls: []string{pathPayment}, Refuses: true,
			Answer: func(r *provider.Reply) {
				refuses(r, http.StatusOK, codeUnknownError, descriptionUnknown, nil)
			},
			FR: "l'initialisation est refusée avec HTTP 200", EN: "the initialisation is refused with HTTP 200",
		},
		{
			Name: "error_in_4xx", Source: fromClients, Times: 1, Calls: []string{pathPayment}, Refuses: true,
			Answer: func(r *provider.Reply) {
				refuses(r, http.StatusBadRequest, codeUnknownError, descriptionUnknown, nil)
			},
			FR: "l'initialisation est refusée avec HTTP 400", EN: "the initialisation is refused with HTTP 400",
		},
		{
			Name: "html_edge", Source: fromDocs, Times: 2, Refuses: true,
			Answer: func(r *provider.Reply) { r.Write([]int{403, 503}[(r.Nth-1)%2], "text/html", provider.HTMLPage) },
			FR:     "le frontal répond 403, puis 503, en HTML", EN: "the edge answers 403, then 503, in HTML",
		},
		{
			Name: "rate_429", Source: fromClients, Times: 1, Calls: []string{pathCheck}, Refuses: true,
			Answer: func(r *provider.Reply) {
				refuses(r, http.StatusTooManyRequests, codeTooMany, descriptionTooMany, nil)
			},
			FR: "trop de questions : 429", EN: "too many questions: 429",
		},
	}
}

func transferHazards() []provider.Hazard {
	return []provider.Hazard{
		{
			Name: "token_expired", Source: fromDocs, Times: 1, Calls: []string{pathSend}, Refuses: true,
			Answer: refusesTransfer(codeTokenInvalid),
			FR:     "le jeton des transferts a expiré : 706", EN: "the transfer token has expired: 706",
		},
		{
			Name: "transfer_unconfirmed", Source: fromDocs, Calls: []string{pathSend, pathCheckTransfer}, Notice: provider.NoNotice,
			Answer: func(r *provider.Reply) {
				body := r.Body
				for _, end := range []string{"VAL", "REJ"} {
					body = bytes.ReplaceAll(body, []byte(`"treatment_status":"`+end+`"`), []byte(`"treatment_status":"NEW"`))
				}
				r.Body = bytes.ReplaceAll(body, []byte(`"sending_status":"CONFIRM"`), []byte(`"sending_status":"PENDING"`))
			},
			FR: "le transfert reste NEW et PENDING", EN: "the transfer stays NEW and PENDING",
		},
		{
			Name: "transfer_duplicate", Source: fromDocs, Times: 1, Calls: []string{pathSend},
			Answer: refusesTransfer(codeClientIDExists),
			FR:     "un envoi déjà fait est répondu par 805", EN: "a transfer that was made already is answered 805",
		},
	}
}
