package mypvit

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/passerelle-pay/passerelle/provider"
)

const (
	callRest   = "/rest"
	callStatus = "/status"
	callRenew  = "/renew-secret"
)

// Where a hazard is known from.
const (
	fromSeed     = "seed"
	fromDocs     = "docs"
	fromClients  = "clients"
	fromInferred = "inferred"
)

// hazards are MyPVit's field hazards (wire: mypvit §7).
func hazards() []provider.Hazard {
	own := append(secretHazards(), authHazards()...)
	own = append(own, restHazards()...)
	own = append(own, statusHazards()...)
	return provider.SharedHazards(forged, append(own, callbackHazards()...)...)
}

func secretHazards() []provider.Hazard {
	renew := []string{callRenew}
	return []provider.Hazard{
		{
			Name: "secret_late", Source: fromClients, Alone: true, Calls: renew, Times: 1,
			FR: "la nouvelle clé vient après la réponse au renouvellement", EN: "the new key comes after the answer to the renewal",
			Late: true,
		},
		{
			Name: "secret_never", Source: fromClients, Alone: true, Calls: renew, Times: 1,
			FR: "la nouvelle clé n'arrive pas, l'ancienne reste", EN: "the new key does not arrive, the old one stays",
			Notice: provider.NoNotice,
		},
		{
			Name: "secret_shape", Source: fromClients, Alone: true, Calls: renew, Times: 1,
			FR: "la nouvelle clé vient tour à tour sous d'autres noms de champs et en simple texte", EN: "the new key comes by turns under other field names and as a bare text",
			Notice: provider.Reshaped(otherShapes()),
		},
		{
			Name: "secret_race", Source: fromDocs, Alone: true, Calls: renew, Times: 1,
			FR: "deux clés se suivent, la première est déjà morte", EN: "two keys follow each other, the first is dead already",
			Notice: func(c provider.Call, _ []provider.Call) []provider.Call {
				return []provider.Call{c.Edited(strangeKey), c}
			},
		},
		{
			Name: "secret_unsolicited", Source: fromInferred, Times: 1,
			FR: "une clé que personne n'a demandée vient avec le callback", EN: "a key that nobody asked for comes with the callback",
			Notice: func(c provider.Call, _ []provider.Call) []provider.Call {
				push := c.WithBody([]byte(`{}`)).Edited(strangeKey)
				push.Header = http.Header{"Content-Type": {mediaJSON}}
				return []provider.Call{push, c}
			},
		},
	}
}

// otherShapes gives a pushed key the shapes that clients have met, by turns. The
// third of them, a key in the answer and pushed as well, is /v2's own.
func otherShapes() func(provider.Call) provider.Call {
	var turn atomic.Uint32
	return func(c provider.Call) provider.Call {
		if turn.Add(1)%2 == 0 {
			return bareKey(c)
		}
		return c.Edited(func(o map[string]any) {
			o["merchant_operation_account_code"], o["secretKey"] = o["operation_account_code"], o["secret_key"]
			delete(o, "operation_account_code")
			delete(o, "secret_key")
		})
	}
}

func bareKey(c provider.Call) provider.Call {
	key, ok := parseSecret(c.Body)
	body, err := json.Marshal(key.Secret.Reveal())
	if !ok || err != nil {
		return c
	}
	return c.WithBody(body)
}

func strangeKey(o map[string]any) {
	o["secret_key"], o["expires_in"] = "sk_test_00000000-0000-4000-8000-00000000dead", 3600
}

func authHazards() []provider.Hazard {
	return []provider.Hazard{
		{
			Name: "auth_401", Source: fromDocs, Times: 1, Calls: []string{callRest, callStatus}, Refuses: true,
			FR: "la clé a expiré : HTTP 401 et 3100", EN: "the key has expired: HTTP 401 and 3100",
			Answer: func(r *provider.Reply) {
				refuseWith(r, codeAuthenticationFailed)
				r.Status = http.StatusUnauthorized
			},
		},
		{
			Name: "auth_403", Source: fromSeed, Times: 1, Calls: []string{callRest, callStatus}, Refuses: true,
			FR: "la clé a expiré : HTTP 403 et 3100", EN: "the key has expired: HTTP 403 and 3100",
			Answer: refusing(codeAuthenticationFailed),
		},
		{
			Name: "ip_refused", Source: fromClients, Times: 1, Refuses: true,
			FR: "l'adresse IP du marchand est refusée : 400 et 1000", EN: "the merchant's IP address is refused: 400 and 1000",
			Answer: refusing(codeInvalidIP),
		},
	}
}

// refuseWith writes the refusal of a documented code.
func refuseWith(r *provider.Reply, code int, messages ...string) {
	row := refuse(code).row
	body, err := json.Marshal(errorAnswer{
		Date: "01012025-141750", StatusCode: row.code, Error: row.name, Message: row.message,
		Messages: messages, Path: r.Request.URL.Path,
	})
	if err == nil {
		r.WriteJSON(row.http, string(body))
	}
}

func refusing(code int) func(*provider.Reply) {
	return func(r *provider.Reply) { refuseWith(r, code) }
}

func restHazards() []provider.Hazard {
	rest := []string{callRest}
	return []provider.Hazard{
		{
			Name: "init_timeout", Source: fromClients, Times: 1, Calls: rest,
			FR: "la demande est prise, et rien n'est répondu", EN: "the request is taken, and nothing is answered",
			Answer: func(r *provider.Reply) { r.Drop = true },
		},
		{
			Name: "init_500", Source: fromClients, Times: 1, Calls: rest,
			FR: "la demande est prise, et la réponse est SOMETHING_WENT_WRONG", EN: "the request is taken, and the answer is SOMETHING_WENT_WRONG",
			Answer: refusing(codeSomethingWrong),
		},
		{
			Name: "html_502", Source: fromInferred, Times: 1,
			FR: "la demande est prise, et la réponse est une page HTML 502", EN: "the request is taken, and the answer is an HTML page with 502",
			Answer: func(r *provider.Reply) { r.Write(502, "text/html", provider.HTMLPage) },
		},
		{
			Name: "callback_before_answer", Source: fromClients, Times: 1, Calls: rest,
			FR: "le callback arrive avant la réponse", EN: "the callback arrives before the answer", AfterNotice: true,
		},
		{
			Name: "reference_stripped", Source: fromClients,
			FR: "les tirets de la référence sont ôtés", EN: "the dashes of the reference are removed",
			Answer: func(r *provider.Reply) { r.Edit(stripReference("merchant_reference_id")) },
			Notice: provider.Reshaped(func(c provider.Call) provider.Call { return c.Edited(stripReference("merchantReferenceId")) }),
		},
		{
			Name: "free_info_refused", Source: fromClients, Calls: rest,
			FR: "un free_info avec accent, + ou #, ou trop long, est refusé : 8000", EN: "a free_info with an accent, + or #, or too long, is refused: 8000",
			Answer: func(r *provider.Reply) {
				var o struct {
					FreeInfo string `json:"free_info"`
				}
				if json.Unmarshal(r.RequestBody, &o) == nil && (len(o.FreeInfo) > 15 || strings.ContainsAny(o.FreeInfo, "+#éèêàçôïù")) {
					refuseWith(r, codeConstraint, "free_info: only letters, digits, dash and space, at most 15")
				}
			},
		},
		{
			Name: "messages_array", Source: fromClients, Times: 1, Calls: rest, Refuses: true,
			FR: "un refus 8000 a une liste messages au lieu de message", EN: "a refusal 8000 has a list messages instead of message",
			Answer: func(r *provider.Reply) {
				refuseWith(r, codeConstraint, "reference must have at most 15 characters")
				r.Edit(func(o map[string]any) { delete(o, "message") })
			},
		},
	}
}

func stripReference(field string) func(map[string]any) {
	return func(o map[string]any) {
		if s, ok := o[field].(string); ok {
			o[field] = strings.ReplaceAll(s, "-", "")
		}
	}
}

func statusHazards() []provider.Hazard {
	status := []string{callStatus}
	return []provider.Hazard{
		{
			Name: "pending_forever", Source: fromClients, Calls: status, Notice: provider.NoNotice,
			FR: "le statut reste PENDING et aucun callback ne vient", EN: "the status stays PENDING and no callback comes",
			Answer: func(r *provider.Reply) {
				r.Edit(func(o map[string]any) {
					if o["status"] != nil {
						o["status"] = StatusPending
					}
				})
			},
		},
		{
			Name: "late_success", Source: fromClients, Like: "0008",
			FR: "FAILED d'abord, SUCCESS ensuite", EN: "FAILED first, SUCCESS later",
		},
		{
			Name: "ambiguous", Source: fromClients, Times: 2, Calls: status,
			FR: "le statut est AMBIGUOUS, puis 409 et 5001", EN: "the status is AMBIGUOUS, then 409 and 5001",
			Answer: func(r *provider.Reply) {
				if r.Nth > 1 {
					refuseWith(r, codeAmbiguous)
					return
				}
				r.Edit(func(o map[string]any) { o["status"] = "AMBIGUOUS" })
			},
		},
		{
			Name: "not_found_early", Source: fromInferred, Times: 2, Calls: status,
			FR: "le statut répond 404 et 4006 juste après la demande", EN: "the status says 404 and 4006 right after the request",
			Answer: refusing(codeTransactionNotFound),
		},
	}
}

func callbackHazards() []provider.Hazard {
	return []provider.Hazard{
		{
			Name: "callback_duplicate", Source: fromDocs, Notice: provider.Copies(3),
			FR: "le callback vient trois fois", EN: "the callback comes three times",
		},
		{
			Name: "callback_forged", Source: fromClients,
			FR: "un faux callback dit SUCCESS d'un autre montant avant le vrai", EN: "a forged callback says SUCCESS of another amount before the real one",
			Notice: func(c provider.Call, _ []provider.Call) []provider.Call { return []provider.Call{forged(c), c} },
		},
		{
			Name: "callback_sparse", Source: fromClients,
			FR: "le callback n'a que transactionId, merchantReferenceId et status", EN: "the callback has transactionId, merchantReferenceId and status alone",
			Notice: provider.Reshaped(func(c provider.Call) provider.Call {
				return c.Edited(func(o map[string]any) {
					for field := range o {
						if field != "transactionId" && field != "merchantReferenceId" && field != "status" {
							delete(o, field)
						}
					}
				})
			}),
		},
		{
			Name: "callback_never", Source: fromClients, Notice: provider.NoNotice,
			FR: "aucun callback ne vient", EN: "no callback ever comes",
		},
	}
}

// forged says that a payment succeeded, and of another amount.
func forged(c provider.Call) provider.Call {
	if bytes.HasPrefix(bytes.TrimSpace(c.Body), []byte("<")) {
		return c.WithBody(bytes.ReplaceAll(c.Body, []byte(StatusFailed), []byte(StatusSuccess)))
	}
	return c.Edited(func(o map[string]any) { o["status"], o["code"], o["amount"] = StatusSuccess, 200, 9999.0 })
}
