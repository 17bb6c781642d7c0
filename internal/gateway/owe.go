package gateway

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// owe writes the deliveries that an event owes: to the endpoints of the native
// API that want it, and to the merchant in the transaction's own dialect. A
// delivery is written in the commit of what it tells, so neither exists without
// the other.
func (g *Gateway) owe(ctx context.Context, q *sqlgen.Queries, t pay.Transaction, e sqlgen.InsertEventParams, event string) error {
	if t.Front != pay.NativeFront {
		if event == "created" {
			return nil
		}
		for range t.NoticeCopies {
			if err := insertDelivery(ctx, q, t, e, t.Front); err != nil {
				return err
			}
		}
		return nil
	}
	endpoints, err := q.ListEndpoints(ctx, sqlgen.ListEndpointsParams{MerchantID: t.MerchantID, Mode: string(t.Mode)})
	if err != nil {
		return fmt.Errorf("list webhook endpoints: %w", err)
	}
	for _, endpoint := range endpoints {
		wanted, err := wants(endpoint, t.Kind, event)
		if err != nil {
			return err
		}
		if !wanted {
			continue
		}
		if err := insertDelivery(ctx, q, t, e, endpoint.ID); err != nil {
			return err
		}
	}
	return nil
}

// wants reports whether an endpoint asked for a type of event; without a list
// it gets what every merchant must know.
func wants(endpoint sqlgen.WebhookEndpoint, kind pay.Kind, event string) (bool, error) {
	if !endpoint.Enabled {
		return false, nil
	}
	var list []string
	if err := json.Unmarshal([]byte(endpoint.Events), &list); err != nil {
		return false, fmt.Errorf("read events of endpoint %s: %w", endpoint.ID, err)
	}
	return pay.Wanted(list, kind, event), nil
}

func insertDelivery(ctx context.Context, q *sqlgen.Queries, t pay.Transaction, e sqlgen.InsertEventParams, target string) error {
	at := pay.NewID("dlv", t.MerchantID, t.UpdatedAt)
	err := q.InsertDelivery(ctx, sqlgen.InsertDeliveryParams{
		MerchantID: t.MerchantID, ID: at, Mode: string(t.Mode), TransactionID: t.ID, EventID: e.ID,
		Sequence: e.Sequence, Type: e.Type, Target: target, Status: "pending",
		CreatedAt: e.CreatedAt, NextAttemptAt: e.CreatedAt,
	})
	if err != nil {
		return fmt.Errorf("owe delivery of %s: %w", e.Type, err)
	}
	return nil
}
