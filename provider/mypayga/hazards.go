package mypayga

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Where a hazard is known from.
const (
	fromSeed     = "seed"
	fromClients  = "clients"
	fromInferred = "inferred"
)

// hazards are MyPayGa's field hazards (wire: mypayga §7).
func hazards() []provider.Hazard {
	own := append(callbackShapes(), callbackHazards()...)
	own = append(own, statusHazards()...)
	return provider.SharedHazards(forged, append(own, callHazards()...)...)
}

func callbackShapes() []provider.Hazard {
	return []provider.Hazard{
		{
			Name: "callback_get", Source: fromClients, Notice: provider.Reshaped(func(c provider.Call) provider.Call {
				separator := "?"
				if strings.Contains(c.URL, "?") {
					separator = "&"
				}
				c.Method, c.URL = "GET", c.URL+separator+formOf(c.Body)
				return c.WithBody(nil)
			}),
			FR: "le callback est un GET avec une requête", EN: "the callback is a GET with a query",
		},
		{
			Name: "callback_form", Source: fromClients, Notice: provider.Reshaped(func(c provider.Call) provider.Call {
				c = c.WithBody([]byte(formOf(c.Body)))
				c.Header.Set("Content-Type", mediaForm)
				return c
			}),
			FR: "le callback est un formulaire", EN: "the callback is a form",
		},
		{
			Name: "callback_camel", Source: fromClients, Notice: provider.Reshaped(func(c provider.Call) provider.Call {
				return c.Edited(func(o map[string]any) {
					for _, name := range callbackFields {
						if camel := camelCase(name); camel != name {
							o[camel] = o[name]
							delete(o, name)
						}
					}
				})
			}),
			FR: "les champs du callback sont en camelCase", EN: "the callback's fields are in camelCase",
		},
		{
			Name: "hash_upper", Source: fromClients, Notice: provider.Reshaped(func(c provider.Call) provider.Call {
				return c.Edited(func(o map[string]any) {
					hash, _ := o["hash"].(string)
					o["hash"] = strings.ToUpper(hash)
				})
			}),
			FR: "le hash du callback est en majuscules", EN: "the callback's hash is in upper case",
		},
	}
}

// formOf writes a JSON callback as a form.
func formOf(body []byte) string {
	var fields map[string]string
	if json.Unmarshal(body, &fields) != nil {
		return ""
	}
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	return form.Encode()
}

func camelCase(name string) string {
	parts := strings.Split(name, "_")
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
	}
	return strings.Join(parts, "")
}

func callbackHazards() []provider.Hazard {
	before := func(change func(provider.Call) provider.Call) func(provider.Call, []provider.Call) []provider.Call {
		return func(c provider.Call, _ []provider.Call) []provider.Call { return []provider.Call{change(c), c} }
	}
	return []provider.Hazard{
		{
			Name: "callback_bad_hash", Source: fromClients, Notice: before(forged),
			FR: "un callback au mauvais hash vient avant le vrai", EN: "a callback with a wrong hash comes before the real one",
		},
		{
			Name: "callback_no_hash", Source: fromClients, Notice: before(func(c provider.Call) provider.Call {
				return forged(c).Edited(func(o map[string]any) { delete(o, "hash") })
			}),
			FR: "un callback sans hash vient avant le vrai", EN: "a callback without a hash comes before the real one",
		},
		{
			Name: "callback_amount", Source: fromClients, Tell: func(tx *pay.Transaction) { tx.Amount.Minor *= 2 },
			FR: "le callback est signé, mais d'un autre montant", EN: "the callback is signed, but of another amount",
		},
		{
			Name: "callback_duplicate", Source: fromClients, Notice: provider.Copies(3),
			FR: "le callback vient trois fois", EN: "the callback comes three times",
		},
		{
			Name: "callback_never", Source: fromInferred, Notice: provider.NoNotice,
			FR: "aucun callback ne vient", EN: "no callback ever comes",
		},
		{
			Name: "callback_before_answer", Source: fromInferred, Times: 1, Calls: []string{pathRequest, pathPay}, AfterNotice: true,
			FR: "le callback arrive avant la réponse", EN: "the callback arrives before the answer",
		},
		{
			Name: "unsigned_status", Source: fromClients, Like: "0002",
			FR: "le client refuse, et status_request vaut pourtant 200", EN: "the customer declines, and yet status_request is 200",
			Notice: provider.Reshaped(func(c provider.Call) provider.Call {
				return c.Edited(func(o map[string]any) { o["status_request"] = statusOK })
			}),
		},
	}
}

// forged says that a payment succeeded, with a hash that no secret makes.
func forged(c provider.Call) provider.Call {
	return c.Edited(func(o map[string]any) {
		o["order_status"], o["status_request"], o["message"] = statusOK, statusOK, "Payment success"
		o["hash"] = strings.Repeat("0", 128)
	})
}

// inDetail changes the payment that a detail lists.
func inDetail(change func(answer, payment map[string]any)) func(*provider.Reply) {
	return func(r *provider.Reply) {
		r.Edit(func(o map[string]any) {
			list, _ := o["payment"].([]any)
			if len(list) != 1 {
				return
			}
			if payment, ok := list[0].(map[string]any); ok {
				change(o, payment)
			}
		})
	}
}

func statusHazards() []provider.Hazard {
	detail := []string{pathDetail}
	return []provider.Hazard{
		{
			Name: "success_code_refusal_text", Source: fromSeed, Calls: detail, Like: "0002", Notice: provider.NoNotice,
			FR: "un refus a le code 200 et un texte de refus", EN: "a refusal has the code 200 and the text of a refusal",
			Answer: inDetail(func(answer, payment map[string]any) {
				answer["final_status"], payment["final_status"], payment["OrderStatus"] = statusOK, statusOK, statusOK
				payment["message_data"] = "PAYMENT DECLINED, CONTACT YOUR BANK."
			}),
		},
		{
			Name: "status_types", Source: fromSeed,
			FR: "les statuts sont des nombres", EN: "statuses are numbers",
			Answer: func(r *provider.Reply) {
				for _, name := range []string{"code", "statusRequest", "status", "OrderStatus", "final_status", "RefundStatus", "transfert_status"} {
					for _, value := range []string{statusOK, statusFailed, "100"} {
						r.Body = bytes.ReplaceAll(r.Body, []byte(`"`+name+`":"`+value+`"`), []byte(`"`+name+`":`+value))
					}
				}
			},
		},
		{
			Name: "invalid_json", Source: fromSeed, Times: 2, Calls: detail, Notice: provider.NoNotice,
			FR: "le JSON perd un guillemet, puis a une virgule de trop", EN: "the JSON lacks a quote, then has a comma too many",
			Answer: func(r *provider.Reply) {
				if r.Nth == 1 {
					r.Body = bytes.Replace(r.Body, []byte(`":`), []byte(`:`), 1)
					return
				}
				r.Body = append(bytes.TrimSuffix(bytes.TrimSpace(r.Body), []byte("}")), ",}"...)
			},
		},
		{
			Name: "detail_not_found", Source: fromSeed, Times: 2, Calls: detail, Notice: provider.NoNotice,
			FR: "le détail ne trouve pas un paiement en cours", EN: "the detail does not find a payment that is pending",
			Answer: func(r *provider.Reply) {
				r.WriteJSON(200, `{"payment":[],"code":"404","final_status":null,"merchand_ref":null,"environnement":"test","message":"Transaction not found"}`)
			},
		},
		{
			Name: "late_success", Source: fromInferred, Like: "0008",
			FR: "400 d'abord, 200 ensuite", EN: "400 first, 200 later",
		},
		{
			Name: "negative_net", Source: fromSeed, Calls: detail, Notice: provider.NoNotice,
			FR: "montant_net est négatif", EN: "montant_net is negative",
			Answer: inDetail(func(_, payment map[string]any) {
				payment["frais_transaction"], payment["montant_net"] = json.Number("1540.32"), json.Number("-10.03")
			}),
		},
		{
			Name: "refund_pending_200", Source: fromSeed, Calls: []string{pathRefundSend, pathRefundInfos},
			FR: "l'envoi du remboursement reste sans réponse, puis 200 « en attente »", EN: "the refund's send is not answered, then 200 \"en attente\"",
			Answer: func(r *provider.Reply) {
				r.Drop = strings.HasSuffix(r.Request.URL.Path, pathRefundSend)
				r.Edit(func(o map[string]any) {
					refund := provider.Inner(o, "refund")
					refund["status"], refund["message"] = statusOK, "Remboursement en attente de validation."
				})
			},
		},
	}
}

func callHazards() []provider.Hazard {
	request := []string{pathRequest, pathPay}
	return []provider.Hazard{
		{
			Name: "token_changed", Source: fromSeed, Calls: request,
			FR: "la réponse a un autre jeton que celui envoyé", EN: "the answer has another token than the one sent",
			Answer: func(r *provider.Reply) {
				r.Edit(func(o map[string]any) { o["payment_token"] = "Tok0000000000000000000009" })
			},
		},
		{
			Name: "init_timeout", Source: fromClients, Times: 1, Calls: request,
			FR: "le téléphone sonne, et rien n'est répondu", EN: "the phone rings, and nothing is answered",
			Answer: func(r *provider.Reply) { r.Drop = true },
		},
		{
			Name: "transfer_timeout", Source: fromSeed, Times: 1, Calls: []string{pathTransfer},
			FR: "le versement est fait, et rien n'est répondu", EN: "the payout is made, and nothing is answered",
			Answer: func(r *provider.Reply) { r.Drop = true },
		},
		{
			Name: "empty_200", Source: fromInferred, Times: 1,
			FR: "l'opération est faite, et la réponse est vide", EN: "the call is carried out, and the answer is empty",
			Answer: func(r *provider.Reply) { r.WriteJSON(200, "") },
		},
	}
}
