package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/pay"
)

// overlaps are how long an old key may go on beside its successor.
var overlaps = map[string]time.Duration{"0": 0, "1h": time.Hour, "24h": 24 * time.Hour, "168h": 7 * 24 * time.Hour}

type keysPage struct {
	Rows  []keyRow
	Fresh pay.Secret // shown once
}

// Key is the text of the key that was just made.
func (p keysPage) Key() string { return p.Fresh.Reveal() }

// keyRow is a key without its hash, which is what the API looks it up by.
type keyRow struct {
	ID, Hint          string
	CreatedAt, EndsAt time.Time
	Ended             bool
	hash              string
}

func (h *handler) keyRows(ctx context.Context, v *visit) ([]keyRow, error) {
	rows, err := h.Gateway.Store.Read().ListAPIKeys(ctx, v.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	var found []keyRow
	for _, r := range rows {
		if r.Mode != string(v.Mode) {
			continue
		}
		found = append(found, keyRow{
			ID: h.Gateway.Box.Lookup(r.KeyHash, "api-key-id")[:16], Hint: r.Hint, CreatedAt: store.Time(r.CreatedAt),
			EndsAt: store.Time(r.RevokedAt), Ended: r.RevokedAt != 0 && h.Now().UnixMilli() >= r.RevokedAt, hash: r.KeyHash,
		})
	}
	return found, nil
}

func (h *handler) keys(v *visit) error { return h.showKeys(v, "") }

// showKeys answers an act with the key itself: sent on elsewhere, it would have
// to be kept.
func (h *handler) showKeys(v *visit, fresh pay.Secret) error {
	rows, err := h.keyRows(v.Context(), v)
	if err != nil {
		return err
	}
	return h.render(v, http.StatusOK, "keys.html", keysPage{Rows: rows, Fresh: fresh})
}

func (h *handler) addKey(v *visit) error {
	var fresh pay.Secret
	err := h.act(v, "key.add", "", "", func() (err error) {
		fresh, err = h.Gateway.AddAPIKey(v.Context(), v.MerchantID, v.Mode, "")
		return err
	})
	if err != nil {
		return err
	}
	return h.showKeys(v, fresh)
}

func (h *handler) key(v *visit) (keyRow, error) {
	rows, err := h.keyRows(v.Context(), v)
	if err != nil {
		return keyRow{}, err
	}
	i := slices.IndexFunc(rows, func(r keyRow) bool { return r.ID == v.PathValue("id") && !r.Ended })
	if i < 0 {
		return keyRow{}, pay.NotFound("key")
	}
	return rows[i], nil
}

// rotateKey makes a successor; the old key ends after the overlap.
func (h *handler) rotateKey(v *visit) error {
	old, err := h.key(v)
	if err != nil {
		return err
	}
	overlap, ok := overlaps[v.PostFormValue("overlap")]
	if !ok {
		return pay.Invalid("overlap", "not one of the overlaps")
	}
	var fresh pay.Secret
	err = h.act(v, "key.rotate", "…"+old.Hint, overlap.String(), func() (err error) {
		if fresh, err = h.Gateway.AddAPIKey(v.Context(), v.MerchantID, v.Mode, ""); err != nil {
			return err
		}
		return h.endKey(v.Context(), v, old, h.Now().Add(overlap))
	})
	if err != nil {
		return err
	}
	return h.showKeys(v, fresh)
}

func (h *handler) revokeKey(v *visit) error {
	old, err := h.key(v)
	if err != nil {
		return err
	}
	err = h.act(v, "key.revoke", "…"+old.Hint, "", func() error { return h.endKey(v.Context(), v, old, h.Now()) })
	if err != nil {
		return err
	}
	return h.done(v, "/dashboard/keys", "removed")
}

func (h *handler) endKey(ctx context.Context, v *visit, k keyRow, at time.Time) error {
	return h.Gateway.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.RevokeAPIKey(ctx, sqlgen.RevokeAPIKeyParams{RevokedAt: at.UnixMilli(), MerchantID: v.MerchantID, KeyHash: k.hash})
		return err
	})
}

// failures is how many failed deliveries an endpoint shows.
const failures = 5

type endpointsPage struct {
	Rows   []endpointRow
	Types  []string
	URL    string
	Secret pay.Secret // shown once
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
	page := endpointsPage{Types: webhook.EventTypes(), URL: url, Secret: made}
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
