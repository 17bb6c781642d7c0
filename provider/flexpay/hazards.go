package flexpay

import (
	"bytes"
	"encoding/json"
	"html"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// callCardV1 is the seed's initiation.
const callCardV1 = "/v1/pay"

// Where a hazard is known from.
const (
	fromSeed     = "seed"
	fromDocs     = "docs"
	fromClients  = "clients"
	fromInferred = "inferred"
)

// hazards are FlexPay's field hazards (wire: flexpay §7).
func hazards() []provider.Hazard {
	own := append(initiationHazards(), shapeHazards()...)
	own = append(own, checkHazards()...)
	return provider.SharedHazards(forged, append(own, callbackHazards()...)...)
}

func initiationHazards() []provider.Hazard {
	return []provider.Hazard{
		{
			Name: "html_init", Source: fromClients, Calls: []string{callCardV1},
			FR: "l'initiation répond une page HTML avec un lien, la suivante un 302", EN: "the initiation answers an HTML page with a link, the next one a 302",
			Answer: pageThenRedirect(),
		},
		{
			Name: "no_order_number", Source: fromSeed, Calls: []string{callCardV1},
			FR: "l'initiation ne donne que l'adresse de la page", EN: "the initiation gives the page's address alone",
			Answer: func(r *provider.Reply) { r.Edit(func(o map[string]any) { delete(o, "orderNumber") }) },
		},
		{
			Name: "slow_init", Source: fromInferred, Times: 1, Calls: []string{callCardV1, pathMobile},
			FR: "l'initiation répond après 35 s", EN: "the initiation is answered after 35 s", Slow: 35 * time.Second,
		},
		{
			Name: "double_bearer", Source: fromClients,
			FR: "un en-tête avec deux fois Bearer est refusé", EN: "a header with Bearer twice is refused",
			Answer: func(r *provider.Reply) {
				if strings.Count(strings.ToLower(r.Request.Header.Get("Authorization")), "bearer") > 1 {
					r.WriteJSON(http.StatusUnauthorized, `{"error":"Unauthorized","message":"Token invalide","status":401}`)
				}
			},
		},
		{
			Name: "callback_before_answer", Source: fromInferred, Times: 1, Calls: []string{pathMobile},
			FR: "le callback arrive avant la réponse à l'initiation", EN: "the callback arrives before the answer to the initiation",
			AfterNotice: true,
		},
	}
}

// pageThenRedirect answers by turns, whichever payment is struck: each has one
// initiation.
func pageThenRedirect() func(*provider.Reply) {
	var struck atomic.Uint64
	return func(r *provider.Reply) {
		var o struct {
			URL string `json:"url"`
		}
		switch {
		case json.Unmarshal(r.Body, &o) != nil || o.URL == "":
		case struck.Add(1)%2 == 1:
			r.Write(http.StatusOK, "text/html", `<html><body><a href="`+html.EscapeString(o.URL)+`">Continuer</a></body></html>`)
		default:
			r.Write(http.StatusFound, "text/html", "")
			r.Header.Set("Location", o.URL)
		}
	}
}

func shapeHazards() []provider.Hazard {
	return []provider.Hazard{
		{
			Name: "int_code", Source: fromClients,
			FR: "code est un nombre", EN: "code is a number",
			Answer: func(r *provider.Reply) {
				r.Edit(func(o map[string]any) {
					if s, ok := o["code"].(string); ok && s != "" {
						o["code"] = json.Number(s)
					}
				})
			},
		},
		{
			Name: "string_code", Source: fromClients,
			FR: "code est un texte", EN: "code is text",
			Answer: func(r *provider.Reply) {
				r.Edit(func(o map[string]any) {
					if n, ok := o["code"].(json.Number); ok {
						o["code"] = n.String()
					}
				})
			},
		},
		{
			Name: "caps_keys", Source: fromSeed,
			FR: "les noms des champs commencent par une majuscule", EN: "field names start with a capital",
			Answer: func(r *provider.Reply) {
				r.Edit(func(o map[string]any) {
					for name, value := range map[string]any{"Code": o["code"], "Message": o["message"], "Transaction": o["transaction"]} {
						if value != nil {
							o[name] = value
							delete(o, strings.ToLower(name))
						}
					}
				})
			},
		},
		{
			Name: "seed_trailing_comma", Source: fromSeed,
			FR: "le JSON a une virgule de trop avant l'accolade", EN: "the JSON has a comma too many before the brace",
			Answer: func(r *provider.Reply) {
				if body := bytes.TrimSpace(r.Body); bytes.HasSuffix(body, []byte("}")) {
					r.Body = append(bytes.Clone(body[:len(body)-1]), ",}"...)
				}
			},
		},
	}
}

func checkHazards() []provider.Hazard {
	check := []string{pathCheck}
	status := func(value any) func(map[string]any) {
		return func(o map[string]any) { provider.Inner(o, "transaction")["status"] = value }
	}
	return []provider.Hazard{
		{
			Name: "check_500_early", Source: fromClients, Times: 2, Calls: check,
			FR: "le statut répond HTTP 500, puis « Aucune transaction trouvée »", EN: "the check answers HTTP 500, then that there is no transaction",
			Answer: func(r *provider.Reply) {
				if r.Nth == 1 {
					r.Write(500, "text/html", provider.HTMLPage)
					return
				}
				r.WriteJSON(200, `{"code":"1","message":"Aucune transaction trouvée","transaction":null}`)
			},
		},
		{
			Name: "status_one_pending", Source: fromClients, Times: 2, Calls: check,
			FR: "le statut vaut 1 pendant que le client tape son code", EN: "the status is 1 while the customer types the PIN",
			Answer: func(r *provider.Reply) { r.Edit(status("1")) },
		},
		{
			Name: "status_extended", Source: fromDocs, Times: 3, Calls: check,
			FR: "le statut vaut 2 au lieu de 1, 3 ou 4 au lieu de 0", EN: "the status is 2 instead of 1, 3 or 4 instead of 0",
			Answer: func(r *provider.Reply) { r.Edit(extended(r.Nth)) },
		},
		{
			Name: "status_unknown", Source: fromDocs, Times: 2, Calls: check,
			FR: "le statut vaut 9, puis null", EN: "the status is 9, then null",
			Answer: func(r *provider.Reply) {
				if r.Nth == 1 {
					r.Edit(status("9"))
					return
				}
				r.Edit(status(nil))
			},
		},
		{
			Name: "late_success", Source: fromInferred, Like: "0008",
			FR: "échec d'abord, 0 ensuite", EN: "failed first, 0 later",
		},
		{
			Name: "customer_amount", Source: fromClients, Calls: check,
			FR: "amountCustomer diffère de amount", EN: "amountCustomer differs from amount",
			Answer: func(r *provider.Reply) {
				r.Edit(func(o map[string]any) { provider.Inner(o, "transaction")["amountCustomer"] = "99999.0" })
			},
		},
		{
			Name: "reference_mismatch", Source: fromSeed, Calls: check,
			FR: "le statut est celui d'une autre référence", EN: "the check tells of another reference",
			Answer: func(r *provider.Reply) {
				r.Edit(func(o map[string]any) { provider.Inner(o, "transaction")["reference"] = "ORD1001" })
			},
		},
		{
			Name: "check_host_moved", Source: fromClients, Calls: check,
			FR: "l'ancien serveur de statut répond 404", EN: "the old check host answers 404",
			Answer: func(r *provider.Reply) { r.Write(404, "text/html", "<html><body>404 Not Found</body></html>") },
		},
	}
}

// extended tells a status in the words of the later documents. What is paid is
// called so, since a connector believes it. 5 is left to the extended profile:
// the 1 of the strict one doesn't say whether anybody has cancelled.
func extended(nth int) func(map[string]any) {
	return func(o map[string]any) {
		switch t := provider.Inner(o, "transaction"); t["status"] {
		case statusNotCompleted:
			t["status"] = statusPending
		case statusSucceeded:
			t["status"] = []string{statusRefunding, statusRefunded}[(nth-1)%2]
		}
	}
}

func callbackHazards() []provider.Hazard {
	return []provider.Hazard{
		{
			Name: "callback_duplicate", Source: fromClients, Notice: provider.Copies(3),
			FR: "le callback vient trois fois", EN: "the callback comes three times",
		},
		{
			Name: "callback_replay", Source: fromClients, Notice: provider.Copies(2),
			FR: "le callback est rejoué", EN: "the callback is replayed",
		},
		{
			Name: "callback_forged", Source: fromClients,
			FR: "de faux callbacks disent payé, d'un autre orderNumber aussi", EN: "forged callbacks say paid, also of another orderNumber",
			Notice: func(c provider.Call, _ []provider.Call) []provider.Call {
				other := forged(c).Edited(func(o map[string]any) { o["orderNumber"], o["amount"] = "Zx8LmQ2pRt5K000000000009", "1.0" })
				return []provider.Call{other, forged(c), c}
			},
		},
		{
			Name: "callback_never", Source: fromClients, Notice: provider.NoNotice,
			FR: "aucun callback ne vient", EN: "no callback ever comes",
		},
	}
}

// forged says that a payment succeeded, whatever became of it.
func forged(c provider.Call) provider.Call {
	return c.Edited(func(o map[string]any) { o["code"], o["provider_reference"] = "0", "AA00000BCDE" })
}
