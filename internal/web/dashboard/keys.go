package dashboard

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/pay"
)

// overlaps are how long an old key may go on beside its successor.
var overlaps = map[string]time.Duration{"0": 0, "1h": time.Hour, "24h": 24 * time.Hour, "168h": 7 * 24 * time.Hour}

// demoKey is the demo merchant's: "passerelle dev" prints it at each start, and
// lays it down at the first alone, so that it must not end.
const demoKey = "sk_test_demo"

type keysPage struct {
	Rows   []keyRow
	Scopes []gateway.Scope
	Fresh  pay.Secret // shown once
	Typed  typedKey
}

// typedKey is what was asked for and refused.
type typedKey struct {
	Name   string
	Some   bool
	Scopes []string
}

// Ticked reports whether a scope was asked for.
func (p keysPage) Ticked(s gateway.Scope) bool { return slices.Contains(p.Typed.Scopes, string(s)) }

// Key is the text of the key that was just made.
func (p keysPage) Key() string { return p.Fresh.Reveal() }

// keyRow is a key without its hash, which is what the API looks it up by.
type keyRow struct {
	ID, Name, Hint    string
	Scopes            gateway.Scopes
	CreatedAt, EndsAt time.Time
	Ended             bool
	Demo              bool // published, and what a demonstration is called with
	row               sqlgen.ApiKey
}

func (h *handler) keyRows(ctx context.Context, v *visit) ([]keyRow, error) {
	rows, err := h.Gateway.Store.Read().ListAPIKeys(ctx, v.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	published := h.Gateway.Box.HashAPIKey(demoKey)
	var found []keyRow
	for _, r := range rows {
		if r.Mode != string(v.Mode) {
			continue
		}
		found = append(found, keyRow{
			ID: h.Gateway.Box.Lookup(r.KeyHash, "api-key-id")[:16], Name: r.Name, Hint: r.Hint, Scopes: gateway.ScopesOf(r),
			CreatedAt: store.Time(r.CreatedAt), EndsAt: store.Time(r.RevokedAt),
			Ended: r.RevokedAt != 0 && h.Now().UnixMilli() >= r.RevokedAt, Demo: subtle.ConstantTimeCompare([]byte(r.KeyHash), []byte(published)) == 1, row: r,
		})
	}
	return found, nil
}

func (h *handler) keys(v *visit) error { return h.showKeys(v, "", nil) }

// showKeys answers an act with the key itself: sent on elsewhere, it would have
// to be kept.
func (h *handler) showKeys(v *visit, fresh pay.Secret, fault error) error {
	rows, err := h.keyRows(v.Context(), v)
	if err != nil {
		return err
	}
	page := keysPage{Rows: rows, Scopes: gateway.AllScopes(), Fresh: fresh}
	if fault != nil {
		page.Typed = typedKey{v.PostFormValue("name"), v.PostFormValue("access") == "some", v.PostForm["scopes"]}
	}
	return h.fault(v, "keys.html", page, fault)
}

// addKey makes a key that may do everything, or what was ticked. That nothing
// was ticked by mistake must not make a key of full power.
func (h *handler) addKey(v *visit) error {
	n := gateway.NewAPIKey{MerchantID: v.MerchantID, Mode: v.Mode, Name: v.PostFormValue("name")}
	switch all := v.PostFormValue("access") == "all"; {
	case all:
	case len(v.PostForm["scopes"]) == 0:
		return h.showKeys(v, "", pay.Invalid("scopes", "choose what the key may do"))
	default:
		for _, s := range v.PostForm["scopes"] {
			n.Scopes = append(n.Scopes, gateway.Scope(s))
		}
	}
	var fresh pay.Secret
	err := h.act(v, "key.add", strings.TrimSpace(n.Name), strings.Join(v.PostForm["scopes"], " "), func() (err error) {
		fresh, err = h.Gateway.MakeAPIKey(v.Context(), n)
		return err
	})
	return h.showKeys(v, fresh, err)
}

// Label is how people know the key.
func (k keyRow) Label() string { return strings.TrimSpace(k.Name + " …" + k.Hint) }

// key is the key that the address names, which can be ended.
func (h *handler) key(v *visit) (keyRow, error) {
	rows, err := h.keyRows(v.Context(), v)
	if err != nil {
		return keyRow{}, err
	}
	i := slices.IndexFunc(rows, func(r keyRow) bool { return r.ID == v.PathValue("id") && !r.Ended })
	if i < 0 {
		return keyRow{}, pay.NotFound("key")
	}
	if rows[i].Demo {
		return keyRow{}, pay.Conflict("demo", "the demo merchant's credentials are published")
	}
	return rows[i], nil
}

// rotateKey makes a successor that may do the same; the old key ends after the
// overlap.
func (h *handler) rotateKey(v *visit) error {
	old, err := h.key(v)
	if err != nil {
		return err
	}
	overlap, ok := overlaps[v.PostFormValue("overlap")]
	if !ok {
		return pay.Invalid("overlap", "not one of the overlaps")
	}
	if overlap == 0 && !v.sure() {
		return h.ask(v, question{Act: "rotate", Facts: []fact{{"key", old.Label()}}, Back: "/dashboard/keys"})
	}
	var fresh pay.Secret
	err = h.act(v, "key.rotate", "…"+old.Hint, overlap.String(), func() (err error) {
		fresh, err = h.Gateway.ReplaceAPIKey(v.Context(), old.row, h.Now().Add(overlap))
		return err
	})
	if err != nil {
		return err
	}
	return h.showKeys(v, fresh, nil)
}

func (h *handler) revokeKey(v *visit) error {
	old, err := h.key(v)
	if err != nil {
		return err
	}
	if !v.sure() {
		return h.ask(v, question{Act: "revoke", Facts: []fact{{"key", old.Label()}}, Back: "/dashboard/keys"})
	}
	err = h.act(v, "key.revoke", "…"+old.Hint, "", func() error { return h.endKey(v.Context(), v, old, h.Now()) })
	if err != nil {
		return err
	}
	return h.done(v, "/dashboard/keys", "removed")
}

func (h *handler) endKey(ctx context.Context, v *visit, k keyRow, at time.Time) error {
	return h.Gateway.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.RevokeAPIKey(ctx, sqlgen.RevokeAPIKeyParams{RevokedAt: at.UnixMilli(), MerchantID: v.MerchantID, KeyHash: k.row.KeyHash})
		return err
	})
}

// failures is how many failed deliveries an endpoint shows.
const failures = 5

type endpointsPage struct {
	Rows   []endpointRow
	Types  []string
	URL    string
	Ticked map[string]bool // the events of an endpoint that was refused
	Secret pay.Secret      // shown once
}

// Signing is the text of the secret that was just made.
func (p endpointsPage) Signing() string { return p.Secret.Reveal() }

type endpointRow struct {
	webhook.Endpoint
	Failed []failedDelivery
}

type failedDelivery struct {
	sqlgen.Delivery
	At time.Time
}

func (h *handler) endpoints(v *visit) error { return h.showEndpoints(v, "", "", nil) }

func (h *handler) showEndpoints(v *visit, url string, made pay.Secret, fault error) error {
	list, err := h.Webhooks.Endpoints().List(v.Context(), v.caller())
	if err != nil {
		return err
	}
	page := endpointsPage{Types: webhook.EventTypes(), URL: url, Secret: made, Ticked: map[string]bool{}}
	if fault != nil {
		for _, name := range v.PostForm["events"] {
			page.Ticked[name] = true
		}
	}
	for _, e := range list {
		rows, err := h.Gateway.Store.Read().ListFailedDeliveries(v.Context(), sqlgen.ListFailedDeliveriesParams{
			MerchantID: v.MerchantID, Target: e.ID, Count: failures,
		})
		if err != nil {
			return fmt.Errorf("list failed deliveries: %w", err)
		}
		row := endpointRow{Endpoint: e}
		for _, d := range rows {
			row.Failed = append(row.Failed, failedDelivery{d, store.Time(d.CompletedAt)})
		}
		page.Rows = append(page.Rows, row)
	}
	return h.fault(v, "webhooks.html", page, fault)
}

func (h *handler) addEndpoint(v *visit) error {
	url := v.PostFormValue("url")
	var made pay.Secret
	err := h.act(v, "webhook.add", hostOf(url), "", func() (err error) {
		_, made, err = h.Webhooks.Endpoints().Create(v.Context(), v.caller(), url, v.PostForm["events"], "")
		return err
	})
	if err != nil {
		return h.showEndpoints(v, url, "", err)
	}
	return h.showEndpoints(v, "", made, nil)
}

func (h *handler) switchEndpoint(v *visit) error {
	enabled := v.PostFormValue("enabled") == "true"
	return h.onEndpoint(v, "webhook.enabled", fmt.Sprint(enabled), "saved", func(id string) error {
		_, err := h.Webhooks.Endpoints().Update(v.Context(), v.caller(), id, webhook.Change{Enabled: &enabled})
		return err
	})
}

func (h *handler) deleteEndpoint(v *visit) error {
	e, err := h.Webhooks.Endpoints().Get(v.Context(), v.caller(), v.PathValue("id"))
	if err != nil {
		return err
	}
	if !v.sure() {
		return h.ask(v, question{Act: "endpoint", Facts: []fact{{"address", e.URL}}, Back: "/dashboard/webhooks"})
	}
	return h.onEndpoint(v, "webhook.delete", "", "removed", func(id string) error {
		return h.Webhooks.Endpoints().Delete(v.Context(), v.caller(), id)
	})
}

func (h *handler) onEndpoint(v *visit, action, detail, word string, do func(id string) error) error {
	e, err := h.Webhooks.Endpoints().Get(v.Context(), v.caller(), v.PathValue("id"))
	if err != nil {
		return err
	}
	if err := h.act(v, action, e.ID, detail, func() error { return do(e.ID) }); err != nil {
		return err
	}
	return h.done(v, "/dashboard/webhooks", word)
}
